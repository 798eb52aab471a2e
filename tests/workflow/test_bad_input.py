"""Bad input of every kind that the check of all inputs finds, each by what is said of it.

Keys that are wrong are in test_config.py too, files that change while the workflow runs in test_prepare_images.py and
test_prepare_judgments.py, and full disks in test_arrays_disk.py.
"""

import itertools
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import check_inputs
import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from PIL import Image
from published_forms import write_king2019, write_peterson2018
from tiny_project import change_config, run_snakemake

from alignment_importance import checks
from alignment_importance.system.problems import Problems

IDS = [f"i{number:02d}" for number in range(12)]
PAIRS = list(itertools.combinations(IDS, 2))

Parts = dict[str, Any]
Change = Callable[[Path, Parts], None]


def noise(seed: int, size: tuple[int, int] = (20, 16)) -> Image.Image:
    """An image like no other."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def pair_lines(participants: int = 5) -> list[str]:
    """Ratings of all pairs by people who agree but for a little noise."""
    random = np.random.default_rng(1)
    true = random.random(len(PAIRS))
    rated = [
        f"{a},{b},{value + random.normal(0, 0.05):.4f},p{person}"
        for person in range(participants)
        for (a, b), value in zip(PAIRS, true, strict=True)
    ]
    return ["image_a,image_b,similarity,participant", *rated]


def matrix_lines(values: np.ndarray) -> list[str]:
    """A square matrix."""
    rows = zip(IDS, values, strict=True)
    return [",".join(["image", *IDS]), *(",".join([name, *map(str, row)]) for name, row in rows)]


def similarities(seed: int = 2) -> np.ndarray:
    """A symmetric matrix whose diagonal is its maximum."""
    values = np.random.default_rng(seed).random((12, 12))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    return values


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The parts of a good configuration; the working directory has its images, judgments, maps and masks."""
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
        "image_sets": {"tiny": {"folder": "photos", "table": None, "background": None}},
        "comparisons": {
            "c": {
                "image_set": "tiny",
                "judgments": "pairs.csv",
                "kind": None,
                "order": None,
                "key": None,
                "categories": [],
                "images": None,
            }
        },
        "models": {},
        "cross_validation": {"unit": "images", "folds": 2, "seeds": [1, 2]},
        "statistics": {"inner_folds": 2},
        "saliency": {},
        "controls": {},
        "problems": [],
    }


def find(parts: Parts) -> Problems:
    """Check."""
    return checks.check(check_inputs.as_inputs(**parts))[0]


def lines(found: Problems) -> list[str]:
    """Everything that was found, a line each."""
    return [f"{one.level}: {one.where}: {one}" for one in found]


def test_good_input_has_nothing_against_it(parts: Parts) -> None:
    assert lines(find(parts)) == []


# --- what is changed ---


def images(change: Callable[[Path], Any]) -> Change:
    """Change the folder of images."""
    return lambda folder, parts: change(folder / "photos")


def judgments(text: list[str], name: str = "j.csv", **keys: Any) -> Change:
    """Give another file of judgments."""

    def change(folder: Path, parts: Parts) -> None:
        (folder / name).write_text("\n".join(text))
        parts["comparisons"]["c"] |= {"judgments": name, **keys}

    return change


def array(values: np.ndarray, **keys: Any) -> Change:
    """Give an array of judgments with the order of its images."""

    def change(folder: Path, parts: Parts) -> None:
        np.save(folder / "j.npy", values)
        (folder / "order.txt").write_text("\n".join(IDS))
        parts["comparisons"]["c"] |= {"judgments": "j.npy", "kind": "similarity", "order": "order.txt", **keys}

    return change


def table(text: str, **keys: Any) -> Change:
    """Give a table of images."""

    def change(folder: Path, parts: Parts) -> None:
        (folder / "images.csv").write_text(text)
        parts["image_sets"]["tiny"]["table"] = "images.csv"
        parts["comparisons"]["c"] |= keys

    return change


