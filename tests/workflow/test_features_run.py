"""A run of features alone: those of maps and those of units, beside each other."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny_project import change_config, run_snakemake

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def test_maps_and_their_means_give_the_same_tables_and_units_no_heatmaps(project: Path) -> None:
    random = np.random.default_rng(1)
    # In another order than that of the ids.
    names = [f"photo {number:02d}.png" for number in random.permutation(12)]
    maps = random.random((12, 6, 4, 4)).astype(np.float32)
    (project / "file_names.txt").write_text("\n".join(names), encoding="utf-8")
    np.save(project / "maps.npy", maps)
    np.save(project / "means.npy", maps.mean(axis=(2, 3), dtype=np.float64).astype(np.float32))

    def change(config: dict[str, Any]) -> None:
        order = {"order": "file_names.txt"}
        units = order | {"features": "means.npy", "layout": "units"}
        config["models"] = {"maps": order | {"features": "maps.npy"}, "clip": units}
        config["comparisons"] = {"matrix": config["comparisons"]["matrix"] | {"pairs": "all"}}
        config["cross_validation"] = {"folds": 2, "seeds": [1]}
        config["saliency"], config["controls"] = {}, {}

    change_config(project, change)
    answer = run_snakemake(project, "check", "all", "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    results = project / "results"
    for table in ("rankings/matrix/{}/all.csv", "prediction/matrix/{}.csv"):
        ours, theirs = (read_table(results / table.format(model)) for model in ("maps", "clip"))
        # By what ranks without judgments, places count; the rest is of the means alone.
        same = [name for name in ours if ours[name].dtype.kind in "if" and "activ" not in str(name)]
        np.testing.assert_allclose(ours[same], theirs[same], rtol=1e-6)
    row = dict(zip(names, maps, strict=True))["photo 03.png"]
    found = read_netcdf(results / "activations/tiny/maps.nc")["feature_maps"].sel(image="photo 03")
    np.testing.assert_array_equal(found, row)
    assert (results / "heatmaps/matrix/maps.nc").is_file() and not (results / "heatmaps/matrix/clip.nc").exists()
    assert (results / "figures/importance_matrix_clip.png").is_file()
    assert len(read_table(results / "pairs/matrix/maps.csv")) == 12 * 11 / 2
    answer = run_snakemake(
        project, "again/inputs/matrix/pairs.csv", "--cores", "1", "--configfile", "tiny.yaml",
        "--config", "memory_gb=0.00001", "results=again",
    )  # fmt: skip
    assert answer.returncode != 0
    assert "comparisons.matrix.pairs (models.maps): 66 pairs of images with 6 feature maps take" in answer.stdout
    # Of units no pairs are explained.
    assert "(models.clip)" not in answer.stdout
