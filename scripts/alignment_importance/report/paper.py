"""Collects the numbered figures and tables of a paper in one folder, with an index of self-contained captions."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignment_importance.maps.overlap.summary import ALL_IMAGES
from alignment_importance.report.captions import FIGURES, score_name, subject, unusual
from alignment_importance.system.names import counted
from alignment_importance.system.tables import ORIGIN, write_table

#: The title of each table, and its columns in the index.
TABLES = {
    "comparisons": (
        "Judgments",
        ["comparison", "n_images", "n_participants", "simulated"],
    ),
    "prediction": (
        "Prediction of the test folds: scores of all and of the retained feature maps, tests, noise ceiling",
        [
            "comparison", "model", "n_folds", "test_full_mean", "test_full_sd", "test_retained_mean",
            "test_retained_sd", "k_retained_mean", "k_retained_sd", "p_paired", "p_corrected",
            "noise_ceiling_of_mean_mean",
        ],
    ),
    "published": (
        "Published values beside those of this run",
        ["comparison", "model", "quantity", "published", "obtained", "difference", "source"],
    ),
    "saliency": (
        "Relative risk of heatmap and saliency map, medians over images with 95 % bootstrap intervals",
        ["comparison", "model", "saliency", "category", "top_percent", "baseline", "value", "lower", "upper"],
    ),
    "spread": (
        "Spread of the scores of two networks, two-sample Kolmogorov-Smirnov tests",
        ["comparison", "model", "model_b", "quantity", "median", "median_b", "ks", "p"],
    ),
    "agreement": (
        "Correlation of two networks' heatmaps, over images",
        ["comparison", "model", "model_b", "n_images", "mean", "sd", "mean_other_image"],
    ),
    "control": (
        "Area under the ROC curve by which heatmaps tell two objects apart, means over images",
        ["control", "comparison", "model", "map", "n_images", "mean", "sd"],
    ),
}  # fmt: skip


def assemble(
    folder: Path,
    figures: Mapping[tuple[str, ...], Path],
    tables: Mapping[str, pd.DataFrame],
    left_out: Mapping[str, str],
    folds: str,
    pdf: bool,
) -> None:
    """Copy numbered figures into a folder, and write the tables and README.md, the index of both.

    Args:
        folder: exists, and is empty.
        figures: PNG files in their order, by the kind of figure, followed by the names of its `captions.subject`.
        tables: what `collect` returns; captions take facts about images, participants and networks from them.
        left_out: what this run cannot provide, with the reason.
        folds: how the folds were made.
        pdf: whether there is a PDF file of every figure beside the PNG file.
    """
    endings = [".pdf", ".png"] if pdf else [".png"]
    names = {f"figure-{at:02d}_{png.stem}": key for at, (key, png) in enumerate(figures.items(), start=1)}
    for name, key in names.items():
        for ending in endings:
            shutil.copyfile(figures[key].with_suffix(ending), folder / f"{name}{ending}")
    for at, (kind, table) in enumerate(tables.items(), start=1):
        write_table(table, folder / f"table-{at:02d}_{kind}.csv")
    (folder / "README.md").write_text(_index(names, tables, left_out, folds, endings), encoding="utf-8")


def collect(
    summary: pd.DataFrame,
    published: pd.DataFrame | None,
    differences: Mapping[str, pd.DataFrame],
    agreement: Mapping[str, pd.DataFrame],
    overlaps: Mapping[tuple[str, str, str], pd.DataFrame],
    controls: Mapping[tuple[str, str], pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Make the tables of a paper, by the keys of `TABLES`; leave out empty tables.

    Args:
        summary: a row per comparison and model.
        published: what `published.compare` returns.
        differences, agreement: by comparison.
        overlaps: by comparison, model and saliency.
        controls: by control and model.
    """
    judged = summary.drop_duplicates("comparison")[["comparison", "n_images", "n_participants", "simulated"]]
    tables = {"comparisons": judged, "prediction": summary}
    if published is not None:
        tables["published"] = published
    if overlaps:
        saliency = _stacked(overlaps, ["comparison", "model", "saliency"])
        # For masks of one size, relative risks are equal in both directions.
        chosen = (saliency["measure"] == "relative_risk") & (saliency["direction"] == "saliency_predicts_ais")
        tables["saliency"] = saliency[chosen]
    if differences:
        tables["spread"] = _stacked(differences, ["comparison"])
    if agreement:
        tables["agreement"] = _agreed(_stacked(agreement, ["comparison"]))
    if controls:
        tables["control"] = _controlled(_stacked(controls, ["control", "model"]))
    return {kind: table for kind, table in tables.items() if len(table)}


