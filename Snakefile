# Alignment Importance Scores and heatmaps, from images and human similarity judgments to figures.
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

# A configuration file stands alone: one given with --configfile takes the place of the demo's instead of adding to it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml" if Path("config.yaml").is_file() else f"{workflow.basedir}/config.yaml"


include: "workflow/rules/common/configuration.smk"
include: "workflow/rules/common/given_files.smk"
include: "workflow/rules/common/combinations.smk"
include: "workflow/rules/common/paper.smk"
include: "workflow/rules/common/resources.smk"
include: "workflow/rules/common/origins.smk"


check_place()
# What the target `new` starts from. These keys are no part of the configuration.
START = starting_point(workflow.config_settings.config)
config, WRONG = complete_config(without(config, START))
config, UNMADE = without_unmade(config)
UNSEEN = [*WRONG, *UNMADE, *missing_files(seen_by_check=False), *unusable_names()]
PROBLEMS = [*UNSEEN, *missing_files(seen_by_check=True)]
# With problems, the check runs all the same: it tells them beside all that it finds, and nothing else runs.
if START is not None or not looks_at_files():
    stop_at(PROBLEMS)
config["provenance"] = made_with()
config["problems"] = [(dotted(path), what) for path, what in UNSEEN]
take_turns_at_gpu()
end_jobs_with_this_process()


pathvars:
    results=config["results"],
    logs=f"{config['results']}/logs",
    benchmarks=f"{config['results']}/benchmarks",


wildcard_constraints:
    image_set=any_of(config["image_sets"]),
    comparison=any_of(config["comparisons"]),
    model=any_of(config["models"]),
    seed=r"\d+",
    saliency=any_of(config["saliency"]),
    control=any_of(config["controls"]),


report: "workflow/report/workflow.rst"


include: "workflow/rules/datasets.smk"
include: "workflow/rules/inputs.smk"


if PROBLEMS:

    include: "workflow/rules/problems.smk"

    rule all:
        """The check, which tells all problems."""
        default_target: True
        input:
            rules.check.input,

else:

    include: "workflow/rules/new.smk"
    include: "workflow/rules/networks.smk"
    include: "workflow/rules/activations.smk"
    include: "workflow/rules/importance.smk"
    include: "workflow/rules/prediction.smk"
    include: "workflow/rules/rsms.smk"
    include: "workflow/rules/published.smk"
    include: "workflow/rules/heatmaps.smk"
    include: "workflow/rules/saliency.smk"
    include: "workflow/rules/control.smk"
    include: "workflow/rules/figures.smk"
    include: "workflow/rules/gallery.smk"
    include: "workflow/rules/networks_compared.smk"
    include: "workflow/rules/interactions.smk"
    include: "workflow/rules/paper.smk"
    include: "workflow/rules/benchmark.smk"

    rule all:
        """Everything that the configuration asks for."""
        default_target: True
        input:
            rules.check.input,
            rules.figures.input,
            rules.gallery.input,
            rules.networks_compared.input,
            rules.networks_compared_figures.input,
            "<results>/prediction/summary.csv",
            "<results>/prediction/published.csv" if config["published"] else [],
            # All that these are made of as well. Otherwise a file that a user deletes, or Snakemake before a job that
            # is then killed, stays missing as long as everything that was made of it is there.
            expand(
                [
                    *rules.prepare_images.output,
                    *rules.prepare_judgments.output,
                    *rules.extract_activations.output,
                    *rules.make_folds.output,
                    *rules.rank_feature_maps.output,
                    *rules.trace_curves.output,
                    *rules.permute_judgments.output,
                    *rules.bootstrap_images.output,
                    *rules.tabulate_prediction.output,
                    *rules.compute_rsms.output,
                    *rules.score_images.output,
                    *rules.make_heatmaps.output,
                    *rules.draw_overlays.output,
                    *rules.compute_saliency.output,
                    *rules.measure_overlap.output,
                    *rules.evaluate_control.output,
                ],
                image_set=judged_sets(),
                comparison=config["comparisons"],
                model=config["models"],
                seed=config["cross_validation"]["seeds"],
                saliency=config["saliency"],
                control=config["controls"],
            ),
