# The configuration, checked and completed, and what the rules ask about it. Functions only.
import ast
import difflib
import functools
import itertools
import os
import re
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

# ----------------------------------------------------------------------------------------------------------------------
# The configuration


def complete_config(config: dict) -> dict:
    """Check a configuration against the schema and against itself, and fill in the defaults.

    Raises:
        WorkflowError: lists everything that is wrong with it.
    """
    file = Path(workflow.basedir, "workflow", "schemas", "config.schema.yaml")
    schema = yaml.safe_load(file.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: error.json_path)
    stop_at(
        [*unnamed_keys(config), *(line for error in errors for line in describe(error))]
    )
    config = with_defaults(config, schema)
    stop_at(
        [*wrong_references(config), *wrong_companions(config), *ambiguous_names(config)]
    )
    return config


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
        return [f"{where}: {found!r} cannot be used; {PLACEHOLDERS}"]
    if error.validator == "enum":
        return [f"{where}: {found!r} is not possible; use {', '.join(wanted)}"]
    if error.validator == "type":
        return [
            f"{where}: {found!r} is not {' or '.join(KINDS[kind] for kind in listed(wanted))}"
        ]
    return [f"{where}: {error.message}"]


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
    for kind, choice, value, companion in (
        ("models", "weights", "checkpoint", "checkpoint"),
        ("models", "weights", "random", "seed"),
        ("saliency", "method", "maps", "maps"),
    ):
        for name, entry in config[kind].items():
            where = f"{kind}.{name}.{companion}"
            if entry[choice] == value and entry[companion] is None:
                problems.append(
                    f"{where}: this key is missing; `{choice}: {value}` needs it"
                )
            if entry[choice] != value and entry[companion] is not None:
                problems.append(
                    f"{where}: it has no use without `{choice}: {value}`; leave it out or change `{choice}`"
                )
    return problems


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


# ----------------------------------------------------------------------------------------------------------------------
# Files that the user gives, and folders of data sets that the workflow makes


def made_here() -> set[str]:
    """Files and folders that the rules of the configured data sets make."""
    made = {
        "demo": ["images", "masks", "images.csv", "shape.csv", "colour.csv"],
        "mur92": ["images", "images.csv", "judgments.csv"],
    }
    return {
        os.path.join(dataset["folder"], file)
        for name, dataset in config["datasets"].items()
        for file in made[name]
    }


def given_files() -> dict[str, str]:
    """Every file or folder that the configuration names, by the key that names it."""
    keys = {
        "image_sets": ["folder", "table"],
        "comparisons": ["judgments", "order"],
        "models": ["checkpoint"],
        "saliency": ["maps"],
        "controls": ["masks"],
    }
    return {
        f"{kind}.{name}.{key}": entry[key]
        for kind in keys
        for name, entry in config[kind].items()
        for key in keys[kind]
        if entry[key] is not None
    }


def check_files() -> None:
    """Stop when files or folders that the configuration names are not there and no rule makes them.

    Raises:
        WorkflowError: lists all of them.
    """
    made = made_here()
    missing = {
        key: path
        for key, path in given_files().items()
        if path not in made and not os.path.exists(path)
    }
    stop_at(
        [f"{key}: there is no {os.path.abspath(path)}" for key, path in missing.items()]
    )


@functools.cache
def files_of(folder: str | None) -> list[str]:
    """List a folder that is an input: file by file, so that a change of any is seen, or whole if a rule here makes it.

    Raises:
        WorkflowError: a file has a name that Snakemake cannot follow.
    """
    if folder is None:
        return []
    if folder in made_here() or not os.path.isdir(folder):
        return [folder]
    entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    files = sorted(entry.path for entry in entries if entry.is_file())
    unusable = [file for file in files if re.search(r"[{}<>]", file)]
    stop_at([f"{file}: rename it; {PLACEHOLDERS}" for file in unusable])
    return files


# ----------------------------------------------------------------------------------------------------------------------
# What the rules ask


def image_set_of(comparison: str) -> str:
    """Name the image set that was judged."""
    return config["comparisons"][comparison]["image_set"]


def comparisons_of(image_set: str) -> list[str]:
    """Name the comparisons of an image set."""
    return [name for name in config["comparisons"] if image_set_of(name) == image_set]


def optional(path: str | None) -> str | list:
    """Turn the path of an input that may be missing into what Snakemake takes for it."""
    return path or []


def files_of_network(model: str) -> list[str]:
    """The user's files that a network is made of: its checkpoint, and the Python file of an own architecture."""
    network = config["models"][model]
    package, colon, _ = network["architecture"].partition(":")
    file = f"{package.replace('.', os.sep)}.py"
    own = [file] if colon and os.path.isfile(file) else []
    return own + [network["checkpoint"]] * (network["checkpoint"] is not None)


def activations_of(wildcards) -> str:
    """The activations that a comparison and a model use."""
    return f"<results>/activations/{image_set_of(wildcards.comparison)}/{wildcards.model}.nc"


def controlled_heatmaps(wildcards) -> list[str]:
    """The heatmaps of all comparisons of a control's images."""
    judged_by = comparisons_of(config["controls"][wildcards.control]["image_set"])
    return [f"<results>/heatmaps/{name}/{wildcards.model}.nc" for name in judged_by]


def of_all_seeds(pattern: str) -> list[str]:
    """Fill the seeds of the cross-validation into a file's name."""
    return expand(pattern, seed=config["cross_validation"]["seeds"])


def any_of(names) -> str:
    """A regular expression for one of some names; one that nothing matches where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def settings(*keys: str) -> dict:
    """Some keys of the configuration with their values."""
    return {key: config[key] for key in keys}


def gpus() -> int:
    """GPUs that a job on the configured device asks for."""
    return 0 if config["device"] == "cpu" else 1


def megabytes_of_ablation() -> int:
    """Memory of a job that ablates feature maps: its budget, and what PyTorch and the feature maps take beside it."""
    return int(1000 * config["memory_gb"]) + 3000


def library_used_by(script: str) -> list[str]:
    """List the library's modules that a rule's script imports, directly or not.

    They are inputs of the rule, so that a change of the library reruns the rules that use it and no others. Their paths
    are relative where they can be: a project that is moved with its results need not be run again.
    """
    scripts = Path(workflow.basedir, "scripts")
    found, waiting = set(), [scripts / f"{script}.py"]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imports_of(file, scripts))
    here = Path.cwd()
    files = sorted(found - {scripts / f"{script}.py"})
    return [
        str(file.relative_to(here) if file.is_relative_to(here) else file)
        for file in files
    ]


@functools.cache
def imports_of(file: Path, scripts: Path) -> list[Path]:
    """List the modules of the library that a Python file imports, with the packages that they are in."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    paths = {
        scripts.joinpath(*parts[:n])
        for parts in (name.split(".") for name in names)
        for n in range(1, len(parts) + 1)
    }
    return [
        file
        for path in paths
        for file in (path.with_suffix(".py"), path / "__init__.py")
        if file.is_file()
    ]
