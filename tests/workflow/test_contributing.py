"""The examples of CONTRIBUTING.md are carried out on a copy of the project, and what they add is used."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_project import ROOT, change_config, planned_jobs, write_project

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

EXAMPLES = dict(re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL))

MODULE = re.compile(r"^`(\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^One line in `(\S+\.py)`, below `(.*?)`:\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: A line that lets a program import `making`, which makes parts of the documentation.
MAKING = f"import sys; sys.path.append({str(ROOT / 'docs')!r})"


@pytest.fixture
def carry_out(tmp_path: Path) -> Callable[[str], Path]:
    """Carry out an example in a copy of the project: add its module, if it has one, and its line of a registry."""

    def carry(name: str) -> Path:
        folder = tmp_path / "project"
        write_project(folder)
        modules = dict(MODULE.findall(EXAMPLES[name]))
        [(registry, above, line)] = LINE.findall(EXAMPLES[name])
        assert len(modules) == (name != "A second-order score") and line.count("\n") == 1
        for module, text in modules.items():
            assert not (folder / module).exists()
            (folder / module).write_text(text, encoding="utf-8")
        lines = (folder / registry).read_text(encoding="utf-8")
        assert lines.count(f"\n{above}\n") == 1
        (folder / registry).write_text(lines.replace(f"\n{above}\n", f"\n{above}\n{line}"), encoding="utf-8")
        for check in (["check"], ["format", "--check"]):
            command = [
                sys.executable,
                "-m",
                "ruff",
                *check,
                "--config",
                str(ROOT / "pyproject.toml"),
                *modules,
                registry,
            ]
            subprocess.run(command, cwd=folder, check=True)
        return folder

    return carry


def run(folder: Path, program: str) -> str:
    """Run a program with the library of a copy of the project, and return its output."""
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, cwd=folder / "scripts", capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def accepts(folder: Path, section: str, entry: str) -> str:
    """A program that completes a configuration with an entry as a section, and checks it against the JSON schema."""
    return f"""
import json, yaml
import jsonschema
from alignment_importance.config import configure
{MAKING}
from making.configuration import schema
given = yaml.safe_load(open({str(folder / "tiny.yaml")!r})) | {{{section!r}: {entry}}}
configure(given, look_at_files=False)
jsonschema.validate(given, schema())
"""


def test_every_registry_has_an_example() -> None:
    assert set(EXAMPLES) == {
        "A data set", "A saliency method", "A second-order score", "A form of judgments", "A kind of network"
    }  # fmt: skip


def test_a_data_set(carry_out: Callable[[str], Path]) -> None:
    folder = carry_out("A data set")
    run(folder, accepts(folder, "datasets", "{'squares': {'number': 18}}"))

    def want(config: dict) -> None:
        config["datasets"] = {"squares": {}}
        config["image_sets"] = {"squares": {"folder": "data/squares/images"}}
        config["comparisons"] = {
            "squares": {"image_set": "squares", "judgments": "data/squares/judgments.csv", "kind": "similarity"}
        }
        config["controls"] = {}

    change_config(folder, want)
    assert planned_jobs(folder, "--configfile", "tiny.yaml")["make_squares"] == 1
    run(
        folder,
        f"""
from pathlib import Path
from make_dataset import make_dataset
made = Path({str(folder)!r}, "data/squares")
make_dataset("squares", {{}}, {{"number": 16}}, {{"images": made / "images", "judgments": made / "judgments.csv"}})
""",
    )
    assert len(list((folder / "data/squares/images").iterdir())) == 16
    run(
        folder,
        f"""
from pathlib import Path
import pandas as pd
from alignment_importance.inputs import images
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.problems import Problems
made, problems = Path({str(folder)!r}, "data/squares"), Problems()
listed = images.examine(made / "images", None, None, problems)
judged = reading.inspect(reading.Source(made / "judgments.csv", "similarity"), listed, problems)
assert judged["similarity"].shape == (1, 16, 16)
assert abs(float(judged["similarity"][0, 0, 15])) < 1e-12
""",
    )


def test_a_saliency_method(carry_out: Callable[[str], Path]) -> None:
    folder = carry_out("A saliency method")
    run(
        folder,
        f"""
