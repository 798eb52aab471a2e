from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image

from alignment_importance.system.netcdf import write_netcdf
from evaluate_control import evaluate_control


def test_files_in_table_out(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.array([[1, 2]], dtype=np.uint8)).save(tmp_path / "masks" / "007.png")
    dims = ("image", "y", "x")
    for name, values in (("one", [[[1.0, 0.0]]]), ("two", [[[0.0, 1.0]]])):
        maps = xr.Dataset(
            {"heatmap": (dims, values), "activation_mean": (dims, np.ones((1, 1, 2)))},
            coords={"image": ["007"], "width": ("image", [2]), "height": ("image", [1])},
            attrs={
                "resize": "whole",
                "weights": "ImageNet",
                "arithmetic": "float32",
                "ablation": "zero",
                "simulated": int(name == "one"),
            },
        )
        write_netcdf(maps, tmp_path / f"{name}.nc")
    evaluate_control(
        control="demo",
        heatmaps={"colour": tmp_path / "two.nc", "shape": tmp_path / "one.nc"},
        pairs={},
        masks=tmp_path / "masks",
        objects={"pictogram": 1, "disc": 2},
        table=tmp_path / "control.csv",
    )
    assert (tmp_path / "control.csv").read_text().splitlines() == [
        "control,comparison,map,image,image_b,auc,weights,arithmetic,ablation,simulated",
        "demo,colour,ais,007,,0.0,ImageNet,float32,zero,False",
        "demo,colour,activations,007,,0.5,ImageNet,float32,zero,False",
        "demo,shape,ais,007,,1.0,ImageNet,float32,zero,True",
        "demo,shape,activations,007,,0.5,ImageNet,float32,zero,True",
    ]
