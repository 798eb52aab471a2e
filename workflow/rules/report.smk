# Report: figures (PNG and PDF), overlays, the gallery, and the folder of a paper.
#
# needs   the tables and labelled arrays of the other stages
# makes   figures/*.png and figures/*.pdf, heatmaps/{comparison}/{model}/{image}.png
#         gallery/index.html and the pictures beside it, paper/README.md and what it names

# The kinds of figure of every comparison and model, and the figures of the whole run: a kind and what it is about.
KINDS = ["curves", "importance", "heatmaps", "rsms", "patches"]
KINDS += ["overlap", "overlap-categories", "overlap-grid"] if config["saliency"] else []
OF_THE_RUN = [
    ("prediction",),
    *([("networks",)] if COMPARED else []),
    *(
        ("depth", comparison, network)
        for comparison in config["comparisons"]
        for network in PLAN.sweeps()
    ),
    *(("spread", comparison) for comparison in COMPARED),
    *(
        ("agreement", comparison, *pair)
        for comparison in COMPARED
        for pair in PLAN.pairs_of_models()
    ),
    *(("transfer", model) for model in config["models"] if PLAN.transferred()),
    *(
        ("control", control, model)
        for control in config["controls"]
        for model in config["models"]
    ),
]
TRANSFERRED = list(itertools.product(PLAN.transferred(), config["models"]))
CONTROLLED = list(itertools.product(config["controls"], config["models"]))
OWN_OF_PAPER = [("bars",), *(("fold-curves", model) for model in config["models"])]
OF_PAPER = [
    (kind, *about.values())
    for kind, about in PLAN.figures_of_paper()
    if (kind, *about.values()) not in OWN_OF_PAPER
]


rule plot_comparison:
    """Draw all figures of one comparison and model, and every heatmap over its image."""
    input:
        curves=expand(
            "<results>/curves/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS
        ),
        rankings=expand(
            "<results>/rankings/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS
        ),
        all_ranking="<results>/rankings/{comparison}/{model}/all.csv",
        prediction="<results>/prediction/{comparison}/{model}.csv",
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        scores="<results>/image_scores/{comparison}/{model}.nc",
        rsms="<results>/rsm/{comparison}/{model}.nc",
        activations=view("<results>/activations/{image_set}/{model}.nc"),
        judgments="<results>/inputs/{comparison}/judgments.nc",
        images=view("<results>/inputs/{image_set}/images.csv"),
        saliency=view("<results>/saliency/{image_set}/{saliency}.nc"),
        overlaps=of_saliencies("<results>/overlap/{comparison}/{model}/{saliency}.csv"),
        summaries=of_saliencies(
            "<results>/overlap_summary/{comparison}/{model}/{saliency}.csv"
        ),
    output:
        png=[reported((kind, "{comparison}", "{model}")) for kind in KINDS],
        pdf=[figure((kind, "{comparison}", "{model}"), "pdf") for kind in KINDS],
        overlays=directory("<results>/heatmaps/{comparison}/{model}"),
    log:
        "<logs>/plot_comparison/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_comparison/{comparison}/{model}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(
            800,
            curves=10,
            rankings=10,
            heatmaps=8,
            scores=8,
            rsms=20,
            activations=1,
            summaries=20,
        ),
        runtime=minutes(20, images=300),
    params:
        saliency=list(config["saliency"]),
        overlaps=list(config["saliency"]),
        summaries=list(config["saliency"]),
        png=KINDS,
        pdf=KINDS,
        page=config["figures"],
        score=config["alignment"]["score"],
        percents=config["overlap"]["relative_risk_percent"],
        code=code_of("plot_comparison"),
    script:
        "../../scripts/plot_comparison.py"


rule plot_summary:
    """Draw the figures of the whole run: predictions, and networks, comparisons and observers side by side."""
    input:
        summary="<results>/prediction/summary.csv",
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        networks=expand("<results>/networks/{comparison}.csv", comparison=COMPARED),
        spread_images=expand(
            "<results>/networks/{comparison}/images.csv", comparison=COMPARED
        ),
        spread_maps=expand(
            "<results>/networks/{comparison}/maps.csv", comparison=COMPARED
        ),
        differences=expand(
            "<results>/networks/{comparison}/differences.csv", comparison=COMPARED
        ),
        agreement=expand(
            "<results>/networks/{comparison}/agreement.csv", comparison=COMPARED
        ),
        transfer=[
            f"<results>/transfer/{comparison}/{model}.csv"
            for comparison, model in TRANSFERRED
        ],
        control=[
            f"<results>/control/{control}/{model}.csv" for control, model in CONTROLLED
        ],
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc"),
        images=expand(
            "<results>/inputs/{image_set}/images.csv", image_set=PLAN.judged_sets()
        ),
    output:
        png=[reported(about) for about in OF_THE_RUN],
        pdf=[figure(about, "pdf") for about in OF_THE_RUN],
    log:
        "<logs>/plot_summary.log",
    benchmark:
        "<benchmarks>/plot_summary.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, heatmaps=10, transfer=10, predictions=10),
        runtime=minutes(20),
    params:
        predictions=VIEWS,
        networks=COMPARED,
        spread_images=COMPARED,
        spread_maps=COMPARED,
        differences=COMPARED,
        agreement=COMPARED,
        transfer=TRANSFERRED,
        control=CONTROLLED,
        heatmaps=VIEWS,
        images=PLAN.judged_sets(),
        image_set_of={name: PLAN.image_set_of(name) for name in config["comparisons"]},
        sweeps=PLAN.sweeps(),
        controls=config["controls"],
        png=OF_THE_RUN,
        pdf=OF_THE_RUN,
        page=config["figures"],
        score=config["alignment"]["score"],
        code=code_of("plot_summary"),
    script:
        "../../scripts/plot_summary.py"