import numpy as np, pandas as pd
from alignment_importance.maps.saliency import registry
provider = registry.provider(pd.DataFrame({{"image": ["a"], "width": [6], "height": [4]}}), {{"method": "edges"}})
rgb = np.zeros((4, 6, 3), dtype=np.uint8)
rgb[:, 3:] = 200
np.testing.assert_array_equal(provider.map_of("a", rgb), [[0, 0, 100, 100, 0, 0]] * 4)
{accepts(folder, "saliency", "{'edges': {'method': 'edges'}}")}
""",
    )
    change_config(folder, lambda config: config.update(saliency={"edges": {"method": "edges"}}))
    assert planned_jobs(folder, "--configfile", "tiny.yaml")["compute_saliency"] == 1


def test_a_second_order_score(carry_out: Callable[[str], Path]) -> None:
    folder = carry_out("A second-order score")
    run(
        folder,
        f"""
import numpy as np
from alignment_importance.ablation.engine import PooledAblation
from alignment_importance.inputs.folds import PairBlock
from alignment_importance.report.captions import score_name
from alignment_importance.system import compute
random = np.random.default_rng(1)
readout, human = random.random((9, 5)), random.random((9, 9))
human += human.T
np.fill_diagonal(human, np.nan)
pairs = np.triu_indices(9, k=1)

def score(z):
    r = np.corrcoef(np.corrcoef(z)[pairs], human[pairs])[0, 1]
    return r * abs(r)

engine = PooledAblation(readout, compute.prepare("cpu", None, 1, 0.1), "pearson", "signed_r2")
whole, without = engine.leave_one_out([PairBlock(np.arange(9), human)])
expected = [score(readout) - score(readout * (np.arange(5) != k)) for k in range(5)]
np.testing.assert_allclose(whole[0] - without[0], expected, atol=1e-12)
assert min(score(readout * (np.arange(5) != k)) for k in range(5)) < 0
assert score_name("signed_r2") == "signed R²"
{accepts(folder, "alignment", "{'score': 'signed_r2'}")}
""",
    )


def test_a_form_of_judgments(carry_out: Callable[[str], Path]) -> None:
    folder = carry_out("A form of judgments")
    rows = ["p1,a,x", "p1,b,x", "p1,c,y", "p1,d,y", "p2,a,x", "p2,b,y", "p2,c,y", "p2,d,y"]
    (folder / "piles.csv").write_text("\n".join(["participant,image,pile", *rows]), encoding="utf-8")
    run(
        folder,
        f"""
from pathlib import Path
import numpy as np, pandas as pd
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.problems import Problems
table = pd.DataFrame({{"image": list("abcd"), "category": np.nan}})
judged = reading.inspect(reading.Source(Path({str(folder / "piles.csv")!r})), table, Problems())
assert judged.attrs["form"] == "piles" and judged["participant"].values.tolist() == ["p1", "p2"]
n = np.nan
expected = [[n, 0.5, 0, 0], [0.5, n, 0.5, 0.5], [0, 0.5, n, 1], [0, 0.5, 1, n]]
np.testing.assert_array_equal(judged["similarity"].mean("participant"), expected)
""",
    )


def test_a_kind_of_network(carry_out: Callable[[str], Path]) -> None:
    folder = carry_out("A kind of network")
    run(
        folder,
        f"""
from alignment_importance import networks
from alignment_importance.networks.kinds.registry import known_architectures
from alignment_importance.networks.spec import Spec
{MAKING}
from making.networks import tabulated
assert "two_layers" in known_architectures() and "two_layers" not in tabulated()
cut = networks.cut(networks.build(Spec("two_layers", weights="random", seed=1)))
assert cut.map_shape == (32, 15, 15) and cut.n_units == 32 and cut.head.route == "pooled"
""",
    )


def test_what_it_names_is_there() -> None:
    for path in re.findall(r"(?:tests|workflow|scripts|docs|envs)/[\w./]*\w", TEXT.split("\n## Adding something")[0]):
        assert (ROOT / path).exists() or path == "scripts/do_this.py", path
