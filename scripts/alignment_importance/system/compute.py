"""Where and how the heavy arithmetic runs: device, threads, memory, and results that no number of threads changes."""

import copy
import ctypes
import functools
import itertools
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from threadpoolctl import threadpool_limits

from alignment_importance.system import provenance
from alignment_importance.system.errors import InputError

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")
Module = TypeVar("Module", bound=torch.nn.Module)


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
    precision: str = "float32"

    @classmethod
    def of_job(cls, settings: Mapping[str, Any], gpus: int | None, threads: int) -> "Compute":
        """The resources of a job with the device, memory and precision of the configuration, see `prepare`."""
        return prepare(gpus=gpus, threads=threads, **settings)

    def chunk(self, bytes_per_item: int) -> int:
        """How many items one task may hold: at least one."""
        return max(1, self.memory // (_TASKS_IN_MEMORY * max(1, bytes_per_item)))

    def place(self, module: Module) -> Module:
        """The module if its weights are on the device, else a copy of it there; the module itself is not moved."""
        values = itertools.chain(module.parameters(), module.buffers())
        if all(value.device.type == self.device.type for value in values):
            return module
        return copy.deepcopy(module).to(self.device)

    def arithmetic(self) -> AbstractContextManager[object]:
        """The context of forward passes: products in 16 bits if `precision` says so."""
        if self.precision in ("float16", "bfloat16"):
            return torch.autocast(self.device.type, dtype=getattr(torch, self.precision))
        return nullcontext()

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Apply `function` to every task on `threads` threads, this one among them, and yield the results in order.

        Tasks are drawn one by one, in this thread, so that a generator may carry a running sum from one to the next.

        This thread does its part instead of waiting for others: scores of VGG-16 without each map took 6.3 instead of
        7.5 s for 92 images on two cores, and a top-k curve 4.7 instead of 5.5 s (the quickest of three runs in turns).
        """
        if self.threads == 1:
            yield from map(function, tasks)
            return
        at_once = min(self.threads, _TASKS_IN_MEMORY - 2)
        pool, under_way = _pool(at_once - 1), deque[_UnderWay[Result]]()
        try:
            for task in tasks:
                call = functools.partial(function, task)
                under_way.append(_UnderWay(call, pool.submit(call)))
                if len(under_way) > at_once:
                    yield _first_done(under_way)
            while under_way:
                yield _first_done(under_way)
        finally:
            for pending in under_way:
                pending.future.cancel()


@dataclass
class _UnderWay(Generic[Result]):
    """A task that runs, waits or is done."""

    call: Callable[[], Result]
    future: Future[Result]

    def take(self) -> bool:
        """Run the task in this thread if it still waits; return whether it did."""
        if not self.future.cancel():
            return False
        self.future = Future()
        try:
            self.future.set_result(self.call())
        except BaseException as error:
            self.future.set_exception(error)
        return True


def _first_done(under_way: deque[_UnderWay[Result]]) -> Result:
    """Remove the first task and return its result; if it is not done yet, run a task that waits in the meantime.

    A core whose thread only waits is idle until another thread is moved to it, which takes longer than a small task.
    """
    if not under_way[0].future.done():
        for task in under_way:
            if task.take():
                break
    return under_way.popleft().future.result()


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay for the whole job: a new one costs more than a small task."""
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))


#: Tasks that may be in memory at once: those that run, one that waits and one being drawn. A constant, since results
#: must not depend on the number of threads.
_TASKS_IN_MEMORY = 8


def prepare(device: str, gpus: int | None, threads: int, memory_gb: float = 2.0, precision: str = "float32") -> Compute:
    """Choose the device, and make PyTorch exact and repeatable.

    Args:
        device, memory_gb, precision: keys of the configuration, see docs/configuration.md.
        gpus: GPUs that the scheduler gave to the job; 0 means the CPU, None that the scheduler does not count them.

    Raises:
        InputError: the device is `cuda` and there is none.
    """
    # Results of PyTorch's and of NumPy's own operations may depend on the number of threads.
    threadpool_limits(1)
    torch.set_num_threads(1)
    _keep_memory()
    # TF32 keeps ten bits of the mantissa: only if it is asked for.
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    chosen = _choose_device(device, gpus)
    if chosen.type == "cuda":
        threads = 1
    provenance.note_device(describe(chosen))
    logger.info("Computing in %s on %s with %d thread(s).", precision, chosen, threads)
    return Compute(chosen, threads, int(memory_gb * 1e9), precision)


@contextmanager
def borrow(device: torch.device) -> Iterator[Compute]:
    """Compute in a process of the caller: with the settings of `prepare`, after which PyTorch's own are restored.

    Args:
        device: the processor, with as many threads as PyTorch may use, or a CUDA device.
    """
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        with (
            threadpool_limits(1),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            yield Compute(device, threads if device.type == "cpu" else 1, memory=2 * 10**9)
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)


def describe(device: torch.device) -> str:
    """Name a device: `cpu`, or a GPU with its model."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "cpu"


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
    mps = " Apple's GPU (MPS) is not used: it has no float64." if torch.backends.mps.is_available() else ""
    logger.info("No CUDA device is available: device `auto` takes the CPU.%s", mps)
    return torch.device("cpu")


def _keep_memory() -> None:
    """Let the C library keep freed memory for the next array instead of handing it back to the system.

    Chunk after chunk takes and frees arrays of the same sizes. Pages fresh from the system are filled with zeros at
    their first touch, which takes longer than the arithmetic done in them: without these options, scores of VGG-16
    without each map took 7.5 instead of 6.3 s for 92 images on two cores, and a top-k curve 5.9 instead of 4.7 s (the
    quickest of three runs in turns). Only the GNU C library has them.
    """
    # On Windows there is no `CDLL(None)`, the libraries of the whole process.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_ARENA_MAX, 1)


#: Options of the GNU C library's mallopt (malloc.h).
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
