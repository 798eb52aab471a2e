"""What the command `new` asks on a terminal: whatever the judgments cannot be read without."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from rich.prompt import Prompt

from alignment_importance.system.problems import Problem, Problems


def ask(said: argparse.Namespace, columns: Mapping[str, str]) -> None:
    """Ask for the name, and one after the other for the keys that the judgments lack, and complete what was said."""
    said.name = said.name or Prompt.ask("Name of the configuration", default=said.images.resolve().name)
    while (problem := _lacking(said, columns)) is not None:
        print(f"{problem.where}: {problem}")
        answer = Prompt.ask(problem.lacks, choices=["similarity", "dissimilarity"] if problem.lacks == "kind" else None)
        setattr(said, problem.lacks, Path(answer) if problem.lacks == "order" else answer)


def _lacking(said: argparse.Namespace, columns: Mapping[str, str]) -> Problem | None:
    """The first thing wrong with the judgments that a key which was not said decides."""
    # These take a second, which other commands need not wait for.
    import pandas as pd

    from alignment_importance.inputs.images import listing
    from alignment_importance.inputs.judgments import reading

    images, problems = sorted(listing.search(said.images, Problems())), Problems()
    source = reading.Source(said.judgments, said.kind, said.order, said.key, columns, images=said.only)
    reading.inspect(source, pd.DataFrame({"image": images}), problems)
    return next((one for one in problems.errors if one.lacks and getattr(said, one.lacks) is None), None)
