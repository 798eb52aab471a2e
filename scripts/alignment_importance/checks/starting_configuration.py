"""Proposes a configuration for a folder of images and a file of judgments; comments say what was recognised."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.inputs.fold_checks import FEW_TEST_IMAGES, check_folds
from alignment_importance.inputs.images import examination
from alignment_importance.inputs.judgments import averages, quality, reading
from alignment_importance.inputs.judgments.judged import SINGLE_PARTICIPANT
from alignment_importance.inputs.judgments.subsets import FEWEST_IMAGES
from alignment_importance.system.names import counted, some
from alignment_importance.system.problems import Problems

#: The paper's number of folds, and the fewest that are tried if test sets would be small or could not be scored.
_MOST_FOLDS, _FEWEST_FOLDS = 5, 2

#: The seeds of the paper.
_SEEDS = (111, 222, 333, 444, 555, 666, 777, 888)


def propose(
    name: str, folder: Path, categories: Path | None, source: reading.Source, threads: int = 1, schema: str = ""
) -> tuple[str, Problems]:
    """Look at images and judgments, and write the configuration that compares them.

    What is ambiguous is not guessed: it is an error that names the key which would decide it. If some images have no
    judgments, the comparison names the others as its `images`.

    Args:
        name: name of the image set and of the comparison.
        categories: table of the categories of images, if there is one.
        schema: path of the JSON schema that a comment names for editors; empty for no such comment.

    Returns:
        The text of the configuration, which passes `inputs.check`, and what was found that the user should know.

    Raises:
        ProblemsError: images and judgments do not fit together, or the user must say more about them.
    """
    problems = Problems()
    table = examination.examine(folder, categories, None, problems, threads)
    left_out = reading.unjudged(source, table) if source.images is None else []
    if 0 < len(left_out) < len(table):
        source = replace(source, images=sorted(set(table["image"]) - set(left_out)))
    judgments = reading.inspect(source, table, problems)
    problems.raise_errors()
    assert judgments is not None
    n_folds = _number_of_folds(name, judgments, problems)
    problems.raise_errors()
    sections = [
        _heading(name, problems, schema),
        _image_set(name, folder, categories, table),
        _comparison(name, source, judgments, table, left_out, n_folds),
        _MODELS,
        _cross_validation(n_folds, len(judgments["image"])),
    ]
    return "\n".join(sections), problems


def _number_of_folds(name: str, judgments: xr.Dataset, problems: Problems) -> int:
    """Find the most folds that can be scored with every seed, else the fewest; note the problems of that number."""
    most = int(np.clip(len(judgments["image"]) // FEW_TEST_IMAGES, _FEWEST_FOLDS, _MOST_FOLDS))
    for n_folds in range(most, _FEWEST_FOLDS - 1, -1):
        of_folds = Problems()
        check_folds(name, judgments, "images", n_folds, _SEEDS, None, of_folds)
        if not of_folds.errors:
            break
    problems.extend(of_folds)
    return n_folds


_MODELS = """\
models:
  # Trained on ImageNet; the weights come with the installed packages.
  efficientnet_lite0:
    architecture: efficientnet_lite0
  # The network of the paper; its weights (528 MB) are downloaded once.
  # vgg16:
  #   architecture: vgg16
