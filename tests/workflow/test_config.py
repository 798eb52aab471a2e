"""The configuration: schema and default file agree, and every mistake is told with the key it is in."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from tiny_project import CONFIG, ROOT, change_config, run_snakemake

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
READY = sorted((ROOT / "workflow/configs").glob("*.yaml"))


def load(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def keys_of(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """All keys of a schema by path, with `*` for a name of the user's choice."""
    for key, entry in schema.get("properties", {}).items():
        yield (*path, key), entry
        yield from keys_of(entry, (*path, key))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys_of(schema["additionalProperties"], (*path, "*"))


KEYS = dict(keys_of(SCHEMA))
WITH_DEFAULT = [path for path, entry in KEYS.items() if "default" in entry]


def values_at(config: Any, path: tuple[str, ...]) -> list[Any]:
    """All values of a configuration at a path with `*`."""
    if not path:
        return [config]
    if not isinstance(config, dict):
        return []
    entries = config.values() if path[0] == "*" else [config[path[0]]] if path[0] in config else []
    return [value for entry in entries for value in values_at(entry, path[1:])]


def of_user(path: tuple[str, ...]) -> bool:
    """Names and files of the demo, which are no defaults."""
    return "*" in path or path in {(kind,) for kind in ("datasets", "image_sets", "comparisons", "models", "controls")}


def file_with(path: tuple[str, ...]) -> Path:
    """The configuration in which a key must stand: that of a data set, or the default one."""
    of_dataset = path[0] == "datasets" and path[1:] and path[1] != "demo"
    return ROOT / (f"workflow/configs/{path[1]}.yaml" if of_dataset else "config.yaml")


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_every_key_is_described_and_stands_in_a_configuration(path: tuple[str, ...]) -> None:
    assert KEYS[path]["description"].endswith(".")
    assert values_at(load(file_with(path)), path)


@pytest.mark.parametrize("path", [path for path in WITH_DEFAULT if not of_user(path)], ids=".".join)
def test_default_configuration_has_the_defaults(path: tuple[str, ...], common: SimpleNamespace) -> None:
    schema = KEYS[path]
    expected = common.with_defaults(schema["default"], schema)
    found = common.with_defaults(values_at(load(file_with(path)), path)[0], schema)
    assert found == expected


@pytest.mark.parametrize("path", [path for path in WITH_DEFAULT if "*" in path], ids=".".join)
def test_an_entry_of_the_demo_spells_out_the_default_or_its_own_file(path: tuple[str, ...]) -> None:
    values = values_at(load(ROOT / "config.yaml"), path)
    own = {("image_sets", "*", "table"), ("comparisons", "*", "simulated"), ("comparisons", "*", "kind")}
    assert path in own or KEYS[path]["default"] in values


def test_mappings_of_the_schema_are_closed() -> None:
    def check(schema: Any) -> None:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False or "type" in schema["additionalProperties"]
            for value in schema.values():
                check(value)

    check(SCHEMA)


def test_every_key_of_the_default_configuration_has_a_comment() -> None:
    """A key is explained where it first stands: on its line or on the line above."""
    explained: set[str] = set()
    above = ""
    for line in (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines():
        key = re.match(r"\s*([\w-]+):(.*)", line)
        if key and (above.lstrip().startswith("#") or "#" in key[2]):
            explained.add(key[1])
        above = line
    here = {path[-1] for path in KEYS if file_with(path) == ROOT / "config.yaml"}
    assert here - {"*"} <= explained


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *READY], ids=lambda file: file.name)
def test_ready_configuration_is_valid(file: Path, common: SimpleNamespace) -> None:
    completed, problems = common.complete_config(load(file))
    assert not problems
    assert common.complete_config(completed) == (completed, [])


def test_left_out_keys_take_their_defaults(common: SimpleNamespace) -> None:
    given = {key: CONFIG[key] for key in ("image_sets", "comparisons", "models")}
    completed, problems = common.complete_config(copy.deepcopy(given))
    assert not problems
    assert completed["results"] == "results"
    assert completed["cross_validation"] == {
        "unit": "images", "folds": 5, "seeds": [111, 222, 333, 444, 555, 666, 777, 888]
    }  # fmt: skip
    assert completed["image_sets"]["tiny"] == {"folder": "my photos", "table": None, "background": None}
    assert completed["datasets"] == completed["controls"] == {}
    assert list(completed["saliency"]) == ["spectral_residual", "fine_grained"]


def test_order_of_keys_and_spelling_of_paths_make_no_difference(common: SimpleNamespace) -> None:
    other = copy.deepcopy(CONFIG)
    other["models"]["resnet18"] = dict(reversed(other["models"]["resnet18"].items()))
    other["image_sets"]["tiny"]["folder"] = "./my photos/"
    assert repr(common.complete_config(other)) == repr((common.complete_config(copy.deepcopy(CONFIG))[0], []))


