"""The data sets that the workflow can make: a module of `forms` each, a line each here.

The form of a data set may stand apart from the module that reads it, since every start of Snakemake needs all forms.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from alignment_importance.inputs.datasets.form import Form

_MODULES = (
    "demo",
    "mur92",
    "peterson2018",
    "king2019",
    "things",
)

#: What each needs, what is made of it, and its keys in the configuration.
FORMS: Mapping[str, Form] = {name: import_module(f"{__package__}.forms.{name}").FORM for name in _MODULES}


def maker(name: str) -> Callable[..., None]:
    """The function that makes a data set, see `Form.make`."""
    module, function = FORMS[name].make.split(":")
    return getattr(import_module(f"{__package__}.{module}"), function)
