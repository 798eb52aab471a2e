from pathlib import Path

import image_sets
import numpy as np
from PIL import Image

from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import write_table
from compute_saliency import compute_saliency


def test_table_in_netcdf_out(tmp_path: Path) -> None:
    for folder, size in (("images", (6, 4)), ("maps", (3, 2))):
        (tmp_path / folder).mkdir()
        for number, name in enumerate(("007.png", "né 1.png")):
            pixels = np.arange(size[0] * size[1], dtype=np.uint8).reshape(size[1], size[0]) * 5 + number
            Image.fromarray(pixels).save(tmp_path / folder / name)
    write_table(image_sets.tabulate(tmp_path / "images"), tmp_path / "images.csv")
    for method, maps in (("fine_grained", None), ("maps", tmp_path / "maps")):
        output = tmp_path / f"{method}.nc"
        settings = {"method": method, "stretch": False, "degree": None, "spread": None}
        compute_saliency(images=tmp_path / "images.csv", maps=maps, fixations=None, settings=settings, saliency=output)
        result = read_netcdf(output)
        assert result.image.to_numpy().tolist() == ["007", "né 1"]
        assert result.saliency.shape == (2, 4, 6)
        assert result.attrs["method"] == method
    assert float(result.saliency[1, 0, 0]) == 1 and float(result.saliency[1, -1, -1]) == 26


def test_a_table_of_fixations_is_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "images" / "007.png")
    write_table(image_sets.tabulate(tmp_path / "images"), tmp_path / "images.csv")
    (tmp_path / "fixations.csv").write_text("image,x,y\n007,5,5\n", encoding="utf-8")
    compute_saliency(
        images=tmp_path / "images.csv",
        maps=None,
        fixations=tmp_path / "fixations.csv",
        settings={"method": "fixations", "stretch": False, "degree": 2.0, "spread": None},
        saliency=tmp_path / "out.nc",
    )
    result = read_netcdf(tmp_path / "out.nc")
    assert int(result.n_fixations.sel(image="007")) == 1
    assert int(result.saliency[0].to_numpy().argmax()) == 5 * 20 + 5
