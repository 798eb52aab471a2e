"""Every command line and every block of YAML in the documentation works.

New ones are tested without being named here. Commands of Snakemake are dry runs with the example of docs/own_data.md;
those that submit to Slurm get a stand-in for `sbatch`. The options of other programs must be in their help.
"""

import functools
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import args_to_api, get_argument_parser, parse_args
from snakemake_executor_plugin_slurm.partitions import read_partition_file
from tiny_project import ROOT, run_snakemake

from alignment_importance.config import Configuration, configure

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "config/README.md")] + sorted(ROOT.glob("docs/*.md"))
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SLURM = "workflow/profiles/slurm"

#: The project's own command, which is a script where the package is installed.
_SCRIPTS = repr(str(ROOT / "scripts"))
COMMAND = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {_SCRIPTS}); import alignment_importance.command as it; it.main()",
)

#: Options that Snakemake knows.
OPTIONS = set(get_argument_parser()._option_string_actions)


def blocks(language: str) -> list[tuple[str, str]]:
    """Page and text of every fenced block in a language."""
    found = [(page.name, block) for page in PAGES for block in FENCED.findall(page.read_text(encoding="utf-8"))]
    return [(page, text) for page, (named, text) in found if named == language]


def command_lines() -> Iterator[tuple[str, str]]:
    """Page and text of every command line: in fenced blocks, indented, and within sentences."""
    yield from ((page, line) for page, text in blocks("bash") for line in text.splitlines())
    for page in PAGES:
        prose = FENCED.sub("", page.read_text(encoding="utf-8"))
        spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
        for line in [*re.findall(r"^ {4}(\S.*)$", prose, re.MULTILINE), *spans]:
            if re.match(r"([A-Z_]+=\S+ )?(snakemake|python|pip|alignment-importance) \S", line):
                yield page.name, line
            # An option with a value stands for a command that has it.
            elif line.split()[0] in OPTIONS and " " in line:
                yield page.name, f"snakemake --cores 1 {line}"


#: Each command line once, with one of the pages that have it.
LINES = sorted({line: page for page, line in command_lines()}.items())
OF_SNAKEMAKE = [(line, page) for line, page in LINES if "snakemake " in line]
EXAMPLE: dict[str, Any] = yaml.safe_load(next(text for page, text in blocks("yaml") if page == "own_data.md"))


def steps(line: str) -> list[list[str]]:
    """The words of each command of a line, without environment variables and the prefix .venv/bin/."""
    commands = [shlex.split(command, comments=True) for command in line.split("&&")]
    return [[word.removeprefix(".venv/bin/") for word in words if not re.match("[A-Z_]+=", word)] for words in commands]


# --- YAML ---


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_yaml_is_of_a_form_that_is_read(page: str, text: str, tmp_path: Path) -> None:
    """A block is a part of a configuration, comparisons, or partitions for Slurm's plugin."""
    content = yaml.safe_load(text)
    if set(content) <= set(Configuration.model_fields):
        configure(EXAMPLE | content, look_at_files=False)
    elif "partitions" in content:
        (tmp_path / "partitions.yaml").write_text(text, encoding="utf-8")
        assert len(read_partition_file(tmp_path / "partitions.yaml")) == len(content["partitions"])
    else:
        configure(EXAMPLE | {"comparisons": content}, look_at_files=False)


# --- Snakemake ---


