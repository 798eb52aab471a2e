"""Which feature maps make a network's similarity geometry match human similarity judgments.

The package works on arrays and labelled arrays. It implements the Alignment Importance Score of Truong, Pesenti &
Hasson, "Explaining Human Comparisons Using Alignment-Importance Heatmaps", Computational Brain & Behavior 8, 421-441
(2025), doi 10.1007/s42113-025-00235-x. Equation-like definitions in the docstrings refer to that paper.

The functions of `alignment_importance.api` can be imported from here. The module itself is imported when one of them is
first used: every import from this package runs this file first, and must not wait for it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Relative, so that `config.code`, which follows absolute imports, does not take it for code of every rule.
    from .api import curves, explain_pair, heatmaps, rsm, score

__all__ = ["curves", "explain_pair", "heatmaps", "rsm", "score"]


def __getattr__(name: str) -> Any:
    """Import the library's functions when one of them is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.api"), name)


def __dir__() -> list[str]:
    """The names of the module and of the library's functions."""
    return sorted({*globals(), *__all__})
