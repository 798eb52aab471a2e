import logging
from pathlib import Path

import numpy as np
import pytest
from published_forms import write_images
from scipy.spatial.distance import pdist, squareform

from alignment_importance.inputs.datasets import canonical
from alignment_importance.system.errors import InputError


def test_images_are_listed_in_the_order_of_their_file_names(tmp_path: Path) -> None:
    write_images(tmp_path, ["2.jpg", "10.jpg", "b.png", "B.png", "a b.jpg", "a.jpg"])
    assert list(canonical.list_images(tmp_path)) == ["10", "2", "B", "a b", "a", "b"]


def test_other_files_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_images(tmp_path, ["1.jpg", "2.jpg"])
    (tmp_path / "Thumbs.db").touch()
    (tmp_path / ".hidden.jpg").touch()
    (tmp_path / "sim_judgements").mkdir()
    with caplog.at_level(logging.WARNING):
        assert list(canonical.list_images(tmp_path)) == ["1", "2"]
    assert caplog.messages == [f"{tmp_path}: files that are not images are left out: 1."]


def test_a_folder_without_images_and_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no image files"):
        canonical.list_images(tmp_path)
    write_images(tmp_path, ["1.jpg", "1.png"])
    with pytest.raises(InputError, match=r"1\.jpg and 1\.png are one image by their names"):
        canonical.list_images(tmp_path)
    with pytest.raises(InputError, match=r"1\.jpg: this is not a folder"):
        canonical.list_images(tmp_path / "1.jpg")


def test_images_are_copied_under_their_ids(tmp_path: Path) -> None:
    write_images(tmp_path / "from", ["x.jpg"])
    file = tmp_path / "from" / "x.jpg"
    canonical.copy_images({"other": file}, tmp_path / "to")
    assert [copy.name for copy in (tmp_path / "to").iterdir()] == ["other.jpg"]
    assert (tmp_path / "to" / "other.jpg").read_bytes() == file.read_bytes()


def test_pairs_are_in_the_order_of_pdist() -> None:
    points = np.random.default_rng(1).normal(size=(5, 2))
    condensed = pdist(points)
    ids = list("vwxyz")
    table = canonical.tabulate_pairs(ids, np.stack([condensed, 2 * condensed]), "dissimilarity", ["p", "q"])
    square = squareform(condensed)
    for row in table.to_dict("records"):
        expected = square[ids.index(row["image_a"]), ids.index(row["image_b"])]
        assert row["dissimilarity"] == (1 if row["participant"] == "p" else 2) * expected
    # MATLAB's `squareform` puts the vector into the lower triangle column by column.
    lower = np.zeros((5, 5))
    lower.T[np.triu_indices(5, k=1)] = condensed
    assert np.array_equal(lower + lower.T, square)


def test_a_matrix_keeps_its_diagonal() -> None:
    table = canonical.tabulate_matrix(["a", "b"], np.array([[9.0, 1.5], [2.5, 9.0]]))
    assert table.columns.tolist() == ["image", "a", "b"]
    assert table.to_csv(index=False) == "image,a,b\na,9.0,1.5\nb,2.5,9.0\n"


@pytest.mark.parametrize(("pairs", "said"), [(10296, "144 images"), (10297, "no number of images"), (1, "2 images")])
def test_number_of_images(pairs: int, said: str) -> None:
    assert canonical.number_of_images(pairs) == said
