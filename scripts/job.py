"""Run the function of a script as a job: its parameters are bound by name to what Snakemake hands over.

Scripts import this module before the slow libraries, because it stops garbage collection until the job runs. PyTorch
and its dependencies create a million objects that are never freed; searching them during the imports and again at exit
takes 1.2 of the 3.4 s of processor time of a script that only imports PyTorch, numba and pandas.
"""

import gc
import inspect
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from alignment_importance.system import logs

logger = logging.getLogger("alignment_importance.job")

if "snakemake" in vars(sys.modules["__main__"]):
    gc.disable()  # until the job runs


def run(function: Callable[..., None], snakemake: Any) -> None:
    """Call a function with the files and settings of its rule, see `bind`, write the job's log, and end the process.

    The function's outputs name the record of `snakemake.config["provenance"]`, unless the rule's params have
    `recorded=False`.
    """
    gc.freeze()
    gc.enable()
    recorded, status = snakemake.params.get("recorded", True), 0
    try:
        with logs.job(snakemake.log[0], snakemake.config["provenance"] if recorded else None):
            logger.info("%s", " ".join([snakemake.rule, *snakemake.wildcards]))
            function(**bind(function, snakemake))
    except SystemExit:
        status = 1  # a mistake in the inputs, which `logs.job` has logged
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


def bind(function: Callable[..., None], snakemake: Any) -> dict[str, Any]:
    """Find a value for every parameter of a function, by its name, among what Snakemake hands to a script.

    The order of the search: output, input, log, params, wildcards, `threads`. Files become what the parameter's type
    says: a `Path`, a sequence of paths, or a mapping of paths, whose keys are the param of the same name. An optional
    input that the rule lacks becomes None or an empty sequence. The param `compute`, which holds the device, memory and
    precision of the configuration, becomes the `Compute` of the job's threads and GPUs.

    Raises:
        TypeError: the rule has nothing of a parameter's name.
    """
    hints = get_type_hints(function)
    return {name: _value(name, hints[name], snakemake) for name in inspect.signature(function).parameters}


def _value(name: str, hint: Any, snakemake: Any) -> Any:
    if name == "compute":
        return hint.of_job(snakemake.params[name], snakemake.resources.get("gpu"), snakemake.threads)
    for files in (snakemake.output, snakemake.input, snakemake.log):
        if name in dict(files.items()):
            return _as(hint, files[name], snakemake.params.get(name))
    for values in (snakemake.params, snakemake.wildcards):
        if name in dict(values.items()):
            return Path(values[name]) if hint is Path else values[name]
    if name == "threads":
        return snakemake.threads
    raise TypeError(f"the rule has no input, output, param or wildcard {name!r}")


def _as(hint: Any, files: Any, keys: Sequence[Any] | None) -> Any:
    """Convert the files of a rule to the type of a parameter; `keys` are those of a mapping."""
    paths = [files] if isinstance(files, str) else list(files)
    kind = get_origin(hint)
    if kind is Mapping:
        if keys is None:
            raise TypeError("a mapping of files needs its keys in the params, by the same name")
        names = [tuple(key) if isinstance(key, list | tuple) else key for key in keys]
        return dict(zip(names, map(Path, paths), strict=True))
    if kind is Sequence:
        return [Path(path) for path in paths]
    if not paths and type(None) in get_args(hint):
        return None
    [only] = paths
    return Path(only)
