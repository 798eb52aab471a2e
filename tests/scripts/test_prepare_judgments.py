from pathlib import Path

import numpy as np

import prepare_judgments
from alignment_importance import arrays


def test_judgments_are_labelled_and_say_whether_they_are_simulated(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("image,file\n10,x\n9,y\n08,z\n")
    (tmp_path / "order.txt").write_text("9\n10\n08\n")
    np.save(tmp_path / "j.npy", np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]]))
    for simulated in (True, False):
        prepare_judgments.prepare_judgments(
            judgments=tmp_path / "j.npy",
            images=tmp_path / "images.csv",
            order=tmp_path / "order.txt",
            kind="dissimilarity",
            key=None,
            simulated=simulated,
            output=tmp_path / "judgments.nc",
        )
        read = arrays.read_netcdf(tmp_path / "judgments.nc")
        assert read.attrs == {"kind": "dissimilarity", "source": "j.npy", "simulated": int(simulated)}
        assert read["image"].to_numpy().tolist() == ["08", "10", "9"]
        assert read["similarity"].sel(participant="mean", image="08", image_b="9").item() == -2
        assert read["similarity"].sel(participant="mean", image="10", image_b="08").item() == -3
