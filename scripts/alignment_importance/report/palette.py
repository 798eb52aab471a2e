"""Colours by their meaning, for figures and gallery.

They are Seaborn's palette "colorblind". People with any kind of colour vision can tell those of `OBSERVERS` apart;
figures of more colours add dashes, markers or labels.
"""

BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, PINK, GREY, YELLOW, SKY = COLOURS = (
    "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9",
)  # fmt: skip

ALL_MAPS, RETAINED = GREY, BLUE
TRAINING, TEST = ORANGE, BLUE
HELPING, HINDERING = BLUE, ORANGE
ONE_SEED, SEVERAL_SEEDS = GREEN, PURPLE
STEPWISE, ONE_RANKING = BLUE, ORANGE
HEATMAP, SALIENCY = BLUE, ORANGE
OBSERVED, OTHER_IMAGES, CENTRE_BIAS, ACTIVATIONS = BLUE, ORANGE, GREEN, GREY
UNITS, WEIGHTED, BASELINE = PURPLE, RED, GREY
OBSERVERS = (BLUE, ORANGE, GREEN, RED, PURPLE)
