"""The files, columns and figures that docs/outputs.md and docs/statistics.md list are those of a run.

Files that other pages name exist in the project or are listed there.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
import yaml
from rule_objects import rules
from snakemake.io import IOFile
from tiny_project import ROOT

PAGE = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")

#: Outputs that other targets than `all` make.
ON_DEMAND = {
    "figures/bars",
    "figures/fold-curves_{model}",
    "paper",
    "networks/{comparison}/differences.csv",
    "networks/{comparison}/agreement.csv",
    "figures/networks",
    "figures/depth_{comparison}_{network}",
    "inputs/{comparison}/pairs.csv",
    "inputs/{comparison}/pairs-checks.csv",
    "figures/spread_{comparison}",
    "figures/agreement_{comparison}_{model}_and_{model_b}",
    "interactions/{comparison}/{model}/elimination.csv",
    "interactions/{comparison}/{model}/pairs.csv",
    "interactions/{comparison}/{model}/shapley.csv",
    "figures/elimination_{comparison}_{model}",
    "figures/pairs_{comparison}_{model}",
    "figures/shapley_{comparison}_{model}",
    "recovery/{control}/{model}.csv",
    "prediction/published.csv",
    "logs/check.csv",
    "benchmark/{work}.csv",
    "benchmark/summary.csv",
    "figures/speed",
}


def documented_files() -> dict[str, str]:
    """What the table of outputs says about the content of files, by their pattern."""
    rows = re.findall(r"^\|[^|]*\| (`[^|]*`) \| ([^|]*) \|$", PAGE, flags=re.MULTILINE)
    files = {pattern: content for patterns, content in rows for pattern in re.findall(r"`([^`]+)`", patterns)}
    assert len(files) > 15
    return files


def matches(pattern: str, path: str) -> bool:
    """Whether a path is one of those that a documented pattern stands for."""
    wild = {"{image}": ".+", "...": ".*", "*": "[^/]*"}
    parts = re.split(r"(\{\w+\}|\.\.\.|\*)", pattern)
    regex = "".join(wild.get(part, "[^/]+") if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.fullmatch(regex, path) is not None


FILES = documented_files()
FIGURES = re.findall(r"^\| `(figures/[^`]*)`", PAGE, flags=re.MULTILINE)


def made(folder: Path) -> list[str]:
    """Paths of everything that the finished run made."""
    results = folder / "results"
    files = [file for file in results.rglob("*") if file.is_file() and not file.name.startswith(".")]
    return sorted(file.relative_to(results).as_posix() for file in files)


@pytest.mark.parametrize("pattern", [pattern for pattern in FILES if pattern not in ON_DEMAND])
def test_a_documented_file_is_made_and_holds_what_the_table_says(pattern: str, finished: Path) -> None:
    found = [path for path in made(finished) if matches(pattern, path)]
    assert found
    file = finished / "results" / found[0]
    if "(statistics.md)" in FILES[pattern]:
        return  # see test_statistics_are_listed_column_by_column
    # Notes come after a semicolon.
    named = re.findall(r"\w+", FILES[pattern].split(";")[0])
    if file.suffix == ".csv":
        columns = pd.read_csv(file).columns.drop("provenance", errors="ignore")
        assert set(named) >= set(columns)
        assert all(any(column.startswith(name) for column in columns) for name in named if "_" in name)
    if file.suffix == ".nc":
        with xr.open_dataset(file, engine="h5netcdf") as dataset:
            for names, dims in re.findall(r"((?:\w+, )*\w+) \(([\w, ]+)\)", FILES[pattern]):
                for name in names.split(", "):
                    assert dataset[name].dims == tuple(dims.split(", "))
            described = FILES[pattern].split("attributes:")[0]
            assert {str(name) for name in dataset.data_vars} <= set(re.findall(r"\w+", described))


@pytest.mark.parametrize(
    "file", ["scores/pairs/resnet18/seed-1.csv", "prediction/pairs/resnet18.csv", "prediction/summary.csv"]
)
def test_statistics_are_listed_column_by_column(file: str, finished: Path) -> None:
    """docs/statistics.md names every column, and no others; `{...}` stands for some name."""
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    of_folds, of_summary = text.split("\n## Columns of ")[1:]
    listed = of_summary if file.endswith("summary.csv") else of_folds
    rows = re.findall(r"^\| (`.*?`) \|", listed, flags=re.MULTILINE)
    patterns = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    columns = pd.read_csv(finished / "results" / file).columns.tolist()
    assert [name for name in columns if not any(matches(pattern, name) for pattern in patterns)] == []
    if not file.startswith("scores/"):
        assert [pattern for pattern in patterns if not any(matches(pattern, name) for name in columns)] == []


def test_every_file_is_documented(finished: Path) -> None:
    assert [path for path in made(finished) if not any(matches(pattern, path) for pattern in FILES)] == []


def test_every_figure_is_documented(finished: Path) -> None:
    figures = [path.removesuffix(".png") for path in made(finished) if re.match(r"figures/.*\.png", path)]
    assert [figure for figure in figures if not any(matches(pattern, figure) for pattern in FIGURES)] == []
    unmade = {pattern for pattern in FIGURES if not any(matches(pattern, figure) for figure in figures)}
    assert unmade <= ON_DEMAND


@pytest.fixture(scope="module")
def demo_with_more(tmp_path_factory: pytest.TempPathFactory) -> list[IOFile]:
    """Outputs of all rules for the demo with more networks, a list of pairs and published values."""
    demo = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    random = {"architecture": "resnet18", "weights": "random", "seed": 1}
    more = tmp_path_factory.mktemp("more") / "more.yaml"
    swept = random | {"map_layers": ["layer3", "layer4"]}
    demo["models"] |= {"other": random, "swept": swept}
    demo["comparisons"]["demo-shape"]["pairs"] = [["cards-1-red", "cards-3-green"]]
    more.write_text(yaml.safe_dump(demo | {"published": "peterson2018"}), encoding="utf-8")
    return [output for rule in rules(more).values() for output in rule.output]


@pytest.mark.parametrize("file", sorted(ON_DEMAND - {"logs/check.csv"}))
def test_files_of_other_targets_are_made_by_a_rule(file: str, demo_with_more: list[IOFile]) -> None:
    filled = {"comparison": "demo-shape", "model": "efficientnet_lite0", "model_b": "other", "control": "demo"}
    filled |= {"work": "vgg16", "network": "swept"}
    path = re.sub(r"{(\w+)}", lambda found: filled[found[1]], f"results/{file}")
    assert any(output.match(candidate) for output in demo_with_more for candidate in (path, f"{path}.png"))


#: Pages that name files of the project and of results.
NAMING = [
    ROOT / "README.md",
    *(
        ROOT / f"docs/{name}.md"
        for name in ("clusters", "demo", "faq", "method", "outputs", "own_data", "speed", "tutorial")
    ),
]


def named_paths() -> Iterator[str]:
    """Everything in code spans and commands that looks like a path."""
    for page in NAMING:
        text = page.read_text(encoding="utf-8")
        commands = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        spans = re.findall(r"`([^`]+)`", prose) + commands
        for word in itertools.chain.from_iterable(span.split() for span in spans):
            if re.search(r"/|\.(csv|nc|yaml|txt|cff|png|md|mat)$", word) and re.fullmatch(
                r"[\w{][\w.{}*/-]+|\.\w+/[\w./-]+", word
            ):
                yield word


#: Words that look like paths, but are examples or names of other things.
OTHERS = {"tools.yaml", "report.zip", "timm/NAME", "Meadows_tools_v_v1_cuddly-bunny_tree.json"}


@pytest.mark.parametrize("path", sorted(set(named_paths()) - OTHERS))
def test_a_named_file_is_there_or_explained(path: str) -> None:
    if path.startswith((".venv/", "data/tools/")):
        return
    result = path.removeprefix("results/").removeprefix("mur92/").rstrip("/")
    outputs = [*FILES, *FIGURES, *(f"{figure}.png" for figure in FIGURES)]
    is_output = any(
        pattern.startswith(f"{result}/") or Path(pattern).name == result or matches(pattern, result)
        for pattern in outputs
    )
    assert is_output or (not path.startswith("results/") and (ROOT / path).exists()) or path == "results/"
