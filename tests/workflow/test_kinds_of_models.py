"""A full run with models of all kinds: a convolutional network, layers of a small transformer, own features.

Ablated maps of the networks are replaced by their means. The features are maps, and the means of these maps as units.
"""

from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
import torch
from tiny_project import change_config, planned_jobs, run_snakemake, write_project
from torch import nn

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table

NETWORK = """
from timm.models.vision_transformer import VisionTransformer


def small():
    return VisionTransformer(
        img_size=32, patch_size=8, embed_dim=12, depth=3, num_heads=2, num_classes=4, reg_tokens=2
    )
"""

#: Layers of the transformer, and the route of the ablation in each.
ROUTES = {"vit.blocks.0": "general", "vit.blocks.1": "attention"}

#: The file that lists the images of the features.
ORDER = "file_names.txt"

TOGETHER = [f"results/interactions/matrix/vit.blocks.1/{kind}.csv" for kind in ("elimination", "pairs", "shapley")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after the run."""
    project = tmp_path_factory.mktemp("kinds") / "project"
    write_project(project)
    (project / "transformers_of_mine.py").write_text(NETWORK, encoding="utf-8")
    random = np.random.default_rng(1)
    # Not in the order of the ids.
    (project / ORDER).write_text("\n".join(f"photo {number:02d}.png" for number in random.permutation(12)))
    maps = random.random((12, 6, 4, 4)).astype(np.float32)
    np.save(project / "maps.npy", maps)
    np.save(project / "means.npy", maps.mean(axis=(2, 3), dtype=np.float64).astype(np.float32))

    def change(config: dict[str, Any]) -> None:
        network = {"architecture": "transformers_of_mine:small", "weights": "random", "seed": 3}
        layers = {"map_layers": ["blocks.0", "blocks.1"], "input_size": 32}
        config["models"]["vit"] = network | layers | {"mean": [0.5] * 3, "std": [0.5] * 3}
        for model in config["models"].values():
            model["ablation"] = "mean"
        units = {"order": ORDER, "features": "means.npy", "layout": "units"}
        config["models"] |= {"maps": {"order": ORDER, "features": "maps.npy"}, "clip": units}
        config["comparisons"] = {"matrix": config["comparisons"]["matrix"] | {"pairs": "all"}}
        config["cross_validation"] = {"folds": 2, "seeds": [1]}
        config["statistics"] |= {"permutations_non_pooled": 9}
        config["interactions"] = {"permutations": 3, "top_maps": 3}

    change_config(project, change)
    answer = run_snakemake(project, "check", "all", *TOGETHER, "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    return project


@pytest.fixture(scope="module")
def results(project: Path) -> Path:
    return project / "results"


def test_layers_of_a_transformer_become_models_with_heatmaps(results: Path) -> None:
    for model, route in ROUTES.items():
        recorded = read_netcdf(results / f"activations/tiny/{model}.nc")
        assert recorded.attrs["route"] == route
        assert recorded["feature_maps"].shape == (12, 12, 4, 4)
        # The class token and two registers, which are no places of the image.
        assert recorded["prefix_tokens"].shape == (12, 3, 12)
        ais = read_table(results / f"rankings/matrix/{model}/all.csv")["ais"]
        assert np.isfinite(ais).all() and ais.nunique() == 12
        assert read_netcdf(results / f"heatmaps/matrix/{model}.nc")["heatmap"].shape == (12, 4, 4)
        assert len(read_table(results / f"inference/matrix/{model}/permutations.csv")) > 0
    # Both layers were recorded in one pass, and the readout is the same.
    first, second = (read_netcdf(results / f"activations/tiny/{model}.nc")["readout"] for model in ROUTES)
    np.testing.assert_array_equal(first, second)
    assert (results / "figures/depth_matrix_vit.png").is_file()


def test_ablated_maps_are_replaced_by_their_means(results: Path) -> None:
    """The reference is one forward pass for each map that is left out."""
    recorded = read_netcdf(results / "activations/tiny/resnet18.nc")
    people = read_netcdf(results / "inputs/matrix/judgments.nc")["similarity"].mean("participant")
    maps = recorded["feature_maps"]
    mean = torch.from_numpy(maps.to_numpy().mean((0, 2, 3), dtype=np.float64).astype(np.float32))
    rows = torch.from_numpy(maps.sel(image=people["image"].to_numpy().tolist()).to_numpy())
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    expected = naive.leave_one_out(pool, rows, people.to_numpy(), "pearson", "pearson_r2", mean)
    all_maps = naive.rsm(naive.readout(pool, rows, list(range(512))), "pearson")
    found = read_table(results / "rankings/matrix/resnet18/all.csv").sort_values("feature_map")["ais"]
    np.testing.assert_allclose(found, naive.score(all_maps, people.to_numpy(), "pearson_r2") - expected, atol=1e-6)


def test_outputs_say_and_show_that_maps_are_replaced_by_their_means(results: Path) -> None:
    for model in ("resnet18", *ROUTES):
        assert set(read_table(results / f"rankings/matrix/{model}/all.csv")["ablation"]) == {"mean"}
        assert read_netcdf(results / f"heatmaps/matrix/{model}.nc").attrs["ablation"] == "mean"
        assert (results / f"figures/curves_matrix_{model}.png").is_file()
    for table in TOGETHER:
        assert set(read_table(results.parent / table)["ablation"]) == {"mean"}
    summary = read_table(results / "prediction/summary.csv").set_index("model")["ablation"]
    assert summary.to_dict() == dict.fromkeys(("resnet18", *ROUTES), "mean") | {"maps": "zero", "clip": "zero"}
    assert (results / "gallery/index.html").is_file()


def test_maps_and_their_means_give_the_same_tables_and_units_no_heatmaps(project: Path, results: Path) -> None:
    for table in ("rankings/matrix/{}/all.csv", "prediction/matrix/{}.csv"):
        ours, theirs = (read_table(results / table.format(model)) for model in ("maps", "clip"))
        # Rankings by activation, which use no judgments, depend on places; all the rest depends on the means alone.
        same = [name for name in ours if ours[name].dtype.kind in "if" and "activ" not in str(name)]
        np.testing.assert_allclose(ours[same], theirs[same], rtol=1e-6)
    files = (project / ORDER).read_text(encoding="utf-8").splitlines()
    row = dict(zip(files, np.load(project / "maps.npy"), strict=True))["photo 03.png"]
    found = read_netcdf(results / "activations/tiny/maps.nc")["feature_maps"].sel(image="photo 03")
    np.testing.assert_array_equal(found, row)
    assert (results / "heatmaps/matrix/maps.nc").is_file() and not (results / "heatmaps/matrix/clip.nc").exists()
    assert (results / "figures/importance_matrix_clip.png").is_file()


def test_pairs_of_images_are_explained_where_maps_have_places(results: Path) -> None:
    explained = {file.stem for file in (results / "pairs/matrix").glob("*.csv")}
    assert explained == {"resnet18", "maps", *ROUTES}
    assert len(read_table(results / "pairs/matrix/maps.csv")) == 12 * 11 / 2


def test_features_need_no_network_but_enough_memory(project: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        config["models"] = {name: config["models"][name] for name in ("maps", "clip")}
        config |= {"results": "again", "saliency": {}, "controls": {}}

    change_config(project, change)
    tiny = ("--cores", "1", "--configfile", "tiny.yaml")
    plan = planned_jobs(project, *tiny)
    assert plan["read_features"] == plan["validate_rankings"] == 2 and plan["explain_images"] == 1
    answer = run_snakemake(project, "again/inputs/networks.csv", *tiny)
    assert answer.returncode == 0, answer.stdout
    answer = run_snakemake(project, "again/inputs/matrix/pairs.csv", *tiny, "--config", "memory_gb=0.00001")
    assert answer.returncode != 0
    assert "comparisons.matrix.pairs (models.maps): 66 pairs of images with 6 feature maps take" in answer.stdout
    # No pairs are explained for units.
    assert "(models.clip)" not in answer.stdout
