# Alignment Importance Scores and heatmaps, from images and human similarity judgments to figures.
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

# This project's folder, even if another workflow uses this one as a module.
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).resolve()
sys.path.insert(0, str(HERE / "scripts"))


# A configuration file stands alone: one given with --configfile replaces the demo's instead of being merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml" if Path("config.yaml").is_file() else HERE / "config.yaml"


include: "workflow/rules/configuration.smk"
include: "workflow/rules/common.smk"


pathvars:
    results=config["results"],
    logs=f"{config['results']}/logs",
    benchmarks=f"{config['results']}/benchmarks",


report: "workflow/report/workflow.rst"


include: "workflow/rules/new.smk"


if START is None:

    include: "workflow/rules/inputs.smk"
    include: "workflow/rules/networks.smk"
    include: "workflow/rules/experiments.smk"
    include: "workflow/rules/maps.smk"
    include: "workflow/rules/report.smk"
    include: "workflow/rules/interactions.smk"
    include: "workflow/rules/benchmark.smk"

    rule all:
        """Everything that the configuration asks for."""
        input:
            rules.results.input,
            rules.figures.input,
            rules.gallery.input,

else:

    rule all:
        """The configuration to start from, which the command line asks for."""
        input:
            rules.new.output,
