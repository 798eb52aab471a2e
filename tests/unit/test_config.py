"""The configuration: types, schema, documentation and default file agree; every mistake is told with its key."""

import copy
import json
import os
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_project import CONFIG, ROOT

from alignment_importance.config import ConfigurationError, configure, start_of
from alignment_importance.config.sections import Features
from making import configuration

SCHEMA = json.loads((ROOT / configuration.SCHEMA).read_text(encoding="utf-8"))
READY = [ROOT / "config.yaml", *sorted((ROOT / "workflow/configs").glob("*.yaml"))]


def load(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def completed(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with its defaults; files are not looked for."""
    return configure(config, look_at_files=False).model_dump()


def below(told: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value, with the definition that it refers to."""
    return told | SCHEMA["$defs"].get(told.get("$ref", "").rpartition("/")[2], {})


def keys_of(told: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """All keys of a schema by path, with `*` for a name of the user's choice."""
    for key, entry in told.get("properties", {}).items():
        yield (*path, key), entry
        yield from keys_of(below(entry), (*path, key))
    for entry in told.get("patternProperties", {}).values():
        # A model is a network or features: take the keys of a network.
        yield from keys_of(below(entry.get("oneOf", [entry])[0]), (*path, "*"))


KEYS = dict(keys_of(SCHEMA))
WITH_DEFAULT = [path for path, entry in KEYS.items() if "default" in entry]

#: Keys whose default the demo does not spell out, since they hold its own names and files or describe them.
OF_DEMO = {
    *((kind,) for kind in ("datasets", "image_sets", "comparisons", "models", "saliency", "controls")),
    ("image_sets", "*", "table"),
    ("comparisons", "*", "simulated"),
    ("comparisons", "*", "kind"),
    ("comparisons", "*", "pairs"),
    # Replaced by a model for each of the layers.
    ("models", "*", "map_layers"),
}


def values_at(config: Any, path: tuple[str, ...]) -> list[Any]:
    """All values of a configuration at a path with `*`."""
    if not path:
        return [config]
    if not isinstance(config, dict):
        return []
    entries = config.values() if path[0] == "*" else [config[path[0]]] if path[0] in config else []
    return [value for entry in entries for value in values_at(entry, path[1:])]


def file_with(path: tuple[str, ...]) -> Path:
    """The configuration file that must have a key: that of its data set, or the default one."""
    of_dataset = path[0] == "datasets" and path[1:] and path[1] != "demo"
    return ROOT / (f"workflow/configs/{path[1]}.yaml" if of_dataset else "config.yaml")


# --- types, schema, documentation, default file ---


def test_schema_and_reference_are_those_of_the_types() -> None:
    remedy = "make it anew: python docs/make.py configuration"
    assert configuration.schema() == SCHEMA, remedy
    assert (ROOT / configuration.REFERENCE).read_text(encoding="utf-8") == configuration.reference(), remedy


def test_the_schema_is_valid_and_knows_the_keys() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    wrong: list[dict[str, Any]] = [
        {"modles": {}},
        {"cross_validation": {"folds": 1}},
        {"cross_validation": {"seeds": [1, 1]}},
        {"datasets": {"demo": {"seed": -1}}},
        {"datasets": {"demos": {}}},
        {"models": {"a b": {"architecture": "vgg16"}}},
        {"results": "{a}"},
    ]
    assert [one for one in wrong if validator.is_valid(CONFIG | one)] == []
    assert validator.is_valid(CONFIG)


def mappings(told: Any) -> Iterator[dict[str, Any]]:
    """All mappings that a schema describes, at any depth."""
    if isinstance(told, dict):
        if told.get("type") == "object":
            yield told
        for entry in told.values():
            yield from mappings(entry)


def test_no_mapping_takes_keys_of_another_name() -> None:
    found = list(mappings(SCHEMA))
    assert len(found) > len(SCHEMA["$defs"])
    closed = (told.get("additionalProperties") is False or "propertyNames" in told for told in found)
    assert all(closed)


def test_the_reference_has_a_table_for_every_section() -> None:
    """A table lists the keys of its section alone, in their order."""
    text = (ROOT / configuration.REFERENCE).read_text(encoding="utf-8")
    tables = {
        heading.strip("`"): re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)
        for heading, rows in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
    }
    expected: dict[str, list[str]] = {}
    for *above, key in KEYS:
        expected.setdefault(".".join(above).replace("*", "NAME") or "Top level", []).append(key)
    # The names of data sets are headings, not rows.
    del expected["datasets"]
    expected["models.NAME (features)"] = list(Features.model_fields)
    # `objects` holds names of the user's choice, without keys.
    assert tables == {name: keys for name, keys in expected.items() if not name.endswith(".objects")}


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_every_key_is_described_and_stands_in_a_configuration(path: tuple[str, ...]) -> None:
    assert below(KEYS[path])["description"].endswith(".")
    assert values_at(load(file_with(path)), path)


@pytest.mark.parametrize("path", [path for path in WITH_DEFAULT if path not in OF_DEMO], ids=".".join)
def test_the_default_configuration_spells_out_the_defaults(path: tuple[str, ...]) -> None:
    found = values_at(completed(load(file_with(path))), path)
    assert KEYS[path]["default"] in found


def test_every_key_of_the_default_configuration_has_a_comment() -> None:
    """A key is explained where it first occurs: on its line or on the line above."""
    explained: set[str] = set()
    above = ""
    for line in (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines():
        key = re.match(r"\s*([\w-]+):(.*)", line)
        if key and (above.lstrip().startswith("#") or "#" in key[2]):
            explained.add(key[1])
        above = line
    here = {path[-1] for path in KEYS if file_with(path) == ROOT / "config.yaml"}
    assert here <= explained


# --- valid configurations ---


@pytest.mark.parametrize("file", READY, ids=lambda file: file.name)
def test_a_ready_configuration_is_valid(file: Path) -> None:
    jsonschema.validate(load(file), SCHEMA)
    once = completed(load(file))
    assert completed(once) == once
    assert json.loads(json.dumps(once)) == once


def test_left_out_keys_take_their_defaults() -> None:
    found = completed({key: CONFIG[key] for key in ("image_sets", "comparisons", "models")})
    assert found["results"] == "results"
    assert found["cross_validation"] == {
        "unit": "images",
        "folds": 5,
        "seeds": [111, 222, 333, 444, 555, 666, 777, 888],
        "seeds_per_job": None,
    }
    assert found["image_sets"]["tiny"] == {"folder": "my photos", "table": None, "background": None}
    assert found["datasets"] == found["controls"] == {}
    assert list(found["saliency"]) == ["spectral_residual", "fine_grained"]


def test_order_of_keys_and_spelling_of_values_make_no_difference() -> None:
    other = copy.deepcopy(CONFIG)
    other["models"]["resnet18"] = dict(reversed(other["models"]["resnet18"].items()))
    other["image_sets"]["tiny"]["folder"] = "./my photos/"
    other["cross_validation"]["folds"] = 3.0
    assert repr(completed(other)) == repr(completed(CONFIG))


def test_a_number_stays_as_it_is_written() -> None:
    """Percentages are written to tables, where 5 is not 5.0."""
    assert repr(completed(CONFIG | {"overlap": {"top_percent": [5, 7.5]}})["overlap"]["top_percent"]) == "[5, 7.5]"


def test_a_comparison_for_every_category_of_a_list() -> None:
    pairs = CONFIG["comparisons"]["pairs"]
    named = {"mine": pairs | {"by_category": ["human face", "(n/a) thing"]}, "other": pairs}
    found = completed(CONFIG | {"comparisons": named})["comparisons"]
    assert list(found) == ["mine", "mine-human-face", "mine-n-a-thing", "other"]
    assert [entry["categories"] for entry in found.values()] == [[], ["human face"], ["(n/a) thing"], []]
    assert all(entry["by_category"] == [] for entry in found.values())
    kept = {"categories", "by_category"}
    assert all(found["mine"][key] == found["mine-human-face"][key] for key in found["mine"].keys() - kept)


@pytest.mark.parametrize(
    ("asked", "of_category"),
    [
        ("all", "all"),
        ({"per_image": 1}, {"per_image": 1, "agreement": 12, "disagreement": 12}),
        # Named pairs may be of other categories.
        ([["x", "y"]], {"per_image": 3, "agreement": 12, "disagreement": 12}),
        ("pairs.csv", {"per_image": 3, "agreement": 12, "disagreement": 12}),
    ],
)
def test_what_is_explained_of_a_category(asked: Any, of_category: Any) -> None:
    mine = CONFIG["comparisons"]["pairs"] | {"by_category": ["tool"], "pairs": asked}
    found = completed(CONFIG | {"comparisons": {"mine": mine}})["comparisons"]
    assert found["mine-tool"]["pairs"] == of_category


# --- mistakes ---


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

#: The path of a key, a wrong value for it, and the beginnings of the messages that it must cause.
MISTAKES: list[tuple[str, Any, list[str]]] = [
    ("modles", {}, ["modles: there is no such key; did you mean models?"]),
    ("cross_validation.fold", 5, ["cross_validation.fold: there is no such key; did you mean folds?"]),
    ("models.resnet18.xyz", 1, ["models.resnet18.xyz: there is no such key; possible: architecture, weights, "]),
    ("datasets", {"demos": {}}, ["datasets.demos: there is no such key; did you mean demo?"]),
    ("models", GONE, ["models: this key is missing"]),
    ("comparisons.pairs.judgments", GONE, ["comparisons.pairs.judgments: this key is missing"]),
    ("device", "gpu", ["device: 'gpu' is not possible; use auto, cpu, cuda"]),
    ("image_sets", None, ["image_sets: null is not a mapping of keys"]),
    ("memory_gb", "much", ["memory_gb: 'much' is not a number"]),
    ("memory_gb", float("inf"), ["memory_gb: inf is not a number"]),
    ("models.resnet18.map_layers", ["a", "a"], ["models.resnet18.map_layers: listed more than once: a; keep one"]),
    ("models.resnet18.map_layers", ["a b"], ["models.resnet18.map_layers.0: 'a b' cannot be used; a name has letters"]),
    (
        "models.resnet18",
        {"architecture": "vgg16", "map_layer": "features.3", "map_layers": ["features.29"]},
        ["models.resnet18.map_layer: it has no effect beside `map_layers`; keep one"],
    ),
    (
        "models",
        {"a": {"architecture": "vgg16", "map_layers": ["features.3"]}, "a.features.3": {"architecture": "vgg16"}},
        ["models.a.map_layers: 'features.3' would make a second model a.features.3; rename one of them"],
    ),
    (
        "statistics.permutations_elsewhere",
        5,
        ["statistics.permutations_elsewhere: this key is called permutations_non_pooled now; rename it"],
    ),
    ("memory_gb", 0, ["memory_gb: 0 is not possible; it must be more than 0"]),
    ("cross_validation.folds", 1, ["cross_validation.folds: 1 is not possible; it must be at least 2"]),
    ("cross_validation.seeds", [3, 4, 3], ["cross_validation.seeds: listed more than once: 3; keep one of each"]),
    ("cross_validation.seeds", [], ["cross_validation.seeds: 0 entries, but there must be at least 1"]),
    (
        "image_sets.tiny.background",
        [0, 0, 0, 0],
        ["image_sets.tiny.background: 4 entries, but there must be at most 3"],
    ),
    (
        "comparisons.pairs.images",
        ["x", "y", "x", "z", "y"],
        ["comparisons.pairs.images: listed more than once: x, y; keep one of each"],
    ),
    ("comparisons.pairs.pairs", {"per_imge": 1}, ["comparisons.pairs.pairs.per_imge: there is no such key; did you"]),
    ("comparisons.pairs.pairs", {"agreement": -1}, ["comparisons.pairs.pairs.agreement: -1 is not possible; it must"]),
    ("comparisons.pairs.pairs", [["x", "y"], ["x"]], ["comparisons.pairs.pairs.1: 1 entry, but there must be at"]),
    ("comparisons.pairs.pairs", [["x", 7]], ["comparisons.pairs.pairs.0.1: 7 is not text"]),
    ("comparisons.pairs.pairs", ["xy"], ["comparisons.pairs.pairs.0: 'xy' is not a list"]),
    ("comparisons.pairs.pairs", None, ["comparisons.pairs.pairs: null is not a mapping of keys"]),
    # In quotes it would be the name of a file.
    ("comparisons.pairs.pairs", 0, ["comparisons.pairs.pairs: 0 is not a mapping of keys"]),
    ("cross_validation.seeds", [3, True], ["cross_validation.seeds.1: true is not a whole number"]),
    ("overlap.top_percent", [100], ["overlap.top_percent.0: 100 is not possible; it must be less than 100"]),
    ("models.a b", {"architecture": "vgg16"}, ["models.a b: a name has letters, digits, '_', '-' and '.'"]),
    ("models./up", {"architecture": "vgg16"}, ["models./up: a name has letters, digits, '_', '-' and '.'"]),
    ("comparisons.<script>", CONFIG["comparisons"]["pairs"], ["comparisons.<script>: a name has letters, digits"]),
    ("controls.halves.objects", {"<b>": 1, "disc": 2}, ["controls.halves.objects.<b>: a name has letters, digits"]),
    (
        "controls.halves.objects",
        {"disc": 2, "square": 2},
        ["controls.halves.objects: listed more than once: 2; keep one of each"],
    ),
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
            "models.resnet18.seed: it has no effect without `weights: random`",
        ],
    ),
    ("models.resnet18.sha256", "0" * 64, ["models.resnet18.sha256: it has no effect without `weights: checkpoint`"]),
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
            "saliency.seen.spread: `method: fixations` does not use it",
        ],
    ),
    (
        "saliency.centre",
        {"method": "centre_bias", "fixations": "f.csv", "spread": 0.2},
        ["saliency.centre.degree: this key is missing; `fixations` needs it"],
    ),
    ("saliency.centre", {"method": "centre_bias", "degree": 30}, ["saliency.centre.degree: it has no effect without"]),
    ("saliency.deep", {"method": "deepgaze_iie"}, ["saliency.deep.checkpoint: this key is missing"]),
    ("saliency.deep", {"method": "network"}, ["saliency.deep.architecture: this key is missing"]),
    (
        "saliency.deep",
        {"method": "network", "architecture": "resnet50"},
        ["saliency.deep.architecture: 'resnet50' is not package.module:function"],
    ),
    (
        "saliency.deep",
        {"method": "network", "architecture": "a:b", "input_size": [3]},
        ["saliency.deep.input_size: 1 entry, but there must be at least 2"],
    ),
]


