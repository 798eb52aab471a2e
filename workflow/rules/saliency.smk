# Saliency: where people would look, and how far the heatmaps lie there.
#
# needs   inputs/{image_set}/images.csv, heatmaps/{comparison}/{model}.nc
# makes   saliency/{image_set}/{saliency}.nc
#         overlap/{comparison}/{model}/{saliency}.csv


rule compute_saliency:
    """Make one saliency map per image with a classic model, or read the user's own."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        maps=lambda wildcards: optional(config["saliency"][wildcards.saliency]["maps"]),
        map_files=lambda wildcards: files_of(
            config["saliency"][wildcards.saliency]["maps"]
        ),
        code=library_used_by("compute_saliency"),
    output:
        saliency="<results>/saliency/{image_set}/{saliency}.nc",
    log:
        "<logs>/compute_saliency/{image_set}/{saliency}.log",
    benchmark:
        "<benchmarks>/compute_saliency/{image_set}/{saliency}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        method=lambda wildcards: config["saliency"][wildcards.saliency]["method"],
    script:
        "../../scripts/compute_saliency.py"


rule measure_overlap:
    """Compare the heatmaps with one kind of saliency map: precision, recall, relative risk, baselines."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        saliency=lambda wildcards: (
            f"<results>/saliency/{image_set_of(wildcards.comparison)}/{wildcards.saliency}.nc"
        ),
        code=library_used_by("measure_overlap"),
    output:
        overlap="<results>/overlap/{comparison}/{model}/{saliency}.csv",
    log:
        "<logs>/measure_overlap/{comparison}/{model}/{saliency}.log",
    benchmark:
        "<benchmarks>/measure_overlap/{comparison}/{model}/{saliency}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        top_percent=config["overlap"]["top_percent"],
        target_percent=config["overlap"]["target_percent"],
    script:
        "../../scripts/measure_overlap.py"
