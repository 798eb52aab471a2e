"""The forms of judgments, each in a module of this package. If several recognise a file, the first reads it."""

from collections.abc import Sequence
from importlib import import_module

from alignment_importance.inputs.judgments.judged import Form

_MODULES = (
    "triplets",
    "alternatives",
    "pairs",
    "matrices",
    "meadows",
    "rdms",
    "unlabelled_arrays",
)

FORMS: Sequence[Form] = [import_module(f"{__package__}.{name}").FORM for name in _MODULES]

#: Endings of files of judgments.
SUFFIXES = tuple(dict.fromkeys(suffix for form in FORMS for suffix in form.suffixes))