def problems_of(config: dict[str, Any]) -> list[str]:
    """The messages about a wrong configuration; files are not looked for."""
    with pytest.raises(ConfigurationError) as error:
        configure(config, look_at_files=False)
    first, *lines = str(error.value).splitlines()
    assert first == "The configuration cannot be used:"
    assert lines == [f"  - {problem}" for problem in error.value.problems]
    return [line.removeprefix("  - ") for line in lines]


@pytest.mark.parametrize(("path", "value", "messages"), MISTAKES)
def test_a_mistake_is_told_and_nothing_else(path: str, value: Any, messages: list[str]) -> None:
    config = copy.deepcopy(CONFIG)
    change(config, path, value)
    told = problems_of(config)
    assert len(told) == len(messages)
    assert [one for one in messages if not any(line.startswith(one) for line in told)] == []


#: Mistakes in the form of a section or value: what depends on it is not reported, so that there is one message.
FORMS: list[tuple[str, Any, str]] = [
    ("image_sets", 5, "image_sets: 5 is not a mapping of keys"),
    ("comparisons", GONE, "comparisons: this key is missing"),
    ("comparisons", {}, "comparisons: 0 entries, but there must be at least 1"),
    ("comparisons", ["pairs"], "comparisons: ['pairs'] is not a mapping of keys"),
    ("image_sets.tiny.background", [0], "image_sets.tiny.background: 1 entry, but there must be at least 3"),
    ("image_sets.tiny.folder", 5, "image_sets.tiny.folder: 5 is not text; put it in quotes"),
    ("results", date(2026, 11, 27), "results: 2026-11-27 is not text; put it in quotes"),
    ("results", None, "results: null is not text"),
    ("comparisons.pairs", [], "comparisons.pairs: [] is not a mapping of keys"),
    ("comparisons.pairs.categories", "x", "comparisons.pairs.categories: 'x' is not a list"),
    ("comparisons.pairs.by_category", ["a", "/a"], "comparisons.pairs.by_category: '/a' would make a second"),
    ("comparisons.pairs.images", 5, "comparisons.pairs.images: 5 is not text"),
    ("cross_validation.folds", "many", "cross_validation.folds: 'many' is not a whole number"),
    ("datasets", {"king2019": {"source": 5}}, "datasets.king2019.source: 5 is not text"),
    ("datasets", {"king2019": 5}, "datasets.king2019: 5 is not a mapping of keys"),
    ("datasets", {"king2019": {"sorce": "x"}}, "datasets.king2019.sorce: there is no such key; did you mean source?"),
    ("datasets", {1: {}}, "datasets.1: a name must be text; put it in quotes"),
    ("datasets", None, "datasets: null is not a mapping of keys"),
    ("datasets", {"demo": None}, "datasets.demo: null is not a mapping of keys"),
    ("datasets", [], "datasets: [] is not a mapping of keys"),
    ("published", "petersn2018", "published: there are no published values 'petersn2018'; did you mean peterson2018?"),
]


