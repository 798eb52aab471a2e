"""Measure the overlap of heatmaps with all kinds of saliency maps, image by image and over images."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.maps.overlap import measuring
from alignment_importance.maps.overlap.summary import summarise
from alignment_importance.system.netcdf import open_netcdf, origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def measure_overlap(
    *,
    heatmaps: Path,
    saliency: Mapping[str, Path],
    images: Path,
    settings: Mapping[str, Any],
    overlap: Mapping[str, Path],
    scores: Mapping[str, Path],
    summary: Mapping[str, Path],
) -> None:
    """Write three tables for every kind of saliency, by its name, see `measuring.measure` and `summary.summarise`.

    `heatmaps` are those of one comparison and model, `settings` the configuration's `overlap`.
    """
    maps = read_netcdf(heatmaps)
    table = read_table(images).dropna(subset="category")
    categories: dict[str, str] = dict(zip(table["image"], table["category"], strict=True))
    sizes = {key: settings[key] for key in ("top_percent", "target_percent", "relative_risk_percent", "spread")}
    with ExitStack() as stack:
        opened = {name: stack.enter_context(open_netcdf(file)) for name, file in saliency.items()}
        measured = measuring.measure(maps, opened, **sizes)
    for name, (overlaps, scored) in measured.items():
        risk_percent, resamples, seed = (settings[key] for key in ("relative_risk_percent", "resamples", "seed"))
        summarised = summarise(overlaps, scored, categories, risk_percent, resamples, seed)
        for rows, files in ((overlaps, overlap), (scored, scores), (summarised, summary)):
            write_table(rows.assign(**origin_columns(maps.attrs)), files[name])


if __name__ == "__main__":
    run(measure_overlap, globals()["snakemake"])
