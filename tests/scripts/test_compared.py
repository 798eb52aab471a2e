"""Networks, comparisons and interactions: files in, tables out, joined by image id."""

from pathlib import Path
from typing import Any

import naive
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from PIL import Image
from prepared_files import ATTRIBUTES, N_MAPS, WAYS, write_activations, write_judgments
from torch import nn

import summarise
from alignment_importance.ablation import PooledAblation
from alignment_importance.experiments import agreement, curves, rankings, recovery, spread
from alignment_importance.inputs import folds, judgments
from alignment_importance.system import compute
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import ORIGIN, read_table, write_table
from making.recovery import as_markdown
from measure_interactions import measure_interactions
from measure_recovery import measure_recovery
from measure_transfer import measure_transfer

IDS = [f"i{number:02d}" for number in range(15)]


@pytest.fixture
def resources() -> compute.Compute:
    return compute.prepare("cpu", None, 1)


@pytest.fixture
def made(tmp_path: Path, resources: compute.Compute) -> Path:
    """A folder with activations of 15 images, judgments of 13 of them in another order, folds, a ranking and curves."""
    judged = IDS[12::-1]
    write_activations(tmp_path / "maps.nc", IDS, 1)
    write_judgments(tmp_path / "one.nc", judged, 2, simulated=True)
    write_judgments(tmp_path / "two.nc", IDS, 3, simulated=False)
    for number, seed in enumerate((5, 6)):
        write_table(folds.cut("images", judged, 3, seed), tmp_path / f"folds-{number}.csv")
    ratings = read_netcdf(tmp_path / "one.nc")
    human = judgments.mean(ratings, judged)
    readout = read_netcdf(tmp_path / "maps.nc").sel(image=judged)["readout"].to_numpy()
    engine = PooledAblation(readout, resources, "pearson", "pearson_r2")
    blocks = folds.blocks(read_table(tmp_path / "folds-0.csv"), human, judged)
    traced = curves.trace(engine, blocks, rankings.rank_folds(engine, blocks))
    write_table(traced, tmp_path / "curves.csv")
    write_table(rankings.rank_block(engine, folds.whole(human)), tmp_path / "all.csv")
    return tmp_path


def measured(made: Path) -> dict[str, Any]:
    """The files that interactions are measured from."""
    files = {"activations": "maps.nc", "judgments": "one.nc", "folds": "folds-0.csv", "ranking": "all.csv"}
    return {name: made / file for name, file in files.items()} | {"curves": made / "curves.csv"}


def test_elimination_pairs_and_shapley_values(made: Path) -> None:
    common = measured(made) | WAYS
    measure_interactions(**common, kind="elimination", settings={"minutes": 0}, table=made / "elimination.csv")
    table = read_table(made / "elimination.csv")
    one_shot = read_table(made / "curves.csv")
    assert len(table) == 3 * N_MAPS
    # A closed form ignores the limit of time: everything is done, and no partial file is left beside the table.
    assert table["eliminated"].sum() == 3 * (N_MAPS - 1)
    joined = table.merge(one_shot, on=["fold", "k"], suffixes=("", "_curve"))
    np.testing.assert_array_equal(joined["test_score_one_shot"], joined["test_score_curve"])
    whole = table[table["k"] == N_MAPS]
    np.testing.assert_allclose(whole["test_score"], whole["test_score_one_shot"], atol=1e-12)
    assert table["simulated"].all()
    assert (table["unit"] == "images").all()

    measure_interactions(**common, kind="pairs", settings={"minutes": 0, "top_maps": 4}, table=made / "pairs.csv")
    pairs = read_table(made / "pairs.csv")
    ranked = read_table(made / "all.csv").sort_values("rank")
    assert len(pairs) == 6
    assert set(pairs["feature_map"]) | set(pairs["feature_map_b"]) == set(ranked["feature_map"][:4])
    np.testing.assert_allclose(pairs["ais"], ranked.set_index("feature_map")["ais"].loc[pairs["feature_map"]])

    seven = {"minutes": 0, "permutations": 7, "seed": 3}
    measure_interactions(**common, kind="shapley", settings=seven, table=made / "shapley.csv")
    values = read_table(made / "shapley.csv")
    assert values["shapley"].sum() == pytest.approx(score_of_the_whole(made))
    assert (values["n_permutations"] == 7).all()
    assert not list(made.glob("*.partial.npz"))


