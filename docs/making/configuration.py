"""The JSON schema of the configuration, for editors, and the reference of its keys, for the documentation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema

from alignment_importance.config.configuring import type_of_dataset
from alignment_importance.config.sections import Configuration
from alignment_importance.inputs.datasets import registry

#: Paths of the schema and of the reference in a checkout.
SCHEMA, REFERENCE = Path("workflow/config.schema.json"), Path("docs/configuration.md")

_INTRODUCTION = """\
# Configuration

<!-- Made by `python docs/make.py configuration` from the types in scripts/alignment_importance/config. -->

A configuration stands alone: a file given with `--configfile` takes the place of `config.yaml`, and what it leaves out
takes the default given here. Paths are relative to the folder in which Snakemake is called.
`workflow/config.schema.json` is the same as a JSON schema; editors that know YAML schemas complete and check keys with
the line `# yaml-language-server: $schema=PATH/workflow/config.schema.json` at the top of a configuration.

Mistakes are reported all at once, with the full key, before any job runs.
"""


class _Closed(GenerateJsonSchema):
    """Rejects ill-formed names in mappings, as the types do; pydantic's own JSON schemas leave them unchecked."""

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """Allow only names that match the pattern of a mapping; where names are listed, the schema does so already."""
        told = super().dict_schema(schema)
        return told if "propertyNames" in told else told | {"additionalProperties": False}

    def field_title_should_be_set(self, schema: object) -> bool:
        """Give keys no titles, which would repeat their names."""
        return False


def make(checkout: Path) -> None:
    """Write both files into a checkout."""
    (checkout / SCHEMA).write_text(f"{json.dumps(schema(), indent=2, ensure_ascii=False)}\n", encoding="utf-8")
    (checkout / REFERENCE).write_text(reference(), encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON schema of a configuration file."""
    whole = Configuration.model_json_schema(schema_generator=_Closed)
    datasets = {
        name: type_of_dataset(name, form).model_json_schema(schema_generator=_Closed)
        for name, form in registry.FORMS.items()
    }
    whole["properties"]["datasets"]["properties"] = datasets
    whole["title"] = "Configuration of the Alignment Importance workflow"
    # Descriptions are docstrings, which may have line breaks.
    in_one_line = json.loads(json.dumps(whole).replace(r"\n", " "))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **in_one_line}


def reference() -> str:
    """The page of the documentation that lists all keys."""
    whole = schema()
    tables = "".join(_section(name, told, whole["$defs"]) for name, told in _sections(whole))
    return f"{_INTRODUCTION}{tables}"


def _sections(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the heading and schema of every mapping of keys: top level, sections, and entries that the user names."""
    definitions = whole["$defs"]
    yield "", whole | {"description": "The keys of a configuration; those that are sections have their own keys below."}
    for key, told in whole["properties"].items():
        inner = _named(told)
        if key == "datasets":
            for name, form in told["properties"].items():
                yield f"datasets.{name}", form
        elif inner:
            for form in inner.get("oneOf", [inner]):
                told = definitions[form["$ref"].rpartition("/")[2]]
                yield f"{key}.NAME" + (" (features)" if told["title"] == "Features" else ""), told
        elif "$ref" in told:
            yield key, definitions[told["$ref"].rpartition("/")[2]]


def _section(name: str, told: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A heading, what the section is about, and a table of its keys."""
    rows = []
    for key, value in told["properties"].items():
        default = _default(key, value, key in told.get("required", ()))
        what = value.get("description") or definitions[value["$ref"].rpartition("/")[2]]["description"]
        rows.append(f"| `{key}` | {_kind(value, definitions)} | {default} | {what} |\n")
    heading = f"`{name}`" if name else "Top level"
    header = "| key | value | default | |\n|---|---|---|---|\n"
    return f"\n## {heading}\n\n{told['description']}\n\n{header}{''.join(rows)}"


def _named(told: dict[str, Any]) -> dict[str, Any]:
    """The schema of an entry in a mapping whose names the user chooses; empty for other values."""
    return next(iter(told.get("patternProperties", {}).values()), {})


def _default(key: str, value: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    default = value.get("default")
    if isinstance(default, dict):
        return "see below" if "$ref" in value else ", ".join(f"`{name}`" for name in default) or "none"
    if key == "top_percent":
        return "1 to 50"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _kind(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if "anyOf" in value or "oneOf" in value:
        kinds = [_kind(one, definitions) for one in value.get("anyOf") or value["oneOf"]]
        return " or ".join(dict.fromkeys(kinds))
    if named := _named(value) or ("propertyNames" in value and value["additionalProperties"]):
        return f"{_kind(named, definitions)} by name"
    if "$ref" in value or value.get("type") == "object":
        return "section"
    if value.get("type") == "array":
        few = value.get("maxItems")
        return f"list of {few}" if few else "list"
    if "const" in value:
        return f"`{value['const']}`"
    kinds_of_value = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "null": "null",
    }
    bounds = {
        "minimum": "from {:g}",
        "exclusiveMinimum": "above {:g}",
        "maximum": "to {:g}",
        "exclusiveMaximum": "below {:g}",
    }
    limits = [words.format(value[bound]) for bound, words in bounds.items() if bound in value]
    return " ".join([kinds_of_value[value["type"]], *limits])
