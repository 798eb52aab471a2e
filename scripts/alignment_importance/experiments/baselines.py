"""Orders of feature maps that use no judgments: baselines for rankings by importance."""

import numpy as np


def unguided(maps: np.ndarray, n_random: int, seed: int) -> dict[str, list[np.ndarray]]:
    """Orders of the maps, from the first to the last that is kept, by the name of the ranking.

    Args:
        maps: (image, feature_map, y, x) activations of all images of a comparison.

    Returns:
        `random`: `n_random` permutations; `total_activation`: one, by the sum of absolute activations over images and
        places, descending; `active_units`: one, by the number of places that are not zero, descending. Ties are
        broken by map number. Each order is (feature_map,).
    """
    random = [np.random.default_rng((seed, draw)).permutation(maps.shape[1]) for draw in range(n_random)]
    total = np.abs(maps).sum(axis=(0, 2, 3), dtype=np.float64)
    active = np.count_nonzero(maps, axis=(0, 2, 3))
    return {"random": random, "total_activation": [_descending(total)], "active_units": [_descending(active)]}


def _descending(values: np.ndarray) -> np.ndarray:
    return np.argsort(-values, kind="stable")
