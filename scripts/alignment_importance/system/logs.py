"""Logging of one job: to its log file and to the terminal, with progress and with every exception."""

import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from alignment_importance.system import memory, provenance
from alignment_importance.system.errors import InputError

_SECONDS_BETWEEN_REPORTS = 5.0

_SECONDS_BETWEEN_LOOKS = 0.5

_HINT = (
    "The target `check` lists everything that is wrong with the inputs (snakemake --cores 1 check, with the "
    "--configfile of this run, if any)."
)

#: Whether a loop is reporting its progress.
_under_way = False

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@contextmanager
def job(path: str | Path, made_with: Mapping[str, Any] | None) -> Iterator[None]:
    """Send a job's log records to `path` and to stderr, with its exception or the memory that it took.

    A job does not outlive the process that started it: what it wrote later might not fit what has been changed and run
    since.

    An `InputError` ends the process with status 1 and its message alone, followed by a hint at the target `check` if
    the job has a record. Any other exception is logged with its traceback and raised again.

    Args:
        path: of the log file.
        made_with: arguments of `provenance.recording`, whose record all outputs of the job name; None for outputs that
            are the same whoever makes them.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[to_file, to_terminal], force=True)
    # Only this package reports its progress; other libraries would report every glyph of a font.
    logging.getLogger("alignment_importance").setLevel(logging.INFO)
    logging.captureWarnings(True)
    ended = threading.Event()
    threading.Thread(target=_end_with_parent, args=(os.getppid(), ended), daemon=True).start()
    try:
        with provenance.recording(**made_with) if made_with is not None else nullcontext():
            yield
    except InputError as error:
        logger.error("%s", error)
        if made_with is not None:
            logger.error(_HINT)
        sys.exit(1)
    except Exception:
        logger.exception("The job failed.")
        raise
    else:
        # Snakemake's benchmark files hold samples: every half second at first, then two a minute.
        if (peak := memory.peak_mb()) > 0:
            logger.info("Peak memory: %.0f MB.", peak)
        if (on_gpu := memory.peak_gpu_mb()) > 0:
            logger.info("Peak GPU memory: %.0f MB.", on_gpu)
    finally:
        ended.set()
        to_file.flush()


def _end_with_parent(parent: int, ended: threading.Event) -> None:
    """End this process as soon as its parent process has ended, unless the job has."""
    while not ended.wait(_SECONDS_BETWEEN_LOOKS):
        if os.getppid() != parent:
            logger.error("Snakemake has ended, and so does this job. Run Snakemake again with --rerun-incomplete.")
            os._exit(1)


def progress(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yield the items and log now and then, and at the end, how many of `total` are done.

    Of nested loops only the outermost reports.
    """
    global _under_way  # one per process: a job has one log
    inner, _under_way = _under_way, True
    try:
        started = reported = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if not inner and (done == total or now - reported >= _SECONDS_BETWEEN_REPORTS):
                logger.info("%s: %d of %d (%.0f s)", what, done, total, now - started)
                reported = now
    finally:
        _under_way = inner