def score_of_the_whole(made: Path) -> float:
    """The score of the whole network on all judged images."""
    ratings = read_netcdf(made / "one.nc")
    readout = read_netcdf(made / "maps.nc").sel(image=ratings["image"].to_numpy())["readout"].to_numpy()
    human = ratings["similarity"].mean("participant").to_numpy()
    engine = PooledAblation(readout, compute.prepare("cpu", None, 1), "pearson", "pearson_r2")
    return float(engine.leave_one_out([folds.whole(human)])[0][0])


def test_the_next_run_does_what_there_was_no_time_for(made: Path) -> None:
    """Rank correlations have no closed form: with `minutes=0`, each run makes one step."""
    alignment = {"similarity": "pearson", "score": "spearman"}
    spearman = measured(made) | WAYS | {"kind": "shapley", "alignment": alignment}
    step, whole = ({"minutes": minutes, "permutations": 3, "seed": 3} for minutes in (0, 60))
    for number in (1, 2, 3):
        measure_interactions(**spearman, settings=step, table=made / "shapley.csv")
        assert (read_table(made / "shapley.csv")["n_permutations"] == number).all()
        assert (made / "shapley.partial.npz").exists() == (number < 3)
    measure_interactions(**spearman, settings=whole, table=made / "at once.csv")
    assert (made / "at once.csv").read_bytes() == (made / "shapley.csv").read_bytes()
    # After a change of the judgments, the sampling starts anew.
    measure_interactions(**spearman, settings=step, table=made / "shapley.csv")
    write_judgments(made / "one.nc", IDS[:13], 9, simulated=True)
    measure_interactions(**spearman, settings=step, table=made / "shapley.csv")
    assert (read_table(made / "shapley.csv")["n_permutations"] == 1).all()


def test_transfer_from_other_judgments_of_more_images(made: Path) -> None:
    prediction = pd.DataFrame(
        {
            "seed": [11] * 3 + [12] * 3,
            "fold": [1, 2, 3] * 2,
            "unit": "images",
            "test_full": 0.1,
            "test_retained": 0.2,
        }
    )
    write_table(prediction, made / "prediction.csv")
    names = ("one", "two")
    measure_transfer(
        activations=dict.fromkeys(names, made / "maps.nc"),
        judgments={name: made / f"{name}.nc" for name in names},
        folds={("one", 11): made / "folds-0.csv", ("one", 12): made / "folds-1.csv"},
        predictions={"one": made / "prediction.csv"},
        tables={"one": made / "transfer.csv"},
        **WAYS,
    )
    table = read_table(made / "transfer.csv")
    assert table["source"].unique().tolist() == ["two"]
    assert table[["seed", "fold"]].to_numpy().tolist() == prediction[["seed", "fold"]].to_numpy().tolist()
    # All 15 images except the four or five of a test set.
    assert table["n_source"].tolist() == [10, 11, 11] * 2
    assert (table["unit"] == "images").all()
    assert table["simulated"].all()
    assert not table["source_simulated"].any()
    assert table["test_transferred"].between(0, 1).all()


