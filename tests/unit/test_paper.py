"""The folder of a paper: numbers, files and captions of its index."""

import re
from pathlib import Path

import pandas as pd
import pytest

from alignment_importance.report import paper
from alignment_importance.system.tables import read_table

PROVENANCE = {"weights": "random weights (seed 1)", "arithmetic": "float32", "ablation": "zero", "simulated": True}


def summary() -> pd.DataFrame:
    rows = [
        {"comparison": comparison, "model": model, "n_images": n_images, "n_participants": n_participants, **origin}
        for comparison, n_images, n_participants in (("birds", 12, 1), ("a|b", 60, 3))
        for model, origin in (
            ("net", PROVENANCE | {"simulated": comparison == "a|b"}),
            (
                "other",
                PROVENANCE
                | {"weights": "ImageNet", "arithmetic": "tf32", "ablation": "zero", "simulated": comparison == "a|b"},
            ),
        )
    ]
    return pd.DataFrame(rows).assign(
        score="pearson_r2",
        n_folds=10,
        test_full_mean=-0.12345,
        test_retained_mean=float("nan"),
        k_retained_mean=7.0,
        k_retained_sd=1216.8,
    )


def tables() -> dict[str, pd.DataFrame]:
    risks = pd.DataFrame(
        {
            "category": ["all images"] * 3,
            "measure": ["relative_risk", "relative_risk", "precision"],
            "direction": ["saliency_predicts_ais", "ais_predicts_saliency", "saliency_predicts_ais"],
            "baseline": "observed",
            "top_percent": 5.0,
            "value": [2.5, 2.5, 0.1],
            **PROVENANCE,
        }
    )
    agreed = pd.DataFrame(
        {
            "model": "net",
            "model_b": "other",
            "image": ["1", "2", "3"],
            "correlation": [0.25, 0.75, float("nan")],
            "correlation_other_image": [0.0, 0.5, 0.25],
            **PROVENANCE,
        }
    )
    areas = pd.DataFrame(
        {"control": "halves", "comparison": "birds", "map": "ais", "image": ["1", "2"], "auc": [0.5, 1.0], **PROVENANCE}
    )
    return paper.collect(
        summary(),
        published=None,
        differences={},
        agreement={"birds": agreed},
        overlaps={("birds", "net", "own"): risks},
        controls={("halves", "net"): areas},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assembled paper."""
    figures: dict[tuple[str, ...], Path] = {}
    for key in (
        ("bars",),
        ("heatmaps", "birds", "net"),
        ("agreement", "a|b", "net", "other"),
        ("control", "halves", "net"),
    ):
        kind = key[0]
        for ending in ("png", "pdf"):
            (tmp_path / f"{kind}.{ending}").write_text(f"{kind}.{ending}", encoding="utf-8")
        figures[key] = tmp_path / f"{kind}.png"
    (tmp_path / "paper").mkdir()
    left_out = {"published values": "the configuration names none"}
    paper.assemble(tmp_path / "paper", figures, tables(), left_out, "Folds: 5 for each of 2 seeds.", pdf=True)
    return tmp_path / "paper"


def test_the_index_names_every_file_and_no_other(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]*)\)", text))
    assert linked == {file.name for file in folder.iterdir()} - {"README.md"}
    assert {name for name in linked if name.endswith(".pdf")} == {
        "figure-01_bars.pdf",
        "figure-02_heatmaps.pdf",
        "figure-03_agreement.pdf",
        "figure-04_control.pdf",
    }
    assert (folder / "figure-02_heatmaps.png").read_text(encoding="utf-8") == "heatmaps.png"
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == [
        *(f"Figure {at}" for at in range(1, 5)), *(f"Table {at}" for at in range(1, 6)), "Left out",
    ]  # fmt: skip
    assert "- published values: the configuration names none." in text


def test_captions_stand_alone(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    captions = re.findall(r"^\*\*Figure.*$", text, flags=re.MULTILINE)
    birds, both = "birds (12 images, 1 participant)", "a|b (60 images, 3 simulated observers)"
    net, other = "net (random weights (seed 1))", "other (weights: ImageNet, tf32)"
    folds = "Folds: 5 for each of 2 seeds."
    assert captions[0].endswith(f"Judgments: {birds}; {both}. Networks: {net}; {other}. {folds}")
    assert "test alignment (R²)" in captions[0]
    assert captions[1].endswith(f"Judgments: {birds}. Network: {net}. {folds}")
    assert captions[2].endswith(f"Judgments: {both}. Networks: {net}; {other}. {folds}")
    assert captions[3].endswith(f"Judgments: {birds}. Network: {net}. {folds}")  # only the control's comparison
    assert len(re.findall(r"^\*\*Table", text, flags=re.MULTILINE)) == 5


def test_tables_by_hand() -> None:
    made = tables()
    assert list(made) == ["comparisons", "prediction", "saliency", "agreement", "control"]
    assert made["comparisons"]["comparison"].tolist() == ["birds", "a|b"]
    risk = made["saliency"]
    assert risk[["comparison", "model", "saliency", "value"]].to_numpy().tolist() == [["birds", "net", "own", 2.5]]
    agreed = made["agreement"].iloc[0]
    assert (agreed["comparison"], agreed["n_images"], agreed["mean"]) == ("birds", 2, 0.5)
    assert agreed["sd"] == pytest.approx(0.125**0.5)
    assert agreed["mean_other_image"] == 0.25
    controlled = made["control"].iloc[0]
    assert (controlled["model"], controlled["n_images"], controlled["mean"]) == ("net", 2, 0.75)
    for kind in ("saliency", "agreement", "control"):
        assert set(PROVENANCE) <= set(made[kind])


def test_the_index_shows_all_images_and_the_file_every_category(tmp_path: Path) -> None:
    risks = tables()["saliency"]
    both = pd.concat([risks, risks.assign(category="gulls", value=9.25)], ignore_index=True)
    made = paper.collect(
        summary(), None, differences={}, agreement={}, overlaps={("birds", "net", "own"): both}, controls={}
    )
    (tmp_path / "paper").mkdir()
    paper.assemble(tmp_path / "paper", {}, made, {}, "Folds.", False)
    text = (tmp_path / "paper" / "README.md").read_text(encoding="utf-8")
    assert "all images" in text and "gulls" not in text
    assert "[All categories, columns and digits](table-03_saliency.csv)" in text
    assert read_table(tmp_path / "paper" / "table-03_saliency.csv")["value"].tolist() == [2.5, 9.25]


def test_every_table_has_a_caption_and_shows_columns_that_it_has() -> None:
    made = tables()
    assert set(made) <= set(paper.TABLES)
    for kind in ("comparisons", "saliency", "agreement", "control"):
        shown = set(paper.TABLES[kind][1])
        assert shown - set(made[kind]) <= {"lower", "upper"}  # columns that these small tables lack


def test_numbers_and_names_in_markdown(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "| a\\|b | net | 10 | −0.123 | – | 7 | 1217 |" in text
    assert "| birds | 12 | 1 | no |" in text and "| a\\|b | 60 | 3 | yes |" in text
    full = read_table(folder / "table-02_prediction.csv")
    assert full["test_full_mean"].tolist() == [-0.12345] * 4
