# Data sets that the workflow makes itself: one rule for each, which runs the adapter of the same name.
#
# needs   what workflow/datasets.yaml says of each: nothing for the demo, otherwise the published files
# makes   what workflow/datasets.yaml says of each: folders of images, and files of judgments, in the canonical form


if "demo" in config["datasets"]:

    rule draw_demo:
        """Draw the demo's images and masks, and simulate its observers."""
        input:
            code=library_used_by("draw_demo"),
        output:
            images=directory(f"{config['datasets']['demo']['folder']}/images"),
            masks=directory(f"{config['datasets']['demo']['folder']}/masks"),
            table=f"{config['datasets']['demo']['folder']}/images.csv",
            shape=f"{config['datasets']['demo']['folder']}/shape.csv",
            colour=f"{config['datasets']['demo']['folder']}/colour.csv",
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
            code=library_used_by("make_mur92"),
        output:
            images=directory(f"{config['datasets']['mur92']['folder']}/images"),
            table=f"{config['datasets']['mur92']['folder']}/images.csv",
            judgments=f"{config['datasets']['mur92']['folder']}/judgments.csv",
            human_it=f"{config['datasets']['mur92']['folder']}/human_it.csv",
            monkey_it=f"{config['datasets']['mur92']['folder']}/monkey_it.csv",
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
            files=files_of_sources("peterson2018"),
            code=library_used_by("make_peterson2018"),
        output:
            **wanted_files("peterson2018"),
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
            files=files_of_sources("king2019"),
            code=library_used_by("make_king2019"),
        output:
            **wanted_files("king2019"),
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
            files=files_of_sources("things"),
            code=library_used_by("make_things"),
        output:
            **wanted_files("things"),
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