@pytest.mark.parametrize(("path", "value", "message"), FORMS)
def test_nothing_is_told_of_what_depends_on_a_mistake(path: str, value: Any, message: str) -> None:
    config = copy.deepcopy(CONFIG)
    config["image_sets"]["king"] = {"folder": "data/king2019/set1/images"}
    config["comparisons"]["king"] = {"image_set": "king", "judgments": "data/king2019/set1/judgments.csv"}
    change(config, path, value)
    [told] = problems_of(config)
    assert told.startswith(message)


def test_all_mistakes_are_told_at_once() -> None:
    config = copy.deepcopy(CONFIG)
    change(config, "cross_validation.sedes", [1])
    change(config, "comparisons.pairs.kind", "similar")
    change(config, "comparisons.matrix.image_set", "tyni")
    change(config, "models.resnet18.seed", GONE)
    change(config, "datasets", {"demo": {"seed": -1}})
    change(config, "saliency.own", {"method": "maps"})
    change(config, "published", "nothing")
    assert problems_of(config) == [
        "comparisons.pairs.kind: 'similar' is not possible; use similarity, dissimilarity, null",
        "cross_validation.sedes: there is no such key; did you mean seeds?",
        "datasets.demo.seed: -1 is not possible; it must be at least 0",
        "comparisons.matrix.image_set: there is no image set 'tyni'; did you mean tiny?",
        "models.resnet18.seed: this key is missing; `weights: random` needs it",
        "saliency.own.maps: this key is missing; `method: maps` needs it",
        "published: there are no published values 'nothing'; possible: peterson2018",
    ]


