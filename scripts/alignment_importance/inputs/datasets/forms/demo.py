"""The form of the demo."""

from alignment_importance.inputs.datasets.form import Form, Key, Part

FORM = Form(
    what="The demo, drawn from a seed: images with a pictogram and a coloured disc, masks of both, the judgments of "
    "two groups of simulated observers, one of the shapes and one of the colours, and the pairs of images that share a "
    "shape and those that share a hue.",
    makes={
        "all": Part(
            {
                "images": "images",
                "masks": "masks",
                "table": "images.csv",
                "shape": "shape.csv",
                "colour": "colour.csv",
                "same_shape": "same-shape.csv",
                "same_hue": "same-hue.csv",
            }
        )
    },
    keys={
        "seed": Key("Seed of the images and of the observers' noise.", 2025),
        "observers": Key("Number of simulated observers in each of the two groups.", 12, least=1),
        "noise": Key(
            "Standard deviation of the noise in an observer's judgments, where similarities go from 0 to 1.", 0.5
        ),
    },
)
