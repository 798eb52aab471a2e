"""The page that tells which way of weighing feature maps finds the planted truth of the demo."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats
import yaml

from alignment_importance.config import configure
from alignment_importance.experiments import recovery
from alignment_importance.system.tables import read_table
from making.templates import fill

#: Headings of the columns by which methods are compared.
_FOUND, _DIFFERENCE = "maps: AUC", "places: difference"


def make(checkout: Path) -> None:
    """Write the page about the demo and its first model into a checkout."""
    given = yaml.safe_load((checkout / "config.yaml").read_text(encoding="utf-8"))
    demo = configure(given, look_at_files=False)
    table = read_table(checkout / demo.results / "recovery/demo" / f"{next(iter(demo.models))}.csv")
    page = as_markdown(table, demo.interactions.permutations, demo.controls["demo"].objects)
    (checkout / "docs/recovery.md").write_text(page, encoding="utf-8")


def as_markdown(table: pd.DataFrame, permutations: int, objects: Mapping[str, int]) -> str:
    """The text of the page about one control and network.

    Args:
        table: the columns `recovery.COLUMNS`, with `control`, `model` and `weights`.
        permutations: the number of permutations from which Shapley values were estimated.
        objects: the two objects of the control, in the order in which the page names them.
    """
    first, second = objects
    model, weights = table[["model", "weights"]].iloc[0]
    places = table[table["truth"] == "places"]
    columns = _columns(table, places["comparison"].unique().tolist())
    return fill(
        "recovery.md.jinja",
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
    """Areas (item, method) by heading: maps, places for each comparison, and the difference between two comparisons."""

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
    """The method with the highest mean, and its lead over the next one in the same draws or images."""
    compared = areas.dropna(axis="columns", thresh=2)
    if compared.shape[1] < 2:
        return "undefined"
    first, second, *_ = compared.mean().sort_values(ascending=False, kind="stable").index
    return f"{first}, {_mean(areas[first] - areas[second])} above {second}"


def _mean(values: pd.Series) -> str:
    """The mean, and half the width of its 95 % interval."""
    known = values.dropna().to_numpy(float)
    if len(known) < 2:
        return "undefined"
    # With few values, the normal distribution's 1.96 standard errors would be too narrow.
    half = scipy.stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return f"{known.mean():.2f} ± {half:.2f}".replace("-", "−")
