"""How messages name and count things, what a misspelt name was meant to be, and which names tables can hold."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

#: Unicode's categories of what no line of text can hold: control characters such as NUL, line breaks, and the
#: surrogates that stand for bytes of a file's name that are not UTF-8.
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")


def some(names: Sequence[str], most: int = 10) -> str:
    """Name the first of many, and say how many more there are.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(number: int, one: str, several: str) -> str:
    """Write a number and the words that agree with it: `one` after 1, else `several`."""
    return f"{number} {one if number == 1 else several}"


def not_used(number: int) -> str:
    """Say that so many things are not used."""
    return "It is not used." if number == 1 else "They are not used."


def nearest(name: str, known: Iterable[str], most: int = 1, alike: float = 0.5) -> list[str]:
    """Find the known names most like another one, the nearest first.

    Args:
        most: how many are given at most.
        alike: how similar they must be to it, from 0 (not at all) to 1 (the same).

    >>> nearest("ffruit", ["animal", "fruit"])
    ['fruit']
    """
    return difflib.get_close_matches(name, list(known), n=most, cutoff=alike)


def suggestion(name: str, known: Sequence[str]) -> str:
    """Ask whether the known name most like a wrong one was meant, or list all known names.

    >>> suggestion("ffruit", ["animal", "fruit"])
    "Did you mean 'fruit'?"
    """
    close = nearest(name, known)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known) or 'none'}."


def can_be_written(name: str) -> bool:
    """Whether tables and NetCDF files can hold a name.

    >>> can_be_written("été 1"), can_be_written("a\\0b")
    (True, False)
    """
    return not any(unicodedata.category(character) in _UNWRITABLE for character in name)


def visible(name: str) -> str:
    r"""Write characters that tables cannot hold as Python escapes them.

    >>> print(visible("a\0é"))
    a\x00é
    """
    return "".join(char if can_be_written(char) else char.encode("unicode_escape").decode() for char in name)
