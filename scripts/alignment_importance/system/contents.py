"""What a file is by its content, whatever its name says, for messages that refuse it and say what to do."""

import re
import zlib

_CONVERT = "Convert it to PNG or JPEG."
_DOWNLOAD = "Servers send one instead of a file that they refuse to serve: download the file again."
_AS_TEXT = "Save it as text (.csv)."
_TENSORS = "Save tensors alone, as by torch.save(torch.as_tensor(array), file)."
_FROM_R = "Save it as text with write.csv in R."

#: How a file begins (a regular expression in which a dot is any byte), what it is then, and what to do about it: empty
#: if that is not clear.
_KINDS = (
    (rb"version https://git-lfs\.", "a pointer of Git LFS in the place of the file", "Run `git lfs pull`."),
    (rb"(?i:\s*<(!doctype html|html))", "a web page", _DOWNLOAD),
    (rb"(?i:\s*(<(\?xml|!--|!doctype svg).{0,2000}?)?<(\w+:)?svg\b)", "an SVG drawing", _CONVERT),
    (rb".{4}ftypavi[fs]", "an AVIF image", _CONVERT),
    (rb".{4}ftyp(hei|hev|mif1|msf1)", "a HEIC image, as phones make them", _CONVERT),
    (rb"\x00\x00\x00\x0cjP  |\xffO\xffQ", "a JPEG 2000 image", _CONVERT),
    (rb"\x00\x00\x00\x0cJXL |\xff\x0a", "a JPEG XL image", _CONVERT),
    (rb"8BPS", "a Photoshop image", _CONVERT),
    (rb"P[1-7]\s+(#[^\n]*\s+)*\d+\s+\d+\s", "a Netpbm image (PPM, PGM, PBM)", _CONVERT),
    (rb"%PDF|%!PS", "a PDF or PostScript document", _CONVERT),
    (rb"\x89PNG\r\n\x1a\n", "a PNG image", ""),
    (rb"\xff\xd8\xff", "a JPEG image", ""),
    (rb"GIF8", "a GIF image", ""),
    (rb"RIFF.{4}WEBP", "a WebP image", ""),
    (rb"BM.{12}[\x0c(48@l|]\x00\x00\x00", "a BMP image", ""),
    (rb"II[*+]\x00|MM\x00[*+]", "a TIFF image", ""),
    (rb"\x93NUMPY", "an array of NumPy (.npy)", ""),
    (rb"MATLAB 5", "a file of MATLAB (.mat)", ""),
    (rb"\x89HDF\r\n", "HDF5, such as .h5 or a .mat of MATLAB 7.3", ""),
    (rb"RD[ABX][23]\n", "a workspace of R (.RData)", _FROM_R),
    (rb"[ABX]\n(\x00\x00\x00[\x02\x03]|[23]\n\d{6}\n)", "an object of R (.rds)", _FROM_R),
    (rb"\$FL[23]", "a file of SPSS (.sav)", _AS_TEXT),
    (rb"PAR1[\x00-\x08\x0e-\x1f]|ARROW1\x00", "a Parquet or Arrow table", _AS_TEXT),
    (rb"\xd0\xcf\x11\xe0", "a file of an older Office, such as .xls", _AS_TEXT),
    (rb"PK\x03\x04.{26}(\[Content_Types\]|_rels|xl/)", "a file of Office, such as .xlsx", _AS_TEXT),
    (rb"PK\x03\x04.{26}[^\x00-\x1f]*\.npy", "arrays of NumPy (.npz)", ""),
    (rb"PK\x03\x04.{26}[^\x00-\x1f]*/data\.pkl", "a file of torch.save", _TENSORS),
    (rb"PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!", "a packed file, such as .zip or .gz", "Unpack it."),
    (rb".{4}\x00{4}\{\s*\"", "weights of safetensors", "Give the file the ending .safetensors."),
    (rb"([\t-\r -~]|[\xc2-\xf4][\x80-\xbf]+)*\Z", "text", ""),
)


def recognise(data: bytes) -> tuple[str, str]:
    """Say what kind of file some content is, and what to do about it; each is empty if it is not known.

    Args:
        data: the content of a file, or its first few thousand bytes.

    >>> recognise(b"version https://git-lfs.github.com/spec/v1")
    ('it is a pointer of Git LFS in the place of the file', 'Run `git lfs pull`.')
    """
    if not data:
        return "it is empty", ""
    start = _unpacked(data) if data.startswith(b"\x1f\x8b") else data[:4096]
    return next(
        ((f"it is {what}", remedy) for begins, what, remedy in _KINDS if re.match(begins, start, flags=re.DOTALL)),
        ("", ""),
    )


def _unpacked(data: bytes) -> bytes:
    """The first unpacked bytes of gzip data if R saved them, since R packs its files; else those of the gzip data."""
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(data, 64)
    except zlib.error:
        unpacked = b""
    return unpacked if re.match(rb"RD[ABX]|[ABX]\n", unpacked) else data[:64]
