"""A run of networks whose ablated maps are replaced by their means, to the figures."""

from pathlib import Path
from typing import Any

import naive
import numpy as np
import torch
from test_transformer_run import NETWORK
from tiny_project import change_config, run_snakemake
from torch import nn

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def test_a_run_says_and_shows_that_maps_are_replaced_by_their_means(project: Path) -> None:
    (project / "transformers_of_mine.py").write_text(NETWORK, encoding="utf-8")

    def change(config: dict[str, Any]) -> None:
        network = {"architecture": "transformers_of_mine:small", "weights": "random", "seed": 3, "input_size": 32}
        config["models"]["vit"] = network | {"mean": [0.5] * 3, "std": [0.5] * 3}
        for model in config["models"].values():
            model["ablation"] = "mean"
        config["comparisons"] = {"matrix": config["comparisons"]["matrix"]}
        config["cross_validation"] = {"folds": 2, "seeds": [1]}
        config["interactions"] = {"permutations": 3, "top_maps": 3}

    change_config(project, change)
    together = [f"results/interactions/matrix/vit/{kind}.csv" for kind in ("elimination", "pairs", "shapley")]
    answer = run_snakemake(project, "check", "all", *together, "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    results = project / "results"
    recorded = read_netcdf(results / "activations/tiny/resnet18.nc")
    maps, human = recorded["feature_maps"].to_numpy(), read_netcdf(results / "inputs/matrix/judgments.nc")
    mean = torch.from_numpy(maps.mean((0, 2, 3), dtype=np.float64).astype(np.float32))
    # Without the map, by a forward pass of its own.
    pool, people = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), human["similarity"].mean("participant")
    order = people["image"].to_numpy().tolist()
    rows = torch.from_numpy(recorded["feature_maps"].sel(image=order).to_numpy())
    expected = naive.leave_one_out(pool, rows, people.to_numpy(), "pearson", "pearson_r2", mean)
    all_maps = naive.rsm(naive.readout(pool, rows, list(range(512))), "pearson")
    whole = naive.score(all_maps, people.to_numpy(), "pearson_r2")
    for model, route in (("resnet18", "pooled"), ("vit", "attention")):
        assert read_netcdf(results / f"activations/tiny/{model}.nc").attrs["route"] == route
        ranking = read_table(results / f"rankings/matrix/{model}/all.csv")
        assert set(ranking["ablation"]) == {"mean"}
        assert read_netcdf(results / f"heatmaps/matrix/{model}.nc").attrs["ablation"] == "mean"
        assert (results / f"figures/curves_matrix_{model}.png").is_file()
        if model == "resnet18":
            found = ranking.sort_values("feature_map")["ais"]
            np.testing.assert_allclose(found, whole - expected, atol=1e-6)
    for table in (*together, "results/prediction/summary.csv"):
        assert set(read_table(project / table)["ablation"]) == {"mean"}
    assert (results / "gallery/index.html").is_file()
