"""docs/own_data.md: its example passes the check, and mistakes are told as it shows them."""

import re
from pathlib import Path

from tiny_project import ROOT, run_snakemake

PAGE = (ROOT / "docs/own_data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_example_passes_its_check(own_data: Path) -> None:
    answer = run_snakemake(own_data, "--cores", "1", "check", "--configfile", "tools.yaml")
    assert answer.returncode == 0, answer.stdout


def test_mistakes_are_told_as_shown(own_data: Path) -> None:
    of_configuration, of_inputs = blocks("text")
    wrong = blocks("yaml")[0].replace("kind:", "kin:").replace("tools/photos", "tools/fotos") + "    wieghts: random\n"
    (own_data / "wrong.yaml").write_text(wrong, encoding="utf-8")
    answer = run_snakemake(own_data, "-n", "--configfile", "wrong.yaml")
    assert answer.returncode == 1
    assert of_configuration.replace("/home/me", str(own_data)) in answer.stdout

    file = own_data / "data/tools/similarity.csv"
    good = file.read_text(encoding="utf-8")
    lines = good.splitlines()
    lines[2] = re.sub(r",\d+$", ",4O", lines[2])
    lines[4] = re.sub(r"^\w+", "hamer5", lines[4])
    file.write_text("\n".join(lines), encoding="utf-8")
    answer = run_snakemake(own_data, "check", "--cores", "1", "--configfile", "tools.yaml")
    file.write_text(good, encoding="utf-8")
    assert answer.returncode == 1
    assert of_inputs in answer.stdout