def test_nothing_is_repaired() -> None:
    config = copy.deepcopy(CONFIG)
    config["modles"] = config.pop("models")
    assert problems_of(config) == [
        "models: this key is missing",
        "modles: there is no such key; did you mean models?",
    ]


@pytest.mark.parametrize("name", [18, True, None, 1.5], ids=str)
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    config = copy.deepcopy(CONFIG)
    config["models"][name] = {"architecture": "resnet18"}
    config["statistics"][name] = 1
    told = [f"{section}.{name}: a name must be text; put it in quotes" for section in ("models", "statistics")]
    assert problems_of(config) == told


def test_a_control_that_nobody_judged_is_refused() -> None:
    config = copy.deepcopy(CONFIG)
    config["image_sets"]["other"] = {"folder": "my photos"}
    config["controls"]["halves"]["image_set"] = "other"
    assert problems_of(config) == ["controls.halves.image_set: no comparison has the image set 'other'"]


def test_names_that_would_share_a_file_are_refused() -> None:
    config = copy.deepcopy(CONFIG)
    pairs, network = config["comparisons"]["pairs"], config["models"]["resnet18"]
    config["comparisons"] = {"a": pairs, "a_b": pairs}
    config["models"] = {"b_c": network, "c": network}
    [told] = problems_of(config)
    assert told == "comparisons.a_b: its files with models.c are those of a with models.b_c; rename one of them"


