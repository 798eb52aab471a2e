"""The gallery's numbers, worked out by hand, its pictures, and which scripts the page lets run."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import gallery_sets
import image_sets
import numpy as np
import pytest
import xarray as xr
from gallery_sets import IDS, PERCENTS, SIZES
from PIL import Image, ImageDraw

from alignment_importance.maps.overlap import masks
from alignment_importance.report.gallery import content, explained, page, pictures
from alignment_importance.report.overlays import layer, overlay, shared_limits


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two comparisons, the second of which lacks an image."""
    folder = tmp_path_factory.mktemp("gallery")
    views = [gallery_sets.view("made-up"), gallery_sets.view("people", ids=IDS[:0:-1], seed=2)]
    out = folder / "built"
    out.mkdir()
    page.build([gallery_sets.image_set(folder / "images", views)], PERCENTS, out, "image")
    return out


class Page(HTMLParser):
    """The tags of a page, and the text of each script and style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append("")
        self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside[-1] += data

    def text_of(self, tag: str, **attributes: str) -> list[str]:
        return [
            text
            for (name, found), text in zip(self.tags, self.inside, strict=True)
            if name == tag and attributes.items() <= found.items()
        ]


def parsed(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def told(folder: Path) -> dict[str, Any]:
    """The data that the page's script reads."""
    [text] = parsed(folder).text_of("script", type="application/json")
    return dict(json.loads(text))


# ----------------------------------------------------------------------------------------------------------------------
# Numbers


def test_leading_maps_are_those_of_the_largest_positive_scores() -> None:
    scores = gallery_sets.view("made-up").scores
    assert content.leading_maps(scores, IDS[0]) == [(1, 0.3, 0.75), (0, 0.1, 0.25)]
    assert content.leading_maps(scores, IDS[1]) == [(2, 0.4, 0.5), (0, 0.2, 0.25), (1, 0.2, 0.25)]
    assert content.leading_maps(scores, IDS[4]) == []
    assert content.leading_maps(scores, "nobody") == []
    undefined = scores["ais"].where(scores["image"] != IDS[0])
    assert content.leading_maps(scores.assign(ais=undefined), IDS[0]) == []


def test_no_more_leading_maps_than_are_shown() -> None:
    ais = np.arange(1.0, 21.0)[None]
    scores = xr.Dataset({"ais": (("image", "feature_map"), ais)}, coords={"image": ["a"]})
    leading = content.leading_maps(scores, "a")
    assert [k for k, _, _ in leading] == [19, 18, 17, 16, 15, 14]
    assert leading[0][2] == round(20 / 210, 4)


def test_nearest_images_by_id_without_the_image_itself_and_without_nan() -> None:
    values = [[9.0, 0.5, np.nan], [0.5, np.nan, 0.7], [np.nan, 0.7, 9.0]]
    matrix = xr.DataArray(values, dims=("image", "image_b"), coords={"image": list("cab"), "image_b": list("cab")})
    # Positions refer to the list, in which x was never judged.
    assert content.nearest(matrix, ["a", "x", "b", "c"]) == [[(2, 0.7), (3, 0.5)], [], [(0, 0.7)], [(0, 0.5)]]
    tiny = content.nearest(matrix / -1000.0004, ["a", "b", "c"])
    assert tiny[0] == [(2, -0.0005), (1, -0.0007)]


def test_equal_similarities_stand_in_the_order_of_the_list() -> None:
    ids = [f"{at}" for at in range(9)]
    matrix = xr.DataArray(np.ones((9, 9)), dims=("image", "image_b"), coords={"image": ids, "image_b": ids})
    assert [other for other, _ in content.nearest(matrix, ids)[2]] == [0, 1, 3, 4, 5, 6]


def test_numbers_are_ready_for_json() -> None:
    assert content.numbers([0.12345, np.nan, np.inf, -2]) == [0.123, None, "∞", -2.0]


