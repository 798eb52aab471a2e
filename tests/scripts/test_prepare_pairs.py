from pathlib import Path

import pytest
from prepared_files import write_judgments

from alignment_importance.system.problems import ProblemsError
from alignment_importance.system.tables import read_table
from prepare_pairs import prepare_pairs

IDS = ["007", "cat", "dog"]


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    write_judgments(tmp_path / "judgments.nc", IDS, 1, simulated=True)
    return tmp_path / "judgments.nc"


@pytest.mark.parametrize("in_a_file", [True, False])
def test_pairs_are_written_by_the_ids_of_their_images(judged: Path, tmp_path: Path, in_a_file: bool) -> None:
    (tmp_path / "own.csv").write_text("image_a,image_b\ndog.png,007\n")
    outputs = {name: tmp_path / "out" / f"{name}.csv" for name in ("pairs", "checks")}
    file, named = (tmp_path / "own.csv", []) if in_a_file else (None, [["dog.png", "007"]])
    prepare_pairs("pets", judged, file, named, **outputs)
    assert read_table(outputs["pairs"])[["image", "image_b"]].to_numpy().tolist() == [["dog", "007"]]
    checks = read_table(outputs["checks"])
    assert checks["level"].tolist() == ["warning"]
    assert checks["where"].tolist() == [str(file) if in_a_file else "comparisons.pets.pairs"]


def test_mistakes_are_told_and_nothing_is_written(judged: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"comparisons\.pets\.pairs: entry 1: 'cow' is no image of this set"):
        prepare_pairs("pets", judged, None, [["cow", "cat"]], tmp_path / "pairs.csv", tmp_path / "checks.csv")
    assert not (tmp_path / "pairs.csv").exists()
