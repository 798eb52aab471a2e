# The configuration, checked and completed, and what the rules ask about it. Functions only.
import ast
import difflib
import functools
import glob
import hashlib
import json
import itertools
import math
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.io import IOFile, directory

PLACEHOLDERS = "Snakemake reads { } < > in a path as placeholders"
NAMES = (
    "a name has letters, digits, '_', '-' and '.', and starts with a letter or digit"
)

# What the checks of all inputs found. Every heavy rule waits for it, so that a mistake anywhere stops the run before it;
# as `ancient`, since another check is no reason to compute anything again.
CHECKED = "<results>/inputs/checks.csv"
FILES_CHECKED = "<results>/inputs/files.csv"

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

# ----------------------------------------------------------------------------------------------------------------------
# The configuration


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


# ----------------------------------------------------------------------------------------------------------------------
# Files that the user gives, and folders of data sets that the workflow makes


@functools.cache
def dataset_forms() -> dict:
    """What workflow/datasets.yaml says of each data set: what it needs and what is made of it."""
    file = Path(workflow.basedir, "workflow", "datasets.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def files_of_part(dataset: str, part: str) -> dict[str, str]:
    """The files and folders that are one part of a data set, by name."""
    folder = config["datasets"][dataset]["folder"]
    files = dataset_forms()[dataset]["makes"][part]["files"]
    return {name: os.path.join(folder, path) for name, path in files.items()}


def made_here() -> set[str]:
    """Files and folders that the rules of the configured data sets make."""
    return {
        path
        for dataset in config["datasets"]
        for part in dataset_forms()[dataset]["makes"]
        for path in files_of_part(dataset, part).values()
    }


def wanted_parts(dataset: str) -> list[str]:
    """The parts of a data set of which the configuration names a file."""
    given = set(given_files().values())
    parts = dataset_forms()[dataset]["makes"]
    return [
        part for part in parts if given & set(files_of_part(dataset, part).values())
    ]


def wanted_files(dataset: str) -> dict[str, str]:
    """The files and folders of the wanted parts of a data set, by name, marked as outputs of a rule."""
    return {
        name: path if os.path.splitext(path)[1] else directory(path)
        for part in wanted_parts(dataset)
        for name, path in files_of_part(dataset, part).items()
    }


def found_of_need(dataset: str, need: str) -> list[list[str]]:
    """What is there of a need of a data set: for each path of the first place that is whole, what fits it."""
    own = config["datasets"][dataset].get(need)
    if own:
        return [[own]] if os.path.exists(own) else []
    source = glob.escape(config["datasets"][dataset]["source"])
    for place in dataset_forms()[dataset]["needs"][need]["places"]:
        paths = [os.path.join(source, path) for path in listed(place)]
        found = [sorted(glob.glob(path)) for path in paths]
        if all(found):
            return found
    return []


def needs_of(dataset: str) -> list[str]:
    """The needs of the wanted parts of a data set."""
    parts = dataset_forms()[dataset]["makes"]
    needs = [need for part in wanted_parts(dataset) for need in parts[part]["of"]]
    return list(dict.fromkeys(needs))


def sources_of(dataset: str) -> dict[str, list[str]]:
    """The user's files and folders that the wanted parts of a data set are made of, by need."""
    return {
        need: [path for paths in found_of_need(dataset, need) for path in paths]
        for need in needs_of(dataset)
    }


def files_of_sources(dataset: str) -> list[str]:
    """The same as inputs of a rule: folders file by file."""
    paths = itertools.chain(*sources_of(dataset).values())
    return [
        file
        for path in dict.fromkeys(paths)
        for file in (files_of(path) or [path] if os.path.isdir(path) else [path])
    ]


def wrong_sources() -> list[str]:
    """Say what the configured data sets need and is not there, or is there several times, and where it should be."""
    problems = []
    for dataset in config["datasets"]:
        for need in needs_of(dataset):
            found = found_of_need(dataset, need)
            twice = [" and ".join(paths) for paths in found if len(paths) > 1]
            if not found:
                problems.append(missing_source(dataset, need))
            elif twice:
                what = dataset_forms()[dataset]["needs"][need]["what"]
                several = f"{what} may be {'; '.join(twice)}; keep one of them there"
                problems.append(f"datasets.{dataset}.source: {several}")
    return problems


def missing_source(dataset: str, need: str) -> str:
    """Say where something that a data set needs was looked for."""
    entry, form = config["datasets"][dataset], dataset_forms()[dataset]["needs"][need]
    if entry.get(need):
        path = os.path.abspath(entry[need])
        return f"datasets.{dataset}.{need}: there is no {path} ({form['what']})"
    places = " or ".join(" with ".join(listed(place)) for place in form["places"])
    lacks = f"{os.path.abspath(entry['source'])} lacks {form['what']}: {places}"
    return (
        f"datasets.{dataset}.source: {lacks} (docs/data_sets.md says where it is from)"
    )


def given_files() -> dict[str, str]:
    """Every file or folder that the configuration names, by the key that names it."""
    keys = {
        "image_sets": ["folder", "table"],
        "comparisons": ["judgments", "order", "images"],
        "models": ["checkpoint"],
        "saliency": ["maps", "fixations", "checkpoint", "centre_bias"],
        "controls": ["masks"],
    }
    return {
        f"{kind}.{name}.{key}": entry[key]
        for kind in keys
        for name, entry in config[kind].items()
        for key in keys[kind]
        if isinstance(entry[key], str)
    }


#: Files whose absence the check of all inputs tells itself, beside all else that is wrong.
TOLD_BY_CHECK = r"image_sets\..+|comparisons\..+|models\..+|saliency\..+\.(maps|fixations)|controls\..+"


def check_files() -> None:
    """Stop when files or folders that the configuration names are not there and no rule makes them.

    The target `check` needs none of the user's files to plan its jobs: there, they are told by the check itself, but for
    the files of published data sets and of networks that predict gaze.

    Raises:
        WorkflowError: lists all of them.
    """
    if not workflow.is_main_process:
        return  # a job of a run that was looked at
    made = made_here()
    left = re.compile(TOLD_BY_CHECK if "check" in sys.argv else "$^")
    # Once for a file that several comparisons of one data set share.
    keys = {}
    for key, path in given_files().items():
        if path not in made and not os.path.exists(path) and not left.fullmatch(key):
            keys.setdefault(path, key)
    stop_at(
        [
            *wrong_sources(),
            *(
                f"{key}: there is no {os.path.abspath(path)}{source_of(key)}"
                for path, key in keys.items()
            ),
        ]
    )


def source_of(key: str) -> str:
    """Say where a missing file comes from, if it is one that is published."""
    entry, _, last = key.removeprefix("saliency.").rpartition(".")
    if config["saliency"].get(entry, {}).get("method") != "deepgaze_iie":
        return ""
    file = {"checkpoint": "deepgaze2e.pth", "centre_bias": "centerbias_mit1003.npy"}
    return f"; {file[last]} is in the release v1.0.0 of matthias-k/DeepGaze on GitHub"


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


def is_given(path: str) -> bool:
    """Whether the configuration names a file or folder."""
    return path in given_files().values()


@functools.cache
def state_of_inputs() -> str:
    """The file that stands for a check of the inputs in their present state: another one when anything changes.

    The state is the configuration of what is checked, the code of the check, and the names, sizes and times of the files
    that the user gives. Jobs of other rules have no use for it, and do not look at all files each.
    """
    if not (workflow.is_main_process or is_job_of("check_inputs")):
        return "<results>/inputs/.checked"
    parts = ("image_sets", "comparisons", "models", "saliency", "controls")
    made = made_here()
    given = {path for path in given_files().values() if path not in made}
    given |= {file for model in config["models"] for file in files_of_network(model)}
    files = {
        file
        for path in given
        for file in (files_of(path) if os.path.isdir(path) else [path])
    }
    state = {
        "configuration": settings(*parts, "cross_validation", "datasets"),
        "inner_folds": config["statistics"]["inner_folds"],
        "code": [
            hashlib.sha256(Path(file).read_bytes()).hexdigest()
            for file in code_of_check()
        ],
        "files": [
            (file, found.st_size, found.st_mtime_ns)
            for file in sorted(files)
            if (found := regular(file)) is not None
        ],
    }
    digest = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    return f"<results>/inputs/.checked-{digest}"


def code_of_check() -> list[str]:
    """The files that the check of all inputs runs, and that name its packages."""
    own = [
        Path(workflow.basedir, "scripts", "check_inputs.py"),
        Path(workflow.basedir, "envs", "checks.yaml"),
    ]
    return [*library_used_by("check_inputs"), *relative(own)]


def library_of_check(wildcards) -> list[str]:
    """The library's modules that the check uses.

    When Snakemake asks, its own reasons to check again are taken from it (a newer script, other inputs or packages, a
    check that was killed): the state of the inputs holds all of them. Jobs behind one that must run for a reason of its
    own are not asked for theirs, so that what changed together with the check would not be computed again.
    """
    if workflow.is_main_process:
        script = os.path.getmtime(Path(workflow.basedir, "scripts", "check_inputs.py"))
        state = with_results(state_of_inputs())
        for file in map(with_results, (CHECKED, FILES_CHECKED)):
            if os.path.exists(file) and os.path.getmtime(file) <= script:
                os.utime(file)
            if not os.path.exists(state):
                workflow.persistence.cleanup_metadata(IOFile(file))
    return library_used_by("check_inputs")


def with_results(path: str) -> str:
    """Fill the folder of results into a path of the workflow."""
    return path.replace("<results>", config["results"])


def is_job_of(rule: str) -> bool:
    """Whether this process is a job, or a group of jobs, of a rule: Snakemake names them as `rule:wildcards`."""
    return any(word.startswith(f"{rule}:") for word in sys.argv)


def regular(path: str) -> os.stat_result | None:
    """What the system says of a file; None if it is none. Asked once: on network file systems every question counts."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


# ----------------------------------------------------------------------------------------------------------------------
# What the rules ask


def image_set_of(comparison: str) -> str:
    """Name the image set that was judged."""
    return config["comparisons"][comparison]["image_set"]


def comparisons_of(image_set: str) -> list[str]:
    """Name the comparisons of an image set."""
    return [name for name in config["comparisons"] if image_set_of(name) == image_set]


def file_of_images(comparison: str) -> str | None:
    """The file that names the images of a comparison, if one does."""
    images = config["comparisons"][comparison]["images"]
    return images if isinstance(images, str) else None


def optional(path: str | None) -> str | list:
    """Turn the path of an input that may be missing into what Snakemake takes for it."""
    return path or []


def files_of_network(model: str) -> list[str]:
    """The user's files that a network is made of: its checkpoint, and the Python file of an own architecture."""
    network = config["models"][model]
    weights = [network["checkpoint"]] * (network["checkpoint"] is not None)
    return own_code(network["architecture"]) + weights


def own_code(architecture: str) -> list[str]:
    """The Python file of an own architecture `package.module:function`, if it is one in the working directory."""
    package, colon, _ = architecture.partition(":")
    file = f"{package.replace('.', os.sep)}.py"
    return [file] if colon and os.path.isfile(file) else []


def saliencies_by(networks: bool) -> list[str]:
    """Name the kinds of saliency map that networks make, or those that they do not make."""
    return [
        name
        for name, entry in config["saliency"].items()
        if (entry["method"] in GAZE_NETWORKS) == networks
    ]


def files_of_gaze_network(saliency: str) -> list[str]:
    """The user's files that a network which predicts gaze is made of."""
    entry = config["saliency"][saliency]
    given = [entry[key] for key in ("checkpoint", "centre_bias") if entry[key]]
    return own_code(entry["architecture"] or "") + given


def activations_of(wildcards) -> str:
    """The activations that a comparison and a model use."""
    return f"<results>/activations/{image_set_of(wildcards.comparison)}/{wildcards.model}.nc"


def controlled_heatmaps(wildcards) -> list[str]:
    """The heatmaps of all comparisons of a control's images."""
    judged_by = comparisons_of(config["controls"][wildcards.control]["image_set"])
    return [f"<results>/heatmaps/{name}/{wildcards.model}.nc" for name in judged_by]


def judged_sets() -> list[str]:
    """Name the image sets that have been judged."""
    return [name for name in config["image_sets"] if comparisons_of(name)]


def of_all_views(pattern: str) -> list[str]:
    """Fill every comparison with every model, and the comparison's image set, into a file's name."""
    return [
        file
        for comparison in config["comparisons"]
        for file in expand(
            pattern,
            comparison=comparison,
            image_set=image_set_of(comparison),
            model=config["models"],
        )
    ]


def transferred() -> list[str]:
    """The comparisons between which rankings are transferred: all, where there are several."""
    return list(config["comparisons"]) * (len(config["comparisons"]) > 1)


def pairs_of_models() -> list[tuple[str, str]]:
    """Every two models."""
    return list(itertools.combinations(config["models"], 2))


def figures_of_paper() -> list[tuple[str, dict[str, str]]]:
    """The figures of the paper in their order: the kind of each and what it is of."""
    views = [
        {"comparison": comparison, "model": model}
        for comparison in config["comparisons"]
        for model in config["models"]
    ]
    pairs = [
        {"comparison": comparison, "model": one, "model_b": other}
        for comparison in config["comparisons"]
        for one, other in pairs_of_models()
    ]
    controls = [
        {"control": control, "model": model}
        for control in config["controls"]
        for model in config["models"]
    ]
    of_saliency = ["overlap-grid", "overlap-categories", "overlap"]
    return [
        ("bars", {}),
        *(("fold-curves", {"model": model}) for model in config["models"]),
        *(("heatmaps", view) for view in views),
        *(
            (kind, view)
            for kind in of_saliency * bool(config["saliency"])
            for view in views
        ),
        *(
            ("spread", {"comparison": comparison})
            for comparison in list(config["comparisons"]) * bool(pairs_of_models())
        ),
        *(("agreement", pair) for pair in pairs),
        *(("control", control) for control in controls),
    ]


def files_of_paper(ending: str) -> list[str]:
    """The files of these figures."""
    files = []
    for kind, about in figures_of_paper():
        of = [about[name] for name in ("comparison", "control") if name in about]
        models = [about[name] for name in ("model", "model_b") if name in about]
        stem = "_".join([kind, *of, *["_and_".join(models)] * bool(models)])
        files.append(f"<results>/figures/{stem}.{ending}")
    return files


def left_out_of_paper() -> dict[str, str]:
    """What this configuration cannot give, and why."""
    reasons = {
        "spread of the scores of two networks, agreement of their heatmaps": (
            "the configuration names one network alone",
            bool(pairs_of_models()),
        ),
        "overlap of heatmaps with saliency maps, their precision and recall": (
            "the configuration names no saliency maps",
            bool(config["saliency"]),
        ),
        "published values beside those of this run": (
            "the configuration names none (`published`)",
            bool(config["published"]),
        ),
        "positive control": (
            "the configuration names no image set whose truth is known (`controls`)",
            bool(config["controls"]),
        ),
    }
    return {what: why for what, (why, there) in reasons.items() if not there}


def folds_of_paper() -> str:
    """How the folds came about, in words."""
    settings_of_folds = config["cross_validation"]
    n_folds, n_seeds = settings_of_folds["folds"], len(settings_of_folds["seeds"])
    pairs = settings_of_folds["unit"] == "pairs"
    warning = " Pairs were split: every image stands on both sides." * pairs
    return f"Folds: {n_folds} for each of {n_seeds} seeds.{warning}"


def of_all_seeds(pattern: str) -> list[str]:
    """Fill the seeds of the cross-validation into a file's name."""
    return expand(pattern, seed=config["cross_validation"]["seeds"])


def of_first_seed(pattern: str) -> str:
    """Fill the first seed of the cross-validation into a file's name: another seed behind it changes nothing."""
    return of_all_seeds(pattern)[0]


def settings_of_seed(seed: int) -> dict:
    """What the cross-validation of one seed is told, by the names of `cross_validation.Settings`."""
    return config["alignment"] | {
        "seed": seed,
        "by_pairs": config["cross_validation"]["unit"] == "pairs",
        "random_rankings": config["statistics"]["random_rankings"],
        "inner_folds": config["statistics"]["inner_folds"],
    }


def permutations_by_route() -> dict[str, int]:
    """How many permutations are made for networks of each route."""
    elsewhere = config["statistics"]["permutations_elsewhere"]
    pooled = config["statistics"]["permutations"]
    return {"pooled": pooled, "linear": elsewhere, "general": elsewhere}


def any_of(names) -> str:
    """A regular expression for one of some names; one that nothing matches where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def settings(*keys: str) -> dict:
    """Some keys of the configuration with their values."""
    return {key: config[key] for key in keys}


def gpus() -> int:
    """GPUs that a job on the configured device asks for."""
    return 0 if config["device"] == "cpu" else 1


def take_turns_at_gpu(driver: str = "nvidia-smi") -> None:
    """Let jobs on this machine take turns at its GPU, unless somebody has said how many may run at once."""
    if (
        workflow.local_exec
        and "gpu" not in workflow.global_resources
        and shutil.which(driver)
    ):
        workflow.register_resource("gpu", 1)


def environment(name: str) -> str:
    """The conda environment of rules that run networks: one that demands a PyTorch for CUDA if the device is `cuda`.

    For `auto`, conda takes what suits the machine that makes the environment.
    """
    return f"../../envs/{name}{'_cuda' * (config['device'] == 'cuda')}.yaml"


def megabytes(base: float, **per_mb: float) -> Callable[..., int]:
    """Memory of a job: `base` and a share for every MB of the named inputs, all of it once more at every new attempt.

    An input that is yet to be made counts as empty. Dry runs know no better, nor do jobs whose input is made in their
    own group; all others are asked again once their inputs are there.
    """
    return growing(base, per_mb)


def minutes(base: float, **per_mb: float) -> Callable[..., int]:
    """Run time of a job, likewise."""
    return growing(base, per_mb)


def growing(base: float, per_mb: dict[str, float]) -> Callable[..., int]:
    """A resource that grows with inputs and attempts, in the form that Snakemake takes."""
    return lambda wildcards, input, attempt: amount(base, per_mb, input) * attempt


def amount(base: float, per_mb: dict[str, float], input) -> int:
    """Add to `base` what the sizes of some named inputs ask for."""
    return math.ceil(
        base + sum(per_mb[name] * size_mb(getattr(input, name)) for name in per_mb)
    )


def size_mb(paths: str | list[str]) -> float:
    """Size of files and of what is in folders, as far as they are there, in MB."""
    total = 0
    for path in listed(paths):
        if (found := regular(path)) is not None:
            total += found.st_size
        elif os.path.isdir(path):
            total += sum(file.stat().st_size for file in os.scandir(path))
    return total / 1e6


def megabytes_of_network(**per_mb: float) -> Callable[..., int]:
    """Memory of a job that runs a network: PyTorch, CUDA's own if there is a GPU, and the inputs named."""
    return megabytes(1500 + 1000 * gpus(), **per_mb)


def megabytes_of_ablation() -> Callable[..., int]:
    """Memory of a job that ablates feature maps: its budget and the unpacked activations beside the network."""
    budget = 1000 * config["memory_gb"]
    return megabytes(1000 + 1000 * gpus() + budget, activations=10, network=3)


def megabytes_of_check() -> Callable[..., int]:
    """Memory of the job that checks all inputs: networks, and the judgments of one comparison after the other.

    The files of judgments are none of its inputs, see there.
    """
    files = [comparison["judgments"] for comparison in config["comparisons"].values()]
    return lambda wildcards, attempt: math.ceil(
        (2500 + 15 * max(map(size_mb, files))) * attempt
    )


def made_with() -> dict:
    """What every output was made with, for the jobs: the configuration, this workflow's commit, the records' folder.

    Where results lie changes none of them, so that the key `results` is no part of it.
    """
    configuration = {key: value for key, value in config.items() if key != "results"}
    folder = os.path.join(config["results"], "provenance")
    return {"folder": folder, "configuration": configuration, "commit": commit()}


def commit() -> str:
    """This workflow's commit, `-modified` behind it if files differ from it; `unknown` where it is in no repository.

    A repository around it that does not hold it, such as one of the user's project, is none of its own.
    """
    git = ["git", "-C", str(workflow.basedir)]
    try:
        _, head, changes = (
            subprocess.run([*git, *what], capture_output=True, text=True, check=True)
            for what in (
                ["ls-files", "--error-unmatch", "Snakefile"],
                ["rev-parse", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + "-modified" * bool(changes.stdout.strip())


def end_jobs_with_this_process() -> None:
    """Let jobs know who waits for them, so that none goes on after a kill (`logs.STARTED_BY`)."""
    os.environ.update(ALIGNMENT_IMPORTANCE_STARTED_BY=str(os.getpid()))


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
    found.remove(scripts / f"{script}.py")
    # A module may have a file of settings beside it.
    styles = {file.with_suffix(".mplstyle") for file in found}
    return relative(found | {file for file in styles if file.is_file()})


def parts_of_the_page() -> list[str]:
    """List the files beside the library's modules that the gallery's page is made of."""
    folder = Path(workflow.basedir, "scripts", "alignment_importance", "gallery")
    return relative(folder / name for name in ("page.html", "style.css", "script.js"))


def relative(files) -> list[str]:
    """Sort files and write their paths from the working directory on, where they lie below it."""
    here = Path.cwd()
    return [
        str(file.relative_to(here) if file.is_relative_to(here) else file)
        for file in sorted(files)
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
