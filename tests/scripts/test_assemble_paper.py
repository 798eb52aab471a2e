"""The paper's folder: figures drawn here come first, those of other jobs follow."""

from pathlib import Path
from typing import Any

import pandas as pd
from drawing import files

from alignment_importance.system.tables import write_table
from assemble_paper import assemble_paper


def test_own_figures_come_first(tmp_path: Path) -> None:
    origin: dict[str, Any] = {"weights": "ImageNet", "arithmetic": "float32", "ablation": "zero", "simulated": False}
    row = {"model": "net.1", **origin, "score": "pearson_r2", "n_folds": 2}
    means = {"test_full_mean": 0.1, "test_retained_mean": 0.2, "k_retained_mean": 2.0}
    summary = pd.DataFrame([row | means | {"comparison": name} for name in ("birds", "cars")])
    write_table(summary.assign(n_images=12, n_participants=3), tmp_path / "summary.csv")
    curve = pd.DataFrame({"fold": 1, "k": [1, 2, 3], "train_score": 0.3, "test_score": [0.1, 0.3, 0.2]})
    write_table(curve, tmp_path / "curve.csv")
    write_table(pd.DataFrame({"k_retained": [2, 2]}).assign(**origin), tmp_path / "folds.csv")
    others = files(tmp_path / "drawn", [("heatmaps", "birds", "net.1")])
    (tmp_path / "drawn").mkdir()
    for path in others.values():
        path.touch()
    own = files(tmp_path, [("bars",), ("fold-curves", "net.1")])
    assemble_paper(
        png=others,
        summary=tmp_path / "summary.csv",
        predictions={(name, "net.1"): tmp_path / "folds.csv" for name in ("birds", "cars")},
        curves={(name, "net.1", seed): tmp_path / "curve.csv" for name in ("birds", "cars") for seed in (1, 2)},
        published=None,
        differences={},
        agreement={},
        overlaps={},
        controls={},
        left_out={"positive control": "the configuration names none"},
        folds="Folds: 2 for each of 2 seeds.",
        page={"pdf": False},
        score="pearson_r2",
        own_png=own,
        paper=tmp_path / "paper",
    )
    names = sorted(file.name for file in (tmp_path / "paper").iterdir() if file.suffix in (".png", ".md", ".csv"))
    assert names == [
        "README.md", "figure-01_bars.png", "figure-02_fold-curves_net.1.png", "figure-03_heatmaps_birds_net.1.png",
        "table-01_comparisons.csv", "table-02_prediction.csv",
    ]  # fmt: skip
    for path in own.values():
        assert path.stat().st_size > 1000
    assert "birds, net.1" in (tmp_path / "paper/README.md").read_text(encoding="utf-8")
