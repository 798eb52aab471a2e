# Prediction: feature maps ranked on training images, and the alignment of the highest-ranked ones on test images.
#
# needs   activations, judgments and folds
# makes   {rankings,curves,scores,predicted}/{comparison}/{model}/seed-{seed}.csv
#         inference/{comparison}/{model}/permutations.csv and bootstrap.csv
#         prediction/{comparison}/{model}.csv, prediction/summary.csv


rule trace_curves:
    """Rank feature maps and score the k highest-ranked for every k, and other ways, in every fold of one seed."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds="<results>/folds/{comparison}/seed-{seed}.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("trace_curves"),
    output:
        rankings="<results>/rankings/{comparison}/{model}/seed-{seed}.csv",
        curves="<results>/curves/{comparison}/{model}/seed-{seed}.csv",
        scores="<results>/scores/{comparison}/{model}/seed-{seed}.csv",
        predicted="<results>/predicted/{comparison}/{model}/seed-{seed}.csv",
    log:
        "<logs>/trace_curves/{comparison}/{model}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/trace_curves/{comparison}/{model}/seed-{seed}.tsv"
    group:
        "ablation"
    conda:
        environment("torch")
    # The seeds already run side by side.
    threads: 1
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(60, activations=0.2),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        settings=lambda wildcards: settings_of_seed(int(wildcards.seed)),
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/trace_curves.py"


rule permute_judgments:
    """Repeat ranking, selection and test under permuted judgments, in the folds of the first seed."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds=of_first_seed("<results>/folds/{{comparison}}/seed-{seed}.csv"),
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("permute_judgments"),
    output:
        permutations="<results>/inference/{comparison}/{model}/permutations.csv",
    log:
        "<logs>/permute_judgments/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/permute_judgments/{comparison}/{model}.tsv"
    group:
        "ablation"
    conda:
        environment("torch")
    threads: 1
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(60, activations=0.2),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        n_draws=permutations_by_route(),
        seed=config["cross_validation"]["seeds"][0],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/permute_judgments.py"


rule bootstrap_images:
    """Resample the images of the test blocks: intervals of the mean test scores over all seeds."""
    input:
        predicted=of_all_seeds(
            "<results>/predicted/{{comparison}}/{{model}}/seed-{seed}.csv"
        ),
        code=library_used_by("bootstrap_images"),
    output:
        intervals="<results>/inference/{comparison}/{model}/bootstrap.csv",
    log:
        "<logs>/bootstrap_images/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/bootstrap_images/{comparison}/{model}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, predicted=10),
        runtime=minutes(10, predicted=0.2),
    params:
        seeds=config["cross_validation"]["seeds"],
        score=config["alignment"]["score"],
        n_draws=config["statistics"]["bootstraps"],
    script:
        "../../scripts/bootstrap_images.py"


rule tabulate_prediction:
    """List the scores of all folds of all seeds, with the noise ceilings of their test blocks."""
    input:
        scores=of_all_seeds("<results>/scores/{{comparison}}/{{model}}/seed-{seed}.csv"),
        folds=of_all_seeds("<results>/folds/{{comparison}}/seed-{seed}.csv"),
        judgments="<results>/inputs/{comparison}/judgments.nc",
        code=library_used_by("tabulate_prediction"),
    output:
        table="<results>/prediction/{comparison}/{model}.csv",
    log:
        "<logs>/tabulate_prediction/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/tabulate_prediction/{comparison}/{model}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, judgments=10, scores=10),
        runtime=minutes(10),
    params:
        seeds=config["cross_validation"]["seeds"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/tabulate_prediction.py"


rule summarise_prediction:
    """Summarise all comparisons and models: means, tests, intervals, noise ceilings."""
    input:
        tables=expand(
            "<results>/prediction/{comparison}/{model}.csv",
            comparison=config["comparisons"],
            model=config["models"],
        ),
        intervals=expand(
            "<results>/inference/{comparison}/{model}/bootstrap.csv",
            comparison=config["comparisons"],
            model=config["models"],
        ),
        permutations=expand(
            "<results>/inference/{comparison}/{model}/permutations.csv",
            comparison=config["comparisons"],
            model=config["models"],
        ),
        judgments=expand(
            "<results>/inputs/{comparison}/judgments.nc",
            comparison=config["comparisons"],
        ),
        code=library_used_by("summarise_prediction"),
    output:
        summary=report(
            "<results>/prediction/summary.csv",
            caption="../report/summary.rst",
            category="Prediction",
            labels={"what": "table of all comparisons and models"},
        ),
    log:
        "<logs>/summarise_prediction.log",
    benchmark:
        "<benchmarks>/summarise_prediction.tsv"
    group:
        "prediction"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(600, judgments=10, tables=10),
        runtime=minutes(10),
    params:
        combinations=list(itertools.product(config["comparisons"], config["models"])),
        alignment=config["alignment"],
    script:
        "../../scripts/summarise_prediction.py"
