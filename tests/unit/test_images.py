import hashlib
import os
import struct
import unicodedata
import zlib
from pathlib import Path

import bombs
import image_sets
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from alignment_importance.inputs import images
from alignment_importance.system.errors import InputError


def _save(path: Path, size: tuple[int, int] = (4, 3), colour: tuple[int, int, int] = (10, 20, 30)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


# --- listing ---


@pytest.mark.parametrize("ending", ["png", "JPG", "jpeg", "webp", "tif", "tiff", "bmp", "gif"])
def test_every_format_is_listed(tmp_path: Path, ending: str) -> None:
    file = _save(tmp_path / f"chair.{ending}")
    table = image_sets.tabulate(tmp_path)
    assert table.columns.tolist() == ["image", "file", "width", "height", "sha256", "category", "background"]
    assert table.drop(columns="category").to_numpy().tolist() == [
        ["chair", file.as_posix(), 4, 3, hashlib.sha256(file.read_bytes()).hexdigest(), "128 128 128"]
    ]
    assert table["category"].isna().all()


def test_the_id_is_the_name_without_its_last_ending_and_the_order_is_the_ids(tmp_path: Path) -> None:
    for name in ("b.png", "a.1.png", "10.png", "9.png", "C.png", ".hidden.png"):
        _save(tmp_path / name)
    assert image_sets.tabulate(tmp_path)["image"].tolist() == ["10", "9", "C", "a.1", "b"]


def test_categories_are_joined_by_id(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("007.png", "b.png", "c.png"):
        _save(folder / name)
    (tmp_path / "t.csv").write_text("category,image,hue\nfruit,b,3\nanimal,007,1\n,c,2\n")
    table = image_sets.tabulate(folder, tmp_path / "t.csv")
    assert table["image"].tolist() == ["007", "b", "c"]
    assert table["category"].tolist()[:2] == ["animal", "fruit"]
    assert np.isnan(table["category"][2])


def test_a_table_that_does_not_fit_is_refused_with_every_id(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        _save(folder / name)
    (tmp_path / "t.csv").write_text("image\na\na.png\nx.png\n")
    with pytest.raises(InputError) as caught:
        image_sets.tabulate(folder, tmp_path / "t.csv")
    assert str(caught.value).splitlines()[1:] == [
        "  line 4: 'x.png' is not an image of this set. Correct the id, remove it, or add the image to the set.",
        "  line 2, line 3: 'a' is listed 2 times. Keep one.",
        "  images without a row: b, c. Add a row for each.",
    ]


def test_two_files_with_one_id_are_both_named(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "b.png"):
        _save(tmp_path / name)
    with pytest.raises(InputError, match=r"share one: a\.jpg and a\.png\. Rename"):
        image_sets.tabulate(tmp_path)


def test_files_that_are_no_images_are_all_named_at_once(tmp_path: Path) -> None:
    _save(tmp_path / "good.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("not an image")
    with pytest.raises(InputError) as caught:
        image_sets.tabulate(tmp_path)
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/empty.png: cannot be decoded as an image (it is empty). Replace or remove the file; "
        "PNG, JPEG, WEBP, TIFF, BMP, GIF can be read.",
        f"{tmp_path}/text.jpg: cannot be decoded as an image (it is text). Replace or remove the file; "
        "PNG, JPEG, WEBP, TIFF, BMP, GIF can be read.",
    ]


def test_other_files_are_named(tmp_path: Path) -> None:
    _save(tmp_path / "a.png")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "phone.heic").touch()
    with pytest.raises(InputError, match=r"not image files by their ending .*: notes\.txt, phone\.heic\. Move"):
        image_sets.tabulate(tmp_path)


def test_a_folder_without_images_and_no_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "subfolder").mkdir()
    (tmp_path / ".hidden.png").touch()
    with pytest.raises(InputError, match=r"no image files\. Put them directly into this folder"):
        image_sets.tabulate(tmp_path)
    with pytest.raises(InputError, match="nowhere: there is no such folder of images"):
        image_sets.tabulate(tmp_path / "nowhere")


def test_a_changed_or_missing_file_is_noticed(tmp_path: Path) -> None:
    file = _save(tmp_path / "a.png")
    listed = image_sets.tabulate(tmp_path).iloc[0].to_dict()
    assert images.read_listed(listed)[0, 0].tolist() == [10, 20, 30]
    _save(file, colour=(0, 0, 0))
    with pytest.raises(InputError, match=r"a\.png: the image has changed since it was listed"):
        images.read_listed(listed)
    file.unlink()
    with pytest.raises(InputError, match=r"a\.png: the image was listed, but is missing"):
        images.read_listed(listed)


def test_an_id_may_be_written_in_either_unicode_form(tmp_path: Path) -> None:
    """A name with blanks, dots and an accent, in the form in which macOS writes it."""
    _save(tmp_path / unicodedata.normalize("NFD", "Ein Café. 2.1 .png"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "t.csv").write_text(unicodedata.normalize("NFC", "image,category\nEin Café. 2.1,food\n"))
    (tmp_path / "t.csv").rename(tmp_path / "sub" / "t.csv")
    table = image_sets.tabulate(tmp_path, tmp_path / "sub" / "t.csv")
    assert table[["image", "category"]].to_numpy().tolist() == [["Ein Café. 2.1", "food"]]
    assert images.read_listed(table.iloc[0].to_dict()).shape == (3, 4, 3)


def test_ids_that_differ_in_capital_letters_or_accents_alone_are_refused(tmp_path: Path) -> None:
    for name in ("Dog.png", "dog.jpg", unicodedata.normalize("NFD", "é.png"), unicodedata.normalize("NFC", "é.png")):
        _save(tmp_path / name)
    with pytest.raises(InputError) as caught:
        image_sets.tabulate(tmp_path)
    assert "these ids differ only in capital letters: Dog and dog. Rename or remove one" in str(caught.value)
    assert "these share one: é.png and é.png. Rename" in unicodedata.normalize("NFC", str(caught.value))


def test_an_id_is_what_outputs_can_hold(tmp_path: Path) -> None:
    for name in (" .png", "a\nb.png", "good.png", "Bildschirmfoto um 1.00\u202fPM.png"):
        _save(tmp_path / name)
    _save(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")))
    with pytest.raises(InputError) as caught:
        image_sets.tabulate(tmp_path)
    assert str(caught.value).splitlines() == [
        rf"{tmp_path}: names that are not UTF-8 or have control characters: a\nb.png, caf\udce9.png. "
        "Rename these files.",
        f"{tmp_path}/ .png: its name has nothing but blanks before the ending. Rename it.",
    ]


def test_a_category_is_what_outputs_can_hold(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    _save(tmp_path / "images" / "a.png")
    (tmp_path / "t.csv").write_bytes(b"image,category\na,to\x07ol\n")
    with pytest.raises(InputError, match=r"line 2: there is an invisible character, '\\x07'\. Remove it\."):
        image_sets.tabulate(tmp_path / "images", tmp_path / "t.csv")


# --- decoding ---


def test_exif_rotation_is_applied_to_pixels_and_size(tmp_path: Path) -> None:
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown rotated clockwise by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert image_sets.tabulate(tmp_path)[["width", "height"]].to_numpy().tolist() == [[2, 3]]
    seen = image_sets.read_image(tmp_path / "a.png")
    assert seen.shape == (3, 2, 3)
    assert np.argwhere(seen[:, :, 0]).tolist() == [[0, 1]]


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_listed_size_is_that_of_the_decoded_image(tmp_path: Path, ending: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (30, 20)).save(tmp_path / f"a.{ending}", exif=exif)
    width, height = image_sets.tabulate(tmp_path)[["width", "height"]].to_numpy().tolist()[0]
    assert image_sets.read_image(tmp_path / f"a.{ending}").shape == (height, width, 3)
    assert (width, height) == ((20, 30) if orientation >= 5 else (30, 20))


def test_transparency_lies_on_the_background(tmp_path: Path) -> None:
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 100, 51]]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert image_sets.read_image(tmp_path / "a.png").tolist() == [[[200, 0, 0], [128, 128, 128], [142, 102, 122]]]
    on_white = images.read_listed(image_sets.tabulate(tmp_path, background=[255, 255, 255]).iloc[0].to_dict())
    assert on_white.tolist() == [[[200, 0, 0], [255, 255, 255], [244, 204, 224]]]


def test_a_transparent_colour_of_a_palette_lies_on_the_background(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([250, 0, 0, 0, 250, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "clear.png", transparency=1)
    image.save(tmp_path / "clear.gif", transparency=1)
    assert image_sets.read_image(tmp_path / "plain.png").tolist() == [[[250, 0, 0], [0, 250, 0]]]
    assert image_sets.read_image(tmp_path / "clear.png").tolist() == [[[250, 0, 0], [128, 128, 128]]]
    assert image_sets.read_image(tmp_path / "clear.gif").tolist() == [[[250, 0, 0], [128, 128, 128]]]


def test_grey_of_every_depth_becomes_rgb(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 7, 255]], dtype=np.uint8)).save(tmp_path / "grey8.png")
    Image.fromarray(np.array([[0, 7 * 257, 65535]], dtype=np.uint16)).save(tmp_path / "grey16.png")
    Image.fromarray(np.array([[0, 7 * 257, 65535]], dtype=np.uint16)).save(tmp_path / "grey16.tif")
    for name in ("grey8.png", "grey16.png", "grey16.tif"):
        assert image_sets.read_image(tmp_path / name).tolist() == [[[0, 0, 0], [7, 7, 7], [255, 255, 255]]]
    Image.fromarray(np.array([[False, True]])).save(tmp_path / "bits.png")
    assert image_sets.read_image(tmp_path / "bits.png").tolist() == [[[0, 0, 0], [255, 255, 255]]]
    Image.fromarray(np.array([[[9, 255], [9, 0]]], dtype=np.uint8), mode="LA").save(tmp_path / "alpha.png")
    assert image_sets.read_image(tmp_path / "alpha.png").tolist() == [[[9, 9, 9], [128, 128, 128]]]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=100)
    red, green, blue = image_sets.read_image(tmp_path / "red.jpg")[4, 4]
    assert red > 250
    assert max(green, blue) < 5


