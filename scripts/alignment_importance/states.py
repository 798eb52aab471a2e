"""Empty files that stand for the state in which something was made: a digest of the state is in their name."""

from pathlib import Path


def replace(state: Path) -> None:
    """Put a file for the present state (a name, a hyphen and the digest) in the place of those of former states."""
    name = state.name.rpartition("-")[0]
    for former in state.parent.glob(f"{name}-*"):
        former.unlink()
    state.touch()
