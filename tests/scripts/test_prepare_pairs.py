from pathlib import Path

import pandas as pd
import pytest
from prepared_files import write_activations, write_judgments

from alignment_importance.system.problems import ProblemsError
from alignment_importance.system.tables import read_table, write_table
from prepare_pairs import prepare_pairs

IDS = ["007", "cat", "dog"]


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    write_judgments(tmp_path / "judgments.nc", IDS, 1, simulated=True)
    return tmp_path / "judgments.nc"


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    row = {"model": "net", "feature_maps": 512, "y": 7, "x": 7, "route": "pooled"}
    write_table(pd.DataFrame([row]), tmp_path / "networks.csv")
    return tmp_path / "networks.csv"


@pytest.mark.parametrize("in_a_file", [True, False])
def test_pairs_are_written_by_the_ids_of_their_images(
    judged: Path, networks: Path, tmp_path: Path, in_a_file: bool
) -> None:
    (tmp_path / "own.csv").write_text("image_a,image_b\ndog.png,007\n")
    outputs = {name: tmp_path / "out" / f"{name}.csv" for name in ("pairs", "checks")}
    file, named = (tmp_path / "own.csv", []) if in_a_file else (None, [["dog.png", "007"]])
    prepare_pairs("pets", judged, networks, {}, file, named, 2, **outputs)
    assert read_table(outputs["pairs"])[["image", "image_b"]].to_numpy().tolist() == [["dog", "007"]]
    checks = read_table(outputs["checks"])
    assert checks["level"].tolist() == ["warning"]
    assert checks["where"].tolist() == [str(file) if in_a_file else "comparisons.pets.pairs"]


def test_mistakes_are_told_and_nothing_is_written(judged: Path, networks: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "pairs.csv", tmp_path / "checks.csv"]
    with pytest.raises(ProblemsError, match=r"comparisons\.pets\.pairs: entry 1: 'cow' is not an image of this set"):
        prepare_pairs("pets", judged, networks, {}, None, [["cow", "cat"]], 2, *outputs)
    assert not (tmp_path / "pairs.csv").exists()


def test_pairs_must_fit_in_memory_whether_of_a_network_or_of_features(
    judged: Path, networks: Path, tmp_path: Path
) -> None:
    write_activations(tmp_path / "maps.nc", IDS, 1)
    features, outputs = {"brought": tmp_path / "maps.nc"}, [tmp_path / "pairs.csv", tmp_path / "checks.csv"]
    with pytest.raises(ProblemsError) as caught:
        prepare_pairs("pets", judged, networks, features, None, "all", 1e-6, *outputs)
    for model in ("net", "brought"):
        assert f"comparisons.pets.pairs (models.{model}): 3 pairs of images with" in str(caught.value)
    assert not outputs[0].exists()
    prepare_pairs("pets", judged, networks, features, None, "all", 1e-3, *outputs)
    assert read_table(outputs[0])[["image", "image_b"]].to_numpy().tolist() == [
        ["007", "cat"], ["007", "dog"], ["cat", "dog"],
    ]  # fmt: skip
