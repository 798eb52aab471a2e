"""How long the engine takes, and how long other ways to the same numbers take, measured in one run.

All data are simulated and the weights of VGG-16 are random: speed and memory do not depend on their meaning. What does
matter is how many units of its fully connected layers are active; their biases are set so that 15 per cent are, about
as in a trained network.
"""

import functools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import timm
import torch
from captum.attr import FeatureAblation
from torch import nn

from alignment_importance import networks
from alignment_importance.ablation import PooledAblation, ReadoutAblation
from alignment_importance.ablation.attention import AttentionHead
from alignment_importance.ablation.heads import LinearHead
from alignment_importance.experiments import curves
from alignment_importance.experiments import rankings as importance
from alignment_importance.inputs import folds
from alignment_importance.networks.head import Head
from alignment_importance.networks.plan import seeded
from alignment_importance.system import memory
from alignment_importance.system.compute import Compute
from alignment_importance.system.logs import progress

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

N_IMAGES, N_MANY = 92, 1854
N_POOLED_MAPS = 1280
SEEDS, N_FOLDS = (111, 222, 333, 444, 555, 666, 777, 888), 5
#: Share of the units of the fully connected layers that are active, over all images.
ACTIVE = 0.15


@dataclass
class Measured:
    """Wall-clock and processor seconds, and peak memory in MB, of the code inside `measure`.

    The memory is the process's, with all libraries and what earlier work has left, or the GPU's if that computes.
    """

    seconds: float = np.nan
    peak_mb: float = np.nan
    processor_seconds: float = np.nan


@contextmanager
def measure(device: torch.device) -> Iterator[Measured]:
    """Measure a block of code; the values are there when it has ended."""
    measured = Measured()
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    elif (peak := Path("/proc/self/clear_refs")).exists():
        peak.write_text("5", encoding="ascii")
    started, used = time.perf_counter(), time.process_time()
    yield measured
    if on_gpu:
        torch.cuda.synchronize(device)
    measured.seconds, measured.processor_seconds = time.perf_counter() - started, time.process_time() - used
    measured.peak_mb = torch.cuda.max_memory_allocated(device) / 1e6 if on_gpu else memory.peak_mb()


def row(
    network: str,
    work: str,
    against: str,
    ours: Measured,
    other_seconds: float = np.nan,
    *,
    n_images: int,
    n_maps: int,
    difference: float = np.nan,
    share: float = np.nan,
) -> dict[str, object]:
    """One row of the summary; another way took `other_seconds` for `share` of the work and is extrapolated to all."""
    extrapolated = other_seconds / share
    ratio = extrapolated / ours.seconds
    logger.info("%s, %s: %.3g s; %s: %.3g s (%.0f times)", network, work, ours.seconds, against, extrapolated, ratio)
    return {
        "network": network,
        "work": work,
        "against": against,
        "n_images": n_images,
        "n_maps": n_maps,
        "ours_seconds": ours.seconds,
        "ours_processor_seconds": ours.processor_seconds,
        "other_seconds": extrapolated,
        "ratio": ratio,
        "ours_peak_mb": ours.peak_mb,
        "max_abs_difference": difference,
        "measured_share": share,
    }