rule build_gallery:
    """Draw the pictures of every image and write the page that shows, sorts and compares them."""
    input:
        images=expand(
            "<results>/inputs/{image_set}/images.csv", image_set=PLAN.judged_sets()
        ),
        saliency=expand(
            "<results>/saliency/{image_set}/{saliency}.nc",
            image_set=PLAN.judged_sets(),
            saliency=config["saliency"],
        ),
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc"),
        scores=of_views("<results>/image_scores/{comparison}/{model}.nc"),
        rsms=of_views("<results>/rsm/{comparison}/{model}.nc"),
        activations=of_views("<results>/activations/{image_set}/{model}.nc"),
        overlaps=expand(
            "<results>/overlap/{comparison}/{model}/{saliency}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
        ),
    output:
        gallery=directory("<results>/gallery"),
    log:
        "<logs>/build_gallery.log",
    benchmark:
        "<benchmarks>/build_gallery.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(1000, heatmaps=8, rsms=10, overlaps=5),
        runtime=minutes(20, images=300),
    params:
        images=PLAN.judged_sets(),
        saliency=list(itertools.product(PLAN.judged_sets(), config["saliency"])),
        heatmaps=VIEWS,
        scores=VIEWS,
        rsms=VIEWS,
        activations=VIEWS,
        overlaps=SCALED,
        image_set_of={name: PLAN.image_set_of(name) for name in config["comparisons"]},
        percents=config["overlap"]["relative_risk_percent"],
        heatmap_scale=config["figures"]["heatmap_scale"],
        code=code_of("build_gallery"),
    script:
        "../../scripts/build_gallery.py"


rule assemble_paper:
    """Draw the figures of the paper alone, put all figures and tables into one folder, and write the index."""
    input:
        png=[figure(about, "png") for about in OF_PAPER],
        pdf=[figure(about, "pdf") for about in OF_PAPER],
        summary="<results>/prediction/summary.csv",
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        curves=expand(
            "<results>/curves/{comparison}/{model}/seed-{seed}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            seed=SEEDS,
        ),
        published="<results>/prediction/published.csv" if config["published"] else [],
        differences=expand(
            "<results>/networks/{comparison}/differences.csv", comparison=COMPARED
        ),
        agreement=expand(
            "<results>/networks/{comparison}/agreement.csv", comparison=COMPARED
        ),
        overlaps=expand(
            "<results>/overlap_summary/{comparison}/{model}/{saliency}.csv",
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
        ),
        controls=[
            f"<results>/control/{control}/{model}.csv" for control, model in CONTROLLED
        ],
    output:
        own_png=[reported(about) for about in OWN_OF_PAPER],
        own_pdf=[figure(about, "pdf") for about in OWN_OF_PAPER],
        paper=directory("<results>/paper"),
    log:
        "<logs>/assemble_paper.log",
    benchmark:
        "<benchmarks>/assemble_paper.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(700, overlaps=10, curves=10),
        runtime=minutes(20, curves=0.2),
    params:
        png=OF_PAPER,
        pdf=OF_PAPER,
        predictions=VIEWS,
        curves=list(itertools.product(config["comparisons"], config["models"], SEEDS)),
        differences=COMPARED,
        agreement=COMPARED,
        overlaps=SCALED,
        controls=CONTROLLED,
        own_png=OWN_OF_PAPER,
        own_pdf=OWN_OF_PAPER,
        left_out=PLAN.left_out_of_paper(),
        folds=PLAN.folds_of_paper(),
        page=config["figures"],
        score=config["alignment"]["score"],
        code=code_of("assemble_paper"),
    script:
        "../../scripts/assemble_paper.py"


rule results:
    """All tables and labelled arrays, those that others are made of too: what is deleted is made again."""
    input:
        rules.summarise.output,
        rules.prepare_networks.output,
        expand(
            [
                *rules.prepare_images.output,
                *rules.prepare_judgments.output,
                *rules.extract_activations.output,
                *rules.assess_prediction.output,
                *rules.explain_images.output,
                *rules.compute_saliency.output,
                *rules.measure_overlap.output,
                *rules.prepare_control.output,
                *rules.evaluate_control.output,
                "<results>/{kind}/{comparison}/{model}/seed-{seed}.csv",
            ],
            image_set=PLAN.judged_sets(),
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
            control=config["controls"],
            kind=["rankings", "curves", "scores", "predicted"],
            seed=SEEDS,
        ),
        [
            f"<results>/transfer/{comparison}/{model}.csv"
            for comparison, model in TRANSFERRED
        ],


rule figures:
    """All figures, and every heatmap over its image."""
    input:
        rules.plot_summary.output,
        expand(
            rules.plot_comparison.output,
            comparison=config["comparisons"],
            model=config["models"],
        ),


rule gallery:
    """The gallery."""
    input:
        rules.build_gallery.output,


rule paper:
    """Every figure and table of the paper, numbered, with an index."""
    input:
        rules.assemble_paper.output,
