"""Corrects or refuses what Snakemake misreads on the command line, in a profile or in a configuration file."""

import builtins
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from alignment_importance.config.problems import KeyProblem, bare, raise_any
from alignment_importance.config.sections import Configuration, Start

#: Keys whose value is text.
_TEXTS = {
    key for form in (Configuration, Start) for key, field in form.model_fields.items() if bare(field.annotation) is str
}


def misread(words: Iterable[str]) -> dict[str, Any]:
    """Read those values on the command line whose type Snakemake, which does not know the keys, may have got wrong.

    It takes `results=2026_01` for the number 202601, whatever quotes are around it, and the numbers in
    `cross_validation={seeds: [1, 2]}` for text. Here, the value of a key for text is the text as written, and a list
    or mapping is read as in a configuration file.

    Args:
        words: key=value, as on the command line.
    """
    read = dict[str, Any]()
    for word in words:
        key, _, value = word.partition("=")
        value = value.strip("'\"")
        if key in _TEXTS and value:
            read[key] = value
        elif key in Configuration.model_fields and value.startswith(("{", "[")):
            with suppress(yaml.YAMLError):
                read[key] = yaml.safe_load(value)
    return read


def check_resources(*settings: Mapping[str, Any]) -> None:
    """Refuse resources with the name of a Python function, such as a partition `all`: Snakemake would evaluate them.

    Args:
        settings: Snakemake's resources by name; the attribute `raw` of each is the text as written.

    Raises:
        ConfigurationError: names these resources.
    """
    remedy = "Snakemake takes this for a function of Python; put it in two kinds of quotes"
    raise_any(
        [
            KeyProblem((name,), f"{remedy}: \"'{resource.raw}'\"")
            for resources in settings
            for name, resource in resources.items()
            if callable(vars(builtins).get(resource.raw))
        ]
    )


def check_files(paths: Iterable[str | Path]) -> None:
    """Refuse YAML files in which one mapping has a key twice: YAML takes the last value and drops the others.

    Raises:
        ConfigurationError: names the keys, files and lines.
    """
    files = [Path(path) for path in paths if Path(path).suffix != ".json"]
    raise_any(
        [
            KeyProblem(key, f"it stands twice in {file}, on line {first} and on line {second}; keep one")
            for file in files
            for key, first, second in _repeated(yaml.compose(file.read_text(encoding="utf-8")))
        ]
    )


def _repeated(node: yaml.Node | None, within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield the path of every key that a mapping repeats, and the lines of both occurrences."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item, within)
    if isinstance(node, yaml.MappingNode):
        lines = dict[str, int]()
        for name, value in node.value:
            key, line = str(name.value), name.start_mark.line + 1
            if key in lines:
                yield (*within, key), lines[key], line
            lines[key] = line
            yield from _repeated(value, (*within, key))
