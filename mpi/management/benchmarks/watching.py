"""Where the time goes: what the database's sessions wait for, and milliseconds of named calls in this process."""

from __future__ import annotations

import importlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.db import connection

_LOOK_S = 0.02
_BUSY = (
    "SELECT COALESCE(wait_event_type || ': ' || wait_event, 'running') FROM pg_stat_activity "
    "WHERE state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@dataclass(slots=True)
class Waits:
    """Samples of busy sessions by what they waited for."""

    samples: Counter[str] = field(default_factory=Counter)

    def shares(self) -> dict[str, float]:
        """Share of the samples, the greatest first; `running` is work of the server itself."""
        total = self.samples.total() or 1
        return {name: round(count / total, 4) for name, count in self.samples.most_common(8)}

    def lock_share(self) -> float:
        """Share of the busy time in which a session waited for another one's lock."""
        total = self.samples.total() or 1
        return round(sum(count for name, count in self.samples.items() if name.startswith("Lock")) / total, 4)


@contextmanager
def watched_waits(*, look_s: float = _LOOK_S) -> Iterator[Waits]:
    """Looks at all sessions every `look_s` seconds, from a connection of its own."""
    waits, done = Waits(), threading.Event()

    def look() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', 'none', false)")  # `mpi_app` sees only its own sessions
                while not done.wait(look_s):
                    cursor.execute(_BUSY)
                    waits.samples.update(row[0] for row in cursor.fetchall())
        finally:
            connection.close()

    thread = threading.Thread(target=look, name="waits", daemon=True)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


@contextmanager
def timed_calls(stages: Mapping[str, str]) -> Iterator[Callable[[int], dict[str, float]]]:
    """Times calls of `module.function`s by stage name; gives a function: rounds -> milliseconds a round.

    Stages that lie in one another are given without what lies in them, so that the sum is the whole.
    """
    took: dict[str, float] = defaultdict(float)
    open_stages: list[float] = []

    def timed(stage: str, act: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(act)
        def call(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            open_stages.append(0.0)
            try:
                return act(*args, **kwargs)
            finally:
                whole = time.perf_counter() - began
                took[stage] += whole - open_stages.pop()
                if open_stages:
                    open_stages[-1] += whole

        return call

    with ExitStack() as stack:
        for place, stage in stages.items():
            owner, name = _owner(place)
            act = getattr(owner, name)
            setattr(owner, name, timed(stage, act))
            stack.callback(setattr, owner, name, act)
        yield lambda rounds: {stage: round(1000 * seconds / rounds, 3) for stage, seconds in took.items()}


def _owner(place: str) -> tuple[Any, str]:
    """The module or class that holds the last part of a dotted name."""
    path, _, name = place.rpartition(".")
    try:
        return importlib.import_module(path), name
    except ModuleNotFoundError:
        owner, attribute = _owner(path)
        return getattr(owner, attribute), name
