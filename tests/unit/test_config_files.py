"""The files that a configuration names: one that is missing is told with its key, unless a data set makes it."""

import copy
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from published_forms import write_king2019, write_peterson2018, write_things
from tiny_project import CONFIG, ROOT, write_inputs

from alignment_importance.config import ConfigurationError, Plan, configure, files
from alignment_importance.inputs.datasets import registry

CATEGORIES = ("animals", "fruits", "furniture", "transportation", "various", "vegetables")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the inputs of the tiny configuration."""
    write_inputs(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def ready(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / f"workflow/configs/{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def problems_of(config: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        configure(config)
    return [str(problem) for problem in error.value.problems]


def write_peterson(folder: Path) -> None:
    write_peterson2018(folder, {category: [f"{number}.jpg" for number in range(16)] for category in CATEGORIES})
    (folder.parents[1] / "ecoset").mkdir()
    (folder.parents[1] / "ecoset" / "vgg16_ecoset.pth").touch()


def test_files_that_are_there_are_no_mistake(folder: Path) -> None:
    assert configure(CONFIG) == configure(CONFIG, look_at_files=False)


def test_missing_files_are_told_all_at_once(folder: Path) -> None:
    config = copy.deepcopy(CONFIG)
    (folder / "pairs.csv").unlink()
    config["image_sets"]["tiny"]["folder"] = "my pictures"
    config["comparisons"]["matrix"]["images"] = "nowhere.txt"
    config["comparisons"]["third"] = config["comparisons"]["pairs"]
    config["models"]["resnet18"] = {"architecture": "resnet18", "weights": "checkpoint", "checkpoint": "w.pth"}
    config["saliency"]["deep"] = {"method": "deepgaze_iie", "checkpoint": "deep.pth"}
    config["cross_validation"]["sedes"] = [1]
    assert problems_of(config) == [
        "cross_validation.sedes: there is no such key; did you mean seeds?",
        f"image_sets.tiny.folder: there is no {folder}/my pictures",
        f"comparisons.matrix.images: there is no {folder}/nowhere.txt",
        f"comparisons.pairs.judgments: there is no {folder}/pairs.csv",
        f"models.resnet18.checkpoint: there is no {folder}/w.pth",
        f"saliency.deep.checkpoint: there is no {folder}/deep.pth; deepgaze2e.pth is in the release v1.0.0 of "
        "matthias-k/DeepGaze on GitHub",
    ]


def test_results_belong_in_a_folder(folder: Path) -> None:
    (folder / "done.txt").touch()
    assert problems_of(CONFIG | {"results": "done.txt"}) == [f"results: {folder}/done.txt is a file; name a folder"]
    assert configure(CONFIG | {"results": "not there yet"}).results == "not there yet"


def test_a_file_name_that_snakemake_cannot_follow_is_told(folder: Path) -> None:
    photo = folder / "my photos" / "photo 00.png"
    photo.rename(photo.with_name("<script>.png"))
    assert problems_of(CONFIG) == [
        "my photos/<script>.png: rename it; Snakemake reads { } < > in a path as placeholders"
    ]


def test_a_file_name_that_no_output_can_hold_is_told(folder: Path) -> None:
    photos = folder / "my photos"
    (photos / "photo 00.png").rename(os.fsdecode(os.fsencode(photos) + b"/caf\xe9.png"))
    (photos / "photo 01.png").rename(photos / "a\tb.png")
    reason = "rename it; the name is not UTF-8 or has control characters"
    assert problems_of(CONFIG) == [
        rf"my photos/a\tb.png: {reason}",
        rf"my photos/caf\udce9.png: {reason}",
    ]
    assert not any(
        "\t" in file or "caf" in file for file in Plan(configure(CONFIG, look_at_files=False)).files_of("my photos")
    )


def test_times_in_the_future_are_told_with_the_command_that_resets_them(folder: Path) -> None:
    """As from a camera whose clock is wrong, or a zip archive of another time zone; Snakemake blames the network."""
    tomorrow = time.time() + 86_400
    said = time.strftime("%Y-%m-%d %H:%M", time.localtime(tomorrow))
    first, second = (folder / "my photos" / f"photo {number}.png" for number in ("03", "07"))
    for file in (first, folder / "pairs.csv"):
        os.utime(file, (tomorrow, tomorrow))
    change = f"its modification time, {said}, is in the future"
    assert problems_of(CONFIG) == [
        f"my photos/photo 03.png: {change}; reset it with: touch 'my photos/photo 03.png'",
        f"pairs.csv: {change}; reset it with: touch pairs.csv",
    ]
    os.utime(second, (tomorrow, tomorrow))
    assert problems_of(CONFIG)[0] == (
        f"my photos/photo 03.png: {change}, and that of 1 other in my photos; reset it with: "
        "touch 'my photos' 'my photos'/*"
    )
    assert subprocess.run(["bash", "-c", "touch 'my photos' 'my photos'/* pairs.csv"], check=True).returncode == 0
    assert configure(CONFIG)


def test_a_path_with_a_control_character_is_told(folder: Path) -> None:
    config = copy.deepcopy(CONFIG)
    config["image_sets"]["tiny"]["folder"] = "my\0photos"
    assert problems_of(config)[0] == (
        "image_sets.tiny.folder: 'my\\x00photos' cannot be used; Snakemake reads { } < > in a path as placeholders, "
        "and control characters are part of none"
    )


# --- data sets ---


@pytest.mark.parametrize("name", registry.FORMS)
def test_every_data_set_has_all_its_places(name: str) -> None:
    form = registry.FORMS[name]
    assert set(form.needs) == {need for part in form.makes.values() for need in part.of}
    assert "folder" in form.keys and ("source" in form.keys or name == "demo")
    assert all(key.description.endswith(".") for key in form.keys.values())
    if name != "demo":
        plan = Plan(configure(ready(name), look_at_files=False))
        settings = plan.configuration
        named = {entry.folder for entry in settings.image_sets.values()}
        named |= {entry.judgments for entry in settings.comparisons.values()}
        assert named <= set(plan.wanted_files(name).values()) <= files.made(settings)
        assert f"## {name}" in (ROOT / "docs/data_sets.md").read_text(encoding="utf-8")


def test_a_data_set_made_here_is_found_by_its_files() -> None:
    config = ready("mur92")
    config["datasets"]["mur92"]["folder"] = "."
    for section in ("image_sets", "comparisons"):
        text = json.dumps(config[section]).replace("data/mur92/", "")
        config[section] = json.loads(text)
    assert "judgments.csv" in Plan(configure(config, look_at_files=False)).wanted_files("mur92").values()


WRITERS: dict[str, Callable[[Path], Any]] = {
    "peterson2018": write_peterson,
    "king2019": lambda folder: write_king2019(folder, n_images=16),
    "things": write_things,
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_published_files_are_found(name: str, folder: Path) -> None:
    WRITERS[name](folder / "data" / name / "original")
    plan = Plan(configure(ready(name)))
    sources = plan.files_of_sources(name)
    assert len(sources) > 5
    assert all((folder / file).is_file() for file in sources)
    assert set(plan.sources_of(name)) == set(registry.FORMS[name].needs)


def test_all_missing_sources_are_told_at_once_with_their_places(folder: Path) -> None:
    source = f"{folder}/data/king2019/original"
    where = "(docs/data_sets.md says where it is from)"
    assert problems_of(ready("king2019")) == [
        f"datasets.king2019.source: {source} lacks the 144 photographs of the first set: images/set1 or set1 {where}",
        f"datasets.king2019.source: {source} lacks the distances of both sets: BEHAVIOR.mat or "
        f"sim_judgements/BEHAVIOR.mat {where}",
        f"datasets.king2019.source: {source} lacks the 144 photographs of the second set: images/set2 or set2 {where}",
    ]
    told = problems_of(ready("peterson2018"))
    assert len(told) == 13
    assert any("transportation: transportation/images or automobiles/images or " in line for line in told)
    told = problems_of(ready("things"))
    assert len(told) == 6
    assert any("lacks the odd-one-out choices: trainset.txt with validationset.txt or " in line for line in told)


def test_only_what_is_wanted_must_be_there(folder: Path) -> None:
    source = folder / "data/things/original"
    write_things(source)
    for name in ("RDM48_triplet.mat", "trainset.txt"):
        (source / name).unlink()
    (source / "spose_embedding_49d_sorted.txt").rename(folder / "own embedding.txt")
    config = ready("things")
    del config["comparisons"]["things-triplets"], config["comparisons"]["things48"], config["image_sets"]["things48"]
    config["datasets"]["things"]["embedding"] = "own embedding.txt"
    plan = Plan(configure(config))
    assert plan.sources_of("things")["embedding"] == ["own embedding.txt"]
    assert list(plan.wanted_files("things")) == ["images", "embedding", "order"]
    config["datasets"]["things"]["embedding"] = "gone.txt"
    [told] = problems_of(config)
    assert told == (
        f"datasets.things.embedding: there is no {folder}/gone.txt (a SPoSE or VICE embedding of the objects)"
    )


def test_two_files_that_may_be_meant_are_told(folder: Path) -> None:
    write_peterson(source := folder / "data/peterson2018/original")
    (source / "hsim_peterson.npz").unlink()
    for category in CATEGORIES:
        (source / category / "sim.mat").touch()
    (source / "fruits" / "oldSim.mat").touch()
    where = "data/peterson2018/original/fruits"
    assert problems_of(ready("peterson2018")) == [
        "datasets.peterson2018.source: the similarity ratings of fruits may be "
        f"{where}/oldSim.mat and {where}/sim.mat; keep one of them there"
    ]
