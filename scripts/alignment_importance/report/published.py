"""Compares published values with those of a run; gives differences, but no verdict."""

import logging
from pathlib import Path

import pandas as pd

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import ORIGIN

#: Columns of a table of published values; `quantity` is a column of the summary of the predictions.
COLUMNS = ("comparison", "model", "score", "quantity", "published", "source")

logger = logging.getLogger(__name__)


def read(path: Path) -> pd.DataFrame:
    """Read a table of published values, which has the columns `COLUMNS`.

    Raises:
        ProblemsError: the file is not a table, lacks one of these columns, or has values that are no numbers.
    """
    problems = Problems()
    text = Text(path, problems)
    text.require(COLUMNS)
    rows = text.table()
    values = rows.numbers("published", "Remove the row.")
    problems.raise_errors()
    cells = {name: [cell for _, cell in rows.cells(name)] for name in COLUMNS}
    return pd.DataFrame(cells).assign(published=values)


def compare(summary: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Compare published values with those of a run, matched by comparison, model, score and quantity.

    Args:
        summary: a row per comparison and model, see `prediction.summarise`; columns comparison, model, score, weights,
            arithmetic, ablation, simulated, and the quantities.
        published: columns `COLUMNS`.

    Returns:
        The rows of `published` in their order, with the additional columns obtained, difference (obtained - published),
        weights, arithmetic, ablation and simulated. They are NaN if the run has no such comparison and model, or
        another score.

    Raises:
        InputError: the summary lacks a quantity.
    """
    quantities = published["quantity"].unique().tolist()
    if unknown := [name for name in quantities if name not in summary.columns]:
        problem = f"The table of published values has unknown quantities {', '.join(unknown)}."
        raise InputError(f"{problem} Quantities are columns of prediction/summary.csv.")
    obtained = summary.melt(
        ["comparison", "model", "score", *ORIGIN], quantities, var_name="quantity", value_name="obtained"
    )
    beside = published.merge(obtained, "left", on=["comparison", "model", "score", "quantity"], validate="one_to_one")
    if beside["obtained"].isna().all():
        logger.warning("No published value is of a comparison, model and score of this run.")
    beside["difference"] = beside["obtained"] - beside["published"]
    columns = ["comparison", "model", "score", "quantity", "published", "obtained", "difference"]
    return beside[[*columns, *ORIGIN, "source"]]
