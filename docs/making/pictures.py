"""The pictures of the tutorial, from the figures and the gallery of a run with each of two configurations."""

import subprocess
import tempfile
from pathlib import Path

import yaml
from PIL import Image

from alignment_importance.config import configure
from alignment_importance.system.errors import InputError

_DEMO, _MUR92 = "demo-shape_efficientnet_lite0", "mur92_efficientnet_lite0"

#: What the tutorial shows, by the configuration that makes it; for the real data, no figures with photographs.
FIGURES = {
    "config.yaml": [
        *("control_demo_efficientnet_lite0", "gallery"),
        *(f"{kind}_{_DEMO}" for kind in ("heatmaps", "patches", "pairs-explained", "overlap-grid")),
    ],
    "workflow/configs/mur92.yaml": [
        *("prediction", "transfer_efficientnet_lite0"),
        *(f"{kind}_{_MUR92}" for kind in ("curves", "importance", "rsms", "overlap", "overlap-categories")),
    ],
}

#: In pixels: twice the width of a page on a usual screen, exactly its width on one of high density.
_WIDTH = 1000


def make(checkout: Path) -> None:
    """Write all pictures into a checkout."""
    found = sources(checkout)
    if missing := [str(source) for source in found.values() if not source.is_file()]:
        raise InputError(f"There is no {', no '.join(missing)}.")
    for name, source in found.items():
        write = photograph if name == "gallery" else shrink
        write(source, checkout / "docs/pictures" / f"{name}.webp")


def sources(checkout: Path) -> dict[str, Path]:
    """The file that each picture is made from, by the picture's name: a figure, or the page of the gallery."""
    found = {}
    for file, names in FIGURES.items():
        given = yaml.safe_load((checkout / file).read_text(encoding="utf-8"))
        results = checkout / configure(given, look_at_files=False).results
        for name in names:
            found[name] = results / ("gallery/index.html" if name == "gallery" else f"figures/{name}.png")
    return found


def shrink(figure: Path, picture: Path) -> None:
    """Write a figure 1000 pixels wide, as WebP: a third of its size as PNG."""
    with Image.open(figure) as image:
        height = round(image.height * _WIDTH / image.width)
        small = image.convert("RGB").resize((_WIDTH, height), Image.Resampling.LANCZOS)
        small.save(picture, "WEBP", quality=85, method=6)


def photograph(page: Path, picture: Path) -> None:
    """Write a screenshot of a page, taken by Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "shown.png")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=1"]
        size = ["--window-size=1200,888", f"--screenshot={shown}"]
        subprocess.run(["chromium", *options, *size, page.resolve(strict=True).as_uri()], check=True)
        shrink(shown, picture)
