# Importance: folds, and feature maps ranked by their Alignment Importance Scores over all images.
#
# needs   inputs/{comparison}/judgments.nc, activations/{image_set}/{model}.nc
# makes   folds/{comparison}/seed-{seed}.csv, rankings/{comparison}/{model}/all.csv


rule make_folds:
    """Cut the images of one comparison into folds."""
    input:
        judgments="<results>/inputs/{comparison}/judgments.nc",
        checked=ancient(CHECKED),
        code=library_used_by("make_folds"),
    output:
        folds="<results>/folds/{comparison}/seed-{seed}.csv",
    log:
        "<logs>/make_folds/{comparison}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/make_folds/{comparison}/seed-{seed}.tsv"
    group:
        "inputs"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, judgments=10),
        runtime=minutes(10),
    params:
        unit=config["cross_validation"]["unit"],
        folds=config["cross_validation"]["folds"],
        seed=lambda wildcards: int(wildcards.seed),
    script:
        "../../scripts/make_folds.py"


rule rank_feature_maps:
    """Rank the feature maps on all images that were judged."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("rank_feature_maps"),
    output:
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
    log:
        "<logs>/rank_feature_maps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/rank_feature_maps/{comparison}/{model}.tsv"
    group:
        "ablation"
    conda:
        environment("torch")
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(60, activations=0.2),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/rank_feature_maps.py"
