from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawing import Drawn

from alignment_importance.system.tables import read_table, write_table
from plot_prediction import plot_prediction


def test_folds_are_found_by_the_names_of_their_files(drawn: Drawn, folds: Path, tmp_path: Path) -> None:
    other = folds.parent.parent / "c" / "net.1.csv"
    write_table(read_table(folds).assign(test_full=[0.5, 0.6]), other)
    row = {
        "model": "net.1",
        "weights": "random weights (seed 1)",
        "simulated": True,
        "score": "spearman",
        "n_folds": 2,
        "k_retained_mean": 3.0,
        "test_full_mean": 0.2,
        "test_full_sd": 0.1,
        "test_retained_mean": 0.4,
        "test_retained_sd": 0.2,
        "p_paired": 0.04,
        "p_corrected": 0.2,
    }
    summary = pd.DataFrame([row | {"comparison": "c"}, row | {"comparison": "a.b"}])
    write_table(summary, tmp_path / "summary.csv")
    png, pdf = tmp_path / "p.png", tmp_path / "p.pdf"
    plot_prediction(summary=tmp_path / "summary.csv", tables=[folds, other], png=png, pdf=pdf)
    assert drawn.paths == (png, pdf)
    heights = [np.asarray(points.get_offsets())[:, 1].tolist() for points in drawn.figure.axes[0].collections]
    # All maps of c and of a.b, then the retained ones.
    assert [0.5, 0.6] in heights and [0.1, 0.3] in heights
    shown = drawn.texts()
    assert "net.1 (random weights (seed 1))" in shown and "Spearman" in shown
    assert "a.b\n(simulated observers)\n3 maps retained\nΔ = 0.200\ncorrected p = 0.200" in shown


def test_a_summary_with_a_missing_column_is_refused(drawn: Drawn, folds: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.csv").write_text("comparison,model\na,b\n")
    with pytest.raises(ValueError, match=r"summary\.csv: column .*test_full_mean"):
        plot_prediction(summary=tmp_path / "summary.csv", tables=[folds], png=tmp_path / "p", pdf=tmp_path / "q")
