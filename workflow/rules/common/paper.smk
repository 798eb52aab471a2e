# What the paper's figures are of. Functions only.


def figures_of_paper() -> list[tuple[str, dict[str, str]]]:
    """The figures of the paper in their order: the kind of each and what it is of."""
    views = [
        {"comparison": comparison, "model": model}
        for comparison in config["comparisons"]
        for model in config["models"]
    ]
    pairs = [
        {"comparison": comparison, "model": one, "model_b": other}
        for comparison in config["comparisons"]
        for one, other in pairs_of_models()
    ]
    controls = [
        {"control": control, "model": model}
        for control in config["controls"]
        for model in config["models"]
    ]
    of_saliency = ["overlap-grid", "overlap-categories", "overlap"]
    return [
        ("bars", {}),
        *(("fold-curves", {"model": model}) for model in config["models"]),
        *(("heatmaps", view) for view in views),
        *(
            (kind, view)
            for kind in of_saliency * bool(config["saliency"])
            for view in views
        ),
        *(
            ("spread", {"comparison": comparison})
            for comparison in list(config["comparisons"]) * bool(pairs_of_models())
        ),
        *(("agreement", pair) for pair in pairs),
        *(("control", control) for control in controls),
    ]


def files_of_paper(ending: str) -> list[str]:
    """The files of these figures."""
    files = []
    for kind, about in figures_of_paper():
        of = [about[name] for name in ("comparison", "control") if name in about]
        models = [about[name] for name in ("model", "model_b") if name in about]
        stem = "_".join([kind, *of, *["_and_".join(models)] * bool(models)])
        files.append(f"<results>/figures/{stem}.{ending}")
    return files


def left_out_of_paper() -> dict[str, str]:
    """What this configuration cannot give, and why."""
    reasons = {
        "spread of the scores of two networks, agreement of their heatmaps": (
            "the configuration names one network alone",
            bool(pairs_of_models()),
        ),
        "overlap of heatmaps with saliency maps, their precision and recall": (
            "the configuration names no saliency maps",
            bool(config["saliency"]),
        ),
        "published values beside those of this run": (
            "the configuration names none (`published`)",
            bool(config["published"]),
        ),
        "positive control": (
            "the configuration names no image set whose truth is known (`controls`)",
            bool(config["controls"]),
        ),
    }
    return {what: why for what, (why, there) in reasons.items() if not there}


def folds_of_paper() -> str:
    """How the folds came about, in words."""
    settings_of_folds = config["cross_validation"]
    n_folds, n_seeds = settings_of_folds["folds"], len(settings_of_folds["seeds"])
    pairs = settings_of_folds["unit"] == "pairs"
    warning = " Pairs were split: every image stands on both sides." * pairs
    return f"Folds: {n_folds} for each of {n_seeds} seeds.{warning}"
