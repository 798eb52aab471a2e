"""From activations, judgments and folds to rankings, predictions and the summary: files in, tables out, by image id."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prepared_files import N_MAPS, WAYS, write_activations, write_judgments

import assess_prediction
import summarise
import validate_rankings
from alignment_importance.inputs import folds
from alignment_importance.inputs import judgments as human
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import read_table, write_table

IDS = ["007", "é b", *(f"i{number}" for number in range(10))]
SEEDS = (6, 5)
KINDS = ("rankings", "curves", "scores", "predicted")
ALIGNMENT = WAYS["alignment"]


def validate(folder: Path, activations: str, by_pairs: bool, out: str) -> dict[str, dict[int, Path]]:
    """Rank, select and test in the folds of a folder; return the files written, by kind and seed."""
    files = {kind: {seed: folder / out / kind / f"seed-{seed}.csv" for seed in SEEDS} for kind in KINDS}
    settings = {"by_pairs": by_pairs, "random_rankings": 2, "inner_folds": 2}
    validate_rankings.validate_rankings(
        activations=folder / activations,
        judgments=folder / "judgments.nc",
        folds={seed: folder / f"folds-{seed}.csv" for seed in SEEDS},
        settings=settings,
        **files,  # type: ignore[arg-type]
        **WAYS,
    )
    return files


@pytest.fixture(params=["images", "pairs"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with judgments, activations of more images in another order, and folds of images or of pairs."""
    write_activations(tmp_path / "maps.nc", ["another", *reversed(IDS)], 1)
    write_judgments(tmp_path / "judgments.nc", IDS, 2, simulated=True)
    for seed in SEEDS:
        write_table(folds.cut(request.param, IDS, 3, seed), tmp_path / f"folds-{seed}.csv")
    return tmp_path


def leaky(folder: Path) -> bool:
    return "image_b" in read_table(folder / "folds-5.csv").columns


def test_rankings_are_joined_by_image_id(made: Path) -> None:
    files = validate(made, "maps.nc", leaky(made), "one")
    ratings = read_netcdf(made / "judgments.nc")
    judged = pd.DataFrame(human.mean(ratings, IDS), index=IDS, columns=IDS)
    for seed in SEEDS:
        tables = {kind: read_table(files[kind][seed]) for kind in KINDS}
        for table in tables.values():
            assert set(table["weights"]) == {"random weights (seed 1)"} and table["simulated"].all()
        for _, ranking in tables["rankings"].groupby("fold"):
            assert sorted(ranking["feature_map"]) == list(range(N_MAPS))
            assert ranking.sort_values("rank")["ais"].is_monotonic_decreasing
        assert tables["scores"]["fold"].tolist() == [1, 2, 3]
        assert len(tables["curves"]) == 3 * N_MAPS
        pairs = tables["predicted"]
        expected = [judged.loc[a, b] for a, b in zip(pairs["image"], pairs["image_b"], strict=True)]
        np.testing.assert_allclose(pairs["judged"], expected)
        assigned = read_table(made / f"folds-{seed}.csv")
        if not leaky(made):
            of_image = assigned.set_index("image")["fold"]
            assert (pairs["image"].map(of_image) == pairs["fold"]).all()
            assert (pairs["image_b"].map(of_image) == pairs["fold"]).all()
    # The order of the activations makes no difference.
    write_netcdf(read_netcdf(made / "maps.nc").sel(image=IDS), made / "sorted.nc")
    again = validate(made, "sorted.nc", leaky(made), "two")
    for kind in KINDS:
        for seed in SEEDS:
            assert again[kind][seed].read_bytes() == files[kind][seed].read_bytes()
    assert not list(made.glob("*/rankings/*.partial"))


