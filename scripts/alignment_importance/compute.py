"""Where and how the heavy arithmetic runs: device, threads, memory, and the same bits whatever their number."""

import functools
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import torch

from alignment_importance.errors import InputError

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Compute:
    """The resources of one job.

    Work is cut into tasks whose size depends on `memory` alone, never on `threads`; every task runs on one thread.
    Therefore the results are the same, bit for bit, on one core and on many.
    """

    device: torch.device
    threads: int
    memory: int
    """Bytes that the arrays of all tasks under way may take together."""

    def chunk(self, bytes_per_item: int) -> int:
        """How many items one task may hold: at least one."""
        return max(1, self.memory // (_TASKS_IN_MEMORY * max(1, bytes_per_item)))

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Apply `function` to every task on `threads` threads and yield the results in the order of the tasks.

        Tasks are drawn one by one, in this thread, so that a generator may carry a running sum from one to the next.
        """
        if self.threads == 1:
            yield from map(function, tasks)
            return
        pool, under_way = _pool(self.threads), deque[Future[Result]]()
        try:
            for task in tasks:
                under_way.append(pool.submit(function, task))
                if len(under_way) > self.threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay for the whole job: a new one costs more than a small task."""
    return ThreadPoolExecutor(threads, initializer=_use_one_thread)


#: Tasks that may be in memory at once. A constant, since results must not depend on the number of threads.
_TASKS_IN_MEMORY = 4


def prepare(device: str, gpus: int | None, threads: int, memory_gb: float = 2.0) -> Compute:
    """Choose the device, and make PyTorch exact and repeatable.

    Args:
        device: `auto`, `cpu` or `cuda`.
        gpus: GPUs that the scheduler gave to the job; 0 means the CPU, None that nobody counts them.
        threads: CPU threads of the job.
        memory_gb: memory budget of the engine in gigabytes.

    Raises:
        InputError: the device is `cuda` and there is none.
    """
    _use_one_thread()
    # Full float32 products: TF32 keeps ten bits of the mantissa.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    chosen = _choose_device(device, gpus)
    if chosen.type == "cuda":
        threads = 1
    logger.info("Computing on %s with %d thread(s), memory budget %.3g GB.", chosen, threads, memory_gb)
    return Compute(device=chosen, threads=threads, memory=int(memory_gb * 1e9))


def _choose_device(device: str, gpus: int | None) -> torch.device:
    if device == "cpu" or (device == "auto" and gpus == 0):
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if device == "cuda":
        raise InputError(
            "device: cuda, but PyTorch finds no CUDA device here. Give the job a GPU, or set `device: auto` or "
            "`device: cpu` in the configuration."
        )
    logger.info("No CUDA device is available: device `auto` takes the CPU.")
    return torch.device("cpu")


def _use_one_thread() -> None:
    """Keep PyTorch's own operations on one thread: their results may depend on the number of threads."""
    torch.set_num_threads(1)