def test_interactions_and_transfer_replace_maps_by_their_means(made: Path) -> None:
    """The reference is forward passes in which ablated maps hold their mean over all images and places."""
    recorded = read_netcdf(made / "maps.nc")
    recorded["feature_maps"] += xr.DataArray(np.arange(N_MAPS, dtype=np.float32), dims="feature_map")
    recorded["readout"] = (("image", "unit"), recorded["feature_maps"].mean(("y", "x")).to_numpy())
    mean = recorded["feature_maps"].mean(("image", "y", "x"), dtype=np.float64).astype(np.float32).to_numpy()
    recorded["map_mean"], recorded["unit_mean"] = ("feature_map", mean), ("unit", mean)
    write_netcdf(recorded, made / "maps.nc")
    ways = WAYS | {"model": {"architecture": "resnet18", "ablation": "mean"}}
    maps, every = torch.from_numpy(recorded["feature_maps"].to_numpy()), list(range(N_MAPS))
    pool, fill = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), torch.from_numpy(mean)
    judged_by = {"one": IDS[:13], "two": IDS}
    human = {name: judgments.mean(read_netcdf(made / f"{name}.nc"), ids) for name, ids in judged_by.items()}

    def score_of(kept: list[int], name: str, images: list[int]) -> float:
        similarities = naive.rsm(naive.readout(pool, maps[images], kept, fill), "pearson")
        return naive.score(similarities, human[name][np.ix_(images, images)], "pearson_r2")

    def but(*gone: int) -> list[int]:
        return [k for k in every if k not in gone]

    judged = list(range(13))
    common = measured(made) | ways
    measure_interactions(**common, kind="pairs", settings={"minutes": 0, "top_maps": 4}, table=made / "pairs.csv")
    pairs = read_table(made / "pairs.csv")
    without = [score_of(but(*gone), "one", judged) for gone in pairs[["feature_map", "feature_map_b"]].to_numpy()]
    np.testing.assert_allclose(pairs["ais_pair"], score_of(every, "one", judged) - np.array(without), atol=1e-6)
    one = {"minutes": 0, "permutations": 1, "seed": 3}
    measure_interactions(**common, kind="shapley", settings=one, table=made / "shapley.csv")
    order = np.random.default_rng([3, 0]).permutation(N_MAPS)
    scores = [0.0, *(np.nan_to_num(score_of(order[:k].tolist(), "one", judged)) for k in range(1, N_MAPS + 1))]
    found = read_table(made / "shapley.csv").set_index("feature_map")["shapley"]
    np.testing.assert_allclose(found[order], np.diff(scores), atol=1e-6)
    cut = folds.blocks(read_table(made / "folds-0.csv"), human["one"], IDS[:13])
    measure_interactions(**common, kind="elimination", settings={"minutes": 0}, table=made / "elimination.csv")
    eliminated = read_table(made / "elimination.csv").set_index(["fold", "k"])
    for fold in cut:
        train = fold.train.images.tolist()
        first = int(np.argmax([score_of(but(gone), "one", train) for gone in every]))
        assert eliminated.loc[(fold.fold, N_MAPS), "feature_map"] == first
        one_less = score_of(but(first), "one", train)
        assert eliminated.loc[(fold.fold, N_MAPS - 1), "train_score"] == pytest.approx(one_less, abs=1e-6)

    own = {"seed": 11, "fold": [1, 2, 3], "unit": "images", "test_full": 0.1, "test_retained": 0.2}
    write_table(pd.DataFrame(own), made / "prediction.csv")
    measure_transfer(
        activations=dict.fromkeys(human, made / "maps.nc"),
        judgments={name: made / f"{name}.nc" for name in human},
        folds={("one", 11): made / "folds-0.csv"},
        predictions={"one": made / "prediction.csv"},
        tables={"one": made / "transfer.csv"},
        **ways,
    )
    for fold, (_, row) in zip(cut, read_table(made / "transfer.csv").iterrows(), strict=True):
        test = fold.test.images.tolist()
        learned = [image for image in range(len(IDS)) if image not in test]
        order = np.argsort([score_of(but(gone), "two", learned) for gone in every])
        assert row["k"] == 1 + np.argmax([score_of(order[:k].tolist(), "two", learned) for k in range(1, N_MAPS + 1)])
        expected = score_of(order[: int(row["k"])].tolist(), "one", test)
        assert row["test_transferred"] == pytest.approx(expected, abs=1e-5)
    for name in ("pairs", "shapley", "elimination", "transfer"):
        assert set(read_table(made / f"{name}.csv")["ablation"]) == {"mean"}


