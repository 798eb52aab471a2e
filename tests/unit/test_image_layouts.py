import io
import zlib
from collections.abc import Callable

import image_files
import numpy as np
import pytest
from image_files import chunk
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.system.errors import InputError

#: Grey levels by which results may differ from rounding: 16 bits become 8 before alpha is laid over the background.
_ROUNDING = 2.0


def test_every_file_is_read_as_it_is_seen_or_refused_by_name() -> None:
    cases = image_files.all_cases()
    assert len(cases) >= 150
    wrong = {}
    for name, data, seen in cases:
        try:
            rgb = images.decode(name, data, image_files.BACKGROUND).rgb
        except InputError as error:
            if seen is not None or "is not read as an image" not in str(error):
                wrong[name] = str(error)
            continue
        if seen is None or rgb.shape != seen.shape or np.abs(rgb - seen).max() > _ROUNDING:
            wrong[name] = "read" if seen is None or rgb.shape != seen.shape else f"by {np.abs(rgb - seen).max()}"
    assert wrong == {}


#: The single pixel of a PNG with a palette, as a number in the palette.
_NUMBERED = np.array([[[200]]])

SAMPLES = np.arange(5 * 7 * 3).reshape(5, 7, 3)


def _decoded(*before: bytes) -> np.ndarray:
    return images.decode("a.png", image_files.png(SAMPLES, 8, 2, *before)).rgb


def test_parts_of_a_png_that_are_not_seen_may_hold_anything() -> None:
    """A colour profile and texts of two megabytes, invalid EXIF, a private chunk."""
    large = zlib.compress(bytes(2_000_000))
    for unused in (
        chunk(b"iCCP", b"profile\0\0" + large),
        chunk(b"zTXt", b"Comment\0\0" + large),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + large),
        chunk(b"eXIf", b"garbage"),
        chunk(b"prVt", b"\0"),
    ):
        np.testing.assert_array_equal(_decoded(unused), SAMPLES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda data: data.replace(b"IDAT", b"IDBT"),
            r"it is damaged: broken PNG file \(bad header checksum in b'IDBT'",
        ),
        (
            lambda data: image_files.png(SAMPLES, 8, 2, chunk(b"tEXt", b"Comment\0good")[:-1] + b"\0"),
            r"it is damaged: broken PNG file \(bad header checksum in b'tEXt'",
        ),
        (lambda data: data[:-20] + b"x" + data[-19:], "broken data stream"),
        (lambda data: data[:30], r"it is damaged: broken PNG file \(incomplete checksum in b'IHDR'"),
        (lambda data: data[:50], "cannot be decoded as an image"),
        (lambda data: image_files.png(_NUMBERED, 8, 3), "colours that its palette lacks"),
        (
            lambda data: image_files.png(_NUMBERED, 8, 3, chunk(b"PLTE", bytes(12))),
            "colours that its palette lacks",
        ),
    ],
)
def test_what_is_wrong_with_a_png_is_said(change: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(InputError, match=said):
        images.decode("a.png", change(image_files.png(SAMPLES, 8, 2)))


def test_a_jpeg_without_its_end_is_said_to_be_cut_off() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(stream, "JPEG")
    with pytest.raises(InputError, match=r"a\.jpg: cannot be decoded as an image \(image file is truncated"):
        images.decode("a.jpg", stream.getvalue()[:-2])


def test_what_a_file_is_instead_of_an_image_is_said_with_what_to_do() -> None:
    for start, said in (
        (b"\0\0\0\x18ftypheic", "it is a HEIC image, as phones make them). Convert it to PNG or JPEG."),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS in the place of the file). Run `git lfs pull`."),
    ):
        with pytest.raises(InputError) as caught:
            images.decode("a.png", start)
        assert str(caught.value).endswith(said)
    in_12_bits = bytearray(image_files.pillow("RGB", "JPEG"))
    in_12_bits[in_12_bits.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(InputError, match="it is damaged: cannot handle 12-bit layers"):
        images.decode("a.jpg", bytes(in_12_bits))
