"""The images of a set: found (`listing`), opened (`decoding`), checked (`examination`), fitted (`resizing`).

Everything that other packages use is imported from here.
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
