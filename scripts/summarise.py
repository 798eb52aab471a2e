"""Put all comparisons and networks side by side, and gather what the checks of all inputs found."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from job import run

import pandas as pd

from alignment_importance.experiments import agreement, prediction, spread
from alignment_importance.report import published as literature
from alignment_importance.system import netcdf, tables

logger = logging.getLogger("alignment_importance.summarise")


def summarise(
    alignment: Mapping[str, str],
    judgments: Mapping[str, Path],
    predictions: Mapping[tuple[str, str], Path],
    intervals: Mapping[tuple[str, str], Path],
    permutations: Mapping[tuple[str, str], Path],
    rankings: Mapping[tuple[str, str], Path],
    scores: Mapping[tuple[str, str], Path],
    heatmaps: Mapping[tuple[str, str], Path],
    reported: Path | None,
    checked: Sequence[Path],
    read: Sequence[Path],
    summary: Path,
    networks: Mapping[str, Path],
    by_image: Mapping[str, Path],
    by_map: Mapping[str, Path],
    differences: Mapping[str, Path],
    agreements: Mapping[str, Path],
    published: Path | None,
    checks: Path,
    files: Path,
) -> None:
    """Write the tables of the whole run.

    Args:
        alignment: `similarity` and `score`.
        judgments: by comparison.
        predictions, intervals, permutations, rankings, scores, heatmaps: by comparison and network.
        reported: published values to show beside those obtained, if any.
        checked: warnings of each check of inputs.
        read: files that each of these checks read.
        summary: a row per comparison and network.
        networks: a row per network, by comparison.
        by_image, by_map: how the scores of all networks are spread over maps and over images, by comparison.
        differences: tests of every two networks, by comparison; empty with one network.
        agreements: correlations of the heatmaps of every two networks, by comparison; empty with one network.
        published: published values beside those obtained; None without `reported`.
        checks, files: all rows of `checked` and of `read`, each once.
    """
    rows = _predictions(alignment, judgments, predictions, intervals, permutations)
    tables.write_table(rows, summary)
    if reported is not None and published is not None:
        compared = literature.compare(rows, literature.read(reported))
        tables.write_table(compared, published)
        numbers = compared.drop(columns=[*tables.ORIGIN, "source"])
        shown = numbers.to_string(index=False, float_format="{:.3g}".format, na_rep="-")
        logger.info("Published values and those obtained:\n%s", shown)
    models = list(dict.fromkeys(model for _, model in predictions))
    for comparison, output in networks.items():
        described, images, maps = _networks(comparison, models, scores, rankings, predictions)
        tables.write_table(described, output)
        tables.write_table(images, by_image[comparison])
        tables.write_table(maps, by_map[comparison])
        origins = images.groupby("model")[list(tables.ORIGIN)].first()
        if comparison in differences:
            by_model = (
                {str(model): rows for model, rows in table.groupby("model", sort=False)} for table in (images, maps)
            )
            tested = spread.differences(*by_model)
            tables.write_table(_with_origins(tested, origins), differences[comparison])
        if comparison in agreements:
            # Models of units have no heatmaps.
            drawn = {model: netcdf.read_netcdf(file) for (name, model), file in heatmaps.items() if name == comparison}
            tables.write_table(_with_origins(agreement.agree(drawn), origins), agreements[comparison])
    for inputs, output in ((checked, checks), (read, files)):
        together = pd.concat([tables.read_table(file) for file in inputs]).drop_duplicates()
        tables.write_table(together.sort_values("file") if "file" in together else together, output)


def _predictions(
    alignment: Mapping[str, str],
    judgments: Mapping[str, Path],
    predictions: Mapping[tuple[str, str], Path],
    intervals: Mapping[tuple[str, str], Path],
    permutations: Mapping[tuple[str, str], Path],
) -> pd.DataFrame:
    """Means, tests, intervals and noise ceilings; a row per comparison and network."""
    rows = []
    for (comparison, model), file in predictions.items():
        table = tables.read_table(file)
        human = netcdf.read_netcdf(judgments[comparison])
        rows.append(
            {
                "comparison": comparison,
                "model": model,
                **{name: table[name].iloc[0] for name in tables.OF_NETWORK},
                "simulated": bool(human.attrs["simulated"]),
                **alignment,
                "unit": table["unit"].iloc[0],
                "n_images": human.sizes["image"],
                "n_participants": human.sizes["participant"],
                **prediction.summarise(
                    table,
                    tables.read_table(intervals[comparison, model]),
                    tables.read_table(permutations[comparison, model]),
                ),
            }
        )
    return prediction.correct_for_number(pd.DataFrame(rows))


def _networks(
    comparison: str,
    models: Sequence[str],
    scores: Mapping[tuple[str, str], Path],
    rankings: Mapping[tuple[str, str], Path],
    predictions: Mapping[tuple[str, str], Path],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The networks of one comparison, and the spread of their scores by image and by feature map."""
    described, by_image, by_map = [], [], []
    for model in models:
        ais = netcdf.read_netcdf(scores[comparison, model])
        images, maps = spread.over_maps(ais), spread.over_images(ais)
        predicted = tables.read_table(predictions[comparison, model])
        ranking = tables.read_table(rankings[comparison, model])
        names, origin = {"comparison": comparison, "model": model}, netcdf.origin_columns(ais.attrs)
        about = {"unit": predicted["unit"].iloc[0], "n_images": ais.sizes["image"]}
        described.append(names | origin | about | spread.describe(predicted, ranking, images, maps))
        by_image.append(pd.DataFrame(names, index=images.index).join(images.assign(**origin)))
        by_map.append(pd.DataFrame(names, index=maps.index).join(maps.assign(**origin)))
    return pd.DataFrame(described), pd.concat(by_image), pd.concat(by_map)


def _with_origins(table: pd.DataFrame, origins: pd.DataFrame) -> pd.DataFrame:
    """Add the origin columns of both networks to every row; those of the second end in `_b`."""
    origins_b = origins.drop(columns="simulated").add_suffix("_b")
    return table.join(origins, on="model").join(origins_b, on="model_b")


if __name__ == "__main__":
    run(summarise, globals()["snakemake"])
