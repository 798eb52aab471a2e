# How figures are outputs of rules: their files, and their places in Snakemake's report.


def of_one_view(kinds: list[str]) -> list[tuple[str, ...]]:
    """Figures of a comparison and a model, which are wildcards: the kind of each and what it is about."""
    return [(kind, "{comparison}", "{model}") for kind in kinds]


def figure(about: tuple[str, ...], ending: str) -> str:
    """The file of a figure: its kind and what it is about."""
    return f"<results>/figures/{captions.stem(*about)}.{ending}"


def reported(about: tuple[str, ...]):
    """The PNG file of a figure with its place in Snakemake's report."""
    kind, *_ = about
    return report(
        figure(about, "png"),
        caption=f"../report/{kind}.rst",
        category=captions.FIGURES[kind].category,
        labels=captions.labels(*about),
    )


def vector_graphics(figures: list[tuple[str, ...]]) -> list[str]:
    """The PDF files of figures, if they are wanted."""
    return [figure(about, "pdf") for about in figures] if "pdf" in ENDINGS else []


def pictures(figures: list[tuple[str, ...]]) -> list:
    """The PNG files of figures with their places in Snakemake's report."""
    return [reported(about) for about in figures]
