"""What the command `new` asks on a terminal: whatever the judgments cannot be read without."""

import argparse
import re
import shlex
from pathlib import Path

from rich.prompt import Prompt

from alignment_importance.config.values import NAME_PATTERN
from alignment_importance.system.problems import Problem, Problems

#: What is asked for some keys, in the place of their names.
_QUESTIONS = {"columns": "columns, as in similarity=rating participant=subject"}


def ask(said: argparse.Namespace) -> None:
    """Ask for the name, and one after the other for the keys that the judgments lack, and complete what was said."""
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
    """The name of a folder; what the name of a configuration cannot hold becomes a hyphen.

    >>> default_name(Path("my photos (2026)"))
    'my-photos-2026'
    """
    name = folder.resolve().name
    return name if re.match(NAME_PATTERN, name) else re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-._") or name


def column(word: str) -> tuple[str, str]:
    """The name of a column here, and what a table calls it.

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
    """The first thing wrong with the judgments that a key which was not said decides."""
    # These take a second, which other commands need not wait for.
    import pandas as pd

    from alignment_importance.inputs.images import listing
    from alignment_importance.inputs.judgments import reading

    images, problems = sorted(listing.search(said.images, Problems())), Problems()
    columns = dict(said.columns or ())
    source = reading.Source(said.judgments, said.kind, said.order, said.key, columns, images=said.only)
    reading.inspect(source, pd.DataFrame({"image": images}), problems)
    return next((one for one in problems.errors if one.lacks and getattr(said, one.lacks) is None), None)
