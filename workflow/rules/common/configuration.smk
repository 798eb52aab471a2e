# The configuration, checked and completed. Functions only.
import difflib
import itertools
import os
import re
import sys
from pathlib import Path

import jsonschema
import yaml
from snakemake.exceptions import WorkflowError

PLACEHOLDERS = "Snakemake reads { } < > in a path as placeholders"


NAMES = (
    "a name has letters, digits, '_', '-' and '.', and starts with a letter or digit"
)


KINDS = {
    "object": "a mapping of keys",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


#: What is counted by the words of a schema, and which way the number is a bound.
BOUNDS = {
    "minItems": ("entries", "at least"),
    "maxItems": ("entries", "at most"),
    "minProperties": ("entries", "at least"),
    "minLength": ("characters", "at least"),
    "maxLength": ("characters", "at most"),
}


def complete_config(config: dict) -> dict:
    """Check a configuration against the schema and against itself, and fill in the defaults.

    Raises:
        WorkflowError: lists everything that is wrong with it.
    """
    schema = read_schema()
    stop_at([*unnamed_keys(config), *against_schema(config, schema)])
    config = with_defaults(config, schema)
    stop_at(
        [
            *wrong_references(config),
            *wrong_companions(config),
            *wrong_saliency(config),
            *unknown_published(config),
        ]
    )
    config["comparisons"] = with_categories(config["comparisons"])
    stop_at(ambiguous_names(config))
    return config


def starting_point(given: dict) -> dict | None:
    """Check and complete what the command line says of a configuration to start from; None if it says nothing of one.

    Args:
        given: the keys of `--config`.

    Raises:
        WorkflowError: lists everything that is wrong with them, or another target is asked for.
    """
    schema = read_schema()
    start = schema["$defs"]["start"]
    given = {key: value for key, value in given.items() if key != "results"}
    if not set(given) & set(start["required"]):
        return None
    # Jobs of this run have command lines of their own.
    if workflow.is_main_process and "new" not in sys.argv:
        stop_at([f"{key}: this key is for the target new alone" for key in given])
    stop_at(against_schema(given, {"$ref": "#/$defs/start", "$defs": schema["$defs"]}))
    start = with_defaults(given, start)
    files = ("images", "judgments", "order", "table", "only")
    missing = [key for key in files if start[key] and not os.path.exists(start[key])]
    stop_at([f"{key}: there is no {os.path.abspath(start[key])}" for key in missing])
    return start


def without(config: dict, start: dict | None) -> dict:
    """Leave out the keys of a starting point."""
    return {key: value for key, value in config.items() if key not in (start or {})}


def tell_how_to_start(wildcards) -> list[str]:
    """Say what the target `new` needs.

    Raises:
        WorkflowError: always.
    """
    command = "snakemake --cores 1 new --config name=NAME images=FOLDER judgments=FILE"
    raise WorkflowError(f"Say what to start from: {command}")


def refuse_to_overwrite(file: str) -> None:
    """Stop when a file that is to be made is there already; jobs of this run may find what the run made.

    Raises:
        WorkflowError: it is there.
    """
    if workflow.is_main_process and os.path.exists(file):
        stop_at(
            [f"name: there is a file {file} already; take another name, or remove it"]
        )


def read_schema() -> dict:
    """The schema of the configuration."""
    file = Path(workflow.basedir, "workflow", "schemas", "config.schema.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def against_schema(config: dict, schema: dict) -> list[str]:
    """Say where a configuration differs from a schema, sorted by key."""
    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: error.json_path)
    return [line for error in errors for line in describe(error)]


def check_place() -> None:
    """Stop where Snakemake could not follow the paths of the workflow's own files.

    Raises:
        WorkflowError: says which folder to rename.
    """
    if re.search(r"[{}<>]", str(workflow.basedir)):
        raise WorkflowError(
            f"{workflow.basedir}: rename the folder of this project; {PLACEHOLDERS}"
        )


def stop_at(problems: list[str]) -> None:
    """Raise one error for all problems of the configuration, if there are any."""
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise WorkflowError(f"The configuration cannot be used:\n{lines}")


def describe(error: jsonschema.ValidationError) -> list[str]:
    """Say what a schema error is about: the key's full path, what was found, what is possible."""
    where = ".".join(map(str, error.absolute_path)) or "the configuration"
    found, wanted = error.instance, error.validator_value
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = [key for key in found if key not in known]
        return [
            f"{dotted(error.absolute_path, key)}: there is no such key{nearest(key, known)}"
            for key in unknown
        ]
    if error.validator == "required":
        missing = [key for key in wanted if key not in found]
        return [
            f"{dotted(error.absolute_path, key)}: this key is missing"
            for key in missing
        ]
    if "propertyNames" in error.absolute_schema_path:
        return [f"{dotted(error.absolute_path, found)}: {NAMES}"]
    if error.validator == "pattern":
        # Names have the one pattern, paths the other.
        why = PLACEHOLDERS if "{" in wanted else NAMES
        return [f"{where}: {found!r} cannot be used; {why}"]
    if error.validator == "enum":
        return [
            f"{where}: {found!r} is not possible; use {', '.join(map(shown, wanted))}"
        ]
    if error.validator == "type":
        return [
            f"{where}: {found!r} is not {' or '.join(KINDS[kind] for kind in listed(wanted))}"
        ]
    if error.validator in BOUNDS:
        things, bound = BOUNDS[error.validator]
        return [f"{where}: {len(found)} {things}, but there must be {bound} {wanted}"]
    if error.validator == "uniqueItems":
        twice = dict.fromkeys(item for item in found if found.count(item) > 1)
        several = ", ".join(map(str, twice))
        return [f"{where}: there more than once: {several}; keep one of each"]
    return [f"{where}: {error.message}"]


def shown(value: str | None) -> str:
    """Write a value as YAML does."""
    return "null" if value is None else value


def listed(value: str | list[str]) -> list[str]:
    """Put a single word into a list."""
    return [value] if isinstance(value, str) else value


def dotted(path, key: object) -> str:
    """Write the full path of a key: a.b.c."""
    return ".".join(map(str, [*path, key]))


def nearest(word: object, known: list[str]) -> str:
    """Offer the known word most like a misspelt one, and otherwise all of them."""
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; possible: {', '.join(known)}"


def unnamed_keys(config: object, path: tuple = ()) -> list[str]:
    """Find names that YAML does not read as text (2024, true, null)."""
    if not isinstance(config, dict):
        return []
    problems = []
    for key, value in config.items():
        if not isinstance(key, str):
            problems.append(
                f"{dotted(path, key)}: a name must be text; put it in quotes"
            )
        problems.extend(unnamed_keys(value, (*path, key)))
    return problems


def with_defaults(value: object, schema: dict) -> object:
    """Fill in what a valid configuration leaves out; keys get the order of the schema, and paths one spelling."""
    if isinstance(value, dict):
        keys = schema.get("properties", {})
        defaults = {key: keys[key]["default"] for key in keys if "default" in keys[key]}
        filled = defaults | value
        order = [key for key in [*keys, *value] if key in filled]
        others = schema["additionalProperties"]
        return {key: with_defaults(filled[key], keys.get(key, others)) for key in order}
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    if isinstance(value, str) and schema.get("$ref", "").endswith("path"):
        return os.path.normpath(os.path.expanduser(value))
    # To YAML 5.0 is another number than 5, to JSON Schema it is a whole number all the same.
    if isinstance(value, float) and schema.get("type") == "integer":
        return int(value)
    return value


def wrong_references(config: dict) -> list[str]:
    """Find comparisons and controls of image sets that there are not, and controls that nobody has judged."""
    sets = list(config["image_sets"])
    judged = [comparison["image_set"] for comparison in config["comparisons"].values()]
    problems = []
    for kind in ("comparisons", "controls"):
        for name, entry in config[kind].items():
            image_set = entry["image_set"]
            if image_set not in sets:
                problem = (
                    f"there is no image set {image_set!r}{nearest(image_set, sets)}"
                )
                problems.append(f"{kind}.{name}.image_set: {problem}")
            elif image_set not in judged:
                problems.append(
                    f"{kind}.{name}.image_set: no comparison has the image set {image_set!r}"
                )
    return problems


def wrong_companions(config: dict) -> list[str]:
    """Find keys that need another key, or that another key makes meaningless."""
    problems = []
    for kind, choice, value, companion, needed in (
        ("models", "weights", "checkpoint", "checkpoint", True),
        ("models", "weights", "checkpoint", "sha256", False),
        ("models", "weights", "random", "seed", True),
    ):
        for name, entry in config[kind].items():
            where = f"{kind}.{name}.{companion}"
            if needed and entry[choice] == value and entry[companion] is None:
                problems.append(
                    f"{where}: this key is missing; `{choice}: {value}` needs it"
                )
            if entry[choice] != value and entry[companion] is not None:
                problems.append(
                    f"{where}: it has no use without `{choice}: {value}`; leave it out or change `{choice}`"
                )
    return problems


def with_categories(comparisons: dict) -> dict:
    """Add a comparison for every category of `by_category`.

    Raises:
        WorkflowError: two would have the same name.
    """
    all_of_them, problems = {}, []
    for name, comparison in comparisons.items():
        all_of_them[name] = comparison | {"by_category": []}
        for category in comparison["by_category"]:
            # What a name cannot hold becomes a hyphen.
            own = f"{name}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', category).strip('-')}"
            if own in comparisons or own in all_of_them:
                problem = f"{category!r} would make a second comparison {own}"
                problems.append(
                    f"comparisons.{name}.by_category: {problem}; rename one of them, or write it out with `categories`"
                )
            all_of_them[own] = comparison | {
                "categories": [category],
                "by_category": [],
            }
    stop_at(problems)
    return all_of_them


#: Keys of a saliency method: those that it needs, and those that it may have.
SALIENCY_KEYS = {
    "spectral_residual": ([], []),
    "fine_grained": ([], []),
    "maps": (["maps"], ["stretch"]),
    "fixations": (["fixations", "degree"], []),
    "centre_bias": ([], ["fixations", "degree", "spread"]),
    "deepgaze_iie": (["checkpoint"], ["centre_bias", "spread", "degree"]),
    "network": (["architecture"], ["checkpoint", "input_size"]),
}


#: Methods of saliency that run a network, for which there is a rule of its own.
GAZE_NETWORKS = ("deepgaze_iie", "network")


def wrong_saliency(config: dict) -> list[str]:
    """Find keys that a saliency method lacks or has no use for."""
    problems = []
    for name, entry in config["saliency"].items():
        method = entry["method"]
        needed, possible = SALIENCY_KEYS[method]
        used = {"method", *needed, *possible}
        for key, value in entry.items():
            where = f"saliency.{name}.{key}"
            if key in needed and value is None:
                problems.append(
                    f"{where}: this key is missing; `method: {method}` needs it"
                )
            if key not in used and value not in (None, False):
                problems.append(
                    f"{where}: `method: {method}` has no use for it; leave it out or change `method`"
                )
        if method == "centre_bias":
            problems.extend(wrong_centre_bias(name, entry))
    return problems


def wrong_centre_bias(name: str, entry: dict) -> list[str]:
    """Find keys of a centre bias that do not go together: it comes from fixations, or is a Gaussian."""
    where = f"saliency.{name}"
    if entry["fixations"] is None and entry["degree"] is not None:
        return [f"{where}.degree: it has no use without `fixations`"]
    if entry["fixations"] is not None and entry["degree"] is None:
        return [f"{where}.degree: this key is missing; `fixations` needs it"]
    if entry["fixations"] is not None and entry["spread"] is not None:
        return [f"{where}.spread: it has no use with `fixations`"]
    return []


def ambiguous_names(config: dict) -> list[str]:
    """Find pairs of names that would give two figures one file, such as a_b with c and a with b_c."""
    problems = []
    for kind in ("comparisons", "controls"):
        seen = {}
        for pair in itertools.product(config[kind], config["models"]):
            other = seen.setdefault("_".join(pair), pair)
            if other != pair:
                problem = f"its files with models.{pair[1]} are those of {' with models.'.join(other)}"
                problems.append(f"{kind}.{pair[0]}: {problem}; rename one of them")
    return problems


def published_files() -> dict[str, str]:
    """The files of published values by their names."""
    files = Path(workflow.basedir, "workflow", "published").glob("*.csv")
    return {file.stem: str(file) for file in sorted(files)}


def unknown_published(config: dict) -> list[str]:
    """Find published values that are asked for and that there are not."""
    name, known = config["published"], list(published_files())
    if name is None or name in known:
        return []
    return [f"published: there are no published values {name!r}{nearest(name, known)}"]
