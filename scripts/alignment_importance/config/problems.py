"""The problems of a configuration, each with the full key, what was found there and what is possible."""

import json
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from alignment_importance.config.values import NAME_PATTERN
from alignment_importance.system import names
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted

NAMES = "a name has letters, digits, '_', '-' and '.', and starts with a letter or digit"
PLACEHOLDERS = "Snakemake reads { } < > in a path as placeholders"
PATHS = f"{PLACEHOLDERS}, and control characters are part of none"

#: The new names of renamed keys, by the old full path.
RENAMED = {("statistics", "permutations_elsewhere"): "permutations_non_pooled"}

#: What a value should be, by pydantic's type of error.
_KINDS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
}

#: Steps of pydantic's paths that are no keys: tags of the forms of a value, and the mark of a mapping's wrong key.
_NO_KEYS = {
    "ids", "file of ids", "numbers of pairs", "list of pairs", "file of pairs", "all pairs", "a network",
    "own features", "[key]",
}  # fmt: skip

#: How messages word a bound, and the name of its value in pydantic's context, by pydantic's type of error.
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


@dataclass(frozen=True)
class KeyProblem:
    """One problem of a configuration.

    Attributes:
        key: path of the key, or the name of a file.
        found: what is wrong there and what is possible, as a clause.
    """

    key: tuple[Any, ...]
    found: str

    def __str__(self) -> str:
        """Write it with the full key: a.b.c."""
        return f"{'.'.join(map(str, self.key))}: {self.found}"


class ConfigurationError(InputError):
    """Everything that is wrong with a configuration.

    Attributes:
        problems: in the order of the keys.
    """

    def __init__(self, problems: Iterable[KeyProblem]) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__("\n".join(["The configuration cannot be used:", *(f"  - {one}" for one in self.problems)]))


def raise_any(problems: Sequence[KeyProblem]) -> None:
    """Raise one `ConfigurationError` for all problems, if there are any."""
    if problems:
        raise ConfigurationError(problems)


def nearest(word: object, known: Iterable[str]) -> str:
    """Offer the known word most like a misspelt one, and otherwise all of them."""
    known = list(known)
    close = names.nearest(str(word), known)
    return f"; did you mean {close[0]}?" if close else f"; possible: {', '.join(known)}"


def of_validation(error: ValidationError, form: type[BaseModel], above: tuple[Any, ...] = ()) -> list[KeyProblem]:
    """Turn the errors that pydantic found into problems.

    Args:
        error: raised by `form.model_validate`.
        form: the class that was validated.
        above: path of the key whose value was validated; empty for a whole configuration.
    """
    return [_problem(details, form, above) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, form: type[BaseModel], above: tuple[Any, ...]) -> KeyProblem:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    steps = [step for step in details["loc"] if step not in _NO_KEYS]
    key = (*above, *steps)
    to_type = [step for step in details["loc"] if step != "[key]"]
    if kind == "literal_error" and "[key]" in details["loc"]:
        known, _ = get_args(_annotation(form, to_type[:-1]))
        return KeyProblem(key, f"there is no such key{nearest(value, _choices(known))}")
    if kind == "invalid_key" or "[key]" in details["loc"]:
        found = NAMES if kind == "string_pattern_mismatch" else "a name must be text; put it in quotes"
        return KeyProblem((*key[:-1], value), found)
    if kind == "extra_forbidden":
        return KeyProblem(key, _unknown_key(key, _annotation(form, to_type[:-1])))
    return KeyProblem(key, _wrong_value(kind, value, context, _annotation(form, to_type)) or details["msg"])


def _unknown_key(key: tuple[Any, ...], section: Any) -> str:
    if key in RENAMED:
        return f"this key is called {RENAMED[key]} now; rename it"
    return f"there is no such key{nearest(key[-1], section.model_fields)}"


def _wrong_value(kind: str, value: Any, context: dict[str, Any], annotation: Any) -> str:
    if kind == "missing":
        return "this key is missing"
    if kind == "literal_error":
        return f"{_shown(value)} is not possible; use {', '.join(_choices(annotation))}"
    if kind in _KINDS:
        remedy = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float | date) else ""
        return f"{_shown(value)} is not {_KINDS[kind]}{remedy}"
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return f"{_shown(value)} is not possible; it must be {words} {context[name]:g}"
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} cannot be used; {NAMES if context['pattern'] == NAME_PATTERN else PATHS}"
    if kind in ("string_too_short", "string_too_long", "too_short", "too_long"):
        things = ("character", "characters") if kind.startswith("string") else ("entry", "entries")
        bound = f"at least {context['min_length']}" if "min_length" in context else f"at most {context['max_length']}"
        return f"{counted(len(value), *things)}, but there must be {bound}"
    return ""


def _annotation(form: Any, steps: Sequence[Any]) -> Any:
    """Find the type of the value at a path below a class; a step may be the tag of one form of a value with several."""
    for step in steps:
        form = bare(form)
        if tagged := [kind for kind in get_args(form) if Tag(step) in getattr(kind, "__metadata__", ())]:
            [form] = tagged
        elif isinstance(form, type) and issubclass(form, BaseModel):
            form = form.model_fields[step].annotation
        else:
            form = get_args(form)[-1]
    return bare(form)


def bare(annotation: Any) -> Any:
    """Strip the annotations of a type, and None from a union of one type and None; a Literal keeps its None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        others = [kind for kind in get_args(annotation) if kind is not type(None)]
        if len(others) == 1 and get_origin(bare(others[0])) is not Literal:
            return bare(others[0])
    return annotation


def _choices(annotation: Any) -> list[str]:
    """List what a Literal allows, with null if None is allowed too."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [choice for kind in get_args(annotation) for choice in _choices(kind)]
    if annotation is type(None):
        return ["null"]
    return list(get_args(bare(annotation)))


def _shown(value: Any) -> str:
    """Write a value as people do in YAML: null, true, a date, and text in quotes."""
    if isinstance(value, date):
        return str(value)
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
