"""The published data sets that the workflow can make: the adapter of each is a module of this package."""

import functools
import importlib
from types import ModuleType

from alignment_importance.inputs.datasets.form import Form

#: Adapters. Each has `FORM`, and a function `make` that makes the files of the parts that are wanted.
NAMES = ("demo", "mur92", "peterson2018", "king2019", "things")


@functools.cache
def adapter(name: str) -> ModuleType:
    """The module that makes a data set."""
    return importlib.import_module(f"{__package__}.{name}")


def form(name: str) -> Form:
    """What a data set needs, what is made of it, and its keys in the configuration."""
    found: Form = adapter(name).FORM
    return found
