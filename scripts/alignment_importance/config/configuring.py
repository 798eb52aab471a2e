"""Completes what a configuration file says, or tells everything that is wrong with it."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError, WrapValidator, create_model

from alignment_importance.config import files
from alignment_importance.config.problems import ConfigurationError, KeyProblem, nearest, of_validation, raise_any
from alignment_importance.config.sections import (
    ENTRIES,
    Comparison,
    Configuration,
    Features,
    Model,
    PairNumbers,
    Saliency,
    Start,
)
from alignment_importance.config.values import Path as PathValue
from alignment_importance.config.values import Section, as_given, whole
from alignment_importance.inputs.datasets import registry
from alignment_importance.inputs.datasets.form import Form, Key
from alignment_importance.maps.saliency.registry import METHODS

#: Tables of published values that results can stand beside.
PUBLISHED = Path(__file__).resolve().parents[3] / "workflow" / "published"


def configure(given: Mapping[str, Any], *, look_at_files: bool = True) -> Configuration:
    """Check a configuration and fill in what it leaves out.

    Args:
        given: the keys of a configuration file.
        look_at_files: whether to check that the files it names exist and can be used.

    Returns:
        The completed configuration, with a comparison for every category of `by_category`, and a model for every layer
        of `map_layers`.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    try:
        configuration = Configuration.model_validate(dict(given))
        problems = []
    except ValidationError as error:
        problems = of_validation(error, Configuration)
        configuration = _well_formed(given, problems)
    datasets, dataset_problems = _datasets(given.get("datasets", {}))
    problems += dataset_problems
    made_is_known = not any(problem.key[0] == "datasets" for problem in problems)
    comparisons, comparison_clashes = _with_categories(configuration.comparisons)
    models, model_clashes = _with_layers(configuration.models)
    problems += [
        *_references(configuration, given),
        *_companions(configuration),
        *_saliency_keys(configuration),
        *_published(configuration),
        *comparison_clashes,
        *model_clashes,
    ]
    configuration = configuration.model_copy(
        update={"comparisons": comparisons, "datasets": datasets, "models": models}
    )
    problems += _ambiguous_names(configuration)
    if look_at_files and made_is_known:
        problems += files.problems(configuration)
    raise_any(problems)
    return configuration


def _well_formed(given: Mapping[str, Any], problems: Sequence[KeyProblem]) -> Configuration:
    """Keep the entries of a configuration whose form is right, so that their other problems are told as well."""
    wrong = {problem.key[:2] for problem in problems}
    kept: dict[str, Any] = {section: {} for section in ENTRIES}
    for section, kind in ENTRIES.items():
        if isinstance(named := given.get(section), Mapping):
            names = [name for name in named if isinstance(name, str) and (section, name) not in wrong]
            kept[section] = {name: TypeAdapter(kind).validate_python(named[name]) for name in names}
    if ("published",) not in wrong:
        kept["published"] = given.get("published")
    return Configuration.model_construct(None, **kept)


