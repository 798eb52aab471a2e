"""The configuration as types: every key with its description, its default and what it may be.

Defaults, the JSON schema, error messages and docs/configuration.md follow from these classes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WrapValidator

from alignment_importance.config.values import (
    UNIQUE,
    AtLeastTwo,
    Name,
    Natural,
    Path,
    Percentages,
    Positive,
    PositiveNumber,
    Section,
    Texts,
    as_given,
    each_once,
    whole,
)
from alignment_importance.maps.saliency.registry import METHODS
from alignment_importance.statistics.scores import SCORES, SIMILARITIES

#: Red, green and blue from 0 to 255.
Colour = Annotated[list[Annotated[int, Field(ge=0, le=255), BeforeValidator(whole)]], Field(min_length=3, max_length=3)]
Means = Annotated[list[Annotated[float, Field(ge=0, le=1), WrapValidator(as_given)]], Field(min_length=3, max_length=3)]
Deviations = Annotated[
    list[Annotated[float, Field(gt=0, le=1), WrapValidator(as_given)]], Field(min_length=3, max_length=3)
]
Ids = Annotated[list[str], Field(min_length=1), AfterValidator(each_once), UNIQUE]
IdsOrPath = Annotated[
    Annotated[Ids, Tag("ids")] | Annotated[Path, Tag("file of ids")],
    Discriminator(lambda value: "ids" if isinstance(value, list) else "file of ids"),
]


class ImageSet(Section):
    """One set of images."""

    folder: Annotated[
        Path, Field(description="Folder of image files; an image's id is its file name without the ending.")
    ]
    table: Annotated[
        Path | None, Field(description="CSV with a row per image, columns `image` and `category`; null for none.")
    ] = None
    background: Annotated[
        Colour | None,
        Field(
            description="Red, green and blue (0 to 255) of what people saw through transparent pixels; null takes mid "
            "grey (128, 128, 128), and the check names the images with transparency."
        ),
    ] = None


class Comparison(Section):
    """The judgments of one group of people."""

    image_set: Annotated[str, Field(description="The image set that was judged.")]
    judgments: Annotated[
        Path,
        Field(
            description="File of judgments: a square matrix, pairs or odd-one-out triplets (.csv, .tsv); one array or "
            "a stack of one per participant (.npy, .npz, .mat, .h5); RDMs of rsatoolbox (.h5); or a download of "
            "Meadows (.mat, .json)."
        ),
    ]
    kind: Annotated[
        Literal["similarity", "dissimilarity"] | None,
        Field(
            description="What a larger number means. Dissimilarities are negated. Null where the file says it: the "
            "header of pairs, triplets, RDMs and downloads of Meadows do, a matrix may in its first cell."
        ),
    ] = None
    order: Annotated[
        Path | None,
        Field(
            description="File of image ids, one per line, in the order of the rows; for arrays, which do not name them."
        ),
    ] = None
    key: Annotated[
        str | None,
        Field(
            description="What to read of a file that holds several: the name of an array, the task of a Meadows "
            "download, or the pattern descriptor of RDMs that holds the image ids."
        ),
    ] = None
    categories: Annotated[
        Texts, Field(description="Compare the images of these categories alone; empty for all images.")
    ] = []
    images: Annotated[
        IdsOrPath | None,
        Field(description="Compare these images alone: a list of ids, or a file with one id per line; null for all."),
    ] = None
    by_category: Annotated[
        Texts,
        Field(
            description="Categories that get a comparison of their own besides this one, called "
            "{comparison}-{category}, with everything else as here."
        ),
    ] = []
    simulated: Annotated[bool, Field(description="Whether the observers are simulated. Every output says so.")] = False


class Model(Section):
    """One network."""

    architecture: Annotated[
        str,
        Field(
            description="efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, any torchvision classification "
            "network by its name, or package.module:function for a function without arguments that returns a "
            "torch.nn.Module."
        ),
    ]
    weights: Annotated[
        str,
        Field(
            description="`default` (the trained weights that come with the architecture; for a function, what it "
            "returns), the name of torchvision weights, `checkpoint` (the file `checkpoint`), or `random` (untrained, "
            "from `seed`)."
        ),
    ] = "default"
    checkpoint: Annotated[Path | None, Field(description="File with a state dict, for `weights: checkpoint`.")] = None
    sha256: Annotated[
        Annotated[str, Field(min_length=64, max_length=64)] | None,
        Field(description="SHA-256 that the checkpoint must have, in hexadecimal digits; null does not check it."),
    ] = None
    seed: Annotated[Natural | None, Field(description="Seed of the random numbers, for `weights: random`.")] = None
    map_layer: Annotated[
        str | None,
        Field(description="Node whose output is the feature maps; null finds the deepest convolutional block."),
    ] = None
    readout_layer: Annotated[
        str | None, Field(description="Node whose output is the readout; null finds the penultimate layer.")
    ] = None
    readout: Annotated[
        Literal["token", "mean"] | None,
        Field(
            description="For transformers of timm: the class token (`token`) or the mean of the tokens of the patches "
            "(`mean`) is the readout; null takes what the network itself reads."
        ),
    ] = None
    input_size: Annotated[
        Positive | None,
        Field(
            description="Side of the network's square input in pixels; null takes the weights' own, 224 for a function."
        ),
    ] = None
    mean: Annotated[
        Means | None,
        Field(
            description="Means of red, green and blue, of pixel values from 0 to 1, that an input is normalised with; "
            "null takes those that the weights were trained with, ImageNet's for a function."
        ),
    ] = None
    std: Annotated[
        Deviations | None, Field(description="Standard deviations of red, green and blue, as for `mean`.")
    ] = None
    resize: Annotated[
        Literal["whole", "crop", "pad"],
        Field(
            description="How an image becomes the network's square input: `whole` squashes the whole image, `crop` "
            "takes the largest centred square, `pad` adds grey around the image."
        ),
    ] = "whole"


class Alignment(Section):
    """How a network is compared with people."""

    similarity: Annotated[
        Literal[SIMILARITIES],  # type: ignore[valid-type]
        Field(description="Similarity of two images' readouts."),
    ] = "pearson"
    score: Annotated[
        Literal[tuple(SCORES)],  # type: ignore[valid-type]
        Field(
            description="Second-order isomorphism of network and people over pairs of images: `pearson_r2` is the "
            "square of Pearson's r, `pearson` is r itself, `spearman` is the rank correlation."
        ),
    ] = "pearson_r2"


class CrossValidation(Section):
    """How feature maps are selected on some images and tested on others."""

    unit: Annotated[
        Literal["images", "pairs"],
        Field(description="What is cut into folds. `pairs` is leaky, since an image then stands on both sides."),
    ] = "images"
    folds: Annotated[AtLeastTwo, Field(description="Number of folds.")] = 5
    seeds: Annotated[
        Annotated[list[Natural], Field(min_length=1), AfterValidator(each_once), UNIQUE],
        Field(description="The images are cut into folds once for each seed."),
    ] = [111, 222, 333, 444, 555, 666, 777, 888]
    seeds_per_job: Annotated[
        Positive | None,
        Field(
            description="Seeds that one job validates for a comparison and network; null for all. Fewer spread the "
            "work over a cluster, and each job starts anew."
        ),
    ] = None


class Statistics(Section):
    """Baselines, tests and intervals of the prediction (docs/statistics.md)."""

    random_rankings: Annotated[
        Positive,
        Field(description="Random rankings of the feature maps that the ranking by importance is held against."),
    ] = 5
    inner_folds: Annotated[
        AtLeastTwo,
        Field(description="Folds within the training images, on which penalties of fitted weights are chosen."),
    ] = 3
    bootstraps: Annotated[AtLeastTwo, Field(description="Bootstrap samples of the images.")] = 1000
    permutations: Annotated[
        Natural,
        Field(
            description="Permutations of the judgments for networks whose readout is the pooled feature maps; 0 for no "
            "permutation test."
        ),
    ] = 1000
    permutations_non_pooled: Annotated[
        Natural,
        Field(
            description="Permutations for all other networks, through which each must pass again; 0 for no permutation "
            "test."
        ),
    ] = 0


class Saliency(Section):
    """One saliency map per image."""

    method: Annotated[
        Literal[tuple(METHODS)],  # type: ignore[valid-type]
        Field(
            description="A classic model (`spectral_residual`, `fine_grained`), your own `maps`, real `fixations`, the "
            "`centre_bias`, or a network that predicts gaze: `deepgaze_iie`, or your own `network`."
        ),
    ]
    maps: Annotated[
        Path | None,
        Field(description="Folder of your own maps, one file per image, named by the image's id; for `method: maps`."),
    ] = None
    stretch: Annotated[
        bool,
        Field(
            description="Whether maps of another aspect ratio than their image's are stretched to it, instead of being "
            "an error; for `method: maps`."
        ),
    ] = False
    fixations: Annotated[
        Path | None,
        Field(
            description="CSV with a row per fixation, columns `image`, `x`, `y` (pixels of the image, from its upper "
            "left corner) and, if you like, `observer`. For `method: fixations`; with `method: centre_bias`, an "
            "image's centre bias is where people looked in all other images."
        ),
    ] = None
    degree: Annotated[
        PositiveNumber | None,
        Field(
            description="One degree of visual angle in pixels of the images: the standard deviation with which "
            "fixations are smoothed. For `method: deepgaze_iie`, images are scaled to the 35 pixels per degree that it "
            "knows; null leaves them."
        ),
    ] = None
    spread: Annotated[
        PositiveNumber | None,
        Field(
            description="Standard deviation of a Gaussian centre bias as a part of the image's sides; null is 0.235 "
            "(Clarke & Tatler 2014). For `method: centre_bias` and `deepgaze_iie`."
        ),
    ] = None
    checkpoint: Annotated[
        Path | None,
        Field(description="File with a state dict of the network; for `method: deepgaze_iie` and `network`."),
    ] = None
    centre_bias: Annotated[
        Path | None,
        Field(
            description="File (.npy) with the log density of a centre bias over an image; null for a Gaussian. For "
            "`method: deepgaze_iie`."
        ),
    ] = None
    architecture: Annotated[
        str | None,
        Field(
            description="package.module:function, a function without arguments that returns a torch.nn.Module: one RGB "
            "image from 0 to 1 to one map. For `method: network`."
        ),
    ] = None
    input_size: Annotated[
        Annotated[list[Positive], Field(min_length=2, max_length=2)] | None,
        Field(
            description="Width and height that images are fitted into, with black around them; null for images at "
            "their own size. For `method: network`."
        ),
    ] = None


class Overlap(Section):
    """How heatmaps are compared with saliency maps."""

    top_percent: Annotated[
        Percentages,
        Field(
            description="Sizes of the predicting mask, in per cent of the pixels. Masks of one size also predict each "
            "other."
        ),
    ] = list(range(1, 51))
    target_percent: Annotated[
        Percentages, Field(description="Sizes of the mask that is predicted, in per cent of the pixels.")
    ] = [10]
    relative_risk_percent: Annotated[
        Percentages, Field(description="Sizes of both masks for the relative risk, in per cent of the pixels.")
    ] = [5, 10, 15]
    spread: Annotated[
        PositiveNumber,
        Field(description="Standard deviation of the centre bias that is a baseline, as a part of the image's sides."),
    ] = 0.235
    resamples: Annotated[
        Positive, Field(description="Number of bootstrap resamples of the images for the 95 % intervals.")
    ] = 1000
    seed: Annotated[Natural, Field(description="Seed of the bootstrap.")] = 1


class Interactions(Section):
    """How feature maps act together, for the target `interactions`."""

    top_maps: Annotated[
        AtLeastTwo, Field(description="Number of highest-ranked feature maps of which all pairs are scored.")
    ] = 64
    permutations: Annotated[
        Positive, Field(description="Number of orders of the feature maps that Shapley values are estimated from.")
    ] = 200
    seed: Annotated[Natural, Field(description="Seed of these orders.")] = 1
    minutes: Annotated[
        float,
        Field(
            ge=0,
            description="Time in minutes that each job may take where no closed form leads to the scores (readouts "
            "that are not the pooled maps, or rank correlations). Tables say how much was done in it; with more "
            "minutes a rerun goes on.",
        ),
        WrapValidator(as_given),
    ] = 60


class Figures(Section):
    """The page that all figures are drawn for."""

    one_column_mm: Annotated[
        float,
        Field(ge=40, description="Width of a figure of one column of the journal, in millimetres."),
        WrapValidator(as_given),
    ] = 85
    two_columns_mm: Annotated[
        float,
        Field(ge=120, description="Width of a figure of two columns of the journal, in millimetres."),
        WrapValidator(as_given),
    ] = 174
    dpi: Annotated[
        float,
        Field(ge=50, description="Dots per inch of PNG files, and of what is made of pixels in PDF files."),
        WrapValidator(as_given),
    ] = 300
    heatmap_scale: Annotated[
        Literal["image", "set"],
        Field(
            description="What the colours of heatmaps span: the range of each image, or one for the whole set of "
            "images of a comparison and network, with a colour bar."
        ),
    ] = "image"


def _told_apart(objects: dict[str, int]) -> dict[str, int]:
    """Refuse two objects with one number: the control would hold an object against itself."""
    each_once(list(objects.values()))
    return objects


class Control(Section):
    """One positive control."""

    image_set: Annotated[str, Field(description="The image set that the masks are about.")]
    masks: Annotated[
        Path,
        Field(
            description="Folder of masks, one PNG per image, whose pixels hold the number of the object they belong to."
        ),
    ]
    objects: Annotated[
        dict[Name, Positive],
        Field(
            min_length=2,
            max_length=2,
            description="The number of each object in the masks. The area under the ROC curve is first against second "
            "object.",
        ),
        AfterValidator(_told_apart),
    ]


#: What stands below a name of the user's choice, by section.
ENTRIES: Mapping[str, type[Section]] = {
    "image_sets": ImageSet,
    "comparisons": Comparison,
    "models": Model,
    "saliency": Saliency,
    "controls": Control,
}


class Configuration(Section):
    """Every key that a configuration file may have. Paths are relative to the working directory."""

    results: Annotated[Path, Field(description="Folder for everything that is computed.")] = "results"
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Field(
            description="Where the networks run: `auto` takes a CUDA GPU where there is one and the CPU otherwise, "
            "`cuda` stops where there is none."
        ),
    ] = "auto"
    memory_gb: Annotated[
        PositiveNumber,
        Field(
            description="Memory in gigabytes that the ablation of feature maps may use at once. It decides how many "
            "are ablated at a time; scores change with it by rounding alone, and with the number of cores by nothing."
        ),
    ] = 2
    precision: Annotated[
        Literal["float32", "tf32", "bfloat16"],
        Field(
            description="Arithmetic of the networks' matrix products: float32, tf32 (rounds to ten bits, on GPUs that "
            "have it) or bfloat16. Outputs name it. Scores are always computed in float64."
        ),
    ] = "float32"
    datasets: Annotated[
        dict[str, dict[str, Any]], Field(description="Data sets that the workflow makes itself, by their names.")
    ] = {}
    image_sets: Annotated[dict[Name, ImageSet], Field(min_length=1, description="Sets of images by name.")]
    comparisons: Annotated[
        dict[Name, Comparison],
        Field(min_length=1, description="Human similarity judgments by name. An image set may have several."),
    ]
    models: Annotated[dict[Name, Model], Field(min_length=1, description="Networks by name.")]
    alignment: Annotated[Alignment, Field(description="How a network is compared with people.")] = Alignment()
    cross_validation: Annotated[
        CrossValidation, Field(description="How feature maps are selected on some images and tested on others.")
    ] = CrossValidation()
    statistics: Annotated[
        Statistics, Field(description="Baselines, tests and intervals of the prediction (docs/statistics.md).")
    ] = Statistics()
    published: Annotated[
        str | None,
        Field(
            description="Published values to print beside the ones obtained: the name of a table in "
            "workflow/published, without `.csv`. Comparisons and models are matched by their names."
        ),
    ] = None
    saliency: Annotated[
        dict[Name, Saliency],
        Field(description="Saliency maps by name, with which the heatmaps are compared."),
    ] = {name: Saliency(method=name) for name in ("spectral_residual", "fine_grained")}
    overlap: Annotated[Overlap, Field(description="How heatmaps are compared with saliency maps.")] = Overlap()
    interactions: Annotated[
        Interactions, Field(description="How feature maps act together, for the target `interactions`.")
    ] = Interactions()
    figures: Annotated[Figures, Field(description="The page that all figures are drawn for.")] = Figures()
    controls: Annotated[
        dict[Name, Control],
        Field(description="Image sets whose truth is known, by name. All comparisons of the image set are evaluated."),
    ] = {}


class Start(Section):
    """What the target `new` starts from, on its command line alone."""

    name: Annotated[Name, Field(description="Name of the image set, of the comparison and of the file, NAME.yaml.")]
    images: Annotated[Path, Field(description="Folder of image files.")]
    judgments: Annotated[Path, Field(description="File of judgments.")]
    kind: Annotated[
        Literal["similarity", "dissimilarity"] | None,
        Field(description="What a larger number means, if the file does not say it."),
    ] = None
    order: Annotated[
        Path | None,
        Field(description="File of image ids, one per line, in the order of the rows, for judgments without them."),
    ] = None
    key: Annotated[str | None, Field(description="What to read of a file of judgments that holds several.")] = None
    table: Annotated[Path | None, Field(description="CSV with a row per image, columns `image` and `category`.")] = None
    only: Annotated[
        Path | None, Field(description="File with the ids of the images to compare, one per line, if not all.")
    ] = None
