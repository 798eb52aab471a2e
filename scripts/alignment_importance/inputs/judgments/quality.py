"""Notes judgments that cannot be used, and warns about judgments that are few or unreliable."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs.folds import MIN_PAIRS
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import averages
from alignment_importance.inputs.judgments.judged import SINGLE_PARTICIPANT, Judged
from alignment_importance.system.names import can_be_written, counted, some
from alignment_importance.system.problems import Problems

#: With fewer participants, each of them changes the mean considerably.
FEW_PARTICIPANTS = 5

#: A reliability of the mean below this is low (the usual bound for comparing groups: Nunnally 1978, Psychometric
#: Theory).
LOW_RELIABILITY = 0.7

#: A participant with a lower mean correlation with the others may have used the scale the other way round.
OPPOSED = -0.2

# Sums of squares of larger judgments, and products of such sums, could overflow.
_LARGEST = 1e60


def check(judged: Judged, images: ImageIds, path: Path, problems: Problems) -> None:
    """Note judgments that cannot be used, and warn about judgments that are few or unreliable.

    Raises:
        ProblemsError: participants or images without judgments, participants whose names outputs cannot hold, or
            judgments that are all the same.
    """
    for name in judged.participants:
        if not can_be_written(name):
            problems.error(path, f"the participant {name!r} has control characters", "Rename this participant.")
    _refuse_unjudged(judged, images, path, problems)
    pairs = np.triu_indices(len(images.wanted), k=1)
    ratings, counts = judged.matrices[:, *pairs], judged.n_ratings[:, *pairs]
    mean = averages.average(ratings, counts if judged.mean_over == "trials" else None)
    # Single ratings first: if they are too large, sums in the mean may have overflowed.
    if wrong := unusable(ratings) or unusable(mean):
        problems.error(path, *wrong)
    problems.raise_errors()
    missing = int(np.isnan(mean).sum())
    if missing:
        found = counted(missing, f"of {len(mean)} pairs has", f"of {len(mean)} pairs have") + " no judgment"
        remedy = f"{'It is' if missing == 1 else 'They are'} left out of every comparison."
        problems.warn(path, found, remedy)
        n_pairs = np.bincount(np.concatenate([side[~np.isnan(mean)] for side in pairs]), minlength=len(images.wanted))
        few = [image for image, n in zip(images.wanted, n_pairs, strict=True) if n < MIN_PAIRS]
        if few:
            found = f"images with fewer than {MIN_PAIRS} judged pairs: {some(few)}"
            problems.warn(path, found, "They have no alignment of their own and no heatmap (NaN).")
    if judged.participants == [SINGLE_PARTICIPANT]:
        return
    _warn_of_participants(judged, ratings, path, problems)


def unusable(judgments: NDArray[np.float64]) -> tuple[str, str] | None:
    """Tell why no score can be computed from judgments (NaN for missing, any shape), and a remedy; None if one can."""
    smallest, largest = np.nanmin(judgments), np.nanmax(judgments)
    if smallest == largest:
        remedy = "Nothing can be aligned with them: bring judgments that tell pairs apart."
        return f"all judgments are the same ({largest:g})", remedy
    size = max(-smallest, largest)
    if not 1 / _LARGEST < size < _LARGEST:
        remedy = "Multiply or divide all by the same number: the scale of judgments does not matter."
        return f"the largest judgments are of the size {size:g}, whose squares cannot be computed", remedy
    return None


def correlations(ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the Pearson correlations between participants over the pairs that both judged.

    Args:
        ratings: (participant, pair), NaN for missing.

    Returns:
        (participant, participant); NaN on the diagonal, for fewer than three shared pairs, and where one of the two
        gave all shared pairs the same judgment.
    """
    known = ~np.isnan(ratings)
    # Centred on the mean of each participant, so that sums of products lose no digits.
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known, ratings, 0).sum(axis=1, keepdims=True) / known.sum(axis=1, keepdims=True)
        centred = np.where(known, ratings - means, 0.0)
        mask = known.astype(np.float64)
        shared = mask @ mask.T
        sums = centred @ mask.T
        squares = (centred**2) @ mask.T - sums**2 / shared
        covariances = centred @ centred.T - sums * sums.T / shared
        scale = (centred**2 + 1e-12 * np.where(known, ratings, 0) ** 2) @ mask.T
        r = covariances / np.sqrt(squares * squares.T)
    # A smaller sum of squares is rounding: the participant gave all shared pairs the same judgment.
    varies = (squares > 1e-12 * scale) & (squares.T > 1e-12 * scale.T)
    r[(shared < MIN_PAIRS) | ~varies] = np.nan
    np.fill_diagonal(r, np.nan)
    return r


