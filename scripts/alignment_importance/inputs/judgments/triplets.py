"""Reads odd-one-out triplets: which of three images is the odd one?"""

import numpy as np

from alignment_importance.inputs.judgments import judged, trials

#: A trial shows three pairs: the pair without the odd image is kept together, the others are not (Hebart et al. 2020,
#: doi 10.1038/s41562-020-00951-3).
DESIGN = trials.Design(
    trials="triplets",
    images=("image_a", "image_b", "image_c"),
    answer="odd",
    shown={2: (0, 1), 1: (0, 2), 0: (1, 2)},
    kind_stated_by="an odd-one-out (the share of trials in which a pair was kept together)",
)

# In this many trials, a column without any odd image is hardly chance: (2/3)^20 is 0.0003.
_MANY = 20


def read(file: judged.File) -> judged.Judged:
    """Count how often the images of a pair were kept together when they were shown with a third, see `trials.read`.

    Warns if the images of one column are never odd: they may be anchors, with which each of the other two was compared.
    """
    judgments, answers = trials.read(file, DESIGN)
    never = np.flatnonzero(answers == 0)
    if len(never) == 1 and answers.sum() >= _MANY:
        file.problems.warn(
            file.path,
            f"of {answers.sum()} trials none has the odd image in the column {DESIGN.images[never[0]]}",
            "If people were asked which of two images is more like this one, call the columns anchor, left, right and "
            "chosen (docs/judgments.md): the two were then not compared with each other.",
        )
    return judgments


FORM = judged.Form(
    "odd-one-out triplets",
    lambda file: trials.are_in(file, DESIGN, {"odd"}),
    read,
    header="triplets have image_a, image_b, image_c, odd (and participant)",
)
