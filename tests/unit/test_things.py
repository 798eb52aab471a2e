import logging
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from published_forms import OBJECTS, write_images, write_things

from alignment_importance.inputs.datasets import things
from alignment_importance.system.errors import InputError

#: How every message ends.
_REMEDIES = ("Fetch it again.", "from one release.", "Use unique_id.txt of the data set.")

RELEASE = "image1\timage2\timage3\tchoice\tRT\tsubject_id\n"


# --- objects and images ---


def test_objects_in_the_order_of_the_release(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_things(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert things.read_objects(tmp_path / "unique_id.txt") == list(OBJECTS)
    assert "16 objects; the published data set has 1854." in caplog.text
    table = "Word\tuniqueID\tDefinition\nbat\tbat1\tflies\nbat\tbat2\thits\nzoo\tzoo\tx\n"
    (tmp_path / "concepts.tsv").write_text(table, encoding="utf-8")
    assert things.read_objects(tmp_path / "concepts.tsv") == ["bat1", "bat2", "zoo"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("o.txt", "a\nb\na\nc\n", "the ids of the objects are listed twice: a."),
        ("o.txt", "a\n", "the ids of the objects are only 1."),
        ("o.tsv", "word\tid\nbat\tbat1\n", "the header has no column uniqueID, but word, id."),
        ("o.tsv", "", "the header has no column uniqueID, but nothing."),
        ("o.tsv", "word\tuniqueID\nbat\tbat1\n\nca", "o.tsv: line 4: there is no uniqueID. Fetch it again."),
        ("o.csv", "uniqueID,word\nbat1,bat\n ,cat\n", "o.csv: line 3: there is no uniqueID."),
    ],
)
def test_other_lists_of_objects_are_told(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        things.read_objects(tmp_path / name)
    assert said in str(caught.value) and str(caught.value).endswith(_REMEDIES)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "o.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="cannot be read as text"):
        things.read_objects(tmp_path / "o.txt")


def test_images_under_each_of_their_names(tmp_path: Path) -> None:
    write_images(tmp_path, ["bat.jpg", "cat_01b.jpg", "unasked.jpg"])
    write_images(tmp_path / "dog", ["dog_01b.jpg", "dog_02s.jpg"])
    assert things.find_images(tmp_path, ["dog", "cat", "bat"]) == {
        "dog": tmp_path / "dog" / "dog_01b.jpg",
        "cat": tmp_path / "cat_01b.jpg",
        "bat": tmp_path / "bat.jpg",
    }


def test_objects_without_image_are_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["bat.jpg"])
    with pytest.raises(InputError, match=r"no image of 2 of 3 objects: cat, dog\. Looked for ID\.jpg, ID_01b\.jpg"):
        things.find_images(tmp_path, ["bat", "cat", "dog"])
    many = [f"object{number:02d}" for number in range(30)]
    with pytest.raises(InputError, match="no image of 1 of 1 objects: <html>"):  # saved in place of the list
        things.find_images(tmp_path, ["<html>" + 500 * "x"])
    with pytest.raises(InputError, match=r"no image of 30 of 30 objects: object00, .*, object09 and 20 more\. Looked"):
        things.find_images(tmp_path, many)


# --- choices ---


def test_the_last_of_three_is_the_odd_one(tmp_path: Path) -> None:
    write_things(tmp_path)
    table = things.read_triplets([tmp_path / "trainset.txt", tmp_path / "validationset.txt"], OBJECTS)
    assert table.columns.tolist() == ["image_a", "image_b", "image_c", "odd"]
    assert table.astype(str).to_numpy().tolist() == [
        ["aardvark", "bat1", "bat2", "bat2"],
        ["sea_lion", "camera1", "aardvark", "aardvark"],
        [OBJECTS[15], "aardvark", "bat1", "bat1"],
    ]


@pytest.mark.parametrize("separator", ["\t", ","])
def test_the_release_counts_from_one_and_names_the_choice(separator: str, tmp_path: Path) -> None:
    text = RELEASE + "1\t2\t3\t1\t812\ts1\n1\t2\t3\t2\t900\ts1\n1\t2\t16\t3\t1000\ts2\n"
    (tmp_path / "t.csv").write_text(text.replace("\t", separator), encoding="utf-8")
    table = things.read_triplets([tmp_path / "t.csv"], OBJECTS)
    assert table.astype(str).to_numpy().tolist() == [
        ["bat1", "bat2", "aardvark", "aardvark"],
        ["aardvark", "bat2", "bat1", "bat1"],
        ["aardvark", "bat1", OBJECTS[15], OBJECTS[15]],
    ]


def test_other_ways_to_write_the_same_choices(tmp_path: Path) -> None:
    expected = [["bat1", "bat2", "aardvark", "aardvark"]]
    (tmp_path / "b.txt").write_text("1.0e+00 2.0e+00 0.0e+00 \n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("1,2,0\n", encoding="utf-8")
    for name in ("b.txt", "c.txt"):
        assert things.read_triplets([tmp_path / name], OBJECTS).astype(str).to_numpy().tolist() == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "t.txt",
            "0 1 2\n3 16 1\n16 1 2\n",
            "2 choices are not of objects (counted from 0 to 15), the first of them choice 2",
        ),
        (
            "t.txt",
            "0 1 -2\n",
            "1 choice is not of objects (counted from 0 to 15), the first of them choice 1: 0, 1, -2.",
        ),
        ("t.txt", "0 1 1.5\n", "1 choice is not of objects"),
        ("t.txt", "0 1 2\n5 4 5\n", "1 choice is not of three objects, the first of them choice 2: 5, 4, 5."),
        ("t.txt", "0 1\n", "is 1 x 2, but a choice is three object numbers."),
        ("t.txt", "0 x 2\n", "cannot be read as three numbers per choice"),
        ("t.txt", "", "cannot be read as three numbers per choice"),
        ("t.csv", "a,b,c\n0,1,2\n", "the header lacks image1, image2, image3, choice; it is: a,b,c."),
        ("t.csv", RELEASE + "1\t2\t3\t4\t1\ts\n", "line 2: the choice is 4, but must be 1, 2 or 3."),
        ("t.csv", RELEASE + "0\t2\t3\t1\t1\ts\n", "1 choice is not of objects (counted from 1 to 16)"),
        ("t.csv", RELEASE + "1\t\t3\t2\t1\ts\n", "the first of them choice 1: 1, 3, nan."),
    ],
)
def test_wrong_choices_are_told(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        things.read_triplets([tmp_path / name], OBJECTS)
    assert said in str(caught.value) and str(caught.value).endswith(_REMEDIES)


def test_all_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("0 0 1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        things.read_triplets([tmp_path / "a.txt", tmp_path / "b.txt"], OBJECTS)
    assert all(str(tmp_path / name) in str(caught.value) for name in ("a.txt", "b.txt"))


# --- embedding ---


def test_similarities_are_dot_products(tmp_path: Path) -> None:
    embedding = write_things(tmp_path)
    found = things.read_embedding(tmp_path / "spose_embedding_49d_sorted.txt", 16)
    assert np.array_equal(found, embedding)
    similarities = things.embedding_similarities(found)
    assert np.isnan(np.diag(similarities)).all()
    expected = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in embedding] for one in embedding]
    off = ~np.eye(16, dtype=bool)
    assert np.allclose(similarities[off], np.array(expected)[off])


