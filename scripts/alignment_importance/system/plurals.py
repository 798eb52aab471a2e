"""How messages count: `1 pair has`, `2 pairs have`."""


def counted(number: int, one: str, several: str) -> str:
    """Write a number and the words that agree with it: `one` after 1, else `several`."""
    return f"{number} {one if number == 1 else several}"


def not_used(number: int) -> str:
    """Say that so many things are not used."""
    return "It is not used." if number == 1 else "They are not used."
