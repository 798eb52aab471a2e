# Importance: folds, and feature maps ranked by their Alignment Importance Scores.
#
# needs   inputs/{comparison}/judgments.nc, activations/{image_set}/{model}.nc
# makes   folds/{comparison}/seed-{seed}.csv
#         rankings/{comparison}/{model}/seed-{seed}.csv and all.csv


rule make_folds:
    """Cut the images of one comparison into folds, once per seed."""
    input:
        judgments="<results>/inputs/{comparison}/judgments.nc",
        code=library_used_by("make_folds"),
    output:
        folds=of_all_seeds("<results>/folds/{{comparison}}/seed-{seed}.csv"),
    log:
        "<logs>/make_folds/{comparison}.log",
    benchmark:
        "<benchmarks>/make_folds/{comparison}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        unit=config["cross_validation"]["unit"],
        folds=config["cross_validation"]["folds"],
        seeds=config["cross_validation"]["seeds"],
    script:
        "../../scripts/make_folds.py"


rule rank_feature_maps:
    """Rank the feature maps on the training images of every fold of every seed, and on all images."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        folds=of_all_seeds("<results>/folds/{{comparison}}/seed-{seed}.csv"),
        network=lambda wildcards: files_of_network(wildcards.model),
        code=library_used_by("rank_feature_maps"),
    output:
        rankings=of_all_seeds(
            "<results>/rankings/{{comparison}}/{{model}}/seed-{seed}.csv"
        ),
        all="<results>/rankings/{comparison}/{model}/all.csv",
    log:
        "<logs>/rank_feature_maps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/rank_feature_maps/{comparison}/{model}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 4
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=240,
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        score=config["alignment"]["score"],
        seeds=config["cross_validation"]["seeds"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/rank_feature_maps.py"
