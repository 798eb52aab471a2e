"""A real run of Snakemake on the tiny project: complete, repeatable, and always the same bytes."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image
from tiny_project import CONFIG, change_config, planned_jobs, run_snakemake

TINY = ("--cores", "2", "--configfile", "tiny.yaml")
COMPARISONS = tuple(CONFIG["comparisons"])


def results_of(folder: Path) -> dict[str, bytes]:
    """The bytes of everything that was computed, by path."""
    files = [file for file in sorted((folder / "results").rglob("*")) if file.is_file()]
    relative = {file.relative_to(folder / "results").as_posix(): file for file in files}
    return {
        name: file.read_bytes()
        for name, file in relative.items()
        if not name.startswith(("logs/", "benchmarks/")) and not file.name.startswith(".")
    }


def test_everything_is_made(finished: Path) -> None:
    found = set(results_of(finished))
    expected = {
        *(f"inputs/tiny/images{part}.csv" for part in ("", "-checks", "-files")),
        "inputs/halves/masks-checks.csv",
        "layers/resnet18.csv",
        "inputs/checks.csv",
        "inputs/files.csv",
        "inputs/networks-checks.csv",
        "inputs/networks.csv",
        "activations/tiny/resnet18.nc",
        "saliency/tiny/spectral_residual.nc",
        "prediction/summary.csv",
        "control/halves/resnet18.csv",
        "gallery/index.html",
        *(f"figures/{name}.png" for name in ("prediction", "control_halves_resnet18", "transfer_resnet18")),
    }
    for comparison in COMPARISONS:
        expected |= {
            *(f"inputs/{comparison}/judgments{part}" for part in (".nc", "-checks.csv", "-files.csv")),
            *(f"folds/{comparison}/seed-{seed}.csv" for seed in (1, 2)),
            *(f"rankings/{comparison}/resnet18/{name}.csv" for name in ("seed-1", "seed-2", "all")),
            *(
                f"{kind}/{comparison}/resnet18/seed-{seed}.csv"
                for kind in ("curves", "scores", "predicted")
                for seed in (1, 2)
            ),
            *(f"inference/{comparison}/resnet18/{name}.csv" for name in ("permutations", "bootstrap")),
            f"prediction/{comparison}/resnet18.csv",
            f"rsm/{comparison}/resnet18.nc",
            *(f"networks/{comparison}{file}.csv" for file in ("", "/images", "/maps")),
            f"transfer/{comparison}/resnet18.csv",
            f"image_scores/{comparison}/resnet18.nc",
            f"heatmaps/{comparison}/resnet18.nc",
            *(f"pairs/{comparison}/resnet18.{ending}" for ending in ("nc", "csv")),
            *(
                f"{kind}/{comparison}/resnet18/spectral_residual.csv"
                for kind in ("overlap", "saliency_scores", "overlap_summary")
            ),
            *(
                f"figures/{kind}_{comparison}_resnet18.png"
                for kind in (
                    "curves",
                    "importance",
                    "heatmaps",
                    "overlap",
                    "overlap-categories",
                    "overlap-grid",
                    "rsms",
                    "patches",
                    "pairs-explained",
                )
            ),
        }
    overlays = {name for name in found if name.startswith("heatmaps/") and name.endswith(".png")}
    assert overlays
    assert {Path(name).stem for name in overlays} <= {f"photo {i:02d}" for i in range(12)}
    records = {name for name in found if name.startswith("provenance/")}
    pictures = {name for name in found if name.startswith("gallery/pictures/tiny/")}
    of_pairs = {name for name in pictures if name.startswith("gallery/pictures/tiny/pairs/")}
    assert {Path(name).stem for name in pictures - of_pairs} == {f"{number:04d}" for number in range(1, 13)}
    n_pairs = sum(len(pd.read_csv(finished / f"results/pairs/{name}/resnet18.csv")) for name in COMPARISONS)
    assert len(of_pairs) == n_pairs > 0
    assert found - overlays - records - pictures == expected


def test_every_table_and_dataset_says_what_it_was_made_with(finished: Path) -> None:
    results = finished / "results"
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (results / "provenance").iterdir()}
    named = set[str]()
    for file in results.rglob("*.csv"):
        table = pd.read_csv(file, dtype={"provenance": str})
        # A check that found nothing has no row that could name a record.
        assert table["provenance"].nunique() == (1 if len(table) else 0)
        named.update(table["provenance"])
    assert named == set(records)
    for record in records.values():
        assert record["configuration"]["cross_validation"]["seeds"] == [1, 2]
        assert record["commit"] == "unknown"  # the copy of the project under test is no repository
        assert record["versions"]["numpy"] == np.__version__
    for file in results.rglob("*.nc"):
        with xr.open_dataset(file, engine="h5netcdf") as dataset:
            assert json.loads(dataset.attrs["provenance"])["versions"]["xarray"] == xr.__version__
    # Tables take over the weights and devices of the tables they are made from.
    (digest,) = set(pd.read_csv(results / "prediction/summary.csv", dtype={"provenance": str})["provenance"])
    assert records[digest]["devices"] == ["cpu"]
    ((label, sha256),) = records[digest]["weights"].items()
    assert label == "resnet18: random weights (seed 1)"
    assert re.fullmatch("[0-9a-f]{64}", sha256)


def test_every_job_has_a_log_and_a_benchmark(finished: Path) -> None:
    def stems(kind: str) -> set[Path]:
        folder = finished / "results" / kind
        return {file.relative_to(folder).with_suffix("") for file in folder.rglob("*") if file.is_file()}

    assert stems("logs") == stems("benchmarks")
    assert len(stems("logs")) > 20
    text = (finished / "results/logs/explain_images/pairs/resnet18.log").read_text(encoding="utf-8")
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
    gallery = (finished / "results/gallery/index.html").read_text(encoding="utf-8")
    assert re.findall(r'"simulated":(\w+)', gallery) == ["true", "false"]
    assert gallery.count('"unusual":["random weights"]') == 2


def test_a_second_run_does_nothing_here_or_elsewhere(finished: Path, finished_copy: Path) -> None:
    assert planned_jobs(finished, *TINY) == planned_jobs(finished_copy, *TINY) == {}


def test_figures_hold_no_dates(finished: Path) -> None:
    figures = finished / "results/figures"
    for file in figures.glob("*.png"):
        with Image.open(file) as picture:
            assert set(picture.info) <= {"Software", "dpi"}
        assert b"tIME" not in file.read_bytes()


#: Variables that make the libraries compute with the instructions of an older processor.
OLDER_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NUMBA_CPU_NAME": "nehalem",
    "NUMBA_CPU_FEATURES": "+sse4.2",
}


def test_another_processor_changes_scores_by_rounding_alone(finished: Path, finished_copy: Path) -> None:
    """The bounds of docs/method.md; activations reach 6.6, scores 0.02 and scores of images 0.5 here."""
    ranking, scores = "results/rankings/pairs/resnet18/all.csv", "results/image_scores/pairs/resnet18.nc"
    answer = run_snakemake(
        finished_copy, ranking, scores, *TINY, "--forcerun", "extract_activations", environment=OLDER_PROCESSOR
    )
    assert answer.returncode == 0, answer.stdout
    ours, theirs = (pd.read_csv(folder / ranking)["ais"] for folder in (finished, finished_copy))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-6)
    for file, variable, bound in (
        ("results/activations/tiny/resnet18.nc", "feature_maps", 1e-4),
        (scores, "ais", 1e-5),
    ):
        with (
            xr.open_dataset(finished / file, engine="h5netcdf") as one,
            xr.open_dataset(finished_copy / file, engine="h5netcdf") as other,
        ):
            np.testing.assert_allclose(other[variable], one[variable], rtol=0, atol=bound)


def test_a_report_can_be_made(finished_copy: Path) -> None:
    answer = run_snakemake(finished_copy, "--report", "report.zip", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    with zipfile.ZipFile(finished_copy / "report.zip") as report:
        names = report.namelist()
        pages = "".join(report.read(name).decode() for name in names if name.endswith((".html", ".js")))
    assert sum(name.endswith(".png") for name in names) >= 10
    # Captions of one comparison, and of all of them.
    assert re.search(r"The observers of [^.]*>matrix<[^.]*<strong>simulated</strong>", pages)
    assert re.search(r"The network [^.]*>resnet18<[^.]*<strong>random weights</strong>", pages)
    assert not re.search(r"The observers of [^.]*>pairs<", pages)


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


#: Tables of every seed of a comparison and network.
VALIDATED = [
    f"results/{kind}/pairs/resnet18/seed-{seed}.csv"
    for kind in ("rankings", "curves", "scores", "predicted")
    for seed in (1, 2)
]


def test_seeds_in_jobs_of_their_own_give_the_same_tables(finished: Path, finished_copy: Path) -> None:
    change_config(finished_copy, lambda config: config["cross_validation"].update(seeds_per_job=1))
    arguments = (*VALIDATED, *TINY)
    assert planned_jobs(finished_copy, *arguments) == {"validate_rankings": 1, "validate_rankings_2": 1}
    answer = run_snakemake(finished_copy, *arguments)
    assert answer.returncode == 0, answer.stdout
    for table in VALIDATED:
        ours, theirs = (pd.read_csv(folder / table, dtype=str) for folder in (finished, finished_copy))
        assert set(ours["provenance"]) != set(theirs["provenance"])  # another configuration
        pd.testing.assert_frame_equal(theirs.drop(columns="provenance"), ours.drop(columns="provenance"))
    assert list((finished_copy / "results").rglob("*.partial")) == []


def test_seeds_that_an_interrupted_job_had_done_are_taken_over(finished: Path, finished_copy: Path) -> None:
    arguments = (*VALIDATED, *TINY, "--forcerun", "validate_rankings")
    obstacle = finished_copy / "results/rankings/pairs/resnet18/.seed-2.partial"
    obstacle.touch()  # a file where the second seed needs a folder
    answer = run_snakemake(finished_copy, *arguments)
    assert answer.returncode == 1
    assert not any((finished_copy / table).exists() for table in VALIDATED)
    obstacle.unlink()
    answer = run_snakemake(finished_copy, *VALIDATED, *TINY)
    assert answer.returncode == 0, answer.stdout
    log = (finished_copy / "results/logs/validate_rankings/pairs/resnet18-1.log").read_text(encoding="utf-8")
    assert re.findall(r"Taking over \S*/(\S+) of an earlier job", log) == [".seed-1.partial"]
    for table in VALIDATED:
        assert (finished_copy / table).read_bytes() == (finished / table).read_bytes()
    assert list((finished_copy / "results").rglob("*.partial")) == []
