"""The figure of alignment over the map layers of a network."""

import itertools

import numpy as np
import pandas as pd
import pytest

from alignment_importance.report.figures import style
from alignment_importance.report.figures.depth import draw_depth

MODELS = ["r.layer2", "r.layer3", "r.layer4"]


def summary() -> pd.DataFrame:
    rows = pd.DataFrame({"comparison": "c", "model": ["r.layer4", "other", "r.layer2", "r.layer3"]})
    rows = rows.assign(
        simulated=False,
        weights="w",
        arithmetic="float32",
        ablation="zero",
        unit="images",
        score="pearson_r2",
        n_folds=10,
    )
    for kind, means in (("full", [0.2] * 4), ("retained", [0.5, 0.9, 0.3, 0.4])):
        mean = np.array(means)
        columns = {f"test_{kind}_mean": mean, f"test_{kind}_boot_low": mean - 0.1, f"test_{kind}_boot_high": mean + 0.1}
        rows = rows.assign(**columns)
    return pd.concat([rows.assign(k_retained_mean=[40.2, 1, 20, 30.0]), rows.assign(comparison="d")])


def test_layers_stand_in_their_order_with_intervals_and_ceiling() -> None:
    figure = draw_depth(summary().assign(noise_ceiling_of_mean_mean=0.7), MODELS, "c", "r")
    [panel] = figure.axes
    lines = {str(line.get_label()): np.asarray(line.get_ydata()).tolist() for line in panel.lines}
    assert lines["all feature maps"] == [0.2, 0.2, 0.2]
    assert lines["retained feature maps"] == [0.3, 0.4, 0.5]
    assert lines["noise ceiling"] == [0.7, 0.7]
    intervals = [np.asarray(path.vertices)[:, 1].tolist() for path in panel.collections[1].get_paths()]
    np.testing.assert_allclose(intervals, [[0.2, 0.4], [0.3, 0.5], [0.4, 0.6]])
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ["layer2\n20", "layer3\n30", "layer4\n40"]
    assert panel.get_xlabel().endswith("and number of maps retained")


def test_a_layer_of_which_nothing_is_retained_says_so() -> None:
    [panel] = draw_depth(summary().replace({"k_retained_mean": {20: np.nan}}), MODELS, "c", "r").axes
    assert panel.get_xticklabels()[0].get_text() == "layer2\nnone"


@pytest.mark.parametrize(("n_layers", "name"), [(3, "layer"), (12, "layer"), (8, "a stage of blocks and "), (30, "l")])
def test_names_of_layers_of_any_number_and_length_stay_apart(n_layers: int, name: str) -> None:
    models = [f"r.{name}{at}" for at in range(n_layers)]
    rows = pd.concat(
        [summary().query("comparison == 'c' and model == 'other'").assign(model=model) for model in models]
    )
    figure = draw_depth(rows.assign(k_retained_mean=1000.0), models, "c", "r")
    style.lay_out(figure)
    [panel] = figure.axes
    boxes = [label.get_window_extent() for label in panel.get_xticklabels()]
    assert len(boxes) == n_layers and not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))
    assert panel.get_window_extent().height > 1.2 * figure.dpi


def test_no_ceiling_without_participants() -> None:
    figure = draw_depth(summary(), MODELS, "c", "r")
    assert "noise ceiling" not in [line.get_label() for line in figure.axes[0].lines]
    assert not any("Dashed" in text.get_text() for text in figure.texts)


def test_whiskers_of_squared_scores_end_at_zero_and_are_explained_only_where_drawn() -> None:
    low = draw_depth(summary().assign(test_full_boot_low=-0.3), MODELS, "c", "r").axes[0].collections[0]
    assert [np.asarray(path.vertices)[0, 1] for path in low.get_paths()] == [0, 0, 0]
    without = summary().loc[:, lambda rows: ~rows.columns.str.contains("boot")]
    figure = draw_depth(without, MODELS, "c", "r")
    assert not figure.axes[0].collections
    assert not any("whiskers" in text.get_text() for text in figure.texts)
