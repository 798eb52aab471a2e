"""The documentation is built into a site."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Links and anchors that lead nowhere are warnings, and warnings end the build."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    # The program that makes the pages is not part of the site.
    assert not [file for file in tmp_path.rglob("*") if "mak" in file.name or file.suffix in (".py", ".pyc", ".jinja")]
    pages = {page.relative_to(tmp_path).as_posix() for page in tmp_path.rglob("index.html")}
    assert {"index.html", "tutorial/index.html", "notebooks/mur92/index.html"} <= pages
    assert "ai.score" in (tmp_path / "notebooks/mur92/index.html").read_text(encoding="utf-8")
    for function in ("score", "curves", "heatmaps", "explain_pair", "rsm"):
        assert f'id="alignment_importance.{function}"' in (tmp_path / "api/index.html").read_text(encoding="utf-8")
