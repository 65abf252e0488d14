"""The worker processes of a bulk load: started afresh, so that they share neither connection nor thread.

What they need comes with the task. Standard records with SSNs in clear travel through pipes of the kernel and
nowhere else. This module is imported before Django is set up in a worker, so it knows no model.
"""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import django

_AHEAD = 2
"""Tasks a process has waiting: enough to keep it busy, few enough to bound memory."""
_worker: Any = None


class Pool:
    """Runs the tasks of `bulk_worker.Worker` in processes."""

    def __init__(self, executor: ProcessPoolExecutor, processes: int) -> None:
        self._executor = executor
        self._processes = processes

    def map(self, task: str, arguments: Iterable[Any]) -> Iterator[Any]:
        """Results in the order of the arguments, which are taken only as fast as results are."""
        waiting: deque[Future[Any]] = deque()
        for argument in arguments:
            waiting.append(self._executor.submit(_run, task, argument))
            while len(waiting) > self._processes * _AHEAD or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def worker_processes(frame: object, *, processes: int) -> Iterator[Pool]:
    """A pool whose processes know the frame of the load. Raises BrokenProcessPool when one of them dies."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(pickle.dumps(frame),)) as executor:
        try:
            yield Pool(executor, processes)
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


def _start(frame: bytes) -> None:
    """First in each process: Django's registry, then the frame, which names model classes."""
    global _worker
    django.setup()
    _worker = import_module("mpi.services.bulk_worker").Worker(pickle.loads(frame))  # noqa: S301 - our own parent wrote it


def _run(task: str, argument: Any) -> Any:
    return getattr(_worker, task)(argument)
