import hashlib
import os
from pathlib import Path

import numpy as np
import pooch
import pytest
import scipy.io

from alignment_importance.inputs.datasets import mur92
from alignment_importance.system.errors import InputError

CATEGORIES = ["human bodypart", "human face", "natural inanimate"]


def _small_files(folder: Path) -> dict[str, str]:
    """Write files of the published form with three images and two participants; return their checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    stimuli = np.empty((1, 3), dtype=[("category", object), ("human", object), ("image", object)])
    for number, category in enumerate(CATEGORIES):
        image = np.full((5, 5, 3), 10 * number, dtype=np.uint8)
        stimuli[0, number] = (np.array([category]), np.array([[1]], dtype=np.uint8), image)
    neural = np.empty((1, 2), dtype=[("name", object), ("RDM", object)])
    neural[0, 0] = (np.array(["mIT_674neurons"]), np.array([[0.7, 0.8, 0.9]]))
    neural[0, 1] = (np.array(["hITvisStim_316vx"]), np.array([[1.1, 1.2, 1.3]]))
    scipy.io.savemat(folder / mur92.IMAGES_FILE, {"stimuli_92objs": stimuli, "RDMs_mIT_hIT_fig1": neural})
    rdms = np.empty((1, 2), dtype=[("RDM", object), ("name", object)])
    rdms[0, 0] = (np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0.0]]), np.array(["simJudge | subject2"]))
    rdms[0, 1] = (np.array([[0, 4, 5], [4, 0, 6], [5, 6, 0.0]]), np.array(["simJudge | subject10"]))
    scipy.io.savemat(folder / mur92.JUDGMENTS_FILE, {"rdms_behav_92": rdms})
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (mur92.JUDGMENTS_FILE, mur92.IMAGES_FILE)
    }


def _real_folder() -> Path | None:
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    for folder in (os.environ.get(mur92.FOLDER_VARIABLE), beside):
        for candidate in (Path(folder), Path(folder) / "mur92") if folder else ():
            if (candidate / mur92.IMAGES_FILE).is_file():
                return candidate
    return None


REAL = _real_folder()


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test depends on the environment, the user's cache or the network."""
    monkeypatch.delenv(mur92.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(mur92, "ORIGIN", (tmp_path / "origin").as_uri() + "/")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)


def test_photographs_are_numbered_and_named_by_category(tmp_path: Path) -> None:
    _small_files(tmp_path)
    photographs = list(mur92.read_photographs(tmp_path / mur92.IMAGES_FILE))
    assert [photograph.image for photograph in photographs] == [
        "1-human-bodypart",
        "2-human-face",
        "3-natural-inanimate",
    ]
    assert [photograph.category for photograph in photographs] == CATEGORIES
    assert photographs[2].rgb.dtype == np.uint8
    assert photographs[2].rgb.shape == (5, 5, 3)
    assert (photographs[2].rgb == 20).all()


def test_judgments_name_their_images(tmp_path: Path) -> None:
    _small_files(tmp_path)
    table = mur92.read_judgments(tmp_path / mur92.JUDGMENTS_FILE, ["x", "y", "z"])
    assert table.columns.tolist() == ["image_a", "image_b", "dissimilarity", "participant"]
    assert table.to_numpy().tolist() == [
        ["x", "y", 1, "subject02"],
        ["x", "z", 2, "subject02"],
        ["y", "z", 3, "subject02"],
        ["x", "y", 4, "subject10"],
        ["x", "z", 5, "subject10"],
        ["y", "z", 6, "subject10"],
    ]


def test_neural_dissimilarities_are_called_neural(tmp_path: Path) -> None:
    _small_files(tmp_path)
    tables = mur92.read_neural(tmp_path / mur92.IMAGES_FILE, ["x", "y", "z"])
    assert list(tables) == ["human_it", "monkey_it"]
    assert tables["human_it"].to_numpy().tolist() == [
        ["x", "y", 1.1, "hITvisStim_316vx"],
        ["x", "z", 1.2, "hITvisStim_316vx"],
        ["y", "z", 1.3, "hITvisStim_316vx"],
    ]
    assert tables["monkey_it"]["dissimilarity"].tolist() == [0.7, 0.8, 0.9]
    assert set(tables["monkey_it"]["participant"]) == {"mIT_674neurons"}


def test_the_source_comes_first_then_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksums = _small_files(tmp_path / "source")
    monkeypatch.setattr(mur92, "CHECKSUMS", checksums)
    _small_files(tmp_path / "data" / "mur92")
    _small_files(tmp_path / "direct")
    found = mur92.locate(tmp_path / "source")
    assert found == {name: tmp_path / "source" / name for name in checksums}
    monkeypatch.setenv(mur92.FOLDER_VARIABLE, str(tmp_path / "data"))
    assert mur92.locate(tmp_path / "source") == found
    assert mur92.locate()[mur92.IMAGES_FILE].parent == tmp_path / "data" / "mur92"
    monkeypatch.setenv(mur92.FOLDER_VARIABLE, str(tmp_path / "direct"))
    assert mur92.locate()[mur92.IMAGES_FILE].parent == tmp_path / "direct"


