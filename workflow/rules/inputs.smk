# Inputs: data sets made, images and judgments checked and brought into one form, folds cut.
#
# needs   the folders and files that the configuration names
# makes   the files of published data sets, in the folders that the configuration names
#         inputs/{image_set}/images.csv, inputs/{comparison}/judgments.nc and pairs.csv (of named pairs), folds/{comparison}/seed-{seed}.csv
#         beside them, what each check found and which files it read, for inputs/checks.csv and inputs/files.csv
#
# Each job checks what it reads, and has a higher priority than the others, so that mistakes are reported early.

for dataset, settings in config["datasets"].items():

    rule:
        """Bring one published data set, or the drawn demo, into the canonical form."""
        name:
            f"make_{dataset}"
        input:
            published=PLAN.files_of_sources(dataset),
        output:
            files=[
                file if os.path.splitext(file)[1] else directory(file) for file in PLAN.wanted_files(dataset).values()
            ],
        log:
            f"<logs>/make_{dataset}.log",
        benchmark:
            f"<benchmarks>/make_{dataset}.tsv"
        priority: 100
        conda:
            "../../envs/tables.yaml"
        resources:
            mem_mb=growing(3000, published=1),
            runtime=growing(60),
        params:
            dataset=dataset,
            settings=settings,
            sources=PLAN.sources_of(dataset),
            files=list(PLAN.wanted_files(dataset)),
            recorded=False,
            code=code_of("make_dataset"),
        script:
            "../../scripts/make_dataset.py"


rule check:
    """Check all inputs of the configuration and report everything that is wrong at once."""

    # It has no output, nor a benchmark, which would count as one, so that it runs whenever it is asked for.
    input:
        made=PLAN.made_inputs(),
    log:
        text="<logs>/check.log",
        checks="<logs>/check.csv",
    priority: 100
    conda:
        "../../envs/torch.yaml"
    threads: 4
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        recorded=False,
        configuration=CONFIGURATION.model_dump(),
    script:
        "../../scripts/check.py"


rule prepare_images:
    """Decode and check the images of one set, and list them."""
    input:
        images=files_in("image_sets", "folder"),
        table=entry("image_sets", "table"),
    output:
        listed="<results>/inputs/{image_set}/images.csv",
        checks="<results>/inputs/{image_set}/images-checks.csv",
        files="<results>/inputs/{image_set}/images-files.csv",
    log:
        "<logs>/prepare_images/{image_set}.log",
    benchmark:
        "<benchmarks>/prepare_images/{image_set}.tsv"
    priority: 100
    conda:
        "../../envs/tables.yaml"
    threads: 2
    resources:
        mem_mb=growing(800),
        runtime=growing(10, images=0.1),
    params:
        folder=entry("image_sets", "folder"),
        background=lambda wildcards: config["image_sets"][wildcards.image_set]["background"],
        code=code_of("prepare_images"),
    script:
        "../../scripts/prepare_images.py"


rule prepare_judgments:
    """Check and label the judgments of one comparison, and cut its images into folds."""
    input:
        sources=files_in("comparisons", "judgments"),
        lists=lambda wildcards: PLAN.lists_of(wildcards.comparison),
        images=view("<results>/inputs/{image_set}/images.csv"),
    output:
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds=expand("<results>/folds/{{comparison}}/seed-{seed}.csv", seed=SEEDS),
        checks="<results>/inputs/{comparison}/judgments-checks.csv",
        files="<results>/inputs/{comparison}/judgments-files.csv",
    log:
        "<logs>/prepare_judgments/{comparison}.log",
    benchmark:
        "<benchmarks>/prepare_judgments/{comparison}.tsv"
    priority: 100
    conda:
        "../../envs/tables.yaml"
    resources:
        # Sparse judgments are small files, but may become matrices so large that only the third attempt has the memory.
        mem_mb=growing(1150, sources=15),
        runtime=growing(10, sources=0.1),
    params:
        settings=lambda wildcards: {
            key: config["comparisons"][wildcards.comparison][key]
            for key in ("judgments", "kind", "columns", "order", "key", "categories", "images", "simulated")
        },
        unit=config["cross_validation"]["unit"],
        n_folds=config["cross_validation"]["folds"],
        seeds=SEEDS,
        inner_folds=config["statistics"]["inner_folds"],
        folds=SEEDS,
        code=code_of("prepare_judgments"),
    script:
        "../../scripts/prepare_judgments.py"


rule prepare_pairs:
    """Check the pairs of images that a comparison names to be explained, or write all of them."""
    input:
        judgments="<results>/inputs/{comparison}/judgments.nc",
        networks="<results>/inputs/networks.csv",
        features=view(expand("<results>/activations/{{image_set}}/{model}.nc", model=FEATURES_WITH_PLACES)),
        file=lambda wildcards: PLAN.file_of_pairs(wildcards.comparison) or [],
    output:
        pairs="<results>/inputs/{comparison}/pairs.csv",
        checks="<results>/inputs/{comparison}/pairs-checks.csv",
    log:
        "<logs>/prepare_pairs/{comparison}.log",
    benchmark:
        "<benchmarks>/prepare_pairs/{comparison}.tsv"
    wildcard_constraints:
        comparison=PLAN.any_of(PLAN.fixed_pairs()),
    priority: 100
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=growing(1000, judgments=5),
        runtime=growing(10),
    params:
        listed=entry("comparisons", "pairs"),
        features=FEATURES_WITH_PLACES,
        memory_gb=config["memory_gb"],
        code=code_of("prepare_pairs"),
    script:
        "../../scripts/prepare_pairs.py"


rule prepare_control:
    """Check the masks of one control."""
    input:
        images=of_control("<results>/inputs/{image_set}/images.csv"),
        judgments=of_control("<results>/inputs/{comparison}/judgments.nc"),
        masks=entry("controls", "masks"),
        mask_files=files_in("controls", "masks"),
    output:
        checks="<results>/inputs/{control}/masks-checks.csv",
    log:
        "<logs>/prepare_control/{control}.log",
    benchmark:
        "<benchmarks>/prepare_control/{control}.tsv"
    priority: 100
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=growing(1000, judgments=5),
        runtime=growing(10, mask_files=1),
    params:
        objects=entry("controls", "objects"),
        code=code_of("prepare_control"),
    script:
        "../../scripts/prepare_control.py"
