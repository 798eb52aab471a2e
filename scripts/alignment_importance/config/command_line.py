"""What the command line, a profile or a file says, where Snakemake reads it as something else than is meant."""

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
    """What Snakemake, which does not know the keys, may have read as something else than they want.

    It takes `results=2026_01` for the number 202601, whatever quotes are around it, and the numbers in
    `cross_validation={seeds: [1, 2]}` for text. Here, text is what was written, and what has keys or items of its own
    is read as in a configuration file.

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
    """Refuse resources that are functions: Snakemake evaluates them as Python, in which a partition `all` is one.

    Args:
        settings: resources of Snakemake by name, which hold what was written in `raw`.

    Raises:
        ConfigurationError: names them.
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
    """Refuse a file of YAML in which a key stands twice in one place: YAML takes the last and drops the others.

    Raises:
        ConfigurationError: names keys, files and lines.
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
    """Keys that stand twice in one mapping, with the lines on which they do."""
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
