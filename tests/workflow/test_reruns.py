"""What a change makes run again: exactly what depends on it. docs/reruns.md has the same table.

After a change here, `python tests/workflow/test_reruns.py` writes the table of that page.
"""

import shutil
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_project import ROOT, change_config, kill_at_work, planned_jobs

TINY = ("--configfile", "tiny.yaml")
PAGE = ROOT / "docs/reruns.md"
BEGIN, END = "<!-- written by tests/workflow/test_reruns.py -->", "<!-- end -->"

#: All jobs of the tiny project: two comparisons of one image set, one network, two seeds, one kind of saliency.
JOBS = {
    "prepare_images": 1,
    "prepare_judgments": 2,
    "prepare_control": 1,
    "prepare_networks": 1,
    "extract_activations": 1,
    "validate_rankings": 2,
    "assess_prediction": 2,
    "measure_transfer": 1,
    "explain_images": 2,
    "compute_saliency": 1,
    "measure_overlap": 2,
    "evaluate_control": 1,
    "summarise": 1,
    "plot_comparison": 2,
    "plot_summary": 1,
    "build_gallery": 1,
}


def jobs(*rules: str) -> dict[str, int]:
    """The number of jobs of each of the given rules in a full run."""
    return {rule: JOBS[rule] for rule in rules}


