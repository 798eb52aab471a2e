# Report: figures, overlays, the gallery, and the folder of a paper.
#
# needs   the tables and labelled arrays of the other stages
# makes   figures/*.png and, where they are wanted, figures/*.pdf, heatmaps/{comparison}/{model}/{image}.png
#         gallery/index.html and the pictures beside it, paper/README.md and what it names

# Kinds of the figures that are drawn for every comparison and model; kind and subject of each of the other figures.
KINDS_OF_UNITS = ["curves", "importance", "rsms"]
KINDS = [*KINDS_OF_UNITS, "heatmaps", "patches", "pairs-explained"]
KINDS += ["overlap", "overlap-categories", "overlap-grid"] if SALIENCY else []
TRANSFERRED = list(itertools.product(PLAN.transferred(), MODELS))
CONTROLLED = list(itertools.product(CONTROLS, WITH_PLACES))
SCALED = list(itertools.product(COMPARISONS, WITH_PLACES, SALIENCY))
TRACED = list(itertools.product(COMPARISONS, MODELS, SEEDS))
OF_THE_RUN = PLAN.figures_of_run()
OF_PAPER = PLAN.figures_of_paper()
OWN_OF_PAPER = [("bars",), *(("fold-curves", model) for model in MODELS)]


# Inputs of the figures of every model, and the inputs that only models whose feature maps have places have.
DRAWN_OF_ALL = {
    "curves": expand("<results>/curves/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS),
    "rankings": expand("<results>/rankings/{{comparison}}/{{model}}/seed-{seed}.csv", seed=SEEDS),
    "all_ranking": "<results>/rankings/{comparison}/{model}/all.csv",
    "prediction": "<results>/prediction/{comparison}/{model}.csv",
    "rsms": "<results>/rsm/{comparison}/{model}.nc",
    "images": view("<results>/inputs/{image_set}/images.csv"),
}
ONLY_WITH_PLACES = ("heatmaps", "scores", "pairs", "activations", "saliency", "overlaps", "summaries")


include: "figures.smk"


rule plot_comparison:
    """Draw all figures of one comparison and model, and every heatmap over its image."""
    input:
        **DRAWN_OF_ALL,
        heatmaps="<results>/heatmaps/{comparison}/{model}.nc",
        scores="<results>/image_scores/{comparison}/{model}.nc",
        pairs="<results>/pairs/{comparison}/{model}.nc",
        activations=view("<results>/activations/{image_set}/{model}.nc"),
        saliency=view("<results>/saliency/{image_set}/{saliency}.nc"),
        overlaps=expand("<results>/overlap/{{comparison}}/{{model}}/{saliency}.csv", saliency=SALIENCY),
        summaries=expand("<results>/overlap_summary/{{comparison}}/{{model}}/{saliency}.csv", saliency=SALIENCY),
    output:
        *vector_graphics(of_one_view(KINDS)),
        png=pictures(of_one_view(KINDS)),
        overlays=directory("<results>/heatmaps/{comparison}/{model}"),
    log:
        "<logs>/plot_comparison/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_comparison/{comparison}/{model}.tsv"
    wildcard_constraints:
        model=PLAN.any_of(WITH_PLACES),
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(800, curves=10, rankings=10, heatmaps=8, scores=8, rsms=20, pairs=2, activations=1, summaries=20),
        runtime=growing(20, images=300),
    params:
        **dict.fromkeys(("saliency", "overlaps", "summaries"), SALIENCY),
        png=KINDS,
        page=config["figures"],
        score=config["alignment"]["score"],
        percents=config["overlap"]["relative_risk_percent"],
        code=code_of("plot_comparison"),
    script:
        "../../scripts/plot_comparison.py"


use rule plot_comparison as plot_units with:
    input:
        **DRAWN_OF_ALL,
        **dict.fromkeys(ONLY_WITH_PLACES, []),
    output:
        *vector_graphics(of_one_view(KINDS_OF_UNITS)),
        png=pictures(of_one_view(KINDS_OF_UNITS)),
        overlays=[],
    log:
        "<logs>/plot_units/{comparison}/{model}.log",
    benchmark:
        "<benchmarks>/plot_units/{comparison}/{model}.tsv"
    wildcard_constraints:
        model=PLAN.any_of(PLAN.units()),
    params:
        **dict.fromkeys(("saliency", "overlaps", "summaries"), []),
        png=KINDS_OF_UNITS,


rule plot_summary:
    """Draw the figures of the whole run: predictions, and networks, comparisons and observers side by side."""
    input:
        summary="<results>/prediction/summary.csv",
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        networks=expand("<results>/networks/{comparison}.csv", comparison=COMPARED),
        spread_images=expand("<results>/networks/{comparison}/images.csv", comparison=COMPARED),
        spread_maps=expand("<results>/networks/{comparison}/maps.csv", comparison=COMPARED),
        differences=expand("<results>/networks/{comparison}/differences.csv", comparison=COMPARED),
        agreement=expand("<results>/networks/{comparison}/agreement.csv", comparison=AGREEING),
        transfer=[f"<results>/transfer/{comparison}/{model}.csv" for comparison, model in TRANSFERRED],
        control=[f"<results>/control/{control}/{model}.csv" for control, model in CONTROLLED],
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc", MAPPED),
        images=expand("<results>/inputs/{image_set}/images.csv", image_set=PLAN.judged_sets()),
    output:
        *vector_graphics(OF_THE_RUN),
        png=pictures(OF_THE_RUN),
    log:
        "<logs>/plot_summary.log",
    benchmark:
        "<benchmarks>/plot_summary.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(700, heatmaps=10, transfer=10, predictions=10),
        runtime=growing(20),
    params:
        **dict.fromkeys(("networks", "spread_images", "spread_maps", "differences"), COMPARED),
        png=OF_THE_RUN,
        predictions=VIEWS,
        heatmaps=MAPPED,
        agreement=AGREEING,
        transfer=TRANSFERRED,
        control=CONTROLLED,
        images=PLAN.judged_sets(),
        image_set_of={name: PLAN.image_set_of(name) for name in COMPARISONS},
        sweeps=PLAN.sweeps(),
        controls=config["controls"],
        page=config["figures"],
        score=config["alignment"]["score"],
        code=code_of("plot_summary"),
    script:
        "../../scripts/plot_summary.py"


rule build_gallery:
    """Draw the pictures of every image and write the page that shows, sorts and compares them."""
    input:
        images=expand("<results>/inputs/{image_set}/images.csv", image_set=PLAN.judged_sets()),
        saliency=expand("<results>/saliency/{image_set}/{saliency}.nc", image_set=PLAN.judged_sets(), saliency=SALIENCY),
        heatmaps=of_views("<results>/heatmaps/{comparison}/{model}.nc", MAPPED),
        scores=of_views("<results>/image_scores/{comparison}/{model}.nc", MAPPED),
        rsms=of_views("<results>/rsm/{comparison}/{model}.nc", MAPPED),
        activations=of_views("<results>/activations/{image_set}/{model}.nc", MAPPED),
        overlaps=[f"<results>/overlap/{comparison}/{model}/{saliency}.csv" for comparison, model, saliency in SCALED],
        pairs=of_views("<results>/pairs/{comparison}/{model}.nc", MAPPED),
    output:
        gallery=directory("<results>/gallery"),
    log:
        "<logs>/build_gallery.log",
    benchmark:
        "<benchmarks>/build_gallery.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(1000, heatmaps=8, rsms=10, overlaps=5, pairs=2),
        runtime=growing(20, images=300),
    params:
        **dict.fromkeys(("heatmaps", "scores", "rsms", "activations", "pairs"), MAPPED),
        images=PLAN.judged_sets(),
        saliency=list(itertools.product(PLAN.judged_sets(), SALIENCY)),
        overlaps=SCALED,
        image_set_of={name: PLAN.image_set_of(name) for name in COMPARISONS},
        percents=config["overlap"]["relative_risk_percent"],
        heatmap_scale=config["figures"]["heatmap_scale"],
        code=code_of("build_gallery"),
    script:
        "../../scripts/build_gallery.py"


rule assemble_paper:
    """Draw the figures that only the paper has, and put all its figures and tables into a folder with an index."""
    input:
        png=[figure(about, "png") for about in OF_PAPER],
        pdf=vector_graphics(OF_PAPER),
        summary="<results>/prediction/summary.csv",
        predictions=of_views("<results>/prediction/{comparison}/{model}.csv"),
        curves=[f"<results>/curves/{comparison}/{model}/seed-{seed}.csv" for comparison, model, seed in TRACED],
        published="<results>/prediction/published.csv" if config["published"] else [],
        differences=expand("<results>/networks/{comparison}/differences.csv", comparison=COMPARED),
        agreement=expand("<results>/networks/{comparison}/agreement.csv", comparison=AGREEING),
        overlaps=[
            f"<results>/overlap_summary/{comparison}/{model}/{saliency}.csv" for comparison, model, saliency in SCALED
        ],
        controls=[f"<results>/control/{control}/{model}.csv" for control, model in CONTROLLED],
    output:
        *vector_graphics(OWN_OF_PAPER),
        own_png=pictures(OWN_OF_PAPER),
        paper=directory("<results>/paper"),
    log:
        "<logs>/assemble_paper.log",
    benchmark:
        "<benchmarks>/assemble_paper.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=growing(700, overlaps=10, curves=10),
        runtime=growing(20, curves=0.2),
    params:
        png=OF_PAPER,
        own_png=OWN_OF_PAPER,
        differences=COMPARED,
        agreement=AGREEING,
        predictions=VIEWS,
        curves=TRACED,
        overlaps=SCALED,
        controls=CONTROLLED,
        left_out=PLAN.left_out_of_paper(),
        folds=PLAN.folds_of_paper(),
        page=config["figures"],
        score=config["alignment"]["score"],
        code=code_of("assemble_paper"),
    script:
        "../../scripts/assemble_paper.py"


rule results:
    """All tables and labelled arrays, and the data sets they are made of: whatever was deleted is made again."""
    input:
        [file for dataset in config["datasets"] for file in PLAN.wanted_files(dataset).values()],
        rules.summarise.output,
        rules.prepare_networks.output,
        expand(rules.prepare_pairs.output, comparison=PLAN.fixed_pairs()),
        expand(
            [
                *rules.prepare_images.output,
                *rules.prepare_judgments.output,
                *rules.explain_images.output,
                *rules.compute_saliency.output,
                *rules.measure_overlap.output,
                *rules.prepare_control.output,
                *rules.evaluate_control.output,
            ],
            image_set=PLAN.judged_sets(),
            comparison=COMPARISONS,
            model=WITH_PLACES,
            # Without heatmaps there is nothing to compare with saliency maps.
            saliency=SALIENCY if WITH_PLACES else [],
            control=CONTROLS,
        ),
        expand(
            [
                *rules.extract_activations.output,
                *rules.assess_prediction.output,
                rules.explain_images.output.scores,
                "<results>/{kind}/{comparison}/{model}/seed-{seed}.csv",
            ],
            image_set=PLAN.judged_sets(),
            comparison=COMPARISONS,
            model=MODELS,
            kind=["rankings", "curves", "scores", "predicted"],
            seed=SEEDS,
        ),
        [f"<results>/transfer/{comparison}/{model}.csv" for comparison, model in TRANSFERRED],


rule figures:
    """All figures, and every heatmap over its image."""
    input:
        rules.plot_summary.output,
        expand(rules.plot_comparison.output, comparison=COMPARISONS, model=WITH_PLACES),
        # By file name: if another workflow uses single rules of this one, `rules.plot_units` has no output.
        [
            figure((kind, comparison, model), ending)
            for kind, comparison, model in itertools.product(KINDS_OF_UNITS, COMPARISONS, PLAN.units())
            for ending in ENDINGS
        ],


rule gallery:
    """The gallery."""
    input:
        rules.build_gallery.output if WITH_PLACES else [],


rule paper:
    """Every figure and table of the paper, numbered, with an index."""
    input:
        rules.assemble_paper.output,
