"""The most memory that this process has taken: main memory, and memory of a GPU."""

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most memory that this process has taken so far, in MB (10⁶ bytes); NaN on Windows, where it is not known."""
    if _STATUS.exists():
        # Not `getrusage`, which counts for a small process what the larger one that started it had taken.
        line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, kilobytes elsewhere.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def peak_gpu_mb() -> float:
    """The most memory that this process has taken so far on a GPU, in MB; 0 if it has used none."""
    # Not imported here, which takes seconds: a process that has not imported PyTorch has used no GPU.
    torch = sys.modules.get("torch")
    return torch.cuda.max_memory_allocated() / 1e6 if torch is not None and torch.cuda.is_initialized() else 0.0
