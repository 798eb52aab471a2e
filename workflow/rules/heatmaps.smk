# Heatmaps: image-specific Alignment Importance Scores, and where in the image they lie.
#
# needs   activations/{image_set}/{model}.nc, inputs/{comparison}/judgments.nc
# makes   image_scores/{comparison}/{model}.nc
#         heatmaps/{comparison}/{model}.nc and heatmaps/{comparison}/{model}/{image}.png


rule score_images:
    """Score every feature map of every image: what the image's own alignment loses without it."""
    input:
        activations=activations_of,
        judgments="<results>/inputs/{comparison}/judgments.nc",
        network=lambda wildcards: files_of_network(wildcards.model),
        checked=ancient(CHECKED),
        code=library_used_by("score_images"),
    output:
        scores="<results>/image_scores/{comparison}/{model}.nc",
    log:
        "<logs>/score_images/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/score_images/{comparison}/{model}.tsv"
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
        "../../scripts/score_images.py"


rule make_heatmaps:
    """Average the feature maps of every image, weighted by their scores."""
    input:
        activations=activations_of,
        scores="<results>/image_scores/{comparison}/{model}.nc",
        code=library_used_by("make_heatmaps"),
    output:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
    log:
        "<logs>/make_heatmaps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/make_heatmaps/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, scores=3),
        runtime=minutes(10, activations=0.05),
    script:
        "../../scripts/make_heatmaps.py"


rule draw_overlays:
    """Draw every heatmap over its image, at the image's own size."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("draw_overlays"),
    output:
        overlays=directory("<results>/heatmaps/{comparison}/{model}"),
    log:
        "<logs>/draw_overlays/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/draw_overlays/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, heatmaps=8),
        runtime=minutes(20, images=300),
    params:
        heatmap_scale=config["figures"]["heatmap_scale"],
    script:
        "../../scripts/draw_overlays.py"
