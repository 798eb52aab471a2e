"""Renders the page of the gallery: one HTML file with its style, its script and all numbers."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from alignment_importance.report.gallery import pictures
from alignment_importance.report.overlays import heat_colours
from alignment_importance.system.atomic_write import atomic

_HERE = Path(__file__).parent


def write(content: Mapping[str, Any], path: Path) -> None:
    """Render the page.

    Names of images and categories are data: they are escaped in HTML and JSON, and the script inserts them as text. The
    Content-Security-Policy of the page lets no other script run and nothing be fetched.

    Args:
        content: `percents`, and `sets` as `content.describe` returns them.
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
        content=content,
        style=style,
        script=script,
        one_scale=any(view["limits"] for image_set in content["sets"] for view in image_set["views"]),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    with atomic(path) as partial:
        partial.write_text(html, encoding="utf-8", newline="\n")


def _hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
