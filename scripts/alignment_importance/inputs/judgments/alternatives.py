"""Reads trials of two alternatives: which of two images is more like a third, the anchor?"""

from alignment_importance.inputs import delimited_text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged, trials
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.problems import Problems

#: A trial compares the anchor with each of the images, but not these with each other.
DESIGN = trials.Design(
    trials="trials of two alternatives",
    images=("anchor", "left", "right"),
    answer="chosen",
    shown={1: (0, 1), 2: (0, 2)},
    told="a choice of two (the share of trials in which a pair was chosen)",
)


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Count how often each image was chosen as the one more like the anchor, see `trials.read`."""
    judgments, _ = trials.read(file, images, problems, DESIGN)
    return judgments


def _is_alternatives(file: File, _images: ImageIds) -> bool:
    return "anchor" in file.text.header or {"left", "right"} <= set(file.text.header)


FORM = Form(
    "trials of two alternatives",
    delimited_text.SUFFIXES,
    _is_alternatives,
    read,
    header="trials of two alternatives have anchor, left, right, chosen (and participant)",
)
