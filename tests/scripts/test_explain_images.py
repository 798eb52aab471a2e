import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from prepared_files import ATTRIBUTES, N_MAPS, WAYS, write_activations, write_judgments, write_similarities

from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import read_table, write_table
from explain_images import explain_images

#: Asks for more pairs of each kind than there are.
EVERY = {"per_image": 99, "agreement": 99, "disagreement": 99}

IDS = ["007", "é b.c", *(f"i{number}" for number in range(6))]


def explain(
    folder: Path, activations: str, asked: Mapping[str, int] = EVERY, named_pairs: Path | None = None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Explain the judged images; return the scores and heatmaps that were written."""
    write_similarities(folder / "rsms.nc", IDS, 3)
    explain_images(
        activations=folder / activations,
        judgments=folder / "judgments.nc",
        rsms=folder / "rsms.nc",
        asked=asked,
        named_pairs=named_pairs,
        scores=folder / "out/scores.nc",
        heatmaps=folder / "out/heatmaps.nc",
        pairs=folder / "out/pairs.nc",
        pairs_table=folder / "out/pairs.csv",
        **WAYS,
    )
    return read_netcdf(folder / "out/scores.nc"), read_netcdf(folder / "out/heatmaps.nc")


def test_scores_and_heatmaps_are_those_of_the_judged_images_joined_by_id(tmp_path: Path) -> None:
    judged = IDS[5::-1]
    write_activations(tmp_path / "maps.nc", IDS, 1)
    write_netcdf(read_netcdf(tmp_path / "maps.nc").sel(image=judged), tmp_path / "sorted.nc")
    write_judgments(tmp_path / "judgments.nc", judged, 2, simulated=True)
    scores, heatmaps = explain(tmp_path, "maps.nc")
    assert scores["ais"].dims == ("image", "feature_map")
    assert scores["ais"].shape == (6, N_MAPS)
    assert scores["image"].to_numpy().tolist() == heatmaps["image"].to_numpy().tolist() == judged
    assert heatmaps["heatmap"].dims == ("image", "y", "x")
    for name in ("weights", "arithmetic", "resize"):
        assert scores.attrs[name] == heatmaps.attrs[name] == ATTRIBUTES[name]
    assert scores.attrs["simulated"] == heatmaps.attrs["simulated"] == 1
    maps = read_netcdf(tmp_path / "maps.nc")["feature_maps"].sel(image=judged).to_numpy()
    np.testing.assert_allclose(heatmaps["activation_mean"], maps.mean(axis=1), rtol=1e-6)
    for one, other in zip((scores, heatmaps), explain(tmp_path, "sorted.nc"), strict=True):
        xr.testing.assert_equal(one, other)


def test_a_score_is_what_an_image_loses_without_a_map(tmp_path: Path) -> None:
    write_activations(tmp_path / "maps.nc", IDS, 1)
    write_judgments(tmp_path / "judgments.nc", IDS, 2, simulated=False)
    scores, _ = explain(tmp_path, "maps.nc")
    readout = read_netcdf(tmp_path / "maps.nc")["readout"].to_numpy().astype(float)
    human = read_netcdf(tmp_path / "judgments.nc")["similarity"].mean("participant").to_numpy()

    def alignment(of: int, kept: np.ndarray) -> float:
        others = np.arange(len(IDS)) != of
        similarities = np.corrcoef(kept)[of, others]
        return float(np.corrcoef(similarities, human[of, others])[0, 1])

    for image in range(len(IDS)):
        whole = alignment(image, readout)
        np.testing.assert_allclose(scores["alignment"][image], whole, atol=1e-6)
        for feature_map in range(N_MAPS):
            without = readout.copy()
            without[image, feature_map] = 0  # the other images stay whole
            np.testing.assert_allclose(scores["ais"][image, feature_map], whole - alignment(image, without), atol=1e-6)


def test_pairs_are_explained_as_they_are_named(tmp_path: Path) -> None:
    write_activations(tmp_path / "maps.nc", IDS, 1)
    write_judgments(tmp_path / "judgments.nc", IDS, 2, simulated=True)
    write_table(pd.DataFrame({"image": ["i3", "007"], "image_b": ["i1", "i5"]}), tmp_path / "named.csv")
    explain(tmp_path, "maps.nc", {}, tmp_path / "named.csv")
    explained, table = read_netcdf(tmp_path / "out/pairs.nc"), read_table(tmp_path / "out/pairs.csv")
    assert table[["image", "image_b"]].to_numpy().tolist() == [["i3", "i1"], ["007", "i5"]]
    assert (table["weights"] == ATTRIBUTES["weights"]).all() and table["simulated"].all()
    np.testing.assert_allclose(table["human"] * table["similarity"], table["agreement"])
    np.testing.assert_allclose(table["similarity"], explained["similarity"])
    strongest = explained["contribution"].to_numpy().argsort(axis=1)
    assert table["most_1"].tolist() == strongest[:, -1].tolist()
    assert table["least_5"].tolist() == strongest[:, 4].tolist()
    assert explained["places"].shape == (2, 3, 3, 3, 3)
    assert explained.attrs["simulated"] == 1 and explained.attrs["resize"] == "whole"


def test_asking_for_more_pairs_than_there_are_explains_every_pair(tmp_path: Path) -> None:
    write_activations(tmp_path / "maps.nc", IDS, 1)
    write_judgments(tmp_path / "judgments.nc", IDS, 2, simulated=False)
    explain(tmp_path, "maps.nc", EVERY)
    by_numbers = read_netcdf(tmp_path / "out/pairs.nc")
    pairs = pd.DataFrame(itertools.combinations(sorted(IDS), 2), columns=["image", "image_b"])
    write_table(pairs, tmp_path / "named.csv")
    explain(tmp_path, "maps.nc", {}, tmp_path / "named.csv")
    xr.testing.assert_identical(by_numbers, read_netcdf(tmp_path / "out/pairs.nc"))
    assert by_numbers.sizes["pair"] == 28
