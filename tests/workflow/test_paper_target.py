"""The target `paper`, planned and really run on top of a finished tiny project."""

import re
import shutil
from pathlib import Path

from PIL import Image
from tiny_project import CONFIG, change_config, planned_jobs, run_snakemake

PAPER = ("paper", "--cores", "2", "--configfile", "tiny.yaml")


def test_the_folder_is_complete_reproducible_and_fit_for_a_journal(finished_copy: Path) -> None:
    change_config(finished_copy, lambda config: config["figures"].update(pdf=True))
    answer = run_snakemake(finished_copy, *PAPER)
    assert answer.returncode == 0, answer.stdout
    folder = finished_copy / "results/paper"
    files = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")}
    text = files["README.md"].decode()
    assert set(re.findall(r"\]\(([^)]*)\)", text)) == set(files) - {"README.md"}
    figures = sorted(name for name in files if name.endswith(".pdf"))
    # Bars; curves; heatmaps and three figures of saliency for each of two comparisons; the control.
    assert len(figures) == 1 + 1 + 2 * (1 + 3) + 1
    for name in figures:
        pdf = files[name]
        (width,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) [\d.]+ \]", pdf)
        assert abs(float(width) / 72 * 25.4 - 174) < 0.01
        assert set(re.findall(rb"/Subtype /(Type0|Type1|Type3|TrueType|CIDFontType\d)\b", pdf)) == {
            b"Type0",
            b"CIDFontType2",
        }
        with Image.open(folder / name.replace(".pdf", ".png")) as image:
            assert round(image.info["dpi"][0]) == CONFIG["figures"]["dpi"]
            assert abs(image.width - 174 / 25.4 * CONFIG["figures"]["dpi"]) <= 1
    assert "published values beside those of this run: the configuration names none" in text
    assert "one network alone" in text
    assert "matrix (12 images, 1 simulated observer)" in text and "random weights (seed 1)" in text
    assert not planned_jobs(finished_copy, *PAPER)
    shutil.rmtree(folder)
    for name in ("bars", "fold-curves_resnet18", "heatmaps_matrix_resnet18"):
        (finished_copy / f"results/figures/{name}.pdf").unlink()
    answer = run_snakemake(finished_copy, *PAPER)
    assert answer.returncode == 0, answer.stdout
    again = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")}
    assert again == files


def test_two_networks_without_saliency_and_control_are_planned(project: Path) -> None:
    def change(config: dict) -> None:
        config["models"]["second"] = {"architecture": "resnet18", "weights": "random", "seed": 2, "input_size": 64}
        config["saliency"], config["controls"] = {}, {}

    change_config(project, change)
    answer = run_snakemake(project, "--dry-run", *PAPER)
    assert answer.returncode == 0, answer.stdout
    for name in ("agreement_pairs_resnet18_and_second.png", "spread_matrix.png", "fold-curves_second.png"):
        assert f"results/figures/{name}" in answer.stdout
    assert "overlap" not in re.sub(r"scripts/\S+", "", answer.stdout)
