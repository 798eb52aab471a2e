"""One check of everything that a run is about to use: images, judgments, networks, folds, saliency maps, controls."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance import networks
from alignment_importance.inputs import checked_files, folds, images
from alignment_importance.inputs.images import examination
from alignment_importance.inputs.judgments import mean, reading
from alignment_importance.maps import controls as control
from alignment_importance.maps.saliency import fixations, providers
from alignment_importance.system.errors import InputError
from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems

#: A correlation over the pairs of fewer test images scatters widely.
FEW_TEST_IMAGES = 6

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageSet:
    """A folder of images, see `images.tabulate`."""

    folder: Path
    table: Path | None = None
    background: Sequence[int] | None = None


@dataclass(frozen=True)
class Comparison:
    """Judgments of the images of the set called `image_set`."""

    image_set: str
    source: reading.Source


@dataclass(frozen=True)
class Control:
    """Masks of the images of a set, see `control.evaluate`."""

    image_set: str
    masks: Path
    objects: Mapping[str, int]


@dataclass(frozen=True)
class Split:
    """How images or pairs are cut into folds, see `folds`, and their training blocks into folds of their own, if so."""

    unit: str
    n_folds: int
    seeds: Sequence[int]
    inner_folds: int | None = None


@dataclass(frozen=True)
class Inputs:
    """What a run uses, every item by the name that messages call it by (`models.vgg16`, but image sets by their own).

    Attributes:
        split: the cross-validation of every comparison; None to leave it unchecked.
        saliency: keywords of `saliency.providers.provider`.
        problems: what is known to be wrong beside them: key or file, and what was found there.
    """

    image_sets: Mapping[str, ImageSet]
    comparisons: Mapping[str, Comparison]
    models: Mapping[str, networks.Spec]
    split: Split | None
    saliency: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)
    problems: Sequence[tuple[str, str]] = ()

    def without(self, files: Collection[Path]) -> "Inputs":
        """Leave out what is in some files and folders, and what depends on it."""
        image_sets = {
            name: image_set
            for name, image_set in self.image_sets.items()
            if not {image_set.folder, image_set.table}.intersection(files)
        }
        comparisons = {
            label: comparison
            for label, comparison in self.comparisons.items()
            if comparison.image_set in image_sets
            and comparison.source.path not in files
            and comparison.source.order not in files
        }
        controls = {
            label: of_control
            for label, of_control in self.controls.items()
            if of_control.image_set in image_sets and of_control.masks not in files
        }
        return replace(self, image_sets=image_sets, comparisons=comparisons, controls=controls)


def check(inputs: Inputs, threads: int = 1) -> tuple[Problems, pd.DataFrame]:
    """Check everything, each image and each file of judgments once, without running or downloading a network.

    Args:
        inputs: what is checked.
        threads: that decode images at the same time.

    Returns:
        All that was found, and the table of all files that were read (`checked_files.tabulate`).
    """
    findings = Problems()
    for where, found in inputs.problems:
        findings.error(where, found, "")
    tables = {}
    judged: dict[str, set[str]] = {name: set() for name in inputs.image_sets}
    for name, image_set in inputs.image_sets.items():
        tables[name] = examination.examine(image_set.folder, image_set.table, image_set.background, findings, threads)
    for label, comparison in inputs.comparisons.items():
        logger.info("Judgments of %s", label)
        judgments = reading.inspect(comparison.source, tables[comparison.image_set], findings)
        if judgments is not None:
            judged[comparison.image_set] |= set(judgments["image"].to_numpy())
            if inputs.split is not None:
                check_split(label, judgments, inputs.split, findings)
    for label, spec in inputs.models.items():
        logger.info("Network of %s", label)
        with findings.collect(label):
            networks.cut(networks.inspect(spec), spec.map_layer, spec.readout_layer)
    for settings in inputs.saliency.values():
        for table in tables.values():
            if len(table):
                _check_saliency(settings, table, findings)
    for of_control in inputs.controls.values():
        table = tables[of_control.image_set]
        wanted = table[table["image"].isin(judged[of_control.image_set]) & (table["width"] > 0)]
        control.check_masks(of_control.masks, of_control.objects, wanted, findings)
    sums = checked_files.sums_of(_single_files(inputs))
    for table in tables.values():
        sums |= zip(table["file"], table["sha256"], strict=True)
    return findings, checked_files.tabulate(sums)


def _check_saliency(settings: Mapping[str, Any], table: pd.DataFrame, findings: Problems) -> None:
    """Note saliency maps and fixations of the user's own that are missing or that cannot be used."""
    if settings["method"] not in providers.METHODS:
        return
    with findings.collect(settings["maps"] or settings["fixated"]):
        provider = providers.provider(table, **settings)
        if settings["fixated"] is not None:
            fixations.note_outside(settings["fixated"], fixations.read(settings["fixated"], table), findings)
        if settings["maps"] is None:
            return
        decoded = table[table["width"] > 0]
        for image, width, height in zip(decoded["image"], decoded["width"], decoded["height"], strict=True):
            with findings.collect(settings["maps"]):
                provider.map_of(image, np.zeros((height, width, 3), dtype=np.uint8))


