"""What a second-order score is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """A correlation of a network's similarities with judgments of the same pairs, or what follows from one.

    Attributes:
        label: what figures and captions call it.
        ranked: whether ranks are correlated instead of values.
        of: the score that follows from a correlation, which is a number, an array or a tensor.
        lowest: that it can be.
    """

    label: str
    ranked: bool = False
    of: Callable[[Any], Any] = lambda correlation: correlation
    lowest: float = -1.0

    @property
    def correlation(self) -> "Score":
        """The correlation itself, whose sign tells agreement from its opposite."""
        return Score(self.label, self.ranked)