def change(config: dict[str, Any], path: str, value: Any) -> None:
    """Set the key at a dotted path, or delete it when the value is `GONE`."""
    *above, key = path.split(".")
    for step in above:
        config = config[step]
    if value is GONE:
        del config[key]
    else:
        config[key] = value


GONE = object()

#: Where a mistake is made, with what value, and what must be said of it.
MISTAKES: list[tuple[str, Any, list[str]]] = [
    ("modles", {}, ["modles: there is no such key; did you mean models?"]),
    ("cross_validation.fold", 5, ["cross_validation.fold: there is no such key; did you mean folds?"]),
    ("models.resnet18.xyz", 1, ["models.resnet18.xyz: there is no such key; possible: architecture, weights, "]),
    ("datasets", {"demos": {}}, ["datasets.demos: there is no such key; did you mean demo?"]),
    ("models", GONE, ["models: this key is missing"]),
    ("comparisons.pairs.judgments", GONE, ["comparisons.pairs.judgments: this key is missing"]),
    ("device", "gpu", ["device: 'gpu' is not possible; use auto, cpu, cuda"]),
    ("image_sets", None, ["image_sets: None is not a mapping of keys"]),
    ("memory_gb", "much", ["memory_gb: 'much' is not a number"]),
    ("memory_gb", 0, ["memory_gb: 0 is less than or equal to the minimum of 0"]),
    ("cross_validation.folds", 1, ["cross_validation.folds: 1 is less than the minimum of 2"]),
    ("cross_validation.seeds", [3, 4, 3], ["cross_validation.seeds: there more than once: 3; keep one of each"]),
    ("cross_validation.seeds", [], ["cross_validation.seeds: 0 entries, but there must be at least 1"]),
    (
        "image_sets.tiny.background",
        [0, 0, 0, 0],
        ["image_sets.tiny.background: 4 entries, but there must be at most 3"],
    ),
    (
        "comparisons.pairs.images",
        ["x", "y", "x", "z", "y"],
        ["comparisons.pairs.images: there more than once: x, y; keep one of each"],
    ),
    ("cross_validation.seeds", [3, True], ["cross_validation.seeds.1: True is not a whole number"]),
    ("overlap.top_percent", [100], ["overlap.top_percent.0: 100 is greater than or equal to the maximum of 100"]),
    ("models.a b", {"architecture": "vgg16"}, ["models.a b: a name has letters, digits, '_', '-' and '.'"]),
    ("models./up", {"architecture": "vgg16"}, ["models./up: a name has letters, digits, '_', '-' and '.'"]),
    ("comparisons.<script>", CONFIG["comparisons"]["pairs"], ["comparisons.<script>: a name has letters, digits"]),
    ("controls.halves.objects", {"<b>": 1, "disc": 2}, ["controls.halves.objects.<b>: a name has letters, digits"]),
    ("results", "my {results}", ["results: 'my {results}' cannot be used; Snakemake reads { } < >"]),
    (
        "comparisons.pairs.image_set",
        "tyni",
        ["comparisons.pairs.image_set: there is no image set 'tyni'; did you mean tiny?"],
    ),
    (
        "controls.halves.image_set",
        "other",
        ["controls.halves.image_set: there is no image set 'other'; possible: tiny"],
    ),
    (
        "models.resnet18.weights",
        "checkpoint",
        [
            "models.resnet18.checkpoint: this key is missing; `weights: checkpoint` needs it",
            "models.resnet18.seed: it has no use without `weights: random`",
        ],
    ),
    ("models.resnet18.sha256", "0" * 64, ["models.resnet18.sha256: it has no use without `weights: checkpoint`"]),
    ("models.resnet18.seed", GONE, ["models.resnet18.seed: this key is missing; `weights: random` needs it"]),
    (
        "models.resnet18",
        {"architecture": "vgg16", "weights": "checkpoint", "checkpoint": "w.pt", "sha256": "abc"},
        ["models.resnet18.sha256: 3 characters, but there must be at least 64"],
    ),
    ("saliency.own", {"method": "maps"}, ["saliency.own.maps: this key is missing; `method: maps` needs it"]),
    (
        "saliency.seen",
        {"method": "fixations", "spread": 0.2},
        [
            "saliency.seen.fixations: this key is missing; `method: fixations` needs it",
            "saliency.seen.degree: this key is missing; `method: fixations` needs it",
            "saliency.seen.spread: `method: fixations` has no use for it",
        ],
    ),
    (
        "saliency.centre",
        {"method": "centre_bias", "fixations": "f.csv", "spread": 0.2},
        ["saliency.centre.degree: this key is missing; `fixations` needs it"],
    ),
    ("saliency.centre", {"method": "centre_bias", "degree": 30}, ["saliency.centre.degree: it has no use without"]),
    ("saliency.deep", {"method": "deepgaze_iie"}, ["saliency.deep.checkpoint: this key is missing"]),
    ("saliency.deep", {"method": "network"}, ["saliency.deep.architecture: this key is missing"]),
    (
        "saliency.deep",
        {"method": "network", "architecture": "a:b", "input_size": [3]},
        ["saliency.deep.input_size: 1 entry, but there must be at least 2"],
    ),
]


