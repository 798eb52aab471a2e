"""The layers of a network, listed by Snakemake: of a configured model, of any architecture, and of an unknown one."""

from pathlib import Path

import pandas as pd
from tiny_project import run_snakemake

TINY = ("--cores", "1", "--configfile", "tiny.yaml")


def test_layers_are_listed_in_the_terminal_and_in_a_file(project: Path) -> None:
    answer = run_snakemake(project, "layers", "results/layers/alexnet.csv", *TINY)
    assert answer.returncode == 0, answer.stdout
    assert "resnet18: 512 feature maps of 2 x 2 ('layer4.1.relu_1')" in answer.stdout
    assert "alexnet: 256 feature maps of 13 x 13 ('features.11')" in answer.stdout
    layers = pd.read_csv(project / "results/layers/resnet18.csv").set_index("layer")
    assert layers.loc["layer4.1.relu_1", "role"] == "map layer"
    assert layers.loc["flatten", "role"] == "readout"


def test_an_unknown_network_is_told_with_those_like_it(project: Path) -> None:
    answer = run_snakemake(project, "results/layers/resnet81.csv", *TINY)
    assert answer.returncode == 1
    assert "There is no network called 'resnet81'. Did you mean resnet18" in answer.stdout
