import hashlib
from pathlib import Path

import numpy as np
import pytest
from checking import list_checked

import prepare_judgments
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf


@pytest.mark.parametrize("simulated", [True, False])
def test_judgments_are_labelled_and_say_what_they_are(tmp_path: Path, simulated: bool) -> None:
    (tmp_path / "images.csv").write_text("image,category\n10,x\n9,x\n08,x\n7,y\n")
    (tmp_path / "order.txt").write_text("9\n10\n08\n")
    np.save(tmp_path / "j.npy", np.array([[0, 1, 2], [1, 0, 3], [2, 3.5, 0]]))
    prepare_judgments.prepare_judgments(
        source=reading.Source(tmp_path / "j.npy", "dissimilarity", tmp_path / "order.txt", categories=["x"]),
        images=tmp_path / "images.csv",
        simulated=simulated,
        checked=list_checked(tmp_path / "files.csv", [tmp_path / "j.npy", tmp_path / "order.txt"]),
        output=tmp_path / "judgments.nc",
    )
    read = read_netcdf(tmp_path / "judgments.nc")
    assert read.attrs == {
        "kind": "dissimilarity",
        "source": "j.npy",
        "mean_over": "participants",
        "categories": "x",
        "warnings": "1 pair has another value in the other direction (largest difference 0.5). "
        "The two directions are averaged.",
        "form": "array",
        "simulated": int(simulated),
        "sha256": hashlib.sha256((tmp_path / "j.npy").read_bytes()).hexdigest(),
    }
    assert read["image"].to_numpy().tolist() == ["08", "10", "9"]
    assert read["similarity"].sel(participant="mean", image="08", image_b="9").item() == -2
    assert read["similarity"].sel(participant="mean", image="10", image_b="08").item() == -3.25
    assert read["n_ratings"].sel(participant="mean", image="10", image_b="08").item() == 2


def test_judgments_that_changed_since_they_were_checked_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("image,category\na,NaN\nb,NaN\nc,NaN\n")
    file = tmp_path / "j.csv"
    file.write_text("image_a,image_b,similarity\na,b,1\na,c,2\nb,c,3\n")
    checked = list_checked(tmp_path / "files.csv", [file])
    file.write_text("image_a,image_b,similarity\na,b,1\na,c,2\nb,c,4\n")
    with pytest.raises(InputError, match=r"j\.csv: changed since the inputs were checked"):
        prepare_judgments.prepare_judgments(
            source=reading.Source(file),
            images=tmp_path / "images.csv",
            simulated=False,
            checked=checked,
            output=tmp_path / "judgments.nc",
        )
    assert not (tmp_path / "judgments.nc").exists()