def test_pixels_without_an_agreed_white_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0.5, 1.5]], dtype=np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.array([[0, 70000]], dtype=np.int32)).save(tmp_path / "int.tif")
    for name in ("float", "int"):
        said = rf"{name}\.tif: .*programs show this kind of TIFF differently\. Save it as RGB or grey with 8 bits\."
        with pytest.raises(InputError, match=said):
            image_sets.read_image(tmp_path / f"{name}.tif")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (bombs.TOO_LARGE, "it has 12000 x 9000 pixels, and more than 100 million are not read. Reduce it"),
        (bombs.FAR_TOO_LARGE, "it has far more than 100 million pixels, and is not read. Reduce it"),
    ],
)
def test_an_image_that_claims_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, size: tuple[int, int], message: str
) -> None:
    (tmp_path / "bomb.png").write_bytes(bombs.png(size))
    with pytest.raises(InputError, match=message):
        image_sets.read_image(tmp_path / "bomb.png")
    with pytest.raises(InputError, match=message):
        image_sets.tabulate(tmp_path)


@pytest.mark.parametrize("ending", ["gif", "tif", "webp", "png"])
def test_the_first_frame_is_taken_and_all_are_counted(tmp_path: Path, ending: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    file = tmp_path / f"a.{ending}"
    frames[0].save(file, save_all=True, append_images=frames[1:], lossless=True)
    decoded = images.decode(file, file.read_bytes())
    assert decoded.n_frames == 3
    assert decoded.rgb[4, 4].tolist() == [250, 0, 0]


def test_colours_of_16_bits_become_8(tmp_path: Path) -> None:
    """One pixel, (0, 7, 255) times 257, as PNG and TIFF, written here since Pillow cannot write them."""
    values = (0, 7 * 257, 65535)
    (tmp_path / "a.png").write_bytes(_png_16(values))
    (tmp_path / "b.tif").write_bytes(_tiff_16(values))
    for name in ("a.png", "b.tif"):
        assert image_sets.read_image(tmp_path / name).tolist() == [[[0, 7, 255]]]


def _png_16(values: tuple[int, ...]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + struct.pack(">3H", *values))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _tiff_16(values: tuple[int, ...]) -> bytes:
    n_tags = 9
    after = 8 + 2 + 12 * n_tags + 4
    short, long = 3, 4
    tags = [(256, short, 1, 1), (257, short, 1, 1), (258, short, 3, after), (259, short, 1, 1), (262, short, 1, 2)]
    tags += [(273, long, 1, after + 6), (277, short, 1, 3), (278, short, 1, 1), (279, long, 1, 6)]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = b"II*\0" + struct.pack("<IH", 8, n_tags) + directory + struct.pack("<I", 0)
    return start + struct.pack("<3H", 16, 16, 16) + struct.pack("<3H", *values)


# --- resizing to the network's input ---


@pytest.mark.parametrize(
    ("resize", "wide", "high"),
    [
        ("whole", (0, 0, 30, 20), (0, 0, 20, 31)),
        ("crop", (5, 0, 25, 20), (0, 5, 20, 25)),
        ("pad", (0, -5, 30, 25), (-6, 0, 25, 31)),
    ],
)
def test_the_region_of_each_rule(resize: str, wide: tuple[int, ...], high: tuple[int, ...]) -> None:
    assert images.input_region(30, 20, resize) == wide
    assert images.input_region(20, 31, resize) == high


def test_an_unknown_rule_is_named_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="resize: 'squash' is none of whole, crop, pad"):
        images.input_region(3, 2, "squash")