def folds(number: int, **keys: Any) -> Change:
    """Ask for other folds."""
    return lambda folder, parts: parts["cross_validation"].update(folds=number, **keys)


def inner_folds(number: int) -> Change:
    """Ask for other folds inside the training images."""
    return lambda folder, parts: parts["statistics"].update(inner_folds=number)


def model(**keys: Any) -> Change:
    """Name a network."""
    return lambda folder, parts: parts["models"].update(net=keys)


def checkpoint(content: Any, **keys: Any) -> Change:
    """Name a network with a checkpoint."""

    def change(folder: Path, parts: Parts) -> None:
        if isinstance(content, bytes):
            (folder / "w.pt").write_bytes(content)
        else:
            torch.save(content, folder / "w.pt")
        parts["models"]["net"] = {"architecture": "squeezenet1_1", "weights": "checkpoint", "checkpoint": "w.pt"} | keys

    return change


def saliency(change: Callable[[Path], Any]) -> Change:
    """Bring saliency maps, and change them."""

    def bring(folder: Path, parts: Parts) -> None:
        entry = dict.fromkeys(("fixations", "degree", "spread"))
        parts["saliency"]["own"] = entry | {"method": "maps", "maps": "maps", "stretch": False}
        change(folder / "maps")

    return bring


def fixations(rows: str, header: str = "image,x,y") -> Change:
    """Bring fixations."""

    def bring(folder: Path, parts: Parts) -> None:
        (folder / "fixations.csv").write_text(f"{header}\n{rows}")
        entry = dict.fromkeys(("maps", "spread")) | {"stretch": False, "degree": 3}
        parts["saliency"]["seen"] = entry | {"method": "fixations", "fixations": "fixations.csv"}

    return bring


def masks(change: Callable[[Path], Any]) -> Change:
    """Bring masks, and change them."""

    def bring(folder: Path, parts: Parts) -> None:
        parts["controls"]["halves"] = {"image_set": "tiny", "masks": "masks", "objects": {"left": 1, "right": 2}}
        change(folder / "masks")

    return bring


