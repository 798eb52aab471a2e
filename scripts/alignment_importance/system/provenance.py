"""What an output was made with: configuration, commit, versions, device, weights.

A job opens a record; everything that it reads adds the weights and devices that went into it, and everything that it
writes names the record: a Dataset holds it as an attribute, a table holds its digest, which is the name of a file in
the records' folder. The same circumstances give the same record, which has no dates and no paths of results.
"""

import functools
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

#: Name of the column of a table and of the attribute of a Dataset.
NAME = "provenance"

#: Packages whose versions decide numbers or the bytes of files.
PACKAGES = (
    "captum", "h5netcdf", "h5py", "matplotlib", "numba", "numpy", "opencv-contrib-python-headless", "pandas", "pillow",
    "rsatoolbox", "scipy", "timm", "torch", "torchvision", "xarray",
)  # fmt: skip

_DIGITS = 16


@dataclass
class _Record:
    """The record of the job that is running."""

    folder: Path
    made_with: Mapping[str, Any]
    devices: set[str] = field(default_factory=set)
    weights: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        facts = {
            **self.made_with,
            "devices": sorted(self.devices),
            "weights": self.weights,
            "versions": {"python": platform.python_version(), **_versions()},
        }
        return json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False)


_running: ContextVar[_Record | None] = ContextVar("record", default=None)


@contextmanager
def recording(folder: str | Path, **made_with: Any) -> Iterator[None]:
    """Name a record in all tables and Datasets that are written in this block.

    Args:
        folder: of the records, one file `{digest}.json` each.
        made_with: facts that are the same for all outputs: the configuration, the commit.
    """
    token = _running.set(_Record(Path(folder), made_with))
    try:
        yield
    finally:
        _running.reset(token)


def note_device(device: str) -> None:
    """Add the device that the job computes on."""
    if (record := _running.get()) is not None:
        record.devices.add(device)


def note_weights(label: str, sha256: str) -> None:
    """Add a network's weights by the hash of their values."""
    if (record := _running.get()) is not None:
        record.weights[label] = sha256


def note_source(text: str) -> None:
    """Add the devices and weights of a record, as JSON, of something that the job has read."""
    if (record := _running.get()) is not None:
        source = json.loads(text)
        record.devices.update(source["devices"])
        record.weights.update(source["weights"])


def note_digests(digests: Iterable[str]) -> None:
    """Add the devices and weights of the records that a table names. Records that are not there add nothing."""
    if (record := _running.get()) is None:
        return
    for digest in sorted(set(digests)):
        file = record.folder / f"{digest}.json"
        if file.is_file():
            note_source(file.read_text(encoding="utf-8"))


def text() -> str | None:
    """The job's record as JSON; None where nothing is recorded."""
    record = _running.get()
    return None if record is None else record.text()


def circumstances() -> str:
    """The job's record without the configuration, as JSON: commit, versions, devices, weights."""
    facts = json.loads(text() or "{}")
    facts.pop("configuration", None)
    return json.dumps(facts, sort_keys=True)


def digest() -> tuple[str, Path] | None:
    """The digest of the job's record, and the file that is to hold it; None where nothing is recorded."""
    record = _running.get()
    if record is None:
        return None
    name = hashlib.sha256(record.text().encode("utf-8")).hexdigest()[:_DIGITS]
    return name, record.folder / f"{name}.json"


@functools.cache
def _versions() -> Mapping[str, str]:
    """Versions of those of `PACKAGES` that are installed."""
    versions = {}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions
