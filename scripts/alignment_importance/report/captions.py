"""The captions of all figures, for the index of a paper, Snakemake's report and the documentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignment_importance.statistics.scores import SCORES


@dataclass(frozen=True, kw_only=True)
class Caption:
    """The caption of a kind of figure.

    Attributes:
        title: what the figure shows.
        question: that it answers.
        claim: the claim of the paper that it shows.
        category: its section in Snakemake's report.
        reading: how to read it; `{score}` is replaced by the second-order score.
        about: what a figure of this kind is about, in the order of its file name; nothing if it is about a whole run.
        condition: which runs have figures of this kind, if not all do.
    """

    title: str
    question: str
    claim: str = "none"
    category: str
    reading: str
    about: tuple[str, ...] = ("comparison", "model")
    condition: str = ""


#: Captions by the kind of figure, which is the first part of its file name.
FIGURES = {
    "prediction": Caption(
        title="Prediction of judgments in the test folds",
        question="Do the retained feature maps predict the judgments of new images better than all maps?",
        claim="they do: test R² of full and retained representations",
        category="Prediction",
        reading="Test alignment ({score}) of all feature maps and of those retained on the training images, beside "
        "everything that the selection is held against and, with several participants, noise ceilings. Every fold of "
        "every seed is one value; folds of one data set are not independent.",
        about=(),
    ),
    "curves": Caption(
        title="Alignment of the k highest-ranked feature maps",
        question="How does the alignment of the k highest-ranked maps depend on k, and where is the retained number?",
        claim="how the number of retained maps is chosen",
        category="Prediction",
        reading="Alignment ({score}) of the k highest-ranked feature maps on the training images that they were ranked "
        "on and on the test images. The retained number is the smallest k with the highest training score.",
    ),
    "importance": Caption(
        title="Alignment Importance Scores of the feature maps",
        question="How many maps help or hinder, how unequal are they, and do the folds agree?",
        claim="none; says how stable the ranking is",
        category="Importance",
        reading="How the scores are spread over feature maps, and how far the folds agree on them. A positive score "
        "means that the map helps the alignment.",
    ),
    "heatmaps": Caption(
        title="Images and their alignment-importance heatmaps",
        question="Where in an image does what matters for comparing it lie?",
        claim="image-specific heatmaps",
        category="Heatmaps",
        reading="Heatmap: the image's feature maps averaged with its own positive scores, clear (lowest) to bright "
        "(highest), each over its own range unless a colour bar gives one for all; crossed out where no score is "
        "positive. r: correlation of the network's with people's similarities of the image to all others.",
    ),
    "overlap": Caption(
        title="Saliency maps and heatmaps as predictions of each other",
        question="Do heatmaps and saliency maps mark the same places, more than saliency maps of other images or plain "
        "activations do?",
        claim="heatmaps correspond to the saliency maps of a gaze-prediction model, and differ in part; here with the "
        "saliency maps of the configuration",
        category="Saliency",
        reading="Precision, recall and relative risk in both directions over all images, with 95 % bootstrap "
        "intervals; baselines: saliency maps of other images, a centre bias, and activations without scores. Where "
        "lines coincide, the wider ones lie below.",
        condition="with saliency maps",
    ),
    "overlap-categories": Caption(
        title="Precision and recall of saliency maps as predictions of heatmaps, by category",
        question="For which categories do saliency maps predict heatmaps, and at which thresholds?",
        claim="they do for animals alone, and worse for smaller masks",
        category="Saliency",
        reading="The highest pixels of the saliency map as a prediction of those of the heatmap, whose share of the "
        "image the figure names: precision and recall against the share of the predicting pixels, means over images "
        "with 95 % bootstrap intervals, beside baselines and chance (dotted). Where lines coincide, the wider ones lie "
        "below.",
        condition="with saliency maps",
    ),
    "overlap-grid": Caption(
        title="Outlines of the highest pixels of heatmap and saliency map",
        question="Where do the highest pixels of both lie in an image?",
        claim="outlines of both masks at 5, 10 and 15 %, and the relative risk",
        category="Saliency",
        reading="Blue: highest pixels of the heatmap; orange: as many of the saliency map. RR: relative risk, the rate "
        "at which pixels inside the heatmap's mask lie in the saliency map's, as a multiple of that of pixels outside "
        "it.",
        condition="with saliency maps",
    ),
    "rsms": Caption(
        title="Similarities of all images: judgments, all and the retained feature maps",
        question="What do the judgments, the whole network and the retained maps find alike?",
        claim="alignment is a match of similarity matrices",
        category="Similarities",
        reading="Similarities as percentiles of the pairs, in one order of images. The retained maps were chosen by "
        "judgments of the same images.",
    ),
    "patches": Caption(
        title="Image patches that drive the most important feature maps most",
        question="What do the most important maps respond to?",
        category="Importance",
        reading="The parts of images in which the feature maps of the highest scores are most active.",
    ),
    "pairs-explained": Caption(
        title="Pairs of images that people and network agree and disagree on most",
        question="Why are two images alike to people and network, or to one of them alone: which maps, which places?",
        category="Similarities",
        reading="Pairs with the highest and with the lowest shares of the correlation r of the network with people: "
        "both images, each with the heatmap of its maps in the light of the other, and where the feature maps that "
        "contribute most to the agreement, or to the disagreement, are most active in both. SD: similarities in "
        "standard deviations over all judged pairs.",
    ),
    "networks": Caption(
        title="Networks side by side",
        question="Which network predicts the judgments better, and how many of its maps does that take?",
        claim="ImageNet and ecoset side by side",
        category="Networks",
        reading="Test alignment ({score}) with all and with the retained feature maps, and the share of maps retained.",
        about=(),
        condition="several models",
    ),
    "depth": Caption(
        title="Alignment over the map layers of a network",
        question="At which depth do the feature maps of a network match judgments best, and does choosing help there?",
        category="Networks",
        reading="Test alignment ({score}) of all feature maps of each map layer and of those retained on the training "
        "images, means over folds with 95 % intervals by the bootstrap over images, from the first layer to the last; "
        "dashed: noise ceiling.",
        about=("comparison", "network"),
        condition="models with `map_layers`",
    ),
    "spread": Caption(
        title="How Alignment Importance Scores are spread over feature maps and images",
        question="Are scores spread over maps and images as evenly in one network as in another?",
        claim="ecoset-trained VGG-16 is slightly more uniform",
        category="Networks",
        reading="Empirical distribution functions with uniform 95 % bands; D: two-sample Kolmogorov-Smirnov test.",
        about=("comparison",),
        condition="several models",
    ),
    "agreement": Caption(
        title="Agreement of two networks' heatmaps of the same images",
        question="Do two networks see importance in the same places, and on which images?",
        category="Networks",
        reading="r: correlation of the heatmaps over an image's pixels; beside it the correlation with another image's "
        "heatmap. Lines: means with 95 % intervals. Left: images on which the networks agree most and least.",
        about=("comparison", "model", "model_b"),
        condition="several models",
    ),
    "transfer": Caption(
        title="Rankings of feature maps used on other comparisons",
        question="Does a ranking learned from one comparison predict others?",
        category="Networks",
        reading="Test alignment ({score}), less that of all maps, of the maps that another comparison's judgments rank "
        "highest.",
        about=("model",),
        condition="several comparisons",
    ),
    "elimination": Caption(
        title="Backward elimination against one ranking",
        question="Are maps chosen better one at a time than by one ranking?",
        claim="its open question, how maps interact",
        category="Interactions",
        reading="Alignment ({score}) of the feature maps left when they are removed one at a time and scored again "
        "after each, and of as many maps of the highest scores in one ranking, on the training and on the test images "
        "of the folds of one seed.",
        condition="target `interactions`",
    ),
    "pairs": Caption(
        title="Interactions of pairs of feature maps",
        question="Which maps replace each other?",
        claim="its open question, how maps interact",
        category="Interactions",
        reading="What pairs of feature maps are worth beyond the sum of both. Positive: they replace each other.",
        condition="target `interactions`",
    ),
    "shapley": Caption(
        title="Shapley values of the feature maps",
        question="Is a map worth more, or less, when others may be gone too?",
        claim="its open question, how maps interact",
        category="Interactions",
        reading="Shapley values with standard errors of the sampling, against Alignment Importance Scores.",
        condition="target `interactions`",
    ),
    "bars": Caption(
        title="Prediction of judgments with all and with the retained feature maps",
        question="Do the retained feature maps predict the judgments of new images better than all maps, in all "
        "comparisons and networks?",
        claim="bars of test R² with retained counts",
        category="Prediction",
        reading="Bars: test alignment ({score}) of all feature maps (grey) and of those retained on the training "
        "images (blue), means over folds; whiskers: 95 % intervals by the bootstrap over images; numbers: feature maps "
        "retained, mean over folds; dashed, with several participants: noise ceiling, the highest score to expect "
        "against their mean.",
        about=(),
        condition="target `paper`",
    ),
    "fold-curves": Caption(
        title="Alignment of the k highest-ranked feature maps in every fold",
        question="How does alignment depend on the number of feature maps, and how far do folds differ?",
        claim="curves of single folds",
        category="Prediction",
        reading="Thin lines: test alignment ({score}) of single folds; thick lines: means over folds on training "
        "images (orange) and test images (blue); dotted: number of maps retained, mean over folds. Maps are ranked, "
        "and their number is chosen, on training images alone.",
        about=("model",),
        condition="target `paper`",
    ),
    "control": Caption(
        title="Positive control: heatmaps under different observers of the same images",
        question="Do heatmaps lie on what the observers compared, where that is known?",
        claim="none; a positive control",
        category="Control",
        reading="Points: images; bars: medians of the area under the ROC curve by which the heatmap tells two objects "
        "apart, with 95 % bootstrap intervals. Pairs: heatmaps in the light of another image that people find alike, "
        "means over such images. Plain activations are the baseline.",
        about=("control", "model"),
        condition="with controls",
    ),
    "speed": Caption(
        title="Speed and memory of the ablation engine",
        question="How much faster is the engine than other ways to the same numbers, and how does it grow?",
        category="Benchmark",
        reading="Time and memory on this machine, against the published way (one forward pass of the head per feature "
        "map and image), batched feature ablation with captum, and one RSM per map from the Gram matrix. Data are "
        "simulated and VGG-16 has random weights, with biases such that 15 per cent of the units of its fully "
        "connected layers are active. The other ways are timed on the share of the work that the table names, and "
        "extrapolated; the published way of the curves has all images in one batch, and differences of curves are "
        "those beyond the first tenth of k.",
        about=(),
        condition="target `benchmark`",
    ),
}


def score_name(score: str) -> str:
    """Return the name of a second-order score in figures and captions."""
    return SCORES[score].label


def subject(kind: str, *names: str) -> dict[str, str]:
    """Return what a figure is about: its names, by what each of them names, in the order of `FIGURES[kind].about`."""
    return dict(zip(FIGURES[kind].about, names, strict=True))


def stem(kind: str, *names: str) -> str:
    """Return the file name of a figure, without its ending; arguments as for `subject`.

    Example:
        >>> stem("agreement", "birds", "vgg16", "resnet50")
        'agreement_birds_vgg16_and_resnet50'
    """
    named = subject(kind, *names)
    second = named.pop("model_b", None)
    return "_".join([kind, *named.values()]) + (f"_and_{second}" if second else "")


def labels(kind: str, *names: str) -> dict[str, str]:
    """Return the labels of a figure in Snakemake's report; arguments as for `subject`."""
    return {"what": FIGURES[kind].title, **subject(kind, *names)}