def assert_problems(config: dict[str, Any], messages: list[str], common: SimpleNamespace) -> None:
    """Make sure that these messages, and no others, are about a configuration."""
    _, problems = common.complete_config(config)
    with pytest.raises(WorkflowError) as error:
        common.stop_at(problems)
    for message in messages:
        assert f"  - {message}" in str(error.value)
    assert str(error.value).count("  - ") == len(messages)


@pytest.mark.parametrize(("path", "value", "messages"), MISTAKES)
def test_a_mistake_is_told(path: str, value: Any, messages: list[str], common: SimpleNamespace) -> None:
    config = copy.deepcopy(CONFIG)
    change(config, path, value)
    assert_problems(config, messages, common)


#: Where a mistake is made, with what value, the one message, and what can be used: names of comparisons and controls.
UNUSABLE: list[tuple[str, Any, str, list[str]]] = [
    ("image_sets", 5, "image_sets: 5 is not a mapping of keys", []),
    ("comparisons", GONE, "comparisons: this key is missing", []),
    ("comparisons", {}, "comparisons: 0 entries, but there must be at least 1", []),
    ("comparisons", ["pairs"], "comparisons: ['pairs'] is not a mapping of keys", []),
    ("image_sets.tiny.background", [0], "1 entry, but there must be at least 3", ["matrix", "pairs"]),
    ("image_sets.tiny.folder", 5, "image_sets.tiny.folder: 5 is not text", []),
    ("image_sets.tiny", {"fodler": "my photos"}, "fodler: there is no such key; did you mean", ["matrix", "pairs"]),
    ("comparisons.pairs", [], "comparisons.pairs: [] is not a mapping of keys", ["matrix"]),
    ("comparisons.<b>", CONFIG["comparisons"]["pairs"], "comparisons.<b>: a name has letters", ["matrix", "pairs"]),
    ("comparisons.pairs.categories", "x", "comparisons.pairs.categories: 'x' is not a list", ["matrix"]),
    ("comparisons.pairs.image_set", "tyni", "did you mean tiny?", ["matrix"]),
    ("comparisons.pairs.by_category", ["a", "/a"], "a second comparison pairs-a;", ["matrix", "pairs", "pairs-a"]),
    ("cross_validation.folds", "many", "cross_validation.folds: 'many' is not a whole number", ["matrix", "pairs"]),
    ("datasets", {"king2019": {"source": 5}}, "datasets.king2019.source: 5 is not text", ["matrix", "pairs"]),
    ("datasets", {"king2019": 5}, "datasets.king2019: 5 is not a mapping of keys", ["matrix", "pairs"]),
    ("datasets", [], "datasets: [] is not a mapping of keys", ["matrix", "pairs", "king"]),
]


@pytest.mark.parametrize(("path", "value", "message", "usable"), UNUSABLE)
def test_what_cannot_be_used_is_left_out_with_what_depends_on_it(
    path: str, value: Any, message: str, usable: list[str], common: SimpleNamespace
) -> None:
    config = copy.deepcopy(CONFIG)
    if path == "datasets":
        config["image_sets"]["king"] = {"folder": "data/king2019/set1/images"}
        config["comparisons"]["king"] = {"image_set": "king", "judgments": "data/king2019/set1/judgments.csv"}
    change(config, path, value)
    completed, problems = common.complete_config(config)
    assert [message in common.list_of([problem]) for problem in problems] == [True]
    assert list(completed["comparisons"]) == usable
    assert list(completed["controls"]) == ["halves"] * bool(completed["image_sets"])
    assert (completed["cross_validation"] is None) == path.startswith("cross_validation")


