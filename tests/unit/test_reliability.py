"""Noise ceilings against rsatoolbox, by hand, and on participants whose noise is known."""

import numpy as np
import pytest
from rsatoolbox.inference import boot_noise_ceiling
from rsatoolbox.rdm import RDMs

from alignment_importance.experiments import reliability
from alignment_importance.inputs.judgments import quality


def simulated(n_participants: int, n_pairs: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The truth (pair,) that all participants share, of variance 1, and ratings (participant, pair)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n_pairs)
    return truth, truth + noise * rng.normal(size=(n_participants, n_pairs))


@pytest.mark.parametrize(("score", "method"), [("pearson", "corr"), ("spearman", "spearman")])
def test_bounds_are_those_of_rsatoolbox(score: str, method: str) -> None:
    _, ratings = simulated(7, 45, 1.0, 1)
    assert reliability.noise_ceiling(ratings, score) == pytest.approx(boot_noise_ceiling(RDMs(ratings), method))


def test_bounds_by_hand() -> None:
    # Lower bound: each against the mean of the others, here the one other participant: r = 1/2. Upper bound: each
    # against the mean of both, (1, 2.5, 2.5): r = sqrt(3)/2.
    ratings = np.array([[1, 2, 3], [1, 3, 2]], dtype=float)
    assert reliability.noise_ceiling(ratings, "pearson") == pytest.approx((0.5, np.sqrt(3) / 2))
    assert reliability.noise_ceiling(ratings, "pearson_r2") == pytest.approx((0.25, 0.75))


def test_scales_of_participants_do_not_matter_to_the_bounds() -> None:
    _, ratings = simulated(5, 21, 0.5, 2)
    moved = ratings * np.array([[1], [9], [0.1], [3], [2]]) + np.arange(5)[:, None]
    assert reliability.noise_ceiling(moved, "pearson") == pytest.approx(reliability.noise_ceiling(ratings, "pearson"))


@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
def test_missing_pairs_are_left_out(score: str) -> None:
    _, ratings = simulated(6, 28, 1.0, 3)
    without = np.delete(ratings, [4, 9], axis=1)
    missing = ratings.copy()
    missing[:, [4, 9]] = np.nan
    # 26 pairs do not fill the triangle of a matrix, so pairs that nobody judged are added.
    filled = np.hstack([without, np.full((6, 2), np.nan)])
    assert reliability.noise_ceiling(missing, score) == pytest.approx(reliability.noise_ceiling(filled, score))
    missing = ratings.copy()
    missing[0, 4] = missing[2, :20] = np.nan
    found = reliability.ceiling(missing, score, 20, 1)
    assert 0 < found.noise_ceiling_lower < found.noise_ceiling_upper < 1
    assert 0 < found.noise_ceiling_of_mean < 1


@pytest.mark.parametrize("score", ["pearson", "spearman"])
def test_a_participant_who_judged_all_alike_but_for_rounding_does_not_count(score: str) -> None:
    """Such ratings come from means over trials: (0.1 + 0.2 + 0.6) / 3 is not 0.3."""
    ratings = np.random.default_rng(0).normal(size=(4, 15))
    ratings[3] = 0.3
    expected = reliability.ceiling(ratings, score, 20, 1)
    known = quality.correlations(ratings)
    ratings[3, ::2] = np.nextafter(0.3, 0)
    found = reliability.ceiling(ratings, score, 20, 1)
    assert found.noise_ceiling_lower == pytest.approx(expected.noise_ceiling_lower)
    assert found.noise_ceiling_upper == pytest.approx(expected.noise_ceiling_upper)
    np.testing.assert_array_equal(quality.correlations(ratings), known)
    assert np.isnan(known[3]).all()


def test_one_participant_has_no_ceiling() -> None:
    found = reliability.ceiling(np.arange(6.0)[None], "pearson", 10, 1)
    assert np.isnan(
        [
            found.noise_ceiling_lower,
            found.noise_ceiling_upper,
            found.split_half,
            found.reliability,
            found.noise_ceiling_of_mean,
        ]
    ).all()


def test_spearman_brown_by_hand() -> None:
    # A test with reliability 0.6 has 1.2 / 1.6 = 0.75 at twice its length.
    assert reliability.spearman_brown(0.6, 4) == pytest.approx(0.75)
    assert np.isnan(reliability.spearman_brown(-1.0, 4))  # 0 in the denominator


@pytest.mark.parametrize("n_participants", [2, 3, 4, 5, 7])
def test_reliability_of_unequal_halves_by_hand(n_participants: int) -> None:
    """Noise of variance 4 that correlates with nothing but itself: the mean of n has reliability 1 / (1 + 4 / n)."""
    rng = np.random.default_rng(8)
    # Columns after the first are orthogonal to it, which is constant: their means are 0.
    orthogonal = np.linalg.qr(np.column_stack([np.ones(20), rng.normal(size=(20, 1 + n_participants))]))[0].T
    ratings = orthogonal[1] + 2 * orthogonal[2:]
    found = reliability.ceiling(ratings, "pearson_r2", 5, 1)
    assert found.reliability == pytest.approx(1 / (1 + 4 / n_participants))
    assert found.noise_ceiling_of_mean == pytest.approx(np.corrcoef(orthogonal[1], ratings.mean(0))[0, 1] ** 2)


def test_halves_of_two_participants_are_the_participants() -> None:
    _, ratings = simulated(2, 28, 1.0, 4)
    r = np.corrcoef(ratings)[0, 1]
    assert reliability.split_half(ratings, "pearson_r2", 5, 1) == pytest.approx(r)
    assert reliability.ceiling(ratings, "pearson_r2", 5, 1).noise_ceiling_of_mean == pytest.approx(2 * r / (1 + r))


def test_the_ceiling_is_what_the_truth_reaches() -> None:
    """With 10 participants and noise of variance 4, the mean has reliability 1 / (1 + 4 / 10)."""
    truth, ratings = simulated(10, 4950, 2.0, 5)
    for score, expected in (("pearson_r2", 1 / 1.4), ("pearson", np.sqrt(1 / 1.4))):
        found = reliability.ceiling(ratings, score, 50, 1)
        r = np.corrcoef(truth, ratings.mean(0))[0, 1]
        # The standard error of a correlation of 4950 pairs is below 0.01.
        assert found.noise_ceiling_of_mean == pytest.approx(expected, abs=0.03)
        assert (r**2 if score == "pearson_r2" else r) == pytest.approx(found.noise_ceiling_of_mean, abs=0.03)
        # Bounds for single participants are lower: their judgments are noisier than the mean.
        assert found.noise_ceiling_lower < found.noise_ceiling_upper < found.noise_ceiling_of_mean


def test_halves_that_do_not_agree_give_no_ceiling() -> None:
    ratings = np.array([[1.0, 2, 3], [3, 2, 1]])
    found = reliability.ceiling(ratings, "pearson_r2", 5, 1)
    assert found.split_half == pytest.approx(-1)
    assert np.isnan(found.noise_ceiling_of_mean)


def test_trials_weigh_in_halves() -> None:
    _, ratings = simulated(3, 10, 1.0, 6)
    weights = np.array([[1], [1000_000], [1]]) * np.ones((3, 10), dtype=int)
    rng = np.random.default_rng(7)
    first, second = np.array_split(rng.permutation(3), 2)
    half = next(half for half in (first, second) if 1 in half)
    other = first if half is second else second
    expected = np.corrcoef(ratings[1], ratings[other].mean(0))[0, 1]
    assert reliability.split_half(ratings, "pearson", 1, 7, weights) == pytest.approx(expected, abs=1e-4)