def _stacked(tables: Mapping[Any, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Stack tables, with their keys in the first columns."""
    bare = {key: table.drop(columns=names, errors="ignore") for key, table in tables.items()}
    return pd.concat(bare, names=names).reset_index(names)


def _agreed(table: pd.DataFrame) -> pd.DataFrame:
    """Average the agreement of every two networks over images."""
    origin = [name for name in map(str, table) if name.removesuffix("_b") in ORIGIN]
    grouped = table.groupby(["comparison", "model", "model_b", *origin], sort=False, dropna=False)
    values = grouped.agg(
        n_images=("correlation", "count"),
        mean=("correlation", "mean"),
        sd=("correlation", "std"),
        mean_other_image=("correlation_other_image", "mean"),
    )
    return values.reset_index()


def _controlled(areas: pd.DataFrame) -> pd.DataFrame:
    """Average the areas under the ROC curve over the partners of each image, and then over images."""
    keys = ["control", "comparison", "model", "map", *ORIGIN]
    of_images = areas.groupby([*keys, "image"], sort=False)["auc"].mean()
    return of_images.groupby(keys, sort=False).agg(n_images="count", mean="mean", sd="std").reset_index()


def _index(
    figures: Mapping[str, tuple[str, ...]],
    tables: Mapping[str, pd.DataFrame],
    left_out: Mapping[str, str],
    folds: str,
    endings: Sequence[str],
) -> str:
    """Write the index as Markdown; `figures` are kinds and names, by the names of their files without ending."""
    score = score_name(str(tables["prediction"]["score"].iloc[0]))
    contents = ["| number | of | answers | files |", "|---|---|---|---|"]
    sections = []
    for at, (name, (kind, *names)) in enumerate(figures.items(), start=1):
        caption = FIGURES[kind]
        files = ", ".join(f"[{ending[1:].upper()}]({name}{ending})" for ending in endings)
        contents.append(f"| Figure {at} | {_escaped(', '.join(names) or 'all')} | {caption.question} | {files} |")
        alt = f"{caption.title}: {', '.join(names)}" if names else caption.title
        reading = f"{caption.reading.format(score=score)} {_facts(subject(kind, *names), tables, folds)}"
        sections += [
            f"## Figure {at}",
            f"![{alt}]({name}.png)",
            f"**Figure {at}. {caption.title}.** {reading}",
            files,
        ]
    for at, (kind, table) in enumerate(tables.items(), start=1):
        what, columns = TABLES[kind]
        contents.append(f"| Table {at} | all | {what} | [CSV](table-{at:02d}_{kind}.csv) |")
        # There may be hundreds of rows for single categories.
        shown = table[table["category"] == ALL_IMAGES] if "category" in table else table
        more = "All categories, columns and digits" if len(shown) < len(table) else "All columns and digits"
        sections += [
            f"## Table {at}",
            f"**Table {at}. {what}.** {_facts({}, tables, folds)}",
            _markdown(shown, columns),
            f"[{more}](table-{at:02d}_{kind}.csv)",
        ]
    if left_out:
        sections += ["## Left out", "\n".join(f"- {what}: {why}." for what, why in left_out.items())]
    return "\n\n".join(["# Figures and tables", "\n".join(contents), *sections]) + "\n"


def _facts(about: Mapping[str, str], tables: Mapping[str, pd.DataFrame], folds: str) -> str:
    """State the images, participants, folds and networks of what a figure is `about`, or of all of the run."""
    summary = tables["prediction"]
    models = [about[name] for name in ("model", "model_b") if name in about] or summary["model"].unique().tolist()
    names = [about["comparison"]] if "comparison" in about else summary["comparison"].unique().tolist()
    if "control" in about:
        areas = tables["control"]
        of_control = areas.loc[areas["control"] == about["control"], "comparison"].tolist()
        names = [name for name in names if name in of_control]
    judged = [_judged(summary[summary["comparison"] == name].iloc[0]) for name in names]
    networks = [f"{name} ({_network(summary[summary['model'] == name].iloc[0])})" for name in models]
    heading = "Networks" if len(networks) > 1 else "Network"
    has_units = summary.loc[summary["model"].isin(models), "weights"].str.startswith("units of").any()
    units = " Units, which have no places, stand for feature maps." if has_units else ""
    return f"Judgments: {'; '.join(judged)}. {heading}: {'; '.join(networks)}.{units} {folds}"


def _judged(row: pd.Series) -> str:
    who = "simulated observer" if row["simulated"] else "participant"
    return f"{row['comparison']} ({row['n_images']} images, {counted(int(row['n_participants']), who, f'{who}s')})"


def _network(row: pd.Series) -> str:
    weights = str(row["weights"])
    named = weights if weights.startswith("random") else f"weights: {weights}"
    return ", ".join([named, *unusual(row["arithmetic"], row["ablation"])])


def _markdown(table: pd.DataFrame, columns: Sequence[str]) -> str:
    """Format columns of a table as Markdown, numbers to three digits, large ones to whole numbers."""
    known = [name for name in columns if name in table]
    rows = [" | ".join(name.replace("_", " ") for name in known), " | ".join(["---"] * len(known))]
    rows += [" | ".join(map(_cell, row)) for row in table[known].itertuples(index=False, name=None)]
    return "\n".join(f"| {row} |" for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "–" if np.isnan(value) else format(value, ".0f" if abs(value) > 999 else ".3g").replace("-", "−")
    return _escaped(str(value))


def _escaped(text: str) -> str:
    """Escape text for a Markdown table."""
    return text.replace("|", "\\|")
