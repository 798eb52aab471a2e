import logging
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from published_forms import similarities, write_peterson2018

from alignment_importance.inputs.datasets import peterson2018
from alignment_importance.system.errors import InputError

FILES = [f"{number}.jpg" for number in range(4)]


@pytest.mark.parametrize("name", ["transportation", "automobiles"])
def test_a_category_under_each_of_its_names(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    matrices = write_peterson2018(tmp_path, {"animals": FILES, name: FILES})
    with caplog.at_level(logging.WARNING):
        found = peterson2018.read_similarities(tmp_path / "hsim_peterson.npz", "transportation", 4)
    assert np.array_equal(found, matrices[name])
    assert not np.array_equal(found, matrices["animals"])
    assert caplog.messages == ["transportation: 4 photographs; the published category has 120."]


def test_the_published_size_gives_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    np.savez(tmp_path / "h.npz", fruits=similarities(120))
    assert peterson2018.read_similarities(tmp_path / "h.npz", "fruits", 120).shape == (120, 120)
    assert caplog.messages == []


def test_matlab_files(tmp_path: Path) -> None:
    values = similarities(4)
    scipy.io.savemat(tmp_path / "one.mat", {"x": values, "ratings": np.zeros((6, 2))})
    scipy.io.savemat(tmp_path / "named.mat", {"x": np.zeros((4, 4)), "animalsSim": values})
    for name in ("one", "named"):
        assert np.array_equal(peterson2018.read_similarities(tmp_path / f"{name}.mat", "animals", 4), values)


def test_a_diagonal_of_zeros_is_no_similarity(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = similarities(4)
    np.fill_diagonal(values, 0)
    np.savez(tmp_path / "h.npz", fruits=values)
    found = peterson2018.read_similarities(tmp_path / "h.npz", "fruits", 4)
    assert np.array_equal(np.isnan(found), np.eye(4, dtype=bool))
    assert f"{tmp_path / 'h.npz'}: the diagonal of fruits is 0 throughout, and is treated as empty." in caplog.messages
    assert np.array_equal(found[found == found], values[~np.eye(4, dtype=bool)])
    values[2, 2] = 10
    caplog.clear()
    np.savez(tmp_path / "h.npz", fruits=values)
    assert np.array_equal(peterson2018.read_similarities(tmp_path / "h.npz", "fruits", 4), values)
    assert "diagonal" not in caplog.text


def test_another_number_of_photographs_is_told(tmp_path: Path) -> None:
    write_peterson2018(tmp_path, {"animals": FILES})
    with pytest.raises(InputError) as caught:
        peterson2018.read_similarities(tmp_path / "hsim_peterson.npz", "animals", 5)
    assert str(caught.value) == (
        f"{tmp_path / 'hsim_peterson.npz'}: animals is 4 x 4, but there are 5 photographs of animals. Its rows are "
        "matched by the sorted file names: put all photographs into the folder, and no other images."
    )


def test_a_file_without_the_category_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "h.npz", animals=similarities(4), fruits=np.zeros((4, 3)))
    for category, wanted in (("fruits", "fruits"), ("transportation", "transportation or automobiles")):
        with pytest.raises(InputError) as caught:
            peterson2018.read_similarities(tmp_path / "h.npz", category, 4)
        assert str(caught.value) == (
            f"{tmp_path / 'h.npz'}: {category} needs a square matrix called {wanted}, and 0 fit. The file has: animals "
            "4x4, fruits 4x3."
        )


def test_two_matrices_that_may_be_meant_are_told(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"sim1": similarities(4), "sim2": similarities(4)})
    with pytest.raises(InputError, match=r"'sim' in its name, and 2 fit. The file has: sim1 4x4, sim2 4x4"):
        peterson2018.read_similarities(tmp_path / "a.mat", "animals", 4)
    np.savez(tmp_path / "h.npz", transportation=similarities(4), automobiles=similarities(4))
    with pytest.raises(InputError, match="and 2 fit"):
        peterson2018.read_similarities(tmp_path / "h.npz", "transportation", 4)


@pytest.mark.parametrize("name", ["h.npz", "h.mat"])
def test_a_damaged_file_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("nothing", encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be read as \.(npz|mat)"):
        peterson2018.read_similarities(tmp_path / name, "animals", 4)