def start_of(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Complete the keys of `Start` on the command line; None if it has none of the required ones.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    required = {name for name, key in Start.model_fields.items() if key.is_required()}
    if not required & set(given):
        return None
    # The keys of the default configuration are given as well.
    start_keys = {key: value for key, value in given.items() if key not in Configuration.model_fields}
    try:
        start = Start.model_validate(start_keys)
    except ValidationError as error:
        raise ConfigurationError(of_validation(error, Start)) from error
    named = {key: path for key in ("images", "judgments", "order", "table", "only") if (path := getattr(start, key))}
    raise_any([files.missing((key,), path) for key, path in named.items() if not Path(path).exists()])
    raise_any([problem for path in named.values() for problem in files.unusable(path)])
    if Path(f"{start.name}.yaml").exists():
        raise_any(
            [KeyProblem(("name",), f"there is a file {start.name}.yaml already; take another name, or remove it")]
        )
    return start.model_dump()


def type_of_dataset(name: str, form: Form) -> type[BaseModel]:
    """Create the class of a data set's entry in the configuration."""
    fields: dict[str, Any] = {
        key: (Annotated[_type_of_key(told), Field(description=told.description)], told.default)
        for key, told in form.keys.items()
    }
    return create_model(name, __base__=Section, __doc__=form.what, **fields)


def _type_of_key(key: Key) -> Any:
    if isinstance(key.default, int):
        return Annotated[int, Field(ge=key.least), BeforeValidator(whole)]
    if isinstance(key.default, float):
        return Annotated[float, Field(ge=key.least), WrapValidator(as_given)]
    return PathValue if key.default is not None else PathValue | None


def _datasets(given: Any) -> tuple[dict[str, dict[str, Any]], list[KeyProblem]]:
    """Complete the entries of data sets, and find what is wrong with them."""
    completed, problems = {}, []
    for name, entry in given.items() if isinstance(given, Mapping) else ():
        if not isinstance(name, str):
            # Its validation by `Configuration` has refused such a name already.
            continue
        if name not in registry.FORMS:
            problems.append(KeyProblem(("datasets", name), f"there is no such key{nearest(name, registry.FORMS)}"))
        elif isinstance(entry, Mapping):
            form = type_of_dataset(name, registry.FORMS[name])
            try:
                completed[name] = form.model_validate(dict(entry)).model_dump()
            except ValidationError as error:
                problems += of_validation(error, form, ("datasets", name))
    return completed, problems


def _references(configuration: Configuration, given: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """Find comparisons and controls whose image set does not exist, and controls whose image set nobody has judged.

    Args:
        configuration: the entries whose form is right.
        given: all entries, since one whose form is wrong may be referred to as well.
    """
    sets, named = given.get("image_sets"), given.get("comparisons")
    if not isinstance(sets, Mapping) or not sets:
        return
    judging = configuration.comparisons
    judged = {comparison.image_set for comparison in judging.values()}
    all_known = isinstance(named, Mapping) and len(named) == len(judging) > 0
    for kind in ("comparisons", "controls"):
        for name, entry in getattr(configuration, kind).items():
            where = (kind, name, "image_set")
            if entry.image_set not in sets:
                found = f"there is no image set {entry.image_set!r}{nearest(entry.image_set, map(str, sets))}"
                yield KeyProblem(where, found)
            elif entry.image_set not in judged and all_known:
                yield KeyProblem(where, f"no comparison has the image set {entry.image_set!r}")


def _companions(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find keys of networks that are missing for their `weights`, or that have no effect with these."""
    for weights, companion, needed in (
        ("checkpoint", "checkpoint", True),
        ("checkpoint", "sha256", False),
        ("checkpoint", "key", False),
        ("random", "seed", True),
    ):
        for name, model in configuration.models.items():
            if isinstance(model, Features):
                continue
            where, value = ("models", name, companion), getattr(model, companion)
            if needed and model.weights == weights and value is None:
                yield KeyProblem(where, f"this key is missing; `weights: {weights}` needs it")
            if model.weights != weights and value is not None:
                yield KeyProblem(
                    where, f"it has no effect without `weights: {weights}`; leave it out or change `weights`"
                )


def _saliency_keys(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find keys that a saliency method lacks or does not use."""
    for name, entry in configuration.saliency.items():
        method = METHODS[entry.method]
        for key, value in entry:
            where = ("saliency", name, key)
            if key in method.needs and value is None:
                yield KeyProblem(where, f"this key is missing; `method: {entry.method}` needs it")
            if key not in ("method", *method.needs, *method.takes) and value not in (None, False):
                yield KeyProblem(where, f"`method: {entry.method}` does not use it; leave it out or change `method`")
        if entry.architecture is not None and ":" not in entry.architecture:
            found = f"{entry.architecture!r} is not package.module:function"
            yield KeyProblem(("saliency", name, "architecture"), found)
        if entry.method == "centre_bias":
            yield from _centre_bias_keys(("saliency", name), entry)


def _centre_bias_keys(where: tuple[str, str], entry: Saliency) -> Iterator[KeyProblem]:
    """Find keys of a centre bias that do not go together: it is made from fixations, or is a Gaussian."""
    if entry.fixations is None and entry.degree is not None:
        yield KeyProblem((*where, "degree"), "it has no effect without `fixations`")
    if entry.fixations is not None and entry.degree is None:
        yield KeyProblem((*where, "degree"), "this key is missing; `fixations` needs it")
    if entry.fixations is not None and entry.degree is not None and entry.spread is not None:
        yield KeyProblem((*where, "spread"), "it has no effect with `fixations`")


def _with_categories(
    comparisons: Mapping[str, Comparison],
) -> tuple[dict[str, Comparison], list[KeyProblem]]:
    """Add a comparison for every category of `by_category`, and find names that occur twice."""
    expanded: dict[str, Comparison] = {}
    problems = []
    for name, comparison in comparisons.items():
        expanded[name] = comparison.model_copy(update={"by_category": []})
        for category in comparison.by_category:
            # Characters that a name cannot hold become a hyphen.
            own = f"{name}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', category).strip('-')}"
            if own in comparisons or own in expanded:
                found = (
                    f"{category!r} would make a second comparison {own}; rename one of them, or write it out with "
                    "`categories`"
                )
                problems.append(KeyProblem(("comparisons", name, "by_category"), found))
            else:
                # Named pairs may be of several categories, so that they are not taken over.
                pairs = PairNumbers() if comparison.names_pairs else comparison.pairs
                update = {"categories": [category], "pairs": pairs}
                expanded[own] = expanded[name].model_copy(update=update)
    return expanded, problems


def _with_layers(
    models: Mapping[str, Model | Features],
) -> tuple[dict[str, Model | Features], list[KeyProblem]]:
    """Replace a model that has `map_layers` by a model for each layer, and find clashes with other models and keys."""
    expanded: dict[str, Model | Features] = {}
    problems = []
    for name, model in models.items():
        if isinstance(model, Features) or not model.map_layers:
            expanded[name] = model
            continue
        if model.map_layer:
            problems.append(KeyProblem(("models", name, "map_layer"), "it has no effect beside `map_layers`; keep one"))
        for layer in model.map_layers:
            own = f"{name}.{layer}"
            if own in models or own in expanded:
                found = f"{layer!r} would make a second model {own}; rename one of them"
                problems.append(KeyProblem(("models", name, "map_layers"), found))
            expanded[own] = model.model_copy(update={"map_layer": layer, "map_layers": []})
    return expanded, problems


def _ambiguous_names(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find pairs of names that would give two figures one file, such as a_b with c and a with b_c."""
    for kind in ("comparisons", "controls"):
        seen: dict[str, tuple[str, str]] = {}
        for pair in itertools.product(getattr(configuration, kind), configuration.models):
            other = seen.setdefault("_".join(pair), pair)
            if other != pair:
                found = (
                    f"its files with models.{pair[1]} are those of {' with models.'.join(other)}; rename one of them"
                )
                yield KeyProblem((kind, pair[0]), found)


def _published(configuration: Configuration) -> Iterator[KeyProblem]:
    """Find a table of published values that is asked for but does not exist."""
    name, known = configuration.published, sorted(file.stem for file in PUBLISHED.glob("*.csv"))
    if name is not None and name not in known:
        yield KeyProblem(("published",), f"there are no published values {name!r}{nearest(name, known)}")
