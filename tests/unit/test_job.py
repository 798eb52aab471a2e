"""What Snakemake hands to a script, bound to the parameters of its function by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from job import bind

import pytest

from alignment_importance.system.compute import Compute, prepare


class Named(dict[str, Any]):
    """Files or values with names, as Snakemake hands them over."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def handed(**parts: dict[str, Any]) -> SimpleNamespace:
    """What a rule with these parts hands to its script."""
    names = ("input", "output", "params", "wildcards", "log", "resources")
    return SimpleNamespace(threads=3, **{name: Named(parts.get(name, {})) for name in names})


def test_a_value_is_found_wherever_it_stands() -> None:
    def function(table: Path, image: Path, folder: Path, score: str, model: str, threads: int) -> None: ...

    snakemake = handed(
        output={"table": "t.csv"},
        input={"image": "i.png"},
        params={"score": "pearson", "folder": "photos"},
        wildcards={"model": "m"},
    )
    assert bind(function, snakemake) == {
        "table": Path("t.csv"),
        "image": Path("i.png"),
        "folder": Path("photos"),
        "score": "pearson",
        "model": "m",
        "threads": 3,
    }


def test_settings_become_the_resources_of_the_job() -> None:
    def function(compute: Compute) -> None: ...

    settings: dict[str, Any] = {"device": "cpu", "memory_gb": 2, "precision": "float32"}
    found = bind(function, handed(params={"compute": settings}, resources={"gpu": 1}))["compute"]
    assert found == prepare(gpus=1, threads=3, **settings)
    assert (found.device.type, found.threads) == ("cpu", 3)


def test_files_become_what_the_type_says() -> None:
    def function(
        one: Path, none: Path | None, many: Sequence[Path], empty: Sequence[Path], by: Mapping[tuple[str, int], Path]
    ) -> None: ...

    snakemake = handed(
        input={"one": ["a"], "none": [], "many": ["a", "b"], "empty": [], "by": ["x", "y"]},
        params={"by": [["c", 1], ["d", 2]]},
    )
    assert bind(function, snakemake) == {
        "one": Path("a"),
        "none": None,
        "many": [Path("a"), Path("b")],
        "empty": [],
        "by": {("c", 1): Path("x"), ("d", 2): Path("y")},
    }


def test_what_a_rule_does_not_have_is_told() -> None:
    def function(missing: str) -> None: ...

    def mapped(files: Mapping[str, Path]) -> None: ...

    with pytest.raises(TypeError, match="no input, output, param or wildcard 'missing'"):
        bind(function, handed())
    with pytest.raises(TypeError, match="needs its keys in the params"):
        bind(mapped, handed(input={"files": ["a"]}))
    with pytest.raises(ValueError, match="zip"):
        bind(mapped, handed(input={"files": ["a"]}, params={"files": ["x", "y"]}))
