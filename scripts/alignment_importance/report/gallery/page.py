"""Builds the gallery in one folder that opens from disk: its pictures, and one HTML file with all numbers."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from alignment_importance.report.gallery import content, pictures
from alignment_importance.report.gallery.content import ImageSet
from alignment_importance.report.overlays import Scale, heat_colours
from alignment_importance.system.atomic_write import atomic

_HERE = Path(__file__).parent


def build(image_sets: Sequence[ImageSet], percents: Sequence[float], folder: Path, scale: Scale) -> None:
    """Write index.html and the pictures that it shows.

    Args:
        image_sets: what to show, in this order.
        percents: sizes of the masks that are outlined and whose overlap is shown, in per cent of the pixels.
        folder: exists and is empty.
    """
    described = []
    for image_set in image_sets:
        pictures.draw(image_set, percents, folder, scale)
        described.append(content.describe(image_set, percents, scale))
    write({"percents": sorted(percents), "sets": described}, folder / "index.html")


def write(shown: Mapping[str, Any], path: Path) -> None:
    """Render the page.

    Names of images and categories are data: they are escaped in HTML and JSON, and the script inserts them as text. The
    Content-Security-Policy of the page lets no other script run and nothing be fetched.

    Args:
        shown: `percents`, and `sets` as `content.describe` returns them.
        path: the HTML file to write.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "allow_nan": False,
        "separators": (",", ":"),
        "sort_keys": True,
    }
    style = environment.from_string((_HERE / "style.css").read_text(encoding="utf-8")).render(
        ramp=", ".join(heat_colours(9)), contours=pictures.CONTOURS
    )
    script = (_HERE / "script.js").read_text(encoding="utf-8")
    html = environment.get_template("page.html").render(
        content=shown,
        style=style,
        script=script,
        one_scale=any(view["limits"] for image_set in shown["sets"] for view in image_set["views"]),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    with atomic(path) as partial:
        partial.write_text(html, encoding="utf-8", newline="\n")


def _hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
