# Data sets that the workflow makes itself: one rule for each, which runs the adapter of the same name.
#
# needs   what workflow/datasets.yaml says of each: nothing for the demo, otherwise the published files
# makes   what workflow/datasets.yaml says of each: folders of images, and files of judgments, in the canonical form
#
# Each is needed when its data would be in another state than they are, and for no other reason: a user's own images and
# judgments are behind it as well, since the check of the inputs is; see `need_for_state`.


if "demo" in config["datasets"]:

    rule draw_demo:
        """Draw the demo's images and masks, and simulate its observers."""
        input:
            code=ancient(library_of_maker("demo")),
        output:
            images=directory(f"{config['datasets']['demo']['folder']}/images"),
            masks=directory(f"{config['datasets']['demo']['folder']}/masks"),
            table=f"{config['datasets']['demo']['folder']}/images.csv",
            shape=f"{config['datasets']['demo']['folder']}/shape.csv",
            colour=f"{config['datasets']['demo']['folder']}/colour.csv",
            state=state_of_data("demo"),
        log:
            "<logs>/draw_demo.log",
        benchmark:
            "<benchmarks>/draw_demo.tsv"
        conda:
            "../../envs/figures.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(600),
            runtime=minutes(10),
        params:
            seed=config["datasets"]["demo"]["seed"],
            observers=config["datasets"]["demo"]["observers"],
            noise=config["datasets"]["demo"]["noise"],
        script:
            "../../scripts/draw_demo.py"


if "mur92" in config["datasets"]:

    rule make_mur92:
        """Find or fetch the files of the 92 photographs and bring them into the form of any data set."""
        input:
            code=ancient(library_of_maker("mur92")),
        output:
            images=directory(f"{config['datasets']['mur92']['folder']}/images"),
            table=f"{config['datasets']['mur92']['folder']}/images.csv",
            judgments=f"{config['datasets']['mur92']['folder']}/judgments.csv",
            human_it=f"{config['datasets']['mur92']['folder']}/human_it.csv",
            monkey_it=f"{config['datasets']['mur92']['folder']}/monkey_it.csv",
            state=state_of_data("mur92"),
        log:
            "<logs>/make_mur92.log",
        benchmark:
            "<benchmarks>/make_mur92.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(600),
            runtime=minutes(30),
        params:
            source=config["datasets"]["mur92"]["source"],
        script:
            "../../scripts/make_mur92.py"


if "peterson2018" in config["datasets"]:

    rule make_peterson2018:
        """Bring the wanted categories of photographs and ratings into the form of any data set."""
        input:
            files=ancient(files_of_sources("peterson2018")),
            code=ancient(library_of_maker("peterson2018")),
        output:
            **wanted_files("peterson2018"),
            state=state_of_data("peterson2018"),
        log:
            "<logs>/make_peterson2018.log",
        benchmark:
            "<benchmarks>/make_peterson2018.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(800),
            runtime=minutes(30),
        params:
            sources=sources_of("peterson2018"),
        script:
            "../../scripts/make_peterson2018.py"


if "king2019" in config["datasets"]:

    rule make_king2019:
        """Bring the wanted sets of photographs and distances into the form of any data set."""
        input:
            files=ancient(files_of_sources("king2019")),
            code=ancient(library_of_maker("king2019")),
        output:
            **wanted_files("king2019"),
            state=state_of_data("king2019"),
        log:
            "<logs>/make_king2019.log",
        benchmark:
            "<benchmarks>/make_king2019.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(800),
            runtime=minutes(30),
        params:
            sources=sources_of("king2019"),
        script:
            "../../scripts/make_king2019.py"


if "things" in config["datasets"]:

    rule make_things:
        """Bring the images of the objects and the wanted judgments into the form of any data set."""
        input:
            files=ancient(files_of_sources("things")),
            code=ancient(library_of_maker("things")),
        output:
            **wanted_files("things"),
            state=state_of_data("things"),
        log:
            "<logs>/make_things.log",
        benchmark:
            "<benchmarks>/make_things.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(3000),
            runtime=minutes(60),
        params:
            sources=sources_of("things"),
        script:
            "../../scripts/make_things.py"
