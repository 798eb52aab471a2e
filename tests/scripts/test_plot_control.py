from pathlib import Path

import numpy as np
from drawing import Drawn, write_heatmaps
from PIL import Image

from evaluate_control import evaluate_control
from plot_control import plot_control


def test_what_is_evaluated_is_drawn_per_comparison(drawn: Drawn, listed: Path, tmp_path: Path) -> None:
    rising = np.tile([[0.0, 1.0], [0.0, 1.0]], (2, 1, 1))
    write_heatmaps(tmp_path / "right.nc", rising, simulated=True)
    write_heatmaps(tmp_path / "left.nc", -rising, simulated=False)
    (tmp_path / "masks").mkdir()
    for image, (height, width) in (("007", (8, 12)), ("é b.c", (10, 6))):
        labels = np.full((height, width), 1, dtype=np.uint8)
        labels[:, width // 2 :] = 2
        Image.fromarray(labels).save(tmp_path / "masks" / f"{image}.png")
    heatmaps = {"sees-left": tmp_path / "left.nc", "sees-right": tmp_path / "right.nc"}
    evaluate_control(
        control="demo",
        heatmaps=list(heatmaps.values()),
        comparisons=list(heatmaps),
        masks=tmp_path / "masks",
        objects={"left": 1, "right": 2},
        output=tmp_path / "control.csv",
    )
    plot_control(
        table=tmp_path / "control.csv",
        heatmaps=heatmaps,
        images=listed,
        objects=["left", "right"],
        model="net.1",
        png=tmp_path / "c.png",
        pdf=tmp_path / "c.pdf",
    )
    areas = drawn.figure.axes[-1]
    medians = [np.asarray(line.get_xdata(), dtype=float)[0] for line in areas.lines[:3]]
    assert medians[:2] == [1, 0]
    shown = drawn.texts()
    assert "sees-right (simulated observers)" in shown and "sees-left (simulated" not in shown
    assert "0\n(right)" in shown and "1\n(left)" in shown and "net.1 (random weights (seed 1))" in shown
