"""The kinds of networks that can be named as an `architecture`: a module of this package and a line here for each."""

from importlib import import_module

from alignment_importance.networks.plan import Plan
from alignment_importance.networks.spec import Spec, nearest
from alignment_importance.system.errors import InputError

_MODULES = (
    "own_function",
    "efficientnet_lite",
    "torchvision_models",
    "timm_models",
)

#: Every kind of networks: a module with the functions `names` (of the architectures that can be listed), `includes`
#: (whether an architecture is of this kind) and `plan`. An architecture belongs to the first that includes it.
KINDS = [import_module(f"{__package__}.{name}") for name in _MODULES]


def known_architectures() -> list[str]:
    """Names of all architectures but the users' own."""
    return [name for kind in KINDS for name in kind.names()]


def plan(spec: Spec) -> Plan:
    """How to build the network that a configuration names.

    Raises:
        InputError: there is no such architecture, or it has no such weights.
    """
    kind = next((kind for kind in KINDS if kind.includes(spec.architecture)), None)
    if kind is None:
        raise InputError(
            f"There is no network called {spec.architecture!r}.{nearest(spec.architecture, known_architectures())}"
        )
    chosen: Plan = kind.plan(spec)
    names = ["default", *chosen.names, "checkpoint", "random"]
    if spec.weights not in names:
        raise InputError(
            f"Network {spec.architecture} has no weights called {spec.weights!r}.{nearest(spec.weights, names)}"
        )
    return chosen
