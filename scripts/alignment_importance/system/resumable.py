"""Long computations in steps: within a time budget, with progress, and resumed where they stopped."""

import hashlib
import logging
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.system import logs
from alignment_importance.system.atomic_write import atomic, atomic_folder

#: Seconds between two records of the state; an interruption costs no more than these.
_SECONDS_BETWEEN_RECORDS = 30.0

logger = logging.getLogger(__name__)

State = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Budget:
    """How long a computation may take, and where it keeps what it has done so far.

    Attributes:
        seconds: after which no further step begins (at least one is made); None for no limit.
        partial: file (.npz) of the state after some steps, removed once all are done. None keeps nothing.
        key: `fingerprint` of everything that the state depends on; a file with another key is not used.
    """

    seconds: float | None = None
    partial: Path | None = None
    key: str = ""

    def run(self, state: State, step: Callable[[int], None], n_steps: int, what: str) -> int:
        """Make steps until all are done or the time is up.

        The result is that of an uninterrupted run, to the bit, as long as a step depends on its number and on the
        state alone.

        Args:
            state: named arrays, changed in place; what an earlier run left replaces their values.
            step: makes the step of a given number (from 0) and changes the arrays.
            what: what the log calls the steps.

        Returns:
            How many steps are done, those of earlier runs included.
        """
        first = done = self._resume(state, n_steps)
        started = recorded = time.monotonic()
        for number in logs.progress(self._numbers(first, n_steps, started), what, n_steps - first):
            step(number)
            done = number + 1
            if time.monotonic() - recorded > _SECONDS_BETWEEN_RECORDS:
                self._record(state, done)
                recorded = time.monotonic()
        if done < n_steps:
            self._record(state, done)
            logger.warning(
                "%s: the time is up after %d of %d steps. A rerun continues from there.", what, done, n_steps
            )
        elif self.partial is not None:
            self.partial.unlink(missing_ok=True)
        return done

    def _numbers(self, first: int, n_steps: int, started: float) -> Iterator[int]:
        """Numbers of the steps to make, while there is time."""
        for number in range(first, n_steps):
            if self.seconds is not None and number > first and time.monotonic() - started >= self.seconds:
                return
            yield number

    def _resume(self, state: State, n_steps: int) -> int:
        """Fill the arrays with what an earlier run left, if it made at most `n_steps`, and return how many it made."""
        if self.partial is None or not self.partial.is_file():
            return 0
        try:
            with np.load(self.partial, allow_pickle=False) as saved:
                if str(saved["key"]) != self.key or int(saved["done"]) > n_steps:
                    logger.info("%s was made from other inputs or settings; starting over.", self.partial)
                    return 0
                arrays = {name: np.broadcast_to(saved[f"state_{name}"], values.shape) for name, values in state.items()}
                done = int(saved["done"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read (%s); starting over.", self.partial, error)
            return 0
        for name, values in state.items():
            values[...] = arrays[name]
        logger.info("Going on after %d steps of an earlier run (%s).", done, self.partial)
        return done

    def _record(self, state: State, done: int) -> None:
        if self.partial is not None:
            named = {f"state_{name}": values for name, values in state.items()}
            with atomic(self.partial) as path:
                np.savez(path, allow_pickle=False, key=np.array(self.key), done=np.array(done), **named)


#: No limit, and nothing kept.
AT_ONCE = Budget()


def fingerprint(*parts: np.ndarray | str | float) -> str:
    """SHA-256 of arrays and settings, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(f"{part!r}\n".encode())
    return digest.hexdigest()


class Parts:
    """The parts of a job that writes many files: those that an interrupted job has finished are taken over.

    Snakemake removes the outputs of a job that failed. Finished parts therefore wait in folders of their own.
    """

    def __init__(self, key: str) -> None:
        """Start a job; `key` is the `fingerprint` of what all parts depend on."""
        self._key = key
        self._waiting: list[tuple[Path, Path]] = []

    def make(
        self, folder: Path, key: str, outputs: Mapping[str, Path], write: Callable[[Mapping[str, Path]], None]
    ) -> None:
        """Let `write` make the files of one part, unless an earlier job has made them all.

        Args:
            folder: where the part waits. No other part may use it: jobs of other parts may run at the same time.
            key: the `fingerprint` of what this part depends on beside the key of all parts.
            outputs: paths of its files in the end, by name.
            write: makes the files; it is given paths by the same names.
        """
        part = folder / fingerprint(self._key, key)[:16]
        kept = {kind: part / f"{kind}{output.suffix}" for kind, output in outputs.items()}
        # A job that was killed while it moved the files to their places has left only some of them here.
        if all(file.is_file() for file in kept.values()):
            logger.info("Taking over %s of an earlier job that was interrupted.", folder)
        else:
            with atomic_folder(part) as partial:
                write({kind: partial / file.name for kind, file in kept.items()})
        self._waiting.extend((kept[kind], output) for kind, output in outputs.items())

    def finish(self) -> None:
        """Move all files to their places, and remove the folders, with any parts made there from other inputs."""
        for kept, output in self._waiting:
            output.parent.mkdir(parents=True, exist_ok=True)
            kept.replace(output)
        for folder in {kept.parent.parent for kept, _ in self._waiting}:
            shutil.rmtree(folder, ignore_errors=True)