@pytest.fixture(scope="module")
def project(own_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the data of the example, and with the placeholders FOLDER and FILE, which commands name."""
    folder = tmp_path_factory.mktemp("documented") / "project"
    shutil.copytree(own_data, folder, ignore=shutil.ignore_patterns("results", ".snakemake", "tools.yaml"))
    shutil.copy(folder / "data/tools/similarity.csv", folder / "data/tools/people.csv")
    (folder / "FOLDER").mkdir()
    (folder / "FILE").write_text(yaml.safe_dump(EXAMPLE), encoding="utf-8")
    return folder


def change_folder(folder: Path) -> None:
    """Go to another folder; if it does not exist, make it with a link to the data."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        (folder / "data").symlink_to(Path("data").resolve())
    os.chdir(folder)


def write_caller() -> None:
    """Write the workflow that uses this one as a module, as docs/module.md has it."""
    [(_, text)] = [block for block in blocks("python") if block[0] == "module.md"]
    Path("Snakefile").write_text(text.replace("/path/to/alignment-importance", str(ROOT)), encoding="utf-8")
    Path("config.yaml").write_text(yaml.safe_dump({"alignment_importance": EXAMPLE | {"results": "results"}}))


def is_possible(words: Sequence[str]) -> bool:
    """Whether a dry run of a command succeeds. The example takes the place of configurations that do not exist."""
    parser, args = parse_args([*words, "--quiet", "all"])
    if args.report or args.lint:  # a report needs results, and lint has its own test
        return True
    assert args.cores or args.jobs or args.dryrun or args.unlock, "nothing starts without --cores"
    args.dryrun, args.software_deployment_method = True, set()
    written = [file for file in args.configfile or [] if not file.exists()]
    for file in written:
        file.write_text(yaml.safe_dump(EXAMPLE), encoding="utf-8")
    possible = args_to_api(args, parser)
    for file in written:
        file.unlink()
    return possible


@pytest.mark.parametrize(("line", "page"), [one for one in OF_SNAKEMAKE if SLURM not in one[0]])
def test_snakemake_can_do_what_a_command_says(
    line: str, page: str, project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    if page == "module.md":
        change_folder(Path("caller"))
        write_caller()
    for program, *words in steps(line):
        if program == "cd":
            change_folder(Path(words[0]))
        elif program == "snakemake":
            # It may also fail for lack of data that must be fetched by hand, if it says so.
            assert is_possible(words) or "docs/data_sets.md says where it is from" in capfd.readouterr().out


# --- Slurm ---


def asked_of_slurm(folder: Path, programs: Path, *words: str) -> dict[str, str]:
    """Run Snakemake where Slurm refuses every job, and return the arguments that `sbatch` got, by rule."""
    programs.mkdir()
    asked = programs / "asked"
    for name in ("sbatch", "squeue", "sinfo", "sacct", "scontrol"):
        line = f"echo $* >> {shlex.quote(str(asked))}; exit 1" if name == "sbatch" else "exit 0"
        (programs / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    # Snakemake does not end before this timespan and its first check of the jobs' status.
    soon = ("--max-jobs-per-timespan", "20/1s", "--slurm-init-seconds-before-status-checks", "1")
    answer = run_snakemake(folder, *words, "--retries", "0", *soon, environment=environment)
    assert asked.exists(), answer.stdout
    lines = asked.read_text(encoding="utf-8").splitlines()
    return {re.findall(r"--allowed-rules (\w+)", line)[0]: line for line in lines}


@pytest.mark.parametrize("line", [line for line, _ in OF_SNAKEMAKE if SLURM in line])
def test_a_command_submits_to_slurm(line: str, project: Path, tmp_path: Path) -> None:
    (project / "tools.yaml").write_text(yaml.safe_dump(EXAMPLE), encoding="utf-8")
    [(_, *words)] = steps(line)
    for command in asked_of_slurm(project, tmp_path / "programs", *words).values():
        assert re.search(r" -t \d+ --mem \d+ ", command)
        assert "--gpus" not in command
    (project / "tools.yaml").unlink()


def test_a_kind_of_gpu_gives_one_to_jobs_that_use_it_and_to_no_others(project: Path, tmp_path: Path) -> None:
    profile = (ROOT / SLURM / "profile.v9+.yaml").read_text(encoding="utf-8")
    (tmp_path / "profile.v9+.yaml").write_text(profile.replace("# gpu_model:", "gpu_model:"), encoding="utf-8")
    targets = ("results/benchmark/vgg16.csv", "results/layers/efficientnet_lite0.csv")
    asked = asked_of_slurm(project, tmp_path / "programs", *targets, "--profile", str(tmp_path))
    assert "--gpus=my_model:1 " in asked["measure_speed"]
    assert "--gpus=my_model:0 " in asked["prepare_networks"]


# --- other programs ---


@functools.cache
def help_of(*command: str) -> str:
    """The help of a program, which lists its options."""
    return subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("line", [line for line, page in LINES if (line, page) not in OF_SNAKEMAKE])
def test_other_programs_know_their_options(line: str) -> None:
    """The program of a line exists, as do the files that the line names, and its help names the options."""
    for words in steps(line):
        if words[0] == "alignment-importance":
            told = help_of(*COMMAND, words[1])
            assert [option for option in words if option.startswith("--") and f" {option}" not in told] == []
            continue
        first = next(word for word in words[1:] if not word.startswith("-"))
        # Ask for the help of `python FILE`, `python -m MODULE` and `pip install`, not of `python` and `pip`.
        length = words.index(first) + 1 if words[0] in ("pip", "python", "python3", "ruff") else 1
        program = shutil.which(words[0], path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        assert program
        assert words[1] != "-m" or importlib.util.find_spec(words[2])
        for file in words[1:]:
            assert not re.search(r"\.(txt|py)$", file) or (ROOT / file).is_file()
        if options := [word for word in words[length:] if word.startswith("-")]:
            told = help_of(program, *words[1:length])
            assert [option for option in options if not re.search(rf"(^|[ ,]){option}\b", told)] == []
