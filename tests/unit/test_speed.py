"""The benchmark's other ways of computing agree with the engine; their measurements are not tested."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small_heads import head_of

from alignment_importance.ablation import PooledAblation, ReadoutAblation
from alignment_importance.ablation.heads import LinearHead
from alignment_importance.inputs import folds
from alignment_importance.system.compute import Compute
from benchmarks import experiments, runs, speed

CPU = Compute(torch.device("cpu"), 1, 10**9)


@pytest.fixture
def human() -> np.ndarray:
    judged = np.random.default_rng(1).random((7, 7))
    judged = judged + judged.T
    np.fill_diagonal(judged, np.nan)
    return judged


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.rand(7, 10, 4, 4, generator=torch.Generator().manual_seed(2))


def test_gram_way_equals_the_engine(maps: torch.Tensor, human: np.ndarray) -> None:
    readout = maps.mean((2, 3)).numpy()
    _, without = PooledAblation(readout, CPU, "pearson", "pearson_r2").leave_one_out([folds.whole(human)])
    np.testing.assert_allclose(
        speed.gram_leave_one_out(*speed.gram(readout), human, np.arange(10)), without[0], atol=1e-12
    )


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_head_run_again_equals_the_engine(maps: torch.Tensor, human: np.ndarray, at_once: int) -> None:
    head = head_of("linear")
    engine = ReadoutAblation(LinearHead(head, CPU, torch.zeros(maps.shape[1]), maps), CPU, "pearson", "pearson_r2")
    _, without = engine.leave_one_out([folds.whole(human)])
    some = np.array([0, 3, 9])
    seconds, scores = speed.heads_run_again(head.module, (maps,), list(some[:, None]), [folds.whole(human)], at_once)
    np.testing.assert_allclose(scores[:, 0], without[0, some], atol=1e-5)
    assert seconds > 0


def test_captum_equals_the_engine(maps: torch.Tensor, human: np.ndarray) -> None:
    head = head_of("linear")
    engine = ReadoutAblation(LinearHead(head, CPU, torch.zeros(maps.shape[1]), maps), CPU, "pearson", "pearson_r2")
    _, own = engine.leave_one_out_of_each_image(human)
    _, correlations = speed.captum_leave_one_out(head.module, maps, human, [0, 1, 2])
    np.testing.assert_allclose(correlations, own[:3], atol=1e-5)


def test_a_row_extrapolates_from_the_share_that_was_measured() -> None:
    ours = speed.Measured(seconds=2.0, peak_mb=100.0)
    made = speed.row("net", "work", "other", ours, 2.5, n_images=3, n_maps=4, difference=0.5, share=0.25)
    assert (made["ours_seconds"], made["other_seconds"], made["ratio"], made["measured_share"]) == (2, 10, 5, 0.25)


def test_memory_of_a_block_is_measured() -> None:
    # In a process of its own, which holds no freed memory from other tests.
    code = """
import numpy as np, torch
from benchmarks import experiments, runs, speed
with speed.measure(torch.device("cpu")) as before:
    pass
with speed.measure(torch.device("cpu")) as measured:
    held = np.ones(40_000_000)
print(measured.peak_mb - before.peak_mb)
"""
    scripts = Path(speed.__file__).parents[1]
    answer = subprocess.run([sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, check=True)
    assert 280 < float(answer.stdout) < 400


def test_the_share_of_active_units_is_the_one_that_is_said(maps: torch.Tensor) -> None:
    head = head_of("linear")
    speed._set_active_share(head, maps, torch.device("cpu"))
    with torch.no_grad():
        readout = head.module(maps)
    assert float((readout > 0).float().mean()) == pytest.approx(speed.ACTIVE, abs=0.02)


def test_permutations_one_by_one_equal_those_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "N_PERMUTATIONS", 3)
    monkeypatch.setattr(experiments, "N_ONE_BY_ONE", 2)
    monkeypatch.setattr(experiments, "N_POOLED_MAPS", 40)
    [made] = experiments.permutations(CPU).to_dict("records")
    assert made["max_abs_difference"] < 1e-11
    assert made["measured_share"] == 3 / 4


def test_a_run_is_measured_with_the_processes_that_it_starts(tmp_path: Path) -> None:
    """A dry run takes processor seconds, none of them in this process."""
    measured = runs.measure_run(["--dry-run"], tmp_path)
    assert 0 < measured.processor_seconds < 60
    assert not (tmp_path / "results").exists()