def vgg16(compute: Compute) -> pd.DataFrame:
    """Leave-one-out scores and top-k curves of VGG-16, against the published way and against captum."""
    with measure(compute.device) as preparing:
        head, maps, human = _vgg16_data(compute)
        n_maps, folds_of_seeds = head.n_maps, cut_into_folds(human)
    zeros = torch.zeros(n_maps)
    with measure(compute.device) as loo:
        engine = ReadoutAblation(LinearHead(head, compute, zeros, maps), compute, "pearson", "pearson_r2")
        _, without = engine.leave_one_out([folds.whole(human)])
    with measure(compute.device) as ranking:
        rankings = [importance.rank_folds(engine, of_seed) for of_seed in folds_of_seeds]
    with measure(compute.device) as tracing:
        traced = [curves.trace(engine, of_seed, table) for of_seed, table in zip(folds_of_seeds, rankings, strict=True)]
    with measure(compute.device) as scoring:
        _, image_correlations = engine.leave_one_out_of_each_image(human)
    parts = (preparing, loo, ranking, tracing, scoring)
    everything = Measured(
        sum(part.seconds for part in parts),
        max(part.peak_mb for part in parts),
        sum(part.processor_seconds for part in parts),
    )
    kind = {"n_images": len(maps), "n_maps": n_maps}
    torch.set_num_threads(compute.threads)  # for the other ways: the engine has ended
    ablated = np.linspace(0, n_maps - 1, 6).astype(int)
    seconds, scores = heads_run_again(head.module, (maps,), list(ablated[:, None]), [folds.whole(human)], 1)
    difference, share = float(np.abs(scores[:, 0] - without[0, ablated]).max()), len(ablated) / n_maps
    rows = [row("vgg16", "leave_one_out", "published", loo, seconds, difference=difference, share=share, **kind)]
    n_captum = 2
    seconds, correlations = captum_leave_one_out(head.module, maps, human, range(n_captum))
    difference, share = float(np.abs(correlations - image_correlations[:n_captum]).max()), n_captum / len(maps)
    rows.append(row("vgg16", "leave_one_out", "captum", loo, seconds, difference=difference, share=share, **kind))
    seconds, difference, share = _published_curves(head.module, maps, folds_of_seeds, rankings[0], traced[0])
    rows.append(row("vgg16", "curves", "published", tracing, seconds, difference=difference, share=share, **kind))
    rows.append(row("vgg16", "everything", "nothing", everything, **kind))
    return pd.DataFrame(rows)


