"""The command `alignment-importance`: what it runs, asks and says, on a tiny project and a real Snakemake."""

import base64
import doctest
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_project import ROOT

from alignment_importance.command import main, progress, questions

COMMAND = [sys.executable, "-c", "import sys; from alignment_importance.command import main; sys.exit(main())"]

STEPS = """
rule all:
    input: "2.txt"
rule:
    output: "{n}.txt"
    input: lambda wildcards: [] if wildcards.n == "1" else "1.txt"
    shell: "echo job {wildcards.n} >&2; sleep 0.5; touch {output}"
"""


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "COLUMNS": "100", "PYTHONWARNINGS": "ignore"}


def call(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Call the command in a folder; return its exit status and all its output."""
    answer = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment() | variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return answer.returncode, answer.stdout


def call_on_terminal(folder: Path, command: list[str], *answers: str) -> tuple[int, str]:
    """Call a command on a terminal, with an answer to each question, which ends in a colon."""
    ours, its = pty.openpty()
    variables = environment() | {"TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=folder, env=variables, stdin=its, stdout=its, stderr=its) as run:
        os.close(its)
        said, left = "", list(answers)
        try:
            while part := os.read(ours, 4096):
                said += part.decode()
                if left and said.rstrip().endswith(":"):
                    os.write(ours, f"{left.pop(0)}\n".encode())
        except OSError:  # the terminal's other end is closed
            pass
    os.close(ours)
    assert not left
    return run.returncode, said


def test_it_runs_what_it_prints_with_the_status_of_snakemake(project: Path) -> None:
    status, said = call(project, "run", "tiny.yaml", "--cores", "1", "--", "results/inputs/tiny/images.csv")
    assert status == 0, said
    command = "snakemake --configfile tiny.yaml --rerun-incomplete --quiet host rules --cores 1"
    assert said.startswith(f"{command} results/inputs/tiny/images.csv\n")
    assert "\n1 of 1 steps\n" in said
    assert (project / "results/inputs/tiny/images.csv").exists()
    (project / "my photos/photo 03.png").write_bytes(b"no image")
    status, said = call(project / "my photos", "check", "../tiny.yaml")
    assert status == 1
    assert said.startswith(f"cd '{project}' && snakemake")
    assert "photo 03.png" in said


def test_it_goes_on_after_an_interruption(project: Path) -> None:
    images = "results/inputs/tiny/images.csv"
    assert call(project, "run", "tiny.yaml", "--", images)[0] == 0
    # The mark that Snakemake leaves of a job that was running.
    (project / ".snakemake/incomplete" / base64.b64encode(images.encode()).decode()).touch()
    status, said = call(project, "run", "tiny.yaml", "--", images)
    assert status == 0, said
    assert "\n1 of 1 steps\n" in said


def test_a_configuration_is_started_from_a_subfolder(project: Path) -> None:
    shutil.copytree(project / "my photos", project / "data/photos")
    status, said = call(project / "data", "new", "photos", "../matrix.csv", "--kind", "similarity")
    assert status == 0, said
    written = yaml.safe_load((project / "photos.yaml").read_text(encoding="utf-8"))
    assert written["image_sets"]["photos"]["folder"] == "data/photos"
    assert written["comparisons"]["photos"]["judgments"] == "matrix.csv"
    renamed = (project / "pairs.csv").read_text(encoding="utf-8").replace("image_a", "Bild 1", 1)
    (project / "bilder.csv").write_text(renamed, encoding="utf-8")
    status, said = call(project, "new", "my photos", "bilder.csv", "--name", "b", "--columns", "image_a=Bild 1")
    assert status == 0, said
    written = yaml.safe_load((project / "b.yaml").read_text(encoding="utf-8"))
    assert written["comparisons"]["b"]["columns"] == {"image_a": "Bild 1"}


def test_an_image_folder_with_an_invalid_name_gives_a_valid_name(project: Path) -> None:
    status, said = call(project, "new", "my photos", "pairs.csv")
    assert status == 0, said
    assert "my-photos" in yaml.safe_load((project / "my-photos.yaml").read_text(encoding="utf-8"))["comparisons"]


def test_what_it_cannot_know_is_asked_for_only_on_a_terminal(project: Path) -> None:
    status, said = call_on_terminal(project, [*COMMAND, "new", "my photos", "matrix.csv"], "faces", "similarity")
    assert status == 0, said
    assert "what a larger number means" in said
    assert yaml.safe_load((project / "faces.yaml").read_text(encoding="utf-8"))["comparisons"]["faces"]["kind"] == (
        "similarity"
    )
    # For a file of several arrays it asks which one, what it means, and of which images.
    matrix = pd.read_csv(project / "matrix.csv", index_col=0)
    np.savez(project / "arrays.npz", first=matrix, second=matrix)
    (project / "order.txt").write_text("\n".join(matrix.columns), encoding="utf-8")
    command = [*COMMAND, "new", "my photos", "arrays.npz", "--name", "arrays"]
    status, said = call_on_terminal(project, command, "second", "similarity", "order.txt")
    assert status == 0, said
    written = yaml.safe_load((project / "arrays.yaml").read_text(encoding="utf-8"))["comparisons"]["arrays"]
    assert (written["key"], written["kind"], written["order"]) == ("second", "similarity", "order.txt")
    # For a table whose columns have other names it asks which column is which.
    renamed = (project / "pairs.csv").read_text(encoding="utf-8").replace("dissimilarity", "My rating", 1)
    (project / "rated.csv").write_text(renamed, encoding="utf-8")
    command = [*COMMAND, "new", "my photos", "rated.csv", "--name", "rated"]
    answers = ("dissimilarity", "'dissimilarity=My", "'dissimilarity=My rating'")
    status, said = call_on_terminal(project, command, *answers)
    assert status == 0, said
    assert "'dissimilarity' is not of the form NAME=YOURS" in said
    assert "No closing quotation" in said
    assert "unknown column 'My rating'" in said
    written = yaml.safe_load((project / "rated.yaml").read_text(encoding="utf-8"))["comparisons"]["rated"]
    assert written["columns"] == {"dissimilarity": "My rating"}
    # The table of pairs says itself what a larger number means.
    status, said = call_on_terminal(project, [*COMMAND, "new", "my photos", "pairs.csv"], "pairs")
    assert status == 0, said
    status, said = call(project, "new", "my photos", "matrix.csv", "--name", "other")
    assert status == 1
    assert "neither the file nor the configuration says what a larger number means" in said


def test_the_gallery_is_opened(project: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\nprintf %s \"$1\" > '{tmp_path}/opened'\n", encoding="utf-8")
    browser.chmod(0o755)
    (project / "other.yaml").write_text(
        (project / "tiny.yaml").read_text("utf-8") + "results: results/other\n", "utf-8"
    )
    status, said = call(project, "open", "other.yaml", BROWSER=str(browser))
    assert status == 1
    page = project / "results/other/gallery/index.html"
    assert f"there is no {page} yet; `alignment-importance run other.yaml` makes it" in said
    page.parent.mkdir(parents=True)
    page.write_text("<p>gallery</p>", encoding="utf-8")
    status, said = call(project, "open", "other.yaml", BROWSER=f"{browser} %s")
    assert status == 0, said
    assert (tmp_path / "opened").read_text(encoding="utf-8") == page.as_uri()
    browser.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    status, said = call(project, "open", "other.yaml", BROWSER=f"{browser} %s")
    assert (status, said) == (1, f"{page}\nno browser was found here; open this page in one.\n")


def test_where_no_gallery_is_made_it_says_so(project: Path) -> None:
    config = yaml.safe_load((project / "tiny.yaml").read_text(encoding="utf-8"))
    config |= {"models": {"clip": {"features": "clip.npy", "order": "clip.txt", "layout": "units"}}, "controls": {}}
    (project / "units.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    figures = project / "results" / "figures"
    said = f"units of features have no places and so no gallery; their figures are made in {figures}.\n"
    assert call(project, "open", "units.yaml") == (1, said)


@pytest.mark.parametrize("command", ["check", "run", "open"])
def test_a_configuration_that_cannot_be_read_is_told(project: Path, command: str) -> None:
    (project / "bad.yaml").write_text("results: [", encoding="utf-8")
    (project / "empty.yaml").write_text("", encoding="utf-8")
    (project / "latin.yaml").write_bytes("results: Übung".encode("latin-1"))
    for name, said in (
        ("bad.yaml", "bad.yaml: it is not valid YAML"),
        ("latin.yaml", "latin.yaml: it is not valid YAML"),
        ("empty.yaml", "empty.yaml: it contains no keys."),
        ("none.yaml", "there is no configuration none.yaml."),
    ):
        status, answer = call(project, command, name)
        assert status == 1
        assert said in answer
        assert "Traceback" not in answer


def test_a_column_must_be_named_as_name_equals_yours(project: Path) -> None:
    status, said = call(project, "new", "my photos", "pairs.csv", "--columns", "similarity")
    assert status == 2
    assert "--columns: 'similarity' is not of the form NAME=YOURS, such as similarity=rating." in said
    assert doctest.testmod(questions) == (0, 2)


def test_outside_a_checkout_it_says_where_the_snakefile_is_expected(tmp_path: Path) -> None:
    status, said = call(tmp_path, "run")
    assert status == 1
    assert said.startswith(f"the Snakefile of alignment-importance is expected in {tmp_path} or a folder around it")
    assert said.count("\n") == 1
    status, said = call(tmp_path, "open", "--directory", str(ROOT), "nowhere.yaml")
    assert (status, said) == (1, "there is no configuration nowhere.yaml.\n")


def test_a_checkout_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)
    assert main(["check", "--directory", str(ROOT)]) == 1
    said = f"Snakemake keeps its records in {ROOT / '.snakemake'}, where you may not write; name a checkout of your own"
    assert capsys.readouterr() == ("", f"{said} with --directory.\n")


def test_the_time_that_is_left_follows_from_the_steps_done() -> None:
    assert doctest.testmod(progress).attempted == 2
    assert doctest.testmod(progress).failed == 0
    assert progress.describe(0, 3, 10) == "0 of 3 steps"


@pytest.mark.parametrize("on_terminal", [False, True])
def test_progress_is_a_line_below_on_a_terminal_and_lines_in_a_log(tmp_path: Path, on_terminal: bool) -> None:
    (tmp_path / "Snakefile").write_text(STEPS, encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from alignment_importance.command import progress; "
        "command = [sys.executable, '-m', 'snakemake', '--quiet', 'rules', '--cores', '1']; "
        "sys.exit(progress.call(command, Path()))"
    )
    command = [sys.executable, "-c", program]
    if on_terminal:
        status, said = call_on_terminal(tmp_path, command)
        assert "\x1b[" in said  # the line of progress is overwritten
        assert "━" in said
    else:
        answer = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
        status, said = answer.returncode, answer.stderr
        assert [line for line in said.splitlines() if " of 3 steps" in line][-1] == "3 of 3 steps"
        assert "\x1b[" not in said
    assert status == 0, said
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert re.search(r"1 of 3 steps, about 0:0\d:\d\d left", plain)
    assert "job 2" in said
    assert "steps (" not in said


def test_the_status_of_what_failed_is_handed_on(tmp_path: Path) -> None:
    assert progress.call([sys.executable, "-c", "import sys; print('no', file=sys.stderr); sys.exit(3)"], tmp_path) == 3


def test_an_interrupt_ends_snakemake_and_then_the_command(tmp_path: Path) -> None:
    """Snakemake waits for its job, which takes a second to end, and unlocks the folder."""
    rule = """rule:\n    output: "made"\n    shell: "trap 'sleep 1; exit 1' INT; touch begun; sleep 60"\n"""
    (tmp_path / "Snakefile").write_text(rule, encoding="utf-8")
    # As at a terminal: a process in the background may have been started with interrupts ignored.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pathlib import Path; from alignment_importance.command import progress; "
        "sys.exit(progress.call([sys.executable, '-m', 'snakemake', '--cores', '1'], Path()))"
    )
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), stdin=its, stderr=its, start_new_session=True
    ) as run:
        os.close(its)
        while not (tmp_path / "begun").exists() and run.poll() is None:
            time.sleep(0.05)
        os.killpg(run.pid, 2)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:
            pass
    assert run.returncode == 1
    assert b"Traceback" not in said
    assert list((tmp_path / ".snakemake").glob("locks/*")) == []
