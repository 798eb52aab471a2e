"""Memory and run time that a job asks for: they grow with the size of its inputs, and with every new attempt."""

import math
import os
from collections.abc import Callable, Iterable
from typing import Any


def growing(base: float, **per_mb: float) -> Callable[..., int]:
    """Make a function for Snakemake's resources: `base`, and a share for every MB of the named inputs, per attempt.

    An input that is yet to be made counts as empty. Dry runs know no better; jobs are asked again once it is there.
    """

    def resource(wildcards: Any, input: Any, attempt: int) -> int:
        return attempt * math.ceil(base + sum(share * _size_mb(getattr(input, name)) for name, share in per_mb.items()))

    return resource


def _size_mb(paths: str | Iterable[str]) -> float:
    """Size of files and of what is in folders, as far as they are there, in MB."""
    total = 0
    for path in [paths] if isinstance(paths, str) else paths:
        if os.path.isdir(path):
            total += sum(file.stat().st_size for file in os.scandir(path) if file.is_file())
        elif os.path.exists(path):
            total += os.path.getsize(path)
    return total / 1e6
