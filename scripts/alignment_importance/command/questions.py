"""What the command `new` asks on a terminal: the keys without which the judgments cannot be read."""

import argparse
import re
import shlex
from pathlib import Path

from rich.prompt import Prompt

from alignment_importance.config.values import NAME_PATTERN
from alignment_importance.system.problems import Problem, Problems

#: Prompts for keys whose names alone do not say what to enter.
_QUESTIONS = {"columns": "columns, as in similarity=rating participant=subject"}


def ask(said: argparse.Namespace) -> None:
    """Ask for the name, then for each key that the judgments lack, and add the answers to the arguments."""
    said.name = said.name or Prompt.ask("Name of the configuration", default=default_name(said.images))
    while (problem := _lacking(said)) is not None:
        key = problem.lacks
        print(f"{problem.where}: {problem}")
        answer = Prompt.ask(
            _QUESTIONS.get(key, key), choices=["similarity", "dissimilarity"] if key == "kind" else None
        )
        if key != "columns":
            setattr(said, key, Path(answer) if key == "order" else answer)
            continue
        try:
            said.columns = [column(word) for word in shlex.split(answer)]
        except (ValueError, argparse.ArgumentTypeError) as error:
            print(error)


def default_name(folder: Path) -> str:
    """The name of a folder; characters that the name of a configuration cannot have become a hyphen.

    >>> default_name(Path("my photos (2026)"))
    'my-photos-2026'
    """
    name = folder.resolve().name
    return name if re.match(NAME_PATTERN, name) else re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-._") or name


def column(word: str) -> tuple[str, str]:
    """Split NAME=YOURS into the name of a column here and its name in the user's table.

    >>> column("similarity=My rating")
    ('similarity', 'My rating')

    Raises:
        ArgumentTypeError: it is not of the form NAME=YOURS.
    """
    name, _, yours = word.partition("=")
    if not (name and yours):
        raise argparse.ArgumentTypeError(f"{word!r} is not of the form NAME=YOURS, such as similarity=rating.")
    return name, yours


def _lacking(said: argparse.Namespace) -> Problem | None:
    """The first problem with the judgments that a key which was not given would solve; None without such a problem."""
    # These imports take a second, which other commands should not wait for.
    import pandas as pd

    from alignment_importance.inputs.images import listing
    from alignment_importance.inputs.judgments import reading

    images, problems = sorted(listing.search(said.images, Problems())), Problems()
    columns = dict(said.columns or ())
    source = reading.Source(said.judgments, said.kind, said.order, said.key, columns, images=said.only)
    reading.inspect(source, pd.DataFrame({"image": images}), problems)
    return next((error for error in problems.errors if error.lacks and getattr(said, error.lacks) is None), None)
