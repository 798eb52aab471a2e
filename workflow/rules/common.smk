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

# ----------------------------------------------------------------------------------------------------------------------
# The configuration


def complete_config(config: dict) -> dict:
    """Check a configuration against the schema and against itself, and fill in the defaults.

    Raises:
        WorkflowError: lists everything that is wrong with it.
    """
    schema = yaml.safe_load(
        Path(workflow.basedir, "workflow/schemas/config.schema.yaml").read_text(
            encoding="utf-8"
        )
    )
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: list(map(str, error.path)),
    )
    stop_at(
        [problem for error in errors for problem in describe(error)]
        + unnamed_keys(config)
    )
    completed = with_defaults(config, schema)
    stop_at(
        wrong_references(completed)
        + wrong_companions(completed)
        + ambiguous_names(completed)
    )
    return completed


def stop_at(problems: list[str]) -> None:
    """Raise one error for all problems of the configuration, if there are any."""
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise WorkflowError(f"The configuration cannot be used:\n{lines}")


def describe(error: jsonschema.ValidationError) -> list[str]:
    """Say what a schema error is about: the key's full path, what was found, what is possible."""
    where = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        return [
            f"{dotted(where, key)}: there is no such key{nearest(str(key), known)}"
            for key in unknown
        ]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"{dotted(where, key)}: this key is missing" for key in missing]
    if error.validator == "enum":
        return [
            f"{where}: {error.instance!r} is not possible{nearest(str(error.instance), error.validator_value)}"
        ]
    if "propertyNames" in error.absolute_schema_path:
        problem = "is not a possible name; use letters, digits, '_', '-' and '.', and start with a letter or digit"
        return [f"{dotted(where, error.instance)}: {error.instance!r} {problem}"]
    if error.validator == "pattern":
        return [f"{where}: {error.instance!r} cannot be used; {PLACEHOLDERS}"]
    if error.validator == "type":
        return [
            f"{where or 'the file'}: expected {alternatives(error.validator_value)}, found {error.instance!r}"
        ]
    return [f"{where}: {error.message}"]


def dotted(path: str, key: object) -> str:
    """Append a key to the path of the mapping it is in."""
    return f"{path}.{key}" if path else str(key)


def nearest(word: str, known: list) -> str:
    """Offer the known word most like a misspelt one, and otherwise all of them."""
    known = [str(candidate) for candidate in known]
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; possible: {', '.join(known)}" if known else ""


def alternatives(types: str | list[str]) -> str:
    """Spell the types of the schema in the words of YAML."""
    words = {
        "object": "a mapping of keys",
        "array": "a list",
        "string": "text",
        "null": "null",
        "boolean": "true or false",
    }
    types = [types] if isinstance(types, str) else types
    return " or ".join(
        words.get(name, f"a {name}" if name == "number" else "a whole number")
        for name in types
    )


def unnamed_keys(config: object, path: str = "") -> list[str]:
    """Names that YAML does not read as text (2024, true, null)."""
    if not isinstance(config, dict):
        return []
    problems = [
        f"{dotted(path, key)}: the name {key!r} is not text; put it in quotes"
        for key in config
        if not isinstance(key, str)
    ]
    return problems + [
        problem
        for key in config
        for problem in unnamed_keys(config[key], dotted(path, key))
    ]


def with_defaults(value: object, schema: dict) -> object:
    """Fill in what a valid configuration leaves out; keys get the order of the schema, and paths one spelling."""
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    if isinstance(value, dict):
        keys = schema.get("properties", {})
        filled = {
            key: keys[key]["default"] for key in keys if "default" in keys[key]
        } | value
        order = [key for key in keys if key in filled] + [
            key for key in filled if key not in keys
        ]
        return {
            key: with_defaults(
                filled[key], keys.get(key, schema["additionalProperties"])
            )
            for key in order
        }
    if isinstance(value, str) and schema.get("$ref", "").endswith("path"):
        return os.path.normpath(os.path.expanduser(value))
    if isinstance(value, float) and schema.get("type") == "integer":
        return int(value)
    return value


