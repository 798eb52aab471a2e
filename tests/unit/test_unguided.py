"""Orders of feature maps that use no judgments."""

import numpy as np

from alignment_importance.experiments import rankings

#: Three maps of two images, with 4, 10, 6 as sums of absolute values and 4, 1, 3 places that are not zero.
MAPS = np.array(
    [[[[1.0, 1], [0, 0]], [[10, 0], [0, 0]], [[0, 0], [0, 0]]], [[[1, 1], [0, 0]], [[0, 0], [0, 0]], [[-2, 2], [2, 0]]]]
)


def test_orders_by_hand() -> None:
    orders = rankings.unguided(MAPS, 2, 1)
    assert orders["total_activation"][0].tolist() == [1, 2, 0]
    assert orders["active_units"][0].tolist() == [0, 2, 1]
    assert tuple(orders) == ("random", "total_activation", "active_units")


def test_ties_go_by_the_number_of_the_map() -> None:
    orders = rankings.unguided(np.ones((2, 5, 2, 2)), 1, 1)
    assert orders["total_activation"][0].tolist() == orders["active_units"][0].tolist() == [0, 1, 2, 3, 4]


def test_random_orders_are_seeded_and_different() -> None:
    maps = np.ones((1, 30, 1, 1))
    one, other = (rankings.unguided(maps, 3, seed)["random"] for seed in (1, 2))
    again = rankings.unguided(maps, 5, 1)["random"]
    assert all(sorted(order) == list(range(30)) for order in one)
    assert len({tuple(order) for order in [*one, *other]}) == 6
    # Drawing more orders does not change the first ones.
    assert [order.tolist() for order in again[:3]] == [order.tolist() for order in one]
