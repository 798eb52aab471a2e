"""Comparisons of some images of a set: everything that follows is about these alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_project import change_config, planned_jobs, run_snakemake

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table

CHOSEN = [f"photo {number:02d}" for number in (0, 1, 3, 4, 5, 7, 8, 10, 11)]


@pytest.fixture
def few(finished_copy: Path) -> Path:
    """The finished project with a comparison of nine of its twelve images added, run again."""

    def add(config: dict[str, Any]) -> None:
        config["comparisons"]["few"] = config["comparisons"]["matrix"] | {"images": "chosen.txt"}

    (finished_copy / "chosen.txt").write_text("\n".join(reversed(CHOSEN)), encoding="utf-8")
    change_config(finished_copy, add)
    # The network ran over all images already.
    assert "extract_activations" not in planned_jobs(finished_copy, "--configfile", "tiny.yaml")
    answer = run_snakemake(finished_copy, "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    return finished_copy / "results"


def test_all_that_follows_is_about_the_images_of_the_comparison(few: Path) -> None:
    judged = read_netcdf(few / "inputs/few/judgments.nc")
    whole = read_netcdf(few / "inputs/matrix/judgments.nc").sel(image=CHOSEN, image_b=CHOSEN)
    np.testing.assert_array_equal(judged["similarity"], whole["similarity"])
    for file in ("image_scores/few/resnet18.nc", "heatmaps/few/resnet18.nc"):
        assert read_netcdf(few / file)["image"].to_numpy().tolist() == CHOSEN
    for file in ("folds/few/seed-1.csv", "overlap/few/resnet18/spectral_residual.csv"):
        assert sorted(set(read_table(few / file)["image"])) == CHOSEN
    assert sorted(file.stem for file in (few / "heatmaps/few/resnet18").glob("*.png")) == CHOSEN
    control = read_table(few / "control/halves/resnet18.csv")
    assert set(control.loc[control["comparison"] == "few", "image"]) == set(CHOSEN)
    assert len(set(control.loc[control["comparison"] == "matrix", "image"])) == 12
    summary = read_table(few / "prediction/summary.csv").set_index("comparison")
    assert summary.loc["few", "n_images"] == 9
    assert (few / "figures/control_halves_resnet18.png").is_file()

    # The alignment of each image, from the readout of these images and their judgments.
    readout = read_netcdf(few / "activations/tiny/resnet18.nc")["readout"].sel(image=CHOSEN).to_numpy()
    network, people = np.array(np.corrcoef(readout.astype(np.float64))), judged["similarity"][0].to_numpy()
    others = ~np.eye(9, dtype=bool)
    expected = [np.corrcoef(a[mask], b[mask])[0, 1] for a, b, mask in zip(network, people, others, strict=True)]
    found = read_netcdf(few / "image_scores/few/resnet18.nc")["alignment"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_unknown_category_or_image_stops_the_check(project: Path) -> None:
    ids = [f"photo {number:02d}" for number in range(12)]
    pd.DataFrame({"image": ids, "category": ["x", "y"] * 6}).to_csv(project / "table.csv", index=False)

    def change(config: dict[str, Any]) -> None:
        config["image_sets"]["tiny"]["table"] = "table.csv"
        config["comparisons"]["matrix"]["categories"] = ["z"]
        config["comparisons"]["pairs"]["images"] = ["photo 00", "photo 1", "photo 02"]

    change_config(project, change)
    answer = run_snakemake(project, "check", "--cores", "1", "--keep-going", "--configfile", "tiny.yaml")
    assert answer.returncode != 0
    assert "comparisons.matrix.categories: no image has the category 'z'. There are: x, y." in answer.stdout
    said = "comparisons.pairs.images: entry 2: 'photo 1' is no image of this set. Did you mean 'photo 1"
    assert said in answer.stdout
