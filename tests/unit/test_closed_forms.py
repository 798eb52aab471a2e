"""The two ways to the sums behind a correlation, pair by pair on a processor and by products of matrices on a GPU."""

import numpy as np
import pytest
import torch

from alignment_importance import closed_forms, kernels
from alignment_importance.similarity import rsm

N_MAPS = 300  # more than two groups of lanes


def rows_of(x: torch.Tensor, similarity: str) -> closed_forms.Covariation:
    return closed_forms.Covariation.of(x, x @ x.T, similarity)


def block(rows: closed_forms.Covariation, n_images: int, share: float) -> closed_forms.LeaveOneOut:
    """Judgments of the last images, backwards, of which a share is missing."""
    random = np.random.default_rng(n_images)
    human = random.random((n_images, n_images))
    human[random.random(human.shape) < share] = np.nan
    human = np.tril(human, -1) + np.tril(human, -1).T
    np.fill_diagonal(human, np.nan)
    images = torch.arange(len(rows.x)).flip(0)[:n_images]
    return closed_forms.LeaveOneOut.of(rows, images, torch.from_numpy(human))


def readout(n_images: int) -> torch.Tensor:
    return torch.rand(n_images, N_MAPS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("n_images", [3, 4, 5, 6, 7, 129, 260])
def test_pairs_and_products_give_the_same_sums(n_images: int, similarity: str, share: float) -> None:
    one = block(rows_of(readout(n_images + 2), similarity), n_images, share if n_images > 4 else 0)
    maps = torch.arange(N_MAPS)
    pairs = one._sums_of_pairs(maps)
    torch.testing.assert_close(pairs, one.sums_by_products(maps), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(pairs, direct(one, similarity), rtol=1e-9, atol=1e-9)


def direct(one: closed_forms.LeaveOneOut, similarity: str) -> torch.Tensor:
    """The sums from one similarity matrix per map."""
    sums = []
    for k in range(N_MAPS):
        without = one.rows.x[one.images].clone()
        without[:, k] = 0
        r = rsm(without, similarity)
        sums.append([(r * one.mask).sum() / 2, (r * one.human).sum() / 2, (r * r * one.mask).sum() / 2])
    return torch.tensor(sums, dtype=torch.float64)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_row_that_is_constant_without_a_map_makes_its_sums_nan_and_no_others(share: float) -> None:
    x = readout(9)
    x[4] = 0
    x[4, 17] = 1
    one = block(rows_of(x, "pearson"), 7, share)
    maps = torch.arange(N_MAPS)
    for sums in (one._sums_of_pairs(maps), one.sums_by_products(maps)):
        assert torch.isnan(sums[17]).all()
        assert torch.isfinite(sums[maps != 17]).all()


def test_the_maps_that_are_computed_together_change_no_bit() -> None:
    one = block(rows_of(readout(12), "pearson"), 11, 0.2)
    together = one._sums_of_pairs(torch.arange(N_MAPS))
    for chosen in (torch.tensor([299]), torch.arange(N_MAPS).flip(0), torch.arange(kernels.LANES - 1, N_MAPS, 3)):
        assert torch.equal(one._sums_of_pairs(chosen), together[chosen])


def test_loops_are_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def njit(cache: bool = False, **options: object) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        given.append(options)
        return lambda loop: loop

    monkeypatch.setattr(kernels.numba, "njit", njit)
    assert kernels._compiled(abs) is abs
    assert given and given[0]["nogil"]
