# Figures, each as PNG and PDF.
#
# needs   the tables and labelled arrays of the other stages
# makes   figures/*.png and figures/*.pdf


rule figures:
    """All figures."""
    input:
        expand("<results>/figures/prediction.{ending}", ending=["png", "pdf"]),
        expand(
            "<results>/figures/{kind}_{comparison}_{model}.{ending}",
            kind=["curves", "importance", "heatmaps", "rsms", "patches"]
            + ["overlap", "overlap-categories", "overlap-grid"]
            * bool(config["saliency"]),
            comparison=config["comparisons"],
            model=config["models"],
            ending=["png", "pdf"],
        ),
        expand(
            "<results>/figures/control_{control}_{model}.{ending}",
            control=config["controls"],
            model=config["models"],
            ending=["png", "pdf"],
        ),


rule plot_prediction:
    """Plot how well all and the retained feature maps predict test judgments."""
    input:
        summary="<results>/prediction/summary.csv",
        tables=expand(
            "<results>/prediction/{comparison}/{model}.csv",
            comparison=config["comparisons"],
            model=config["models"],
        ),
        code=library_used_by("plot_prediction"),
    output:
        png=report(
            "<results>/figures/prediction.png",
            caption="../report/prediction.rst",
            category="Prediction",
            labels={"what": "all against retained feature maps"},
        ),
        pdf="<results>/figures/prediction.pdf",
    log:
        "<logs>/plot_prediction.log",
    benchmark:
        "<benchmarks>/plot_prediction.tsv"
    group:
        "prediction"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_prediction.py"


