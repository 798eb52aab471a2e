"""The captions of all figures: the files made from their table are up to date, and say what they should."""

from pathlib import Path
from types import SimpleNamespace

import docutils.core
import jinja2
import pytest

from alignment_importance.report import captions
from making.captions import as_markdown, as_rst

ROOT = Path(__file__).parents[2]
RENEW = "make it anew: python docs/make.py captions"


@pytest.mark.parametrize("kind", captions.FIGURES)
def test_the_caption_of_the_report_is_that_of_the_table(kind: str) -> None:
    written = (ROOT / "workflow/report" / f"{kind}.rst").read_text(encoding="utf-8")
    assert written == as_rst(kind), RENEW


def test_the_page_of_outputs_has_the_table_of_figures() -> None:
    assert as_markdown() in (ROOT / "docs/outputs.md").read_text(encoding="utf-8"), RENEW


def rendered(kind: str, **wildcards: str) -> str:
    """A caption as Snakemake's report shows it, as HTML."""
    comparisons = {"birds": {"simulated": True}, "cars": {"simulated": False}, "tools": {"simulated": True}}
    models = {"net": {"weights": "random"}, "other": {"weights": "imagenet"}}
    notes = captions.notes(comparisons, models)
    config = {"notes": notes, "score_name": captions.score_name("pearson_r2"), "cross_validation": {"unit": "pairs"}}
    job = SimpleNamespace(config=config, wildcards=wildcards)
    return as_html(as_rst(kind), job)


def as_html(template: str, job: SimpleNamespace) -> str:
    text = jinja2.Template(template, undefined=jinja2.StrictUndefined).render(snakemake=job)
    settings = {"halt_level": 2, "report_level": 2}  # warnings are errors
    return str(docutils.core.publish_parts(text, writer="html", settings_overrides=settings)["body"])


def test_the_report_names_the_gallery_where_there_is_one() -> None:
    template = (ROOT / "workflow/report/workflow.rst").read_text(encoding="utf-8")
    network, units = {"architecture": "alexnet"}, {"features": "f.npy", "layout": "units"}
    for models, has_gallery in (({"a": network, "b": units}, True), ({"b": units}, False)):
        config = {"alignment": {"similarity": "cosine"}, "score_name": "Pearson r", "models": models, "notes": []}
        assert ("gallery/index.html" in as_html(template, SimpleNamespace(config=config))) == has_gallery


@pytest.mark.parametrize("kind", captions.FIGURES)
def test_captions_are_valid_text(kind: str) -> None:
    assert captions.FIGURES[kind].title in rendered(kind).replace("\n", " ").replace("&#x27;", "'")


def test_captions_say_what_is_simulated_random_and_leaky() -> None:
    one = rendered("curves", comparison="birds", model="other")
    assert "birds" in one and "tools" not in one and "random weights" not in one and "leaky" in one
    assert "simulated" not in rendered("heatmaps", comparison="cars", model="other")
    of_all = rendered("networks")
    assert "birds" in of_all and "tools" in of_all and "cars" not in of_all and "random weights" in of_all
    assert "alignment (R²)" in " ".join(of_all.split()) and "leaky" in of_all and "leaky" not in rendered("heatmaps")


def test_notes_are_about_what_is_unusual() -> None:
    models = {
        "usual": {"weights": "imagenet", "ablation": "zero"},
        "mean": {"ablation": "mean"},
        "own": {"layout": "units"},
    }
    told = captions.notes({"birds": {"simulated": False}}, models)
    assert [(note["about"], note["name"]) for note in told] == [("model", "mean"), ("model", "own")]
    assert "its mean" in told[0]["text"] and "units" in told[1]["text"]


def test_names_of_files_and_labels() -> None:
    assert captions.stem("bars") == "bars"
    assert captions.stem("control", "halves", "net") == "control_halves_net"
    assert captions.stem("agreement", "birds", "net", "other") == "agreement_birds_net_and_other"
    title = "How Alignment Importance Scores are spread over feature maps and images"
    assert captions.labels("spread", "birds") == {"what": title, "comparison": "birds"}
    with pytest.raises(ValueError, match="shorter"):
        captions.stem("curves", "birds")
