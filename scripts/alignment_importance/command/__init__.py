"""The command `alignment-importance`: short forms of the most used Snakemake commands, each printed before it runs."""

import argparse
import importlib.util
import json
import os
import shlex
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from alignment_importance.command import progress, questions
from alignment_importance.config import Plan, configure
from alignment_importance.system.errors import InputError

#: Leaves out Snakemake's lines on the host, and on the files, memory and reason of every job.
_QUIET = ("--quiet", "host", "rules")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the command line names.

    Args:
        arguments: of the command line; None for those of the process. What follows `--` is handed on to Snakemake.

    Returns:
        The exit status: Snakemake's, or 1 where there was nothing to run.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    said = _parser().parse_args(given[:end])
    said.snakemake = given[end + 1 :]
    try:
        return int(said.do(said, find_checkout(Path(said.directory))))
    except InputError as error:
        print(error, file=sys.stderr)
    except (EOFError, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    return 1


def find_checkout(folder: Path) -> Path:
    """The folder with the project's Snakefile: this one, or the nearest around it.

    Raises:
        InputError: there is none.
    """
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "Snakefile").is_file() and (candidate / "scripts" / "alignment_importance").is_dir():
            return candidate
    raise InputError(
        f"the Snakefile of alignment-importance is expected in {folder} or a folder around it; call this command in a "
        "checkout of the project, or name one with --directory."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alignment-importance",
        description="Which feature maps of a network account for its agreement with human similarity judgments. "
        "Every command is one of Snakemake's, which is printed; what follows -- is handed on to it.",
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--directory", default=".", help="checkout of the project, or a folder in it (default: here)")
    runs = argparse.ArgumentParser(add_help=False, parents=[shared])
    runs.add_argument("--cores", default="all", help="processors to use (default: all)")
    configured = argparse.ArgumentParser(add_help=False)
    told = "configuration; that of the project's folder, which is the demo, if none is named"
    configured.add_argument("config", nargs="?", type=Path, metavar="CONFIG", help=told)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new = commands.add_parser("new", parents=[runs], help="write a configuration for images and judgments")
    new.set_defaults(do=_new)
    new.add_argument("images", type=Path, metavar="PHOTOS", help="folder of image files")
    new.add_argument("judgments", type=Path, metavar="JUDGMENTS", help="file, or folder with one per participant")
    new.add_argument("--name", help="of the configuration, NAME.yaml (default: made from the folder's)")
    new.add_argument(
        "--kind",
        choices=["similarity", "dissimilarity"],
        help="what a larger number means, if the file does not say it",
    )
    new.add_argument("--order", type=Path, metavar="FILE", help="image ids of the rows of an array, one per line")
    new.add_argument("--key", help="what to read of a file that holds several")
    new.add_argument(
        "--columns", nargs="+", type=questions.column, metavar="NAME=YOURS", help="what a table calls its columns"
    )
    new.add_argument("--table", type=Path, metavar="FILE", help="CSV with the columns image and category")
    new.add_argument("--only", type=Path, metavar="FILE", help="ids of the images to compare, one per line")

    for name, do, what in (
        ("check", _check, "report everything that is wrong with a configuration and its files"),
        ("run", _run, "run everything that is not done yet, and show the time left"),
    ):
        command = commands.add_parser(name, parents=[runs, configured], help=what)
        command.set_defaults(do=do)
    gallery = commands.add_parser("open", parents=[shared, configured], help="show the gallery in the browser")
    gallery.set_defaults(do=_open)
    return parser


def _new(said: argparse.Namespace, checkout: Path) -> int:
    if sys.stdin.isatty():
        questions.ask(said)
    paths = {key: getattr(said, key) for key in ("images", "judgments", "order", "table", "only")}
    start = {
        "name": said.name or questions.default_name(said.images),
        **{key: _seen_from(checkout, path) for key, path in paths.items() if path},
        **{key: getattr(said, key) for key in ("kind", "key") if getattr(said, key)},
        **({"columns": json.dumps(dict(said.columns), ensure_ascii=False)} if said.columns else {}),
    }
    return _snakemake(said, checkout, ["--config", *(f"{key}={value}" for key, value in start.items())], ["new"])


def _check(said: argparse.Namespace, checkout: Path) -> int:
    return _snakemake(said, checkout, _configfile(said, checkout), ["check"])


def _run(said: argparse.Namespace, checkout: Path) -> int:
    # Files that an interruption left incomplete are made again; otherwise Snakemake would stop with an error.
    settings = [*_configfile(said, checkout), "--rerun-incomplete"]
    return _snakemake(said, checkout, settings, [])


def _open(said: argparse.Namespace, checkout: Path) -> int:
    plan = Plan(configure(_read(said.config or checkout / "config.yaml"), look_at_files=False))
    results = checkout / plan.configuration.results
    if not plan.with_places():
        raise InputError(
            f"units of features have no places and so no gallery; their figures are made in {results / 'figures'}."
        )
    page = results / "gallery" / "index.html"
    if not page.exists():
        run = shlex.join(["alignment-importance", "run", *([str(said.config)] if said.config else [])])
        raise InputError(f"there is no {page} yet; `{run}` makes it.")
    print(page, flush=True)
    if not webbrowser.open(page.as_uri()):
        raise InputError("no browser was found here; open this page in one.")
    return 0


def _read(config: Path) -> dict[str, Any]:
    if not config.is_file():
        raise InputError(f"there is no configuration {config}.")
    try:
        given = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"it is not valid YAML: {error}", where=config) from error
    if not isinstance(given, dict):
        raise InputError("it contains no keys.", where=config)
    return given


def _configfile(said: argparse.Namespace, checkout: Path) -> list[str]:
    if not said.config:
        return []
    _read(said.config)  # Snakemake's own error would not name the file, or be a traceback.
    return ["--configfile", _seen_from(checkout, said.config)]


def _seen_from(checkout: Path, path: Path) -> str:
    """The path by which Snakemake, in the checkout, finds a path of the working directory."""
    absolute = path.resolve()
    return (absolute.relative_to(checkout) if absolute.is_relative_to(checkout) else absolute).as_posix()


def _snakemake(said: argparse.Namespace, checkout: Path, settings: Sequence[str], targets: Sequence[str]) -> int:
    """Print a command of Snakemake, call it in the checkout, and return its exit status."""
    if importlib.util.find_spec("snakemake") is None:
        raise InputError("Snakemake is not installed here; `pip install -r requirements.txt` does it.")
    records = checkout / ".snakemake"
    if not os.access(records if records.exists() else checkout, os.W_OK):
        raise InputError(
            f"Snakemake keeps its records in {records}, where you may not write; name a checkout of your own with "
            "--directory."
        )
    command = ["snakemake", *settings, *_QUIET, "--cores", said.cores, *targets, *said.snakemake]
    place = "" if checkout == Path.cwd() else f"cd {shlex.quote(str(checkout))} && "
    print(f"{place}{shlex.join(command)}", file=sys.stderr, flush=True)
    return progress.call([sys.executable, "-m", *command], cwd=checkout)
