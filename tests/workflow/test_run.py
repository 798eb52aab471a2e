"""Snakemake really run on the tiny project: complete, repeatable, and run again exactly where something changed."""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from PIL import Image
from tiny_project import CONFIG, change_config, planned_jobs, run_snakemake, write_project

TINY = ("--cores", "2", "--configfile", "tiny.yaml")
COMPARISONS = tuple(CONFIG["comparisons"])


def results_of(folder: Path) -> dict[str, bytes]:
    """The bytes of everything that was computed, by path."""
    files = [file for file in sorted((folder / "results").rglob("*")) if file.is_file()]
    relative = {file.relative_to(folder / "results").as_posix(): file for file in files}
    return {
        name: file.read_bytes()
        for name, file in relative.items()
        if not name.startswith(("logs/", "benchmarks/")) and file.name != ".snakemake_timestamp"
    }


def test_everything_is_made(finished: Path) -> None:
    found = set(results_of(finished))
    expected = {
        "inputs/tiny/images.csv",
        "inputs/tiny/judgments.checked",
        "activations/tiny/resnet18.nc",
        "saliency/tiny/spectral_residual.nc",
        "prediction/summary.csv",
        "control/halves/resnet18.csv",
        *(
            f"figures/{name}.{ending}"
            for name in ("prediction", "control_halves_resnet18")
            for ending in ("png", "pdf")
        ),
    }
    for comparison in COMPARISONS:
        expected |= {
            f"inputs/{comparison}/judgments.nc",
            *(f"folds/{comparison}/seed-{seed}.csv" for seed in (1, 2)),
            *(f"rankings/{comparison}/resnet18/{name}.csv" for name in ("seed-1", "seed-2", "all")),
            *(f"curves/{comparison}/resnet18/seed-{seed}.csv" for seed in (1, 2)),
            f"prediction/{comparison}/resnet18.csv",
            f"image_scores/{comparison}/resnet18.nc",
            f"heatmaps/{comparison}/resnet18.nc",
            f"overlap/{comparison}/resnet18/spectral_residual.csv",
            *(
                f"figures/{kind}_{comparison}_resnet18.{ending}"
                for kind in ("curves", "importance", "heatmaps", "overlap")
                for ending in ("png", "pdf")
            ),
        }
    overlays = {name for name in found if name.startswith("heatmaps/") and name.endswith(".png")}
    assert overlays
    assert {Path(name).stem for name in overlays} <= {f"photo {i:02d}" for i in range(12)}
    assert found - overlays == expected


def test_every_job_has_a_log_and_a_benchmark(finished: Path) -> None:
    def stems(kind: str) -> set[Path]:
        folder = finished / "results" / kind
        return {file.relative_to(folder).with_suffix("") for file in folder.rglob("*") if file.is_file()}

    assert stems("logs") == stems("benchmarks")
    assert len(stems("logs")) > 25
    text = (finished / "results/logs/rank_feature_maps/pairs/resnet18.log").read_text(encoding="utf-8")
    assert "Computing in float32 on cpu" in text


def test_results_say_what_they_are_made_of(finished: Path) -> None:
    with xr.open_dataset(finished / "results/heatmaps/matrix/resnet18.nc", engine="h5netcdf") as heatmaps:
        assert heatmaps.attrs["weights"].startswith("random weights")
        assert heatmaps.attrs["simulated"] == 1
        assert heatmaps["image"].to_numpy().tolist() == [f"photo {i:02d}" for i in range(12)]
    with xr.open_dataset(finished / "results/inputs/pairs/judgments.nc", engine="h5netcdf") as judgments:
        assert judgments["participant"].to_numpy().tolist() == ["p1", "p2", "p3"]
        assert float(judgments["similarity"].max()) < 0.5  # a dissimilarity is negated
    table = pd.read_csv(finished / "results/prediction/matrix/resnet18.csv")
    assert table[["seed", "fold"]].to_numpy().tolist() == [[seed, fold] for seed in (1, 2) for fold in (1, 2, 3)]
    summary = pd.read_csv(finished / "results/prediction/summary.csv")
    assert set(summary["comparison"]) == set(COMPARISONS)


