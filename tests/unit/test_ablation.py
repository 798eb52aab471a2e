"""Every fast route against one forward pass per ablated map, and against numbers worked out by hand."""

import copy
import dataclasses
from typing import Any

import naive
import numpy as np
import pytest
import torch
from small_heads import ABLATIONS, N_IMAGES, N_MAPS, ROUTES, Whole, engine, fill_of, head_of, recorded, resources
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.ablation import closed_forms, heads
from alignment_importance.inputs.folds import PairBlock
from alignment_importance.system.compute import Compute

SIMILARITIES = ["pearson", "cosine"]
SCORES = ["pearson_r2", "pearson", "spearman"]


def blocks_of(human: np.ndarray) -> list[PairBlock]:
    """Blocks of all images, of two thirds of them, of all images with a third of the pairs missing, of four images."""
    most = np.array([0, 1, 3, 4, 6, 7, 9, 10, 12])
    holes = human.copy()
    missing = np.triu(np.random.default_rng(7).random(human.shape) < 1 / 3)
    holes[missing | missing.T] = np.nan
    few = np.array([2, 5, 8, 11])
    return [
        PairBlock(np.arange(len(human)), human),
        PairBlock(most, human[np.ix_(most, most)]),
        PairBlock(np.arange(len(human)), holes),
        PairBlock(few, human[np.ix_(few, few)]),
    ]


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("route", ROUTES)
def test_routes_equal_one_forward_pass_per_map(
    route: str, similarity: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    head, fast = engine(route, maps, similarity, score, resources(), ablated)
    tensor, blocks = torch.from_numpy(maps), blocks_of(human)
    fill = fill_of(tensor, ablated)
    order = np.random.default_rng(8).permutation(N_MAPS)
    whole, without = fast.leave_one_out(blocks)
    curves = fast.top_k(order, blocks)
    for number, block in enumerate(blocks):
        part = tensor[torch.from_numpy(block.images)]
        all_maps = naive.rsm(naive.readout(head.module, part, list(range(N_MAPS))), similarity)
        assert whole[number] == pytest.approx(naive.score(all_maps, block.human, score), abs=2e-6)
        expected = naive.leave_one_out(head.module, part, block.human, similarity, score, fill)
        np.testing.assert_allclose(without[number], expected, atol=2e-6)
        expected = naive.top_k(head.module, part, order, block.human, similarity, score, fill)
        np.testing.assert_allclose(curves[number], expected, atol=2e-6)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_block_has_the_same_scores_alone_as_beside_another(
    route: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    _, fast = engine(route, maps, "pearson", "pearson", resources(), ablated)
    order = np.random.default_rng(8).permutation(N_MAPS)
    everyone, *_, few = blocks_of(human)
    for scores in (lambda blocks: fast.top_k(order, blocks), fast.each_alone):
        np.testing.assert_allclose(scores([few])[0], scores([everyone, few])[1], atol=2e-6)


@pytest.mark.parametrize("score", ["pearson", "spearman"])
@pytest.mark.parametrize("route", ROUTES)
def test_several_orders_are_scored_each_over_its_own_blocks(
    route: str, score: str, maps: np.ndarray, human: np.ndarray
) -> None:
    _, fast = engine(route, maps, "pearson", score, resources())
    orders = [np.random.default_rng(seed).permutation(N_MAPS) for seed in (8, 9)]
    everyone, most, holes, few = blocks_of(human)
    blocks = [[everyone, few], [most, holes]]
    expected = [fast.top_k(order, of_order) for order, of_order in zip(orders, blocks, strict=True)]
    np.testing.assert_array_equal(fast.top_k_of_each(orders, blocks), expected)


def test_memory_of_a_variant_counts_hidden_layers_and_readouts_of_another_size(maps: np.ndarray) -> None:
    head = heads.LinearHead(head_of("linear"), resources(), torch.zeros(N_MAPS), torch.from_numpy(maps))
    assert head.bytes_per_variant == 4 * N_IMAGES * (24 + 16)


def test_readouts_in_the_place_of_hidden_layers_overwrite_no_sum(maps: np.ndarray) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        layers = nn.Sequential(nn.Flatten(1), nn.Linear(N_MAPS * 16, 6), nn.ReLU(), nn.Linear(6, 6))
        network = networks.Network(Whole(layers, 6).eval(), "small", "random", 4, (0.5,) * 3, (0.5,) * 3)
    cut, tensor = networks.cut(network, map_layer="trunk.1"), torch.from_numpy(maps)
    head = heads.LinearHead(cut.head, resources(), torch.zeros(N_MAPS), tensor)
    order = np.random.default_rng(8).permutation(N_MAPS)
    readouts = torch.cat([task() for task in head.top_k(order, 3)])
    for k, readout in enumerate(readouts.cpu().numpy(), start=1):
        expected = naive.readout(cut.head.module, tensor, order[:k].tolist())
        np.testing.assert_allclose(readout, expected, atol=1e-6)


class Viewing(nn.Module):
    """Views the maps of an image as one row, which fails unless they are contiguous in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.meet = nn.Linear(N_MAPS * 16, 6)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.meet(maps.view(maps.size(0), -1)))


@pytest.mark.parametrize("ablated", ABLATIONS)
def test_maps_may_be_viewed_in_another_shape(ablated: str, maps: np.ndarray, human: np.ndarray) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        network = networks.Network(Whole(Viewing(), 6).eval(), "small", "random", 4, (0.5,) * 3, (0.5,) * 3)
    head, tensor = networks.cut(network, map_layer="trunk.1").head, torch.from_numpy(maps)
    assert head.route == "linear"
    fast = ablation.ablate(head, recorded(head, maps, ablated), resources(), "pearson", "pearson")
    _, [without] = fast.leave_one_out(blocks_of(human)[:1])
    expected = naive.leave_one_out(head.module, tensor, human, "pearson", "pearson", fill_of(tensor, ablated))
    np.testing.assert_allclose(without, expected, atol=2e-6)


@pytest.mark.parametrize("route", ["linear", "general"])
def test_weights_are_copied_to_the_device_once(
    route: str, maps: np.ndarray, human: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where maps are ablated for good, or only some of the images are scored."""
    copies: list[nn.Module] = []

    def place(compute: Compute, module: nn.Module) -> nn.Module:
        if not any(module is other for other in copies):
            module = copy.deepcopy(module).to(compute.device)
            copies.append(module)
        return module

    monkeypatch.setattr(Compute, "place", place)
    _, fast = engine(route, maps, "pearson", "pearson", resources())
    n_copies = len(copies)
    fast.only(np.arange(N_MAPS) > 2).top_k(np.arange(N_MAPS), blocks_of(human)[3:])
    assert len(copies) == n_copies > 0


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("route", ROUTES)
def test_image_specific_ablation_equals_one_forward_pass_per_map(
    route: str, similarity: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    head, fast = engine(route, maps, similarity, score, resources(), ablated)
    fill = fill_of(torch.from_numpy(maps), ablated)
    for block in (blocks_of(human)[0], blocks_of(human)[2]):
        whole, without = fast.leave_one_out_of_each_image(block.human)
        expected = naive.own_maps(head.module, torch.from_numpy(maps), block.human, similarity, score, fill)
        np.testing.assert_allclose(without, expected, atol=5e-6)
        # Ablating a map that equals its fill everywhere in an image changes no bit.
        dead = ~(maps != fill.numpy()[:, None, None]).any((2, 3))
        assert dead.any()
        np.testing.assert_array_equal(without[dead], np.broadcast_to(whole[:, None], without.shape)[dead])


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("route", ROUTES)
def test_two_judged_pairs_give_an_image_no_score(route: str, score: str, maps: np.ndarray, human: np.ndarray) -> None:
    """Two points always lie on a line."""
    _, fast = engine(route, maps, "pearson", score, resources())
    human[3, 5:], human[5:, 3] = np.nan, np.nan
    enough, _ = fast.leave_one_out_of_each_image(human)
    assert np.isfinite(enough[3])
    human[3, [0, 1, 4]] = human[[0, 1, 4], 3] = np.nan
    assert np.isfinite(human[3]).sum() == 1
    human[3, 0] = human[0, 3] = 1.0
    whole, without = fast.leave_one_out_of_each_image(human)
    assert np.isnan(whole[3]) and np.isnan(without[3]).all()
    assert np.isfinite(np.delete(whole, 3)).all()
    (every, first, second), *_ = fast.contributions(human, np.array([[3, 0]]))
    assert np.isnan(first).all()
    assert np.isfinite(every).all() and np.isfinite(second).all()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("memory", [1, 30_000, 10**9])
@pytest.mark.parametrize("route", ROUTES)
def test_neither_chunks_nor_threads_change_results(
    route: str, memory: int, threads: int, maps: np.ndarray, human: np.ndarray
) -> None:
    blocks, order = blocks_of(human), np.arange(N_MAPS)[::-1].copy()
    _, reference = engine(route, maps, "pearson", "pearson_r2", resources())
    _, other = engine(route, maps, "pearson", "pearson_r2", resources(memory, threads))
    # Matrix products of another shape may sum in another order; with the same chunks the bits are equal.
    for number in (0, 1):
        np.testing.assert_allclose(
            other.leave_one_out(blocks)[number], reference.leave_one_out(blocks)[number], atol=1e-6
        )
        np.testing.assert_allclose(
            other.leave_one_out_of_each_image(human)[number],
            reference.leave_one_out_of_each_image(human)[number],
            atol=1e-6,
        )
    np.testing.assert_allclose(other.top_k(order, blocks), reference.top_k(order, blocks), atol=1e-6)
    if route == "pooled" and resources().device.type == "cpu":
        # Each map's sums are added up in the same order, whatever maps are computed with it.
        np.testing.assert_array_equal(other.leave_one_out(blocks)[1], reference.leave_one_out(blocks)[1])
    same_memory = engine(route, maps, "pearson", "pearson_r2", resources(memory, 1))[1]
    np.testing.assert_array_equal(other.leave_one_out(blocks)[1], same_memory.leave_one_out(blocks)[1])
    np.testing.assert_array_equal(other.top_k(order, blocks), same_memory.top_k(order, blocks))


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("memory", [1, 30_000, 10**9])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("route", ROUTES)
def test_a_set_of_maps_can_be_ablated_for_good(
    route: str, similarity: str, score: str, memory: int, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    head, fast = engine(route, maps, similarity, score, resources(memory), ablated)
    kept = np.isin(np.arange(N_MAPS), [0, 2, 3, 5, 6, 7, 9])
    pruned, tensor = fast.only(kept), torch.from_numpy(maps)
    left, fill = np.flatnonzero(kept).tolist(), fill_of(tensor, ablated)
    readout = naive.readout(head.module, tensor, left, fill)
    block, chosen = PairBlock(np.arange(N_IMAGES), human), np.array([9, 0, 1, 3, 2])
    whole, without = pruned.leave_one_out([block], chosen)
    assert whole[0] == pytest.approx(naive.score(naive.rsm(readout, similarity), human, score), abs=2e-6)
    # Map 1 is ablated already.
    assert without[0, 2] == whole[0]
    for at in (0, 1, 3, 4):
        rest = naive.readout(head.module, tensor, [k for k in left if k != chosen[at]], fill)
        assert without[0, at] == pytest.approx(naive.score(naive.rsm(rest, similarity), human, score), abs=2e-6)
    # The engine of all maps is unchanged.
    expected = naive.leave_one_out(head.module, tensor, human, similarity, score, fill)
    np.testing.assert_allclose(fast.leave_one_out([block])[1][0], expected, atol=2e-6)


@pytest.mark.parametrize("way", [closed_forms.SumsPairByPair, closed_forms.SumsByProducts])
@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_map_much_larger_than_all_others_leaves_scores(
    similarity: str, ablated: str, way: Any, human: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All similarities are nearly equal: sums of their squares would lose their differences to rounding."""
    monkeypatch.setattr(closed_forms, "sums_over", way.of)
    values = np.random.default_rng(2).gamma(1.0, size=(N_IMAGES, N_MAPS, 1, 1))
    values[:, 4] *= 5000
    maps = torch.from_numpy(values)
    fill = fill_of(maps, ablated)
    pooled = ablation.PooledAblation(values[:, :, 0, 0], resources(), similarity, "pearson", fill.numpy())
    head, block, order = nn.Flatten(), PairBlock(np.arange(N_IMAGES), human), np.roll(np.arange(N_MAPS), -4)
    without = naive.leave_one_out(head, maps, human, similarity, "pearson", fill)
    curve = naive.top_k(head, maps, order, human, similarity, "pearson", fill)
    assert np.isfinite(without).all() and np.isfinite(curve[1:]).all()
    _, found = pooled.leave_one_out([block])
    np.testing.assert_allclose(found[0], without, atol=1e-8)
    np.testing.assert_allclose(pooled.top_k(order, [block])[0], curve, atol=1e-8)
    if way is closed_forms.SumsPairByPair:
        alone = [pooled.leave_one_out([block], np.array([chosen]))[1][0, 0] for chosen in range(N_MAPS)]
        np.testing.assert_array_equal(alone, found[0])


@pytest.mark.parametrize("way", [closed_forms.SumsPairByPair, closed_forms.SumsByProducts])
def test_a_map_that_is_large_in_both_directions_leaves_scores_without_it(
    way: Any, human: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mean is far below its values but far above the other maps: in its place, it makes images nearly alike."""
    monkeypatch.setattr(closed_forms, "sums_over", way.of)
    values = np.random.default_rng(2).gamma(1.0, size=(N_IMAGES, N_MAPS, 1, 1))
    values[:, 4, 0, 0] = np.where(np.arange(N_IMAGES) % 2, 3000, -3000) + 381  # 150 on average
    maps = torch.from_numpy(values)
    fill = fill_of(maps, "mean")
    without = naive.leave_one_out(nn.Flatten(), maps, human, "cosine", "pearson", fill)
    pooled = ablation.PooledAblation(values[:, :, 0, 0], resources(), "cosine", "pearson", fill.numpy())
    _, found = pooled.leave_one_out([PairBlock(np.arange(N_IMAGES), human)])
    np.testing.assert_allclose(found[0], without, atol=1e-9)


def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Three images (readout and judgments) and three pooled maps, small enough to work everything out by hand.

    Cosine similarities of the rows (1, 0, 1), (0, 1, 1), (1, 1, 0): 1/2, 1/2, 1/2. Without map 0 the rows are
    (0, 0, 1), (0, 1, 1), (0, 1, 0): 1/sqrt(2), 0, 1/sqrt(2).
    """
    readout = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], dtype=np.float32)
    human = np.array([[np.nan, 3, 1], [3, np.nan, 2], [1, 2, np.nan]])
    return readout, human


def test_pooled_cosine_by_hand() -> None:
    readout, human = by_hand()
    fast = ablation.PooledAblation(readout, resources(), "cosine", "pearson")
    whole, without = fast.leave_one_out([PairBlock(np.arange(3), human)])
    # Equal similarities have no correlation.
    assert np.isnan(whole[0])
    # Pairs (0,1), (0,2), (1,2) have judgments 3, 1, 2. Without map 0 the similarities are (1, 0, 1)/sqrt(2), centred
    # (1, -2, 1)/(3 sqrt(2)), against (1, -1, 0): 3 / (sqrt(6) sqrt(2)) = sqrt(3)/2. Without map 1 the rows are
    # (1, 0, 1), (0, 0, 1), (1, 0, 0): (1, 1, 0)/sqrt(2): 0. Without map 2 they are (1, 0, 0), (0, 1, 0), (1, 1, 0):
    # (0, 1, 1)/sqrt(2): -sqrt(3)/2.
    np.testing.assert_allclose(without[0], [np.sqrt(3) / 2, 0, -np.sqrt(3) / 2], atol=1e-15)


def test_pooled_top_k_by_hand() -> None:
    readout, human = by_hand()
    fast = ablation.PooledAblation(readout, resources(), "cosine", "pearson")
    curve = fast.top_k(np.array([2, 1, 0]), [PairBlock(np.arange(3), human)])[0]
    # Map 2 alone: image 2 is all zero, without similarities. Maps 2 and 1: all but map 0. All: equal similarities.
    assert np.isnan(curve[0])
    assert curve[1] == pytest.approx(np.sqrt(3) / 2)
    assert np.isnan(curve[2])


@pytest.mark.parametrize(("ablated", "expected"), [("zero", [0, 1, 1]), ("mean", [1 / np.sqrt(3), 1, 2 / np.sqrt(3)])])
def test_pooled_own_maps_by_hand(ablated: str, expected: list[float]) -> None:
    readout = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    human = np.array([[np.nan, 3, 1, 2], [3, np.nan, 1, 2], [1, 1, np.nan, 3], [2, 2, 3, np.nan]])
    fill = readout.mean(0) if ablated == "mean" else None
    fast = ablation.PooledAblation(readout, resources(), "cosine", "pearson", fill)
    whole, without = fast.leave_one_out_of_each_image(human)
    # Image 0 has the judgments 3, 1, 2, centred (1, -1, 0), and similarities in proportion to 1, 0, 1.
    assert whole[0] == pytest.approx(np.sqrt(3) / 2)
    # Map 0 at zero, or at its mean: (0, 0, 1) or (1/2, 0, 1), similarities as 0, 0, 1 or 1/2, 0, 1. Map 1 is zero;
    # at its mean 1/4 they are as 1, 1/4, 1. Map 2: (1, 0, 0) or (1, 0, 1/2).
    np.testing.assert_allclose(without[0], np.multiply(expected, np.sqrt(3) / 2), atol=1e-15)


def test_pooled_maps_replaced_by_their_means_by_hand() -> None:
    readout = np.array([[3, 0], [0, 2], [0, 1]], dtype=np.float32)
    human = np.array([[np.nan, 3, 1], [3, np.nan, 2], [1, 2, np.nan]])
    fast = ablation.PooledAblation(readout, resources(), "cosine", "pearson", readout.mean(0))
    block = PairBlock(np.arange(3), human)
    # Both means are 1. Pairs (0,1), (0,2), (1,2) have judgments 3, 1, 2: centred (1, -1, 0). Without map 0 the rows
    # are (1, 0), (1, 2), (1, 1), without map 1 they are (3, 1), (0, 1), (0, 1): 1/sqrt(10), 1/sqrt(10), 1.
    s = np.array([1 / np.sqrt(5), 1 / np.sqrt(2), 3 / np.sqrt(10)])
    without = (s[0] - s[1]) / np.sqrt(2 * ((s - s.mean()) ** 2).sum())
    whole, each = fast.leave_one_out([block])
    # With both maps the similarities are 0, 0, 1.
    np.testing.assert_allclose([*whole, *each[0]], [0, without, 0], atol=1e-15)
    np.testing.assert_allclose(fast.each_alone([block])[0], [0, without], atol=1e-15)
    np.testing.assert_allclose(fast.top_k(np.array([1, 0]), [block])[0], [without, 0], atol=1e-15)


def test_order_of_images_and_maps_does_not_matter(maps: np.ndarray, human: np.ndarray) -> None:
    readout = maps.mean((2, 3))
    rng = np.random.default_rng(9)
    images, columns = rng.permutation(N_IMAGES), rng.permutation(N_MAPS)
    plain = ablation.PooledAblation(readout, resources(), "pearson", "pearson_r2")
    moved = ablation.PooledAblation(readout[images][:, columns], resources(), "pearson", "pearson_r2")
    everyone = np.arange(N_IMAGES)
    _, expected = plain.leave_one_out([PairBlock(everyone, human)])
    _, found = moved.leave_one_out([PairBlock(everyone, human[np.ix_(images, images)])])
    np.testing.assert_allclose(found[0], expected[0][columns], atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_scale_of_judgments_does_not_matter(maps: np.ndarray, human: np.ndarray, score: str) -> None:
    fast = ablation.PooledAblation(maps.mean((2, 3)), resources(), "pearson", score)
    everyone = np.arange(N_IMAGES)
    _, expected = fast.leave_one_out([PairBlock(everyone, human)])
    _, found = fast.leave_one_out([PairBlock(everyone, 7 * human - 3)])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_units_of_the_readout_do_not_matter(maps: np.ndarray, human: np.ndarray, score: str) -> None:
    readout = maps.mean((2, 3), dtype=np.float64)
    expected, found = (
        ablation.PooledAblation(scale * readout, resources(), "pearson", score).leave_one_out_of_each_image(human)
        for scale in (1, 1e-12)
    )
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("size", [1e4, 1e7])
@pytest.mark.parametrize("score", ["pearson", "spearman"])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_map_that_is_much_larger_than_all_others_hides_no_score(similarity: str, score: str, size: float) -> None:
    random = np.random.default_rng(0)
    readout, human = random.random((7, 5)) + 0.1, random.random((7, 7))
    readout[:, 0] *= size
    human += human.T
    np.fill_diagonal(human, np.nan)
    fast = ablation.PooledAblation(readout, resources(), similarity, score)
    _, without = fast.leave_one_out([PairBlock(np.arange(7), human)])
    small = readout * (np.arange(5) > 0)
    assert without[0, 0] == pytest.approx(naive.score(naive.rsm(small, similarity), human, score), abs=1e-11)
    _, found = fast.leave_one_out_of_each_image(human)
    expected = np.empty((7, 5))
    for image, k in np.ndindex(7, 5):
        rows = readout.copy()
        rows[image, k] = 0
        others = np.delete(np.arange(7), image)
        own = naive.rsm(rows, similarity)[image, others]
        expected[image, k] = naive.correlate(own, human[image, others], score)
    np.testing.assert_allclose(found[:, 0], expected[:, 0], atol=1e-8)
    if size == 1e4:  # With a larger map, the definition, too, leaves only rounding of the row.
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_rounding_is_no_score_where_one_map_is_left_after_a_much_larger_one(human: np.ndarray) -> None:
    """Without the larger map, all cosine similarities are 1."""
    readout = (0.1 + np.random.default_rng(0).random((N_IMAGES, 2))) * [1e-5, 1]
    fast = ablation.PooledAblation(readout, resources(), "cosine", "pearson")
    assert np.isnan(fast.leave_one_out([PairBlock(np.arange(N_IMAGES), human)])[1]).all()


@pytest.mark.parametrize("score", ["pearson", "spearman"])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_map_alone_has_a_score_however_little_it_differs_from_its_mean(similarity: str, score: str) -> None:
    random = np.random.default_rng(1)
    readout, human = 1 + random.random((8, 300)), random.random((8, 8))
    readout[:, :100] = 1 + 1e-3 * random.random((8, 100))
    human += human.T
    np.fill_diagonal(human, np.nan)
    fill = readout.mean(0)
    engine = ablation.PooledAblation(readout, resources(), similarity, score, fill)
    [found] = engine.each_alone([PairBlock(np.arange(8), human)])
    alone = [np.where(np.arange(300) == k, readout, fill) for k in range(300)]
    expected = [naive.score(naive.rsm(one, similarity), human, score) for one in alone]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_map_that_is_zero_everywhere_changes_nothing_to_the_bit(maps: np.ndarray, human: np.ndarray) -> None:
    block = PairBlock(np.arange(N_IMAGES), human)
    for route in ROUTES:
        _, fast = engine(route, maps, "pearson", "pearson_r2", resources())
        whole, without = fast.leave_one_out([block])
        assert without[0, 4] == whole[0]
        curve = fast.top_k(np.array([0, 1, 4, 2, 3, 5, 6, 7, 8, 9]), [block])[0]
        assert curve[2] == curve[1]


def test_a_constant_row_is_nan(maps: np.ndarray, human: np.ndarray) -> None:
    maps[3] = 0
    fast = ablation.PooledAblation(maps.mean((2, 3)), resources(), "pearson", "pearson")
    whole, without = fast.leave_one_out([PairBlock(np.arange(N_IMAGES), human)])
    assert np.isnan(whole).all()
    assert np.isnan(without).all()
    own, own_without = fast.leave_one_out_of_each_image(human)
    assert np.isnan(own).all()
    assert np.isnan(own_without).all()
    others = np.delete(np.arange(N_IMAGES), 3)
    whole, without = fast.leave_one_out([PairBlock(others, human[np.ix_(others, others)])])
    assert np.isfinite(whole).all()
    assert np.isfinite(without).all()


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_an_image_of_zeros_is_nan_until_a_mean_takes_the_place_of_a_map(similarity: str) -> None:
    """With all maps kept, its row is constant: rounding must leave no trace of the means."""
    random = np.random.default_rng(1)
    for n_maps in range(3, 13):
        readout, human = random.random((8, n_maps)), random.random((8, 8))
        readout[2] = 0
        human += human.T
        np.fill_diagonal(human, np.nan)
        fill, block = readout.mean(0), PairBlock(np.arange(8), human)
        engine = ablation.PooledAblation(readout, resources(), similarity, "pearson", fill)
        whole, without = engine.leave_one_out([block])
        assert np.isnan(whole).all()
        [curve] = engine.top_k(np.arange(n_maps), [block])
        assert np.isnan(curve[-1])
        for k in range(n_maps):
            lacking = [np.where(np.arange(n_maps) == k, fill, readout), np.where(np.arange(n_maps) <= k, readout, fill)]
            expected = [naive.score(naive.rsm(rows, similarity), human, "pearson") for rows in lacking]
            np.testing.assert_allclose([without[0, k], curve[k]], expected, atol=1e-9)


def test_the_network_is_left_as_it_was() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        whole = Whole(nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(1), nn.Linear(N_MAPS * 16, 5)), 5).eval()
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    described = repr(whole)
    network = networks.Network(whole, "small", "random", 4, (0.5,) * 3, (0.5,) * 3)
    cut = networks.cut(network, map_layer="trunk.0")
    maps = torch.randn(4, N_MAPS, 4, 4)
    untouched = maps.clone()
    heads.LinearHead(cut.head, resources(), torch.zeros(N_MAPS), maps)
    assert torch.equal(maps, untouched)
    assert repr(whole) == described
    assert all(torch.equal(value, before[name]) for name, value in whole.state_dict().items())
    assert not whole.training


@pytest.mark.parametrize(("precision", "least", "most"), [("float16", 1e-7, 0.01), ("bfloat16", 1e-6, 0.05)])
@pytest.mark.parametrize("route", ["linear", "general"])
def test_16_bits_are_rougher_but_near(
    route: str, precision: str, least: float, most: float, maps: np.ndarray, human: np.ndarray
) -> None:
    block = PairBlock(np.arange(N_IMAGES), human)
    _, exact = engine(route, maps, "pearson", "pearson", resources())
    _, rough = engine(route, maps, "pearson", "pearson", dataclasses.replace(resources(), precision=precision))
    for ours, theirs in ((exact, rough), (exact.units, rough.units)):
        difference = np.abs(theirs.leave_one_out([block])[1] - ours.leave_one_out([block])[1]).max()
        assert least < difference < most


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kept", [[7, 0, 3], [4], list(range(N_MAPS))])
def test_a_kept_subset_is_one_plain_forward_pass(route: str, kept: list[int], ablated: str, maps: np.ndarray) -> None:
    head, tensor = head_of(route), torch.from_numpy(maps)
    given = recorded(head, maps.copy(), ablated)
    expected = naive.readout(head.module, tensor, kept, fill_of(tensor, ablated))
    built = ablation.ablate(head, given, resources(), "pearson", "pearson")
    found = built.only(np.isin(np.arange(N_MAPS), kept)).readout
    np.testing.assert_allclose(found.cpu().numpy(), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(given["feature_maps"], maps)


@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize(
    ("route", "ablated"), [("linear", "zero"), ("general", "zero"), *((route, "mean") for route in ROUTES)]
)
def test_a_map_alone_is_one_forward_pass(
    route: str, similarity: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    head, built = engine(route, maps, similarity, score, resources(memory=30_000), ablated)
    block, tensor = blocks_of(human)[1], torch.from_numpy(maps)
    fill = fill_of(tensor, ablated)
    alone = [naive.readout(head.module, tensor, [k], fill)[block.images] for k in range(N_MAPS)]
    expected = [naive.score(naive.rsm(readout, similarity), block.human, score) for readout in alone]
    np.testing.assert_allclose(built.each_alone([block])[0], expected, atol=2e-4)


def test_a_pooled_map_alone_has_only_its_sign() -> None:
    signs = np.array([[1, 1, 2, 3], [-2, 1, 1, 0], [0.5, 1, 1, 1], [-1, 2, 1, 1]], dtype=np.float32)
    pooled = ablation.PooledAblation(signs, resources(), "cosine", "pearson")
    human = np.array([[np.nan, 0, 1, 0], [0, np.nan, 0, 1], [1, 0, np.nan, 0], [0, 1, 0, np.nan]])
    # Map 0 tells images 0 and 2 from 1 and 3, as people do; of other maps, all similarities are 1, or undefined.
    np.testing.assert_allclose(pooled.each_alone([PairBlock(np.arange(4), human)]), [[1, np.nan, np.nan, np.nan]])


@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
def test_scores_of_signs_are_those_of_one_similarity_matrix_per_map(score: str) -> None:
    random = np.random.default_rng(5)
    readout = random.choice([-2.0, -1.0, 0.0, 1.0, 3.0], p=[0.3, 0.2, 0.01, 0.3, 0.19], size=(9, 40))
    human = random.random((9, 9))
    human = np.tril(human, -1) + np.tril(human, -1).T
    human[[1, 2], [2, 1]] = np.nan
    human[7] = human[:, 7] = np.nan  # an image without judgments
    np.fill_diagonal(human, np.nan)
    pooled = ablation.PooledAblation(readout, resources(), "cosine", score)
    found = pooled.each_alone([PairBlock(np.arange(9), human)])[0]
    alone = [np.where(np.arange(40) == k, readout, 0) for k in range(40)]
    expected = [naive.score(naive.rsm(one, "cosine"), human, score) for one in alone]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert 0 < np.isnan(found).sum() < 20


@pytest.mark.parametrize("n_pairs", [0, 1])
@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
@pytest.mark.parametrize("route", ROUTES)
def test_fewer_than_two_judged_pairs_have_no_score(route: str, score: str, n_pairs: int, maps: np.ndarray) -> None:
    _, built = engine(route, maps, "pearson", score, resources())
    human = np.full((4, 4), np.nan)
    if n_pairs:
        human[0, 1] = human[1, 0] = 0.5
    block = PairBlock(np.arange(4), human)
    whole, without = built.leave_one_out([block])
    for scores in (whole, without, built.top_k(np.arange(N_MAPS), [block]), built.each_alone([block])):
        assert np.isnan(scores).all()
