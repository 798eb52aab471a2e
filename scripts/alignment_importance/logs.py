"""Logging of one job: to its log file and to the terminal, with progress and with every exception."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alignment_importance.errors import InputError

_SECONDS_BETWEEN_REPORTS = 5.0

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@contextmanager
def job(path: str | Path) -> Iterator[None]:
    """Send the log records of a job to `path` and to stderr, and its exceptions as well.

    An `InputError` ends the process with status 1 and its message alone; any other exception is logged with its
    traceback and raised again.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[to_file, to_terminal], force=True)
    # Only this package tells how it gets on; other libraries report every glyph of a font.
    logging.getLogger("alignment_importance").setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    except InputError as error:
        logger.error("%s", error)
        sys.exit(1)
    except Exception:
        logger.exception("The job failed.")
        raise
    finally:
        to_file.flush()


def progress(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yield the items and log now and then, and at the end, how many of `total` are done."""
    started = reported = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if done == total or now - reported >= _SECONDS_BETWEEN_REPORTS:
            logger.info("%s: %d of %d (%.0f s)", what, done, total, now - started)
            reported = now
