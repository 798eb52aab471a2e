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
from snakemake.cli import get_argument_parser
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
        for path in files_of_dataset(config, dataset)
    }


def files_of_dataset(config: dict, dataset: str) -> set[str]:
    """All files and folders that can be made of a data set."""
    folder, parts = (
        config["datasets"][dataset]["folder"],
        dataset_forms()[dataset]["makes"],
    )
    return {
        os.path.join(folder, path)
        for part in parts.values()
        for path in part["files"].values()
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


def wrong_sources() -> dict[tuple[str, str], Problem]:
    """Find what the configured data sets need and is not there, or is there several times, by data set and need."""
    wrong = {}
    for dataset in config["datasets"]:
        for need in needs_of(dataset):
            found = found_of_need(dataset, need)
            twice = [" and ".join(paths) for paths in found if len(paths) > 1]
            if not found:
                wrong[dataset, need] = missing_source(dataset, need)
            elif twice:
                what = dataset_forms()[dataset]["needs"][need]["what"]
                several = f"{what} may be {'; '.join(twice)}; keep one of them there"
                wrong[dataset, need] = (("datasets", dataset, "source"), several)
    return wrong


def missing_source(dataset: str, need: str) -> Problem:
    """Say where something that a data set needs was looked for."""
    entry, form = config["datasets"][dataset], dataset_forms()[dataset]["needs"][need]
    if entry.get(need):
        lacks = f"there is no {os.path.abspath(entry[need])} ({form['what']})"
        return ("datasets", dataset, need), lacks
    places = " or ".join(" with ".join(listed(place)) for place in form["places"])
    lacks = f"{os.path.abspath(entry['source'])} lacks {form['what']}: {places}"
    return (
        ("datasets", dataset, "source"),
        f"{lacks} (docs/data_sets.md says where it is from)",
    )


def files_named_by(config: dict) -> dict[tuple[str, str, str], str]:
    """Every file or folder that a configuration names, by the path of the key that names it."""
    keys = {
        "image_sets": ["folder", "table"],
        "comparisons": ["judgments", "order", "images"],
        "models": ["checkpoint"],
        "saliency": ["maps", "fixations", "checkpoint", "centre_bias"],
        "controls": ["masks"],
    }
    return {
        (kind, name, key): entry[key]
        for kind in keys
        for name, entry in config[kind].items()
        for key in keys[kind]
        if isinstance(entry[key], str)
    }


def given_files() -> dict[tuple[str, str, str], str]:
    """The same of this configuration."""
    return files_named_by(config)


def without_unmade(config: dict) -> tuple[dict, list[Problem]]:
    """Leave out what would be made of sources that are wrong, and say what is wrong with them."""
    wrong = wrong_sources() if looks_at_files() else {}
    unmade = {
        path
        for dataset, need in wrong
        for part, form in dataset_forms()[dataset]["makes"].items()
        if need in form["of"]
        for path in files_of_part(dataset, part).values()
    }
    left = without_dependents(without_files(config, unmade))
    return left, list(wrong.values())


def missing_files(seen_by_check: bool) -> list[Problem]:
    """Find files and folders that the configuration names, that are not there and that no rule makes.

    Args:
        seen_by_check: those that the check of all inputs tells itself, or else those of networks that predict gaze.
    """
    if not looks_at_files():
        return []
    made, keys = made_here(), {}
    for key, path in given_files().items():
        kind, _, last = key
        is_seen = kind != "saliency" or last in ("maps", "fixations")
        if is_seen == seen_by_check and path not in made and not os.path.exists(path):
            # Once for a file that several comparisons of one data set share.
            keys.setdefault(path, key)
    return [
        (key, f"there is no {os.path.abspath(path)}{source_of(key)}")
        for path, key in keys.items()
    ]


def unusable_names() -> list[Problem]:
    """Find files in the folders that the user gives whose names Snakemake cannot follow."""
    if not looks_at_files():
        return []
    folders = {*given_files().values()} - made_here()
    sources = [sources_of(dataset).values() for dataset in config["datasets"]]
    folders |= {path for needs in sources for paths in needs for path in paths}
    return [
        ((file,), f"rename it; {PLACEHOLDERS}")
        for folder in sorted(folders)
        if os.path.isdir(folder)
        for file in files_in(folder)
        if not can_be_followed(file)
    ]


def can_be_followed(file: str) -> bool:
    """Whether Snakemake takes the name of a file as it is."""
    return not re.search(r"[{}<>]", file)


def source_of(key: tuple[str, str, str]) -> str:
    """Say where a missing file comes from, if it is one that is published."""
    kind, name, last = key
    if kind != "saliency" or config["saliency"][name]["method"] != "deepgaze_iie":
        return ""
    file = {"checkpoint": "deepgaze2e.pth", "centre_bias": "centerbias_mit1003.npy"}
    return f"; {file[last]} is in the release v1.0.0 of matthias-k/DeepGaze on GitHub"


@functools.cache
def files_of(folder: str | None) -> list[str]:
    """List a folder that is an input: file by file, so that a change of any is seen, or whole if a rule here makes it."""
    if folder is None:
        return []
    if folder in made_here() or not os.path.isdir(folder):
        return [folder]
    return [file for file in files_in(folder) if can_be_followed(file)]


@functools.cache
def files_in(folder: str) -> list[str]:
    """The files of a folder, without hidden ones, sorted."""
    entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    return sorted(entry.path for entry in entries if entry.is_file())


def looks_at_files() -> bool:
    """Whether this process looks whether files are there. Jobs of a run that was looked at do not."""
    return workflow.is_main_process or runs_with_problems()


def runs_with_problems() -> bool:
    """Whether this process is a job that runs with problems as well: the check, or one that makes what is checked."""
    makers = ("draw_demo", *(f"make_{dataset}" for dataset in dataset_forms()))
    return any(map(is_job_of, ("check_inputs", *makers)))


def is_given(path: str) -> bool:
    """Whether the configuration names a file or folder."""
    return path in given_files().values()


@functools.cache
def state_of_inputs() -> str:
    """The file that stands for a check of the inputs in their present state: another one when anything changes.

    The state is the configuration of what is checked, the code of the check, the names, sizes and times of the files that
    the user gives, and the state of those that are made here. Jobs of other rules have no use for it, and do not look at
    all files each.
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
        "configuration": settings(*parts, "cross_validation", "datasets", "problems"),
        "inner_folds": config["statistics"]["inner_folds"],
        "code": code_of("check_inputs", "checks"),
        "files": [
            (file, found.st_size, found.st_mtime_ns)
            for file in sorted(files)
            if (found := regular(file)) is not None
        ],
        "made": states_of(*given_files().values()),
    }
    return f"<results>/inputs/.checked-{digest(state)}"


@functools.cache
def state_of_data(dataset: str) -> str:
    """The file that stands for a data set made here in its present state: another one when what it is made of changes.

    The state is the data set's configuration, what of it is wanted, the code that makes it, and the files that it is made
    of. Jobs of rules that do not name it do not look at all these files.
    """
    folder, rule = config["datasets"][dataset]["folder"], maker_of(dataset)
    naming = ("check_inputs", "prepare_images", "prepare_judgments", rule)
    if not (workflow.is_main_process or any(map(is_job_of, naming))):
        return f"{folder}/.made"
    state = {
        "configuration": config["datasets"][dataset],
        "wanted": wanted_parts(dataset),
        "code": code_of(rule, "figures" if dataset == "demo" else "tables"),
        "files": [(file, content_of(file)) for file in files_of_sources(dataset)],
    }
    return f"{folder}/.made-{digest(state)}"


def states_of(*values) -> list[str]:
    """The files that stand for the states of those data sets made here of which some values are files or folders."""
    return [
        state_of_data(dataset)
        for dataset in config["datasets"]
        if any(
            path in values
            for part in dataset_forms()[dataset]["makes"]
            for path in files_of_part(dataset, part).values()
        )
    ]


def maker_of(dataset: str) -> str:
    """Name the rule that makes a data set."""
    return "draw_demo" if dataset == "demo" else f"make_{dataset}"


def content_of(file: str) -> str | tuple[int, int] | None:
    """What another content of a file changes: a digest where reading it takes no time, otherwise size and time."""
    found = regular(file)
    if found is None or found.st_size > 1_000_000:
        return found and (found.st_size, found.st_mtime_ns)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def digest(state: dict) -> str:
    """A short name for a state."""
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


def code_of(rule: str, environment: str) -> list[str]:
    """Digests of the files that a rule runs, and of the one that names its packages."""
    own = [
        Path(workflow.basedir, "scripts", f"{rule}.py"),
        Path(workflow.basedir, "envs", f"{environment}.yaml"),
    ]
    return [
        hashlib.sha256(Path(file).read_bytes()).hexdigest()
        for file in [*library_used_by(rule), *relative(own)]
    ]


def library_of_check(wildcards) -> list[str]:
    """The library's modules that the check uses, which is needed for its state alone."""
    state, *made = map(with_results, (state_of_inputs(), CHECKED, FILES_CHECKED))
    need_for_state("check_inputs", state, made)
    return library_used_by("check_inputs")


def library_of_maker(dataset: str):
    """An input function: the library's modules that the rule of a data set uses, which is needed for its state alone."""

    def library(wildcards) -> list[str]:
        made = wanted_files(dataset).values()
        need_for_state(maker_of(dataset), state_of_data(dataset), made)
        return library_used_by(maker_of(dataset))

    return library


def need_for_state(rule: str, state: str, made) -> None:
    """Let the job of a rule be needed when what it has made is in another state, and for no other reason.

    Snakemake's own reasons to run it again are taken from it (a newer script, other settings, inputs or packages, a kill):
    the state holds all of them. Jobs behind one that must run for a reason of its own are not asked for theirs, so that
    what changed together with it would not be computed again.
    """
    if not workflow.is_main_process:
        return
    script = os.path.getmtime(Path(workflow.basedir, "scripts", f"{rule}.py"))
    for file in map(IOFile, (state, *made)):
        # Snakemake keeps the time of a folder in a file.
        timed = f"{file}/.snakemake_timestamp" if file.is_directory else file
        if os.path.exists(timed) and os.path.getmtime(timed) <= script:
            os.utime(timed)
        if not os.path.exists(state):
            workflow.persistence.cleanup_metadata(file)


#: Options of Snakemake that look at a plan and run nothing of it. Unlocking and the like ask for no plan.
PLANS = (
    "dryrun",
    "touch",
    "dag",
    "rulegraph",
    "filegraph",
    "d3dag",
    "summary",
    "detailed_summary",
    "report",
    "reporter",
    "archive",
    "delete_all_output",
    "delete_temp_output",
)


def targets_without_rule() -> list[str]:
    """What the command line asks for and has no rule as long as there are problems.

    Raises:
        WorkflowError: nothing is to be run, so that the check cannot tell the problems.
    """
    if not workflow.is_main_process:
        return []
    asked = get_argument_parser().parse_args(sys.argv[1:])
    if any(getattr(asked, option) for option in PLANS):
        stop_at(PROBLEMS)
    return sorted(itertools.filterfalse(workflow.is_rule, asked.targets))


def time_of_report() -> float | None:
    """When the check of all inputs last told what it found; None where it never did."""
    found = regular(with_results("<results>/logs/check_inputs.csv"))
    return found and found.st_mtime


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
