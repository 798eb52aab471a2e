"""Tabulate for the documentation which way of weighing feature maps finds the planted truth."""

from collections.abc import Mapping
from pathlib import Path

from job import run

import jinja2
import numpy as np
import pandas as pd
import scipy.stats

from alignment_importance.experiments import recovery
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.tables import read_table

_TEMPLATE = Path(__file__).with_suffix(".md")

#: Headings of the columns by which methods are compared.
_FOUND, _DIFFERENCE = "maps: AUC", "places: difference"


def tabulate_recovery(table: Path, permutations: int, objects: Mapping[str, int], page: Path) -> None:
    """Write the page of one control and network."""
    areas = read_table(table, ["model", "weights", *recovery.COLUMNS])
    with atomic(page) as partial:
        partial.write_text(as_markdown(areas, permutations, objects), encoding="utf-8", newline="\n")


def as_markdown(table: pd.DataFrame, permutations: int, objects: Mapping[str, int]) -> str:
    """The page of one control and network.

    Args:
        table: the columns `recovery.COLUMNS`, with `control`, `model` and `weights`.
        permutations: that Shapley values were estimated from.
        objects: the two objects, first and second.
    """
    first, second = objects
    model, weights = table[["model", "weights"]].iloc[0]
    places = table[table["truth"] == "places"]
    columns = _columns(table, places["comparison"].unique().tolist())
    template = jinja2.Template(
        _TEMPLATE.read_text(encoding="utf-8"), keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    return template.render(
        permutations=permutations,
        n_planted=recovery.N_PLANTED,
        network=f"{model}, {weights}",
        noise=recovery.NOISE,
        n_draws=table.loc[table["truth"] == "maps", "item"].nunique(),
        n_images=places["item"].nunique(),
        first=first,
        second=second,
        columns=list(columns),
        methods={method: [_mean(values[method]) for values in columns.values()] for method in columns[_FOUND].columns},
        best={name.split(":")[0]: _best(areas) for name, areas in columns.items() if name in (_FOUND, _DIFFERENCE)},
    )


def _columns(table: pd.DataFrame, comparisons: list[str]) -> dict[str, pd.DataFrame]:
    """Areas (item, method) by what they are of: maps found, places for each comparison, and the difference of two."""

    def areas(rows: pd.DataFrame) -> pd.DataFrame:
        wide = rows.pivot_table(index="item", columns="method", values="auc", dropna=False)
        return wide[table["method"].unique().tolist()]

    columns = {_FOUND: areas(table[table["truth"] == "maps"])}
    for name in comparisons:
        columns[f"places: AUC, {name}"] = areas(table[(table["truth"] == "places") & (table["comparison"] == name)])
    if len(comparisons) == 2:
        first, second = (columns[f"places: AUC, {name}"] for name in comparisons)
        columns[_DIFFERENCE] = first - second
    return columns


def _best(areas: pd.DataFrame) -> str:
    """Which method has the highest mean, and how far it is ahead of the next one in the same draws or images."""
    compared = areas.dropna(axis="columns", thresh=2)
    if compared.shape[1] < 2:
        return "undefined"
    first, second, *_ = compared.mean().sort_values(ascending=False, kind="stable").index
    return f"{first}, {_mean(areas[first] - areas[second])} above {second}"


def _mean(values: pd.Series) -> str:
    """Mean and the half of its 95 % interval."""
    known = values.dropna().to_numpy(float)
    if len(known) < 2:
        return "undefined"
    # Of few values the normal distribution's 1.96 standard errors would be too narrow.
    half = scipy.stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return f"{known.mean():.2f} ± {half:.2f}".replace("-", "−")


if __name__ == "__main__":
    run(tabulate_recovery, globals()["snakemake"])
