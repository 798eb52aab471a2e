# The configuration, checked and completed. Functions only.
import copy
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
    "minItems": ("entry", "entries", "at least"),
    "maxItems": ("entry", "entries", "at most"),
    "minProperties": ("entry", "entries", "at least"),
    "minLength": ("character", "characters", "at least"),
    "maxLength": ("character", "characters", "at most"),
}


#: A path of keys, and what is wrong there.
Problem = tuple[tuple, str]


#: Sections whose entries have names: one of wrong form is left out, and the others can be used.
NAMED = ("image_sets", "comparisons", "models", "saliency", "controls")


#: Keys of such entries that the check can do without: where no other is of wrong form, the entry can be used.
DISPENSABLE = ("background", "simulated", "sha256", "mean", "std", "resize")


def complete_config(config: dict) -> tuple[dict, list[Problem]]:
    """Check a configuration against the schema and against itself, and fill in the defaults.

    What is wrong is left out, together with what depends on it, so that the check of the inputs can tell what else is
    wrong. A misspelt key is read as the key that it is most like. `cross_validation` and `statistics.inner_folds` are
    None where nothing can be said of the folds.

    Returns:
        What can be used, and everything that is wrong.
    """
    schema = read_schema()
    config, problems = with_text_as_names(config)
    config, misspelt = with_known_keys(config, schema)
    problems += misspelt
    given = config
    wrong = against_schema(config, schema)
    config = with_defaults(without_wrong(config, wrong), schema)
    sections = {path[0] for path, _ in wrong}
    if "cross_validation" in sections:
        config["cross_validation"] = None
    if "statistics" in sections:
        config["statistics"]["inner_folds"] = None
    for dataset in {path[1] for path, _ in wrong if path[0] == "datasets" and path[1:]}:
        config = without_files(config, files_of_dataset(config, dataset))
        del config["datasets"][dataset]
    contradictory = [
        *wrong_references(config, given),
        *wrong_companions(config),
        *wrong_saliency(config),
    ]
    config = without_dependents(without_wrong(config, contradictory))
    config["comparisons"], doubled = with_categories(config["comparisons"])
    others = [*unknown_published(config), *doubled, *ambiguous_names(config)]
    return config, [*problems, *wrong, *contradictory, *others]


def without_wrong(config: dict, wrong: list[Problem]) -> dict:
    """Leave out what is wrong: an entry that has a name, or otherwise the whole section; the value where that will do."""
    config = copy.deepcopy(config)
    for (section, *inner), _ in wrong:
        if section in NAMED and inner[1:] and inner[1] in DISPENSABLE:
            config[section].get(inner[0], {}).pop(inner[1], None)
        elif section in NAMED and inner:
            config[section].pop(inner[0], None)
        elif section in NAMED:
            config[section] = {}
        elif section == "datasets" and inner[1:]:
            config[section][inner[0]].pop(inner[1], None)
        elif section == "datasets" and inner:
            config[section][inner[0]] = {}
        else:
            config.pop(section, None)
    return config


def without_files(config: dict, files: set[str]) -> dict:
    """Leave out the entries that name one of some files and folders."""
    naming = {key[:2] for key, path in files_named_by(config).items() if path in files}
    return config | {
        kind: {
            name: entry
            for name, entry in config[kind].items()
            if (kind, name) not in naming
        }
        for kind in NAMED
    }


def without_dependents(config: dict) -> dict:
    """Leave out comparisons and controls of image sets that were left out."""
    return config | {
        kind: {
            name: entry
            for name, entry in config[kind].items()
            if entry["image_set"] in config["image_sets"]
        }
        for kind in ("comparisons", "controls")
    }


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
        stop_at([((key,), "this key is for the target new alone") for key in given])
    form = {**start, "$defs": schema["$defs"]}
    stop_at([*with_known_keys(given, form)[1], *against_schema(given, form)])
    start = with_defaults(given, start)
    files = ("images", "judgments", "order", "table", "only")
    missing = [key for key in files if start[key] and not os.path.exists(start[key])]
    stop_at([((key,), f"there is no {os.path.abspath(start[key])}") for key in missing])
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
        problem = f"there is a file {file} already; take another name, or remove it"
        stop_at([(("name",), problem)])


def read_schema() -> dict:
    """The schema of the configuration."""
    file = Path(workflow.basedir, "workflow", "schemas", "config.schema.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def against_schema(config: dict, schema: dict) -> list[Problem]:
    """Say where a configuration differs from a schema, sorted by key; keys that it does not have are told elsewhere."""
    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: error.json_path)
    return [problem for error in errors for problem in describe(error)]


