import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from published_forms import write_king2019

from alignment_importance.inputs.datasets import king2019
from alignment_importance.system.errors import InputError


def test_distances_of_each_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    distances = write_king2019(tmp_path, n_images=5, participants=3)
    with caplog.at_level(logging.WARNING):
        for name, expected in distances.items():
            found = king2019.read_dissimilarities(tmp_path / "BEHAVIOR.mat", name, 5)
            assert found.shape == (3, 10)
            assert np.array_equal(found, expected)
    assert caplog.messages[0] == "set1: 5 photographs; the published set has 144."


def test_the_published_size_gives_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.zeros((1, 144 * 143 // 2))
    scipy.io.savemat(tmp_path / "b.mat", {"BEHAVIOR": {"set1": {"pairwisedistances": values}}})
    assert king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 144).shape == (1, 10296)
    assert caplog.messages == []


def test_matlab_7_3(tmp_path: Path) -> None:
    values = np.arange(20.0).reshape(2, 10)
    with h5py.File(tmp_path / "b.mat", "w") as file:
        # MATLAB's dimensions are stored in reverse.
        file["BEHAVIOR/set2/pairwisedistances"] = values.T
    assert np.array_equal(king2019.read_dissimilarities(tmp_path / "b.mat", "set2", 5), values)
    with pytest.raises(InputError, match=r"BEHAVIOR\.set1\.pairwisedistances is missing; BEHAVIOR has set2"):
        king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 5)


def test_another_number_of_images_is_told(tmp_path: Path) -> None:
    write_king2019(tmp_path, n_images=6, participants=2)
    with pytest.raises(InputError) as caught:
        king2019.read_dissimilarities(tmp_path / "BEHAVIOR.mat", "set1", 5)
    assert str(caught.value) == (
        f"{tmp_path / 'BEHAVIOR.mat'}: BEHAVIOR.set1.pairwisedistances is 2 x 15 (participants x pairs; 6 images), but "
        "the 5 photographs of set1 have 10 pairs. Put all photographs of the set into its folder, and nothing else."
    )


def test_a_turned_matrix_is_told(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "b.mat", {"BEHAVIOR": {"set1": {"pairwisedistances": np.zeros((10, 3))}}})
    with pytest.raises(InputError, match=r"is 10 x 3 \(participants x pairs; 3 images\)"):
        king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"judgments": np.zeros((3, 3))}, "BEHAVIOR.set1.pairwisedistances is missing; the file has judgments."),
        ({"BEHAVIOR": {"set2": {"x": 1.0}}}, "BEHAVIOR.set1.pairwisedistances is missing; BEHAVIOR has set2."),
        ({"BEHAVIOR": np.zeros(3)}, "BEHAVIOR.set1.pairwisedistances is missing; BEHAVIOR has no fields."),
        ({"BEHAVIOR": {"set1": {"pairwisedistances": "x"}}}, "set1.pairwisedistances holds no numbers (participants x"),
        ({"BEHAVIOR": {"set1": {"rdm": 1.0}}}, "BEHAVIOR.set1.pairwisedistances is missing; BEHAVIOR.set1 has rdm."),
    ],
)
def test_another_file_is_told(content: dict, said: str, tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "b.mat", content)
    with pytest.raises(InputError) as caught:
        king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 5)
    assert said in str(caught.value)


def test_no_matlab_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.mat").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a MATLAB file"):
        king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 5)


@pytest.mark.parametrize("value", ["text", h5py.Empty("f8")])
def test_matlab_7_3_without_numbers_is_told(value: object, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.mat", "w") as file:
        file["BEHAVIOR/set1/pairwisedistances"] = value
    with pytest.raises(InputError, match=r"set1.pairwisedistances holds no numbers"):
        king2019.read_dissimilarities(tmp_path / "b.mat", "set1", 5)


def test_participants_sort_as_they_count() -> None:
    _, names = king2019.leave_out_silent(np.zeros((12, 3)), Path("b.mat"), "set1")
    assert names[0] == "participant01" and names[-1] == "participant12"
    assert names == sorted(names)