def truncate(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def claim_pixels(file: Path) -> None:
    """The header of a PNG of 20000 x 20000 pixels."""
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

#: Bad input, where a mistake is made, and what must be said of it.
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
        "error: photos/i03.png: cannot be decoded as an image (it is none, or damaged)",
    ),
    "an image that claims too many pixels": (
        images(lambda folder: claim_pixels(folder / "i03.png")),
        "(it has far more than 100 million pixels, and is not read; reduce it)",
    ),
    "pixels without an agreed white": (
        images(lambda folder: Image.fromarray(np.ones((4, 4), dtype=np.float32)).save(folder / "i99.tif")),
        "error: photos/i99.tif: cannot be decoded as an image (floating-point pixels have no agreed white",
    ),
    "two images with one id": (
        images(lambda folder: noise(50).save(folder / "i03.jpg")),
        "error: photos: an image's id is its file name without the ending, and these share one: i03.jpg and i03.png",
    ),
    "ids that differ in capital letters": (
        images(lambda folder: noise(50).save(folder / "I03.png")),
        "error: photos: these ids differ in capital letters alone: I03 and i03. Rename or remove one",
    ),
    "an id that cannot be seen": (
        images(lambda folder: noise(50).save(folder / "a\tb.png")),
        "'a\\tb' cannot be an image id. Give the file a name of visible characters.",
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
        "error: fotos: this folder of images does not exist. Correct the image set's `folder`.",
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
        table("image,category\n" + "".join(f"{image},x\n" for image in [*IDS, "i00.png"])),
        "error: images.csv: the table does not fit the images; no such image: i00.png; an image id has no file ending",
    ),
    "a table that lacks an image": (
        table("image,category\n" + "".join(f"{image},x\n" for image in IDS[1:])),
        "error: images.csv: the table does not fit the images; images without a row: i00.",
    ),
    "a table without ids": (table("name\nx\n"), "error: images.csv: column image is missing; the header has name"),
    "a table without categories": (
        table("image,Category\n" + "".join(f"{image},x\n" for image in IDS)),
        "warning: images.csv: header: there is no column category, only image, Category.",
    ),
    "a table that is not there": (
        lambda folder, parts: parts["image_sets"]["tiny"].update(table="images.csv"),
        "error: images.csv: cannot be read (No such file or directory). Restore the file, or correct its path.",
    ),
    "a table with more fields than columns": (
        table("image,category\n" + "".join(f"{image},x,\n" for image in IDS)),
        "error: images.csv: its lines have more fields than its header. Give every column a name, or quote commas.",
    ),
    "an unknown category": (
        table("image,category\n" + "".join(f"{image},tools\n" for image in IDS), categories=["tool"]),
        "error: comparisons.c.categories: no image has the category 'tool'. Did you mean 'tools'?",
    ),
    "too few images chosen": (
        lambda folder, parts: parts["comparisons"]["c"].update(images=["i00", "i01"]),
        "error: comparisons.c: only 2 images are chosen. Take at least 3",
    ),
    # judgments
    "no file of judgments": (
        lambda folder, parts: parts["comparisons"]["c"].update(judgments="nowhere.csv"),
        "error: nowhere.csv: this file of judgments does not exist. Correct `judgments` of comparisons.c.",
    ),
    "an empty file": (judgments([]), "error: j.csv: the file is empty"),
    "a folder of judgments": (
        lambda folder, parts: parts["comparisons"]["c"].update(judgments="photos"),
        "error: photos: this is a folder. Name a file as `judgments` of comparisons.c.",
    ),
    "a judgment without an image": (
        judgments(changed(2, "i00,zebra,0.5,p0")),
        "error: j.csv: line 3, column image_b: 'zebra' is no image of this set",
    ),
    "an id with another capital letter": (
        judgments(changed(2, "i00,I02,0.5,p0")),
        "'I02' is no image of this set. 'i02' differs from it in capital letters alone",
    ),
    "an id with a file ending": (
        judgments(changed(2, "i00,i02.png,0.5,p0")),
        "'i02.png' is no image of this set. An image id has no file ending and no folder, 'i02' would be one",
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
        "error: j.csv: header: the header is that of no form of judgments",
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
        "error: j.csv: header: the header has one field fewer than every line: that above the ids of the rows. Begin",
    ),
    "a column of row numbers": (
        judgments([f"{number},{line}" if number else f",{line}" for number, line in enumerate(pair_lines())]),
        "error: j.csv: header: a column without a name, such as numbers of rows. Pairs have the columns image_a,",
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
    "an array without an order": (
        array(similarities(), order=None),
        "error: j.npy: an array does not name its images. Name a file as the comparison's `order`: text with their ids",
    ),
    "an order that is not there": (
        array(similarities(), order="oder.txt"),
        "error: oder.txt: this file of image ids does not exist. Correct the comparison's `order`: text with their ids",
    ),
    "an array of no numbers": (
        array(similarities().astype(str)),
        "error: j.npy: there is not exactly one array of numbers with two or three dimensions; there is: array 12x12",
    ),
    "a pickle": (
        judgments(["x"], name="j.pkl"),
        "error: j.pkl: a pickle can run any program when it is opened, and is not read",
    ),
    "an unknown ending": (
        judgments(["x"], name="j.xlsx"),
        "error: j.xlsx: no form of judgments has the ending '.xlsx'",
    ),
    "an odd image that is none of the three": (
        judgments([*TRIPLETS, "i00,i01,i02,i05"]),
        "the odd image 'i05' is none of the three (i00, i01, i02)",
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
        "w.pt: cannot be read as a PyTorch checkpoint of weights only (it is damaged, or a file of another kind). Get",
    ),
    "a checkpoint of a training that failed": (
        checkpoint({name: values * np.nan for name, values in torchvision.models.squeezenet1_1().state_dict().items()}),
        "error: models.net: w.pt: 52 weights have values that are not finite numbers, such as classifier.1.bias. The",
    ),
    "a checkpoint that is a whole network": (
        checkpoint(torch.nn.Linear(2, 2)),
        "w.pt: cannot be read as a PyTorch checkpoint of weights only (it holds torch.nn.modules.linear.Linear, which "
        "can run programs). Save `network.state_dict()` instead.",
    ),
    "a checkpoint that is no state dict": (checkpoint([1, 2]), "w.pt: is not a state dict (names to tensors)"),
    "no checkpoint": (
        checkpoint(b"hello", checkpoint="v.pt"),
        "v.pt: this checkpoint does not exist. Correct the key `checkpoint` of the network.",
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
        "maps/i03.png: cannot be read as a saliency map (",
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
        "error: masks: this folder of masks does not exist. Correct the control's `masks`.",
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
    found = lines(find(parts))
    assert any(said in line for line in found), found


def test_there_are_forty_kinds_and_more_each_with_a_message_of_its_own() -> None:
    assert len({said for _, said in CASES.values()}) == len(CASES) >= 40


def test_what_follows_from_another_mistake_is_not_told(parts: Parts) -> None:
    parts["image_sets"]["tiny"]["folder"] = "fotos"
    parts["comparisons"]["c"]["judgments"] = "nowhere.csv"
    assert [one.where for one in find(parts)] == ["fotos", "nowhere.csv"]


def test_everything_is_told_at_once(parts: Parts, tmp_path: Path) -> None:
    chosen = ["a truncated image", "no number", "a network misspelt", "an image without a saliency map"]
    for case in chosen:
        CASES[case][0](tmp_path, parts)
    parts["comparisons"]["other"] = parts["comparisons"]["c"] | {"judgments": "nowhere.csv"}
    found = find(parts)
    said = [*(CASES[case][1] for case in chosen), CASES["no file of judgments"][1].replace(".c.", ".other.")]
    assert [any(text in line for line in lines(found)) for text in said] == [True] * 5


def test_what_is_known_to_be_wrong_is_told_first(parts: Parts, tmp_path: Path) -> None:
    CASES["a network misspelt"][0](tmp_path, parts)
    parts |= {"problems": [("models.other.sede", "there is no such key; did you mean seed?")], "cross_validation": None}
    parts["statistics"]["inner_folds"] = None
    first, second = lines(find(parts))
    assert first == "error: models.other.sede: there is no such key; did you mean seed?"
    assert "resnet19" in second


def test_cached_weights_that_fail_their_hash_are_told(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"half a file")
    parts["models"]["net"] = {"architecture": "squeezenet1_1"}
    assert "squeezenet1_1-b8a52dc0.pth: its SHA-256 does not begin with b8a52dc0" in lines(find(parts))[0]


def test_a_check_in_a_run_tells_all_of_it_and_starts_nothing_heavy(project: Path) -> None:
    truncate(project / "my photos" / "photo 03.png")
    with (project / "pairs.csv").open("a", encoding="utf-8") as stream:
        stream.write("photo 00,nobody,1.0,p1\n")

    def misspell(config: dict[str, Any]) -> None:
        config["models"]["resnet18"]["architecture"] = "resnet19"

    change_config(project, misspell)
    answer = run_snakemake(project, "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    for said in ("photo 03.png: cannot be decoded", "'nobody' is no image of this set", "no network called 'resnet19'"):
        assert said in answer.stdout
    assert "Traceback" not in answer.stdout
    results = project / "results"
    assert not (results / "inputs/checks.csv").exists()
    assert not (results / "activations").exists()
    assert (results / "logs/check_inputs.csv").read_text(encoding="utf-8").count("error,") == 3


def test_the_check_tells_of_missing_files_beside_all_else(project: Path) -> None:
    truncate(project / "my photos" / "photo 03.png")

    def spoil(config: dict[str, Any]) -> None:
        config["comparisons"]["pairs"]["judgments"] = "piars.csv"
        config["image_sets"]["tiny"]["table"] = "tabel.csv"
        config["saliency"]["own"] = {"method": "maps", "maps": "mpas"}
        config["controls"]["halves"]["masks"] = "msaks"
        config["models"]["resnet18"]["architecture"] = "resnet19"

    change_config(project, spoil)
    answer = run_snakemake(project, "check", "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    for said in (
        "piars.csv: this file of judgments does not exist. Correct `judgments` of comparisons.pairs.",
        "tabel.csv: cannot be read (No such file or directory).",
        "mpas: this folder of saliency maps does not exist.",
        "msaks: this folder of masks does not exist.",
        "photo 03.png: cannot be decoded",
        "no network called 'resnet19'",
    ):
        assert said in answer.stdout
    assert "Traceback" not in answer.stdout


def spoil_everything(config: dict[str, Any]) -> None:
    """Make a mistake of every kind: in the form of the configuration, in its files and in what these hold."""
    config["cross_validation"] |= {"folds": 13, "sedes": [1]}
    config["comparisons"]["pairs"]["knid"] = config["comparisons"]["pairs"].pop("kind")
    config["comparisons"]["matrix"]["judgments"] = "martix.csv"
    config["comparisons"]["distances"] = {"image_set": "tyni", "judgments": "pairs.csv"}
    config["comparisons"]["ratings"] = {"image_set": "tiny", "judgments": "nothing of it.csv", "kind": "similar"}
    config["comparisons"]["unknown"] = {"image_set": "tiny", "judgments": "unknown.csv", "kind": "similarity"}
    config["models"]["resnet18"]["architecture"] = "resnet19"
    config["saliency"]["deep"] = {"method": "deepgaze_iie", "checkpoint": "deepgaze.pth"}
    config["statistics"]["bootstraps"] = "many"
    config["datasets"] = {"king2019": {}, "peterson2018": {}}
    for name, path in (("king", "king2019/set1"), ("fruits", "peterson2018/fruits")):
        config["image_sets"][name] = {"folder": f"data/{path}/images"}
        config["comparisons"][name] = {"image_set": name, "judgments": f"data/{path}/judgments.csv"}


#: What must be said of these, and of nothing else.
EVERYTHING = (
    "cross_validation.sedes: there is no such key; did you mean seeds?",
    "comparisons.pairs.knid: there is no such key; did you mean kind?",
    "comparisons.distances.image_set: there is no image set 'tyni'; did you mean tiny?",
    "comparisons.ratings.kind: 'similar' is not possible; use similarity, dissimilarity, null",
    "saliency.deep.checkpoint: there is no ",
    "statistics.bootstraps: 'many' is not a whole number",
    "lacks the 144 photographs of the first set: images/set1 or set1",
    "ratings of fruits may be data/peterson2018/original/fruits/oldSim.mat and data/peterson2018/original/fruits/sim.m",
    "photo 03.png: cannot be decoded",
    "martix.csv: this file of judgments does not exist. Correct `judgments` of comparisons.matrix.",
    "unknown.csv: line 200, column image_b: 'nobody' is no image of this set",
    "cross_validation.folds: comparisons.pairs, 2 of 2 seeds, such as 1: 13 folds need at least as many images",
    "no network called 'resnet19'",
)


@pytest.mark.parametrize("targets", [("check",), (), ("figures", "results/prediction/summary.csv")], ids=str)
def test_mistakes_of_every_stage_are_told_in_one_report(targets: tuple[str, ...], project: Path) -> None:
    truncate(project / "my photos" / "photo 03.png")
    ratings = (project / "pairs.csv").read_text(encoding="utf-8").replace("dissimilarity", "similarity")
    (project / "unknown.csv").write_text(f"{ratings}photo 00,nobody,1.0,p1\n", encoding="utf-8")
    write_king2019(project / "data/king2019/original", n_images=4)
    (project / "data/king2019/original/images/set1").rename(project / "somewhere else")
    fruits = project / "data/peterson2018/original/fruits"
    write_peterson2018(fruits.parent, {"fruits": ["1.jpg", "2.jpg"]})
    (fruits.parent / "hsim_peterson.npz").unlink()
    for name in ("sim.mat", "oldSim.mat"):
        (fruits / name).touch()
    change_config(project, spoil_everything)
    answer = run_snakemake(project, *targets, "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert [said for said in EVERYTHING if said not in answer.stdout] == []
    assert "Traceback" not in answer.stdout
    report = (project / "results/logs/check_inputs.csv").read_text(encoding="utf-8")
    assert report.count("error,") == len(EVERYTHING)
    assert {path.name for path in (project / "results").iterdir()} <= {"logs", "benchmarks", "inputs", "provenance"}
    assert not (project / "results/inputs/checks.csv").exists()


def test_what_can_be_asked_without_a_run_is_not_in_the_way_of_mistakes(project: Path) -> None:
    change_config(project, lambda config: config["cross_validation"].update(sedes=[1]))
    said = "cross_validation.sedes: there is no such key; did you mean seeds?"
    for option in ("--dry-run", "--summary", "--touch", "--rulegraph"):
        answer = run_snakemake(project, option, "--cores", "1", "--configfile", "tiny.yaml")
        assert answer.returncode == 1, option
        assert said in answer.stdout and "Traceback" not in answer.stdout
    for option in ("--unlock", "--lint", "--list-rules"):
        assert run_snakemake(project, option, "--configfile", "tiny.yaml").returncode == 0, option


def use_published(config: dict[str, Any]) -> None:
    """Add two data sets that the workflow makes, one of them of two categories."""
    config["datasets"] = {"king2019": {}, "peterson2018": {}}
    for name, path in (
        ("king", "king2019/set1"),
        ("fruits", "peterson2018/fruits"),
        ("animals", "peterson2018/animals"),
    ):
        config["image_sets"][name] = {"folder": f"data/{path}/images"}
        judged = {"judgments": f"data/{path}/judgments.csv", "kind": None if name == "king" else "similarity"}
        config["comparisons"][name] = {"image_set": name, **judged}


def test_published_files_that_are_refused_are_told_beside_all_else(project: Path) -> None:
    king, peterson = (project / f"data/{name}/original" for name in ("king2019", "peterson2018"))
    write_king2019(king, n_images=12)
    lost = sorted((king / "images/set1").iterdir())[0]
    lost.rename(project / "lost")
    matrices = write_peterson2018(peterson, {name: [f"{n}.jpg" for n in range(12)] for name in ("fruits", "animals")})
    np.savez(peterson / "hsim_peterson.npz", fruits=matrices["fruits"][:5], animals=matrices["animals"])
    truncate(project / "my photos" / "photo 03.png")
    change_config(project, use_published)
    change_config(project, lambda config: config["cross_validation"].update(folds=2, sedes=[1]))
    said = (
        "but the 11 photographs of set1 have 55 pairs",
        "fruits needs a square matrix called fruits, and 0 fit. The file has: animals 12x12, fruits 5x12",
        "photo 03.png: cannot be decoded",
        "cross_validation.sedes: there is no such key; did you mean seeds?",
    )
    command = ("check", "--cores", "1", "--configfile", "tiny.yaml")
    # Again without a change: what was refused may have been so for a reason that has passed.
    for _ in range(2):
        answer = run_snakemake(project, *command)
        assert answer.returncode == 1
        assert [text for text in said if text not in answer.stdout] == []
        assert "Traceback" not in answer.stdout
        report = pd.read_csv(project / "results/logs/check_inputs.csv", keep_default_na=False)
        assert (report["level"] == "error").sum() == len(said), report
        assert "make_king2019" in answer.stdout and "make_peterson2018" in answer.stdout
        assert not (project / "data/king2019/set1/images").exists()
        assert not (project / "data/peterson2018/fruits/judgments.csv").exists()
    (project / "lost").rename(lost)
    np.savez(peterson / "hsim_peterson.npz", fruits=matrices["fruits"], animals=matrices["animals"])
    shutil.copy(project / "my photos" / "photo 02.png", project / "my photos" / "photo 03.png")
    change_config(project, lambda config: config["cross_validation"].pop("sedes"))
    answer = run_snakemake(project, *command)
    assert answer.returncode == 0, answer.stdout
    # The warnings of adapters are kept with all others.
    found = pd.read_csv(project / "results/inputs/checks.csv", keep_default_na=False)
    kept = found[found["where"] == "datasets.peterson2018"]
    assert "animals: 12 photographs; the published category has 120" in kept["found"].tolist()


def test_mistakes_are_told_where_what_is_to_be_checked_cannot_be_made(project: Path) -> None:
    write_king2019(project / "data/king2019/original", n_images=12)
    script = project / "scripts/make_king2019.py"
    text = script.read_text(encoding="utf-8").replace("    findings = Problems()", "    raise OSError('no space left')")
    script.write_text(text, encoding="utf-8")

    def spoil(config: dict[str, Any]) -> None:
        config["cross_validation"]["sedes"] = [1]
        config["datasets"] = {"king2019": {}}
        config["image_sets"]["king"] = {"folder": "data/king2019/set1/images"}
        config["comparisons"]["king"] = {"image_set": "king", "judgments": "data/king2019/set1/judgments.csv"}

    change_config(project, spoil)
    answer = run_snakemake(project, "check", "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert "no space left" in answer.stdout
    assert "  - cross_validation.sedes: there is no such key; did you mean seeds?" in answer.stdout


def test_a_file_name_that_snakemake_cannot_follow_is_told_beside_all_else(project: Path) -> None:
    photo = project / "my photos" / "photo 00.png"
    photo.rename(photo.with_name("<script>.png"))
    truncate(project / "my photos" / "photo 03.png")
    answer = run_snakemake(project, "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    for said in ("my photos/<script>.png: rename it; Snakemake reads { } < >", "photo 03.png: cannot be decoded"):
        assert said in answer.stdout


def test_a_mistake_after_a_good_check_is_checked_again(project: Path) -> None:
    """A misspelt key leaves a configuration that may be the one that was checked."""
    command = ("check", "--cores", "1", "--configfile", "tiny.yaml")
    assert run_snakemake(project, *command).returncode == 0
    change_config(project, lambda config: config["cross_validation"].update(sedes=[1]))
    answer = run_snakemake(project, *command)
    assert answer.returncode == 1
    assert "cross_validation.sedes: there is no such key; did you mean seeds?" in answer.stdout
    change_config(project, lambda config: config["cross_validation"].pop("sedes"))
    assert run_snakemake(project, *command).returncode == 0


def test_jobs_of_other_machines_tell_mistakes_as_the_check_or_stop(project: Path) -> None:
    """Jobs read the configuration again: the check tells its mistakes, others must not run with what is left of it."""
    change_config(project, lambda config: config["cross_validation"].update(sedes=[1]))
    said = "cross_validation.sedes: there is no such key; did you mean seeds?"
    for rule, wildcards, before in (("check_inputs", "", ""), ("make_folds", "comparison=pairs,seed=1", "  - ")):
        job = (
            "--target-jobs",
            f"{rule}:{wildcards}",
            "--allowed-rules",
            rule,
            "--mode",
            "remote",
            "--force",
            "--nolock",
        )
        answer = run_snakemake(project, *job, "--cores", "1", "--configfile", "tiny.yaml")
        assert answer.returncode == 1
        assert f"\n{before}{said}" in answer.stdout
    assert not (project / "results/folds").exists()
