"""One run to all targets: comparisons of some of the images, with every kind of saliency.

Every rule runs in an environment that holds the packages of its file and no others. The environments stand in for
conda's (`conda_stand_in`): the same names and versions, taken from where the tests run.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from conda_stand_in import CAN_STAND_IN, from_outside, imports_in, in_environments, made_of
from PIL import Image
from rule_objects import env_of, rules_and_start, script_of
from tiny_project import change_config, run_snakemake, write_project

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.maps.saliency.registry import METHODS
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table

IDS = [f"photo {number:02d}" for number in range(12)]
CHOSEN = [IDS[number] for number in (0, 1, 3, 5, 7, 8, 9, 10, 11)]
#: The images of each comparison: chosen by name, and those of a category among them.
IMAGES = {"chosen": CHOSEN, "chosen-odd": IDS[1::2]}

#: Takes the place of the package deepgaze_pytorch: the red channel and the centre bias, without downloads.
DEEPGAZE = """
import torch

class DeepGazeIIE(torch.nn.Module):
    def __init__(self, pretrained=True):
        super().__init__()
        self.hub = torch.hub.load("pytorch/vision:v0.6.0", "resnet18", pretrained=True)
        self.bias_weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image, centerbias):
        return image[:, :1] / 255 + self.bias_weight * centerbias[:, None]
"""

OWN_NETWORK = """
import torch

class Green(torch.nn.Module):
    def forward(self, image):
        return image[:, 1:2, ::2, ::2]
"""

SALIENCY: dict[str, dict[str, Any]] = {
    "spectral": {"method": "spectral_residual"},
    "fine": {"method": "fine_grained"},
    "own": {"method": "maps", "maps": "maps"},
    "seen": {"method": "fixations", "fixations": "fixations.csv", "degree": 4},
    "centre": {"method": "centre_bias"},
    "others": {"method": "centre_bias", "fixations": "fixations.csv", "degree": 4},
    "deep": {"method": "deepgaze_iie", "checkpoint": "deepgaze.pth"},
    "network": {"method": "network", "architecture": "own_network:Green"},
}

#: Outputs of the rules that no target needs.
ALONE = ["results/layers/alexnet.csv", "data/demo/images"]

#: The environment of every script.
SCRIPTS = {script_of(rule).stem: env_of(rule).name for rule in rules_and_start().values()}

with_environments = pytest.mark.skipif(not CAN_STAND_IN, reason="the environments name another Python")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all targets made; images have two sizes, the last two no fixations. Environments are in `made`."""
    project = tmp_path_factory.mktemp("everything") / "project"
    write_project(project)
    random = np.random.default_rng(1)
    (project / "maps").mkdir()
    fixations = []
    for number, image in enumerate(IDS):
        size = (64, 40) if number % 3 else (48, 48)
        for file in (project / folder / f"{image}.png" for folder in ("my photos", "masks")):
            with Image.open(file) as opened:
                opened.resize(size, Image.Resampling.NEAREST).save(file)
        np.save(project / "maps" / f"{image}.npy", random.random((size[1], size[0])))
        fixations += [(image, *random.uniform(0, size)) for _ in range(5 if number < 10 else 0)]
    pd.DataFrame(fixations, columns=["image", "x", "y"]).to_csv(project / "fixations.csv", index=False)
    categories = {"image": IDS, "category": ["even", "odd"] * 6}
    pd.DataFrame(categories).to_csv(project / "table.csv", index=False)
    (project / "deepgaze_pytorch.py").write_text(DEEPGAZE, encoding="utf-8")
    (project / "own_network.py").write_text(OWN_NETWORK, encoding="utf-8")
    (project / "chosen.txt").write_text("\n".join(reversed(CHOSEN)), encoding="utf-8")
    state = {f"hub.{name}": value for name, value in torchvision.models.resnet18().state_dict().items()}
    torch.save(state | {"bias_weight": torch.ones(1)}, project / "deepgaze.pth")

    def change(config: dict[str, Any]) -> None:
        pairs = config["comparisons"]["pairs"]
        config["image_sets"]["tiny"]["table"] = "table.csv"
        config["comparisons"] = {"chosen": pairs | {"images": "chosen.txt", "by_category": ["odd"]}}
        config["cross_validation"] = {"folds": 2, "seeds": [1]}
        config["interactions"] = {"top_maps": 4, "permutations": 2, "minutes": 0.1}
        config["saliency"] = SALIENCY
        config["datasets"] = {"demo": {}}
        config["image_sets"]["demo"] = {"folder": "data/demo/images"}

    change_config(project, change)
    interacting = [f"results/figures/{kind}_chosen_resnet18.png" for kind in ("elimination", "pairs", "shapley")]
    arguments, variables = in_environments(project) if CAN_STAND_IN else ([], {})
    answer = run_snakemake(
        project,
        *("check", "all", "layers", "paper", *interacting, *ALONE),
        *("--cores", "2", "--configfile", "tiny.yaml", *arguments),
        environment={"PYTHONPATH": str(project)} | variables,
    )
    assert answer.returncode == 0, answer.stdout
    return project


