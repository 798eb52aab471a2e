from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr
from judging import read_source
from published_forms import OBJECTS, write_images, write_king2019, write_peterson2018, write_things

from alignment_importance.inputs import judgments
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.errors import InputError
from make_dataset import make_dataset


def read_judgments(path: Path, kind: str, image_ids: Sequence[str], order: Path | None = None) -> xr.Dataset:
    table = pd.DataFrame({"image": image_ids, "category": np.nan})
    return read_source(reading.Source(path, kind=kind, order=order), table)


def make(dataset: str, sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path]) -> None:
    """Make a data set as its rule does."""
    make_dataset(dataset, {need: list(map(str, paths)) for need, paths in sources.items()}, {}, outputs)


def test_ratings_of_categories(tmp_path: Path) -> None:
    files = [f"{number}.jpg" for number in (1, 10, 2, 3)]
    matrices = write_peterson2018(tmp_path / "o", {"animals": files, "automobiles": files})
    outputs = {
        "animals_images": tmp_path / "animals" / "images",
        "animals_judgments": tmp_path / "animals" / "judgments.csv",
        "transportation_images": tmp_path / "transportation" / "images",
        "transportation_judgments": tmp_path / "transportation" / "judgments.csv",
    }
    sources = {
        "animals_images": [tmp_path / "o" / "animals" / "images"],
        "animals_judgments": [tmp_path / "o" / "hsim_peterson.npz"],
        "transportation_images": [tmp_path / "o" / "automobiles" / "images"],
        "transportation_judgments": [tmp_path / "o" / "hsim_peterson.npz"],
    }
    make("peterson2018", sources, outputs)
    for category, name in (("animals", "animals"), ("transportation", "automobiles")):
        assert sorted(file.name for file in outputs[f"{category}_images"].iterdir()) == sorted(files)
        read = read_judgments(outputs[f"{category}_judgments"], "similarity", ["1", "10", "2", "3"])
        # Sorted file names put 10 before 2, so that pair (10, 2) is the second row and the third column.
        assert judgments.mean(read, ["10", "2"])[0, 1] == matrices[name][1, 2]
        assert judgments.mean(read, ["3", "1"])[0, 1] == matrices[name][3, 0]


def test_all_wrong_categories_are_told_at_once(tmp_path: Path) -> None:
    write_peterson2018(tmp_path, {"animals": ["1.jpg", "2.jpg", "3.jpg"], "fruits": ["1.jpg", "2.jpg", "3.jpg"]})
    for category in ("animals", "fruits"):
        (tmp_path / category / "images" / "2.jpg").unlink()
    names = [f"{category}_{what}" for category in ("animals", "fruits") for what in ("images", "judgments")]
    sources = {
        name: [tmp_path / name.split("_")[0] / "images" if "images" in name else tmp_path / "hsim_peterson.npz"]
        for name in names
    }
    with pytest.raises(InputError) as caught:
        make("peterson2018", sources, {name: tmp_path / "x" / name for name in names})
    for category in ("animals", "fruits"):
        assert f"\n  {category} is 3 x 3, but there are 2 photographs of {category}" in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'hsim_peterson.npz'}:\n")
    assert not (tmp_path / "x").exists()
    (tmp_path / "hsim_peterson.npz").write_bytes(b"no archive")
    with pytest.raises(InputError) as caught:
        make("peterson2018", sources, {name: tmp_path / "x" / name for name in names})
    # Told once, not for every category.
    assert str(caught.value).startswith(f"{tmp_path / 'hsim_peterson.npz'}: cannot be read as .npz (")
    assert "\n" not in str(caught.value)


def test_distances_of_a_set(tmp_path: Path) -> None:
    distances = write_king2019(tmp_path, n_images=4)
    outputs = {"set2_images": tmp_path / "made" / "images", "set2_judgments": tmp_path / "made" / "judgments.csv"}
    sources = {"set2_images": [tmp_path / "images" / "set2"], "judgments": [tmp_path / "BEHAVIOR.mat"]}
    make("king2019", sources, outputs)
    ids = [f"set2 photo {number:03d}" for number in range(4)]
    assert sorted(file.stem for file in outputs["set2_images"].iterdir()) == ids
    read = read_judgments(outputs["set2_judgments"], "dissimilarity", ids)
    assert read["participant"].to_numpy().tolist() == ["participant1", "participant2"]
    # The pairs of four images are (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3).
    found = read["similarity"].sel(image=ids[3], image_b=ids[1]).to_numpy()
    assert np.array_equal(found, -distances["set2"][:, 4])


def files_of_things(folder: Path) -> tuple[dict[str, list[Path]], dict[str, Path]]:
    """All sources of THINGS, in the subfolder `o`, and all outputs made from them, beside it."""
    sources = {
        "objects": [folder / "o" / "unique_id.txt"],
        "images": [folder / "o" / "images"],
        "triplets": [folder / "o" / "trainset.txt", folder / "o" / "validationset.txt"],
        "embedding": [folder / "o" / "spose_embedding_49d_sorted.txt"],
        "dense_objects": [folder / "o" / "words48.mat"],
        "dense_rdm": [folder / "o" / "RDM48_triplet.mat"],
    }
    outputs = {
        "images": folder / "images",
        "triplets": folder / "triplets.csv",
        "embedding": folder / "embedding.npy",
        "order": folder / "objects.txt",
        "dense_images": folder / "dense" / "images",
        "dense_judgments": folder / "dense" / "rdm.csv",
    }
    return sources, outputs