def test_categories_whose_names_become_the_same_are_refused() -> None:
    pairs = CONFIG["comparisons"]["pairs"]
    [told] = problems_of(CONFIG | {"comparisons": {"mine": pairs | {"by_category": ["a b", "a/b"]}, "mine-a": pairs}})
    assert told.startswith("comparisons.mine.by_category: 'a/b' would make a second comparison mine-a-b; rename one")


# --- any mapping is a configuration, or is refused with its mistakes ---

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
_NAMES = st.sampled_from(sorted({key for path in KEYS for key in path})) | st.text(max_size=4) | st.integers()
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4))


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """The tiny configuration with random values at up to four keys."""
    config = copy.deepcopy(CONFIG)
    for path in draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=4)):
        part: Any = config
        for step in path[:-1]:
            step = draw(st.sampled_from(sorted(part, key=str))) if step == "*" and part else step
            part = part.setdefault(step, {})
            if not isinstance(part, dict):
                break
        else:
            part[path[-1]] = draw(_VALUES)
    return config


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(_NAMES, _VALUES, max_size=5) | spoilt())
def test_any_mapping_is_a_configuration_or_is_told_what_is_wrong(config: dict[Any, Any]) -> None:
    try:
        found = configure(config).model_dump()
    except ConfigurationError as error:
        assert error.problems
        assert all(isinstance(problem.key, tuple) and problem.found for problem in error.problems)
    else:
        assert configure(found).model_dump() == found


