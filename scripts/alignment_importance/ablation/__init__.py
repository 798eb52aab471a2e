"""The engine: similarities and scores of a network without each of its feature maps, or with the first k of them."""

from alignment_importance.ablation.engine import Ablation, PooledAblation, ReadoutAblation, ablate

__all__ = ["Ablation", "PooledAblation", "ReadoutAblation", "ablate"]