def test_a_second_run_does_nothing(finished: Path) -> None:
    assert planned_jobs(finished, *TINY) == {}


def test_a_moved_project_does_nothing(finished_copy: Path) -> None:
    assert planned_jobs(finished_copy, *TINY) == {}


def test_the_same_bytes_on_one_core_from_another_folder(finished: Path, tmp_path: Path) -> None:
    """Another number of cores, another place, another order of hashes, and the photographs written in another order."""
    other = tmp_path / "other"
    write_project(other)
    photos = other / "my photos"
    shutil.copytree(photos, tmp_path / "aside")
    for photo in sorted(photos.iterdir(), reverse=True):
        photo.unlink()
        shutil.copy2(tmp_path / "aside" / photo.name, photo)
    answer = run_snakemake(
        tmp_path, "--snakefile", str(other / "Snakefile"), "--directory", str(other), "--cores", "1",
        "--configfile", str(other / "tiny.yaml"), environment={"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout
    expected, found = results_of(finished), results_of(other)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_a_report_can_be_made(finished_copy: Path) -> None:
    answer = run_snakemake(finished_copy, "--report", "report.zip", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    with zipfile.ZipFile(finished_copy / "report.zip") as report:
        names = report.namelist()
        pages = "".join(report.read(name).decode() for name in names if name.endswith((".html", ".js")))
    assert sum(name.endswith(".png") for name in names) >= 10
    # Captions of one comparison, and of all of them.
    assert "The observers are <strong>simulated</strong>" in pages
    assert "The network has <strong>random weights</strong>" in pages
    assert re.search(r"The observers of [^.]*>matrix<[^.]*<strong>simulated</strong>", pages)
    assert not re.search(r"The observers of [^.]*>pairs<", pages)


def append(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return change


def rewrite_judgment(folder: Path) -> None:
    table = pd.read_csv(folder / "pairs.csv")
    table["dissimilarity"] = table["dissimilarity"].where(table.index > 0, 0.5)
    table.to_csv(folder / "pairs.csv", index=False)


def touch(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).touch()


def configure(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    return lambda folder: change_config(folder, change)


def brighten_photo(folder: Path) -> None:
    photo = folder / "my photos" / "photo 00.png"
    shutil.copy(folder / "my photos" / "photo 01.png", photo)


def add_comparison(config: dict[str, Any]) -> None:
    config["comparisons"]["again"] = dict(config["comparisons"]["pairs"])


def add_seed(config: dict[str, Any]) -> None:
    config["cross_validation"]["seeds"].append(3)


def add_size(config: dict[str, Any]) -> None:
    config["overlap"]["top_percent"].append(50)


def crop(config: dict[str, Any]) -> None:
    config["models"]["resnet18"]["resize"] = "crop"


def reorder(config: dict[str, Any]) -> None:
    config["models"]["resnet18"] = dict(reversed(config["models"]["resnet18"].items()))


#: Jobs that use the judgments of one comparison, after they were prepared.
OF_A_COMPARISON = {
    "make_folds": 1,
    "rank_feature_maps": 1,
    "trace_curves": 2,
    "tabulate_prediction": 1,
    "score_images": 1,
    "make_heatmaps": 1,
    "draw_overlays": 1,
    "measure_overlap": 1,
    "plot_curves": 1,
    "plot_importance": 1,
    "plot_heatmaps": 1,
    "plot_overlap": 1,
}
#: Jobs that use all comparisons.
OF_ALL = {"summarise_prediction": 1, "plot_prediction": 1, "evaluate_control": 1, "plot_control": 1}
#: Jobs that use the activations of the network.
OF_THE_NETWORK = {rule: 2 * jobs for rule, jobs in OF_A_COMPARISON.items() if rule != "make_folds"} | OF_ALL

CHANGES: list[tuple[str, Callable[[Path], None], dict[str, int]]] = [
    ("a file with the same content", touch("pairs.csv"), {}),
    ("order of keys", configure(reorder), {}),
    ("judgments", rewrite_judgment, {"prepare_judgments": 1, "confirm_judgments": 1} | OF_A_COMPARISON | OF_ALL),
    (
        "an image",
        brighten_photo,
        {"prepare_images": 1, "prepare_judgments": 2, "confirm_judgments": 1, "make_folds": 2}
        | {"extract_activations": 1, "compute_saliency": 1}
        | OF_THE_NETWORK,
    ),
    (
        "a comparison",
        configure(add_comparison),
        {"prepare_judgments": 1, "confirm_judgments": 1} | OF_A_COMPARISON | OF_ALL,
    ),
    ("the network's input", configure(crop), {"extract_activations": 1} | OF_THE_NETWORK),
    (
        "a seed",
        configure(add_seed),
        {
            "make_folds": 2,
            "rank_feature_maps": 2,
            "trace_curves": 6,
            "tabulate_prediction": 2,
            "summarise_prediction": 1,
            "plot_prediction": 1,
            "plot_curves": 2,
            "plot_importance": 2,
        },
    ),
    ("sizes of masks", configure(add_size), {"measure_overlap": 2, "plot_overlap": 2}),
    (
        "a module that draws",
        append("scripts/alignment_importance/figures.py", "\n# changed\n"),
        {"plot_prediction": 1, "plot_control": 1, "draw_overlays": 2}
        | {f"plot_{kind}": 2 for kind in ("curves", "importance", "heatmaps", "overlap")},
    ),
    (
        "a module that measures overlap",
        append("scripts/alignment_importance/overlap.py", "\n# changed\n"),
        {"measure_overlap": 2, "plot_overlap": 2},
    ),
    (
        "a script",
        append("scripts/measure_overlap.py", "\n# changed\n"),
        {"measure_overlap": 2, "plot_overlap": 2},
    ),
]


@pytest.mark.parametrize(("change", "jobs"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_reruns_what_depends_on_it(
    change: Callable[[Path], None], jobs: dict[str, int], finished_copy: Path
) -> None:
    change(finished_copy)
    assert planned_jobs(finished_copy, *TINY) == jobs


def test_bad_judgments_stop_the_run_before_the_network_runs(project: Path) -> None:
    append("pairs.csv", "photo 00,nobody,1.0,p1\n")(project)
    answer = run_snakemake(project, "results/activations/tiny/resnet18.nc", *TINY)
    assert answer.returncode == 1
    assert "nobody" in answer.stdout
    assert "Traceback" not in answer.stdout
    assert not (project / "results/activations").exists()


def test_a_single_seed_comparison_and_control_is_enough(project: Path) -> None:
    """Lists of one file reach the scripts as lists."""

    def reduce(config: dict[str, Any]) -> None:
        del config["comparisons"]["matrix"]
        config["cross_validation"]["seeds"] = [1]
        config["saliency"] = {}

    change_config(project, reduce)
    answer = run_snakemake(project, *TINY)
    assert answer.returncode == 0, answer.stdout
    assert not (project / "results/overlap").exists()
    assert (project / "results/figures/control_halves_resnet18.png").is_file()


def test_an_own_saliency_map_is_read_and_watched(finished_copy: Path) -> None:
    photos, gaze = finished_copy / "my photos", finished_copy / "gaze maps"
    gaze.mkdir()
    for photo in photos.iterdir():
        Image.open(photo).convert("L").save(gaze / photo.name)

    def own(config: dict[str, Any]) -> None:
        config["saliency"] = {"own": {"method": "maps", "maps": "gaze maps"}}

    change_config(finished_copy, own)
    target = "results/overlap/pairs/resnet18/own.csv"
    answer = run_snakemake(finished_copy, target, *TINY)
    assert answer.returncode == 0, answer.stdout
    assert planned_jobs(finished_copy, target, *TINY) == {}
    shutil.copy(gaze / "photo 03.png", gaze / "photo 05.png")
    assert planned_jobs(finished_copy, target, *TINY) == {"compute_saliency": 1, "measure_overlap": 1}
