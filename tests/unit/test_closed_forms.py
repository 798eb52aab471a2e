"""Two ways to compute the sums of a correlation: pair by pair on a processor, by products of matrices on a GPU."""

from typing import TypeAlias

import numpy as np
import pytest
import torch

from alignment_importance.ablation import closed_forms, kernels
from alignment_importance.statistics.similarity import rsm

N_MAPS = 300  # more than two groups of lanes

Block: TypeAlias = tuple[closed_forms.Covariation, torch.Tensor, torch.Tensor]
Way: TypeAlias = type[closed_forms.SumsPairByPair] | type[closed_forms.SumsByProducts]
WAYS: tuple[Way, ...] = (closed_forms.SumsPairByPair, closed_forms.SumsByProducts)


def block(x: torch.Tensor, similarity: str, n_images: int, share: float, fill: torch.Tensor | None = None) -> Block:
    """Covariation of the readout, its last `n_images` images in reverse, and judgments of which a share is missing."""
    random = np.random.default_rng(n_images)
    human = random.random((n_images, n_images))
    human[random.random(human.shape) < share] = np.nan
    human = np.tril(human, -1) + np.tril(human, -1).T
    np.fill_diagonal(human, np.nan)
    return (
        closed_forms.Covariation.of(x, similarity, fill),
        torch.arange(len(x)).flip(0)[:n_images],
        torch.from_numpy(human),
    )


def readout(n_images: int) -> torch.Tensor:
    return torch.rand(n_images, N_MAPS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def fill(n_images: int) -> torch.Tensor:
    """(image, feature_map) fill of ablated maps: the same in all images, except for the last map."""
    values = torch.linspace(0.2, 0.8, N_MAPS, dtype=torch.float64).repeat(n_images, 1)
    values[:, -1] = torch.linspace(0, 1, n_images)
    return values


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("n_images", [3, 4, 5, 6, 7, 129, 260])
def test_pairs_and_products_give_the_same_sums(n_images: int, similarity: str, share: float, filled: bool) -> None:
    given = fill(n_images + 2) if filled else None
    of_block = block(readout(n_images + 2), similarity, n_images, share if n_images > 4 else 0, given)
    expected = direct(*of_block, similarity)
    judged = of_block[2][of_block[2].isfinite().tril(-1)]
    n_pairs, spread = len(judged), (judged - judged.mean()).square().sum()
    for way in WAYS:
        rows, images, human = of_block
        one = way.of(human)
        sums = one.without(rows, images, torch.tensor([kernels.NO_MAP, *range(N_MAPS)]))
        torch.testing.assert_close(sums, expected, rtol=1e-9, atol=1e-9)
        correlations = expected[1] / ((expected[2] - expected[0] ** 2 / n_pairs) * spread).sqrt()
        found = closed_forms.correlations(sums, one.n_pairs, one.spread)
        torch.testing.assert_close(found, correlations, rtol=1e-9, atol=1e-9)


def direct(rows: closed_forms.Covariation, images: torch.Tensor, human: torch.Tensor, similarity: str) -> torch.Tensor:
    """(3, 1 + map) sums, each column from a similarity matrix of its own: of all maps, then without each map."""
    pairs = torch.isfinite(human).tril(-1).nonzero(as_tuple=True)
    judged = human[pairs] - human[pairs].mean()
    sums = []
    for k in (kernels.NO_MAP, *range(N_MAPS)):
        left = rows.z[images].clone()
        if k != kernels.NO_MAP:
            left[:, k] = 0 if rows.fill is None else rows.fill[images, k]
        r = rsm(left, similarity)[pairs]
        sums.append([r.sum(), (r * judged).sum(), (r * r).sum()])
    return torch.tensor(sums, dtype=torch.float64).T


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("way", WAYS)
def test_a_row_that_is_constant_without_a_map_makes_its_sums_nan_and_no_others(way: Way, share: float) -> None:
    x = readout(9)
    x[4] = 0
    x[4, 17] = 1
    maps = torch.arange(N_MAPS)
    rows, images, human = block(x, "pearson", 7, share)
    sums = way.of(human).without(rows, images, maps)
    assert torch.isnan(sums[:, 17]).all()
    assert torch.isfinite(sums[:, maps != 17]).all()


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_which_maps_are_computed_together_changes_no_bit(share: float) -> None:
    rows, images, human = block(readout(12), "pearson", 11, share)
    one = closed_forms.SumsPairByPair.of(human)
    together = one.without(rows, images, torch.arange(N_MAPS))
    for chosen in (torch.tensor([299]), torch.arange(N_MAPS).flip(0), torch.arange(kernels.LANES - 1, N_MAPS, 3)):
        assert torch.equal(one.without(rows, images, chosen), together[:, chosen])


@pytest.mark.parametrize("height", [0.0, 0.4])
@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("n_images", [3, 8, 9, 260])
def test_top_k_sums_are_those_of_one_similarity_matrix_per_k(
    n_images: int, similarity: str, share: float, height: float
) -> None:
    x = readout(n_images)[:, :70]
    _, _, human = block(x, similarity, n_images, share if n_images > 8 else 0)
    inverse = 1 / 70 if similarity == "pearson" else 0.0
    fill = height * torch.linspace(0, 2, 70, dtype=torch.float64)
    top = closed_forms.TopK(x.T.contiguous(), fill, torch.arange(70), torch.arange(n_images), inverse)
    pairs = torch.isfinite(human).tril(-1).nonzero(as_tuple=True)
    judged = human[pairs] - human[pairs].mean()
    expected = []
    for k in range(1, 71):
        kept = x.clone()
        kept[:, k:] = fill[k:]
        r = rsm(kept, similarity)[pairs]
        expected.append([r.sum(), (r * judged).sum(), (r * r).sum()])
    for way in WAYS:
        one = way.of(human)
        sums = torch.stack([one.top_k(top, tile) for tile in one.tiles(n_images)]).sum(0)
        torch.testing.assert_close(sums, torch.tensor(expected, dtype=torch.float64).T, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("height", [0.0, 0.4])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
def test_similarities_with_some_columns_kept_are_those_of_rows_that_hold_the_fill_elsewhere(
    similarity: str, height: float
) -> None:
    x, draws = readout(9), torch.Generator().manual_seed(1)
    fill = height * torch.linspace(0, 2, N_MAPS, dtype=torch.float64)
    kept = torch.rand(6, N_MAPS, generator=draws) < torch.tensor([0, 0.02, 0.1, 0.5, 0.9, 1])[:, None]
    pairs = torch.tensor([3, 8, 0]), torch.tensor([1, 2, 8])
    found = closed_forms.of_kept(x, fill, kept, pairs, similarity)
    expected = rsm(torch.where(kept[:, None], x, fill), similarity)[:, *pairs]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True)
    # Without any column, all rows are the fill.
    assert found[0].isnan().all() if height == 0 else (found[0] - 1).abs().max() < 1e-12
    assert found[1:].isfinite().all()


def test_loops_are_compiled_where_they_cannot_be_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def njit(cache: bool = False, **options: object) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        given.append(options)
        return lambda loop: loop

    monkeypatch.setattr(kernels.numba, "njit", njit)
    assert kernels.compiled()(abs) is abs
    assert given and given[0]["nogil"]
