"""Finds the images of a set (`listing`), decodes (`decoding`), checks (`examination`) and resizes them (`resizing`).

Other packages import from here.
"""

from alignment_importance.inputs.identifiers import SUFFIXES
from alignment_importance.inputs.images.decoding import decode, opened, read_listed
from alignment_importance.inputs.images.examination import examine
from alignment_importance.inputs.images.resizing import input_region, to_input

__all__ = [
    "SUFFIXES",
    "decode",
    "examine",
    "input_region",
    "opened",
    "read_listed",
    "to_input",
]
