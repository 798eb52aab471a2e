"""What the readout of a transformer is made of: its class token, or the tokens of its patches."""

from typing import Any

from torch import nn

from alignment_importance.system.errors import InputError


def choose(module: nn.Module, architecture: str, readout: str) -> None:
    """Let a network of timm read its class token (`token`) or the mean of the tokens of its patches (`mean`).

    Raises:
        InputError: the network has no tokens, or no class token.
    """
    if not (hasattr(module, "global_pool") and hasattr(module, "num_prefix_tokens")):
        raise InputError(f"Network {architecture}: `readout: {readout}` is for transformers of timm alone. Remove it.")
    if readout == "token" and getattr(module, "cls_token", None) is None:
        raise InputError(f"Network {architecture} has no class token: `readout: token` is not possible. Remove it.")
    transformer: Any = module
    if getattr(module, "attn_pool", None) is not None:
        transformer.attn_pool = None
    transformer.global_pool = {"token": "token", "mean": "avg"}[readout]