def test_other_ways_to_write_an_embedding(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.arange(48.0).reshape(16, 3)
    np.savetxt(tmp_path / "tabs.txt", values, delimiter="\t")
    np.savetxt(tmp_path / "commas.csv", values, delimiter=",")
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "pruned_params.npz", pruned_loc=values, pruned_scale=values + 1)
    np.savetxt(tmp_path / "turned.txt", values.T)
    for name in ("tabs.txt", "commas.csv", "a.npy", "pruned_params.npz", "turned.txt"):
        with caplog.at_level(logging.INFO):
            assert np.array_equal(things.read_embedding(tmp_path / name, 16), values)
    assert caplog.messages == [f"{tmp_path / 'turned.txt'}: dimensions x objects (3 x 16), transposed."]


def test_other_embeddings_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((15, 3)))
    with pytest.raises(InputError, match=r"the embedding, 15 x 3, has no row per object; there are 16 objects"):
        things.read_embedding(tmp_path / "a.npy", 16)
    np.save(tmp_path / "a.npy", np.full((16, 3), np.nan))
    with pytest.raises(InputError, match=r"has missing or infinite numbers"):
        things.read_embedding(tmp_path / "a.npy", 16)
    np.savez(tmp_path / "a.npz", x=np.zeros((16, 3)), y=np.zeros((16, 3)))
    with pytest.raises(
        InputError, match=r"needs one matrix of numbers, or one called pruned_loc. It has: x 16x3, y 16x3"
    ):
        things.read_embedding(tmp_path / "a.npz", 16)
    (tmp_path / "a.txt").write_text("a b\n", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a matrix of numbers"):
        things.read_embedding(tmp_path / "a.txt", 16)


# --- 48 objects ---


def test_words_are_objects(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_things(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert things.read_dense_objects(tmp_path / "words48.mat", OBJECTS) == ["camera1", "sea_lion", "aardvark"]
    assert caplog.messages[0] == f"{tmp_path / 'words48.mat'}: camera is camera1."
    assert caplog.messages[1].endswith("3 objects; the published RDM has 48.")
    (tmp_path / "words48.txt").write_text("bat2\nsea lion\n", encoding="utf-8")
    assert things.read_dense_objects(tmp_path / "words48.txt", OBJECTS) == ["bat2", "sea_lion"]


def test_other_words_are_told(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("bat1\nzebra\nunicorn\n", encoding="utf-8")
    with pytest.raises(InputError, match="words that are not objects: zebra, unicorn"):
        things.read_dense_objects(tmp_path / "w.txt", OBJECTS)
    scipy.io.savemat(tmp_path / "w.mat", {"words": np.array(["bat1"], dtype=object)})
    with pytest.raises(InputError, match="has no cell array words48, but words"):
        things.read_dense_objects(tmp_path / "w.mat", OBJECTS)
    for words, said in ((48.0, "48.0"), (np.arange(3), "0, 1, 2"), ("zebra", "zebra")):
        scipy.io.savemat(tmp_path / "w.mat", {"words48": words})
        with pytest.raises(InputError, match=rf"w\.mat: words that are not objects: {said}\. Use this file and"):
            things.read_dense_objects(tmp_path / "w.mat", OBJECTS)
    (tmp_path / "w.mat").write_text("nothing", encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be read as \.mat"):
        things.read_dense_objects(tmp_path / "w.mat", OBJECTS)


def test_the_dense_rdm(tmp_path: Path) -> None:
    write_things(tmp_path)
    rdm = things.read_dense_rdm(tmp_path / "RDM48_triplet.mat", 3)
    assert rdm.tolist() == [[0, 0.5, 0.25], [0.5, 0, 0.125], [0.25, 0.125, 0]]
    with pytest.raises(InputError, match=r"the RDM is 3 x 3, but its list of words has 4"):
        things.read_dense_rdm(tmp_path / "RDM48_triplet.mat", 4)
