"""The data sets that the workflow can make, each with a module in `forms`.

Every start of Snakemake imports all forms, which is why forms are apart from the modules that read the data sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from alignment_importance.inputs.datasets.form import Form, Key

_MODULES = (
    "demo",
    "mur92",
    "peterson2018",
    "king2019",
    "things",
)


def _form(name: str) -> Form:
    """Import the form of a data set, and add the key `folder`, which all data sets have."""
    form = import_module(f"{__package__}.forms.{name}").FORM
    return replace(form, keys={"folder": Key("Folder that it is written to.", f"data/{name}"), **form.keys})


#: The form of each data set, by name.
FORMS: Mapping[str, Form] = {name: _form(name) for name in _MODULES}


def maker(name: str) -> Callable[..., None]:
    """Import the function `make` of a data set; it stands beside its form, or in a module of the same name.

    `make` makes the files of the wanted parts. Its arguments are the published files and folders, by need, the files
    and folders to make, by name, and the data set's entry in the configuration. It raises an `InputError` that says
    everything that is wrong with the published files.
    """
    form = import_module(f"{__package__}.forms.{name}")
    module = form if hasattr(form, "make") else import_module(f"{__package__}.{name}")
    return module.make
