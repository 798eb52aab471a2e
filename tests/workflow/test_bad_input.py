"""Bad input of every kind: what must be said about it, and when.

Mistakes of the configuration alone are in test_config.py and test_config_files.py, files that change while the workflow
runs in test_images.py and test_activations.py, and full disks in test_full_disks.py.
"""

import itertools
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from PIL import Image
from published_forms import write_king2019, write_peterson2018
from tiny_project import change_config, run_snakemake

from alignment_importance.checks import inputs
from alignment_importance.config import ConfigurationError, configure
from alignment_importance.system.problems import Problems

IDS = [f"i{number:02d}" for number in range(12)]
PAIRS = list(itertools.combinations(IDS, 2))

Parts = dict[str, Any]
Change = Callable[[Path, Parts], None]


def noise(seed: int, size: tuple[int, int] = (20, 16)) -> Image.Image:
    """An image of random pixels, another one for every seed."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def pair_lines(participants: int = 5) -> list[str]:
    """Lines of a table: ratings of all pairs by people who agree except for a little noise."""
    random = np.random.default_rng(1)
    true = random.random(len(PAIRS))
    rated = [
        f"{a},{b},{value + random.normal(0, 0.05):.4f},p{person}"
        for person in range(participants)
        for (a, b), value in zip(PAIRS, true, strict=True)
    ]
    return ["image_a,image_b,similarity,participant", *rated]


def matrix_lines(values: np.ndarray) -> list[str]:
    """Lines of a table: a square matrix with the ids of the images."""
    rows = zip(IDS, values, strict=True)
    return [",".join(["image", *IDS]), *(",".join([name, *map(str, row)]) for name, row in rows)]


def similarities(seed: int = 2) -> np.ndarray:
    """A symmetric matrix of all images whose diagonal is its maximum."""
    values = np.random.default_rng(seed).random((12, 12))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    return values


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The sections of a good configuration; the working directory has its images, judgments, maps and masks."""
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "maps", "masks"):
        Path(folder).mkdir()
    halves = np.repeat(np.array([[1, 2]], dtype=np.uint8), 10, axis=1).repeat(16, axis=0)
    for seed, image in enumerate(IDS):
        noise(seed).save(f"photos/{image}.png")
        noise(seed).convert("L").save(f"maps/{image}.png")
        Image.fromarray(halves).save(f"masks/{image}.png")
    Path("pairs.csv").write_text("\n".join(pair_lines()))
    return {
        "image_sets": {"tiny": {"folder": "photos"}},
        "comparisons": {"c": {"image_set": "tiny", "judgments": "pairs.csv"}},
        "models": {"net": {"architecture": "squeezenet1_1", "weights": "random", "seed": 1}},
        "cross_validation": {"folds": 2, "seeds": [1, 2]},
        "statistics": {"inner_folds": 2},
        "saliency": {},
        "controls": {},
    }


def told(parts: Parts) -> list[str]:
    """All problems, a line each: those of the configuration or, if it has none, those of its files' contents."""
    try:
        configuration = configure(parts)
    except ConfigurationError as error:
        return [f"start: {problem}" for problem in error.problems]
    problems = Problems()
    inputs.check(configuration.model_dump(), problems)
    return [f"{problem.level}: {problem.where}: {problem}" for problem in problems]


def test_good_input_has_no_problems(parts: Parts) -> None:
    assert told(parts) == []


