"""One report of everything that is wrong with inputs, and the starting configuration."""

from alignment_importance.checks.inputs import (
    FEW_TEST_IMAGES,
    Comparison,
    Control,
    ImageSet,
    Inputs,
    Split,
    check,
    check_split,
)

__all__ = ["FEW_TEST_IMAGES", "Comparison", "Control", "ImageSet", "Inputs", "Split", "check", "check_split"]
