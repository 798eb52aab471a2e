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
            kind=["curves", "importance", "heatmaps"]
            + ["overlap"] * bool(config["saliency"]),
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
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
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
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
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
            labels={"comparison": "{comparison}", "model": "{model}"},
        ),
        pdf="<results>/figures/importance_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_importance/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_importance/{comparison}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
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
            labels={"comparison": "{comparison}", "model": "{model}"},
        ),
        pdf="<results>/figures/heatmaps_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_heatmaps/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_heatmaps/{comparison}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    script:
        "../../scripts/plot_heatmaps.py"


rule plot_overlap:
    """Plot precision, recall and relative risk of saliency maps and heatmaps as predictions of each other."""
    input:
        overlaps=expand(
            "<results>/overlap/{{comparison}}/{{model}}/{saliency}.csv",
            saliency=config["saliency"],
        ),
        code=library_used_by("plot_overlap"),
    output:
        png=report(
            "<results>/figures/overlap_{comparison}_{model}.png",
            caption="../report/overlap.rst",
            category="Saliency",
            labels={"comparison": "{comparison}", "model": "{model}"},
        ),
        pdf="<results>/figures/overlap_{comparison}_{model}.pdf",
    log:
        "<logs>/plot_overlap/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_overlap/{comparison}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        saliencies=list(config["saliency"]),
    script:
        "../../scripts/plot_overlap.py"


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
            labels={"control": "{control}", "model": "{model}"},
        ),
        pdf="<results>/figures/control_{control}_{model}.pdf",
    log:
        "<logs>/plot_control/{control}/{model}.log",
    benchmark:
        "<benchmarks>/plot_control/{control}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        comparisons=lambda wildcards: comparisons_of(
            config["controls"][wildcards.control]["image_set"]
        ),
        objects=lambda wildcards: config["controls"][wildcards.control]["objects"],
    script:
        "../../scripts/plot_control.py"