rule plot_curves:
    """Plot train and test alignment against the number of feature maps kept."""
    input:
        curves=of_all_seeds("<results>/curves/{{comparison}}/{{model}}/seed-{seed}.csv"),
        table="<results>/prediction/{comparison}/{model}.csv",
        code=library_used_by("plot_curves"),
    output:
        png=report(
            "<results>/figures/curves_{comparison}_{model}.png",
            caption="../report/curves.rst",
            category="Prediction",
            labels={
                "what": "top-k curves",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/curves_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_curves/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_curves/{comparison}/{model}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, curves=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_curves.py"


rule plot_importance:
    """Plot how the scores are spread over feature maps, and how far folds agree on them."""
    input:
        rankings=of_all_seeds(
            "<results>/rankings/{{comparison}}/{{model}}/seed-{seed}.csv"
        ),
        all="<results>/rankings/{comparison}/{model}/all.csv",
        code=library_used_by("plot_importance"),
    output:
        png=report(
            "<results>/figures/importance_{comparison}_{model}.png",
            caption="../report/importance.rst",
            category="Importance",
            labels={
                "what": "spread of the scores, agreement of the folds",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/importance_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_importance/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_importance/{comparison}/{model}.tsv"
    group:
        "prediction"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, rankings=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        score=config["alignment"]["score"],
    script:
        "../../scripts/plot_importance.py"


rule plot_heatmaps:
    """Plot a few images beside their heatmaps."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        scores="<results>/image_scores/{comparison}/{model}.nc",
        code=library_used_by("plot_heatmaps"),
    output:
        png=report(
            "<results>/figures/heatmaps_{comparison}_{model}.png",
            caption="../report/heatmaps.rst",
            category="Heatmaps",
            labels={
                "what": "images beside their heatmaps",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/heatmaps_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_heatmaps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_heatmaps/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, heatmaps=8, scores=8),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_heatmaps.py"


rule plot_overlap:
    """Plot how well saliency maps and heatmaps predict each other, over all images and by category."""
    input:
        summaries=expand(
            "<results>/overlap_summary/{{comparison}}/{{model}}/{saliency}.csv",
            saliency=config["saliency"],
        ),
        code=library_used_by("plot_overlap"),
    output:
        png=report(
            "<results>/figures/overlap_{comparison}_{model}.png",
            caption="../report/overlap.rst",
            category="Saliency",
            labels={
                "what": "heatmaps and saliency maps",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/overlap_{comparison}_{model}.pdf",
        categories_png=report(
            "<results>/figures/overlap-categories_{comparison}_{model}.png",
            caption="../report/overlap_categories.rst",
            category="Saliency",
            labels={
                "what": "by category",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        categories_pdf="<results>/figures/overlap-categories_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_overlap/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_overlap/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, summaries=20),
        runtime=minutes(10, summaries=0.2),
    params:
        page=config["figures"],
        saliencies=list(config["saliency"]),
    script:
        "../../scripts/plot_overlap.py"


rule plot_overlap_grid:
    """Plot images with contours of the masks of heatmap and saliency map, and their relative risk."""
    input:
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        saliency=lambda wildcards: expand(
            "<results>/saliency/{image_set}/{saliency}.nc",
            image_set=image_set_of(wildcards.comparison),
            saliency=config["saliency"],
        ),
        overlaps=expand(
            "<results>/overlap/{{comparison}}/{{model}}/{saliency}.csv",
            saliency=config["saliency"],
        ),
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("plot_overlap_grid"),
    output:
        png=report(
            "<results>/figures/overlap-grid_{comparison}_{model}.png",
            caption="../report/overlap_grid.rst",
            category="Saliency",
            labels={
                "what": "images",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/overlap-grid_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_overlap_grid/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_overlap_grid/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(500, overlaps=10),
        runtime=minutes(10, overlaps=0.2),
    params:
        page=config["figures"],
        saliencies=list(config["saliency"]),
        percents=config["overlap"]["relative_risk_percent"],
    script:
        "../../scripts/plot_overlap_grid.py"


rule plot_control:
    """Plot where the heatmaps of different observers of the same images lie."""
    input:
        table="<results>/control/{control}/{model}.csv",
        heatmaps=controlled_heatmaps,
        images=lambda wildcards: f"<results>/inputs/{config['controls'][wildcards.control]['image_set']}/images.csv",
        code=library_used_by("plot_control"),
    output:
        png=report(
            "<results>/figures/control_{control}_{model}.png",
            caption="../report/control.rst",
            category="Control",
            labels={
                "what": "heatmaps under different observers",
                "control": "{control}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/control_{control}_{model}.pdf",
    log:
        "<logs>/plot_control/{control}/{model}.log",
    benchmark:
        "<benchmarks>/plot_control/{control}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, heatmaps=8, table=10),
        runtime=minutes(10),
    params:
        page=config["figures"],
        comparisons=lambda wildcards: comparisons_of(
            config["controls"][wildcards.control]["image_set"]
        ),
        objects=lambda wildcards: config["controls"][wildcards.control]["objects"],
    script:
        "../../scripts/plot_control.py"


rule plot_rsms:
    """Plot the similarities of all images for people, all and the retained feature maps."""
    input:
        rsms="<results>/rsm/{comparison}/{model}.nc",
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("plot_rsms"),
    output:
        png=report(
            "<results>/figures/rsms_{comparison}_{model}.png",
            caption="../report/rsms.rst",
            category="Similarities",
            labels={"comparison": "{comparison}", "model": "{model}"},
        ),
        pdf="<results>/figures/rsms_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_rsms/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_rsms/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, rsms=20),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_rsms.py"


rule plot_patches:
    """Plot the image patches that drive the most important feature maps most."""
    input:
        activations=activations_of,
        ranking="<results>/rankings/{comparison}/{model}/all.csv",
        judgments="<results>/inputs/{comparison}/judgments.nc",
        images=lambda wildcards: f"<results>/inputs/{image_set_of(wildcards.comparison)}/images.csv",
        code=library_used_by("plot_patches"),
    output:
        png=report(
            "<results>/figures/patches_{comparison}_{model}.png",
            caption="../report/patches.rst",
            category="Importance",
            labels={
                "what": "patches",
                "comparison": "{comparison}",
                "model": "{model}",
            },
        ),
        pdf="<results>/figures/patches_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_patches/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_patches/{comparison}/{model}.tsv"
    group:
        "heatmaps"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(800, activations=1),
        runtime=minutes(10),
    params:
        page=config["figures"],
    script:
        "../../scripts/plot_patches.py"
