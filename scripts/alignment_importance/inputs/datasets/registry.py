"""The data sets that the workflow can make: a line each.

The form of a data set stands apart from the module that reads it, since every start of Snakemake needs the form alone.
"""

import importlib
from collections.abc import Mapping
from types import ModuleType

from alignment_importance.inputs.datasets.form import Form
from alignment_importance.inputs.datasets.forms import demo, king2019, mur92, peterson2018, things

#: What each needs, what is made of it, and its keys in the configuration.
FORMS: Mapping[str, Form] = {
    "demo": demo.FORM,
    "mur92": mur92.FORM,
    "peterson2018": peterson2018.FORM,
    "king2019": king2019.FORM,
    "things": things.FORM,
}


def adapter(name: str) -> ModuleType:
    """The module that makes a data set, with a function `make` that makes the files of the parts that are wanted."""
    return importlib.import_module(f"{__package__}.{name}")
