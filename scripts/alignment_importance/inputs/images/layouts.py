"""Inspects the layout of image files, and refuses layouts that programs display differently.

Pillow's modes hide the bit depth, the meaning of the numbers of a TIFF, and which pixels are transparent. Therefore the
files themselves are inspected here.
"""

import io
import struct

from PIL import ImageFile, TiffImagePlugin

from alignment_importance.system.errors import InputError

_PHOTOMETRIC, _BITS, _SAMPLES, _EXTRA, _FORMAT, _PLANES, _FILL, _COMPRESSION, _SUBFILE, _PALETTE, _INKS = (
    262, 258, 277, 338, 339, 284, 266, 259, 254, 320, 332,
)  # fmt: skip

#: Factors by which Pillow scales the greys of a PNG of few bits, but not the grey that is marked as transparent.
_SCALES = {"L;2": 85, "L;4": 17}

#: Photometric interpretations: values of the tag that says what the numbers of a TIFF mean.
_OF_PALETTE, _CMYK, _YCBCR = 3, 5, 6

#: The TIFFs that are read: photometric interpretation, bits of each sample, and extra samples (1: alpha by which the
#: colours are multiplied, 2: alpha).
_READ = {
    *((grey, (bits,), ()) for grey in (0, 1) for bits in (1, 2, 4, 8)),
    (1, (16,), ()),
    (1, (8, 8), (2,)),
    *((2, (bits,) * 3, ()) for bits in (8, 16)),
    *((2, (bits,) * 4, (alpha,)) for bits in (8, 16) for alpha in (1, 2)),
    *((3, (bits,), ()) for bits in (1, 2, 4, 8)),
    (5, (8,) * 4, ()),
    (6, (8,) * 3, ()),
}


def check_tiff(data: bytes) -> None:
    """Refuse a TIFF that programs display differently, or that is not read as it is displayed.

    Raises:
        InputError: it is such a TIFF.
        struct.error: the file is damaged; Pillow raises other errors as well.
    """
    stream = io.BytesIO(data)
    if data.startswith(b"MM\0+"):
        raise InputError("it is a big-endian BigTIFF. Save it as an ordinary TIFF.")
    tags = TiffImagePlugin.ImageFileDirectory_v2(stream.read(16 if data.startswith(b"II+") else 8))
    stream.seek(tags.next)
    tags.load(stream)
    bits = tuple(tags.get(_BITS, (1,)))
    bits = bits if len(bits) > 1 else bits * min(tags.get(_SAMPLES, 1), 9)
    photometric, extra = tags.get(_PHOTOMETRIC, -1), tuple(tags.get(_EXTRA, ()))
    compression = tags.get(_COMPRESSION)
    if (
        (photometric, bits, extra) not in _READ
        or set(tags.get(_FORMAT, (1,))) != {1}  # signed or fractional numbers, which have no agreed white
        or (tags.get(_PLANES) == 2 and (bits[0] == 16 or extra == (1,)))  # each colour in a plane of its own
        or (tags.get(_FILL) == 2 and bits != (1,))  # reversed bits
        or compression == 6  # the first, obsolete form of JPEG in TIFF
        or (photometric == _YCBCR and compression != 7)
        or (photometric == _CMYK and tags.get(_INKS, 1) != 1)  # other inks
        or (photometric == _OF_PALETTE and 0 < max(tags.get(_PALETTE, (0,))) < 256)  # palette of 8 bits; TIFF has 16
        or tags.get(_SUBFILE, 0) & 1  # a reduced version of another page
    ):
        raise InputError("programs show this kind of TIFF differently. Save it as RGB or grey with 8 bits.")


def check_opened(opened: ImageFile.ImageFile, data: bytes) -> None:
    """Refuse a BMP with alpha, which few programs show, and a GIF whose first frame does not fill it.

    In a PNG, the grey that is marked as transparent (in `opened.info`) is scaled to 8 bits, as Pillow scales pixels.

    Raises:
        InputError: the image is one of these, or a PNG in which a colour of 16 bits is transparent.
    """
    if opened.format == "PNG" and opened.tile and "transparency" in opened.info:
        stored = opened.tile[0].args
        if stored == "RGB;16B":
            raise InputError("a colour of 16 bits is transparent in it. Save it with 8 bits, or with an alpha channel.")
        if stored in _SCALES:
            opened.info["transparency"] *= _SCALES[stored]
    if opened.format == "BMP" and opened.mode == "RGBA":
        raise InputError("programs show a BMP with an alpha channel differently. Save it as PNG.")
    if opened.format == "GIF" and "transparency" not in opened.info:
        canvas = (0, 0, *struct.unpack_from("<HH", data, 6))
        if opened.tile[0].extents != canvas:
            raise InputError("its first frame does not fill it. Save it as PNG.")