def test_the_page_holds_the_numbers_of_a_set(built: Path) -> None:
    [one] = told(built)["sets"]
    made_up, people = one["views"]
    assert (one["images"], one["categories"]) == (IDS, gallery_sets.CATEGORIES)
    assert (made_up["simulated"], people["simulated"], made_up["unusual"]) == (True, False, ["random weights"])
    assert (made_up["maps_retained"], made_up["maps_total"]) == (2, 4)
    assert made_up["alignment"] == [0.45, 0.35, 0.25, 0.15, 0.05, -0.05]
    # The other comparison lacks the first image and has the others in another order.
    assert people["present"] == [0, 1, 1, 1, 1, 1]
    assert people["alignment"] == [None, 0.7, 0.5, 0.3, 0.1, -0.1]
    assert people["nearest"]["people"][0] == []
    # Only the observed overlap of masks of equal size, and only sizes that were measured.
    [shared] = people["overlap"]["gaze"]
    assert shared["percent"] == 15
    assert shared["shared"] == [None, 1.0, 0.75, 0.5, 0.25, 0.0]
    assert shared["risk"] == [None, "∞", 3.0, 2.0, 1.0, 0.0]
    assert all(nearest == [] for nearest in made_up["nearest"]["retained"])
    [agreement] = one["agreement"]
    assert agreement["views"] == [0, 1]
    assert [value is None for value in agreement["values"]] == [True, False, False, False, True, False]


def test_the_page_holds_the_numbers_of_pairs(built: Path) -> None:
    for view in told(built)["sets"][0]["views"]:
        one, other = view["explained"]["pairs"]
        assert (one["images"], other["images"]) == ([1, 2], [2, 5])
        # In standard deviations over four judged pairs: twice the values that are scaled to length one.
        assert [(pair["people"], pair["network"], pair["retained"], pair["share"]) for pair in (one, other)] == [
            (1.0, 0.5, 1.0, 0.125),
            (1.0, -0.5, -1.0, -0.125),
        ]
        assert one["maps"] == [[0, 0.3], [2, 0.2], [3, 0.0], [1, -0.1]]
        assert other["maps"] == [[1, -0.1], [3, 0.0], [2, 0.2], [0, 0.3]]
        assert (one["heatmap"], other["heatmap"]) == ([1, 1], [1, 0])
        assert one["meets"] == [list(range(8, -1, -1))] * 2
        assert other["meets"] == [[None, *range(7, -1, -1)], [*range(8, 0, -1), None]]


def test_where_the_places_of_an_image_lie() -> None:
    shown = gallery_sets.view("people", ids=IDS[:3])
    assert explained.describe(shown.pairs, shown.heatmaps, IDS)["boxes"] == [None] * 6
    # The network sees the centred square of 24 x 24, 40 x 20 and 20 x 30 pixels.
    boxes = explained.describe(shown.pairs, shown.heatmaps.assign_attrs(resize="crop"), IDS)["boxes"]
    assert boxes == [None, [0.25, 0, 0.5, 1], [0, 0.1667, 1, 0.6667], None, None, None]


def test_pairs_without_places_and_with_undefined_contributions() -> None:
    shown = gallery_sets.view("people")
    pairs = shown.pairs.drop_vars("places")
    unknown = pairs.assign({name: np.nan * pairs[name] for name in ("contribution", "similarity", "heatmap")})
    for pair in explained.describe(unknown, shown.heatmaps, IDS)["pairs"]:
        assert (pair["maps"], pair["meets"], pair["heatmap"]) == ([], [], [0, 0])
        assert (pair["people"], pair["network"], pair["share"]) == (1.0, None, None)


def test_a_set_without_categories_has_none(tmp_path: Path) -> None:
    one = gallery_sets.image_set(tmp_path / "images", [])
    bare = content.ImageSet("bare", one.table.assign(category=np.nan), {}, [])
    assert content.describe(bare, PERCENTS, "image")["categories"] is None


# ----------------------------------------------------------------------------------------------------------------------
# Pictures


def test_the_picture_of_a_pair_holds_its_maps_side_by_side(built: Path) -> None:
    shown = gallery_sets.view("made-up")
    with Image.open(built / "pictures/tiny/pairs/made-up/net.1/0001.webp") as picture:
        pixels = np.asarray(picture.convert("RGBA"))
    # Tiles of 3 x 3 places, 3 to a row: 2 heatmaps, 4 maps of each of 2 images, 9 places of each; the rest is clear.
    assert pixels.shape == (30, 9, 4)
    tiles = pixels.reshape(10, 3, 3, 3, 4).swapaxes(1, 2).reshape(30, 3, 3, 4)

    def same(tile: np.ndarray, values: np.ndarray, limits: tuple[float, float] | None = None) -> bool:
        expected = layer(values, limits)
        # The file keeps no colours of clear pixels.
        return np.array_equal(np.where(expected[..., 3:] > 0, expected, 0), np.where(tile[..., 3:] > 0, tile, 0))

    for side in (0, 1):
        assert same(tiles[side], shown.pairs["heatmap"][0, side].to_numpy())
        for at, number in enumerate((0, 2, 3, 1)):
            values = shown.activations["feature_maps"].sel(image=IDS[1 + side]).to_numpy()[number]
            assert same(tiles[2 + 2 * at + side], values)
        for place in range(9):
            met = np.zeros(9)
            met[8 - place] = 1
            assert same(tiles[10 + 9 * side + place], met.reshape(3, 3), (0, 1))
    assert not tiles[28:].any()