def test_all_that_is_wrong_with_things_is_told_at_once(tmp_path: Path) -> None:
    write_things(tmp_path / "o")
    sources, outputs = files_of_things(tmp_path)
    (tmp_path / "o" / "images" / "bat2.jpg").unlink()
    (tmp_path / "o" / "trainset.txt").write_text("0 1 99\n", encoding="utf-8")
    (tmp_path / "o" / "spose_embedding_49d_sorted.txt").write_text("1 2\n", encoding="utf-8")
    scipy.io.savemat(tmp_path / "o" / "words48.mat", {"words48": np.array(["bat", "bat1", "camera"], dtype=object)})
    with pytest.raises(InputError) as caught:
        make("things", sources, outputs)
    said = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in said] == [
        str(sources[name][0]) for name in ("images", "triplets", "embedding", "dense_objects")
    ]
    assert "several words mean the same object: bat1. Use this file" in said[-1]


def test_everything_of_things(tmp_path: Path) -> None:
    embedding = write_things(tmp_path / "o")
    sources, outputs = files_of_things(tmp_path)
    make("things", sources, outputs)
    assert sorted(file.stem for file in outputs["images"].iterdir()) == sorted(OBJECTS)
    assert outputs["triplets"].read_text(encoding="utf-8").splitlines()[:2] == [
        "image_a,image_b,image_c,odd",
        "aardvark,bat1,bat2,bat2",
    ]
    read = read_judgments(outputs["embedding"], "similarity", OBJECTS, order=outputs["order"])
    assert judgments.mean(read, ["bat2", "sea_lion"])[0, 1] == pytest.approx(float(embedding[2] @ embedding[4]))
    assert sorted(file.stem for file in outputs["dense_images"].iterdir()) == ["aardvark", "camera1", "sea_lion"]
    dense = read_judgments(outputs["dense_judgments"], "dissimilarity", ["aardvark", "camera1", "sea_lion"])
    assert judgments.mean(dense, ["camera1", "sea_lion", "aardvark"])[0].tolist()[1:] == [-0.5, -0.25]


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    (tmp_path / "o.txt").write_text("b\na\nc\n", encoding="utf-8")
    np.save(tmp_path / "e.npy", np.eye(3))
    write_images(tmp_path / "images", ["a.jpg"])
    sources = {"objects": [tmp_path / "o.txt"], "images": [tmp_path / "images"], "embedding": [tmp_path / "e.npy"]}
    outputs = {"embedding": tmp_path / "made.npy", "order": tmp_path / "order.txt"}
    make("things", sources, outputs)
    assert (tmp_path / "order.txt").read_text(encoding="utf-8") == "b\na\nc\n"
    assert np.nansum(np.load(tmp_path / "made.npy")) == 0


def king_without(tmp_path: Path, silent: Sequence[int]) -> tuple[dict[str, list[Path]], dict[str, Path]]:
    """Sources and outputs of the first set; of its three participants, those in `silent` have no distances."""
    distances = write_king2019(tmp_path, n_images=4, participants=3)
    distances["set1"][list(silent)] = np.nan
    content = {name: {"pairwisedistances": values} for name, values in distances.items()}
    scipy.io.savemat(tmp_path / "BEHAVIOR.mat", {"BEHAVIOR": content})
    outputs = {"set1_images": tmp_path / "made" / "images", "set1_judgments": tmp_path / "made" / "judgments.csv"}
    return {"set1_images": [tmp_path / "images" / "set1"], "judgments": [tmp_path / "BEHAVIOR.mat"]}, outputs


def test_participants_with_no_distance_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sources, outputs = king_without(tmp_path, [1])
    make("king2019", sources, outputs)
    read = read_judgments(
        outputs["set1_judgments"], "dissimilarity", [f"set1 photo {number:03d}" for number in range(4)]
    )
    assert read["participant"].to_numpy().tolist() == ["participant1", "participant3"]
    assert (
        "BEHAVIOR.set1.pairwisedistances: participants without any distance are left out: participant2." in caplog.text
    )


def test_a_set_that_nobody_arranged_is_refused(tmp_path: Path) -> None:
    sources, outputs = king_without(tmp_path, range(3))
    with pytest.raises(InputError, match=r"BEHAVIOR.mat: BEHAVIOR.set1.pairwisedistances: all distances are missing"):
        make("king2019", sources, outputs)


def test_a_published_matrix_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    """The diagonal that was published with the matrix reveals its kind."""
    files = [f"{number}.jpg" for number in range(4)]
    matrices = write_peterson2018(tmp_path, {"animals": files})
    np.savez(tmp_path / "hsim_peterson.npz", animals=10.5 - matrices["animals"])
    outputs = {"animals_images": tmp_path / "made" / "images", "animals_judgments": tmp_path / "made" / "judgments.csv"}
    sources = {"animals_images": [tmp_path / "animals/images"], "animals_judgments": [tmp_path / "hsim_peterson.npz"]}
    make("peterson2018", sources, outputs)
    with pytest.raises(InputError, match=r"the kind is similarity, but the diagonal .* holds the smallest values"):
        read_judgments(outputs["animals_judgments"], "similarity", ["0", "1", "2", "3"])
