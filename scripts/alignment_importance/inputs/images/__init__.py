"""Finds the images of a set (`listing`), decodes (`decoding`), checks (`examination`) and resizes them (`resizing`).

Other packages import from here.
"""

from alignment_importance.inputs.ids import SUFFIXES
from alignment_importance.inputs.images.decoding import (
    MID_GREY,
    decode,
    opened,
    read_image,
    read_listed,
)
from alignment_importance.inputs.images.examination import COLUMNS, examine, tabulate
from alignment_importance.inputs.images.resizing import RESIZE_RULES, input_region, to_input

__all__ = [
    "COLUMNS",
    "MID_GREY",
    "RESIZE_RULES",
    "SUFFIXES",
    "decode",
    "examine",
    "input_region",
    "opened",
    "read_image",
    "read_listed",
    "tabulate",
    "to_input",
]
