# Report: figures (PNG and PDF), overlays, the gallery, and the folder of a paper.
#
# needs   the tables and labelled arrays of the other stages
# makes   figures/*.png and figures/*.pdf, heatmaps/{comparison}/{model}/{image}.png
#         gallery/index.html and the pictures beside it, paper/README.md and what it names

# The figures of every comparison and model, and those of saliency maps where there are any.
KINDS = ["curves", "importance", "heatmaps", "rsms", "patches"]
KINDS_OF_OVERLAP = ["overlap", "overlap-categories", "overlap-grid"]
KINDS += KINDS_OF_OVERLAP if config["saliency"] else []


rule results:
    """All tables and labelled arrays, those that others are made of too: what is deleted is made again."""
    input:
        rules.summarise.output,
        expand(
            [
                *rules.prepare_images.output,
                *rules.prepare_judgments.output,
                *rules.prepare_networks.output,
                *rules.extract_activations.output,
                *rules.assess_prediction.output,
                *rules.explain_images.output,
                *rules.compute_saliency.output,
                *rules.measure_overlap.output,
                *rules.evaluate_control.output,
                *of_seeds(),
            ],
            image_set=PLAN.judged_sets(),
            comparison=config["comparisons"],
            model=config["models"],
            saliency=config["saliency"],
            control=config["controls"],
        ),
        expand("<results>/transfer/{comparison}/{model}.csv", comparison=PLAN.transferred(), model=config["models"]),


rule figures:
    """All figures."""
    input:
        rules.plot_summary.output,
        expand(rules.plot_comparison.output, comparison=config["comparisons"], model=config["models"]),


rule gallery:
    """The gallery."""
    input:
        rules.build_gallery.output,
