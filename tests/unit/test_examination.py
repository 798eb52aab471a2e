import hashlib
import struct
from pathlib import Path

import image_sets
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.inputs.images import examination
from alignment_importance.system.problems import Problems


def _noise(seed: int, size: tuple[int, int] = (24, 16)) -> Image.Image:
    width, height = size
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def _examine(folder: Path, threads: int = 1) -> tuple[Problems, pd.DataFrame]:
    problems = Problems()
    return problems, examination.examine(folder, None, None, problems, threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_good_images_are_listed_with_sizes_and_checksums(tmp_path: Path, threads: int) -> None:
    for seed, name in enumerate(("b.png", "a.1.bmp", "c.gif")):
        _noise(seed).save(tmp_path / name)
    problems, table = _examine(tmp_path, threads)
    assert not len(problems)
    assert table["image"].tolist() == ["a.1", "b", "c"]
    assert table[["width", "height"]].to_numpy().tolist() == [[24, 16]] * 3
    files = [tmp_path / name for name in ("a.1.bmp", "b.png", "c.gif")]
    assert table["sha256"].tolist() == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp", "gif"])
def test_truncated_files_are_named_with_all_other_broken_ones(tmp_path: Path, ending: str) -> None:
    for seed, name in enumerate(("good", "cut")):
        _noise(seed, (64, 64)).save(tmp_path / f"{name}.{ending}")
    whole = (tmp_path / f"cut.{ending}").read_bytes()
    (tmp_path / f"cut.{ending}").write_bytes(whole[: len(whole) // 2])
    (tmp_path / f"empty.{ending}").touch()
    (tmp_path / f"text.{ending}").write_text("not an image")
    problems, table = _examine(tmp_path)
    found = {Path(problem.where).stem: problem.found for problem in problems.errors}
    assert table[["image", "width"]].to_numpy().tolist() == [["cut", 0], ["empty", 0], ["good", 64], ["text", 0]]
    assert list(found) == ["cut", "empty", "text"]
    assert all(text.startswith("cannot be decoded as an image (") for text in found.values())
    assert "it is empty" in found["empty"]
    assert "it is text" in found["text"]


def test_of_two_files_with_one_id_both_are_decoded(tmp_path: Path) -> None:
    _noise(1).save(tmp_path / "cat.bmp")
    (tmp_path / "cat.png").touch()
    problems, table = _examine(tmp_path)
    assert [Path(problem.where).name for problem in problems.errors] == [tmp_path.name, "cat.png"]
    assert [problem.found for problem in problems.errors] == [
        "an image's id is its file name without the ending, and these share one: cat.bmp and cat.png",
        "cannot be decoded as an image (it is empty). "
        "Replace or remove the file; PNG, JPEG, WEBP, TIFF, BMP, GIF can be read",
    ]
    assert table["image"].tolist() == ["cat"]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own warnings about the same files
@pytest.mark.parametrize(("ending", "size"), [("gif", 64), ("tif", 4), ("webp", 64), ("png", 64)])
def test_no_cut_and_no_wrong_byte_ends_the_check(tmp_path: Path, ending: str, size: int) -> None:
    """Pillow has many ways to fail: a truncated animation raises an IndexError, a TIFF without sizes a TypeError."""
    file = tmp_path / f"many.{ending}"
    _noise(1, (size, size)).save(file, save_all=True, append_images=[_noise(2, (size, size))])
    whole = file.read_bytes()
    cut = [whole[:length] for length in range(1, len(whole), max(1, len(whole) // 100))]
    spoilt = [whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :] for at in range(min(len(whole), 250))]
    for content in (*cut, *spoilt):
        file.write_bytes(content)
        problems, _ = _examine(tmp_path)
        assert all("read as an image" in one.found or "decoded as an image" in one.found for one in problems.errors)


def test_copies_are_named_whatever_their_form(tmp_path: Path) -> None:
    for name in ("a.png", "b.bmp", "c.tif"):
        _noise(1).save(tmp_path / name)
    _noise(1, (16, 24)).save(tmp_path / "turned.png")
    [problem] = _examine(tmp_path)[0]
    assert problem.level == "warning"
    assert problem.found == "these images are the same, pixel by pixel: a.png, b.bmp, c.tif"


def test_what_was_done_with_frames_and_transparency_is_said(tmp_path: Path) -> None:
    _noise(1).save(tmp_path / "moving.gif", save_all=True, append_images=[_noise(2)])
    clear = _noise(3).convert("RGBA")
    clear.putpixel((0, 0), (1, 2, 3, 0))
    clear.save(tmp_path / "clear.png")
    _noise(4).convert("RGBA").save(tmp_path / "opaque.png")
    Image.new("RGB", (3, 2), (9, 9, 9)).save(tmp_path / "blank.png")
    problems = _examine(tmp_path)[0]
    assert [(problem.level, problem.found) for problem in problems] == [
        ("warning", "files with several frames or pages: moving.gif"),
        ("warning", "images with transparency, and no background is stated: clear.png"),
        ("warning", "images of a single colour: blank.png"),
    ]
    stated = Problems()
    examination.examine(tmp_path, None, [255, 255, 255], stated)
    assert [problem.found.split(":")[0] for problem in stated] == [
        "files with several frames or pages",
        "images of a single colour",
    ]


def test_images_are_examined_on_the_background_that_is_stated(tmp_path: Path) -> None:
    """White shapes on a transparent ground are a single colour over white, and over nothing else."""
    for name, column in (("left", 0), ("right", 5)):
        shape = np.zeros((4, 6, 4), dtype=np.uint8)
        shape[:, column] = 255
        Image.fromarray(shape).save(tmp_path / f"{name}.png")
    on_white, on_grey = Problems(), Problems()
    table = examination.examine(tmp_path, None, [255, 255, 255], on_white)
    assert table["background"].tolist() == ["255 255 255"] * 2
    assert [problem.found for problem in on_white] == [
        "these images are the same, pixel by pixel: left.png, right.png",
        "images of a single colour: left.png, right.png",
    ]
    examination.examine(tmp_path, None, None, on_grey)
    assert [problem.found.split(":")[0] for problem in on_grey] == [
        "images with transparency, and no background is stated"
    ]


@pytest.mark.parametrize("form", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", [0, 6, 9])
def test_the_size_that_is_listed_is_that_of_later_jobs(tmp_path: Path, form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    _noise(1).save(tmp_path / f"a.{form}", exif=exif)
    problems, table = _examine(tmp_path)
    assert not len(problems)
    seen = images.read_listed(table.iloc[0].to_dict())
    assert (table["height"][0], table["width"][0]) == seen.shape[:2] == ((24, 16) if orientation == 6 else (16, 24))


@pytest.mark.parametrize("form", ["jpg", "png", "webp"])
def test_an_orientation_in_words_turns_nothing(tmp_path: Path, form: str) -> None:
    text = struct.pack("<2sHIHHHI4sI", b"II", 42, 8, 1, 0x0112, 2, 2, b"6\0\0\0", 0)
    _noise(1).save(tmp_path / f"a.{form}", exif=b"Exif\0\0" + text)
    assert image_sets.read_image(tmp_path / f"a.{form}").shape == (16, 24, 3)
    assert _examine(tmp_path)[1]["width"].tolist() == [24]


def test_exif_that_is_none_turns_nothing(tmp_path: Path) -> None:
    for name, exif in (("a.png", b"garbage"), ("b.jpg", b"Exif\0\0garbage"), ("c.webp", b"garbage")):
        _noise(1).save(tmp_path / name, exif=exif)
    problems, table = _examine(tmp_path)
    assert not problems.errors
    assert table["width"].tolist() == [24, 24, 24]


def test_an_orientation_outside_of_exif_turns_nothing(tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for name in ("a.jpg", "b.webp", "c.tif"):
        _noise(1).save(tmp_path / name, xmp=xmp)
    assert _examine(tmp_path)[1]["width"].tolist() == [24, 24, 24]