def reliability(ratings: NDArray[np.float64]) -> float:
    """Estimate how well the mean of as many other participants would agree with this mean (1 is perfect).

    The mean correlation r of two participants, stepped up to the n participants who judged a pair on average, by the
    formula of Spearman (1910) and Brown (1910): n r / (1 + (n − 1) r). With complete data it is the standardised form
    of Cronbach's alpha, the mean of all split-half reliabilities.

    Args:
        ratings: (participant, pair), NaN for missing.

    Returns:
        NaN where no two participants share enough pairs.
    """
    known = correlations(ratings)
    known = known[~np.isnan(known)]
    if not known.size:
        return float("nan")
    r = float(known.mean())
    judged_by = (~np.isnan(ratings)).sum(axis=0)
    n = float(judged_by[judged_by > 0].mean())
    return n * r / (1 + (n - 1) * r) if r > 0 else r


def leave_out_silent(judged: Judged, images: ImageIds, path: Path, problems: Problems) -> Judged:
    """Leave out, with a warning, participants without a rating, if the comparison uses only some images of the set.

    They may have rated the others. If it uses all images, such participants are an error, see `check`.
    """
    rated = np.any(judged.n_ratings > 0, axis=(1, 2))
    if len(images.wanted) == len(images.known) or rated.all() or not rated.any():
        return judged
    silent = [name for name, has_rated in zip(judged.participants, rated, strict=True) if not has_rated]
    number = counted(len(silent), "participant has", "participants have")
    found = f"{number} no rating of two images of the comparison: {some(silent)}"
    problems.warn(path, found, "The comparison is made without them.")
    names = [name for name in judged.participants if name not in silent]
    return replace(judged, participants=names, matrices=judged.matrices[rated], n_ratings=judged.n_ratings[rated])


def _refuse_unjudged(judged: Judged, images: ImageIds, path: Path, problems: Problems) -> None:
    """Refuse participants without a rating and images that no one judged."""
    rated: NDArray[np.bool_] = np.any(judged.n_ratings > 0, axis=2)
    silent = [name for name, own in zip(judged.participants, rated, strict=True) if not own.any()]
    # A single unnamed participant is reported by image instead.
    if silent and judged.participants != [SINGLE_PARTICIPANT]:
        found = f"participants without a rating of two images of the comparison: {some(silent)}"
        problems.error(path, found, "Remove them, or add their ratings.")
    unjudged = [image for image, own in zip(images.wanted, np.any(rated, axis=0), strict=True) if not own]
    if unjudged:
        images.unjudged |= set(unjudged)
        remedy = "Add judgments, remove the images, or restrict the comparison to the images that were judged."
        problems.error(path, f"images without any judgment: {some(unjudged)}", remedy)
    problems.raise_errors()


def _warn_of_participants(judged: Judged, ratings: NDArray[np.float64], path: Path, problems: Problems) -> None:
    """Warn about participants who are few, unreliable, opposed to the others, or whose judgments are all equal."""
    if len(ratings) < FEW_PARTICIPANTS:
        found = f"there are few participants: {len(ratings)}"
        problems.warn(path, found, f"With fewer than {FEW_PARTICIPANTS}, each of them changes the mean considerably.")
    constant = np.nanmin(ratings, axis=1) == np.nanmax(ratings, axis=1)
    if constant.any():
        flat = [name for name, is_flat in zip(judged.participants, constant, strict=True) if is_flat]
        problems.warn(path, f"participants whose judgments are all equal: {some(flat)}", "They are part of the mean.")
    if len(ratings) < 2:
        return
    estimated = reliability(ratings)
    if estimated < LOW_RELIABILITY:
        found = f"low reliability: participants agree little with each other ({estimated:.2f})"
        remedy = (
            f"Below {LOW_RELIABILITY:g} a low alignment may be the judgments' fault. It is the mean correlation of two "
            "participants, stepped up to the number who judged a pair (Spearman-Brown)."
        )
        problems.warn(path, found, remedy)
    with_others = averages.average(correlations(ratings))
    opposed = [name for name, r in zip(judged.participants, with_others, strict=True) if r < OPPOSED]
    if opposed:
        found = f"participants who judge opposite to the others (mean correlation below {OPPOSED:g}): {some(opposed)}"
        problems.warn(path, found, "Did they use the scale the other way round? They are part of the mean.")