def test_other_files_of_the_same_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mur92, "CHECKSUMS", _small_files(tmp_path))
    (tmp_path / mur92.JUDGMENTS_FILE).write_bytes(b"something else")
    with pytest.raises(InputError) as caught:
        mur92.locate(tmp_path)
    message = str(caught.value)
    assert f"{tmp_path / mur92.JUDGMENTS_FILE} (SHA-256 {hashlib.sha256(b'something else').hexdigest()}, exp" in message
    assert str(tmp_path / mur92.IMAGES_FILE) not in message


def _says_what_to_do(message: str) -> bool:
    said = ("92_behavRDMs.mat", "Kriegeskorte_Neuron2008_supplementalData.mat", mur92.ORIGIN, "`source`")
    return all(part in message for part in (*said, "ALIGNMENT_IMPORTANCE_DATA"))


def test_a_folder_without_the_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="given by the data set's `source`, does not hold the files") as caught:
        mur92.locate(tmp_path)
    assert _says_what_to_do(str(caught.value))
    monkeypatch.setenv(mur92.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match="given by the variable ALIGNMENT_IMPORTANCE_DATA, does not hold") as caught:
        mur92.locate()
    assert _says_what_to_do(str(caught.value))


class _Origin:
    """Stands in for the server: copies files from a folder, and counts how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        self.asked += 1
        Path(output_file).write_bytes((self.folder / url.rsplit("/", 1)[-1]).read_bytes())


def test_files_are_downloaded_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksums = _small_files(tmp_path / "origin")
    monkeypatch.setattr(mur92, "CHECKSUMS", checksums)
    origin = _Origin(tmp_path / "origin")
    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: origin)
    for _ in range(2):
        found = mur92.locate()
        assert found == {name: tmp_path / "cache" / "alignment-importance" / name for name in checksums}
        assert origin.asked == 2
    monkeypatch.setattr(mur92, "CHECKSUMS", {**checksums, mur92.IMAGES_FILE: "0" * 64})
    with pytest.raises(InputError, match="the files cannot be downloaded") as caught:
        mur92.locate()
    assert _says_what_to_do(str(caught.value))


def test_without_files_and_network_one_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A port on this machine on which nothing listens.
    monkeypatch.setattr(mur92, "ORIGIN", "http://127.0.0.1:9/")
    with pytest.raises(InputError, match="the files cannot be downloaded") as caught:
        mur92.locate()
    assert _says_what_to_do(str(caught.value))


@pytest.mark.skipif(REAL is None, reason="the published files are not on this machine")
def test_the_published_files() -> None:
    files = mur92.locate(REAL)
    photographs = list(mur92.read_photographs(files[mur92.IMAGES_FILE]))
    ids = [photograph.image for photograph in photographs]
    assert len(ids) == 92 and ids == sorted(ids)
    assert ids[0] == "01-human-bodypart" and ids[-1] == "92-artificial-inanimate"
    assert all(photograph.rgb.shape == (175, 175, 3) for photograph in photographs)
    categories = [photograph.category for photograph in photographs]
    assert {category: categories.count(category) for category in categories} == {
        "human bodypart": 12,
        "human face": 12,
        "nonhuman bodypart": 12,
        "nonhuman face": 12,
        "natural inanimate": 23,
        "artificial inanimate": 21,
    }
    table = mur92.read_judgments(files[mur92.JUDGMENTS_FILE], ids)
    assert len(table) == 16 * 92 * 91 // 2
    assert sorted(set(table["participant"])) == [f"subject{number:02d}" for number in range(1, 17)]
    wide = table.pivot_table(index=["image_a", "image_b"], columns="participant", values="dissimilarity")
    between = np.corrcoef(wide.T)[np.triu_indices(16, k=1)]
    assert between.mean() == pytest.approx(0.36, abs=0.005)

    neural = mur92.read_neural(files[mur92.IMAGES_FILE], ids)
    assert {len(pairs) for pairs in neural.values()} == {92 * 91 // 2}
    human, monkey = (pairs.set_index(["image_a", "image_b"])["dissimilarity"] for pairs in neural.values())
    # As Kriegeskorte et al. (2008) report.
    assert human.corr(monkey) == pytest.approx(0.49, abs=0.005)
    # In the right order of pairs, faces are alike to both; in another, categories would be scattered.
    faces = np.array([all("-human-face" in image for image in pair) for pair in human.index])
    for dissimilarity in (human, monkey):
        assert dissimilarity[faces].mean() < dissimilarity[~faces].mean() - 0.15