def check_split(label: str, judgments: xr.Dataset, split: Split, findings: Problems) -> None:
    """Note folds that cannot be made, that cannot be scored, or that are small."""
    ids = judgments["image"].to_numpy().tolist()
    human = mean(judgments, ids)
    cut = folds.split_images if split.unit == "images" else folds.split_pairs
    problems: dict[int, str] = {}
    flat: list[str] = []
    uncut: list[str] = []
    for seed in split.seeds:
        try:
            made = folds.blocks(cut(ids, split.n_folds, seed), human, ids)
        except InputError as error:
            problems[seed] = str(error).removeprefix("cross_validation: ")
            continue
        names = {f"fold {fold.fold} of seed {seed}": fold for fold in made}
        flat += [name for name, fold in names.items() if _is_flat(fold)]
        uncut += [name for name, fold in names.items() if not _can_be_cut(fold, split, seed)]
    if problems:
        seed, found = next(iter(problems.items()))
        seeds = f"{len(problems)} of {len(split.seeds)} seeds, such as {seed}"
        findings.error("cross_validation.folds", found.removesuffix("."), "", place=f"{label}, {seeds}")
        return
    if flat:
        findings.warn(
            "cross_validation.folds",
            f"folds in which all judgments of the training or of the test pairs are the same: {images.some(flat)}",
            "Their scores are NaN. Use fewer folds, or more images or judgments.",
            place=label,
        )
    if uncut:
        findings.warn(
            "statistics.inner_folds",
            f"{split.inner_folds} folds leave no test block of {folds.MIN_PAIRS} judged pairs inside the training data "
            f"of {images.some(uncut)}",
            "No penalty of fitted weights can be chosen, and their scores are NaN. Use fewer folds, or more images or "
            "judgments.",
            place=label,
        )
    smallest = len(ids) // split.n_folds
    if split.unit == "images" and smallest < FEW_TEST_IMAGES:
        findings.warn(
            "cross_validation.folds",
            f"{len(ids)} images in {split.n_folds} folds leave {counted(smallest, 'test image', 'test images')}, with "
            f"{counted(smallest * (smallest - 1) // 2, 'pair', 'pairs')} among them",
            f"Test scores scatter widely with fewer than {FEW_TEST_IMAGES}. Use fewer folds or more images.",
            place=label,
        )


def _can_be_cut(fold: folds.Fold, split: Split, seed: int) -> bool:
    """Whether penalties can be chosen inside the training data, if any are."""
    return split.inner_folds is None or bool(folds.inside(fold, split.inner_folds, seed, split.unit == "pairs"))


def _is_flat(fold: folds.Fold) -> bool:
    """Whether nothing can be correlated with the judgments of a block, since they are all the same."""
    return any(np.nanmin(block.human) == np.nanmax(block.human) for block in (fold.train, fold.test))


def _single_files(inputs: Inputs) -> set[Path]:
    """The files that are no images."""
    named: list[object] = [image_set.table for image_set in inputs.image_sets.values()]
    named += [settings["fixated"] for settings in inputs.saliency.values()]
    for comparison in inputs.comparisons.values():
        named += [comparison.source.path, comparison.source.order, comparison.source.images]
    named += [Path(spec.checkpoint) for spec in inputs.models.values() if spec.checkpoint]
    return {file for file in named if isinstance(file, Path)}
