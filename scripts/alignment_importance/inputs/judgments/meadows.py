"""Reads multiple arrangements downloaded from the Meadows platform, with rsatoolbox."""

import warnings
from pathlib import Path

import numpy as np
import scipy.io

from alignment_importance.inputs import array_files
from alignment_importance.inputs.judgments import judged, rdms
from alignment_importance.system.problems import Problems

# rsatoolbox takes participant and task from the file's name.
_KEEP_NAME = (
    "Keep the name that Meadows gave the file, such as Meadows_study_v_v1_arrangement_1D.mat or "
    "Meadows_study_v_v1_cuddly-bunny_tree.json; .mat and the tree of one participant (.json) can be read."
)


def _is_meadows(file: judged.File) -> bool:
    """Tell whether a file was downloaded from Meadows: a .json, or a .mat with Meadows' variables."""
    if file.path.suffix.lower() == ".json":
        return True
    try:
        return any(name.startswith("rdmutv") for name, *_ in scipy.io.whosmat(file.path))
    except (NotImplementedError, *array_files.READING_ERRORS):
        return False


def read(file: judged.File) -> judged.Judged:
    """Read the arrangements of one or several participants.

    Args:
        file: .mat, or .json in the structure "tree". Its key is the name of the task, if a participant did several.
            Arrangements are dissimilarities (distances); another kind is an error. Meadows names stimuli by their
            files, and rsatoolbox cuts these names off at the first dot.

    Raises:
        ProblemsError: the file cannot be read, or it is unclear which task is meant.
    """
    # Imported here because rsatoolbox takes more than a second, and most forms do not need it.
    from rsatoolbox.io.meadows import load_rdms

    path, problems = file.path, file.problems
    kind = judged.kind_of(file, "dissimilarity", "an arrangement of Meadows")
    _check_stimuli(path, problems)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # Keep the order of the file: images are sorted later.
            arrangements = load_rdms(str(path), sort=False)
    except (*array_files.READING_ERRORS, AttributeError) as error:
        problems.fail(path, f"rsatoolbox cannot read it as a file of Meadows ({error})", _KEEP_NAME)
    for warning in caught:
        problems.warn(path, f"rsatoolbox: {warning.message}", "Tasks with other stimuli are not used.")
    chosen = _task(arrangements.rdm_descriptors.get("task"), arrangements.n_rdm, file.source.key, path, problems)
    arrangements = arrangements.subset("index", chosen)
    image_ids = rdms.texts(arrangements.pattern_descriptors["conds"])
    participants = rdms.texts(arrangements.rdm_descriptors["participant"])
    return rdms.from_rdms(file, arrangements, "stimulus", image_ids, participants, kind)


def _check_stimuli(path: Path, problems: Problems) -> None:
    """Refuse a file whose participants have different stimuli: rsatoolbox would label all with the first one's."""
    if path.suffix.lower() != ".mat":
        return
    try:
        variables = scipy.io.loadmat(path)
    except array_files.READING_ERRORS as error:
        problems.fail(path, f"it cannot be read ({error})", "Download it again: it is damaged.")
    names = [name for name in sorted(variables) if name.startswith("stimuli")]
    for name in names[1:]:
        if not np.array_equal(variables[name], variables[names[0]]):
            remedy = "Download each participant's file on its own, or bring the matrices into one order."
            problems.error(path, f"the stimuli are not those of {names[0]} in the same order", remedy, name)
    problems.raise_errors()


def _task(tasks: object, n_rdms: int, key: str | None, path: Path, problems: Problems) -> list[int]:
    """Select the RDMs of the task that `key` names, or of the only task."""
    names = rdms.texts(tasks) if isinstance(tasks, (list, np.ndarray)) else [""] * n_rdms
    several = sorted(set(names))
    if not n_rdms:
        problems.error(path, "there is no arrangement in it", _KEEP_NAME)
    elif key is None and len(several) > 1:
        found = f"there are arrangements of several tasks: {', '.join(several)}"
        problems.error(path, found, "Name one of them as the comparison's `key`.", lacks="key")
    elif key is not None and key not in several:
        remedy = f"There are: {', '.join(several)}." if any(several) else "Remove `key`: the file names no task."
        problems.error(path, f"there is no arrangement of a task {key!r}", remedy)
    problems.raise_errors()
    return [number for number, name in enumerate(names) if key is None or name == key]


FORM = judged.Form("download of Meadows", _is_meadows, read, (".mat", ".json"), has_parts=True)
