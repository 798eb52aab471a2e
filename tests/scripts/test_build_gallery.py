from pathlib import Path

import gallery_sets
from gallery_sets import IDS

from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import write_table
from build_gallery import build_gallery


def test_files_in_folder_out(tmp_path: Path) -> None:
    """Two image sets, each with its own comparison; an old gallery is replaced."""
    views = {("made-up", "net.1"): gallery_sets.view("made-up"), ("people", "net.1"): gallery_sets.view("people")}
    one = gallery_sets.image_set(tmp_path / "images", list(views.values()))
    write_table(one.table, tmp_path / "images.csv")
    write_netcdf(one.saliency["gaze"], tmp_path / "gaze.nc")
    parts = ("heatmaps", "scores", "rsms", "activations", "pairs")
    for (comparison, _), view in views.items():
        for part in parts:
            write_netcdf(getattr(view, part), tmp_path / comparison / f"{part}.nc")
        write_table(view.overlaps["gaze"], tmp_path / comparison / "overlap.csv")
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "old.html").touch()
    build_gallery(
        images={"first": tmp_path / "images.csv", "second": tmp_path / "images.csv"},
        saliency={("first", "gaze"): tmp_path / "gaze.nc"},
        **{part: {key: tmp_path / key[0] / f"{part}.nc" for key in views} for part in parts},
        overlaps={("made-up", "net.1", "gaze"): tmp_path / "made-up" / "overlap.csv"},
        image_set_of={"made-up": "first", "people": "second"},
        percents=[15],
        heatmap_scale="image",
        gallery=tmp_path / "gallery",
    )
    pictures = tmp_path / "gallery" / "pictures"
    assert sorted(path.name for path in (tmp_path / "gallery").iterdir()) == ["index.html", "pictures"]
    assert sorted(path.name for path in (pictures / "first").iterdir()) == [
        "contours",
        "heatmap",
        "image",
        "maps",
        "pairs",
        "saliency",
    ]
    assert sorted(path.name for path in (pictures / "second").iterdir()) == [
        "heatmap",
        "image",
        "maps",
        "pairs",
    ]
    assert [path.name for path in (pictures / "second" / "heatmap").iterdir()] == ["people"]
    assert len(list((pictures / "first/image/large").iterdir())) == len(IDS)
    page = (tmp_path / "gallery" / "index.html").read_text(encoding="utf-8")
    assert page.index('"name":"first"') < page.index('"name":"second"')
