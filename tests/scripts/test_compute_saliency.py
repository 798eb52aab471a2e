from pathlib import Path

import numpy as np
from PIL import Image

from alignment_importance import arrays, images
from compute_saliency import compute_saliency


def test_table_in_netcdf_out(tmp_path: Path) -> None:
    for folder, size in (("images", (6, 4)), ("maps", (3, 2))):
        (tmp_path / folder).mkdir()
        for number, name in enumerate(("007.png", "né 1.png")):
            pixels = np.arange(size[0] * size[1], dtype=np.uint8).reshape(size[1], size[0]) * 5 + number
            Image.fromarray(pixels).save(tmp_path / folder / name)
    arrays.write_table(images.tabulate(tmp_path / "images"), tmp_path / "images.csv")
    for method, maps in (("fine_grained", None), ("maps", tmp_path / "maps")):
        output = tmp_path / f"{method}.nc"
        compute_saliency(images=tmp_path / "images.csv", maps=maps, method=method, output=output)
        result = arrays.read_netcdf(output)
        assert result.image.to_numpy().tolist() == ["007", "né 1"]
        assert result.saliency.shape == (2, 4, 6)
        assert result.attrs["method"] == method
    assert float(result.saliency[1, 0, 0]) == 1 and float(result.saliency[1, -1, -1]) == 26
