"""Bars and curves of all comparisons: what is drawn is what the tables say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from alignment_importance.report.figures import style
from alignment_importance.report.figures.paper import draw_bars, draw_fold_curves


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def summary(n_comparisons: int, n_models: int) -> pd.DataFrame:
    rows = [
        {
            "comparison": f"a comparison with quite a long name {at}",
            "model": f"a network with quite a long name {number}",
            "weights": "random weights (seed 1)",
            "arithmetic": "float32",
            "ablation": "zero",
            "simulated": at == 0,
            "score": "pearson_r2",
            "n_folds": 4,
            "k_retained_mean": 12.4 + at if at else np.nan,
            "test_full_mean": 0.1 * at,
            "test_retained_mean": 0.2 * at if at else np.nan,
            "noise_ceiling_of_mean_mean": 0.9 if at else np.nan,
        }
        for number in range(n_models)
        for at in range(n_comparisons)
    ]
    return pd.DataFrame(rows)


def test_bars_are_the_means_and_numbers_those_retained() -> None:
    figure = draw_bars(summary(3, 2))
    for panel in figure.axes:
        full, retained = panel.containers[:2]
        assert [bar.get_width() for bar in full] == pytest.approx([0, 0.1, 0.2])
        np.testing.assert_allclose([bar.get_width() for bar in retained], [np.nan, 0.2, 0.4])
        numbers = [text.get_text() for text in panel.texts]
        assert numbers == ["undefined", "13", "14"]
        ceilings = [line for line in panel.lines if line.get_label() == "noise ceiling"]
        assert len(ceilings) == 2 and np.asarray(ceilings[0].get_xdata()).tolist() == [0.9, 0.9]
    assert texts(figure).count("(simulated observers)") >= 1
    assert texts(figure).count("(random weights (seed 1))") == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [120, 174])
@pytest.mark.parametrize("made_of", [{}, {"arithmetic": "bfloat16, images resized in float", "ablation": "mean"}])
@pytest.mark.parametrize(("n_comparisons", "n_models"), [(1, 1), (6, 2), (3, 5)])
def test_names_of_any_number_and_length_stay_apart(
    n_comparisons: int, n_models: int, made_of: dict[str, str], width: int
) -> None:
    with style.page({"two_columns_mm": width}):
        figure = draw_bars(summary(n_comparisons, n_models).assign(**made_of))
        style.lay_out(figure)
    edges = figure.bbox
    assert len({label.get_text() for label in figure.axes[0].get_yticklabels()}) == n_comparisons
    shown = [panel for panel in figure.axes if panel.get_visible()]
    assert len(shown) == n_models
    titles = [text for panel in shown for text in panel.findobj(Text) if text.get_text() == panel.get_title("left")]
    labels = [*shown[0].get_yticklabels(), *titles, *figure.texts, *figure.legends]
    boxes = [label.get_window_extent() for label in labels if not isinstance(label, Text) or label.get_text()]
    assert all(box.x0 >= edges.x0 and box.x1 <= edges.x1 for box in boxes)
    for at, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[at + 1 :])


def curve(n_maps: int) -> pd.DataFrame:
    folds = [(seed, fold, k) for seed in ("seed-1", "seed-2") for fold in (1, 2) for k in range(1, n_maps + 1)]
    table = pd.DataFrame(folds, columns=["seed", "fold", "k"])
    return table.assign(train_score=table["k"] / 10, test_score=table["k"] / 20 + table["fold"])


@pytest.mark.parametrize("n_maps", [6, 900])
def test_every_fold_has_a_curve(n_maps: int) -> None:
    retained = pd.DataFrame({"k_retained": [2, 4, np.nan], "simulated": True, "weights": "ImageNet"})
    retained = retained.assign(arithmetic="float32", ablation="zero")
    figure = draw_fold_curves({"a": curve(n_maps), "b": curve(n_maps)}, {"a": retained, "b": retained}, "n", "pearson")
    assert "feature maps kept (k)" in texts(figure)
    of_units = draw_fold_curves(
        {"a": curve(n_maps)}, {"a": retained.assign(weights="units of clip.npy")}, "n", "pearson"
    )
    assert "units kept (k)" in texts(of_units) and "map" not in texts(of_units)
    panel = figure.axes[0]
    single = [line for line in panel.lines if line.get_label() == "test, single folds"]
    assert len(single) == 4
    x, y = (np.asarray(values, dtype=float) for values in single[1].get_data())
    assert (x[0], x[-1]) == (1, n_maps) and len(x) <= 250
    np.testing.assert_allclose(y, x / 20 + 2)
    (mean,) = (line for line in panel.lines if line.get_label() == "test, mean of the folds")
    x, y = (np.asarray(values, dtype=float) for values in mean.get_data())
    np.testing.assert_allclose(y, x / 20 + 1.5)
    [number] = panel.texts
    assert number.get_text() == "3"
    style.lay_out(figure)
    highest = max(np.max(np.asarray(line.get_ydata(), dtype=float)[:-1]) for line in [*single, mean])
    assert number.get_window_extent().y0 > panel.transData.transform((0, highest))[1]
    assert "(simulated observers)" in texts(figure)
