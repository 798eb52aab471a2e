"""The forms of judgments: a line each. Of several that recognise a file, the first reads it."""

from alignment_importance.inputs.judgments import matrices, meadows, pairs, rdms, triplets, unlabelled_arrays
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.inputs.judgments.identifiers import ImageIds

FORMS: tuple[Form, ...] = (
    triplets.FORM,
    pairs.FORM,
    matrices.FORM,
    meadows.FORM,
    rdms.FORM,
    unlabelled_arrays.FORM,
)

#: Endings of all files of judgments.
SUFFIXES = tuple(dict.fromkeys(suffix for form in FORMS for suffix in form.suffixes))


def form_of(file: File, images: ImageIds) -> Form | None:
    """Find the form of a file; None where none recognises it."""
    suffix = file.path.suffix.lower()
    return next((form for form in FORMS if suffix in form.suffixes and form.recognises(file, images)), None)
