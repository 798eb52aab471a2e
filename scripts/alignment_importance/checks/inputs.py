"""One check of everything that a run is about to use: images, judgments, folds, networks, saliency maps, controls."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance import networks
from alignment_importance.inputs import features
from alignment_importance.inputs.fold_checks import check_folds
from alignment_importance.inputs.images import examination
from alignment_importance.inputs.judgments import named_pairs, reading
from alignment_importance.maps import controls
from alignment_importance.maps.saliency import fixations, registry
from alignment_importance.networks import checking
from alignment_importance.system.problems import Problems

logger = logging.getLogger(__name__)


def check(configuration: Mapping[str, Any], problems: Problems, threads: int = 1) -> None:
    """Check everything that a run of a configuration uses, without running or downloading a network.

    Args:
        configuration: completed; as `config.Configuration.model_dump` gives it.
    """
    images = {}
    # As in a run, sets of images that nobody has judged are ignored.
    for name in dict.fromkeys(entry["image_set"] for entry in configuration["comparisons"].values()):
        entry = configuration["image_sets"][name]
        images[name] = examination.examine(entry["folder"], entry["table"], entry["background"], problems, threads)
    cut, inner_folds = configuration["cross_validation"], configuration["statistics"]["inner_folds"]
    judged: dict[str, set[str]] = {name: set() for name in images}
    n_pairs: dict[str, int] = {}
    for name, entry in configuration["comparisons"].items():
        logger.info("Judgments of comparisons.%s", name)
        judgments = reading.inspect(reading.Source.of(name, entry), images[entry["image_set"]], problems)
        if judgments is None:
            continue
        check_folds(f"comparisons.{name}", judgments, cut["unit"], cut["folds"], cut["seeds"], inner_folds, problems)
        judged[entry["image_set"]] |= set(judgments["image"].to_numpy())
        with problems.collect(f"comparisons.{name}.pairs"):
            n_pairs[name] = _count_pairs(name, entry["pairs"], judgments, problems)
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, entry in configuration["models"].items():
        if "features" in entry:
            logger.info("Features of models.%s", name)
            for table in images.values():
                if len(table):
                    labelled = features.read(_features_of(entry), table, problems)
                    if labelled is not None and entry["layout"] == "maps":
                        shapes[name] = (labelled["feature_maps"].shape[1:], labelled.attrs["route"])
            continue
        logger.info("Network of models.%s", name)
        checked = checking.check(networks.Spec(**entry), f"models.{name}", problems)
        if checked is not None:
            _, cut_network = checked
            shapes[name] = (cut_network.map_shape, cut_network.head.route)
    for name, number in n_pairs.items():
        where = f"comparisons.{name}.pairs"
        named_pairs.check_memory(number, shapes, configuration["memory_gb"], where, problems)
    for entry in configuration["saliency"].values():
        for table in images.values():
            if len(table):
                _check_saliency(entry, table, problems)
    for entry in configuration["controls"].values():
        table = images[entry["image_set"]]
        wanted = table[table["image"].isin(judged[entry["image_set"]]) & (table["width"] > 0)]
        controls.check_masks(Path(entry["masks"]), entry["objects"], wanted, problems)


def _features_of(entry: Mapping[str, Any]) -> features.Source:
    """Make the source of a model's features from its entry in the configuration."""
    settings = {key: entry[key] for key in ("key", "layout", "resize", "middle")}
    return features.Source(Path(entry["features"]), Path(entry["order"]), **settings)


def _count_pairs(comparison: str, asked: Any, judgments: xr.Dataset, problems: Problems) -> int:
    """Count the pairs to explain in a comparison, and note what is wrong with them; 0 if networks decide which."""
    if isinstance(asked, Mapping):
        return 0
    in_file = isinstance(asked, str) and asked != "all"
    named = Path(asked) if in_file else asked
    return len(named_pairs.read(named, judgments, f"comparisons.{comparison}.pairs", problems))


def _check_saliency(entry: Mapping[str, Any], table: pd.DataFrame, problems: Problems) -> None:
    """Note the user's own saliency maps and fixations that are missing or cannot be used."""
    if registry.METHODS[entry["method"]].is_network:
        return
    with problems.collect(entry["maps"] or entry["fixations"]):
        if entry["fixations"] is not None:
            fixations.read(entry["fixations"], table, problems)
        if entry["maps"] is None:
            return
        provider = registry.provider(table, entry)
        decoded = table[table["width"] > 0]
        for image, width, height in zip(decoded["image"], decoded["width"], decoded["height"], strict=True):
            with problems.collect(entry["maps"]):
                provider.map_of(image, np.zeros((height, width, 3), dtype=np.uint8))