# --- the settings that the target `new` starts from ---


def test_nothing_to_start_from_is_no_mistake() -> None:
    assert start_of(CONFIG) is None


def test_a_start_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "pairs.csv").touch()
    start = {"name": "faces", "images": "./photos/", "judgments": "pairs.csv"}
    others: dict[str, Any] = {"columns": {}} | dict.fromkeys(("kind", "order", "key", "table", "only"))
    assert start_of(start | {"results": "elsewhere"}) == start | {"images": "photos"} | others
    (tmp_path / "faces.yaml").touch()
    with pytest.raises(ConfigurationError, match=r"name: there is a file faces.yaml already; take another name"):
        start_of(start)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"name": "faces", "images": "nowhere", "judgments": "pairs.csv"}, "images: there is no .*/nowhere"),
        ({"name": "faces", "images": "nowhere"}, "judgments: this key is missing"),
        (
            {"name": "a b", "images": "photos", "judgments": "pairs.csv"},
            "name: .a b. cannot be used; a name has",
        ),
    ],
)
def test_a_wrong_start_is_told(start: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        start_of(start)


def test_a_start_of_what_a_run_would_refuse_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "<b>.png").touch()
    (tmp_path / "pairs.csv").touch()
    os.utime(tmp_path / "pairs.csv", (time.time() + 86_400,) * 2)
    with pytest.raises(ConfigurationError) as error:
        start_of({"name": "faces", "images": "photos", "judgments": "pairs.csv"})
    names, times = map(str, error.value.problems)
    assert names.startswith("photos/<b>.png: rename it; Snakemake")
    assert times.startswith("pairs.csv: its modification time") and times.endswith(
        "in the future; reset it with: touch pairs.csv"
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"features": "f.npy"}, "models.mine.order: this key is missing"),
        ({"features": "f.npy", "order": "o.txt", "seed": 1}, "models.mine.seed: there is no such key"),
        (
            {"features": "f.npy", "order": "o.txt", "architecture": "vgg16"},
            "models.mine.architecture: there is no such",
        ),
        ({"features": "f.npy", "order": "o.txt", "layout": "x"}, "layout: 'x' is not possible; use maps, units"),
        ({"architecture": "vgg16", "order": "o.txt"}, "models.mine.order: there is no such key"),
        ({}, "models.mine.architecture: this key is missing"),
        (3, "models.mine: 3 is not a mapping of keys"),
    ],
)
def test_a_model_is_a_network_or_features(entry: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        configure(CONFIG | {"models": {"mine": entry}}, look_at_files=False)
