"""The data sets that the workflow can make, each with a module in `forms`.

Every start of Snakemake imports all forms, which is why they are apart from the modules that read the data sets.
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

#: The form of each data set, by name.
FORMS: Mapping[str, Form] = {name: import_module(f"{__package__}.forms.{name}").FORM for name in _MODULES}


def maker(name: str) -> Callable[..., None]:
    """Import the function that makes a data set, see `Form.make`."""
    module, function = FORMS[name].make.split(":")
    return getattr(import_module(f"{__package__}.{module}"), function)