def test_more_places_than_are_drawn_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = gallery_sets.view("made-up")
    monkeypatch.setattr(explained, "MOST_PLACES", 8)
    assert [pair["meets"] for pair in explained.describe(shown.pairs, shown.heatmaps, IDS)["pairs"]] == [[], []]
    explained.draw(shown.pairs, shown.activations["feature_maps"], tmp_path / "pairs", "image")
    with Image.open(tmp_path / "pairs" / "0002.webp") as picture:
        assert picture.size == (9, 12)


def test_every_picture_has_a_number_for_a_name(built: Path) -> None:
    found = {file.relative_to(built).as_posix() for file in built.rglob("*") if file.is_file()}
    numbers = [f"{number:04d}" for number in range(1, 7)]
    both = [f"{size}/{number}.webp" for size in ("large", "small") for number in numbers]
    expected = {"index.html"} | {f"pictures/tiny/{layer}/{one}" for layer in ("image", "saliency/gaze") for one in both}
    for comparison, first in (("made-up", 0), ("people", 1)):
        there = numbers[first:]
        view = f"{comparison}/net.1"
        expected |= {f"pictures/tiny/heatmap/{view}/{size}/{one}.webp" for size in ("large", "small") for one in there}
        expected |= {f"pictures/tiny/contours/{view}/gaze/{one}.svg" for one in there}
        expected |= {f"pictures/tiny/pairs/{view}/{one}.webp" for one in ("0001", "0002")}
        # The fifth image has no feature map with a positive score.
        expected |= {f"pictures/tiny/maps/{view}/{one}.webp" for one in there if one != "0005"}
    assert found == expected


def test_pictures_keep_their_shape_and_are_never_enlarged(built: Path) -> None:
    for number, (width, height) in enumerate(SIZES, start=1):
        for size, longest in (("large", 480), ("small", 224)):
            scale = min(1, longest / max(width, height))
            for kind in ("image", "heatmap/made-up/net.1", "saliency/gaze"):
                with Image.open(built / f"pictures/tiny/{kind}/{size}/{number:04d}.webp") as picture:
                    assert picture.size == (round(width * scale), round(height * scale))
    with Image.open(built / "pictures/tiny/maps/made-up/net.1/0002.webp") as strip:
        assert strip.size == (3 * 40, 20)


def test_a_small_picture_is_encoded_once(built: Path) -> None:
    folder = built / "pictures/tiny/image"
    same = {
        number: (folder / f"large/{number:04d}.webp").read_bytes() == (folder / f"small/{number:04d}.webp").read_bytes()
        for number in range(1, len(SIZES) + 1)
    }
    assert same == {number: max(size) <= pictures.SMALL for number, size in enumerate(SIZES, start=1)}
    assert set(same.values()) == {True, False}


def test_the_heatmap_of_the_gallery_is_that_of_the_figures(built: Path) -> None:
    view = gallery_sets.view("made-up")
    heatmap = pictures.heat.place_image(view.heatmaps, "heatmap", IDS[0])
    rgb = image_sets.read_image(built.parent / "images" / "0.png")
    shown = image_sets.read_image(built / "pictures/tiny/heatmap/made-up/net.1/large/0001.webp").astype(float)
    assert np.abs(shown - overlay(rgb, heatmap)).mean() < 12  # lossy


def test_heatmaps_on_one_scale_and_its_ends(built: Path, tmp_path: Path) -> None:
    assert [view["limits"] for view in told(built)["sets"][0]["views"]] == [None, None]
    assert "the colours of its own range" in (built / "index.html").read_text(encoding="utf-8")
    view = gallery_sets.view("made-up")
    (tmp_path / "built").mkdir()
    page.build([gallery_sets.image_set(tmp_path / "images", [view])], PERCENTS, tmp_path / "built", "set")
    limits = shared_limits(view.heatmaps, "set")
    assert limits is not None
    assert told(tmp_path / "built")["sets"][0]["views"][0]["limits"] == pytest.approx(limits, rel=0.005)
    assert "share one scale" in (tmp_path / "built" / "index.html").read_text(encoding="utf-8")
    heatmap = pictures.heat.place_image(view.heatmaps, "heatmap", IDS[0])
    rgb = image_sets.read_image(tmp_path / "images" / "0.png")
    shown = image_sets.read_image(tmp_path / "built/pictures/tiny/heatmap/made-up/net.1/large/0001.webp").astype(float)
    on_shared, on_own = (np.abs(shown - overlay(rgb, heatmap, scale)).mean() for scale in (limits, None))
    assert on_shared < 0.8 * on_own


