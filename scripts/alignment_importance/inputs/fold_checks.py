"""Checks whether the images or pairs of a comparison can be cut into usable folds."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from alignment_importance.inputs import folds
from alignment_importance.inputs.judgments import mean
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted, some
from alignment_importance.system.problems import Problems

#: With fewer test images, a correlation over their pairs varies widely.
FEW_TEST_IMAGES = 6


def check_folds(
    label: str,
    judgments: xr.Dataset,
    unit: str,
    n_folds: int,
    seeds: Sequence[int],
    inner_folds: int | None,
    problems: Problems,
) -> None:
    """Note folds that cannot be made or scored, or that are small.

    Args:
        label: what messages call the comparison.
        judgments: `similarity` (participant, image, image_b).
        unit, n_folds, seeds: settings of the cross-validation.
        inner_folds: number of folds of the training data, for choosing penalties; None if none are chosen.
    """
    ids = judgments["image"].to_numpy().tolist()
    human = mean(judgments, ids)
    failed: dict[int, str] = {}
    flat: list[str] = []
    uncut: list[str] = []
    for seed in seeds:
        try:
            cut_folds = folds.blocks(folds.cut(unit, ids, n_folds, seed), human, ids)
        except InputError as error:
            failed[seed] = error.found.removesuffix(".")
            continue
        names = {f"fold {fold.fold} of seed {seed}": fold for fold in cut_folds}
        flat += [name for name, fold in names.items() if _is_flat(fold)]
        if inner_folds is not None:
            pairs = unit == "pairs"
            uncut += [name for name, fold in names.items() if not folds.inside(fold, inner_folds, seed, pairs)]
    if failed:
        seed, reason = next(iter(failed.items()))
        place = f"{label}, {len(failed)} of {len(seeds)} seeds, such as {seed}"
        problems.error("cross_validation.folds", reason, "", place=place)
        return
    if flat:
        problems.warn(
            "cross_validation.folds",
            f"folds in which all judgments of the training or of the test pairs are the same: {some(flat)}",
            "Their scores are NaN. Use fewer folds, or more images or judgments.",
            place=label,
        )
    if uncut:
        problems.warn(
            "statistics.inner_folds",
            f"{inner_folds} folds leave no test block of {folds.MIN_PAIRS} judged pairs inside the training data of "
            f"{some(uncut)}",
            "No penalty of fitted weights can be chosen, and their scores are NaN. Use fewer folds, or more images or "
            "judgments.",
            place=label,
        )
    smallest = len(ids) // n_folds
    if unit == "images" and smallest < FEW_TEST_IMAGES:
        problems.warn(
            "cross_validation.folds",
            f"{len(ids)} images in {n_folds} folds leave {counted(smallest, 'test image', 'test images')}, with "
            f"{counted(smallest * (smallest - 1) // 2, 'pair', 'pairs')} among them",
            f"Test scores scatter widely with fewer than {FEW_TEST_IMAGES} images. Use fewer folds, or more images.",
            place=label,
        )


def _is_flat(fold: folds.Fold) -> bool:
    """Tell whether all judgments of the training or of the test block are the same, so that none can be correlated."""
    return any(np.nanmin(block.human) == np.nanmax(block.human) for block in (fold.train, fold.test))
