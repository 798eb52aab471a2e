"""The plan of a run, for the rules: which comparisons, models and figures there are, and which files they read."""

import itertools
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alignment_importance.config import files
from alignment_importance.config.configuring import PUBLISHED
from alignment_importance.config.sections import Configuration, Features, Model, PairNumbers
from alignment_importance.maps.saliency.registry import METHODS

#: Kinds of figure of the paper that need saliency maps.
_OF_SALIENCY = ("overlap-grid", "overlap-categories", "overlap")


@dataclass(frozen=True)
class Plan:
    """The comparisons, models and figures of a run, and the files that they read."""

    configuration: Configuration

    def image_set_of(self, comparison: str) -> str:
        """Name the image set that was judged in a comparison."""
        return self.configuration.comparisons[comparison].image_set

    def comparisons_of(self, image_set: str) -> list[str]:
        """Name the comparisons of an image set."""
        return [name for name in self.configuration.comparisons if self.image_set_of(name) == image_set]

    def judged_sets(self) -> list[str]:
        """Name the image sets that have been judged."""
        return [name for name in self.configuration.image_sets if self.comparisons_of(name)]

    def lists_of(self, comparison: str) -> list[str]:
        """The files of image ids that a comparison names: for the rows of an array, and for its selection of images."""
        entry = self.configuration.comparisons[comparison]
        return [file for file in (entry.order, entry.images) if isinstance(file, str)]

    def fixed_pairs(self) -> list[str]:
        """Name the comparisons whose pairs to explain do not depend on the network: named pairs, or all."""
        return [name for name in self.configuration.comparisons if not self.numbers_of_pairs(name)]

    def file_of_pairs(self, comparison: str) -> str | None:
        """The file that names the pairs to explain, if one does."""
        entry = self.configuration.comparisons[comparison]
        return entry.pairs if entry.names_pairs and isinstance(entry.pairs, str) else None

    def numbers_of_pairs(self, comparison: str) -> dict[str, int]:
        """Numbers of pairs to explain, by kind; empty if the pairs do not depend on the network."""
        pairs = self.configuration.comparisons[comparison].pairs
        return pairs.model_dump() if isinstance(pairs, PairNumbers) else {}

    def files_of_network(self, model: str) -> list[str]:
        """The user's files that a network is built from: its checkpoint, and the Python file of an own architecture."""
        network = self.configuration.models[model]
        if isinstance(network, Features):
            return []
        return [*_own_code(network.architecture), *([network.checkpoint] if network.checkpoint else [])]

    def sweeps(self) -> dict[str, list[str]]:
        """Names of models that differ only in their map layer and are called NAME.LAYER, by NAME."""
        alike: dict[tuple[str, str], list[str]] = {}
        for name, model in self.configuration.models.items():
            if isinstance(model, Model) and model.map_layer and name.endswith(f".{model.map_layer}"):
                network = name.removesuffix(f".{model.map_layer}")
                alike.setdefault((network, model.model_dump_json(exclude={"map_layer"})), []).append(name)
        return {network: names for (network, _), names in alike.items() if len(names) > 1}

    def outside_sweeps(self) -> list[str]:
        """Networks that are part of no sweep."""
        swept = {name for names in self.sweeps().values() for name in names}
        return [name for name in self.networks() if name not in swept]

    def networks(self) -> list[str]:
        """Models that are networks."""
        return [name for name, model in self.configuration.models.items() if isinstance(model, Model)]

    def features(self) -> list[str]:
        """Models that are features of another tool."""
        return [name for name, model in self.configuration.models.items() if isinstance(model, Features)]

    def units(self) -> list[str]:
        """Models that are features without places."""
        models = self.configuration.models.items()
        return [name for name, model in models if isinstance(model, Features) and model.layout == "units"]

    def with_places(self) -> list[str]:
        """Models whose feature maps have places, so that they have heatmaps."""
        units = self.units()
        return [name for name in self.configuration.models if name not in units]

    def saliencies_by(self, networks: bool) -> list[str]:
        """Name the kinds of saliency map that networks make, or (if `networks` is False) all others."""
        return [
            name for name, entry in self.configuration.saliency.items() if METHODS[entry.method].is_network == networks
        ]

    def files_of_gaze_network(self, saliency: str) -> list[str]:
        """The user's files that a network which predicts gaze is built from."""
        entry = self.configuration.saliency[saliency]
        named = [file for file in (entry.checkpoint, entry.centre_bias) if file]
        return [*_own_code(entry.architecture or ""), *named]

    def compared(self) -> list[str]:
        """The comparisons in which models are compared with each other: all, where there are several models."""
        return list(self.configuration.comparisons) if len(self.configuration.models) > 1 else []

    def transferred(self) -> list[str]:
        """The comparisons between which rankings are transferred: all, where there are several."""
        names = list(self.configuration.comparisons)
        return names if len(names) > 1 else []

    def seed_groups(self) -> list[list[int]]:
        """The seeds that one job validates together."""
        settings = self.configuration.cross_validation
        size = settings.seeds_per_job or len(settings.seeds)
        return [settings.seeds[start : start + size] for start in range(0, len(settings.seeds), size)]

    def validation_settings(self) -> dict[str, Any]:
        """The settings of `cross_validation.CrossValidation`."""
        return {
            "by_pairs": self.configuration.cross_validation.unit == "pairs",
            "random_rankings": self.configuration.statistics.random_rankings,
            "inner_folds": self.configuration.statistics.inner_folds,
        }

    def permutations_by_route(self) -> dict[str, int]:
        """How many permutations are made for networks of the route `pooled`, and of `other` routes."""
        statistics = self.configuration.statistics
        return {"pooled": statistics.permutations, "other": statistics.permutations_non_pooled}

    def published_file(self) -> str | None:
        """The table of published values to print beside the results, if there is one."""
        name = self.configuration.published
        return str(PUBLISHED / f"{name}.csv") if name else None

    def made_inputs(self) -> list[str]:
        """Files and folders that the configuration names and the rules of its data sets make."""
        return sorted(files.made(self.configuration) & set(files.given(self.configuration).values()))

    def files_of(self, folder: str | None) -> list[str]:
        """A folder as inputs of a rule: file by file, so that a change of any is seen, or whole if a rule makes it."""
        if folder is None:
            return []
        if folder in files.made(self.configuration) or not os.path.isdir(folder):
            return [folder]
        return [file for file in files.in_folder(folder) if files.can_be_followed(file)]

    def wanted_files(self, dataset: str) -> dict[str, str]:
        """The files and folders of a data set that the configuration wants, by name."""
        parts = files.wanted_parts(self.configuration, dataset)
        return {name: path for part in parts.values() for name, path in part.items()}

    def sources_of(self, dataset: str) -> dict[str, list[str]]:
        """The user's files and folders that a data set is made from, by need."""
        return files.sources(self.configuration, dataset)

    def files_of_sources(self, dataset: str) -> list[str]:
        """The files that a data set is made from, folders file by file."""
        paths = dict.fromkeys(itertools.chain.from_iterable(self.sources_of(dataset).values()))
        return [file for path in paths for file in (self.files_of(path) if os.path.isdir(path) else [path])]

    def any_of(self, names: Iterable[str]) -> str:
        """A regular expression that matches any of the names; without names, one that nothing matches."""
        return "|".join(map(re.escape, names)) or "(?!)"

    def figures_of_run(self) -> list[tuple[str, ...]]:
        """The figures of the whole run: of each, its kind and the names of the comparison, models or control in it."""
        return [
            ("prediction",),
            *([("networks",)] if self.compared() else []),
            *(("depth", *about) for about in itertools.product(self.configuration.comparisons, self.sweeps())),
            *self._figures_of_compared_networks(),
            *(("transfer", model) for model in self.configuration.models if self.transferred()),
            *self._figures_of_controls(),
        ]

    def figures_of_paper(self) -> list[tuple[str, ...]]:
        """The figures that a paper shows, in its order and in the form of `figures_of_run`."""
        views = list(itertools.product(self.configuration.comparisons, self.with_places()))
        kinds = ["heatmaps", *(_OF_SALIENCY if self.configuration.saliency else ())]
        return [
            *((kind, *view) for kind in kinds for view in views),
            *self._figures_of_compared_networks(),
            *self._figures_of_controls(),
        ]

    def _figures_of_compared_networks(self) -> list[tuple[str, ...]]:
        pairs = list(itertools.combinations(self.with_places(), 2))
        return [
            *(("spread", comparison) for comparison in self.compared()),
            *(("agreement", name, *pair) for name in self.configuration.comparisons for pair in pairs),
        ]

    def _figures_of_controls(self) -> list[tuple[str, ...]]:
        return [("control", *about) for about in itertools.product(self.configuration.controls, self.with_places())]

    def left_out_of_paper(self) -> dict[str, str]:
        """Parts of the paper that this configuration cannot give, with the reason for each."""
        reasons = {}
        if not self.with_places():
            reasons["heatmaps, and all that is made of them"] = "units have no places"
        if not self.compared():
            networks = "spread of the scores of two networks, agreement of their heatmaps"
            reasons[networks] = "the configuration names one network alone"
        if not self.configuration.saliency:
            overlap = "overlap of heatmaps with saliency maps, their precision and recall"
            reasons[overlap] = "the configuration names no saliency maps"
        if not self.configuration.published:
            reasons["published values beside those of this run"] = "the configuration names none (`published`)"
        if not self.configuration.controls:
            reasons["positive control"] = "the configuration names no image set whose truth is known (`controls`)"
        return reasons

    def folds_of_paper(self) -> str:
        """How folds were cut, in words."""
        settings = self.configuration.cross_validation
        leaky = " Pairs were cut into folds: every image stands on both sides." if settings.unit == "pairs" else ""
        return f"Folds: {settings.folds} for each of {len(settings.seeds)} seeds.{leaky}"


def _own_code(architecture: str) -> list[str]:
    """The Python file of an own architecture `package.module:function`, if it is one in the working directory."""
    package, colon, _ = architecture.partition(":")
    file = f"{package.replace('.', os.sep)}.py"
    return [file] if colon and os.path.isfile(file) else []
