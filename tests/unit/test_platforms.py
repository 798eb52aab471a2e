"""The library does without what systems other than Linux lack."""

import logging
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_project import ROOT

from alignment_importance.system import compute, logs, memory

#: Modules of Python that Windows does not have.
NOT_THERE = ("fcntl", "grp", "pwd", "readline", "resource", "syslog", "termios")

IMPORTING = f"""
import sys
for name in {NOT_THERE}:
    sys.modules[name] = None
import importlib, pkgutil
import numpy
import alignment_importance as ai
for module in pkgutil.walk_packages(ai.__path__, "alignment_importance."):
    importlib.import_module(module.name)
maps = numpy.random.default_rng(1).random((6, 3, 2, 2))
assert ai.score(maps, numpy.corrcoef(maps.mean((2, 3))))["ais"].notna().all()
"""


def test_every_module_is_imported_and_works_without_what_windows_lacks() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IMPORTING], cwd=ROOT / "scripts", capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_memory_that_cannot_be_measured_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    assert memory.peak_mb() > 0  # as on macOS
    monkeypatch.setitem(sys.modules, "resource", None)
    assert math.isnan(memory.peak_mb())
    with logs.job(tmp_path / "log", None):
        pass
    assert "memory" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_options_of_the_gnu_library_are_set_on_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    load = compute.ctypes.CDLL

    def load_by_name(name: str | None, **options: Any) -> object:
        if name is None:
            raise TypeError("Windows needs the name of a library")
        return load(name, **options)

    monkeypatch.setattr(compute.ctypes, "CDLL", load_by_name)
    with pytest.raises(TypeError):
        compute.prepare("cpu", None, 1)
    monkeypatch.setattr(sys, "platform", "win32")
    assert compute.prepare("cpu", None, 1).device == torch.device("cpu")


def test_a_gpu_of_apple_is_not_used_which_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with caplog.at_level(logging.INFO):
        assert compute.prepare("auto", None, 1).device == torch.device("cpu")
    assert "Apple's GPU (MPS) is not used: it has no float64." in caplog.text