def test_an_interrupted_job_goes_on_with_the_seed_that_it_was_at(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = validate(made, "maps.nc", leaky(made), "one")
    begun = []
    real = validate_rankings.cross_validation.CrossValidation.validate

    def interrupted(self: Any, folds: Any, seed: int) -> Any:
        begun.append(seed)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return real(self, folds, seed)

    monkeypatch.setattr(validate_rankings.cross_validation.CrossValidation, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        validate(made, "maps.nc", leaky(made), "two")
    again = validate(made, "maps.nc", leaky(made), "two")
    assert begun == [6, 5, 5]
    for kind in KINDS:
        for seed in SEEDS:
            assert again[kind][seed].read_bytes() == whole[kind][seed].read_bytes()


def test_folds_and_summary_say_whether_images_or_pairs_were_cut(made: Path) -> None:
    files = validate(made, "maps.nc", leaky(made), "one")
    names = {"ranking": "all.csv", "table": "table.csv", "permutations": "permutations.csv"}
    names |= {"intervals": "bootstrap.csv", "similarities": "rsm.nc"}
    paths: dict[str, Any] = {name: made / file for name, file in names.items()}
    assess_prediction.assess_prediction(
        activations=made / "maps.nc",
        judgments=made / "judgments.nc",
        folds={seed: made / f"folds-{seed}.csv" for seed in SEEDS},
        scores=files["scores"],
        predicted=files["predicted"],
        n_permutations={"pooled": 4, "other": 3},
        n_bootstraps=5,
        **paths,
        **WAYS,
    )
    unit = "pairs (leaky)" if leaky(made) else "images"
    table = read_table(paths["table"])
    assert table[["seed", "fold"]].to_numpy().tolist() == [[seed, fold] for seed in SEEDS for fold in (1, 2, 3)]
    assert (table["unit"] == unit).all()
    given = pd.concat([read_table(files["scores"][seed]) for seed in SEEDS])
    assert table["test_full"].tolist() == given["test_full"].tolist()
    assert (table["noise_ceiling_lower"] <= table["noise_ceiling_upper"]).all()
    assert sorted(read_table(paths["ranking"])["rank"]) == list(range(1, N_MAPS + 1))
    assert len(read_table(paths["permutations"])) == 4 + 1  # 4 permutations and the judgments as they are
    matrices = read_netcdf(paths["similarities"])
    assert matrices["image"].to_numpy().tolist() == IDS
    readout = read_netcdf(made / "maps.nc").sel(image=IDS)["readout"].to_numpy()
    np.testing.assert_allclose(matrices["full"], np.corrcoef(readout), atol=1e-6)

    row = summarise_one(made, paths)
    assert (row["comparison"], row["model"], row["unit"], row["similarity"]) == ("c", "n", unit, "pearson")
    assert (row["n_images"], row["n_participants"], row["n_folds"]) == (12, 2, 6)
    # Of three folds, one is the test set and two are the training set, whatever the unit.
    difference = table["test_retained"] - table["test_full"]
    assert row["t_corrected"] == pytest.approx(difference.mean() / np.sqrt(difference.var() * (1 / 6 + 1 / 2)))
    assert row["p_paired_holm"] == row["p_paired"]


def summarise_one(folder: Path, paths: dict[str, Path]) -> dict[str, Any]:
    """Summarise one comparison and network, gather the tables of the checks, and return the summary's only row."""
    found = pd.DataFrame({"level": ["warning"], "where": ["a"], "place": [""], "found": ["b"], "remedy": ["c"]})
    for number, (where, file) in enumerate((("photos", "z.png"), ("photos", "a.png"), ("z.csv", "z.png"))):
        write_table(found.assign(where=where), folder / f"checks-{number}.csv")
        write_table(pd.DataFrame({"file": [file], "sha256": ["0"]}), folder / f"files-{number}.csv")
    both = ("c", "n")
    summarise.summarise(
        alignment=ALIGNMENT,
        judgments={"c": folder / "judgments.nc"},
        predictions={both: paths["table"]},
        intervals={both: paths["intervals"]},
        permutations={both: paths["permutations"]},
        rankings={both: paths["ranking"]},
        scores={},
        heatmaps={},
        reported=None,
        checked=[folder / f"checks-{number}.csv" for number in range(3)],
        read=[folder / f"files-{number}.csv" for number in range(3)],
        summary=folder / "summary.csv",
        networks={},
        by_image={},
        by_map={},
        differences={},
        agreements={},
        published=None,
        checks=folder / "checks.csv",
        files=folder / "files.csv",
    )
    assert read_table(folder / "checks.csv")["where"].tolist() == ["photos", "z.csv"]
    assert read_table(folder / "files.csv")["file"].tolist() == ["a.png", "z.png"]
    [row] = read_table(folder / "summary.csv").to_dict("records")
    return {str(name): value for name, value in row.items()}
