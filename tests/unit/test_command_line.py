"""Settings on the command line are read as they are meant; wrong resources and files are refused."""

from pathlib import Path
from typing import Any

import pytest
from snakemake.cli import parse_config
from snakemake.resources import Resources
from snakemake.utils import update_config

from alignment_importance.config import ConfigurationError, command_line


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("results=2026", {"results": "2026"}),
        ("results='2026_01'", {"results": "2026_01"}),
        ("results=2026-11-27", {"results": "2026-11-27"}),
        ("results=1e5", {"results": "1e5"}),
        ("results=True", {"results": "True"}),
        ("results=out", {"results": "out"}),
        ("name=2023_02", {"name": "2023_02"}),
        ("images=007", {"images": "007"}),
        ("published=", {"published": None}),
        ("memory_gb=4", {"memory_gb": 4}),
        ("columns={image_a: 1}", {"columns": {"image_a": "1"}}),
        ("cross_validation={folds: 4}", {"cross_validation": {"folds": 4, "seeds": [1]}}),
        ("cross_validation={seeds: [2, 3]}", {"cross_validation": {"seeds": [2, 3]}}),
        ("cross_validation={folds: ", {"cross_validation": "{folds: "}),
    ],
)
def test_words_are_read_as_their_keys_want_them(word: str, meant: dict[str, Any]) -> None:
    config: dict[str, Any] = {"cross_validation": {"seeds": [1]}}
    update_config(config, parse_config([word]))
    update_config(config, command_line.misread([word]))
    assert config == {"cross_validation": {"seeds": [1]}} | meant


def test_a_resource_that_is_a_function_of_python_is_refused() -> None:
    of_profile = Resources.parse(["slurm_partition=all", "mem_mb=500", "slurm_account=physics"], allow_expressions=True)
    of_rule = Resources.parse(["lsf_queue=any", "slurm_partition='all'"], allow_expressions=True)
    with pytest.raises(ConfigurationError) as refused:
        command_line.check_resources(of_profile, of_rule)
    reason = "Snakemake takes this for a function of Python; put it in two kinds of quotes"
    assert [str(problem) for problem in refused.value.problems] == [
        f"slurm_partition: {reason}: \"'all'\"",
        f"lsf_queue: {reason}: \"'any'\"",
    ]


def test_a_key_that_stands_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.yaml", tmp_path / "twice.yaml"
    once.write_text("a: {x: 1}\nb: {x: 2}\nc: [{x: 1}, {x: 2}]\n")
    twice.write_text("a:\n  x: 1\n  y: 2\n  x: 3\nb: [{z: 1, z: 2}]\na: null\n")
    command_line.check_files([once])
    with pytest.raises(ConfigurationError) as refused:
        command_line.check_files([once, twice])
    assert [str(problem) for problem in refused.value.problems] == [
        f"{key}: it stands twice in {twice}, on line {first} and on line {second}; keep one"
        for key, first, second in [("a.x", 2, 4), ("b.z", 5, 5), ("a", 1, 6)]
    ]