"""


def _heading(name: str, problems: Problems, schema: str) -> str:
    """Write the comment that says what to do with the file, and the warnings of the check."""
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [
        "# A starting point, made by `snakemake new`. What is left out has the defaults that config.yaml explains.",
        "# Read it, correct what is not so, and run",
        f"#     snakemake --cores 1 check --configfile {name}.yaml",
        f"#     snakemake --cores all --configfile {name}.yaml",
    ]
    if problems.warnings:
        lines += ["#", "# What the check says:"]
        lines += [f"# - {problem.where}: {problem}" for problem in problems.warnings]
    return "\n".join([*lines, "", f"results: results/{name}", ""])


def _image_set(name: str, folder: Path, categories: Path | None, table: pd.DataFrame) -> str:
    formats = Counter(Path(file).suffix.lower().removeprefix(".") for file in table["file"])
    ranges = [(side.min(), side.max()) for side in (table["width"], table["height"])]
    sizes = [f"{low} to {high}" if low < high else f"{low}" for low, high in ranges]
    lines = [
        "image_sets:",
        f"  {_text(name)}:",
        f"    # {len(table)} images ({_counted(formats)}), {sizes[0]} pixels wide and {sizes[1]} high.",
        f"    folder: {_text(folder)}",
    ]
    if categories is None:
        lines += [
            "    # A CSV with the columns image and category would let categories be compared by themselves.",
            "    # table: images.csv",
        ]
    else:
        lines.append(f"    table: {_text(categories)}")
    return "\n".join([*lines, ""])


def _comparison(
    name: str, source: reading.Source, judgments: xr.Dataset, table: pd.DataFrame, left_out: Sequence[str], n_folds: int
) -> str:
    kind = judgments.attrs["kind"]
    said = "as the file says" if source.kind is None else "as you say"
    lines = [
        "comparisons:",
        f"  {_text(name)}:",
        f"    image_set: {_text(name)}",
        f"    # {_described(judgments)}",
        f"    judgments: {_text(source.path)}",
        f"    kind: {kind} # {said}: a larger number means more {'alike' if kind == 'similarity' else 'different'}",
    ]
    for key, value in (("columns", source.columns), ("order", source.order), ("key", source.key)):
        if value:
            lines.append(f"    {key}: {_text(value)}")
    if isinstance(source.images, Path):
        lines.append(f"    images: {_text(source.images)}")
    elif source.images is not None:
        of = f"of {len(table)} images"
        lacking = counted(len(left_out), f"{of} has no judgment and is", f"{of} have no judgment and are")
        lines += [
            f"    # {lacking} left out: {some(left_out)}.",
            "    images:",
            *(f"      - {_text(image)}" for image in source.images),
        ]
    categories = Counter(table["category"].dropna())
    if categories:
        lines.append(f"    # Categories: {_counted(categories)}.")
        images = table.groupby("category")["image"]
        large = [category for category, own in images if _can_be_compared(judgments, own, n_folds)]
        if large:
            lines += [
                "    # This would give a comparison of its own to each that has judgments enough for the folds below:",
                f"    # by_category: [{', '.join(map(_text, large))}]",
            ]
    return "\n".join([*lines, "    simulated: false # true if no people were asked", ""])


def _can_be_compared(judgments: xr.Dataset, category: Iterable[str], n_folds: int) -> bool:
    """Whether the judged images of a category have enough judgments for a comparison of their own."""
    images = sorted(set(category) & set(judgments["image"].to_numpy()))
    if len(images) < FEWEST_IMAGES:
        return False
    human = averages.mean(judgments, images)
    if np.isnan(human).all(axis=1).any() or quality.unusable(human):
        return False
    own, problems = judgments.sel(image=images, image_b=images), Problems()
    check_folds("category", own, "images", n_folds, _SEEDS, None, problems)
    return not problems.errors


def _described(judgments: xr.Dataset) -> str:
    """Say what was recognised in a file of judgments."""
    ids = judgments["image"].to_numpy().tolist()
    rows, columns = np.triu_indices(len(ids), k=1)
    judged = int(np.count_nonzero(~np.isnan(averages.mean(judgments, ids)[rows, columns])))
    participants = judgments["participant"].to_numpy().tolist()
    told_apart = participants != [SINGLE_PARTICIPANT]
    whose = counted(len(participants), "participant", "participants") if told_apart else "participants not told apart"
    n_ratings = judgments["n_ratings"].to_numpy()[:, rows, columns]
    ratings = int(n_ratings.sum())
    if judgments.attrs["mean_over"] == "trials":  # each of which judges several pairs
        often = f"in {ratings / judged:.1f} trials each on average"
    else:
        values = judgments["similarity"].to_numpy()[:, rows, columns]
        own = values if judgments.attrs["kind"] == "similarity" else 0.0 - values
        # The range shows codes of missing answers, such as -99.
        averaged = ", repeated ones averaged," if n_ratings.max() > 1 else ""
        often = f"{counted(ratings, 'rating', 'ratings')}{averaged} from {np.nanmin(own):g} to {np.nanmax(own):g}"
    return f"{judgments.attrs['form']}: {len(ids)} images, {whose}, {judged} of {len(rows)} pairs judged ({often})."


def _cross_validation(n_folds: int, n_images: int) -> str:
    least, more = divmod(n_images, n_folds)
    sizes = f"{least} or {least + 1}" if more else str(least)
    return (
        "cross_validation:\n"
        f"  # {n_images} images in {n_folds} folds: test sets of {sizes} images.\n"
        f"  # {_MOST_FOLDS} folds, or fewer (at least {_FEWEST_FOLDS}) where test sets would have fewer than "
        f"{FEW_TEST_IMAGES} images\n"
        "  # or too few judged pairs.\n"
        f"  folds: {n_folds}\n"
        f"  seeds: {list(_SEEDS)}\n"
    )


def _counted(numbers: Counter[str]) -> str:
    """List the items with their counts, the most frequent first."""
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return some([f"{number} {item}" for item, number in ordered])


def _text(value: object) -> str:
    """Write a value as JSON, which YAML can read."""
    return json.dumps(value.as_posix() if isinstance(value, Path) else value, ensure_ascii=False)