def test_images_that_nobody_has_judged_are_not_looked_at(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    (tmp_path / "others/damaged.png").write_bytes(b"no image")
    parts["image_sets"]["others"] = {"folder": "others"}
    assert told(parts) == []


# --- ways to change the good input ---


def images(change: Callable[[Path], Any]) -> Change:
    """Change the folder of images."""
    return lambda folder, parts: change(folder / "photos")


def judgments(text: list[str], name: str = "j.csv", **keys: Any) -> Change:
    """Use another file of judgments."""

    def change(folder: Path, parts: Parts) -> None:
        (folder / name).write_text("\n".join(text))
        parts["comparisons"]["c"] |= {"judgments": name, **keys}

    return change


def array(values: np.ndarray, **keys: Any) -> Change:
    """Use an array of judgments, with the order of its images."""

    def change(folder: Path, parts: Parts) -> None:
        np.save(folder / "j.npy", values)
        (folder / "order.txt").write_text("\n".join(IDS))
        parts["comparisons"]["c"] |= {"judgments": "j.npy", "kind": "similarity", "order": "order.txt", **keys}

    return change


def table(text: str, **keys: Any) -> Change:
    """Add a table of images."""

    def change(folder: Path, parts: Parts) -> None:
        (folder / "images.csv").write_text(text)
        parts["image_sets"]["tiny"]["table"] = "images.csv"
        parts["comparisons"]["c"] |= keys

    return change


def folds(number: int, **keys: Any) -> Change:
    """Use another number of folds."""
    return lambda folder, parts: parts["cross_validation"].update(folds=number, **keys)


def inner_folds(number: int) -> Change:
    """Use another number of folds inside the training images."""
    return lambda folder, parts: parts["statistics"].update(inner_folds=number)


def model(**keys: Any) -> Change:
    """Use another network."""
    return lambda folder, parts: parts["models"].update(net=keys)


def checkpoint(content: Any, **keys: Any) -> Change:
    """Use a network with a checkpoint."""

    def change(folder: Path, parts: Parts) -> None:
        if isinstance(content, bytes):
            (folder / "w.pt").write_bytes(content)
        else:
            torch.save(content, folder / "w.pt")
        parts["models"]["net"] = {"architecture": "squeezenet1_1", "weights": "checkpoint", "checkpoint": "w.pt"} | keys

    return change


def saliency(change: Callable[[Path], Any]) -> Change:
    """Add saliency maps, and change them."""

    def bring(folder: Path, parts: Parts) -> None:
        parts["saliency"]["own"] = {"method": "maps", "maps": "maps"}
        change(folder / "maps")

    return bring


def fixations(rows: str, header: str = "image,x,y") -> Change:
    """Add fixations."""

    def bring(folder: Path, parts: Parts) -> None:
        (folder / "fixations.csv").write_text(f"{header}\n{rows}")
        parts["saliency"]["seen"] = {"method": "fixations", "fixations": "fixations.csv", "degree": 3}

    return bring


def masks(change: Callable[[Path], Any]) -> Change:
    """Add masks, and change them."""

    def bring(folder: Path, parts: Parts) -> None:
        parts["controls"]["halves"] = {"image_set": "tiny", "masks": "masks", "objects": {"left": 1, "right": 2}}
        change(folder / "masks")

    return bring


def truncate(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def claim_pixels(file: Path) -> None:
    """Write the beginning of a PNG of 20000 x 20000 pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    file.write_bytes(start + struct.pack(">I", 9) + b"IDAT" + b"x" * 9)


def without(image: str) -> list[str]:
    return [line for line in pair_lines() if image not in line]


def changed(at: int, line: str) -> list[str]:
    found = pair_lines()
    found[at] = line
    return found


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def clear(folder: Path) -> None:
    see_through = noise(99).convert("RGBA")
    see_through.putpixel((3, 3), (0, 0, 0, 0))
    see_through.save(folder / "i00.png")


def nan_row() -> np.ndarray:
    values = similarities()
    values[3] = values[:, 3] = np.nan
    return values


def mixed() -> np.ndarray:
    return np.stack([similarities()] * 3 + [1 - similarities()])


TRIPLETS = ["image_a,image_b,image_c,odd", *(f"{a},{b},{c},{c}" for a, b, c in itertools.combinations(IDS, 3))]

#: Bad input by name: the change that makes the mistake, and what must be said about it.
CASES: dict[str, tuple[Change, str]] = {
    # images
    "a truncated image": (
        images(lambda folder: truncate(folder / "i03.png")),
        "error: photos/i03.png: cannot be decoded as an image (",
    ),
    "an empty image": (
        images(lambda folder: (folder / "i03.png").write_bytes(b"")),
        "error: photos/i03.png: cannot be decoded as an image (it is empty). Replace or remove the file",
    ),
    "text called an image": (
        images(lambda folder: (folder / "i03.png").write_text("hello")),
        "error: photos/i03.png: cannot be decoded as an image (it is text)",
    ),
    "an image that claims too many pixels": (
        images(lambda folder: claim_pixels(folder / "i03.png")),
        "it has far more than 100 million pixels, and is not read. Reduce it.",
    ),
    "pixels without an agreed white": (
        images(lambda folder: Image.fromarray(np.ones((4, 4), dtype=np.float32)).save(folder / "i99.tif")),
        "error: photos/i99.tif: is not read as an image: programs show this kind of TIFF differently. Save it",
    ),
    "two images with one id": (
        images(lambda folder: noise(50).save(folder / "i03.jpg")),
        "error: photos: an image's id is its file name without the ending, and these share one: i03.jpg and i03.png",
    ),
    "ids that differ in capital letters": (
        images(lambda folder: noise(50).save(folder / "I03.png")),
        "error: photos: these ids differ only in capital letters: I03 and i03. Rename or remove one",
    ),
    "an id that cannot be seen": (
        images(lambda folder: noise(50).save(folder / "a\tb.png")),
        "photos/a\\tb.png: rename it; the name is not UTF-8 or has control characters",
    ),
    "another file among the images": (
        images(lambda folder: (folder / "notes.txt").touch()),
        "error: photos: not image files by their ending",
    ),
    "no images": (
        images(empty),
        "error: photos: no image files. Put them directly into this folder",
    ),
    "no folder of images": (
        lambda folder, parts: parts["image_sets"]["tiny"].update(folder="fotos"),
        "start: image_sets.tiny.folder: there is no {here}/fotos",
    ),
    "copies of an image": (
        images(lambda folder: noise(3).save(folder / "i04.png")),
        "warning: photos: these images are the same, pixel by pixel: i03.png, i04.png.",
    ),
    "an image with several frames": (
        images(lambda folder: noise(3).save(folder / "i03.png", save_all=True, append_images=[noise(51)])),
        "warning: photos: files with several frames or pages: i03.png. The first of each is used.",
    ),
    "transparency without a background": (
        images(clear),
        "warning: photos: images with transparency, and no background is stated: i00.png. They are laid over mid grey",
    ),
    "an image of a single colour": (
        images(lambda folder: Image.new("RGB", (8, 8)).save(folder / "i00.png")),
        "warning: photos: images of a single colour: i00.png.",
    ),
    "a table with an unknown image": (
        table("image,category\n" + "".join(f"{image},x\n" for image in [*IDS, "i99"])),
        "error: images.csv: line 14: 'i99' is not an image of this set. Correct the id, remove it, or add",
    ),
    "a table that lacks an image": (
        table("image,category\n" + "".join(f"{image},x\n" for image in IDS[1:])),
        "error: images.csv: images without a row: i00. Add a row for each.",
    ),
    "a table without ids": (
        table("name\nx\n"),
        "error: images.csv: header: the column image is missing. It needs the column image; the header has name.",
    ),
    "a table without categories": (
        table("image,Category\n" + "".join(f"{image},x\n" for image in IDS)),
        "warning: images.csv: header: there is no column category, only image, Category.",
    ),
    "a table that is not there": (
        lambda folder, parts: parts["image_sets"]["tiny"].update(table="images.csv"),
        "start: image_sets.tiny.table: there is no {here}/images.csv",
    ),
    "a table with more fields than columns": (
        table("image,category\n" + "".join(f"{image},x,y\n" for image in IDS)),
        "error: images.csv: line 2: 3 fields, but the header has 2 (also on 11 other lines). Numbers need a decimal",
    ),
    "an unknown category": (
        table("image,category\n" + "".join(f"{image},tools\n" for image in IDS), categories=["tool"]),
        "error: comparisons.c.categories: no image has the category 'tool'. Did you mean 'tools'?",
    ),
    "an unknown image chosen": (
        lambda folder, parts: parts["comparisons"]["c"].update(images=[*IDS[:9], "i1"]),
        "error: comparisons.c.images: entry 10: 'i1' is not an image of this set. Did you mean 'i1",
    ),
    "too few images chosen": (
        lambda folder, parts: parts["comparisons"]["c"].update(images=["i00", "i01"]),
        "error: comparisons.c: only 2 images are chosen. Take at least 3",
    ),
    # judgments
    "no file of judgments": (
        lambda folder, parts: parts["comparisons"]["c"].update(judgments="nowhere.csv"),
        "start: comparisons.c.judgments: there is no {here}/nowhere.csv",
    ),
    "an empty file": (judgments([]), "error: j.csv: the file is empty"),
    "a folder of images as judgments": (
        lambda folder, parts: parts["comparisons"]["c"].update(judgments="photos"),
        "error: photos/i00.png: no form of judgments has the ending '.png'. The endings are .csv,",
    ),
    "a judgment without an image": (
        judgments(changed(2, "i00,zebra,0.5,p0")),
        "error: j.csv: line 3, column image_b: 'zebra' is not an image of this set",
    ),
    "an id with another capital letter": (
        judgments(changed(2, "i00,I02,0.5,p0")),
        "'I02' is not an image of this set. 'i02' differs from it only in capital letters",
    ),
    "an id with a file ending": (
        judgments(changed(2, "i00,i02.png,0.5,p0")),
        "warning: j.csv: ids are written as file names, such as 'i02.png' for 'i02'. The last part is used,",
    ),
    "two files that would be one image": (
        judgments(
            [line.replace("i02", "new/i02.png" if line.startswith("i00") else "old/i02.png") for line in pair_lines()]
        ),
        "column image_b: 'old/i02.png' and 'new/i02.png' would both be the image 'i02'. Write the ids of the images.",
    ),
    "an image without judgments": (
        judgments(without("i05")),
        "error: j.csv: images without any judgment: i05. Add judgments, remove the images, or restrict the comparison",
    ),
    "no number": (
        judgments(changed(2, "i00,i02,4O,p0")),
        "error: j.csv: line 3, column similarity: '4O' is not a number. Leave missing judgments empty.",
    ),
    "a decimal comma": (
        judgments(changed(2, 'i00,i02,"0,5",p0')),
        "'0,5' is not a number. Write numbers with a decimal point, not with a comma.",
    ),
    "an infinite number": (
        judgments(changed(2, "i00,i02,inf,p0")),
        "error: j.csv: line 3, column similarity: 'inf' is infinite. Leave missing judgments empty.",
    ),
    "a row that is too short": (
        judgments(changed(2, "i00,i02")),
        "error: j.csv: line 3: 2 fields, but the header has 4. Complete it.",
    ),
    "no participant": (
        judgments(changed(2, "i00,i02,0.5,")),
        "error: j.csv: line 3, column participant: there is no participant. Name the participant of every line.",
    ),
    "a header that is none": (
        judgments(["a;b", "1;2"]),
        "error: j.csv: header: the header does not belong to any form of judgments",
    ),
    "a duplicate header": (
        judgments(["image_a,image_b,similarity,similarity", "i00,i01,1,1"]),
        "error: j.csv: header: the column similarity occurs 2 times. Keep one.",
    ),
    "an image twice in the header of a matrix": (
        judgments([line.replace("i04", "i03") for line in matrix_lines(similarities())], kind="similarity"),
        "error: j.csv: column 5, column 6: 'i03' is listed 2 times. Keep one.",
    ),
    "a header without its first field": (
        judgments([",".join(IDS), *matrix_lines(similarities())[1:]], kind="similarity"),
        "warning: j.csv: header: the header has one field fewer than the lines, as R writes it: that above the ids of",
    ),
    "a column of row numbers": (
        judgments([f"{number},{line}" if number else f",{line}" for number, line in enumerate(pair_lines())]),
        "warning: j.csv: the lines begin with row names, as R and pandas write them. These are not used.",
    ),
    "another kind than the header": (
        judgments(pair_lines(), kind="dissimilarity"),
        "the header says similarity, but the comparison's `kind` is dissimilarity. Correct whichever is wrong.",
    ),
    "no kind": (
        judgments(matrix_lines(similarities())),
        "error: j.csv: neither the file nor the configuration says what a larger number means. Set the comparison's",
    ),
    "a similarity with the smallest values on its diagonal": (
        judgments(matrix_lines(1 - similarities()), kind="similarity"),
        "the kind is similarity, but the diagonal (images with themselves) holds the smallest values, as in a dissim",
    ),
    "similarities and dissimilarities mixed": (
        array(mixed()),
        "error: j.npy: similarities and dissimilarities are mixed: the kind is similarity, but images with themselves",
    ),
    "a matrix of another shape": (
        array(similarities()[:11]),
        "error: j.npy: the array has the shape (11, 12), but order.txt lists 12 images. It must be (12, 12) or (par",
    ),
    "participants last": (
        array(np.stack([similarities()] * 3, axis=-1)),
        "participants first. np.moveaxis(array, -1, 0), or permute(array, [3 1 2]) in MATLAB, moves them there",
    ),
    "half a matrix filled with zeros": (
        array(np.triu(similarities())),
        "error: j.npy: all values below the diagonal are 0, and those on the other side are not. If only half of the",
    ),
    "a matrix with a row of NaN": (
        array(nan_row()),
        "error: j.npy: images without any judgment: i03. Add judgments, remove the images, or restrict the comparison",
    ),
    "a constant matrix": (array(np.ones((12, 12))), "error: j.npy: all judgments are the same (1)"),
    "a matrix that lacks a row": (
        judgments(matrix_lines(similarities())[:-1], kind="similarity"),
        "error: j.csv: images without a row: i11.",
    ),
    "a pair to explain of an unknown image": (
        judgments(pair_lines(), pairs=[["i03", "i30"]]),
        "error: comparisons.c.pairs: entry 1: 'i30' is not an image of this set. Correct the id",
    ),
    "pairs to explain that nobody judged": (
        judgments([line for line in pair_lines() if not line.startswith("i03,i07,")], pairs=[["i07", "i03"]]),
        "error: comparisons.c.pairs: pairs without a judgment: i07 and i03. Remove them",
    ),
    "more pairs to explain than fit in memory": (
        lambda folder, parts: parts.update(
            comparisons={"c": parts["comparisons"]["c"] | {"pairs": "all"}}, memory_gb=0.001
        ),
        "error: comparisons.c.pairs (models.net): 66 pairs of images with 512 feature maps take 0.0023 GB, more than "
        "`memory_gb: 0.001`. Ask for fewer pairs",
    ),
    "a table of pairs to explain that is not there": (
        judgments(pair_lines(), pairs="explain.csv"),
        "start: comparisons.c.pairs: there is no ",
    ),
    "an array without an order": (
        array(similarities(), order=None),
        "error: j.npy: an array does not name its images. Name a file as the comparison's `order`: text with their ids",
    ),
    "an order that is not there": (
        array(similarities(), order="oder.txt"),
        "start: comparisons.c.order: there is no {here}/oder.txt",
    ),
    "an array of no numbers": (
        array(similarities().astype(str)),
        "error: j.npy: there is not exactly one array of numbers with two or three dimensions; there is: array 12x12",
    ),
    "a pickle": (
        judgments(["x"], name="j.pkl"),
        "error: j.pkl: a pickle can run any program when it is opened, and is therefore not read",
    ),
    "an unknown ending": (
        judgments(["x"], name="j.xlsx"),
        "error: j.xlsx: no form of judgments has the ending '.xlsx'",
    ),
    "an odd image that is none of the three": (
        judgments([*TRIPLETS, "i00,i01,i02,i05"]),
        "line 222, column odd: the answer 'i05' is none of i00, i01, i02. Write the id of the image that was chosen.",
    ),
    "asymmetric ratings": (
        array(similarities() + 0.001 * np.triu(np.ones((12, 12)), k=1)),
        "warning: j.npy: 66 pairs have another value in the other direction (largest difference 0.001). The two dir",
    ),
    "low reliability": (
        array(np.stack([similarities(seed) for seed in range(5)])),
        "warning: j.npy: low reliability: participants agree little with each other (",
    ),
    "pairs without a judgment": (
        judgments([line for line in pair_lines() if not line.startswith("i00,i01,")]),
        "warning: j.csv: 1 of 66 pairs has no judgment. It is left out of every comparison.",
    ),
    "few participants": (judgments(pair_lines(3)), "warning: j.csv: there are few participants: 3."),
    "directions that differ": (
        judgments([*pair_lines(), "i01,i00,9,p0"]),
        "warning: j.csv: 1 pair was rated differently by one participant",
    ),
    # folds
    "more folds than images": (
        folds(13),
        "error: cross_validation.folds: comparisons.c, 2 of 2 seeds, such as 1: 13 folds need at least as many images; "
        "there are 12",
    ),
    "test sets without pairs": (folds(6), "the test set of fold 1 has 1 judged pair of images, but a score needs 3"),
    "few test images": (
        folds(3),
        "warning: cross_validation.folds: comparisons.c: 12 images in 3 folds leave 4 test images, with 6 pairs among",
    ),
    "more inner folds than training images": (
        inner_folds(7),
        "warning: statistics.inner_folds: comparisons.c: 7 folds leave no test block of 3 judged pairs inside the",
    ),
    "inner folds without pairs": (
        inner_folds(3),
        "judged pairs inside the training data of fold 1 of seed 1, fold 2 of",
    ),
    # networks
    "a network misspelt": (
        model(architecture="resnet19"),
        "error: models.net: There is no network called 'resnet19'. Did you mean resnet1",
    ),
    "weights misspelt": (
        model(architecture="resnet18", weights="IMAGENET1K_V11"),
        "Network resnet18 has no weights called 'IMAGENET1K_V11'. Did you mean IMAGENET1K_V1",
    ),
    "a layer misspelt": (
        model(architecture="squeezenet1_1", weights="random", seed=1, map_layer="feature.3"),
        "error: models.net: map_layer: the network has no layer 'feature.3'. Did you mean features.",
    ),
    "an own network that is not there": (
        model(architecture="nowhere.nets:make"),
        "Network nowhere.nets:make: there is no Python module 'nowhere' in",
    ),
    "a checkpoint with other keys": (
        checkpoint(torchvision.models.alexnet(num_classes=2).state_dict()),
        "error: models.net: w.pt: the weights do not fit the architecture (",
    ),
    "a checkpoint that is none": (
        checkpoint(b"\x80\x02hello"),
        "w.pt: cannot be read as a checkpoint of weights only (it is damaged, or a file of another kind). Get",
    ),
    "a checkpoint of a training that failed": (
        checkpoint({name: values * np.nan for name, values in torchvision.models.squeezenet1_1().state_dict().items()}),
        "error: models.net: w.pt: 52 weights have values that are not finite numbers, such as classifier.1.bias. The",
    ),
    "a checkpoint that is a whole network": (
        checkpoint(torch.nn.Linear(2, 2)),
        "w.pt: cannot be read as a checkpoint of weights only (it holds torch.nn.modules.linear.Linear, which "
        "can run programs). Save `network.state_dict()` instead.",
    ),
    "a checkpoint that is no state dict": (checkpoint([1, 2]), "w.pt: is not a state dict (names to tensors)"),
    "no checkpoint": (
        checkpoint(b"hello", checkpoint="v.pt"),
        "start: models.net.checkpoint: there is no {here}/v.pt",
    ),
    "a checkpoint that fails its hash": (
        checkpoint(b"hello", sha256="0" * 64),
        f"and not {'0' * 64}, as the configuration says. Get the right file, or correct the key `sha256`",
    ),
    # saliency maps and masks
    "an image without a saliency map": (
        saliency(lambda folder: (folder / "i03.png").unlink()),
        "error: maps: there must be one saliency map per image, named by the image id. images without a map: i03.",
    ),
    "a saliency map that cannot be read": (
        saliency(lambda folder: truncate(folder / "i03.png")),
        "error: maps/i03.png: cannot be decoded as an image (image file is truncated). Replace or remove the file; PNG",
    ),
    "a saliency map of another image": (
        saliency(lambda folder: noise(1, (16, 20)).convert("L").save(folder / "i03.png")),
        "maps/i03.png: the map (16 x 20) has another aspect ratio than its image (20 x 16). Save it transposed",
    ),
    "fixations outside their images": (
        fixations("i00,3,4\ni01,5,6\ni02,99,4\n"),
        "warning: fixations.csv: 1 of 3 fixations lies outside its image. It is left out.",
    ),
    "a fixation without an observer": (
        fixations("i00,3,4,x\ni01,5,6,\n", header="image,x,y,observer"),
        "error: fixations.csv: line 3, column observer: there is no observer. Name the observer of every fixation",
    ),
    "no folder of masks": (
        masks(lambda folder: folder.rename("others")),
        "start: controls.halves.masks: there is no {here}/masks",
    ),
    "an image without a mask": (
        masks(lambda folder: (folder / "i03.png").unlink()),
        "error: masks: images without a mask: i03. Every image needs one",
    ),
    "a mask of another size": (
        masks(lambda folder: Image.new("L", (3, 3)).save(folder / "i03.png")),
        "error: masks/i03.png: the mask has the shape (3, 3), but must be (16, 20)",
    ),
    "a mask without an object": (
        masks(lambda folder: Image.new("L", (20, 16), 1).save(folder / "i03.png")),
        "error: masks/i03.png: the mask has no pixel of right (2); its numbers are 1.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told(case: str, parts: Parts, tmp_path: Path) -> None:
    change, said = CASES[case]
    change(tmp_path, parts)
    lines = told(parts)
    assert any(said.replace("{here}", str(tmp_path)) in line for line in lines), lines


def test_there_are_at_least_forty_kinds_each_with_its_own_message() -> None:
    assert len({said for _, said in CASES.values()}) == len(CASES) >= 40


def test_what_follows_from_another_mistake_is_not_told(parts: Parts, tmp_path: Path) -> None:
    """Without images, nothing is said about judgments, masks and maps, which then fit no image."""
    for case in ("no images", "an image without a saliency map", "an image without a mask"):
        CASES[case][0](tmp_path, parts)
    assert [line.split(". ")[0] for line in told(parts)] == ["error: photos: no image files"]


def test_everything_is_told_at_once(parts: Parts, tmp_path: Path) -> None:
    chosen = [
        "another file among the images",
        "no number",
        "more inner folds than training images",
        "a network misspelt",
        "an image without a saliency map",
        "a mask of another size",
    ]
    for case in chosen:
        CASES[case][0](tmp_path, parts)
    parts["comparisons"]["good"] = {"image_set": "tiny", "judgments": "pairs.csv"}
    lines = told(parts)
    wanted = [CASES[case][1].replace("comparisons.c:", "comparisons.good:") for case in chosen]
    assert [said for said in wanted if not any(said in line for line in lines)] == []


def test_fixations_outside_their_images_are_told_once(
    parts: Parts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    CASES["fixations outside their images"][0](tmp_path, parts)
    said = [*told(parts), *caplog.messages]
    assert len([line for line in said if "lies outside its image" in line]) == 1


def test_cached_weights_that_fail_their_hash_are_told(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"half a file")
    parts["models"]["net"] = {"architecture": "squeezenet1_1"}
    assert "squeezenet1_1-b8a52dc0.pth: its SHA-256 does not begin with b8a52dc0" in told(parts)[0]


# --- when Snakemake starts ---


def spoil_configuration(config: dict[str, Any]) -> None:
    """Make a mistake of every kind that can be seen without reading files."""
    config["cross_validation"]["sedes"] = [1]
    config["comparisons"]["pairs"]["knid"] = config["comparisons"]["pairs"].pop("kind")
    config["comparisons"]["matrix"]["judgments"] = "martix.csv"
    config["comparisons"]["distances"] = {"image_set": "tyni", "judgments": "pairs.csv"}
    config["comparisons"]["ratings"] = {"image_set": "tiny", "judgments": "pairs.csv", "kind": "similar"}
    config["image_sets"]["tiny"]["table"] = "tabel.csv"
    config["controls"]["halves"]["masks"] = "msaks"
    config["saliency"]["own"] = {"method": "maps", "maps": "mpas"}
    config["saliency"]["deep"] = {"method": "deepgaze_iie", "checkpoint": "deepgaze.pth"}
    config["statistics"]["bootstraps"] = "many"
    config["datasets"] = {"king2019": {}, "peterson2018": {}}
    for name, path in (("king", "king2019/set1"), ("fruits", "peterson2018/fruits")):
        config["image_sets"][name] = {"folder": f"data/{path}/images"}
        config["comparisons"][name] = {"image_set": name, "judgments": f"data/{path}/judgments.csv"}


#: What must be said about these mistakes, and nothing more; {here} is the folder of the project.
MISTAKES = (
    "cross_validation.sedes: there is no such key; did you mean seeds?",
    "comparisons.pairs.knid: there is no such key; did you mean kind?",
    "comparisons.matrix.judgments: there is no {here}/martix.csv",
    "comparisons.distances.image_set: there is no image set 'tyni'; did you mean tiny?",
    "comparisons.ratings.kind: 'similar' is not possible; use similarity, dissimilarity, null",
    "image_sets.tiny.table: there is no {here}/tabel.csv",
    "controls.halves.masks: there is no {here}/msaks",
    "saliency.own.maps: there is no {here}/mpas",
    "saliency.deep.checkpoint: there is no {here}/deepgaze.pth; deepgaze2e.pth is in the release",
    "statistics.bootstraps: 'many' is not a whole number",
    "datasets.king2019.source: {here}/data/king2019/original lacks the 144 photographs of the first set: images/set1",
    "ratings of fruits may be data/peterson2018/original/fruits/oldSim.mat and data/peterson2018/original/fruits/sim.m",
    "my photos/<script>.png: rename it; Snakemake reads { } < > in a path as placeholders",
)


def test_mistakes_of_the_configuration_and_missing_files_are_told_at_once_when_snakemake_starts(project: Path) -> None:
    write_king2019(project / "data/king2019/original", n_images=4)
    (project / "data/king2019/original/images/set1").rename(project / "somewhere else")
    fruits = project / "data/peterson2018/original/fruits"
    write_peterson2018(fruits.parent, {"fruits": ["1.jpg", "2.jpg"]})
    (fruits.parent / "hsim_peterson.npz").unlink()
    for name in ("sim.mat", "oldSim.mat"):
        (fruits / name).touch()
    (project / "my photos/photo 00.png").rename(project / "my photos/<script>.png")
    change_config(project, spoil_configuration)
    wanted = [said.replace("{here}", str(project)) for said in MISTAKES]
    for targets in (("--dry-run",), ("check",)):
        answer = run_snakemake(project, *targets, "--cores", "1", "--configfile", "tiny.yaml")
        assert answer.returncode == 1
        assert [said for said in wanted if said not in answer.stdout] == [], answer.stdout
        assert answer.stdout.count("\n  - ") == len(MISTAKES), answer.stdout
        assert "Traceback" not in answer.stdout
    assert not (project / "results").exists()


def test_a_key_that_stands_twice_in_a_configuration_is_told(project: Path) -> None:
    with (project / "tiny.yaml").open("a", encoding="utf-8") as stream:
        stream.write("image_sets: {}\n")
    answer = run_snakemake(project, "--dry-run", "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert "  - image_sets: it stands twice in " in answer.stdout and "Traceback" not in answer.stdout


# --- the target `check`, and jobs that prepare ---

CHECK = ("check", "--cores", "1", "--configfile", "tiny.yaml")

HINT = "The target `check` lists everything that is wrong with the inputs"


def spoil_image(project: Path) -> None:
    truncate(project / "my photos/photo 03.png")


def spoil_judgments(project: Path) -> None:
    with (project / "pairs.csv").open("a", encoding="utf-8") as stream:
        stream.write("photo 00,nobody,1.0,p1\n")


def spoil_mask(project: Path) -> None:
    Image.new("L", (48, 48), 1).save(project / "masks/photo 05.png")


def spoil_folds(project: Path) -> None:
    change_config(project, lambda config: config["cross_validation"].update(folds=13))


def spoil_network(project: Path) -> None:
    change_config(project, lambda config: config["models"]["resnet18"].update(architecture="resnet19"))


def spoil_saliency(project: Path) -> None:
    (project / "maps").mkdir()
    change_config(project, lambda config: config["saliency"].update(own={"method": "maps", "maps": "maps"}))


#: The function that makes a mistake, the job that finds it, and what must be said about it.
FOUND_BY: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "image": (spoil_image, "prepare_images", "my photos/photo 03.png: cannot be decoded as an image"),
    "judgments": (
        spoil_judgments,
        "prepare_judgments",
        "pairs.csv: line 200, column image_b: 'nobody' is not an image of this set",
    ),
    "folds": (spoil_folds, "prepare_judgments", "13 folds need at least as many images; there are 12"),
    "network": (spoil_network, "prepare_networks", "models.resnet18: There is no network called 'resnet19'"),
    "mask": (spoil_mask, "prepare_control", "masks/photo 05.png: the mask has no pixel of right (2)"),
    "saliency": (spoil_saliency, "compute_saliency", "maps: there must be one saliency map per image"),
}


def test_the_check_looks_anew_and_tells_all_that_is_wrong_with_inputs_in_one_report(project: Path) -> None:
    answer = run_snakemake(project, *CHECK)
    assert answer.returncode == 0, answer.stdout
    for name in ("image", "judgments", "network", "mask", "saliency"):
        FOUND_BY[name][0](project)
    answer = run_snakemake(project, *CHECK)
    assert answer.returncode == 1
    for name in ("image", "judgments", "network", "mask", "saliency"):
        assert FOUND_BY[name][2] in answer.stdout
    assert "Traceback" not in answer.stdout
    assert "nanobind" not in answer.stdout
    assert HINT not in answer.stdout
    found = pd.read_csv(project / "results/logs/check.csv", keep_default_na=False)
    assert found.columns.tolist() == ["level", "where", "place", "found", "remedy"]
    errors = found[found["level"] == "error"]
    assert set(errors["where"]) == {
        "my photos/photo 03.png",
        "pairs.csv",
        "models.resnet18",
        "masks/photo 05.png",
        "maps",
    }
    # Warnings, which stop nothing, are in the same table.
    assert "cross_validation.folds" in set(found.loc[found["level"] == "warning", "where"])
    assert {path.name for path in (project / "results").iterdir()} <= {"logs", "benchmarks"}


@pytest.mark.parametrize("mistake", FOUND_BY)
def test_a_run_tells_mistakes_before_networks_run(mistake: str, finished_copy: Path) -> None:
    project = finished_copy
    for made in ("activations", "logs/extract_activations"):
        shutil.rmtree(project / "results" / made)
    (project / "results/inputs/checks.csv").unlink()
    spoil, rule, said = FOUND_BY[mistake]
    spoil(project)
    answer = run_snakemake(project, "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert said in answer.stdout
    assert HINT in answer.stdout
    assert f"Error in rule {rule}:" in answer.stdout
    assert "Traceback" not in answer.stdout
    assert not (project / "results/logs/extract_activations").exists()
    assert not (project / "results/inputs/checks.csv").exists()


# --- published data sets ---


def use_published(config: dict[str, Any]) -> None:
    """Compare two sets of one data set that the workflow makes, and two categories of another."""
    config["datasets"] = {"king2019": {}, "peterson2018": {}}
    for name, path, kind in (
        ("first", "king2019/set1", None),
        ("second", "king2019/set2", None),
        ("fruits", "peterson2018/fruits", "similarity"),
        ("animals", "peterson2018/animals", "similarity"),
    ):
        config["image_sets"][name] = {"folder": f"data/{path}/images"}
        config["comparisons"][name] = {"image_set": name, "judgments": f"data/{path}/judgments.csv", "kind": kind}


def test_all_that_is_wrong_with_a_published_data_set_is_told_by_the_job_that_makes_it(project: Path) -> None:
    king, peterson = (project / f"data/{name}/original" for name in ("king2019", "peterson2018"))
    write_king2019(king, n_images=12)
    lost = sorted((king / "images/set1").iterdir())[0]
    lost.rename(project / "lost")
    truncate(sorted((king / "images/set2").iterdir())[0])
    (king / "images/set2/one more.jpg").write_bytes(lost.name.encode())
    matrices = write_peterson2018(peterson, {name: [f"{n}.jpg" for n in range(12)] for name in ("fruits", "animals")})
    np.savez(peterson / "hsim_peterson.npz", fruits=matrices["fruits"][:5], animals=matrices["animals"][:7, :7])
    change_config(project, use_published)
    answer = run_snakemake(project, *CHECK, "--keep-going")
    assert answer.returncode == 1
    for said in (
        "but the 11 photographs of set1 have 55 pairs",
        "but the 13 photographs of set2 have 78 pairs",
        "fruits needs a square matrix called fruits, and 0 fit. The file has: animals 7x7, fruits 5x12",
        "animals is 7 x 7, but there are 12 photographs of animals",
        "Error in rule make_king2019:",
        "Error in rule make_peterson2018:",
    ):
        assert said in answer.stdout
    assert "Traceback" not in answer.stdout
    assert not (project / "data/king2019/set1/images").exists()
    assert not (project / "data/peterson2018/fruits/judgments.csv").exists()

    (project / "lost").rename(lost)
    write_king2019(king, n_images=12)
    (king / "images/set2/one more.jpg").unlink()
    np.savez(peterson / "hsim_peterson.npz", fruits=matrices["fruits"], animals=matrices["animals"])
    answer = run_snakemake(project, *CHECK)
    assert answer.returncode == 0, answer.stdout
    log = (project / "results/logs/make_peterson2018.log").read_text(encoding="utf-8")
    assert "animals: 12 photographs; the published category has 120" in log


# --- warnings ---


def test_warnings_are_logged_and_kept_with_the_results(finished: Path) -> None:
    found = pd.read_csv(finished / "results/inputs/checks.csv", keep_default_na=False)
    assert found.columns.tolist()[:5] == ["level", "where", "place", "found", "remedy"]
    assert set(found["level"]) == {"warning"}
    assert not found.duplicated().any()
    rows = found[["where", "place", "found"]].to_numpy().tolist()
    for job, where, place, said in (
        ("pairs", "pairs.csv", "", "there are few participants: 3"),
        (
            "matrix",
            "cross_validation.folds",
            "comparisons.matrix",
            "12 images in 3 folds leave 4 test images, with 6 pairs among them",
        ),
    ):
        assert [where, place, said] in rows
        line = f"{where}: {place}: {said}" if place else f"{where}: {said}"
        log = (finished / f"results/logs/prepare_judgments/{job}.log").read_text(encoding="utf-8")
        assert f" WARNING {line}" in log
        assert line in (finished / "said.txt").read_text(encoding="utf-8")
    files = pd.read_csv(finished / "results/inputs/files.csv")["file"].tolist()
    photos = [f"my photos/photo {number:02d}.png" for number in range(12)]
    assert files == ["matrix.csv", *photos, "pairs.csv"]
