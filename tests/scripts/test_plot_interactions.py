from pathlib import Path
from typing import Any

import pandas as pd
from drawing import Drawn, files

from alignment_importance.system.tables import write_table
from plot_interactions import plot_interactions


def test_only_what_was_computed_is_drawn(drawn: Drawn, tmp_path: Path) -> None:
    origin: dict[str, Any] = {"weights": "random weights (seed 1)", "arithmetic": "float32", "ablation": "zero"}
    origin["simulated"] = True
    pairs = {"feature_map": [0, 0, 1], "feature_map_b": [1, 2, 2], "interaction": [0.1, -0.3, 0.2], "ais": 0.3}
    write_table(pd.DataFrame(pairs).assign(ais_b=0.2, ais_pair=0.5, **origin), tmp_path / "pairs.csv")
    values = {"feature_map": [2, 0, 1], "shapley": [0.3, 0.1, 0.2], "standard_error": 0.05}
    sampled = pd.DataFrame(values).assign(n_permutations=20, undefined=0.0, **origin)
    write_table(sampled, tmp_path / "shapley.csv")
    write_table(pd.DataFrame({"feature_map": [0, 1, 2], "ais": [-1.0, 1.0, 3.0]}), tmp_path / "all.csv")
    kinds = ["pairs", "shapley"]
    plot_interactions(
        tables={kind: tmp_path / f"{kind}.csv" for kind in kinds},
        ranking=tmp_path / "all.csv",
        page={},
        score="pearson_r2",
        comparison="a.b",
        model="net.1",
        png=files(tmp_path, kinds),
    )
    assert list(drawn) == kinds
    for kind in kinds:
        assert "a.b (simulated observers), net.1 (random weights (seed 1))" in drawn.texts(kind)
    assert "Spearman ρ = 1.00" in drawn.texts("shapley")
