from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawing import Drawn

from alignment_importance.system.tables import write_table
from plot_curves import plot_curves


def test_curves_are_averaged_over_the_folds_of_all_seeds(drawn: Drawn, folds: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        curve = pd.DataFrame({"fold": 1, "k": [1, 2, 3], "train_score": np.nan, "test_score": [0.1, 0.2, 0.2 * seed]})
        write_table(curve, tmp_path / f"seed-{seed}.csv")
    plot_curves(
        curves=[tmp_path / "seed-1.csv", tmp_path / "seed-2.csv"],
        table=folds,
        comparison="a.b",
        model="net.1",
        score="pearson",
        png=tmp_path / "c.png",
        pdf=tmp_path / "c.pdf",
    )
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in drawn.figure.axes[0].lines}
    assert lines["test"] == pytest.approx(np.array([0.1, 0.2, 0.3]))
    shown = drawn.texts()
    assert "a.b (simulated observers), net.1 (random weights (seed 1))" in shown
    assert "retained: 3 maps on average" in shown and "alignment (Pearson r)" in shown
