"""The form of the data of Mur et al. 2013."""

from alignment_importance.inputs.datasets.form import Form, Key, Part

FORM = Form(
    what="92 photographs with the dissimilarities of human and monkey IT cortex (Kriegeskorte et al. 2008), and the "
    "dissimilarity judgments of 16 people (Mur et al. 2013).",
    makes={
        "all": Part(
            {
                "images": "images",
                "table": "images.csv",
                "judgments": "judgments.csv",
                "human_it": "human_it.csv",
                "monkey_it": "monkey_it.csv",
            }
        )
    },
    keys={
        "source": Key(
            "Folder that already holds the two files of the data set. Without it they are looked for in the folder "
            "that the environment variable ALIGNMENT_IMPORTANCE_DATA names, and then downloaded.",
            None,
        ),
    },
)