def filled(svg: str, colour: str, shape: tuple[int, int]) -> np.ndarray:
    """Masks (outline, y, x) that the outlines of one colour enclose, by the even-odd rule."""
    height, width = shape
    keys = re.findall(rf'<use href="#(\w+)" stroke="{colour}"', svg)
    masks = []
    for key in keys:
        [path] = re.findall(rf'<path id="{key}" d="([^"]*)"', svg)
        inside = np.zeros((8 * height, 8 * width), dtype=bool)
        for line in re.findall(r"M([^z]*)z", path):
            first, steps = line.split("l")
            start = np.array(first.split(), dtype=float)
            moves = np.array(steps.split(), dtype=float).reshape(-1, 2)
            points = np.vstack([start, start + np.cumsum(moves, axis=0)])
            canvas = Image.new("1", (8 * width, 8 * height))
            ImageDraw.Draw(canvas).polygon([tuple(point) for point in 4 * points], fill=1)
            inside ^= np.asarray(canvas)
        masks.append(inside[4::8, 4::8])
    return np.array(masks)


def test_outlines_enclose_the_masks_of_the_overlap() -> None:
    random = np.random.default_rng(4)
    heatmap = random.random((12, 15))
    heatmap[:, 13:] = np.nan
    salience = np.add.outer(np.arange(12.0), np.arange(15.0))
    seen = ~np.isnan(heatmap)
    svg = pictures.Contours({"gaze": salience}, [25, 5]).with_heatmap(heatmap)["gaze"]
    for name, values in (("heatmap", heatmap), ("saliency", salience)):
        found = filled(svg, pictures.CONTOURS[name], (12, 15))
        expected = masks.masks(np.where(seen, values, np.nan), [5, 25])
        assert expected is not None
        np.testing.assert_array_equal(found, expected[::-1])  # the largest is drawn first, below the others


def test_a_map_without_ranks_has_no_outline() -> None:
    flat, ramp = np.ones((6, 6)), np.arange(36.0).reshape(6, 6)
    contours = pictures.Contours({"gaze": ramp, "same": flat}, [10])
    assert list(contours.with_heatmap(flat)) == ["gaze", "same"]
    assert pictures.CONTOURS["heatmap"] not in contours.with_heatmap(flat)["gaze"]
    assert pictures.CONTOURS["saliency"] in contours.with_heatmap(flat)["gaze"]
    assert "<use" not in contours.with_heatmap(np.full((6, 6), np.nan))["gaze"]


# ----------------------------------------------------------------------------------------------------------------------
# The page


def test_nothing_is_fetched_and_only_the_page_s_own_script_may_run(built: Path) -> None:
    html = parsed(built)
    [policy] = [tag["content"] or "" for name, tag in html.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    for name, kind in (("script", "script-src"), ("style", "style-src")):
        text = html.text_of(name)[-1]  # the first script holds the numbers
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    addresses = [value or "" for _, tag in html.tags for key, value in tag.items() if key in ("src", "href")]
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    assert "@import" not in html.text_of("style")[0]
    assert "url(" not in html.text_of("style")[0]


def test_names_with_tags_are_text_and_not_html(built: Path) -> None:
    text = (built / "index.html").read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert "<b>bold" not in text
    assert told(built)["sets"][0]["images"] == IDS


def test_the_same_gallery_has_the_same_bytes(built: Path, tmp_path: Path) -> None:
    views = [gallery_sets.view("made-up"), gallery_sets.view("people", ids=IDS[:0:-1], seed=2)]
    (tmp_path / "again").mkdir()
    page.build([gallery_sets.image_set(tmp_path / "images", views)], PERCENTS, tmp_path / "again", "image")
    first, second = (
        {
            file.relative_to(folder): file.read_bytes()
            for folder in (root,)
            for file in folder.rglob("*")
            if file.is_file()
        }
        for root in (built, tmp_path / "again")
    )
    assert first == second


def test_json_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        page.write({"percents": [], "sets": [], "wrong": float("nan")}, tmp_path / "index.html")
    assert list(tmp_path.iterdir()) == []
