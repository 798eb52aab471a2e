"""The files and folders that a configuration names, and those that the workflow makes from published data sets."""

import functools
import glob
import itertools
import os
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alignment_importance.config.problems import PLACEHOLDERS, KeyProblem
from alignment_importance.config.sections import ALL_PAIRS, Configuration
from alignment_importance.inputs.datasets import registry
from alignment_importance.system import names
from alignment_importance.system.names import counted

#: Keys that name a file or folder, by section.
_NAMING = {
    "image_sets": ("folder", "table"),
    "comparisons": ("judgments", "order", "images", "pairs"),
    "models": ("checkpoint", "features", "order"),
    "saliency": ("maps", "fixations", "checkpoint", "centre_bias"),
    "controls": ("masks",),
}

#: Seconds that every job takes at least: a file with a time beyond that would be younger than what is made from it.
_SHORTEST_JOB = 2

#: Names of published files, by saliency method and key.
_RELEASED = {
    ("deepgaze_iie", "checkpoint"): "deepgaze2e.pth",
    ("deepgaze_iie", "centre_bias"): "centerbias_mit1003.npy",
}


def given(configuration: Configuration) -> dict[tuple[str, str, str], str]:
    """Every file or folder that a configuration names, by the path of the key that names it."""
    return {
        (kind, name, key): path
        for kind, keys in _NAMING.items()
        for name, entry in getattr(configuration, kind).items()
        for key in keys
        if isinstance(path := getattr(entry, key, None), str) and path != ALL_PAIRS
    }


def made(configuration: Configuration) -> set[str]:
    """Files and folders that can be made from the configured data sets."""
    return {
        path
        for name, settings in configuration.datasets.items()
        for path in registry.FORMS[name].all_files(settings["folder"])
    }


def wanted_parts(configuration: Configuration, dataset: str) -> dict[str, dict[str, str]]:
    """The parts of a data set from which the configuration names any file, each with all its files."""
    named, folder = set(given(configuration).values()), configuration.datasets[dataset]["folder"]
    parts = {part: registry.FORMS[dataset].files(folder, part) for part in registry.FORMS[dataset].makes}
    return {part: files for part, files in parts.items() if named & set(files.values())}


def sources(configuration: Configuration, dataset: str) -> dict[str, list[str]]:
    """The user's files and folders that the wanted parts of a data set are made from, by need."""
    return {need: list(_flat(paths)) for need, paths in _existing_sources(configuration, dataset).items()}


def in_folder(folder: str) -> list[str]:
    """The files of a folder, without hidden ones, sorted. Listed only once, since network file systems are slow."""
    return _in_folder(folder, os.getcwd())


@functools.cache
def _in_folder(folder: str, working_directory: str) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if not entry.name.startswith(".") and entry.is_file())


def can_be_followed(file: str) -> bool:
    """Whether Snakemake and the outputs can use the name of a file as it is."""
    return names.can_be_written(file) and not re.search(r"[{}<>]", file)


