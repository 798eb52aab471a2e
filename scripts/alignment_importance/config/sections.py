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
#: Names, because they become parts of the names of models.
Layers = Annotated[list[Name], AfterValidator(each_once), UNIQUE]
Ids = Annotated[list[str], Field(min_length=1), AfterValidator(each_once), UNIQUE]
IdsOrPath = Annotated[
    Annotated[Ids, Tag("ids")] | Annotated[Path, Tag("file of ids")],
    Discriminator(lambda value: "ids" if isinstance(value, list) else "file of ids"),
]
#: The value of `pairs` that explains every judged pair.
ALL_PAIRS = "all"


class PairNumbers(Section):
    """How many pairs of images are explained: those that are worth a look."""

    per_image: Natural = 3
    """Of every image, as many partners as this that people find most similar."""
    agreement: Natural = 12
    """As many pairs as this that speak most for the alignment of network and people."""
    disagreement: Natural = 12
    """As many pairs as this that speak most against it."""


Pair = Annotated[list[str], Field(min_length=2, max_length=2)]


def _form_of_pairs(value: Any) -> str:
    """Return the tag of the form that a value of `pairs` has."""
    if isinstance(value, list):
        return "list of pairs"
    if isinstance(value, str):
        return "all pairs" if value == ALL_PAIRS else "file of pairs"
    return "numbers of pairs"


Pairs = Annotated[
    Annotated[PairNumbers, Tag("numbers of pairs")]
    | Annotated[Annotated[list[Pair], Field(min_length=1)], Tag("list of pairs")]
    | Annotated[Path, Tag("file of pairs")]
    | Annotated[Literal["all"], Tag("all pairs")],
    Discriminator(_form_of_pairs),
]
Seeds = Annotated[list[Natural], Field(min_length=1), AfterValidator(each_once), UNIQUE]


#: The names of the columns of tables of judgments.
Column = Literal[
    "image_a", "image_b", "image_c", "similarity", "dissimilarity", "odd", "anchor", "left", "right", "chosen",
    "participant",
]  # fmt: skip
Columns = dict[Column, str]


class ImageSet(Section):
    """One set of images."""

    folder: Path
    """Folder of image files; an image's id is its file name without the ending."""
    table: Path | None = None
    """CSV with a row per image, columns `image` and `category`; null for none."""
    background: Colour | None = None
    """Red, green and blue (0 to 255) of what people saw through transparent pixels; null takes mid grey (128, 128,
    128), and the check names the images with transparency.
    """


class Comparison(Section):
    """The judgments of one group of people."""

    image_set: str
    """The image set that was judged."""
    judgments: Path
    """File of judgments: a square matrix, pairs, odd-one-out triplets or trials of two alternatives (.csv, .tsv, .txt);
    one array or a stack of one per participant (.npy, .npz, .mat, .h5); RDMs of rsatoolbox (.h5); or a download of
    Meadows (.mat, .json). Or a folder with such a file per participant, who is named after it.
    """
    kind: Literal["similarity", "dissimilarity"] | None = None
    """What a larger number means. Dissimilarities are negated. Null where the file says it: the header of pairs,
    triplets, RDMs and downloads of Meadows do, a matrix may in its first cell.
    """
    columns: Columns = {}
    """What a table calls its columns, by the names that docs/judgments.md gives them: `{image_a: first, image_b:
    second, similarity: rating, participant: subject}`. Other columns are then ignored.
    """
    order: Path | None = None
    """File of image ids, one per line or in a column `image`, in the order of the rows; for arrays, which do not name
    them.
    """
    key: str | None = None
    """What to read of a file that holds several: the name of an array, the task of a Meadows download, or the pattern
    descriptor of RDMs that holds the image ids.
    """
    categories: Texts = []
    """Compare the images of these categories alone; empty for all images."""
    images: IdsOrPath | None = None
    """Compare these images alone: a list of ids, or a file with one id per line or with a column `image`; null for all.
    Judgments of images that are not of the set are then ignored.
    """
    by_category: Texts = []
    """Categories that get a comparison of their own besides this one, called {comparison}-{category}, with everything
    else as here.
    """
    pairs: Pairs = PairNumbers()
    """Pairs of images to explain (docs/pairs.md): numbers of pairs, `{per_image: 3, agreement: 12, disagreement: 12}`;
    a list, `[[cat, dog], [cat, car]]`; a CSV with the columns `image_a` and `image_b`; or `all`, as far as `memory_gb`
    allows.
    """
    simulated: bool = False
    """Whether the observers are simulated. Every output says so."""

    @property
    def names_pairs(self) -> bool:
        """Whether the comparison names its pairs to explain, in a list or a file."""
        return isinstance(self.pairs, list | str) and self.pairs != ALL_PAIRS