def wrong_references(config: dict) -> list[str]:
    """Comparisons and controls of image sets that there are not, and controls that nobody has judged."""
    sets = config["image_sets"]
    problems = [
        f"{kind}.{name}.image_set: there is no image set {entry['image_set']!r}{nearest(entry['image_set'], list(sets))}"
        for kind in ("comparisons", "controls")
        for name, entry in config[kind].items()
        if entry["image_set"] not in sets
    ]
    judged = {comparison["image_set"] for comparison in config["comparisons"].values()}
    return problems + [
        f"controls.{name}.image_set: no comparison has the image set {control['image_set']!r}"
        for name, control in config["controls"].items()
        if control["image_set"] in sets and control["image_set"] not in judged
    ]


def wrong_companions(config: dict) -> list[str]:
    """Keys that need another key, or that another key makes meaningless."""
    rules = [
        ("models", "weights", "checkpoint", "checkpoint"),
        ("models", "weights", "random", "seed"),
        ("saliency", "method", "maps", "maps"),
    ]
    problems = []
    for kind, choice, value, companion in rules:
        for name, entry in config[kind].items():
            if entry[choice] == value and entry[companion] is None:
                problems.append(
                    f"{kind}.{name}.{companion}: this key is missing; `{choice}: {value}` needs it"
                )
            if entry[choice] != value and entry[companion] is not None:
                problems.append(
                    f"{kind}.{name}.{companion}: only `{choice}: {value}` has this key; remove one of them"
                )
    return problems


def ambiguous_names(config: dict) -> list[str]:
    """Pairs of names that would give two figures the same file, such as a_b with c and a with b_c."""
    problems = []
    for kind in ("comparisons", "controls"):
        seen = {}
        for pair in itertools.product(config[kind], config["models"]):
            other = seen.setdefault("_".join(pair), pair)
            if other != pair:
                problems.append(
                    f"{kind}.{pair[0]}: with models.{pair[1]} its files would be those of {' and '.join(other)}"
                )
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
    stop_at(
        [
            f"{key}: {path} does not exist (in {os.getcwd()})"
            for key, path in given_files().items()
            if path not in made and not os.path.exists(path)
        ]
    )


@functools.cache
def files_of(folder: str) -> list[str]:
    """List a folder that is an input: file by file, so that a change of any is seen, or whole if a rule here makes it.

    Raises:
        WorkflowError: a file has a name that Snakemake cannot follow.
    """
    if folder in made_here() or not os.path.isdir(folder):
        return [folder]
    files = sorted(
        entry.path
        for entry in os.scandir(folder)
        if entry.is_file() and not entry.name.startswith(".")
    )
    stop_at(
        [
            f"{file}: rename it; {PLACEHOLDERS}"
            for file in files
            if re.search(r"[{}<>]", file)
        ]
    )
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


def activations_of(wildcards) -> str:
    """The activations that a comparison and a model use."""
    return f"<results>/activations/{image_set_of(wildcards.comparison)}/{wildcards.model}.nc"


def controlled_heatmaps(wildcards) -> list[str]:
    """The heatmaps of all comparisons of a control's images."""
    comparisons = comparisons_of(config["controls"][wildcards.control]["image_set"])
    return [
        f"<results>/heatmaps/{comparison}/{wildcards.model}.nc"
        for comparison in comparisons
    ]


def of_all_seeds(pattern: str) -> list[str]:
    """Fill the seeds of the cross-validation into a file's name."""
    return expand(pattern, seed=config["cross_validation"]["seeds"])


def any_of(names) -> str:
    """A regular expression for one of some names; one that nothing matches where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


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
    library = Path(workflow.basedir, "scripts", "alignment_importance")
    found, waiting = set(), [
        library / "__init__.py",
        Path(workflow.basedir, "scripts", f"{script}.py"),
    ]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imports_of(file, library))
    here = Path.cwd()
    files = sorted(file for file in found if library in file.parents)
    return [
        str(file.relative_to(here) if file.is_relative_to(here) else file)
        for file in files
    ]


@functools.cache
def imports_of(script: Path, library: Path) -> list[Path]:
    """List the modules of the library that a Python file imports."""
    names = []
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    paths = [
        library.parent.joinpath(*name.split("."))
        for name in names
        if name.split(".")[0] == library.name
    ]
    candidates = [
        file
        for path in paths
        for file in (path.with_suffix(".py"), path / "__init__.py")
    ]
    return [file for file in candidates if file.is_file()]
