import gzip
import io
import zipfile

import numpy as np
import pytest

from alignment_importance.system import contents


def _zip(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "x")
    return stream.getvalue()


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, judgments=np.eye(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
        (b"\n<!DOCTYPE html>\n<html>", "web page"),
        (b"<HTML><body>", "web page"),
        (b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"<svg width='3'>", "SVG"),
        (b"\0\0\0\x0aftypavif", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0", "HEIC"),
        (b"8BPS\0\1", "Photoshop"),
        (b"P6\n3 2\n255\n", "Netpbm"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (gzip.compress(b"X\n\0\0\0\3\0\4\1\3", mtime=0), ".rds"),
        (gzip.compress(b"RDX3\nX\n\0\0\0\3", mtime=0), ".RData"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "packed"),
        (b"\x1f\x8b\x08nonsense", "packed"),
        (_zip("[Content_Types].xml"), ".xlsx"),
        (_zip("data.csv"), "packed"),
        (_npz(), ".npz"),
        (b'\x40\0\0\0\0\0\0\0{"conv1.weight":', "safetensors"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"PAR1\nPAR2\n", "text"),
        ("image,category\n1,Ä\n".encode(), "text"),
    ],
)
def test_kinds_of_files_are_recognised(data: bytes, what: str) -> None:
    found, _ = contents.recognise(data)
    assert found.startswith("it is ")
    assert what in found


@pytest.mark.parametrize("data", [b"\x80\x02}q\0", bytes(range(128, 256)), b"\0\1\2\3" * 10])
def test_what_is_not_known_is_not_guessed(data: bytes) -> None:
    assert contents.recognise(data) == ("", "")