def unusual(arithmetic: str, ablation: str) -> list[str]:
    """State the arithmetic and the ablation of a network if they differ from float32 and from ablation to zero."""
    replaced = ["ablated maps replaced by their means"] if ablation == "mean" else []
    return replaced if arithmetic == "float32" else [arithmetic, *replaced]


def notes(
    comparisons: Mapping[str, Mapping[str, Any]], models: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Write what Snakemake's report must say of comparisons and models wherever it shows them, in reStructuredText.

    Args:
        comparisons, models: these sections of the completed configuration.

    Returns:
        For each note whether it is `about` a comparison or a model, the `name` of that, and the `text`.
    """
    cases = (
        ("comparison", comparisons, "simulated", True, "The observers of ``{}`` are **simulated**."),
        ("model", models, "weights", "random", "The network ``{}`` has **random weights**."),
        ("model", models, "ablation", "mean", "A map of ``{}`` is ablated by putting **its mean** over all images and "
         "places in its place, not zero."),
        ("model", models, "layout", "units", "``{}`` is features of another tool: **units** without places stand for "
         "its feature maps."),
    )  # fmt: skip
    return [
        {"about": about, "name": name, "text": text.format(name)}
        for about, section, key, value, text in cases
        for name, entry in section.items()
        if entry.get(key) == value
    ]
