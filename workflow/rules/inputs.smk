# Inputs: data sets that the workflow makes itself; images and judgments, checked and brought into one form.
#
# needs   the folders and files that the configuration names
# makes   inputs/{image_set}/images.csv
#         inputs/{comparison}/judgments.nc, inputs/{image_set}/judgments.checked


rule check:
    """All inputs, checked: images and judgments alone."""
    input:
        expand(
            "<results>/inputs/{image_set}/images.csv", image_set=config["image_sets"]
        ),
        expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=config["comparisons"],
        ),


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
            mem_mb=1000,
            runtime=10,
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
        log:
            "<logs>/make_mur92.log",
        benchmark:
            "<benchmarks>/make_mur92.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=30,
        params:
            source=config["datasets"]["mur92"]["source"],
        script:
            "../../scripts/make_mur92.py"


rule prepare_images:
    """Decode, check and list the images of one set."""
    input:
        images=lambda wildcards: files_of(
            config["image_sets"][wildcards.image_set]["folder"]
        ),
        table=lambda wildcards: optional(
            config["image_sets"][wildcards.image_set]["table"]
        ),
        code=library_used_by("prepare_images"),
    output:
        table="<results>/inputs/{image_set}/images.csv",
    log:
        "<logs>/prepare_images/{image_set}.log",
    benchmark:
        "<benchmarks>/prepare_images/{image_set}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        folder=lambda wildcards: config["image_sets"][wildcards.image_set]["folder"],
    script:
        "../../scripts/prepare_images.py"


rule prepare_judgments:
    """Check the judgments of one comparison against its images and label them."""
    input:
        judgments=lambda wildcards: config["comparisons"][wildcards.comparison][
            "judgments"
        ],
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        order=lambda wildcards: optional(
            config["comparisons"][wildcards.comparison]["order"]
        ),
        code=library_used_by("prepare_judgments"),
    output:
        judgments="<results>/inputs/{comparison}/judgments.nc",
    log:
        "<logs>/prepare_judgments/{comparison}.log",
    benchmark:
        "<benchmarks>/prepare_judgments/{comparison}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        kind=lambda wildcards: config["comparisons"][wildcards.comparison]["kind"],
        key=lambda wildcards: config["comparisons"][wildcards.comparison]["key"],
        simulated=lambda wildcards: config["comparisons"][wildcards.comparison][
            "simulated"
        ],
    script:
        "../../scripts/prepare_judgments.py"


rule confirm_judgments:
    """Note that the judgments of all comparisons of an image set have been checked."""
    input:
        judgments=lambda wildcards: expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=comparisons_of(wildcards.image_set),
        ),
    output:
        touch("<results>/inputs/{image_set}/judgments.checked"),