@given(st.integers(1, 500), st.integers(1, 500))
def test_crop_is_a_square_inside_and_pad_a_square_around(width: int, height: int) -> None:
    left, top, right, bottom = images.input_region(width, height, "crop")
    assert right - left == bottom - top == min(width, height)
    assert 0 <= left <= right <= width
    assert 0 <= top <= bottom <= height
    left, top, right, bottom = images.input_region(width, height, "pad")
    assert right - left == bottom - top == max(width, height)
    assert left <= 0 and top <= 0 and right >= width and bottom >= height
    assert abs((left + right) - width) <= 1 and abs((top + bottom) - height) <= 1


def test_each_rule_on_four_pixels() -> None:
    rgb = np.zeros((2, 4, 3), dtype=np.uint8)
    rgb[:, :, :] = np.array([10, 20, 30, 40])[None, :, None]
    assert images.to_input(rgb, 2, "crop")[:, :, 0].tolist() == [[20, 30], [20, 30]]
    padded = images.to_input(rgb, 4, "pad")[:, :, 0]
    assert padded.tolist() == [[128] * 4, [10, 20, 30, 40], [10, 20, 30, 40], [128] * 4]
    # Antialiased: each half is a weighted mean over more than its nearest pixels (triangle of 2 input pixels to
    # each side: weights 3/8, 3/8, 1/8 (+1/8 outside, dropped) for pixels 1, 2, 3).
    squashed = images.to_input(rgb, 2, "whole")[:, :, 0]
    assert squashed.shape == (2, 2)
    assert squashed[0, 0] == round((3 * 10 + 3 * 20 + 1 * 30) / 7)
    assert squashed[0, 1] == round((1 * 20 + 3 * 30 + 3 * 40) / 7)