class Model(Section):
    """One network."""

    architecture: str
    """efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, any torchvision classification network by its name,
    any network of timm as timm/NAME or timm/NAME.TAG, or package.module:function for a function without arguments that
    returns a torch.nn.Module.
    """
    weights: str = "default"
    """`default` (the trained weights that come with the architecture, or those of timm's tag; for a function, what it
    returns), the name of torchvision weights, `checkpoint` (the file `checkpoint`), or `random` (untrained, from
    `seed`).
    """
    checkpoint: Path | None = None
    """File with a state dict (.pt, .pth, .safetensors and others), for `weights: checkpoint`."""
    key: str | None = None
    """What stands before the names of the weights in a checkpoint that holds the network several times, such as
    `state_dict` or `state_dict_ema`; null where it holds it once.
    """
    sha256: Annotated[str, Field(min_length=64, max_length=64)] | None = None
    """SHA-256 that the checkpoint must have, in hexadecimal digits; null does not check it."""
    seed: Natural | None = None
    """Seed of the random numbers, for `weights: random`."""
    map_layer: str | None = None
    """Node or module whose output is the feature maps, such as `layer4` or `features.29`; null finds the deepest
    convolutional block.
    """
    # Excluded, because a completed configuration has a model for each layer instead.
    map_layers: Annotated[Layers, Field(exclude=True)] = []
    """Several map layers, from the first to the last: each gives a model of its own, called {model}.{layer}, with
    everything else as here. They are recorded in one pass over the images, and a figure shows alignment over them.
    Empty for one.
    """
    readout_layer: str | None = None
    """Node or module whose output is the readout; null finds the penultimate layer."""
    readout: Literal["token", "mean"] | None = None
    """For transformers of timm: the class token (`token`) or the mean of the patch tokens (`mean`) is the readout;
    null takes what the network itself reads.
    """
    input_size: Positive | None = None
    """Side of the network's square input in pixels; null takes the weights' own, 224 for a function unless what it
    returns says more.
    """
    mean: Means | None = None
    """Means of red, green and blue, of pixel values from 0 to 1, that an input is normalised with; null takes those
    that the weights were trained with. Where a function of your own does not say them, ImageNet's are assumed, and
    check and outputs say so.
    """
    std: Deviations | None = None
    """Standard deviations of red, green and blue, as for `mean`."""
    resize: Literal["whole", "crop", "pad", "as_evaluated"] = "whole"
    """How an image becomes the network's square input: `whole` squashes the whole image, `crop` takes the largest
    centred square, `pad` adds grey around the image, `as_evaluated` does what the weights were evaluated with, for most
    the middle of the largest centred square.
    """
    resize_in: Literal["uint8", "float"] = "uint8"
    """Numbers in which that is done, antialiased: `uint8` is Pillow's way with 8 bits, which rounds twice; `float` does
    not round. Outputs name `float` in `arithmetic`.
    """
    ablation: Literal["zero", "mean"] = "zero"
    """What takes the place of a feature map that is ablated: `zero`, as in the paper, or its `mean` over all images of
    the set and all places, for maps that take both signs, such as the channels of tokens (docs/transformers.md).
    Outputs name it.
    """


class Features(Section):
    """Features that another tool computed, in the place of a network: a file of one array, and the file that names its
    images.
    """

    features: Path
    """File (.npy, .npz, .mat, .h5, .hdf5, .pt, .pth) of an array image x map x y x x, or image x unit."""
    order: Path
    """File of image ids or file names, one per line or in a column `image`, in the order of the array's images."""
    key: str | None = None
    """Name of the array, for a file that holds several."""
    layout: Literal["maps", "units"] = "maps"
    """`maps` (image x map x y x x): the readout is the mean of each map over its places. `units` (image x unit): ranked
    and predicted as maps are, without heatmaps, since units have no places.
    """
    resize: Literal["whole", "crop", "pad"] = "whole"
    """How images became the square input of the network that the maps are from: `whole` squashed the whole image,
    `crop` took the largest centred square, `pad` added grey around the image. Heatmaps are laid over images by it.
    """
    middle: Annotated[float, Field(gt=0, le=1), WrapValidator(as_given)] = 1
    """Share of the sides of that rectangle which became the input, around its middle: 0.875 where the shorter side was
    resized to 256 pixels and the central 224 were kept.
    """
    ablation: Literal["zero", "mean"] = "zero"
    """What takes the place of a map or unit that is ablated, as for networks."""


def _has_features(entry: Any) -> str:
    """Return the tag of an entry of `models`: features have the key `features`, networks do not."""
    is_features = isinstance(entry, Features) or (isinstance(entry, Mapping) and "features" in entry)
    return "own features" if is_features else "a network"


