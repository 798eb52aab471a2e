"""How messages name things: the first of many, and what a misspelt name was probably meant to be."""

import difflib
from collections.abc import Iterable, Sequence


def some(names: Sequence[str], most: int = 10) -> str:
    """Name the first of many, and say how many more there are.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(name: str, known: Iterable[str], most: int = 1, alike: float = 0.5) -> list[str]:
    """Find the known names most like another one, the nearest first.

    Args:
        name: that is not known.
        known: names to choose from.
        most: that are given.
        alike: how much they must be like it, from 0 (not at all) to 1 (the same).

    >>> nearest("ffruit", ["animal", "fruit"])
    ['fruit']
    """
    return difflib.get_close_matches(name, list(known), n=most, cutoff=alike)