def problems(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find files and folders that do not exist and that no data set makes, and those that cannot be used."""
    if os.path.isfile(configuration.results):
        yield KeyProblem(("results",), f"{os.path.abspath(configuration.results)} is a file; name a folder")
    yield from _wrong_sources(configuration)
    yield from _missing_files(configuration)
    for path in _own_paths(configuration):
        yield from unusable(path)


def unusable(path: str) -> Iterator[KeyProblem]:
    """Find names of files in a folder that Snakemake or the outputs cannot use, and times in the future."""
    files = in_folder(path) if os.path.isdir(path) else []
    for file in files:
        if not names.can_be_written(file):
            yield KeyProblem((names.visible(file),), "rename it; the name is not UTF-8 or has control characters")
        elif not can_be_followed(file):
            yield KeyProblem((file,), f"rename it; {PLACEHOLDERS}")
    yield from _future_times(path, files)


def missing(key: tuple[str, ...], path: str, source: str = "") -> KeyProblem:
    """Say that a file does not exist; `source` adds where it can be had."""
    return KeyProblem(key, f"there is no {os.path.abspath(path)}{source}")


def _missing_files(configuration: Configuration) -> Iterator[KeyProblem]:
    made_here, keys = made(configuration), dict[str, tuple[str, str, str]]()
    for key, path in given(configuration).items():
        if path not in made_here and not os.path.exists(path):
            # A file that several comparisons share is reported once.
            keys.setdefault(path, key)
    for path, (kind, name, last) in keys.items():
        method = configuration.saliency[name].method if kind == "saliency" else ""
        file = _RELEASED.get((method, last))
        source = f"; {file} is in the release v1.0.0 of matthias-k/DeepGaze on GitHub" if file else ""
        yield missing((kind, name, last), path, source)


def _own_paths(configuration: Configuration) -> list[str]:
    """The user's files and folders that exist, sorted, each once."""
    of_datasets = [path for name in configuration.datasets for path in _flat(sources(configuration, name).values())]
    named = set(given(configuration).values()) - made(configuration)
    return sorted(filter(os.path.exists, named | set(of_datasets)))


def _future_times(path: str, files: Iterable[str]) -> Iterator[KeyProblem]:
    """Find a file or folder, or files in a folder, modified in the future: Snakemake wants outputs to be younger."""
    latest = time.time() + _SHORTEST_JOB
    in_future = [file for file in (path, *files) if os.path.getmtime(file) > latest]
    if in_future:
        changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(os.path.getmtime(in_future[0])))
        more, folder = len(in_future) - 1, shlex.quote(path)
        others = f", and that of {counted(more, 'other', 'others')} in {path}" if more else ""
        command = f"touch {folder} {folder}/*" if more else f"touch {shlex.quote(in_future[0])}"
        found = f"its modification time, {changed}, is in the future{others}; reset it with: {command}"
        yield KeyProblem((names.visible(in_future[0]),), found)


def _wrong_sources(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find needs of the configured data sets whose files do not exist, or for which there are several candidates."""
    for dataset in configuration.datasets:
        for need, present in _existing_sources(configuration, dataset).items():
            several = [" and ".join(paths) for paths in present if len(paths) > 1]
            if not present:
                yield _missing_source(configuration, dataset, need)
            elif several:
                what = registry.FORMS[dataset].needs[need].what
                yield KeyProblem(
                    ("datasets", dataset, "source"), f"{what} may be {'; '.join(several)}; keep one of them there"
                )


def _missing_source(configuration: Configuration, dataset: str, need: str) -> KeyProblem:
    """Say which need of a data set is missing, and where it was looked for."""
    settings, needed = configuration.datasets[dataset], registry.FORMS[dataset].needs[need]
    if settings.get(need):
        return missing(("datasets", dataset, need), settings[need], f" ({needed.what})")
    places = " or ".join(place if isinstance(place, str) else " with ".join(place) for place in needed.places)
    lacks = f"{os.path.abspath(settings['source'])} lacks {needed.what}: {places}"
    return KeyProblem(("datasets", dataset, "source"), f"{lacks} (docs/data_sets.md says where it is from)")


def _existing_sources(configuration: Configuration, dataset: str) -> dict[str, list[list[str]]]:
    """The existing files and folders for each need of the wanted parts of a data set, see `_fitting`."""
    form, settings = registry.FORMS[dataset], configuration.datasets[dataset]
    needs = dict.fromkeys(_flat(form.makes[part].of for part in wanted_parts(configuration, dataset)))
    return {need: _fitting(settings, need, form.needs[need].places) for need in needs}


def _fitting(settings: Mapping[str, Any], need: str, places: Iterable[str | tuple[str, ...]]) -> list[list[str]]:
    """The matches of each path of the first place whose paths all have matches; empty if there is no such place."""
    own = settings.get(need)
    if own:
        return [[own]] if os.path.exists(own) else []
    source = glob.escape(settings["source"])
    for place in places:
        paths = [os.path.join(source, path) for path in ([place] if isinstance(place, str) else place)]
        matches = [sorted(glob.glob(path)) for path in paths]
        if all(matches):
            return matches
    return []


def _flat(lists: Iterable[Iterable[str]]) -> Iterator[str]:
    return itertools.chain.from_iterable(lists)