def test_a_misspelt_key_is_read_as_what_it_is_most_like(common: SimpleNamespace) -> None:
    config = copy.deepcopy(CONFIG)
    config["comparisons"]["pairs"]["knid"] = config["comparisons"]["pairs"].pop("kind")
    config["modles"] = {"net": config.pop("models")["resnet18"] | {"unheard of": 1, "sede": 2}}
    completed, problems = common.complete_config(config)
    assert [".".join(path) for path, _ in problems] == [
        "comparisons.pairs.knid",
        "modles",
        "models.net.unheard of",
        "models.net.sede",
    ]
    assert completed["comparisons"]["pairs"]["kind"] == "dissimilarity"
    assert completed["models"]["net"]["seed"] == 1


def test_a_name_that_is_a_number_is_refused(common: SimpleNamespace) -> None:
    config = copy.deepcopy(CONFIG)
    config["models"][18] = {"architecture": "resnet18"}
    with pytest.raises(WorkflowError, match=r"models.18: a name must be text; put it in quotes"):
        common.stop_at(common.complete_config(config)[1])


def test_a_control_that_nobody_judged_is_refused(common: SimpleNamespace) -> None:
    config = copy.deepcopy(CONFIG)
    config["image_sets"]["other"] = {"folder": "my photos"}
    config["controls"]["halves"]["image_set"] = "other"
    with pytest.raises(WorkflowError, match=r"controls.halves.image_set: no comparison has the image set 'other'"):
        common.stop_at(common.complete_config(config)[1])


def test_names_that_would_share_a_file_are_refused(common: SimpleNamespace) -> None:
    config = copy.deepcopy(CONFIG)
    pairs, network = config["comparisons"]["pairs"], config["models"]["resnet18"]
    config["comparisons"] = {"a": pairs, "a_b": pairs}
    config["models"] = {"b_c": network, "c": network}
    with pytest.raises(WorkflowError, match=r"comparisons.a_b: its files with models.c are those of a with models.b_c"):
        common.stop_at(common.complete_config(config)[1])


def test_all_mistakes_are_told_at_once_and_without_a_traceback(project: Path) -> None:
    def spoil(config: dict[str, Any]) -> None:
        config["cross_validation"]["sedes"] = [1]
        config["comparisons"]["pairs"]["kind"] = "similar"

    change_config(project, spoil)
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert "cross_validation.sedes: there is no such key; did you mean seeds?" in answer.stdout
    assert "comparisons.pairs.kind: 'similar' is not possible; use similarity, dissimilarity, null" in answer.stdout
    assert "Traceback" not in answer.stdout


def test_missing_files_are_told_all_at_once(project: Path) -> None:
    (project / "pairs.csv").unlink()

    def spoil(config: dict[str, Any]) -> None:
        config["image_sets"]["tiny"]["folder"] = "my pictures"
        config["models"]["resnet18"] = {"architecture": "resnet18", "weights": "checkpoint", "checkpoint": "w.pth"}

    change_config(project, spoil)
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    for problem in (
        f"image_sets.tiny.folder: there is no {project / 'my pictures'}",
        f"comparisons.pairs.judgments: there is no {project / 'pairs.csv'}",
        f"models.resnet18.checkpoint: there is no {project / 'w.pth'}",
    ):
        assert problem in answer.stdout
    assert "Traceback" not in answer.stdout


def test_a_file_name_that_snakemake_cannot_follow_is_told(project: Path) -> None:
    photo = project / "my photos" / "photo 00.png"
    photo.rename(photo.with_name("<script>.png"))
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml")
    assert answer.returncode == 1
    assert "my photos/<script>.png: rename it; Snakemake reads { } < >" in answer.stdout


def test_a_configuration_stands_alone(project: Path) -> None:
    """Nothing of the demo in config.yaml gets into another run."""
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    assert "draw_demo" not in answer.stdout
    assert "demo" not in answer.stdout


def test_the_default_is_the_demo_in_any_folder(tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--config", "results=elsewhere")
    assert answer.returncode == 0, answer.stdout
    assert "draw_demo" in answer.stdout
    assert "elsewhere/figures/control_demo_efficientnet_lite0.png" in answer.stdout


def test_a_configuration_in_the_working_directory_is_taken(project: Path, tmp_path: Path) -> None:
    (project / "tiny.yaml").replace(project / "config.yaml")
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--directory", str(project))
    assert answer.returncode == 0, answer.stdout
    assert "results/prediction/pairs/resnet18.csv" in answer.stdout


def test_results_moves_everything_that_is_computed(project: Path) -> None:
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml", "--config", "results=some where")
    assert answer.returncode == 0, answer.stdout
    written = re.findall(r"^ +(?:output|log|benchmark): (.*)$", answer.stdout, flags=re.MULTILINE)
    paths = [path for line in written for path in line.split(", ")]
    assert len(paths) > 150
    assert all(path.startswith("some where/") for path in paths)
    assert "results/" not in answer.stdout
