"""Check the pairs of images that a comparison names to be explained, before networks run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from job import run

from alignment_importance.inputs.judgments import named_pairs
from alignment_importance.system import netcdf, tables
from alignment_importance.system.problems import Problems


def prepare_pairs(
    comparison: str,
    judgments: Path,
    networks: Path,
    features: Mapping[str, Path],
    file: Path | None,
    listed: Sequence[Sequence[str]] | str,
    memory_gb: float,
    pairs: Path,
    checks: Path,
) -> None:
    """Write the pairs by the ids of their images, and the warnings.

    Args:
        networks: model, feature_maps, y, x and route of the networks that the pairs are explained for.
        features: activations of the models that are features with places, by model.
        file: table of the pairs; None where the configuration lists them.
        listed: the pairs that the configuration lists, or `all`; ignored with `file`.
        pairs: image, image_b.

    Raises:
        ProblemsError: lists everything that is wrong.
    """
    problems = Problems()
    where = f"comparisons.{comparison}.pairs"
    named = named_pairs.read(file or listed, netcdf.read_netcdf(judgments), where, problems)
    named_pairs.check_memory(len(named), _shapes(networks, features), memory_gb, where, problems)
    problems.conclude(checks)
    tables.write_table(named, pairs)


def _shapes(networks: Path, features: Mapping[str, Path]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape of the maps (feature_map, y, x) and route of ablation, by model."""
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for row in tables.read_table(networks).to_dict("records"):
        shapes[row["model"]] = ((row["feature_maps"], row["y"], row["x"]), row["route"])
    for model, file in features.items():
        with netcdf.open_netcdf(file) as recorded:
            shapes[model] = (recorded["feature_maps"].shape[1:], recorded.attrs["route"])
    return shapes


if __name__ == "__main__":
    run(prepare_pairs, globals()["snakemake"])
