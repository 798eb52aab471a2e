"""Small image files of every format, depth, colour interpretation and kind of transparency, with their pixels."""

import io
import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

#: The colour behind transparent pixels.
BACKGROUND = (10, 200, 90)

#: A name, the file's content, and the expected pixels: float (height, width, 3) from 0 to 255; None if it is refused.
Case = tuple[str, bytes, NDArray[np.float64] | None]

_SHAPE = (5, 7)

_random = np.random.default_rng(1)


def over(rgba: NDArray[np.floating]) -> NDArray[np.float64]:
    """Lay pixels with alpha, all from 0 to 1, over the background."""
    alpha = rgba[..., 3:]
    return rgba[..., :3] * 255 * alpha + np.array(BACKGROUND) * (1 - alpha)


def opencv(data: bytes) -> NDArray[np.float64]:
    """Pixels of a file as OpenCV decodes it, over the background. It does not support a transparent grey in a PNG."""
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    pixels = decoded / (65535 if decoded.dtype == np.uint16 else 255)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[2] == 3:
        pixels = np.concatenate([pixels, np.ones((*pixels.shape[:2], 1))], axis=2)
    return over(pixels[..., [2, 1, 0, 3]])


# --- PNG ---

#: First row, first column, and steps of the passes in which an interlaced PNG is stored.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(samples: NDArray[np.integer], depth: int, colours: int, *before: bytes, interlaced: bool = False) -> bytes:
    """A PNG of samples (height, width, channel), with the chunks `before` in front of its pixels."""
    height, width = samples.shape[:2]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced))
    passes = [samples[y::down, x::right] for y, x, down, right in (_ADAM7 if interlaced else ((0, 0, 1, 1),))]
    rows = b"".join(b"\0" + row for part in passes if part.size for row in _packed(part, depth))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _packed(samples: NDArray[np.integer], depth: int) -> Iterator[bytes]:
    """Rows of samples as bytes, with `depth` bits for each sample and no gap between samples."""
    for row in samples.reshape(len(samples), -1):
        if depth == 16:
            yield row.astype(">u2").tobytes()
        else:
            yield np.packbits((row[:, None] >> np.arange(depth)[::-1] & 1).astype(np.uint8)).tobytes()


def pngs() -> Iterator[Case]:
    """PNGs of every colour type and depth, interlaced or not, with a transparent colour or without."""
    kinds = [(colours, depth) for colours, depths in _DEPTHS.items() for depth in depths]
    for (colours, depth), interlaced, clear in itertools.product(kinds, (False, True), (False, True)):
        if clear and colours in (_GREY_ALPHA, _RGBA):
            continue
        samples = _random.integers(0, 2**depth, (*_SHAPE, _CHANNELS[colours]))
        palette = _random.integers(0, 256, (2**depth, 3), dtype=np.uint8)
        alphas = np.array([0, 100, 255, 3], dtype=np.uint8)[: 2**depth]
        before = [chunk(b"PLTE", palette.tobytes())] if colours == _PALETTE else []
        if clear:
            marked = alphas.tobytes() if colours == _PALETTE else samples[2, 3].astype(">u2").tobytes()
            before.append(chunk(b"tRNS", marked))
        name = f"png {colours} {depth} {'interlaced ' * interlaced}{'clear' * clear}"
        data = png(samples, depth, colours, *before, interlaced=interlaced)
        unreadable = clear and (colours, depth) == (_RGB, 16)
        yield name, data, None if unreadable else _seen_of_png(samples, depth, colours, palette, alphas, clear)


def _seen_of_png(
    samples: NDArray[np.integer],
    depth: int,
    colours: int,
    palette: NDArray[np.uint8],
    alphas: NDArray[np.uint8],
    clear: bool,
) -> NDArray[np.float64]:
    values = samples / (2**depth - 1)
    alpha = np.ones(_SHAPE)
    if colours == _PALETTE:
        values = palette[samples[..., 0]] / 255
        if clear:
            entry_alphas = np.concatenate([alphas, np.full(256, 255)])
            alpha = entry_alphas[samples[..., 0]] / 255
    elif colours in (_GREY_ALPHA, _RGBA):
        values, alpha = values[..., :-1], values[..., -1]
    elif clear:
        alpha = (samples != samples[2, 3]).any(axis=2).astype(float)
    return over(np.concatenate([np.broadcast_to(values, (*_SHAPE, 3)), alpha[..., None]], axis=2))


