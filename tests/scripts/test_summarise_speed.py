from pathlib import Path
from typing import Any

import pandas as pd
from drawing import Drawn

from alignment_importance.system.tables import read_table, write_table
from summarise_speed import summarise_speed


def test_all_kinds_of_work_stand_in_one_table_and_figure(drawn: Drawn, tmp_path: Path) -> None:
    row: dict[str, Any] = {"network": "pooled", "n_images": 92, "ours_seconds": 0.5, "ours_peak_mb": 300.0}
    works: dict[str, dict[str, Any]] = {
        "curves": {"against": "nothing", "ratio": None},
        "leave_one_out": {"against": "gram", "ratio": 20.0},
    }
    for work, compared in works.items():
        write_table(pd.DataFrame([row | compared | {"work": work}]), tmp_path / f"{work}.csv")
    summarise_speed(
        tables=[tmp_path / f"{work}.csv" for work in works],
        page={},
        summary=tmp_path / "summary.csv",
        png=tmp_path / "speed.png",
    )
    assert read_table(tmp_path / "summary.csv")["work"].tolist() == list(works)
    assert "20×" in drawn.texts("speed")
