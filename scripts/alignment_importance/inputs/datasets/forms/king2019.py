"""The form of the data of King et al. 2019."""

from alignment_importance.inputs.datasets.form import Form, Key, Need, Part

FORM = Form(
    what="Two sets of 144 photographs, arranged freely by their similarity (King et al. 2019).",
    needs={
        "set1_images": Need("the 144 photographs of the first set", ("images/set1", "set1")),
        "set2_images": Need("the 144 photographs of the second set", ("images/set2", "set2")),
        "judgments": Need("the distances of both sets", ("BEHAVIOR.mat", "sim_judgements/BEHAVIOR.mat")),
    },
    makes={
        name: Part(
            {f"{name}_images": f"{name}/images", f"{name}_judgments": f"{name}/judgments.csv"},
            of=(f"{name}_images", "judgments"),
        )
        for name in ("set1", "set2")
    },
    keys={
        "source": Key(
            "Folder that holds the published files: BEHAVIOR.mat, images/set1/ and images/set2/.",
            "data/king2019/original",
        ),
    },
)
