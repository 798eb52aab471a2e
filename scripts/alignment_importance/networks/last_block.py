"""Decides whether a transformer's last block has a closed form for its class token: only known layers qualify."""

from timm.layers import GluMlp, LayerScale, Mlp, SwiGLU
from timm.layers.attention import Attention
from timm.models import vision_transformer
from torch import fx, nn

from alignment_importance.networks.tokens import acts_on_each_token, picks, readers


def has_closed_form(block: nn.Module, tail: fx.GraphModule) -> bool:
    """Whether `ablation.attention` can compute the ablation of channels of the patches that enter a block.

    It has no closed form for norms of queries and keys, gates, rotary positions or biases of attention.

    Args:
        block: the last block.
        tail: what follows it up to the readout: (image, token, unit) to (image, unit).
    """
    if type(block) is not vision_transformer.Block or type(block.attn) is not Attention:
        return False
    attention = block.attn
    return (
        isinstance(block.norm1, nn.LayerNorm)
        and isinstance(block.norm2, nn.LayerNorm)
        and all(isinstance(norm, nn.Identity) for norm in (attention.q_norm, attention.k_norm, attention.norm))
        and all(isinstance(scale, LayerScale | nn.Identity) for scale in (block.ls1, block.ls2))
        and isinstance(block.mlp, Mlp | GluMlp | SwiGLU)
        and block.norm1.bias is not None
        and attention.gate is None
        and not any(module._forward_hooks or module._forward_pre_hooks for module in block.modules())
        and _reads_first_token(tail)
    )


def _reads_first_token(tail: fx.GraphModule) -> bool:
    """Whether only the first token is read, after nothing but layers that act on each token by itself."""
    node = next(node for node in tail.graph.nodes if node.op == "placeholder")
    while len(reading := readers(node)) == 1:
        (node,) = reading
        if not acts_on_each_token(tail, node):
            return picks(node, 0)
    return False
