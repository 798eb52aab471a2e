"""Reads trials of two alternatives: which of two images is more like a third, the anchor?"""

from alignment_importance.inputs.judgments import judged, trials

#: A trial compares the anchor with each of the two other images, but not these with each other.
DESIGN = trials.Design(
    trials="trials of two alternatives",
    images=("anchor", "left", "right"),
    answer="chosen",
    shown={1: (0, 1), 2: (0, 2)},
    kind_stated_by="a choice of two (the share of trials in which a pair was chosen)",
)


def read(file: judged.File) -> judged.Judged:
    """Count how often each image was chosen as the one more like the anchor, see `trials.read`."""
    return trials.read(file, DESIGN)[0]


FORM = judged.Form(
    "trials of two alternatives",
    lambda file: trials.are_in(file, DESIGN, {"anchor"}, {"left", "right"}),
    read,
    header="trials of two alternatives have anchor, left, right, chosen (and participant)",
)