# --- TIFF ---


_KINDS = ("u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8", "?")


def tiffs() -> Iterator[Case]:
    """TIFFs by tifffile: interpretations, depths, signs, alpha, planes, strips and tiles, in both byte orders."""
    for order, compression in itertools.product("<>", (None, "zlib")):
        stored = {"byteorder": order, "compression": compression}
        for grey, kind in itertools.product(("minisblack", "miniswhite"), _KINDS):
            read = kind in ("u1", "?") or (grey, kind) == ("minisblack", "u2")
            yield _tiff(_numbers(kind), read, photometric=grey, **stored)
        for kind, extra in itertools.product(("u1", "u2"), ("", "unspecified", "assocalpha", "unassalpha")):
            alpha = {"extrasamples": [extra]} if extra else {}
            numbers = _numbers(kind, 3 + bool(extra))
            if extra == "assocalpha":
                numbers[..., :3] = numbers[..., :3] * (numbers[..., 3:] / np.iinfo(kind).max)
            yield _tiff(numbers, extra != "unspecified", photometric="rgb", **alpha, **stored)
            planes = np.ascontiguousarray(np.moveaxis(numbers, 2, 0))
            read = kind == "u1" and extra in ("", "unassalpha")
            yield _tiff(planes, read, photometric="rgb", planarconfig="separate", **alpha, **stored)
            if extra:
                read = (kind, extra) == ("u1", "unassalpha")
                yield _tiff(_numbers(kind, 2), read, photometric="minisblack", planarconfig="contig", **alpha, **stored)
        for kind, big in itertools.product(("u1", "u2"), (False, True)):
            read = not big or order == "<"
            yield _tiff(_numbers(kind, 3), read, photometric="rgb", rowsperstrip=2, bigtiff=big, **stored)
        for kind in ("u1", "u2"):
            yield _tiff(_numbers(kind, 4), kind == "u1", photometric="separated", **stored)
            yield _tiff(_numbers(kind, 3), False, photometric="cielab", **stored)
            yield _tiff(_numbers(kind, 3), False, photometric="ycbcr", **stored)
            yield _tiff(_numbers(kind, 3), True, photometric="rgb", tile=(16, 16), **stored)
        for palette, read in (
            (_random.integers(0, 65536, (3, 256)), True),
            (_random.integers(0, 256, (3, 256)), False),
        ):
            yield _tiff(_numbers("u1"), read, photometric="palette", colormap=palette.astype("u2"), **stored)
        yield _tiff(_numbers("u1", 3), False, photometric="rgb", subfiletype=1, **stored)
    yield _tiff(_numbers("u2"), True, photometric="minisblack", compression="zlib", predictor=2)


def _numbers(kind: str, *channels: int) -> NDArray:
    least, most = (-50, 50) if kind[0] in "if" else (0, 2 if kind == "?" else 2 ** (8 * int(kind[1])))
    return _random.integers(least, most, (*_SHAPE, *channels)).astype(kind)


def _tiff(numbers: NDArray, read: bool, **options: object) -> Case:
    stream = io.BytesIO()
    tifffile.imwrite(stream, numbers, **options)  # type: ignore[arg-type]
    name = " ".join(["tiff", str(numbers.dtype), *map(str, options.values())]).split("\n")[0]
    return name, stream.getvalue(), _seen_of_tiff(stream.getvalue()) if read else None


