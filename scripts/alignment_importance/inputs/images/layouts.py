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

#: By what Pillow multiplies the greys of a PNG of few bits, but not the grey that is marked as transparent.
_SCALES = {"L;2": 85, "L;4": 17}

#: The meaning of the numbers of a TIFF.
_PHOTOMETRICS = {
    0: "grey in which white is 0", 1: "grey", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIELAB",
}  # fmt: skip

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
        InputError: with the reason.
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
    kind = _PHOTOMETRICS.get(photometric, "colours of another kind")
    samples = f"{'+'.join(map(str, bits))} bits" + (f" and extra samples {', '.join(map(str, extra))}" if extra else "")
    of_old_jpeg = tags.get(_COMPRESSION) == 6 or (kind == "YCbCr" and tags.get(_COMPRESSION) != 7)
    refusals = {
        "signed or fractional numbers have no agreed white": set(tags.get(_FORMAT, (1,))) != {1},
        f"programs show {kind} with {samples} differently": (photometric, bits, extra) not in _READ,
        "separate colour planes are read with 8 bits only": (
            tags.get(_PLANES) == 2 and (bits[0] == 16 or extra == (1,))
        ),
        "reversed bits are read in black and white only": tags.get(_FILL) == 2 and bits != (1,),
        "programs show YCbCr without present-day JPEG differently": of_old_jpeg,
        "its inks are not those of CMYK": kind == "CMYK" and tags.get(_INKS, 1) != 1,
        "its palette has 8 bits where TIFF has 16": kind == "palette" and 0 < max(tags.get(_PALETTE, (0,))) < 256,
        "its first page is a reduced version of another": tags.get(_SUBFILE, 0) & 1,
    }
    for found, is_so in refusals.items():
        if is_so:
            raise InputError(f"{found}. Save it as RGB or grey with 8 bits.")


def check_opened(opened: ImageFile.ImageFile, data: bytes) -> None:
    """Refuse a BMP with alpha, which few programs show, and a GIF whose first frame does not fill it.

    The grey that is marked as transparent in a PNG is scaled to 8 bits, as Pillow scales the pixels.

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
