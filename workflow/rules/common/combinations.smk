# What of the configuration goes with what, for the rules. Functions only.
import itertools
import os
import re


def image_set_of(comparison: str) -> str:
    """Name the image set that was judged."""
    return config["comparisons"][comparison]["image_set"]


def comparisons_of(image_set: str) -> list[str]:
    """Name the comparisons of an image set."""
    return [name for name in config["comparisons"] if image_set_of(name) == image_set]


def file_of_images(comparison: str) -> str | None:
    """The file that names the images of a comparison, if one does."""
    images = config["comparisons"][comparison]["images"]
    return images if isinstance(images, str) else None


def optional(path: str | None) -> str | list:
    """Turn the path of an input that may be missing into what Snakemake takes for it."""
    return path or []


def files_of_network(model: str) -> list[str]:
    """The user's files that a network is made of: its checkpoint, and the Python file of an own architecture."""
    network = config["models"][model]
    weights = [network["checkpoint"]] * (network["checkpoint"] is not None)
    return own_code(network["architecture"]) + weights


def own_code(architecture: str) -> list[str]:
    """The Python file of an own architecture `package.module:function`, if it is one in the working directory."""
    package, colon, _ = architecture.partition(":")
    file = f"{package.replace('.', os.sep)}.py"
    return [file] if colon and os.path.isfile(file) else []


def saliencies_by(networks: bool) -> list[str]:
    """Name the kinds of saliency map that networks make, or those that they do not make."""
    return [
        name
        for name, entry in config["saliency"].items()
        if (entry["method"] in GAZE_NETWORKS) == networks
    ]


def files_of_gaze_network(saliency: str) -> list[str]:
    """The user's files that a network which predicts gaze is made of."""
    entry = config["saliency"][saliency]
    given = [entry[key] for key in ("checkpoint", "centre_bias") if entry[key]]
    return own_code(entry["architecture"] or "") + given


def activations_of(wildcards) -> str:
    """The activations that a comparison and a model use."""
    return f"<results>/activations/{image_set_of(wildcards.comparison)}/{wildcards.model}.nc"


def controlled_heatmaps(wildcards) -> list[str]:
    """The heatmaps of all comparisons of a control's images."""
    judged_by = comparisons_of(config["controls"][wildcards.control]["image_set"])
    return [f"<results>/heatmaps/{name}/{wildcards.model}.nc" for name in judged_by]


def judged_sets() -> list[str]:
    """Name the image sets that have been judged."""
    return [name for name in config["image_sets"] if comparisons_of(name)]


def of_all_views(pattern: str) -> list[str]:
    """Fill every comparison with every model, and the comparison's image set, into a file's name."""
    return [
        file
        for comparison in config["comparisons"]
        for file in expand(
            pattern,
            comparison=comparison,
            image_set=image_set_of(comparison),
            model=config["models"],
        )
    ]


def transferred() -> list[str]:
    """The comparisons between which rankings are transferred: all, where there are several."""
    return list(config["comparisons"]) * (len(config["comparisons"]) > 1)


def pairs_of_models() -> list[tuple[str, str]]:
    """Every two models."""
    return list(itertools.combinations(config["models"], 2))


def of_all_seeds(pattern: str) -> list[str]:
    """Fill the seeds of the cross-validation into a file's name."""
    return expand(pattern, seed=config["cross_validation"]["seeds"])


def of_first_seed(pattern: str) -> str:
    """Fill the first seed of the cross-validation into a file's name: another seed behind it changes nothing."""
    return of_all_seeds(pattern)[0]


def settings_of_seed(seed: int) -> dict:
    """What the cross-validation of one seed is told, by the names of `cross_validation.Settings`."""
    return config["alignment"] | {
        "seed": seed,
        "by_pairs": config["cross_validation"]["unit"] == "pairs",
        "random_rankings": config["statistics"]["random_rankings"],
        "inner_folds": config["statistics"]["inner_folds"],
    }


def permutations_by_route() -> dict[str, int]:
    """How many permutations are made for networks of each route."""
    elsewhere = config["statistics"]["permutations_elsewhere"]
    pooled = config["statistics"]["permutations"]
    return {"pooled": pooled, "linear": elsewhere, "general": elsewhere}


def any_of(names) -> str:
    """A regular expression for one of some names; one that nothing matches where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def settings(*keys: str) -> dict:
    """Some keys of the configuration with their values."""
    return {key: config[key] for key in keys}