def check_place() -> None:
    """Stop where Snakemake could not follow the paths of the workflow's own files.

    Raises:
        WorkflowError: says which folder to rename.
    """
    if re.search(r"[{}<>]", str(workflow.basedir)):
        raise WorkflowError(
            f"{workflow.basedir}: rename the folder of this project; {PLACEHOLDERS}"
        )


def stop_at(problems: list[Problem]) -> None:
    """Raise one error for all problems of the configuration, if there are any."""
    if problems:
        raise WorkflowError(list_of(problems))


def list_of(problems: list[Problem]) -> str:
    """Write problems as a list, each once."""
    lines = (f"  - {dotted(path)}: {what}" for path, what in problems)
    return "\n".join(["The configuration cannot be used:", *dict.fromkeys(lines)])


def describe(error: jsonschema.ValidationError) -> list[Problem]:
    """Say what a schema error is about: the key's full path, what was found, what is possible."""
    path, found, wanted = (
        tuple(error.absolute_path),
        error.instance,
        error.validator_value,
    )
    if error.validator == "additionalProperties":
        return []  # see with_known_keys
    if error.validator == "required":
        missing = [key for key in wanted if key not in found]
        return [((*path, key), "this key is missing") for key in missing]
    if "propertyNames" in error.absolute_schema_path:
        return [((*path, found), NAMES)]
    return [(path, wrong_value(error.validator, found, wanted) or error.message)]


def wrong_value(word: str, found: object, wanted: object) -> str:
    """Say what a word of a schema has against a value; nothing where jsonschema says it well."""
    if word == "pattern":
        # Names have the one pattern, paths the other.
        why = PLACEHOLDERS if "{" in wanted else NAMES
        return f"{found!r} cannot be used; {why}"
    if word == "enum":
        return f"{found!r} is not possible; use {', '.join(map(shown, wanted))}"
    if word == "type":
        return f"{found!r} is not {' or '.join(KINDS[kind] for kind in listed(wanted))}"
    if word in BOUNDS:
        one, several, bound = BOUNDS[word]
        things = one if len(found) == 1 else several
        return f"{len(found)} {things}, but there must be {bound} {wanted}"
    if word == "uniqueItems":
        twice = dict.fromkeys(item for item in found if found.count(item) > 1)
        return f"there more than once: {', '.join(map(str, twice))}; keep one of each"
    return ""


def shown(value: str | None) -> str:
    """Write a value as YAML does."""
    return "null" if value is None else value


def listed(value: str | list[str]) -> list[str]:
    """Put a single word into a list."""
    return [value] if isinstance(value, str) else value


def dotted(path: tuple) -> str:
    """Write the full path of a key: a.b.c."""
    return ".".join(map(str, path))


def nearest(word: object, known: list[str]) -> str:
    """Offer the known word most like a misspelt one, and otherwise all of them."""
    close = like(word, known)
    return f"; did you mean {close}?" if close else f"; possible: {', '.join(known)}"


def like(word: object, known: list[str]) -> str | None:
    """The known word most like another one, if one is like it."""
    return next(
        iter(difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)), None
    )


def with_text_as_names(
    config: object, path: tuple = ()
) -> tuple[object, list[Problem]]:
    """Find names that YAML does not read as text (2024, true, null), and make them text."""
    if not isinstance(config, dict):
        return config, []
    named, problems = {}, []
    for key, value in config.items():
        if not isinstance(key, str):
            problems.append(((*path, key), "a name must be text; put it in quotes"))
        named[str(key)], inner = with_text_as_names(value, (*path, key))
        problems += inner
    return named, problems


def with_known_keys(
    config: object, schema: dict, path: tuple = ()
) -> tuple[object, list[Problem]]:
    """Find keys that a schema does not have, and read them as the ones that they are most like, if these are not there."""
    if not isinstance(config, dict) or "additionalProperties" not in schema:
        return config, []
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    found, problems = {}, []
    for key, value in config.items():
        if key not in known and not others:
            what = f"there is no such key{nearest(key, list(known))}"
            problems.append(((*path, key), what))
            key = like(key, list(known))
            if key is None or key in config or key in found:
                continue
        form = known.get(key, others)
        found[key], inner = with_known_keys(value, form, (*path, key))
        problems += inner
    return found, problems


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


