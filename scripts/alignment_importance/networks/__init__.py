"""Networks: built with their weights, and split at the map layer into a trunk (images to feature maps) and a head.

The only package that imports torchvision and timm.
"""

from alignment_importance.networks.building import Network, Spec, build, inspect, outline
from alignment_importance.networks.cutting import SplitNetwork, list_layers, split

__all__ = ["Network", "Spec", "SplitNetwork", "build", "inspect", "list_layers", "outline", "split"]