def _seen_of_tiff(data: bytes) -> NDArray[np.float64]:
    """The expected pixels of a TIFF, computed from the numbers and tags that tifffile reads."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        numbers, extra = page.asarray().astype(float), page.extrasamples
        kind = tifffile.PHOTOMETRIC(page.photometric).name
        if kind == "PALETTE":
            assert page.colormap is not None
            return np.moveaxis(page.colormap[:, numbers.astype(int)], 0, 2) / 65535 * 255
        if page.planarconfig == 2:
            numbers = np.moveaxis(numbers, 0, 2)
        values = numbers.reshape(*_SHAPE, -1) / (2**page.bitspersample - 1)
    colours = values[..., : values.shape[2] - len(extra)]
    if kind == "MINISWHITE":
        colours = 1 - colours
    if kind == "SEPARATED":
        colours = (1 - colours[..., :3]) * (1 - colours[..., 3:])
    colours = np.broadcast_to(colours, (*_SHAPE, 3))
    if not extra:
        return colours * 255
    alpha = values[..., -1:]
    if extra[0] == 1:  # the colours are multiplied by alpha already
        return colours * 255 + np.array(BACKGROUND) * (1 - alpha)
    return over(np.concatenate([colours, alpha], axis=2))


def packed_tiffs() -> Iterator[Case]:
    """Grey TIFFs of 1 to 12 bits, which tifffile does not write, with the bits of each byte in either order."""
    for depth, white, order in itertools.product((1, 2, 4, 8, 12), (0, 1), (1, 2)):
        samples = _random.integers(0, 2**depth, _SHAPE)
        rows = b"".join(_packed(samples, depth))
        if order == 2:
            rows = np.packbits(np.unpackbits(np.frombuffer(rows, np.uint8)).reshape(-1, 8)[:, ::-1]).tobytes()
        values = samples / (2**depth - 1) * 255
        seen = np.repeat((values if white else 255 - values)[..., None], 3, axis=2)
        tags = {256: 7, 257: 5, 258: depth, 259: 1, 262: white, 266: order, 277: 1, 278: 5}
        yield (
            f"tiff {depth} bits, {white=}, {order=}",
            small_tiff(tags, rows),
            seen if depth in ((1, 2, 4, 8) if order == 1 else (1,)) else None,
        )


def small_tiff(tags: dict[int, int], pixels: bytes) -> bytes:
    """A TIFF of one strip, with tags that each hold one number."""
    entries = {**tags, 273: 14 + 12 * (len(tags) + 2), 279: len(pixels)}
    directory = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + b"\0" * 4 + pixels


# --- files that Pillow writes ---


def pillow(mode: str, form: str, size: tuple[int, int] = (24, 16), **options: object) -> bytes:
    """An image of smooth colours, as Pillow writes it."""
    across, down = np.meshgrid(np.linspace(0, 250, size[0]), np.linspace(0, 250, size[1]))
    channels = [across, down, 250 - across, 120 + down / 2][: len(mode)]
    image = Image.merge(mode, [Image.fromarray(channel.astype(np.uint8)) for channel in channels])
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def compressed() -> Iterator[Case]:
    """JPEGs, TIFFs and WebPs, with one, three or four colours, progressive or not; seen as OpenCV sees them."""
    for mode, progressive, quality in itertools.product(("L", "RGB", "CMYK"), (False, True), (60, 95, 100)):
        data = pillow(mode, "JPEG", progressive=progressive, quality=quality, subsampling=0)
        yield f"jpeg {mode} {progressive=} {quality}", data, opencv(data)
    for mode, compression in itertools.product(("L", "RGB"), ("jpeg", "tiff_lzw", "packbits", "tiff_adobe_deflate")):
        data = pillow(mode, "TIFF", compression=compression)
        yield f"tiff {mode} {compression}", data, opencv(data)
    for mode, lossless in itertools.product(("RGB", "RGBA"), (False, True)):
        data = pillow(mode, "WEBP", lossless=lossless)
        yield f"webp {mode} {lossless=}", data, opencv(data)


def gifs() -> Iterator[Case]:
    """GIFs with a transparent colour or without, interlaced or not, whose frame fills the canvas or a part of it."""
    palette = _random.integers(0, 256, (4, 3), dtype=np.uint8)
    for clear, interlaced, whole in itertools.product((False, True), (0, 1), (True, False)):
        indices = _random.integers(0, 4, _SHAPE, dtype=np.uint8)
        image = Image.fromarray(indices)
        image.putpalette(palette.tobytes())
        stream = io.BytesIO()
        image.save(stream, "GIF", interlace=interlaced, optimize=False, **({"transparency": 2} if clear else {}))
        canvas = (7, 5) if whole else (9, 6)
        data = stream.getvalue()[:6] + struct.pack("<HH", *canvas) + stream.getvalue()[10:]
        alpha = np.zeros((canvas[1], canvas[0], 1))
        alpha[:5, :7, 0] = (indices != 2) | (not clear)
        colours = np.zeros((canvas[1], canvas[0], 3))
        colours[:5, :7] = palette[indices] / 255
        seen = over(np.concatenate([colours, alpha], axis=2))
        yield f"gif {clear=} {interlaced=} {whole=}", data, seen if whole or clear else None


# --- BMP ---


def bmps() -> Iterator[Case]:
    """BMPs with palettes and with 16, 24 and 32 bits, old and new headers, rows from the top or from the bottom."""
    for header, upwards in itertools.product((12, 40, 108, 124), (True, False)):
        if header == 12 and not upwards:
            continue
        for depth, grey in itertools.product((1, 4, 8), (False, True)):
            palette = _random.integers(0, 256, (2**depth, 3), dtype=np.uint8)
            if grey:
                palette = np.repeat(np.linspace(0, 255, 2**depth).astype(np.uint8)[:, None], 3, axis=1)
            indices = _random.integers(0, 2**depth, _SHAPE)
            data = _bmp(list(_packed(indices, depth)), depth, header, upwards, palette=palette)
            yield f"bmp {header} {upwards=} {depth} {grey=}", data, palette[indices].astype(float)
        for depth, alpha in ((24, False), (32, False), (32, True)):
            if (header == 12 and depth == 32) or (alpha and header < 108):
                continue
            colours = _random.integers(0, 256, (*_SHAPE, depth // 8), dtype=np.uint8)
            masks = [0xFF0000, 0xFF00, 0xFF, 0xFF000000] if alpha else []
            data = _bmp([row.tobytes() for row in colours], depth, header, upwards, masks=masks)
            seen = None if alpha else colours[..., 2::-1].astype(float)
            yield f"bmp {header} {upwards=} {depth} {alpha=}", data, seen
    for depths in ((5, 5, 5), (5, 6, 5)):
        numbers, shifts = _random.integers(0, 2**16, _SHAPE), (depths[1] + 5, 5, 0)
        most = [2**depth - 1 for depth in depths]
        seen = np.stack([(numbers >> by & top) / top * 255 for by, top in zip(shifts, most, strict=True)], axis=2)
        masks = [top << by for by, top in zip(shifts, most, strict=True)] if depths[1] == 6 else []
        rows = [row.astype("<u2").tobytes() for row in numbers]
        yield f"bmp 16 {depths}", _bmp(rows, 16, 40, True, masks=masks), seen


def _bmp(
    rows: Sequence[bytes],
    depth: int,
    header: int,
    upwards: bool,
    palette: NDArray | None = None,
    masks: Sequence[int] = (),
) -> bytes:
    entries = b"" if palette is None else b"".join(bytes(rgb[::-1]) + b"\0" * (header > 12) for rgb in palette)
    if header == 12:
        start = struct.pack("<IHHHH", 12, _SHAPE[1], _SHAPE[0], 1, depth)
    else:
        height = _SHAPE[0] if upwards else -_SHAPE[0]
        start = struct.pack("<IiiHHIIiiII", header, _SHAPE[1], height, 1, depth, 3 if masks else 0, 0, 0, 0, 0, 0)
        start += struct.pack(f"<{len(masks)}I", *masks)
        start += b"\0" * (header - len(start))
    padded = [row + b"\0" * (-len(row) % 4) for row in rows]
    pixels = b"".join(padded[::-1] if upwards else padded)
    offset = 14 + len(start) + len(entries)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + start + entries + pixels


def all_cases() -> list[Case]:
    """The cases of all formats."""
    return [*pngs(), *tiffs(), *packed_tiffs(), *compressed(), *gifs(), *bmps()]