def wrong_references(config: dict, given: dict) -> list[Problem]:
    """Find comparisons and controls of image sets that there are not, and controls that nobody has judged.

    Args:
        config: what can be used.
        given: what it was made of; what refers to something in it that cannot be used is not wrong.
    """
    sets = list(given["image_sets"]) if config["image_sets"] else []
    judged = [comparison["image_set"] for comparison in config["comparisons"].values()]
    usable = list(config["comparisons"])
    all_usable = usable and sorted(usable) == sorted(given["comparisons"])
    problems = []
    for kind in ("comparisons", "controls"):
        for name, entry in config[kind].items():
            image_set, where = entry["image_set"], (kind, name, "image_set")
            if sets and image_set not in sets:
                what = f"there is no image set {image_set!r}{nearest(image_set, sets)}"
                problems.append((where, what))
            elif image_set not in judged and all_usable:
                what = f"no comparison has the image set {image_set!r}"
                problems.append((where, what))
    return problems


def wrong_companions(config: dict) -> list[Problem]:
    """Find keys that need another key, or that another key makes meaningless."""
    problems = []
    for kind, choice, value, companion, needed in (
        ("models", "weights", "checkpoint", "checkpoint", True),
        ("models", "weights", "checkpoint", "sha256", False),
        ("models", "weights", "random", "seed", True),
    ):
        for name, entry in config[kind].items():
            where = (kind, name, companion)
            if needed and entry[choice] == value and entry[companion] is None:
                what = f"this key is missing; `{choice}: {value}` needs it"
                problems.append((where, what))
            if entry[choice] != value and entry[companion] is not None:
                what = f"it has no use without `{choice}: {value}`; leave it out or change `{choice}`"
                problems.append((where, what))
    return problems


def with_categories(comparisons: dict) -> tuple[dict, list[Problem]]:
    """Add a comparison for every category of `by_category`, and find those that would have the name of another."""
    all_of_them, problems = {}, []
    for name, comparison in comparisons.items():
        all_of_them[name] = comparison | {"by_category": []}
        for category in comparison["by_category"]:
            # What a name cannot hold becomes a hyphen.
            own = f"{name}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', category).strip('-')}"
            if own in comparisons or own in all_of_them:
                what = f"{category!r} would make a second comparison {own}; rename one of them, or write it out with `categories`"
                problems.append((("comparisons", name, "by_category"), what))
            else:
                all_of_them[own] = all_of_them[name] | {"categories": [category]}
    return all_of_them, problems


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


def wrong_saliency(config: dict) -> list[Problem]:
    """Find keys that a saliency method lacks or has no use for."""
    problems = []
    for name, entry in config["saliency"].items():
        method = entry["method"]
        needed, possible = SALIENCY_KEYS[method]
        used = {"method", *needed, *possible}
        for key, value in entry.items():
            where = ("saliency", name, key)
            if key in needed and value is None:
                what = f"this key is missing; `method: {method}` needs it"
                problems.append((where, what))
            if key not in used and value not in (None, False):
                what = f"`method: {method}` has no use for it; leave it out or change `method`"
                problems.append((where, what))
        if method == "centre_bias":
            problems.extend(wrong_centre_bias(name, entry))
    return problems


def wrong_centre_bias(name: str, entry: dict) -> list[Problem]:
    """Find keys of a centre bias that do not go together: it comes from fixations, or is a Gaussian."""
    where = ("saliency", name)
    if entry["fixations"] is None and entry["degree"] is not None:
        return [((*where, "degree"), "it has no use without `fixations`")]
    if entry["fixations"] is not None and entry["degree"] is None:
        return [((*where, "degree"), "this key is missing; `fixations` needs it")]
    if entry["fixations"] is not None and entry["spread"] is not None:
        return [((*where, "spread"), "it has no use with `fixations`")]
    return []


def ambiguous_names(config: dict) -> list[Problem]:
    """Find pairs of names that would give two figures one file, such as a_b with c and a with b_c."""
    problems = []
    for kind in ("comparisons", "controls"):
        seen = {}
        for pair in itertools.product(config[kind], config["models"]):
            other = seen.setdefault("_".join(pair), pair)
            if other != pair:
                what = f"its files with models.{pair[1]} are those of {' with models.'.join(other)}; rename one of them"
                problems.append(((kind, pair[0]), what))
    return problems


def published_files() -> dict[str, str]:
    """The files of published values by their names."""
    files = Path(workflow.basedir, "workflow", "published").glob("*.csv")
    return {file.stem: str(file) for file in sorted(files)}


def unknown_published(config: dict) -> list[Problem]:
    """Find published values that are asked for and that there are not."""
    name, known = config["published"], list(published_files())
    if name is None or name in known:
        return []
    what = f"there are no published values {name!r}{nearest(name, known)}"
    return [(("published",), what)]