def _vgg16_data(compute: Compute) -> tuple[Head, torch.Tensor, np.ndarray]:
    """The head of VGG-16, feature maps of simulated images, simulated judgments."""
    network = networks.build(networks.Spec("vgg16", weights="random", seed=1))
    cut = networks.cut(network)
    trunk = cut.trunk.to(compute.device)
    generator = torch.Generator().manual_seed(2)
    maps = []
    with torch.no_grad():
        for _ in progress(range(0, N_IMAGES, 4), "images through VGG-16, four at a time", N_IMAGES // 4):
            # Blurred noise: neighbouring pixels resemble each other, as in photographs.
            noise = torch.randn(4, 3, 28, 28, generator=generator)
            images = nn.functional.interpolate(noise, size=224, mode="bicubic").to(compute.device)
            maps.append(trunk(images).cpu())
    feature_maps = torch.cat(maps)
    _set_active_share(cut.head, feature_maps, compute.device)
    return cut.head, feature_maps, _judgments(N_IMAGES)


def _set_active_share(head: Head, maps: torch.Tensor, device: torch.device) -> None:
    """Give the units of each fully connected layer the bias with which `ACTIVE` of their activations are not zero."""
    layers = [layer for layer in head.module.to(device).modules() if isinstance(layer, nn.Linear)]
    for layer in layers:
        inputs: list[torch.Tensor] = []
        hook = layer.register_forward_hook(lambda _layer, given, _output, seen=inputs: seen.append(given[0]))
        with torch.no_grad():
            head.module(maps.to(device))
            hook.remove()
            sums = inputs[0] @ layer.weight.T
            layer.bias.fill_(-float(np.quantile(sums.cpu().numpy(), 1 - ACTIVE)))


def heads_run_again(
    head: nn.Module,
    parts: Sequence[torch.Tensor],
    ablated: Sequence[np.ndarray],
    blocks: Sequence[folds.PairBlock],
    at_once: int,
) -> tuple[float, np.ndarray]:
    """Scores by forward passes of the head with some maps set to zero, then one RSM per block.

    Args:
        head: turns maps, and prefix tokens where it reads any, into the readout (image, unit).
        parts: the maps (image, feature_map, y, x) and any tokens (image, token, unit).
        ablated: sets of maps, one after the other.
        at_once: images per forward pass.

    Returns:
        Seconds, and the scores (set, block) without these maps.
    """
    device = next(head.parameters()).device
    maps, *prefix = parts
    started = time.perf_counter()
    scores = []
    for gone in progress(ablated, "the head run again: sets of maps ablated", len(ablated)):
        without = maps.clone()
        without[:, gone] = 0
        batches = zip(*(values.split(at_once) for values in (without, *prefix)), strict=True)
        with torch.no_grad():
            readout = torch.cat([head(*(values.to(device) for values in batch)).cpu() for batch in batches]).numpy()
        scores.append([_numpy_score(readout[block.images], block.human) for block in blocks])
    return time.perf_counter() - started, np.array(scores)


def captum_leave_one_out(
    head: nn.Module, maps: torch.Tensor, human: np.ndarray, images: Sequence[int]
) -> tuple[float, np.ndarray]:
    """Ablation of each feature map in some images, one image at a time, by captum in batches of maps.

    Returns:
        Seconds, and (image, map) the correlations of these images' similarities without each of their maps.
    """
    device = next(head.parameters()).device
    n_maps = maps.shape[1]
    mask = torch.arange(n_maps, device=device)[None, :, None, None].expand(1, *maps.shape[1:])
    with torch.no_grad():
        whole = torch.cat([head(part.to(device)) for part in maps.split(32)]).cpu().numpy()
    collected: list[np.ndarray] = []

    def forward(ablated: torch.Tensor) -> torch.Tensor:
        readout = head(ablated)
        collected.append(readout.cpu().numpy())
        return readout.sum(1)

    seconds, correlations = 0.0, []
    for image in progress(images, "captum: images ablated", len(images)):
        collected.clear()
        started = time.perf_counter()
        with torch.no_grad():
            FeatureAblation(forward).attribute(
                maps[image : image + 1].to(device), feature_mask=mask, perturbations_per_eval=32
            )
        seconds += time.perf_counter() - started
        # The first output is that of the whole image.
        rows = np.concatenate(collected)[1:]
        correlations.append([_own_correlation(own, whole, human, image) for own in rows])
    return seconds, np.array(correlations)


def _published_curves(
    head: nn.Module,
    maps: torch.Tensor,
    folds_of_seeds: Sequence[list[folds.Fold]],
    ranking: pd.DataFrame,
    traced: pd.DataFrame,
) -> tuple[float, float, float]:
    """Seconds, largest difference and share of the head computed again for some k of the first fold, in one batch.

    Differences count beyond the first tenth of k: with a few maps all similarities are nearly one, and what is left is
    rounding of float32.
    """
    fold = folds_of_seeds[0][0]
    order = importance.order_of(ranking[ranking["fold"] == fold.fold])
    expected = traced[traced["fold"] == fold.fold].set_index("k")
    sizes = np.linspace(1, len(order), 24).astype(int)
    left_out = [order[k:].copy() for k in sizes]
    seconds, naive = heads_run_again(head, (maps,), left_out, (fold.train, fold.test), len(maps))
    ours = expected.loc[sizes, ["train_score", "test_score"]].to_numpy(float)
    # With a constant row neither has a score; a score of only one would make the difference NaN.
    differences = np.where(np.isnan(ours) & np.isnan(naive), 0, np.abs(ours - naive))
    difference = float(differences[sizes > len(order) // 10].max())
    share = len(sizes) / (len(order) * sum(len(of_seed) for of_seed in folds_of_seeds))
    return seconds, difference, share


def _numpy_score(readout: np.ndarray, human: np.ndarray) -> float:
    """Square of Pearson's r between the RSM of a readout and judgments."""
    upper = np.triu_indices(len(human), k=1)
    return float(np.corrcoef(np.asarray(np.corrcoef(readout))[upper], human[upper])[0, 1] ** 2)


def _own_correlation(own: np.ndarray, whole: np.ndarray, human: np.ndarray, image: int) -> float:
    """Pearson's r between one ablated image's similarities with the whole others and people's."""
    others = np.arange(len(whole)) != image
    similarities = np.asarray(np.corrcoef(own, whole[others]))[0, 1:]
    return float(np.corrcoef(similarities, human[image, others])[0, 1])


def transformer(compute: Compute) -> pd.DataFrame:
    """Leave-one-out scores of the patches that enter the last block, against that block run again for every channel."""
    head, maps, prefix, human = _transformer_data()
    zeros = torch.zeros(head.n_maps)
    with measure(compute.device) as ours:
        engine = ReadoutAblation(AttentionHead(head, compute, zeros, maps, prefix), compute, "pearson", "pearson_r2")
        _, without = engine.leave_one_out([folds.whole(human)])
    ablated = np.linspace(0, head.n_maps - 1, 4).astype(int)
    torch.set_num_threads(compute.threads)  # as for VGG-16
    seconds, scores = heads_run_again(head.module, (maps, prefix), list(ablated[:, None]), [folds.whole(human)], 32)
    difference, share = float(np.abs(scores[:, 0] - without[0, ablated]).max()), len(ablated) / head.n_maps
    compared = ("vit_b_16", "leave_one_out", "last_block", ours, seconds)
    return pd.DataFrame([row(*compared, difference=difference, share=share, n_images=len(maps), n_maps=head.n_maps)])


def _transformer_data() -> tuple[Head, torch.Tensor, torch.Tensor, np.ndarray]:
    """The head of ViT-B/16 with random weights, simulated patches and class tokens, simulated judgments."""
    with seeded(1):
        module = timm.create_model("vit_base_patch16_224", pretrained=False).eval().requires_grad_(False)
    cut = networks.cut(networks.Network(module, "vit_b_16", "random weights", 224, (0.5,) * 3, (0.5,) * 3))
    generator = torch.Generator().manual_seed(2)
    # Some channels of trained transformers are far larger than others.
    scale = torch.randn(cut.head.n_maps, generator=generator).exp()
    tokens = torch.randn(N_IMAGES, 197, cut.head.n_maps, generator=generator) * scale
    return cut.head, tokens[:, 1:].mT.reshape(-1, *cut.map_shape), tokens[:, :1], _judgments(N_IMAGES)


def pooled(compute: Compute) -> pd.DataFrame:
    """Leave-one-out scores of pooled readouts, against one RSM per map from the Gram matrix."""
    rows = []
    for n_images, n_measured in ((N_IMAGES, N_POOLED_MAPS), (N_MANY, 16)):
        readout, human = _pooled_data(n_images)
        ablated = np.linspace(0, N_POOLED_MAPS - 1, n_measured).astype(int)
        rounds, repeats = (10, 10) if n_images == N_IMAGES else (3, 1)
        preparing, (units, products) = _best_of(functools.partial(gram, readout), rounds * repeats, compute)
        (ours, without), (one_by_one, scores) = _best_of_both(
            functools.partial(_pooled_leave_one_out, readout, human, compute),
            functools.partial(gram_leave_one_out, units, products, human, ablated),
            rounds,
            repeats,
            compute,
        )
        share = n_measured / N_POOLED_MAPS
        seconds = share * preparing.seconds + one_by_one.seconds
        difference = float(np.abs(scores - without[ablated]).max())
        kind = {"n_images": n_images, "n_maps": N_POOLED_MAPS}
        rows.append(row("pooled", "leave_one_out", "gram", ours, seconds, difference=difference, share=share, **kind))
    return pd.DataFrame(rows)


def gram(readout: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A readout (image, unit) in float64 and its Gram matrix (image, image)."""
    rows = readout.astype(np.float64)
    return rows, rows @ rows.T


def gram_leave_one_out(rows: np.ndarray, products: np.ndarray, human: np.ndarray, ablated: np.ndarray) -> np.ndarray:
    """Scores without each of some maps in numpy, one RSM per map, each from the Gram matrix less a product.

    Args:
        rows, products: of a pooled readout, see `gram`.
        human: (image, image) judgments.
        ablated: (n,) maps.
    """
    sums, n_units = rows.sum(1), rows.shape[1]
    upper = np.triu_indices(len(rows), k=1)
    scores = []
    for k in ablated:
        column = rows[:, k]
        less = sums - column
        covariation = products - np.outer(column, column) - np.outer(less, less) / n_units
        deviation = np.sqrt(np.diag(covariation))
        similarities = covariation / np.outer(deviation, deviation)
        scores.append(np.corrcoef(similarities[upper], human[upper])[0, 1] ** 2)
    return np.array(scores)


def growth(compute: Compute) -> pd.DataFrame:
    """Time and memory of pooled readouts as the number of images grows: a row for each number and kind of work."""
    rows = []
    for n_images in (N_IMAGES, 200, 430, 900, N_MANY):
        readout, human = _pooled_data(n_images)
        for work, call in _pooled_work(readout, human, compute).items():
            measured, _ = _best_of(call, 20 if n_images < 500 else 3, compute)
            rows.append(row("pooled", work, "nothing", measured, n_images=n_images, n_maps=N_POOLED_MAPS))
    return pd.DataFrame(rows)


def _pooled_work(readout: np.ndarray, human: np.ndarray, compute: Compute) -> dict[str, Callable[[], np.ndarray]]:
    """What the workflow computes of one pooled readout, by name; the curves are those of one fold."""
    names = names_of(len(human))
    fold = folds.blocks(folds.cut("images", names, N_FOLDS, SEEDS[0]), human, names)[0]

    def engine() -> PooledAblation:
        return PooledAblation(readout, compute, "pearson", "pearson_r2")

    return {
        "leave_one_out": lambda: _pooled_leave_one_out(readout, human, compute),
        "curves": lambda: engine().top_k(np.arange(N_POOLED_MAPS), [fold.train, fold.test]),
        "image_scores": lambda: engine().leave_one_out_of_each_image(human)[1],
    }


def all_folds(compute: Compute) -> pd.DataFrame:
    """Rankings, curves and image scores of 8 seeds and 5 folds, for a readout of the size of EfficientNet-Lite0's."""
    readout, human = _pooled_data(N_IMAGES)
    with measure(compute.device) as measured:
        engine = PooledAblation(readout, compute, "pearson", "pearson_r2")
        folds_of_seeds = cut_into_folds(human)
        rankings = [importance.rank_folds(engine, of_seed) for of_seed in folds_of_seeds]
        for of_seed, table in zip(folds_of_seeds, rankings, strict=True):
            curves.trace(engine, of_seed, table)
        importance.score_images(engine, human, names_of(N_IMAGES))
    return pd.DataFrame([row("pooled", "40_folds", "nothing", measured, n_images=N_IMAGES, n_maps=N_POOLED_MAPS)])


def _best_of(call: Callable[[], Result], repeats: int, compute: Compute) -> tuple[Measured, Result]:
    """The quickest of several runs, which the rest of the machine disturbed least, and the result."""
    runs = []
    for _ in range(repeats):
        with measure(compute.device) as measured:
            result = call()
        runs.append(measured)
    return min(runs, key=lambda run: run.seconds), result


def _best_of_both(
    ours: Callable[[], np.ndarray], other: Callable[[], np.ndarray], rounds: int, repeats: int, compute: Compute
) -> tuple[tuple[Measured, np.ndarray], tuple[Measured, np.ndarray]]:
    """The quickest runs of two ways that take turns, so that what else the machine does disturbs both."""
    turns = [(_best_of(ours, repeats, compute), _best_of(other, repeats, compute)) for _ in range(rounds)]
    first, second = zip(*turns, strict=True)
    return min(first, key=lambda run: run[0].seconds), min(second, key=lambda run: run[0].seconds)


def _pooled_leave_one_out(readout: np.ndarray, human: np.ndarray, compute: Compute) -> np.ndarray:
    """Scores without each map, including the time for the Gram matrix."""
    engine = PooledAblation(readout, compute, "pearson", "pearson_r2")
    return engine.leave_one_out([folds.whole(human)])[1][0]


def _pooled_data(n_images: int) -> tuple[np.ndarray, np.ndarray]:
    """A simulated pooled readout (image, unit) without negative values, and simulated judgments."""
    random = np.random.default_rng(3)
    return random.gamma(1.0, size=(n_images, N_POOLED_MAPS)).astype(np.float32), _judgments(n_images)


def _judgments(n_images: int) -> np.ndarray:
    random = np.random.default_rng(4)
    judged = random.random((n_images, n_images))
    judged = judged + judged.T
    np.fill_diagonal(judged, np.nan)
    return judged


def names_of(n_images: int) -> list[str]:
    """Names of simulated images."""
    return [f"image-{number:05d}" for number in range(n_images)]


def cut_into_folds(human: np.ndarray) -> list[list[folds.Fold]]:
    """The folds of each seed of `SEEDS`."""
    names = names_of(len(human))
    return [folds.blocks(folds.cut("images", names, N_FOLDS, seed), human, names) for seed in SEEDS]