#: Jobs that draw, and the gallery.
DRAWING = jobs("plot_comparison", "plot_summary", "build_gallery")
#: Jobs that make or use the rankings and curves of folds.
PREDICTION = jobs("validate_rankings", "assess_prediction", "measure_transfer", "summarise") | DRAWING
#: Jobs that make or use the scores and heatmaps of images and of pairs of images.
HEATMAPS = jobs("explain_images", "measure_overlap", "evaluate_control", "summarise") | DRAWING
ABLATION = PREDICTION | HEATMAPS
#: Jobs that measure overlap or use it.
OVERLAP = jobs("measure_overlap", "plot_comparison", "build_gallery")
#: Jobs that are about all comparisons at once.
OF_ALL = jobs("prepare_control", "measure_transfer", "evaluate_control", "summarise", "plot_summary", "build_gallery")
#: Jobs that depend on one comparison.
COMPARISON = {rule: JOBS[rule] // 2 for rule in ("prepare_judgments", *ABLATION) if rule not in OF_ALL} | OF_ALL
#: Which masks are checked depends on the images that were judged.
CONTROL = jobs("prepare_control")
NETWORK = jobs("prepare_networks", "extract_activations") | ABLATION
IMAGES = (
    jobs("prepare_images", "prepare_judgments", "prepare_control", "extract_activations", "compute_saliency") | ABLATION
)

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """A change: the page's words for it, the function that makes it in a project, and the jobs that must run."""

    what: str
    change: Change
    jobs: dict[str, int]


def append(file: str, text: str = "\n# changed\n") -> Change:
    """Append text to a file."""

    def change(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return change


def configure(change: Callable[[dict[str, Any]], None]) -> Change:
    """Change the configuration."""
    return lambda folder: change_config(folder, change)


def put(path: str, value: Any) -> Change:
    """Set a key of the configuration."""

    def change(config: dict[str, Any]) -> None:
        *above, key = path.split(".")
        for step in above:
            config = config.setdefault(step, {})
        config[key] = value

    return configure(change)


def delete(path: str) -> Change:
    """Delete a folder."""
    return lambda folder: shutil.rmtree(folder / path)


def drop(kind: str, name: str) -> Change:
    """Take an entry out of the configuration."""
    return configure(lambda config: config[kind].pop(name))


def touch(folder: Path) -> None:
    (folder / "matrix.csv").touch()


def reorder(config: dict[str, Any]) -> None:
    config["models"]["resnet18"] = dict(reversed(config["models"]["resnet18"].items()))


def rewrite_judgment(folder: Path) -> None:
    table = pd.read_csv(folder / "pairs.csv")
    table["dissimilarity"] = table["dissimilarity"].where(table.index > 0, 0.5)
    table.to_csv(folder / "pairs.csv", index=False)


def replace_photo(folder: Path) -> None:
    shutil.copy(folder / "my photos" / "photo 01.png", folder / "my photos" / "photo 00.png")


def replace_mask(folder: Path) -> None:
    shutil.copy(folder / "my photos" / "photo 01.png", folder / "masks" / "photo 00.png")


def add_comparison(config: dict[str, Any]) -> None:
    config["comparisons"]["again"] = dict(config["comparisons"]["pairs"])


def add_network(config: dict[str, Any]) -> None:
    config["models"]["again"] = config["models"]["resnet18"] | {"seed": 2}


LIBRARY = "scripts/alignment_importance"

CASES = [
    Case("a file of judgments is written again with the same content", touch, {}),
    Case("keys of the configuration in another order", configure(reorder), {}),
    Case("a judgment", rewrite_judgment, COMPARISON),
    Case(
        "whether observers are simulated, which every output says", put("comparisons.pairs.simulated", True), COMPARISON
    ),
    Case("one more comparison", configure(add_comparison), COMPARISON),
    Case(
        "one comparison fewer",
        drop("comparisons", "matrix"),
        jobs("prepare_control", "evaluate_control", "summarise", "plot_summary", "build_gallery"),
    ),
    Case("an image", replace_photo, IMAGES),
    Case("the colour behind transparent images", put("image_sets.tiny.background", [0, 0, 0]), IMAGES),
    Case("the network's input, weights or layers", put("models.resnet18.resize", "crop"), NETWORK),
    Case("what takes the place of ablated maps", put("models.resnet18.ablation", "mean"), ABLATION),
    Case("one more network", configure(add_network), NETWORK),
    Case("similarity or score of the alignment", put("alignment.score", "spearman"), ABLATION),
    Case("one more seed", put("cross_validation.seeds", [1, 2, 3]), jobs("prepare_judgments") | ABLATION | CONTROL),
    Case("one seed fewer", put("cross_validation.seeds", [1]), jobs("prepare_judgments") | ABLATION | CONTROL),
    Case(
        "number or unit of the folds",
        put("cross_validation.folds", 2),
        jobs("prepare_judgments") | ABLATION | CONTROL,
    ),
    Case(
        "number of permutations",
        put("statistics.permutations", 10),
        jobs("assess_prediction", "measure_transfer") | HEATMAPS,
    ),
    Case(
        "pairs to explain",
        put("comparisons.pairs.pairs", "all"),
        {rule: n // 2 if rule not in OF_ALL else n for rule, n in HEATMAPS.items()} | {"prepare_pairs": 1},
    ),
    Case("sizes of masks, also of those that figures show", put("overlap.relative_risk_percent", [20]), OVERLAP),
    Case(
        "one more kind of saliency map",
        put("saliency.fine", {"method": "fine_grained"}),
        jobs("compute_saliency") | OVERLAP,
    ),
    Case("width or resolution of figures", put("figures.dpi", 150), jobs("plot_comparison", "plot_summary")),
    Case("a mask of a control", replace_mask, jobs("prepare_control", "evaluate_control", "summarise", "plot_summary")),
    Case("one control fewer", drop("controls", "halves"), jobs("summarise", "plot_summary")),
    Case("`device` or `precision`", put("device", "auto"), jobs("extract_activations") | ABLATION),
    Case("`memory_gb`", put("memory_gb", 0.4), ABLATION),
    Case("the library's engine of the ablation", append(f"{LIBRARY}/ablation/engine.py"), ABLATION),
    Case(
        "the style of all figures",
        append(f"{LIBRARY}/report/figures/style.py"),
        jobs("plot_comparison", "plot_summary"),
    ),
    Case("a script, here measure_overlap", append("scripts/measure_overlap.py"), OVERLAP),
    Case(
        "the look of the gallery", append(f"{LIBRARY}/report/gallery/style.css", "/* changed */"), jobs("build_gallery")
    ),
    Case("a caption of the report", append("workflow/report/curves.rst", "changed"), {}),
    Case(
        "results that were deleted, here activations",
        delete("results/activations"),
        jobs("extract_activations") | ABLATION,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_change_reruns_what_depends_on_it(case: Case, finished_copy: Path) -> None:
    case.change(finished_copy)
    assert planned_jobs(finished_copy, *TINY) == case.jobs


def test_a_change_of_what_checks_does_not_hide_what_else_changed(finished_copy: Path) -> None:
    append(f"{LIBRARY}/inputs/images/examination.py")(finished_copy)
    assert planned_jobs(finished_copy, *TINY) == IMAGES
    put("figures.dpi", 150)(finished_copy)
    put("overlap.relative_risk_percent", [20])(finished_copy)
    assert planned_jobs(finished_copy, *TINY) == IMAGES


def test_a_kill_does_not_hide_what_changed(finished_copy: Path) -> None:
    rewrite_judgment(finished_copy)
    kill_at_work(finished_copy, *TINY)
    assert planned_jobs(finished_copy, "--rerun-incomplete", *TINY) == COMPARISON


def test_these_are_all_jobs(finished: Path) -> None:
    assert planned_jobs(finished, "--forceall", *TINY) == JOBS


def test_a_finished_project_can_move_to_another_device(finished_copy: Path) -> None:
    """Nothing runs again with the options that the page names."""
    put("device", "auto")(finished_copy)
    triggers = ("--rerun-triggers", "mtime", "input", "code", "software-env")
    assert " ".join(triggers) in PAGE.read_text(encoding="utf-8")
    assert planned_jobs(finished_copy, *triggers, *TINY) == {}


def rows(cells: Iterable[Iterable[object]]) -> str:
    """Rows of a table in Markdown."""
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in cells)


def table() -> str:
    """What the page shows: the changes with a letter each, and how many jobs of each rule they make run."""
    letters = string.ascii_letters[: len(CASES)]
    return "\n".join(
        (
            rows(
                [
                    ("", "change"),
                    ("---", "---"),
                    *((letter, case.what) for letter, case in zip(letters, CASES, strict=True)),
                ]
            ),
            rows(
                [
                    ("rule", "all jobs", *letters),
                    ("---",) * (2 + len(CASES)),
                    *((f"`{rule}`", n, *(case.jobs.get(rule, "") for case in CASES)) for rule, n in JOBS.items()),
                ]
            ),
        )
    )


def test_the_page_shows_this_table() -> None:
    assert PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip("\n") == table().strip("\n")


if __name__ == "__main__":
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}{END}{after}", encoding="utf-8")
