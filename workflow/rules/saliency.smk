# Saliency: where people would look, and how far the heatmaps lie there.
#
# needs   inputs/{image_set}/images.csv, heatmaps/{comparison}/{model}.nc
# makes   saliency/{image_set}/{saliency}.nc
#         overlap/{comparison}/{model}/{saliency}.csv
#         saliency_scores/{comparison}/{model}/{saliency}.csv
#         overlap_summary/{comparison}/{model}/{saliency}.csv


rule compute_saliency:
    """Make one saliency map per image: a classic model, the user's own maps, fixations, or the centre bias."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        maps=lambda wildcards: optional(config["saliency"][wildcards.saliency]["maps"]),
        map_files=lambda wildcards: files_of(
            config["saliency"][wildcards.saliency]["maps"]
        ),
        fixations=lambda wildcards: optional(
            config["saliency"][wildcards.saliency]["fixations"]
        ),
        checked=ancient(CHECKED),
        code=library_used_by("compute_saliency"),
    output:
        saliency="<results>/saliency/{image_set}/{saliency}.nc",
    log:
        "<logs>/compute_saliency/{image_set}/{saliency}.log",
    benchmark:
        "<benchmarks>/compute_saliency/{image_set}/{saliency}.tsv"
    wildcard_constraints:
        saliency=any_of(saliencies_by(networks=False)),
    conda:
        "../../envs/vision.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(600, map_files=2),
        runtime=minutes(20, images=300),
    params:
        settings=lambda wildcards: {
            key: config["saliency"][wildcards.saliency][key]
            for key in ("method", "stretch", "degree", "spread")
        },
    script:
        "../../scripts/compute_saliency.py"


rule predict_gaze:
    """Make one saliency map per image with a network that predicts gaze."""
    input:
        images="<results>/inputs/{image_set}/images.csv",
        network=lambda wildcards: files_of_gaze_network(wildcards.saliency),
        checked=ancient(CHECKED),
        code=library_used_by("predict_gaze"),
    output:
        saliency="<results>/saliency/{image_set}/{saliency}.nc",
    log:
        "<logs>/predict_gaze/{image_set}/{saliency}.log",
    benchmark:
        "<benchmarks>/predict_gaze/{image_set}/{saliency}.tsv"
    wildcard_constraints:
        saliency=any_of(saliencies_by(networks=True)),
    conda:
        environment("torch")
    threads: 1
    resources:
        mem_mb=megabytes_of_network(network=6),
        runtime=minutes(240, images=1000),
        gpu=gpus(),
    params:
        settings=lambda wildcards: {
            key: config["saliency"][wildcards.saliency][key]
            for key in (
                "method",
                "checkpoint",
                "architecture",
                "input_size",
                "centre_bias",
                "spread",
                "degree",
            )
        },
        compute=settings("device", "memory_gb", "precision"),
    script:
        "../../scripts/predict_gaze.py"


rule measure_overlap:
    """Compare the heatmaps with one kind of saliency map, beside baselines: masks, scores, intervals over images."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        saliency=lambda wildcards: (
            f"<results>/saliency/{image_set_of(wildcards.comparison)}/{wildcards.saliency}.nc"
        ),
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("measure_overlap"),
    output:
        overlap="<results>/overlap/{comparison}/{model}/{saliency}.csv",
        scores="<results>/saliency_scores/{comparison}/{model}/{saliency}.csv",
        summary="<results>/overlap_summary/{comparison}/{model}/{saliency}.csv",
    log:
        "<logs>/measure_overlap/{comparison}/{model}/{saliency}.log",
    benchmark:
        "<benchmarks>/measure_overlap/{comparison}/{model}/{saliency}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(1000, heatmaps=8, saliency=2),
        runtime=minutes(20, saliency=0.5),
    params:
        settings=config["overlap"],
    script:
        "../../scripts/measure_overlap.py"
