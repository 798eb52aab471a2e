"""Checkpoints as training programs write them: whatever the weights are wrapped in, they are found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from alignment_importance.networks import checkpoints
from alignment_importance.system.errors import InputError

State = dict[str, torch.Tensor]


def network(n_classes: int = 3) -> nn.Module:
    """Two blocks and a classifier."""
    blocks = {"conv1": nn.Conv2d(3, 4, 3), "bn1": nn.BatchNorm2d(4), "layer1": nn.Sequential(nn.Conv2d(4, 4, 1))}
    return nn.Sequential().append(nn.ModuleDict(blocks)).append(nn.Linear(4, n_classes))


def plain(n_classes: int = 7) -> State:
    return dict(network(n_classes).state_dict())


def prefixed(prefix: str, state: State | None = None) -> State:
    return {f"{prefix}{name}": value for name, value in (state or plain()).items()}


FIRST = "0.conv1.weight"

#: What a program saves, and the name there of one of the network's weights (mostly the first).
WRAPPINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "plain": (plain, FIRST),
    "DataParallel": (lambda: prefixed("module."), f"module.{FIRST}"),
    "DataParallel around a part": (
        lambda: {name.replace("0.conv1", "0.module.conv1"): value for name, value in plain().items()},
        "0.module.conv1.weight",
    ),
    "torch.compile": (lambda: prefixed("_orig_mod."), f"_orig_mod.{FIRST}"),
    "torch.compile of DataParallel": (lambda: prefixed("_orig_mod.module."), f"_orig_mod.module.{FIRST}"),
    "torch.compile of a part": (
        lambda: {name.replace("0.layer1", "0.layer1._orig_mod"): value for name, value in plain().items()},
        "0.layer1._orig_mod.0.weight",
    ),
    "Lightning": (
        lambda: {
            "state_dict": prefixed("model.") | {"loss.weight": torch.ones(7)},
            "epoch": 3,
            "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
        },
        f"state_dict.model.{FIRST}",
    ),
    "Lightning, compiled": (
        lambda: {"state_dict": prefixed("model._orig_mod.")},
        f"state_dict.model._orig_mod.{FIRST}",
    ),
    "with the optimiser": (
        lambda: {"model_state_dict": plain(), "optimizer_state_dict": {"state": {0: {"exp_avg": torch.ones(4, 4)}}}},
        f"model_state_dict.{FIRST}",
    ),
    "state_dict": (lambda: {"state_dict": plain(), "epoch": 3}, f"state_dict.{FIRST}"),
    "model": (lambda: {"model": prefixed("module."), "args": None}, f"model.module.{FIRST}"),
    "net": (lambda: {"net": plain(), "acc": 95.4}, f"net.{FIRST}"),
    "moving average alone": (lambda: {"state_dict_ema": plain()}, f"state_dict_ema.{FIRST}"),
    "average of weights": (lambda: prefixed("module.") | {"n_averaged": torch.tensor(9)}, f"module.{FIRST}"),
    "part of a larger model": (lambda: prefixed("backbone.") | {"head.weight": torch.ones(2, 2)}, f"backbone.{FIRST}"),
    "names in another order": (lambda: dict(sorted(plain().items(), reverse=True)), FIRST),
}


def save(content: object, folder: Path) -> Path:
    torch.save(content, folder / "weights.pt")
    return folder / "weights.pt"


def read(content: object, folder: Path, key: str | None = None) -> checkpoints.Checkpoint:
    return checkpoints.read(save(content, folder), network().state_dict(), key=key)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_weights_are_found_whatever_they_are_wrapped_in(wrapping: str, tmp_path: Path) -> None:
    content, there = WRAPPINGS[wrapping]
    here = "0.layer1.0.weight" if "layer1" in there else FIRST
    torch.manual_seed(1)
    found = read(content(), tmp_path)
    assert found.n_classes == 7
    assert found.label == ("weights.pt" if there == here else f"weights.pt ({there} as {here})")
    module = network(7)
    checkpoints.load_state(module, found.weights, "weights.pt")
    torch.manual_seed(1)
    for name, value in plain().items():
        assert torch.equal(module.state_dict()[name], value)


def test_the_number_of_classes_is_that_of_the_classifier_of_the_network(tmp_path: Path) -> None:
    """The last weight matrix in the file may be another: that of a head for training, or the last by name."""
    assert read(plain(9) | {"zz.weight": torch.ones(2, 2)}, tmp_path).n_classes == 9


def test_of_several_networks_in_a_file_one_must_be_named(tmp_path: Path) -> None:
    torch.manual_seed(2)
    content = {"state_dict": plain(), "state_dict_ema": prefixed("module."), "epoch": 3}
    with pytest.raises(InputError, match=r"under state_dict, state_dict_ema\. Name one of them as the `key`"):
        read(content, tmp_path)
    with pytest.raises(InputError, match=r"not hold the network under 'ema', but under state_dict, state_dict_ema\."):
        read(content, tmp_path, key="ema")
    found = read(content, tmp_path, key="state_dict_ema")
    assert found.label == f"weights.pt (state_dict_ema.module.{FIRST} as {FIRST})"
    assert torch.equal(found.weights[FIRST], content["state_dict_ema"][f"module.{FIRST}"])  # type: ignore[index]
    twice = {"state_dict": prefixed("model.") | prefixed("ema_model.module.")}
    with pytest.raises(InputError, match=r"under state_dict\.model, state_dict\.ema_model\."):
        read(twice, tmp_path)
    assert read(twice, tmp_path, key="state_dict.model").n_classes == 7


def test_the_first_names_that_differ_are_told_of_both_sides(tmp_path: Path) -> None:
    other = plain() | {f"extra.{n}": torch.ones(2, 2) for n in range(5)}
    del other["0.bn1.weight"]
    with pytest.raises(InputError) as caught:
        checkpoints.load_state(network(), read(other, tmp_path).weights, "w.pt")
    assert (
        "(1 missing: 0.bn1.weight; 5 unknown: extra.0, extra.1, extra.2 and 2 more; "
        "2 of another shape: 1.weight (7, 4) instead of (3, 4), 1.bias (7,) instead of (3,))"
    ) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS in the place of the file). Run"),
        (b"<!DOCTYPE html>", "it is a web page). Servers send one instead of a file"),
        (b'\x40\0\0\0\0\0\0\0{"conv1.weight":{}}', "it is weights of safetensors). Give the file the ending"),
        (b"\x89HDF\r\n\x1a\n", "it is HDF5, such as .h5"),
        (b"", "it is empty). Get or save it again."),
        (b"\0\1\2", "it is damaged, or a file of another kind). Get or save it again."),
    ],
)
def test_the_kind_of_a_file_without_weights_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(InputError) as caught:
        checkpoints.read(tmp_path / "weights.pt", network().state_dict())
    assert said in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*[tT]orch[sS]cript", "ignore:.*torch.jit")
def test_a_program_and_a_whole_module_are_refused(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "weights.pt"))
    with pytest.raises(InputError, match="it is damaged, or a program of TorchScript"):
        checkpoints.read_state(tmp_path / "weights.pt")
    with pytest.raises(InputError, match=r"it holds torch\.nn\.modules\.linear\.Linear, which can run programs"):
        checkpoints.read_state(save(nn.Linear(2, 2), tmp_path))
    for nothing in ({"epoch": 3}, [torch.ones(2)], torch.ones(2)):
        with pytest.raises(InputError, match=r"is not a state dict .* Save `network\.state_dict\(\)`"):
            checkpoints.read_state(save(nothing, tmp_path))
    with pytest.raises(InputError, match="holds no weight matrix"):
        read({"bias": torch.ones(3)}, tmp_path)