def test_an_image_of_the_input_size_stays_as_it_is() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    for resize in ("whole", "crop", "pad"):
        np.testing.assert_array_equal(images.to_input(rgb, 6, resize), rgb)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_resizing_in_float_is_exact_to_single_precision(seed: int, width: int, height: int, size: int) -> None:
    """As torchvision resizes tensors, with antialiasing."""
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = images.to_input(rgb, size, "whole", "float")
    tensor = torch.from_numpy(rgb).permute(2, 0, 1)[None].double()
    expected = nn.functional.interpolate(tensor, (size, size), mode="bilinear", antialias=True)[0].permute(1, 2, 0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(images.to_input(rgb, size, "whole"), found, atol=1.01)


def test_resizing_in_float_by_hand() -> None:
    rgb = np.zeros((2, 4, 3), dtype=np.uint8)
    rgb[:, :, :] = np.array([10, 20, 30, 40])[None, :, None]
    squashed = images.to_input(rgb, 2, "whole", "float")[..., 1]
    np.testing.assert_allclose(squashed, [[120 / 7, 230 / 7]] * 2, rtol=1e-6)
    padded = images.to_input(rgb, 4, "pad", "float")[..., 2]
    assert padded.tolist() == [[128] * 4, [10, 20, 30, 40], [10, 20, 30, 40], [128] * 4]
    assert images.to_input(rgb, 2, "crop", "float")[..., 0].tolist() == [[20, 30], [20, 30]]
