"""A run of a small transformer of the user's own, over several of its layers."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny_project import change_config, run_snakemake

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table

NETWORK = """
from timm.models.vision_transformer import VisionTransformer


def small():
    return VisionTransformer(
        img_size=32, patch_size=8, embed_dim=12, depth=3, num_heads=2, num_classes=4, reg_tokens=2
    )
"""


def test_layers_of_a_transformer_become_models_with_heatmaps(project: Path) -> None:
    (project / "transformers_of_mine.py").write_text(NETWORK, encoding="utf-8")

    def change(config: dict[str, Any]) -> None:
        network = {"architecture": "transformers_of_mine:small", "weights": "random", "seed": 3}
        layers = {"map_layers": ["blocks.0", "blocks.1"], "input_size": 32}
        config["models"] = {"vit": network | layers | {"mean": [0.5] * 3, "std": [0.5] * 3}}
        config["comparisons"] = {"matrix": config["comparisons"]["matrix"]}
        config["cross_validation"] = {"folds": 2, "seeds": [1]}
        config["statistics"] |= {"permutations_non_pooled": 9}
        config["saliency"], config["controls"] = {}, {}

    change_config(project, change)
    answer = run_snakemake(project, "check", "all", "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    results = project / "results"
    for layer, route in (("blocks.0", "general"), ("blocks.1", "attention")):
        model = f"vit.{layer}"
        recorded = read_netcdf(results / f"activations/tiny/{model}.nc")
        assert recorded.attrs["route"] == route
        assert recorded["feature_maps"].shape == (12, 12, 4, 4)
        # The class token and two registers are no places.
        assert recorded["prefix_tokens"].shape == (12, 3, 12)
        ais = read_table(results / f"rankings/matrix/{model}/all.csv")["ais"]
        assert np.isfinite(ais).all() and ais.nunique() == 12
        assert read_netcdf(results / f"heatmaps/matrix/{model}.nc")["heatmap"].shape == (12, 4, 4)
        assert len(read_table(results / f"inference/matrix/{model}/permutations.csv")) > 0
    # Both layers were recorded in one pass, and the readout is the same.
    first, second = (read_netcdf(results / f"activations/tiny/vit.blocks.{n}.nc")["readout"] for n in (0, 1))
    np.testing.assert_array_equal(first, second)
    assert (results / "figures/depth_matrix_vit.png").is_file()
    assert (results / "gallery/index.html").is_file()
