"""RDMs files of rsatoolbox and downloads of Meadows, written by rsatoolbox or in Meadows' form, and read again."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import NAN, read, refusal, warnings
from rsatoolbox.rdm import RDMs

IDS = ["axe", "hammer", "saw"]

#: Ids in the order of the RDMs below, which hold the pairs above the diagonal.
ORDER = ["saw", "axe", "hammer"]
ONE = [0.1, 0.2, 0.3]
OTHER = [0.4, 0.5, 0.7]


def save(path: Path, vectors: list[list[float]], patterns: dict[str, list[Any]], **rdm: list[Any]) -> Path:
    RDMs(np.array(vectors), pattern_descriptors=patterns, rdm_descriptors=rdm).save(str(path), file_type="hdf5")
    return path


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)), st.integers(1, 3), st.integers(0, 99))
def test_a_round_trip(tmp_path_factory: pytest.TempPathFactory, order: list[int], n_rdms: int, seed: int) -> None:
    folder = tmp_path_factory.mktemp("rdms")
    names = [f"image {at}" for at in order]
    rdms = RDMs(np.random.default_rng(seed).random((n_rdms, 6)), pattern_descriptors={"image": names})
    rdms.save(str(folder / "j.hdf5"), file_type="hdf5")
    found = read(folder / "j.hdf5", sorted(names))
    assert found.attrs["kind"] == "dissimilarity"
    assert found.sizes["participant"] == n_rdms
    matrices = rdms.get_matrices()
    for (p, i, j), value in np.ndenumerate(matrices):
        similarity = found["similarity"].isel(participant=p).sel(image=names[i], image_b=names[j]).item()
        np.testing.assert_equal(similarity, NAN if i == j else -value)


def test_participants_have_their_names_and_several_rdms_of_one_are_averaged(tmp_path: Path) -> None:
    path = save(tmp_path / "j.h5", [ONE, OTHER, [0.3, NAN, 0.5]], {"conds": ORDER}, subject=["b", "a", "b"])
    found = read(path, IDS)
    assert found["participant"].to_numpy().tolist() == ["a", "b"]
    pair = found.sel(participant="b", image="saw", image_b="axe")
    assert pair["similarity"].item() == pytest.approx(-0.2)
    assert pair["n_ratings"].item() == 2
    pair = found.sel(participant="b", image="saw", image_b="hammer")
    assert (pair["similarity"].item(), pair["n_ratings"].item()) == (-0.2, 1)


def test_the_descriptor_that_holds_the_ids(tmp_path: Path) -> None:
    patterns = {"label": ["x", "y", "z"], "image": ORDER, "copy": ORDER}
    path = save(tmp_path / "j.h5", [ONE], patterns)
    assert "which pattern descriptor holds the ids: copy, image, index, label. Name the one that holds" in refusal(
        path, IDS
    )
    assert "there is no pattern descriptor 'imago'. Its names are copy, image, index, label." in refusal(
        path, IDS, key="imago"
    )
    for key in ("image", "copy"):
        assert read(path, IDS, key=key)["similarity"].sel(image="axe", image_b="hammer").item() == -0.3
    assert "pattern (label) 1: 'x' is not an image of this set." in refusal(path, IDS, key="label")
    wrong = save(tmp_path / "wrong.h5", [ONE], {"image": ["Saw.jpg", "axe", "axe"]})
    message = refusal(wrong, IDS)
    assert "pattern (image) 1: 'Saw.jpg' is not an image of this set. 'saw' differs from it only in capital" in message
    assert "pattern (image) 2, pattern (image) 3: 'axe' is listed 2 times" in message
    assert "images without a pattern: hammer, saw." in message


def test_ids_may_be_numbers(tmp_path: Path) -> None:
    path = save(tmp_path / "j.h5", [ONE], {"image": [30, 10, 20]})
    assert read(path, ["10", "20", "30"])["similarity"].sel(image="10", image_b="20").item() == -0.3


def test_rdms_are_dissimilarities(tmp_path: Path) -> None:
    path = save(tmp_path / "j.h5", [ONE], {"image": ORDER})
    assert "an RDMs file says dissimilarity, but the comparison's `kind` is similarity." in refusal(
        path, IDS, kind="similarity"
    )
    assert "`order` is not needed: the file names its images itself" in refusal(path, IDS, order=path)


def test_damaged_rdms_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "j.h5", [ONE], {"image": ORDER})
    with h5py.File(path, "a") as file:
        del file["rdm_descriptors"]
    assert "it cannot be read as .h5 (" in refusal(path, IDS)


# --- Meadows ---

STIMULI = [f"{image}.jpg" for image in ORDER]


def tree(folder: Path, *tasks: dict[str, Any], name: str = "Meadows_tools_v_v1_cuddly-bunny_tree.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"token": None, "tasks": list(tasks)}), encoding="utf-8")
    return path


def arrangement(name: str, rdm: list[float], stimuli: list[str] = STIMULI) -> dict[str, Any]:
    return {
        "status": "finished",
        "task": {"name": name, "task_type": "multiarrange"},
        "stimuli": [{"id": str(number), "name": stimulus} for number, stimulus in enumerate(stimuli)],
        "rdm": rdm,
    }


INFO = {"status": "finished", "task": {"name": "info", "task_type": "info"}, "stimuli": []}


def test_the_tree_of_one_participant(tmp_path: Path) -> None:
    path = tree(tmp_path, INFO, arrangement("tools", ONE))
    found = read(path, IDS)
    assert found.attrs["kind"] == "dissimilarity"
    assert found["participant"].to_numpy().tolist() == ["cuddly-bunny"]
    assert found["similarity"].sel(image="saw", image_b="axe").item() == -0.1
    assert found["similarity"].sel(image="hammer", image_b="axe").item() == -0.3
    assert "there are few participants: 1." in warnings(path, IDS)


def test_of_several_tasks_the_key_names_one(tmp_path: Path) -> None:
    path = tree(tmp_path, arrangement("shape", ONE), INFO, arrangement("use", OTHER))
    assert (
        "there are arrangements of several tasks: shape, use. Name one of them as the comparison's `key`."
        in refusal(path, IDS)
    )
    assert "there is no arrangement of a task 'colour'. There are: shape, use." in refusal(path, IDS, key="colour")
    assert read(path, IDS, key="use")["similarity"].sel(image="saw", image_b="axe").item() == -0.4
    again = tree(tmp_path, arrangement("use", ONE), arrangement("use", OTHER))
    pair = read(again, IDS).sel(image="saw", image_b="axe")
    assert (pair["similarity"].item(), pair["n_ratings"].item()) == (-0.25, 2)


def test_tasks_with_other_stimuli_are_said(tmp_path: Path) -> None:
    path = tree(tmp_path, arrangement("use", ONE), arrangement("use", OTHER, ["x", "y", "z"]))
    assert "rsatoolbox: Varying stimuli among ma tasks, only selecting matching. Tasks with other stimuli" in warnings(
        path, IDS
    )


def test_matlab_files_of_one_and_of_all(tmp_path: Path) -> None:
    one = tmp_path / "Meadows_tools_v_v1_cuddly-bunny_3_1D.mat"
    scipy.io.savemat(one, {"stimuli": STIMULI, "rdmutv": np.array([ONE])})
    found = read(one, IDS, kind="dissimilarity")
    assert found["participant"].to_numpy().tolist() == ["cuddly-bunny"]
    assert found["similarity"].sel(image="saw", image_b="hammer").item() == -0.2
    several = tmp_path / "Meadows_tools_v_v1_arrangement_1D.mat"
    variables = {"rdmutv_able_fly": ONE, "stimuli_able_fly": STIMULI, "rdmutv_clean_koi": OTHER}
    scipy.io.savemat(several, variables | {"stimuli_clean_koi": STIMULI})
    found = read(several, IDS)
    assert found["participant"].to_numpy().tolist() == ["able-fly", "clean-koi"]
    assert found["similarity"].sel(participant="clean-koi", image="hammer", image_b="axe").item() == -0.7
    assert "there is no arrangement of a task 'x'. There are: arrangement." in refusal(several, IDS, key="x")


def test_stimuli_in_different_orders_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "Meadows_tools_v_v1_arrangement_1D.mat"
    variables = {"rdmutv_able_fly": ONE, "stimuli_able_fly": STIMULI, "rdmutv_clean_koi": OTHER}
    scipy.io.savemat(path, variables | {"stimuli_clean_koi": STIMULI[::-1]})
    said = (
        "stimuli_clean_koi: the stimuli are not those of stimuli_able_fly in the same order. Download each participant"
    )
    assert said in refusal(path, IDS)


def test_what_rsatoolbox_cannot_read_says_what_it_can(tmp_path: Path) -> None:
    said = "Keep the name that Meadows gave the file, such as Meadows_study_v_v1_arrangement_1D.mat"
    renamed = tree(tmp_path, arrangement("tools", ONE), name="people.json")
    assert f"rsatoolbox cannot read it as a file of Meadows (list index out of range). {said}" in refusal(renamed, IDS)
    several = tree(tmp_path, arrangement("tools", ONE), name="Meadows_tools_v_v1_arrange_tree.json")
    assert "(Multi-participant json files not supported yet)" in refusal(several, IDS)
    broken = tmp_path / "Meadows_tools_v_v1_cuddly-bunny_tree.json"
    broken.write_text('{"tasks": [', encoding="utf-8")
    assert said in refusal(broken, IDS)
    nothing = tree(tmp_path, INFO)
    assert said in refusal(nothing, IDS)
    short = tree(tmp_path, arrangement("tools", [0.1, 0.2]))
    assert said in refusal(short, IDS)
    assert "an arrangement of Meadows says dissimilarity, but the comparison's `kind` is similarity." in refusal(
        short, IDS, kind="similarity"
    )


def test_half_a_download_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Meadows_tools_v_v1_cuddly-bunny_3_1D.mat"
    scipy.io.savemat(path, {"rdmutv": np.array([ONE]), "stimuli": STIMULI})
    path.write_bytes(path.read_bytes()[:-20])
    assert "it cannot be read (" in refusal(path, IDS)


def test_unknown_stimuli_are_named(tmp_path: Path) -> None:
    path = tree(tmp_path, arrangement("tools", ONE, ["Saw.jpg", "axe.jpg", "tree.jpg"]))
    message = refusal(path, IDS)
    assert "stimulus 1: 'Saw' is not an image of this set. 'saw' differs from it only in capital letters." in message
    assert "stimulus 3: 'tree' is not an image of this set." in message