#: A network, or features that another tool computed.
NetworkOrFeatures = Annotated[
    Annotated[Model, Tag("a network")] | Annotated[Features, Tag("own features")],
    Discriminator(_has_features),
]


class Alignment(Section):
    """How a network is compared with people."""

    similarity: Literal[SIMILARITIES] = "pearson"  # type: ignore[valid-type]
    """Similarity of two images' readouts."""
    score: Literal[tuple(SCORES)] = "pearson_r2"  # type: ignore[valid-type]
    """Second-order isomorphism of network and people over pairs of images: `pearson_r2` is the square of Pearson's r,
    `pearson` is r itself, `spearman` is the rank correlation.
    """


class CrossValidation(Section):
    """How feature maps are selected on some images and tested on others."""

    unit: Literal["images", "pairs"] = "images"
    """What is cut into folds. `pairs` is leaky, since an image then stands on both sides."""
    folds: AtLeastTwo = 5
    """Number of folds."""
    seeds: Seeds = [111, 222, 333, 444, 555, 666, 777, 888]
    """The images are cut into folds once for each seed."""
    seeds_per_job: Positive | None = None
    """Seeds that one job validates for a comparison and network; null for all. Fewer spread the work over a cluster,
    and each job starts anew.
    """


class Statistics(Section):
    """Baselines, tests and intervals of the prediction (docs/statistics.md)."""

    random_rankings: Positive = 5
    """Random rankings of the feature maps that the ranking by importance is held against."""
    inner_folds: AtLeastTwo = 3
    """Folds within the training images, on which penalties of fitted weights are chosen."""
    bootstraps: AtLeastTwo = 1000
    """Bootstrap samples of the images."""
    permutations: Natural = 1000
    """Permutations of the judgments for networks whose readout is the pooled feature maps; 0 for no test."""
    permutations_non_pooled: Natural = 0
    """Permutations for all other networks, through which each must pass again; 0 for no test."""


class Saliency(Section):
    """One saliency map per image."""

    method: Literal[tuple(METHODS)]  # type: ignore[valid-type]
    """A classic model (`spectral_residual`, `fine_grained`), your own `maps`, real `fixations`, the `centre_bias`, or a
    network that predicts gaze: `deepgaze_iie`, or your own `network`.
    """
    maps: Path | None = None
    """Folder of your own maps, one file per image, named by the image's id; for `method: maps`."""
    key: str | None = None
    """Name of the map in files that hold several arrays (.npz, .mat, .h5); for `method: maps`."""
    stretch: bool = False
    """Whether maps of another aspect ratio than their image's are stretched to it, instead of being an error; for
    `method: maps`.
    """
    fixations: Path | None = None
    """CSV with a row per fixation, columns `image`, `x`, `y` (pixels of the image, from its upper left corner) and, if
    you like, `observer`. For `method: fixations`; with `method: centre_bias`, an image's centre bias is where people
    looked in all other images.
    """
    degree: PositiveNumber | None = None
    """One degree of visual angle in pixels of the images: the standard deviation with which fixations are smoothed. For
    `method: deepgaze_iie`, images are scaled to the 35 pixels per degree that it knows; null leaves them.
    """
    spread: PositiveNumber | None = None
    """Standard deviation of a Gaussian centre bias as a part of the image's sides; null is 0.235 (Clarke & Tatler
    2014). For `method: centre_bias` and `deepgaze_iie`.
    """
    checkpoint: Path | None = None
    """File with a state dict of the network; for `method: deepgaze_iie` and `network`."""
    centre_bias: Path | None = None
    """Log density (.npy) of a centre bias over an image; null for a Gaussian. For `method: deepgaze_iie`."""
    architecture: str | None = None
    """package.module:function, a function without arguments that returns a torch.nn.Module: one RGB image from 0 to 1
    to one map. For `method: network`.
    """
    input_size: Annotated[list[Positive], Field(min_length=2, max_length=2)] | None = None
    """Width and height that images are fitted into, with black around them; null for images at their own size. For
    `method: network`.
    """


class Overlap(Section):
    """How heatmaps are compared with saliency maps."""

    top_percent: Percentages = list(range(1, 51))
    """Sizes of the predicting mask, in per cent of the pixels. Masks of one size also predict each other."""
    target_percent: Percentages = [10]
    """Sizes of the mask that is predicted, in per cent of the pixels."""
    relative_risk_percent: Percentages = [5, 10, 15]
    """Sizes of both masks for the relative risk, in per cent of the pixels."""
    spread: PositiveNumber = 0.235
    """Standard deviation of the centre bias that is a baseline, as a part of the image's sides."""
    resamples: Positive = 1000
    """Number of bootstrap resamples of the images for the 95 % intervals."""
    seed: Natural = 1
    """Seed of the bootstrap."""


