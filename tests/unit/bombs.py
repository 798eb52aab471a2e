"""Files that are small and claim to be huge."""

import struct
import zlib

#: Widths and heights of more pixels than the workflow reads, and of more than Pillow opens.
TOO_LARGE = (12000, 9000)
FAR_TOO_LARGE = (60000, 60000)


def png(size: tuple[int, int], grey: bool = False) -> bytes:
    """The header of a PNG without any of its pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 0 if grey else 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return start + struct.pack(">I", 9) + b"IDAT" + b"x" * 9
