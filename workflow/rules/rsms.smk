# Representational similarity matrices (RSMs) of people, of the whole network and of its retained feature maps.
#
# needs   activations, judgments, rankings/{comparison}/{model}/all.csv, prediction/{comparison}/{model}.csv
# makes   rsm/{comparison}/{model}.nc


rule compute_rsms:
    """Compute the similarities of all images for people, all feature maps, and the retained ones."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
        prediction="<results>/prediction/{comparison}/{model}.csv",
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("compute_rsms"),
    output:
        rsms="<results>/rsm/{comparison}/{model}.nc",
    log:
        "<logs>/compute_rsms/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/compute_rsms/{comparison}/{model}.tsv"
    conda:
        environment("torch")
    threads: 1
    resources:
        mem_mb=megabytes_of_ablation(),
        runtime=minutes(20, activations=0.1),
        gpu=gpus(),
    params:
        network=lambda wildcards: config["models"][wildcards.model],
        similarity=config["alignment"]["similarity"],
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/compute_rsms.py"