class Interactions(Section):
    """How feature maps act together, for the target `interactions`."""

    top_maps: AtLeastTwo = 64
    """Number of highest-ranked feature maps of which all pairs are scored."""
    permutations: Positive = 200
    """Number of orders of the feature maps that Shapley values are estimated from."""
    seed: Natural = 1
    """Seed of these orders."""
    minutes: Annotated[float, Field(ge=0), WrapValidator(as_given)] = 60
    """Time in minutes that each job may take where no closed form leads to the scores (readouts that are not the pooled
    maps, or rank correlations). Tables say how much was done in it; with more minutes a rerun goes on.
    """


class Figures(Section):
    """The page that all figures are drawn for."""

    two_columns_mm: Annotated[float, Field(ge=120), WrapValidator(as_given)] = 174
    """Width of a figure, that of two columns of the journal, in millimetres."""
    dpi: Annotated[float, Field(ge=50), WrapValidator(as_given)] = 300
    """Dots per inch of PNG files, and of what is made of pixels in PDF files."""
    pdf: bool = False
    """Write every figure as PDF as well, for a paper: with embedded fonts. Drawing takes twice as long."""
    heatmap_scale: Literal["image", "set"] = "image"
    """What the colours of heatmaps span: the range of each image, or one for the whole set of images of a comparison
    and network, with a colour bar.
    """


def _told_apart(objects: dict[str, int]) -> dict[str, int]:
    """Refuse two objects with one number: the control would compare an object with itself."""
    each_once(list(objects.values()))
    return objects


class Control(Section):
    """One positive control."""

    image_set: str
    """The image set that the masks are about."""
    masks: Path
    """Folder of masks, one PNG per image, whose pixels hold the number of the object they belong to."""
    objects: Annotated[dict[Name, Positive], Field(min_length=2, max_length=2), AfterValidator(_told_apart)]
    """The number of each object in the masks. The area under the ROC curve is first against second object."""


#: The type of the entries that have names of the user's choice, by section.
ENTRIES: Mapping[str, Any] = {
    "image_sets": ImageSet,
    "comparisons": Comparison,
    "models": NetworkOrFeatures,
    "saliency": Saliency,
    "controls": Control,
}


class Configuration(Section):
    """Every key that a configuration file may have. Paths are relative to the working directory."""

    results: Path = "results"
    """Folder for everything that is computed."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the networks run: `auto` takes a CUDA GPU where there is one and the CPU otherwise, `cuda` stops where
    there is none.
    """
    memory_gb: PositiveNumber = 2
    """Memory in gigabytes that the ablation of feature maps may use at once. It decides how many are ablated at a time;
    it changes scores only by rounding; the number of cores does not change them at all.
    """
    precision: Literal["float32", "tf32", "float16", "bfloat16"] = "float32"
    """Arithmetic of the networks' matrix products: float32, tf32 (rounds to ten bits, on GPUs that have it), float16
    (also ten bits, and nothing above 65504) or bfloat16 (seven bits). Outputs name it. Scores are always computed in
    float64.
    """
    datasets: dict[str, dict[str, Any]] = {}
    """Data sets that the workflow makes itself, by their names."""
    image_sets: Annotated[dict[Name, ImageSet], Field(min_length=1)]
    """Sets of images by name."""
    comparisons: Annotated[dict[Name, Comparison], Field(min_length=1)]
    """Human similarity judgments by name. An image set may have several."""
    models: Annotated[dict[Name, NetworkOrFeatures], Field(min_length=1)]
    """Networks, and features in the place of networks, by name."""
    alignment: Alignment = Alignment()
    cross_validation: CrossValidation = CrossValidation()
    statistics: Statistics = Statistics()
    published: str | None = None
    """Published values to print beside the ones obtained: the name of a table in workflow/published, without `.csv`.
    Comparisons and models are matched by their names.
    """
    saliency: dict[Name, Saliency] = {name: Saliency(method=name) for name in ("spectral_residual", "fine_grained")}
    """Saliency maps by name, with which the heatmaps are compared."""
    overlap: Overlap = Overlap()
    interactions: Interactions = Interactions()
    figures: Figures = Figures()
    controls: dict[Name, Control] = {}
    """Image sets whose truth is known, by name. All comparisons of the image set are evaluated."""


class Start(Section):
    """What the target `new` starts from, on its command line. Keys without a description are as in `Comparison`."""

    name: Name
    """Name of the image set, of the comparison and of the file, NAME.yaml."""
    images: Path
    """Folder of image files."""
    judgments: Path
    kind: Literal["similarity", "dissimilarity"] | None = None
    columns: Columns = {}
    order: Path | None = None
    key: str | None = None
    table: Path | None = None
    """CSV with a row per image, columns `image` and `category`."""
    only: Path | None = None
    """File with the ids of the images to compare, one per line, if not all."""
