"""Write a simulated project of many images: tiny drawn pictures, random networks, simulated judgments of some images.

python tests/workflow/large_project.py FOLDER [--images 26000] [--judged 1000]

Everything in it is simulated and says so: pixels are random, networks have random weights, and the judgments come from
a random embedding, as those of real large sets come from an embedding that was fitted to choices. docs/large.md reports
what was measured on it.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

SEED = 20_250_101

#: Side of an image in pixels.
SIDE = 32

#: Dimensions of the embedding, far fewer than images.
_DIMENSIONS = 49

#: One network of each route of the ablation: pooled maps, a first fully connected layer, and whole forward passes.
MODELS = {
    "resnet18": {"architecture": "resnet18", "input_size": 64},
    "alexnet": {"architecture": "alexnet", "input_size": 64},
    "mobilenet": {"architecture": "mobilenet_v3_small", "input_size": 64},
}


def configuration() -> dict[str, Any]:
    """The configuration: the default seeds and folds, one comparison of the images that are listed in a file."""
    return {
        "device": "cpu",
        "image_sets": {"many": {"folder": "images"}},
        "comparisons": {
            "some": {
                "image_set": "many",
                "judgments": "similarity.npy",
                "order": "judged.txt",
                "images": "judged.txt",
                "kind": "similarity",
                "simulated": True,
            }
        },
        "models": {
            name: network | {"weights": "random", "seed": seed}
            for seed, (name, network) in enumerate(MODELS.items(), start=1)
        },
        "saliency": {"spectral_residual": {"method": "spectral_residual"}},
    }


def write_large_project(folder: Path, n_images: int, n_judged: int) -> None:
    """Write images, the similarities of some of them, their ids, and large.yaml.

    Args:
        folder: is created.
        n_images: number of images, called image-000000.png and so on.
        n_judged: number of images, spread evenly over all, of which every pair has a simulated judgment.
    """
    random = np.random.default_rng(SEED)
    (folder / "images").mkdir(parents=True)
    for i in range(n_images):
        # A few coarse cells: pixels of pure noise would look the same to every network.
        cells = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        drawn = Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        drawn.save(folder / "images" / f"{name(i)}.png")
    judged = np.linspace(0, n_images - 1, n_judged).astype(int)
    (folder / "judged.txt").write_text("".join(f"{name(i)}\n" for i in judged), encoding="utf-8")
    embedding = random.gamma(0.5, size=(n_judged, _DIMENSIONS))
    np.save(folder / "similarity.npy", embedding @ embedding.T)
    (folder / "large.yaml").write_text(yaml.safe_dump(configuration(), sort_keys=False), encoding="utf-8")


def name(number: int) -> str:
    """The id of an image."""
    return f"image-{number:06d}"


def main() -> None:
    """Read the command line and write the project."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=26_000)
    parser.add_argument("--judged", type=int, default=1_000)
    arguments = parser.parse_args()
    write_large_project(arguments.folder, arguments.images, arguments.judged)


if __name__ == "__main__":
    main()
