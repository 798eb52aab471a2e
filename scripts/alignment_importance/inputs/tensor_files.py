"""Finds the tensors of files that torch.save wrote; in a module of its own, since only these files need PyTorch."""

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from alignment_importance.inputs.array_files import Stored

#: Endings of the files that are read.
SUFFIXES = (".pt", ".pth")


def stored(path: Path) -> dict[str, Stored]:
    """Find the tensors in a file that torch.save wrote: of a dict by name, a single one as `array`. Runs no code in it.

    Raises:
        one of `array_files.READING_ERRORS`: the file is damaged or of another kind, or holds more than tensors.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError("it holds more than tensors, which could run programs") from error
    named = content if isinstance(content, dict) else {"array": content}
    tensors = {str(name): value for name, value in named.items() if isinstance(value, torch.Tensor)}

    def read(tensor: torch.Tensor) -> NDArray[Any]:
        # NumPy has neither bfloat16 nor floats of 8 bits.
        is_short = tensor.is_floating_point() and tensor.dtype != torch.float64
        return (tensor.float() if is_short else tensor).detach().resolve_neg().numpy()

    return {
        name: Stored(tuple(tensor.shape), "complex numbers" if tensor.is_complex() else "", partial(read, tensor))
        for name, tensor in sorted(tensors.items())
    }