@pytest.fixture(scope="module")
def results(everything: Path) -> Path:
    return everything / "results"


def test_every_comparison_is_about_its_images_with_every_kind_of_saliency(results: Path) -> None:
    assert {entry["method"] for entry in SALIENCY.values()} == set(METHODS)
    seen = read_table(results.parent / "fixations.csv")
    for comparison, images in IMAGES.items():
        heatmaps = read_netcdf(results / f"heatmaps/{comparison}/resnet18.nc")
        of_images = read_netcdf(results / f"image_scores/{comparison}/resnet18.nc")
        assert heatmaps["image"].to_numpy().tolist() == of_images["image"].to_numpy().tolist() == images
        assert sorted(file.stem for file in (results / f"heatmaps/{comparison}/resnet18").glob("*.png")) == images
        assert sorted(read_table(results / f"folds/{comparison}/seed-1.csv")["image"]) == images
        control = read_table(results / "control/halves/resnet18.csv")
        assert sorted(set(control.loc[control["comparison"] == comparison, "image"])) == images
        for saliency in SALIENCY:
            for table in ("overlap", "saliency_scores"):
                found = read_table(results / f"{table}/{comparison}/resnet18/{saliency}.csv")
                assert found["image"].unique().tolist() == images
        scores = read_table(results / f"saliency_scores/{comparison}/resnet18/seen.csv")
        nss = scores.query("measure == 'nss' and baseline == 'observed'").set_index("image")["value"]
        for image in images:
            placed = place_image(heatmaps, "heatmap", image)
            own = seen[seen["image"] == image]
            if own.empty or np.isnan(placed).all():
                assert np.isnan(nss[image])
            else:
                z = (placed - placed.mean()) / placed.std()
                assert nss[image] == pytest.approx(np.mean(z[own["y"].astype(int), own["x"].astype(int)]), rel=1e-5)
    summary = read_table(results / "prediction/summary.csv").set_index("comparison")["n_images"]
    assert summary.to_dict() == {comparison: len(images) for comparison, images in IMAGES.items()}
    assert (results / "gallery/index.html").is_file() and (results / "paper/README.md").is_file()


def test_judgments_of_a_category_are_those_among_all(results: Path) -> None:
    whole, some = (
        read_netcdf(results / f"inputs/{name}/judgments.nc")["similarity"] for name in ("chosen", "chosen-odd")
    )
    odd = IMAGES["chosen-odd"]
    np.testing.assert_array_equal(some, whole.sel(image=odd, image_b=odd))


def test_the_alignment_of_an_image_is_that_with_the_images_of_the_comparison(results: Path) -> None:
    judged = read_netcdf(results / "inputs/chosen/judgments.nc")["similarity"].mean("participant").to_numpy()
    readout = read_netcdf(results / "activations/tiny/resnet18.nc")["readout"].sel(image=CHOSEN).to_numpy()
    network = np.array(np.corrcoef(readout.astype(np.float64)))
    others = ~np.eye(len(CHOSEN), dtype=bool)
    expected = [np.corrcoef(a[mask], b[mask])[0, 1] for a, b, mask in zip(network, judged, others, strict=True)]
    found = read_netcdf(results / "image_scores/chosen/resnet18.nc")["alignment"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@with_environments
@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_nothing_outside_the_environment_is_imported(script: str, everything: Path) -> None:
    prefix = made_of(everything, SCRIPTS[script])
    if script not in imports_in(prefix):
        # The run leaves this script out: it needs files of others, or takes minutes.
        program = f"import sys; sys.path.append('scripts'); sys.argv[0] = 'imported.{script}.py'; import {script}"
        subprocess.run([prefix / "bin/python", "-c", program], cwd=everything, check=True)
    modules = imports_in(prefix)[script]
    assert "alignment_importance" in modules
    assert from_outside(modules, prefix, everything) == {}


@with_environments
def test_an_environment_holds_no_more_than_it_names(everything: Path) -> None:
    def has(env: str, package: str) -> bool:
        command = [str(made_of(everything, f"{env}.yaml") / "bin/python"), "-c", f"import {package}"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert has("torch", "torch")
    assert not has("torch", "snakemake")
    assert has("figures", "matplotlib")
    assert not has("tables", "torch")
    assert not has("tables", "snakemake")


@with_environments
def test_packages_that_are_missing_are_noticed(everything: Path) -> None:
    """Even packages that Snakemake's own environment has: here the environment file names nothing but Python."""
    file = everything / "envs/tables.yaml"
    text = file.read_text(encoding="utf-8")
    [python, _] = re.split(r"(?<=python =3.11\n)", text)
    file.write_text(python, encoding="utf-8")
    arguments, environment = in_environments(everything)
    again = ("results/inputs/tiny/images.csv", "--force", "--cores", "1", "--configfile", "tiny.yaml")
    answer = run_snakemake(everything, *again, *arguments, environment=environment)
    file.write_text(text, encoding="utf-8")
    assert answer.returncode == 1
    assert "ModuleNotFoundError: No module named" in answer.stdout
