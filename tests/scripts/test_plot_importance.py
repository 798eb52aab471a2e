from pathlib import Path

import pandas as pd
from drawing import Drawn

from alignment_importance.system.tables import write_table
from plot_importance import plot_importance


def test_folds_of_a_seed_are_told_from_those_of_others(drawn: Drawn, tmp_path: Path) -> None:
    for seed in (1, 2):
        ranking = pd.DataFrame({"fold": [1] * 3 + [2] * 3, "feature_map": [0, 1, 2] * 2, "ais": [3, 2, 1, 3, 2, 1]})
        ranking["ais"] *= 3 - 2 * seed  # 1 and -1
        write_table(ranking, tmp_path / f"seed-{seed}.csv")
    everything = pd.DataFrame({"feature_map": [0, 1, 2], "ais": [0.5, 0, -1], "weights": "random weights (seed 1)"})
    write_table(everything, tmp_path / "all.csv")
    plot_importance(
        rankings=[tmp_path / "seed-1.csv", tmp_path / "seed-2.csv"],
        everything=tmp_path / "all.csv",
        comparison="a.b",
        model="net.1",
        score="pearson",
        png=tmp_path / "i.png",
        pdf=tmp_path / "i.pdf",
    )
    shown = drawn.texts()
    assert "of one seed: median 1.00" in shown and "of different seeds: median −1.00" in shown
    assert "help: 1" in shown and "net.1 (random weights (seed 1))" in shown
    assert "AIS (loss of Pearson r without the map)" in shown
