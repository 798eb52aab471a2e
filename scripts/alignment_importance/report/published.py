"""Compares published values with those of a run; gives differences, but no verdict."""

import logging
from pathlib import Path

import pandas as pd

from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import ORIGIN, read_table

#: Columns of a table of published values; `quantity` is a column of the summary of the predictions.
COLUMNS = ("comparison", "model", "score", "quantity", "published", "source")

logger = logging.getLogger(__name__)


def read(path: Path) -> pd.DataFrame:
    """Read a table of published values, which has the columns `COLUMNS`.

    Raises:
        InputError: the file is not a table, or lacks one of these columns.
    """
    try:
        table = read_table(path)
    except ValueError as error:
        raise InputError(
            f"cannot be read as a CSV table ({error}). Save it as comma-separated UTF-8.", where=path
        ) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the first fields for names of the rows
        found = "its lines have more fields than its header."
        raise InputError(f"{found} Give every column a name, or quote commas.", where=path)
    if missing := [name for name in COLUMNS if name not in table.columns]:
        found = f"the header lacks {', '.join(missing)}; it has {', '.join(table.columns)}."
        raise InputError(f"{found} Rename or add columns; commas separate them.", where=path)
    return table


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
        InputError: the summary lacks a quantity, or a published value is not a number.
    """
    quantities = published["quantity"].unique().tolist()
    unknown = [name for name in quantities if name not in summary.columns]
    if unknown or not pd.api.types.is_numeric_dtype(published["published"]):
        problem = f"unknown quantities {', '.join(map(str, unknown))}" if unknown else "values that are no numbers"
        raise InputError(
            f"The table of published values has {problem}. Quantities are columns of prediction/summary.csv."
        )
    obtained = summary.melt(
        ["comparison", "model", "score", *ORIGIN], quantities, var_name="quantity", value_name="obtained"
    )
    beside = published.merge(obtained, "left", on=["comparison", "model", "score", "quantity"], validate="one_to_one")
    if beside["obtained"].isna().all():
        logger.warning("No published value is of a comparison, model and score of this run.")
    beside["difference"] = beside["obtained"] - beside["published"]
    columns = ["comparison", "model", "score", "quantity", "published", "obtained", "difference"]
    return beside[[*columns, *ORIGIN, "source"]]
