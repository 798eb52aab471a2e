"""Devices, tasks and their order."""

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from alignment_importance.system import compute
from alignment_importance.system.errors import InputError


def cpu(threads: int, memory: int = 1000) -> compute.Compute:
    return compute.Compute(torch.device("cpu"), threads, memory)


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_tasks(threads: int) -> None:
    def slow_first(task: int) -> int:
        time.sleep(0.02 if task == 0 else 0)
        return task * task

    assert list(cpu(threads).map(slow_first, range(10))) == [task * task for task in range(10)]


def test_tasks_are_drawn_only_when_there_is_room() -> None:
    drawn: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(100):
            drawn.append(task)
            yield task

    results = cpu(2).map(lambda task: task, tasks())
    next(results)
    assert len(drawn) <= 4


def test_tasks_are_drawn_in_the_calling_thread() -> None:
    threads = set()

    def tasks() -> Iterator[int]:
        for task in range(5):
            threads.add(threading.get_ident())
            yield task

    list(cpu(2).map(lambda task: task, tasks()))
    assert threads == {threading.get_ident()}


def test_an_exception_in_a_task_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(cpu(2).map(lambda task: 1 // task, [1, 0, 1]))
    with pytest.raises(ZeroDivisionError):
        list(cpu(2).map(lambda task: 1 // task, [1, 1, 1, 0]))


def test_the_calling_thread_does_its_part() -> None:
    done = threading.Event()

    def both_at_once(task: int) -> int:
        assert done.wait(60) if task == 0 else True
        done.set()
        return threading.get_ident()

    found = set(cpu(2).map(both_at_once, [0, 1]))
    assert len(found) == 2
    assert threading.get_ident() in found


def test_each_task_runs_on_one_thread_of_pytorch() -> None:
    prepared = compute.prepare("cpu", None, 2)
    assert set(prepared.map(lambda _task: torch.get_num_threads(), range(6))) == {1}


def test_chunks_follow_from_memory_and_not_from_threads() -> None:
    assert cpu(1).chunk(10) == cpu(8).chunk(10)
    assert cpu(1, 3200).chunk(10) == 4 * cpu(1, 800).chunk(10) == 40
    assert cpu(1, 10).chunk(10**9) == 1


def test_cuda_without_cuda_is_an_error_and_auto_takes_the_cpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no CUDA device"):
        compute.prepare("cuda", 1, 1)
    with caplog.at_level("INFO"):
        assert compute.prepare("auto", 1, 1).device.type == "cpu"
    assert "No CUDA device is available: device `auto` takes the CPU." in caplog.text


def test_no_gpu_from_the_scheduler_means_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _device: "imagined")
    assert compute.prepare("auto", 0, 1).device.type == "cpu"
    assert compute.prepare("auto", None, 4).device.type == "cuda"
    assert compute.prepare("auto", 1, 4).threads == 1


def test_precision_is_float32_unless_another_is_asked_for() -> None:
    try:
        assert compute.prepare("cpu", None, 1).precision == "float32"
        assert torch.get_float32_matmul_precision() == "highest"
        compute.prepare("cpu", None, 1, precision="tf32")
        assert torch.get_float32_matmul_precision() == "high"
        for precision in ("float16", "bfloat16"):
            with compute.prepare("cpu", None, 1, precision=precision).arithmetic():
                assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == getattr(torch, precision)
    finally:
        compute.prepare("cpu", None, 1)
