"""Make the files that are generated from the code or from results: pages, pictures, captions, the JSON schema.

No user's run needs this program. `python docs/make.py --help` lists its parts.
"""

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: The parts, by the name of their module in `making`: the files that each makes, and what must be run before.
PARTS = {
    "configuration": "workflow/config.schema.json and docs/configuration.md, from the types in "
    "scripts/alignment_importance/config.",
    "captions": "workflow/report/*.rst and the table of figures in docs/outputs.md, from the captions in "
    "scripts/alignment_importance/report/captions.py.",
    "networks": "docs/networks.md, from all networks, built without weights, and docs/making/networks.md.jinja. It "
    "takes minutes.",
    "recovery": "docs/recovery.md, from the control of the demo and docs/making/recovery.md.jinja, after "
    "`snakemake --cores all results/recovery/demo/efficientnet_lite0.csv`.",
    "pictures": "docs/pictures/*.webp, which the tutorial shows: plots of mur92, whose photographs are not ours to "
    "publish, and, of the demo, the figures that show images. It needs Chromium, and comes after "
    "`snakemake --cores all figures gallery` and "
    "`snakemake --cores all figures --configfile workflow/configs/mur92.yaml`.",
}


def main() -> None:
    """Make the part that the command line names."""
    parser = argparse.ArgumentParser(description="Make what follows from the code or from results.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for part, made in PARTS.items():
        parts.add_parser(part, help=made, description=f"Make {made}")
    part = parser.parse_args().part
    sys.path.insert(0, str(ROOT / "scripts"))
    from alignment_importance.system.errors import InputError

    try:
        # Only the module that is needed: some of them import PyTorch, which takes seconds.
        importlib.import_module(f"making.{part}").make(ROOT)
    except InputError as error:
        sys.exit(f"{error} See: python docs/make.py {part} --help")
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is missing. See: python docs/make.py {part} --help")


if __name__ == "__main__":
    main()
