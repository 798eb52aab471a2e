"""The form of the data of Peterson et al. 2018."""

from alignment_importance.inputs.datasets.form import Form, Key, Need, Part

#: The categories, with their names in different copies of the data set.
CATEGORIES = {
    "animals": ("animals",),
    "fruits": ("fruits",),
    "furniture": ("furniture",),
    "transportation": ("transportation", "automobiles"),
    "various": ("various",),
    "vegetables": ("vegetables",),
}


def _needs_of(category: str, folders: tuple[str, ...]) -> dict[str, Need]:
    images = ("{}/images", "original/{}/images", "{}")
    ratings = ("{}/sim_judgements/*[Ss]im*.mat", "{}/*[Ss]im*.mat")
    return {
        f"{category}_images": Need(
            f"the photographs of {category}", tuple(place.format(name) for place in images for name in folders)
        ),
        f"{category}_judgments": Need(
            f"the similarity ratings of {category}",
            ("hsim_peterson.npz", *(place.format(name) for name in folders for place in ratings)),
        ),
    }


FORM = Form(
    what="Six categories of 120 photographs with mean similarity ratings (Peterson et al. 2018).",
    needs={name: need for own in CATEGORIES.items() for name, need in _needs_of(*own).items()},
    makes={
        category: Part(
            {
                f"{category}_images": f"{category}/images",
                f"{category}_judgments": f"{category}/judgments.csv",
            },
            of=(f"{category}_images", f"{category}_judgments"),
        )
        for category in CATEGORIES
    },
    keys={
        "source": Key(
            "Folder that holds the published files: hsim_peterson.npz, or .mat files, and a folder per category with "
            "images/.",
            "data/peterson2018/original",
        ),
    },
)