def test_networks_of_one_comparison(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for model in ("net.1", "net.2"):
        ais = xr.Dataset({"ais": (("image", "feature_map"), rng.normal(size=(5, 4)))}, coords={"image": IDS[:5]})
        write_netcdf(ais.assign_attrs(ATTRIBUTES, simulated=1), tmp_path / f"{model}.nc")
        write_table(pd.DataFrame({"feature_map": range(4), "ais": rng.normal(size=4)}), tmp_path / f"{model}.csv")
        scores = {"k_retained": [1, 2], "test_full": [0.1, 0.2], "test_retained": [0.3, 0.4], "unit": "images"}
        write_table(pd.DataFrame(scores), tmp_path / f"{model}-prediction.csv")
        maps = xr.Dataset(
            {"heatmap": (("image", "y", "x"), rng.random((5, 3, 3)))},
            coords={"image": IDS[:5], "width": ("image", [9] * 5), "height": ("image", [7] * 5)},
            attrs={**ATTRIBUTES, "simulated": 1},
        )
        write_netcdf(maps, tmp_path / f"{model}-heatmaps.nc")
    models = ["net.1", "net.2"]
    files = [
        {("c", model): tmp_path / f"{model}{ending}" for model in models}
        for ending in (".nc", ".csv", "-prediction.csv")
    ]
    described, images, of_maps = summarise._networks("c", models, *files)
    assert described["model"].tolist() == models
    assert described["share_retained_mean"].tolist() == [0.375, 0.375]
    assert described["unit"].tolist() == ["images", "images"]
    assert (len(images), len(of_maps)) == (10, 8)
    origins = images.groupby("model")[list(ORIGIN)].first()
    by_model = [{model: table[table["model"] == model] for model in models} for table in (images, of_maps)]
    tests = summarise._with_origins(spread.differences(*by_model), origins)
    assert tests[["model", "model_b", "n", "n_b"]].to_numpy().tolist() == [
        *[["net.1", "net.2", 5, 5]] * 2, *[["net.1", "net.2", 4, 4]] * 2
    ]  # fmt: skip
    assert tests["weights_b"].eq("random weights (seed 1)").all()
    agreed = agreement.agree({model: read_netcdf(tmp_path / f"{model}-heatmaps.nc") for model in models})
    table = summarise._with_origins(agreed, origins)
    assert table["image"].tolist() == IDS[:5]
    assert table["correlation"].between(-1, 1).all()
    assert table["weights"].eq("random weights (seed 1)").all()


@pytest.mark.parametrize("layout", ["maps", "units"])
def test_recovery_of_a_control(layout: str, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (made / "masks").mkdir()
    for image in IDS:
        halves = np.repeat([[1, 2]], 4, axis=1).repeat(8, axis=0).astype(np.uint8)
        Image.fromarray(halves).save(made / "masks" / f"{image}.png")
    monkeypatch.setattr(recovery, "N_PLANTED", 2)
    monkeypatch.setattr(recovery, "N_DRAWS", 3)
    measure_recovery(
        control="halves",
        model_name="net.1",
        activations=made / "maps.nc",
        judgments={"one": made / "one.nc", "two": made / "two.nc"},
        masks=made / "masks",
        objects={"left": 1, "right": 2},
        permutations=4,
        seed=1,
        table=made / "recovery.csv",
        **WAYS | {"model": {"features": "own.npy", "layout": layout, "ablation": "zero"}},
    )
    table = read_table(made / "recovery.csv")
    n_methods = len(recovery.METHODS)
    if layout == "units":
        assert table.groupby("truth").size().to_dict() == {"maps": 3 * n_methods}
        return
    # 13 images are in both comparisons.
    assert table.groupby("truth").size().to_dict() == {"maps": 3 * n_methods, "places": 2 * 13 * n_methods}
    assert table.groupby("truth")["simulated"].mean().to_dict() == {"maps": 1, "places": 0.5}
    page = as_markdown(table, 4, {"left": 1, "right": 2})
    for method in recovery.METHODS:
        assert f"| {method} |" in page
    plain = table[(table["method"] == "activation") & (table["truth"] == "places")]
    wide = plain.pivot_table(index="item", columns="comparison", values="auc")
    np.testing.assert_array_equal(wide["one"], wide["two"])
