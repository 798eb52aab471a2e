# Files that the user gives, and folders of data sets that the workflow makes. Functions only.
import functools
import glob
import hashlib
import json
import itertools
import os
import re
import stat
import sys
from pathlib import Path

import yaml
from snakemake.io import IOFile, directory

# What the checks of all inputs found. Every heavy rule waits for it, so that a mistake anywhere stops the run before it;
# as `ancient`, since another check is no reason to compute anything again.
CHECKED = "<results>/inputs/checks.csv"
FILES_CHECKED = "<results>/inputs/files.csv"


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
