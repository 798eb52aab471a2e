# Inputs: images and judgments, checked and brought into one form.
#
# needs   the folders and files that the configuration names
# makes   inputs/checks.csv, inputs/files.csv
#         inputs/{image_set}/images.csv, inputs/{comparison}/judgments.nc


# Needed when the inputs are in another state than at the last check, and for no other reason: Snakemake does not ask
# whether jobs behind one that must run anyway have reasons of their own, so that nothing behind a check would be
# computed again together with it. Therefore there are no params, and the inputs are ancient; see `need_for_state`.
rule check_inputs:
    """Check images, judgments, networks, folds, saliency maps and masks, all at once, before anything heavy runs."""
    input:
        made=ancient([path for path in sorted(made_here()) if is_given(path)]),
        states=ancient(states_of(*given_files().values())),
        code=ancient(library_of_check),
    output:
        findings=update(CHECKED),
        files=update(FILES_CHECKED),
        state=state_of_inputs(),
    log:
        text="<logs>/check_inputs.log",
        table="<logs>/check_inputs.csv",
    benchmark:
        "<benchmarks>/check_inputs.tsv"
    conda:
        "../../envs/checks.yaml"
    threads: 4
    resources:
        mem_mb=megabytes_of_check(),
        runtime=minutes(60),
    script:
        "../../scripts/check_inputs.py"


rule check:
    """All inputs of the configuration, checked."""
    input:
        rules.check_inputs.input.made,
        rules.check_inputs.input.states,
        rules.check_inputs.output,


rule prepare_images:
    """List the images of one set."""
    input:
        images=lambda wildcards: files_of(
            config["image_sets"][wildcards.image_set]["folder"]
        ),
        table=lambda wildcards: optional(
            config["image_sets"][wildcards.image_set]["table"]
        ),
        states=lambda wildcards: states_of(
            *config["image_sets"][wildcards.image_set].values()
        ),
        checked=ancient(FILES_CHECKED),
        code=library_used_by("prepare_images"),
    output:
        table="<results>/inputs/{image_set}/images.csv",
    log:
        "<logs>/prepare_images/{image_set}.log",
    benchmark:
        "<benchmarks>/prepare_images/{image_set}.tsv"
    group:
        "inputs"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10, images=0.1),
    params:
        folder=lambda wildcards: config["image_sets"][wildcards.image_set]["folder"],
        background=lambda wildcards: config["image_sets"][wildcards.image_set][
            "background"
        ],
    script:
        "../../scripts/prepare_images.py"


rule prepare_judgments:
    """Label the judgments of one comparison."""
    input:
        judgments=lambda wildcards: config["comparisons"][wildcards.comparison][
            "judgments"
        ],
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        order=lambda wildcards: optional(
            config["comparisons"][wildcards.comparison]["order"]
        ),
        chosen=lambda wildcards: file_of_images(wildcards.comparison) or [],
        states=lambda wildcards: states_of(
            *config["comparisons"][wildcards.comparison].values()
        ),
        checked=ancient(FILES_CHECKED),
        code=library_used_by("prepare_judgments"),
    output:
        judgments="<results>/inputs/{comparison}/judgments.nc",
    log:
        "<logs>/prepare_judgments/{comparison}.log",
    benchmark:
        "<benchmarks>/prepare_judgments/{comparison}.tsv"
    group:
        "inputs"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(1000, judgments=15),
        runtime=minutes(10, judgments=0.1),
    params:
        kind=lambda wildcards: config["comparisons"][wildcards.comparison]["kind"],
        key=lambda wildcards: config["comparisons"][wildcards.comparison]["key"],
        categories=lambda wildcards: config["comparisons"][wildcards.comparison][
            "categories"
        ],
        chosen=lambda wildcards: config["comparisons"][wildcards.comparison]["images"],
        simulated=lambda wildcards: config["comparisons"][wildcards.comparison][
            "simulated"
        ],
    script:
        "../../scripts/prepare_judgments.py"
