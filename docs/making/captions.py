"""The captions of all figures, for Snakemake's report, and the table of figures in the documentation."""

import re
import textwrap
from pathlib import Path

from alignment_importance.report.captions import FIGURES, stem

#: Jinja that writes the `notes` about the comparison and model of a job, or all notes if the job is about several.
_NOTES = """\
{% for note in snakemake.config["notes"] if snakemake.wildcards.get(note["about"], note["name"]) == note["name"] %}
{{ note["text"] }}
{% endfor %}
"""

_LEAKY = """\
{% if snakemake.config["cross_validation"]["unit"] == "pairs" %}
Pairs were split, not images, which is leaky: every image stands on both sides of the split.
{% endif %}
"""

_TABLE = re.compile(r"^\| figure \| question \|.*\n(\|.*\n)+", flags=re.MULTILINE)


def make(checkout: Path) -> None:
    """Write all captions, and the table of figures, into a checkout."""
    for kind in FIGURES:
        (checkout / "workflow/report" / f"{kind}.rst").write_text(as_rst(kind), encoding="utf-8")
    page = checkout / "docs/outputs.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(_TABLE.sub(lambda _: as_markdown(), text), encoding="utf-8")


def as_rst(kind: str) -> str:
    """Write the caption for Snakemake's report: reStructuredText with Jinja."""
    caption = FIGURES[kind]
    text = f"{caption.title}. {caption.reading}".format(score='{{snakemake.config["score_name"]}}')
    wrapped = textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"
    if caption.category == "Benchmark":
        return wrapped
    return wrapped + (_LEAKY if "{score}" in caption.reading else "") + _NOTES


def as_markdown() -> str:
    """Write the table of all figures for the documentation."""
    rows = ["| figure | question | claim of the paper that it stands for |", "|---|---|---|"]
    for kind, caption in FIGURES.items():
        name = stem(kind, *(f"{{{about}}}" for about in caption.about))
        condition = f" ({caption.condition})" if caption.condition else ""
        rows.append(f"| `figures/{name}`{condition} | {caption.question} | {caption.claim} |")
    return "\n".join(rows) + "\n"
