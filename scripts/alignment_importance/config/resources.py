"""Memory and run time that a job asks for: they grow with the size of its inputs, and with every new attempt."""

import math
import os
from collections.abc import Callable, Iterable
from typing import Any


def growing(base: float, **per_mb: float) -> Callable[..., int]:
    """Make a function for Snakemake's resources: `base` plus a share per MB of each named input, times the attempt.

    An input that does not exist yet counts as empty, so that dry runs show too little; Snakemake asks again later.
    """

    def resource(wildcards: Any, input: Any, attempt: int) -> int:
        return attempt * math.ceil(base + sum(share * _size_mb(getattr(input, name)) for name, share in per_mb.items()))

    return resource


def _size_mb(paths: str | Iterable[str]) -> float:
    """Size in MB of files, and of the files in folders; 0 for those that do not exist."""
    total = 0
    for path in [paths] if isinstance(paths, str) else paths:
        if os.path.isdir(path):
            total += sum(file.stat().st_size for file in os.scandir(path) if file.is_file())
        elif os.path.exists(path):
            total += os.path.getsize(path)
    return total / 1e6
