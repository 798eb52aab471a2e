"""Score every feature map in every image, and in pairs of images, by its part in the agreement with people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, rankings
from alignment_importance.experiments import pairs as explained_pairs
from alignment_importance.maps import heatmaps as heat
from alignment_importance.system import netcdf, tables
from alignment_importance.system.compute import Compute


def explain_images(
    activations: Path,
    judgments: Path,
    rsms: Path,
    named_pairs: Path | None,
    asked: Mapping[str, int],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    compute: Compute,
    scores: Path,
    heatmaps: Path | None,
    pairs: Path | None,
    pairs_table: Path | None,
) -> None:
    """Write image-specific scores, the heatmaps at the resolution of the feature maps, and explained pairs.

    Args:
        activations, judgments, model, alignment: see `comparisons.opened`.
        rsms: RSMs, of which that of the retained maps is used.
        named_pairs: image, image_b of the pairs to explain; None to choose them by the results.
        asked: how many pairs of each kind to choose, see `pairs.explain`; not used with `named_pairs`.
        scores: ais (image, feature_map), alignment (image).
        heatmaps: heatmap, heatmap_signed, activation_mean (image, y, x); None for units, which have no places.
        pairs, pairs_table: see `pairs.explain` and `pairs.tabulate`; None for units.
    """
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        scored = rankings.score_images(comparison.engine, comparison.human, comparison.image_ids)
        scored = scored.assign_attrs(comparison.attributes)
        netcdf.write_netcdf(scored, scores)
        if heatmaps is None or pairs is None or pairs_table is None:
            return
        netcdf.write_netcdf(heat.make(comparison.activations, scored), heatmaps)
        wanted = tables.read_table(named_pairs) if named_pairs else asked
        retained = netcdf.read_netcdf(rsms)["retained"]
        explained = explained_pairs.explain(comparison, retained, wanted)
        netcdf.write_netcdf(explained, pairs)
        tables.write_table(explained_pairs.tabulate(explained).assign(**comparison.origin), pairs_table)


if __name__ == "__main__":
    run(explain_images, globals()["snakemake"])
