# Prediction: alignment of the highest-ranked feature maps, on training and on test images.
#
# needs   activations, judgments, folds and rankings
# makes   curves/{comparison}/{model}/seed-{seed}.csv
#         prediction/{comparison}/{model}.csv, prediction/summary.csv


rule trace_curves:
    """Score the k highest-ranked feature maps for every k, in every fold of one seed."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds="<results>/folds/{comparison}/seed-{seed}.csv",
        ranking="<results>/rankings/{comparison}/{model}/seed-{seed}.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("trace_curves"),
    output:
        curves="<results>/curves/{comparison}/{model}/seed-{seed}.csv",
    log:
        "<logs>/trace_curves/{comparison}/{model}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/trace_curves/{comparison}/{model}/seed-{seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    # The seeds already run side by side.
    threads: 1
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=240,
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/trace_curves.py"


rule tabulate_prediction:
    """Choose how many feature maps are retained in every fold, and list what that does to the test images."""
    input:
        curves=of_all_seeds("<results>/curves/{{comparison}}/{{model}}/seed-{seed}.csv"),
        folds=of_all_seeds("<results>/folds/{{comparison}}/seed-{seed}.csv"),
        judgments="<results>/inputs/{comparison}/judgments.nc",
        code=library_used_by("tabulate_prediction"),
    output:
        table="<results>/prediction/{comparison}/{model}.csv",
    log:
        "<logs>/tabulate_prediction/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/tabulate_prediction/{comparison}/{model}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seeds=config["cross_validation"]["seeds"],
    script:
        "../../scripts/tabulate_prediction.py"


rule summarise_prediction:
    """Summarise all comparisons and models: means, tests, noise ceilings."""
    input:
        tables=expand(
            "<results>/prediction/{comparison}/{model}.csv",
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
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        combinations=list(itertools.product(config["comparisons"], config["models"])),
        score=config["alignment"]["score"],
    script:
        "../../scripts/summarise_prediction.py"
