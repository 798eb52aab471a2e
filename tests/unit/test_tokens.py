"""Transformers: tokens as maps, and every route of ablating them against plain forward passes."""

import dataclasses
from collections.abc import Callable
from typing import Any

import naive
import numpy as np
import pytest
import timm
import torch
import torchvision
import xarray as xr
from small_heads import ABLATIONS, fill_of
from timm.layers import SwiGLUPacked
from timm.models.mlp_mixer import MlpMixer
from timm.models.mvitv2 import MultiScaleVit, MultiScaleVitCfg
from timm.models.nest import Nest
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.inputs.folds import PairBlock, whole
from alignment_importance.networks import building, tokens
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError

CPU = Compute(torch.device("cpu"), 1, 10**9)
N_IMAGES = 6
SMALL: dict[str, Any] = {"embed_dim": 16, "depth": 2, "num_heads": 2}


def vit(**options: Any) -> nn.Module:
    """A small transformer of 4 x 4 patches."""
    return VisionTransformer(**{"img_size": 32, "patch_size": 8, "num_classes": 3, **SMALL, **options})


def named(name: str, **options: Any) -> nn.Module:
    """A small network of one of timm's architectures."""
    return timm.create_model(name, pretrained=False, num_classes=3, **options)


def network_of(make: Callable[[], nn.Module], size: int = 32) -> networks.Network:
    """A network all of whose weights have an effect, biases and constants of normalisations included."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = make().eval().requires_grad_(False)
        for values in module.parameters():
            values.add_(0.2 * torch.randn(values.shape))
    return networks.Network(module, "small", "random weights (seed 1)", size, (0.5,) * 3, (0.5,) * 3)


def some_images(size: int) -> torch.Tensor:
    return torch.randn(N_IMAGES, 3, size, size, generator=torch.Generator().manual_seed(2))


class Bound(nn.Module):
    """A head as a function of the maps alone, with the prefix tokens fixed."""

    def __init__(self, head: nn.Module, prefix: list[torch.Tensor]) -> None:
        super().__init__()
        self.head, self.prefix = head, prefix

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.head(maps, *self.prefix)


@dataclasses.dataclass
class Cut:
    """A network, its cut, and some images for it."""

    cut: networks.CutNetwork
    network: networks.Network
    images: torch.Tensor

    @property
    def plain(self) -> tuple[nn.Module, torch.Tensor]:
        """The head, and the maps, contiguous in memory like maps that are read from a file."""
        with torch.inference_mode():
            outputs = self.cut.trunk(self.images)
        maps, *prefix = outputs if self.cut.head.reads_prefix else (outputs,)
        return Bound(self.cut.head.module, prefix), maps.contiguous()

    def recorded(self, ablated: str = "zero") -> xr.Dataset:
        head, maps = self.plain
        assert isinstance(head, Bound)
        readout, mean = naive_readout(head, maps), fill_of(maps, "mean").numpy()
        variables = {
            "feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()),
            "readout": (("image", "unit"), readout),
            "map_mean": ("feature_map", mean),
            # Pooled readouts are means over places here.
            "unit_mean": ("unit", readout.mean(0)),
        }
        for prefix in head.prefix:
            variables["prefix_tokens"] = (("image", "token", "channel"), prefix.numpy())
        return xr.Dataset(variables, attrs={"ablation": ablated})


def naive_readout(head: nn.Module, maps: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return head(maps).numpy()


def cut_of(make: Callable[[], nn.Module], size: int = 32, **options: Any) -> Cut:
    network = network_of(make, size)
    return Cut(networks.cut(network, **options), network, some_images(size))


def people() -> np.ndarray:
    human = np.random.default_rng(3).random((N_IMAGES, N_IMAGES))
    human += human.T
    np.fill_diagonal(human, np.nan)
    return human


#: By name: how the network is made, the size of its input in pixels, the shape of its maps, its route.
NETWORKS: dict[str, tuple[Callable[[], nn.Module], int, tuple[int, int, int], str]] = {
    "vit": (vit, 32, (16, 4, 4), "attention"),
    "registers": (lambda: vit(reg_tokens=4, init_values=0.5), 32, (16, 4, 4), "attention"),
    "q/k norm": (lambda: vit(qk_norm=True), 32, (16, 4, 4), "general"),
    "no bias": (lambda: vit(qkv_bias=False), 32, (16, 4, 4), "attention"),
    "clip": (lambda: vit(pre_norm=True, final_norm=False), 32, (16, 4, 4), "attention"),
    "swiglu": (lambda: vit(mlp_layer=SwiGLUPacked), 32, (16, 4, 4), "attention"),
    "mean": (lambda: vit(global_pool="avg", fc_norm=False), 32, (16, 4, 4), "pooled"),
    "mean without class token": (
        lambda: vit(global_pool="avg", class_token=False, fc_norm=False), 32, (16, 4, 4), "pooled"
    ),
    "mean, normalised": (lambda: vit(global_pool="avg"), 32, (16, 4, 4), "general"),
    "mean of all tokens": (
        lambda: vit(global_pool="avg", fc_norm=False, pool_include_prefix=True), 32, (16, 4, 4), "general"
    ),
    "attention pooling": (lambda: vit(global_pool="map", class_token=False), 32, (16, 4, 4), "general"),
    "maximum": (lambda: vit(global_pool="max", fc_norm=False), 32, (16, 4, 4), "general"),
    "deit3": (lambda: named("deit3_small_patch16_224", img_size=32, **SMALL), 32, (16, 2, 2), "attention"),
    "distilled": (
        lambda: named("deit_tiny_distilled_patch16_224", img_size=32, **SMALL), 32, (16, 2, 2), "attention"
    ),
    "dinov2": (lambda: named("vit_small_patch14_reg4_dinov2", img_size=28, **SMALL), 28, (16, 2, 2), "attention"),
    "dinov3": (lambda: named("vit_small_patch16_dinov3", img_size=32, **SMALL), 32, (16, 2, 2), "pooled"),
    "dinov3, class token": (
        lambda: named("vit_small_patch16_dinov3", img_size=32, global_pool="token", **SMALL), 32, (16, 2, 2), "general"
    ),
    "eva02": (lambda: named("eva02_tiny_patch14_224", img_size=28, **SMALL), 28, (16, 2, 2), "general"),
    "beit": (lambda: named("beit_base_patch16_224", img_size=32, **SMALL), 32, (16, 2, 2), "general"),
    "siglip": (lambda: named("vit_base_patch16_siglip_224", img_size=32, **SMALL), 32, (16, 2, 2), "general"),
    "torchvision": (
        lambda: torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=3), 32, (16, 4, 4), "general"
    ),
    "class token that joins late": (lambda: named("cait_xxs24_224", img_size=64, **SMALL), 64, (16, 4, 4), "general"),
    "xcit": (lambda: named("xcit_nano_12_p16_224", img_size=64, **SMALL), 64, (16, 4, 4), "general"),
    "mixer": (
        lambda: MlpMixer(img_size=32, patch_size=8, num_blocks=2, embed_dim=16, num_classes=3), 32, (16, 4, 4), "pooled"
    ),
    "maxvit": (
        lambda: named(
            "maxvit_rmlp_pico_rw_256", img_size=64, embed_dim=(32,) * 4, depths=(1, 1, 1, 1), stem_width=8
        ),
        64, (32, 2, 2), "pooled",
    ),
    "swin": (
        lambda: named(
            "swin_tiny_patch4_window7_224", img_size=32, embed_dim=8, depths=(1, 1), num_heads=(1, 2), window_size=2
        ),
        32, (16, 4, 4), "pooled",
    ),
    "mvitv2": (
        lambda: MultiScaleVit(
            MultiScaleVitCfg(depths=(1, 1), embed_dim=(8, 16), num_heads=(1, 2)), img_size=(32, 32), num_classes=3
        ),
        32, (16, 4, 4), "pooled",
    ),
    "naflexvit": (lambda: named("naflexvit_base_patch16_gap", img_size=32, **SMALL), 32, (16, 2, 2), "general"),
    "levit": (
        lambda: named("levit_128s", img_size=64, embed_dim=(8, 16), depth=(1, 1), num_heads=(1, 2), key_dim=4),
        64, (16, 2, 2), "general",
    ),
    "pit": (
        lambda: named(
            "pit_ti_224", img_size=48, base_dims=(8, 8), depth=(1, 2), heads=(1, 2), patch_size=8, stride=4
        ),
        48, (16, 6, 6), "general",
    ),
    "hiera": (
        lambda: named(
            "hiera_tiny_224", img_size=32, embed_dim=8, num_heads=1, stages=(1, 1), q_pool=1, mask_unit_size=(4, 4)
        ),
        32, (16, 4, 4), "general",
    ),
    "convnext": (
        lambda: named("convnext_atto", depths=(1, 1, 1, 1), dims=(4, 4, 8, 12)), 64, (12, 2, 2), "general"
    ),
}  # fmt: skip

#: Map layers that must be named, since they are not found.
NAMED = {"pit": "transformers.1.blocks.0"}

#: Networks with too many maps, even at their smallest, for a plain forward pass per map.
LARGE: dict[str, tuple[Callable[[], nn.Module], int, tuple[int, int, int], str]] = {
    "mobilevit": (lambda: named("mobilevit_xxs"), 64, (320, 2, 2), "pooled"),
}


@pytest.mark.parametrize("name", [*NETWORKS, *LARGE])
def test_maps_are_the_patches_and_the_head_gives_what_the_network_reads(name: str) -> None:
    make, size, shape, route = (NETWORKS | LARGE)[name]
    one = cut_of(make, size, map_layer=NAMED.get(name))
    assert (one.cut.map_shape, one.cut.head.route) == (shape, route)
    read: list[torch.Tensor] = []
    last = [module for module in one.network.module.modules() if isinstance(module, nn.Linear)][-1]
    if name in ("distilled", "levit"):
        head = one.network.module.get_submodule("head")
        last = [module for module in head.modules() if isinstance(module, nn.Linear)][-1]
    hook = last.register_forward_pre_hook(lambda _module, inputs: read.append(inputs[0]))
    with torch.inference_mode():
        one.network.module(one.images)
        hook.remove()
        head, maps = one.plain
        torch.testing.assert_close(head(maps), read[0])


CUBES: dict[str, tuple[Callable[[], nn.Module], str, bool]] = {
    "swin": (
        lambda: named(
            "swin_tiny_patch4_window7_224", img_size=32, embed_dim=8, depths=(2, 1), num_heads=(1, 2), window_size=2
        ),
        "layers.0", True,
    ),
    "swin of torchvision": (
        lambda: torchvision.models.SwinTransformer([4, 4], 8, [2, 1], [1, 2], [2, 2], num_classes=3),
        "features.1", True,
    ),
    "convnext": (lambda: named("convnext_atto", depths=(1, 1, 1, 1), dims=(8, 8, 8, 12)), "stages.0", False),
    "resnet": (lambda: named("resnet18", channels=(8, 8, 8, 8), stem_width=8), "layer1", False),
}  # fmt: skip


@pytest.mark.parametrize("name", CUBES)
def test_as_many_maps_as_rows_are_told_from_rows(name: str) -> None:
    make, layer, last = CUBES[name]
    one = cut_of(make, map_layer=layer)
    assert one.cut.map_shape == (8, 8, 8)
    seen: list[torch.Tensor] = []
    with torch.inference_mode():
        hook = one.network.module.get_submodule(layer).register_forward_hook(lambda *call: seen.append(call[2]))
        one.network.module(one.images)
        hook.remove()
        torch.testing.assert_close(one.cut.trunk(one.images), seen[0].movedim(-1, 1) if last else seen[0])


class Viewing(nn.Module):
    """Views maps that come last as one row, for which they must be contiguous in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.norm = nn.Conv2d(3, 5, 8, stride=8), nn.LayerNorm(5)
        self.meet, self.head = nn.Linear(5 * 16, 6), nn.Linear(6, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.norm(self.maps(images).permute(0, 2, 3, 1))
        return self.head(torch.sigmoid(self.meet(maps.view(maps.size(0), -1))))


class Branching(Viewing):
    """The same for a network that torch.fx cannot follow."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images) if images.amax() < 10**6 else images


@pytest.mark.parametrize("kind", [Viewing, Branching])
def test_maps_that_come_last_may_be_viewed_in_another_shape(kind: Callable[[], nn.Module]) -> None:
    one = cut_of(kind, map_layer="norm")
    head, maps = one.plain
    assert maps.shape == (N_IMAGES, 5, 4, 4)
    engine = ablation.ablate(one.cut.head, one.recorded(), CPU, "pearson", "pearson")
    expected = naive.leave_one_out(head, maps, people(), "pearson", "pearson")
    np.testing.assert_allclose(engine.leave_one_out([whole(people())])[1][0], expected, atol=2e-5)


def test_what_is_not_square_is_no_map() -> None:
    def make() -> nn.Module:
        return Nest(img_size=64, embed_dims=(8, 8), num_heads=(1, 1), depths=(1, 1), num_levels=2, num_classes=3)

    said = r"map_layer 'levels.0.transformer_encoder.0.add_1' outputs 4 x 64 x 8 .* these dimensions are not places"
    with pytest.raises(InputError, match=said):
        cut_of(make, 64, map_layer="levels.0.transformer_encoder")


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("name", NETWORKS)
def test_routes_equal_forward_passes_with_the_channel_replaced(name: str, ablated: str) -> None:
    make, size, (n_maps, _, _), _ = NETWORKS[name]
    one, human = cut_of(make, size, map_layer=NAMED.get(name)), people()
    head, maps = one.plain
    engine, block = ablation.ablate(one.cut.head, one.recorded(ablated), CPU, "pearson", "pearson"), whole(human)
    order, how = np.random.default_rng(4).permutation(n_maps), ("pearson", "pearson", fill_of(maps, ablated))
    expected = naive.leave_one_out(head, maps, human, *how)
    np.testing.assert_allclose(engine.leave_one_out([block])[1][0], expected, atol=2e-5)
    expected = naive.top_k(head, maps, order, human, *how)
    np.testing.assert_allclose(engine.top_k(order, [block])[0], expected, atol=2e-5)
    some = PairBlock(np.arange(1, len(human)), human[1:, 1:])
    np.testing.assert_allclose(engine.top_k(order, [some])[0], engine.top_k(order, [block, some])[1], atol=2e-5)
    expected = naive.own_maps(head, maps, human, *how)
    np.testing.assert_allclose(engine.leave_one_out_of_each_image(human)[1], expected, atol=2e-5)
    kept = np.arange(n_maps) % 3 > 0
    left = naive.readout(head, maps, np.flatnonzero(kept).tolist(), how[2])
    np.testing.assert_allclose(engine.only(kept).readout, left, atol=2e-5)
    expected_whole = naive.score(naive.rsm(left, "pearson"), human, "pearson")
    assert engine.only(kept).leave_one_out([block])[0][0] == pytest.approx(expected_whole, abs=2e-5)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("name", ["registers", "q/k norm", "mean"])
def test_contributions_to_pairs_sum_to_what_forward_passes_without_the_channel_lose(name: str, ablated: str) -> None:
    make, size, (n_maps, _, _), _ = NETWORKS[name]
    one, human = cut_of(make, size), people()
    human[0, 2] = human[2, 0] = human[3, 4] = human[4, 3] = np.nan
    head, maps = one.plain
    engine = ablation.ablate(one.cut.head, one.recorded(ablated), CPU, "pearson", "pearson")
    how = "pearson", "pearson", fill_of(maps, ablated)
    pairs = np.stack(judged_pairs(human), axis=1)
    (every, *sides), _, correlations = engine.contributions(human, pairs)
    without = naive.leave_one_out(head, maps, human, *how)
    full = naive.score(naive.rsm(naive.readout(head, maps, list(range(n_maps))), "pearson"), human, "pearson")
    np.testing.assert_allclose(every.sum(0), full - without, atol=2e-5)
    np.testing.assert_allclose(correlations, [full, *without], atol=2e-5)
    of_images = np.zeros((N_IMAGES, n_maps))
    for images, side in zip(pairs.T, sides, strict=True):
        np.add.at(of_images, images, side)
    alignment = engine.leave_one_out_of_each_image(human)[0]
    own = naive.own_maps(head, maps, human, *how)
    np.testing.assert_allclose(of_images, alignment[:, None] - own, atol=2e-5)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("memory", [1, 10**9])
@pytest.mark.parametrize("name", ["registers", "q/k norm"])
def test_each_channel_alone_equals_forward_passes(name: str, memory: int, ablated: str) -> None:
    make, size, (n_maps, _, _), _ = NETWORKS[name]
    one, human = cut_of(make, size), people()
    head, maps = one.plain
    compute = Compute(torch.device("cpu"), 1, memory)
    engine = ablation.ablate(one.cut.head, one.recorded(ablated), compute, "cosine", "pearson")
    fill = fill_of(maps, ablated)
    alone = [naive.rsm(naive.readout(head, maps, [k], fill), "cosine") for k in range(n_maps)]
    expected = [naive.score(similarities, human, "pearson") for similarities in alone]
    np.testing.assert_allclose(engine.each_alone([whole(human)])[0], expected, atol=2e-5)


def test_a_readout_can_be_chosen() -> None:
    network = network_of(vit)
    building.choose_readout(network.module, "small", "mean")
    cut = networks.cut(network)
    assert (cut.map_layer, cut.head.route) == ("norm.layer_norm", "pooled")
    without = network_of(lambda: vit(global_pool="avg", class_token=False))
    with pytest.raises(InputError, match="small has no class token"):
        building.choose_readout(without.module, "small", "token")
    with pytest.raises(InputError, match="`readout: mean` is for transformers of timm alone"):
        building.choose_readout(nn.Conv2d(3, 3, 1), "small", "mean")


def test_tokens_of_artefact_norm_are_counted() -> None:
    """Tokens of norm 1, but for two of norm 3.1 and 9 in the second image and one of exactly 3 in the third."""
    maps = torch.zeros(3, 5, 3, 3)
    maps[:, 1] = 1
    maps[1, 1, 0, :2] = torch.tensor([3.1, 9])
    maps[2, 1, 2, 2] = 3
    assert tokens.artefacts(maps).tolist() == [0, 2, 0]


class Merging(nn.Module):
    """A transformer that leaves out the last patch before its last block."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: Any = vit()
        self.blocks: Any
        self.head: Any
        self.num_prefix_tokens: int | None
        self.num_prefix_tokens, self.blocks, self.head = 1, self.whole.blocks, self.whole.head
        self.whole.blocks = self.whole.head = nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.blocks[0](self.whole._pos_embed(self.whole.patch_embed(images)))
        return self.head(self.blocks[1](tokens[:, :-1])[:, 0])


class MergingMore(Merging):
    """One that leaves out the last two, and does not say how many tokens stand for no patch."""

    def __init__(self) -> None:
        super().__init__()
        self.num_prefix_tokens = None

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.blocks[0](self.whole._pos_embed(self.whole.patch_embed(images)))
        return self.head(self.blocks[1](tokens[:, :-2])[:, 0])


def test_tokens_without_a_grid_are_refused_with_their_number() -> None:
    with pytest.raises(InputError, match=r"16 tokens per image, 1 of which does not stand for .*grid of 15 positions"):
        networks.cut(network_of(Merging))
    with pytest.raises(InputError, match=r"has 15 tokens per image\. No earlier layer has a grid of 15 positions"):
        networks.cut(network_of(MergingMore), "blocks.1")


def test_a_class_token_alone_is_no_map() -> None:
    make, size, *_ = NETWORKS["class token that joins late"]
    with pytest.raises(InputError, match=r"map_layer 'blocks_token_only\.0.*' has no tokens of image patches"):
        networks.cut(network_of(make, size), "blocks_token_only.0")


@pytest.mark.parametrize("layer", ["blocks.1", "norm"])
def test_patches_behind_the_last_block_are_refused_where_the_class_token_is_read(layer: str) -> None:
    with pytest.raises(InputError, match=f"map_layer '{layer}.*': after it only the class token is read"):
        networks.cut(network_of(vit), layer)
    networks.cut(network_of(vit), "blocks.0")
    networks.cut(network_of(lambda: vit(global_pool="avg", fc_norm=False)), layer)


def test_patches_that_nothing_attends_to_any_more_are_refused() -> None:
    """Between the attention and the fully connected layers of the last block each token goes on by itself."""
    message = r"small does not depend on the maps of 'blocks\.1\.add'\. Name a layer .* before the last block"
    with pytest.raises(InputError, match=message):
        networks.cut(network_of(vit), "blocks.1.add")
    networks.cut(network_of(vit), "blocks.0.add")


def test_networks_that_keep_what_they_computed_can_be_cut_again() -> None:
    network = network_of(NETWORKS["levit"][0], 64)
    assert networks.cut(network).describe() == networks.cut(network).describe()
    layers = networks.list_layers(network).set_index("layer")["role"]
    assert (layers["stages.1.blocks.0.add_1"], layers["head.bn"]) == ("map layer", "readout")
