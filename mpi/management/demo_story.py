"""The story of the demonstration: a month of work at the desk of a town of its own, lived through in seconds.

Every step goes through the services that people and programs use, at a time that has passed. How far it has come is
kept in the demo folder, so that a run which was cut off goes on where it was. It is told before the town is loaded,
for what happened earlier is recorded earlier.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from mpi.commands import Actor
from mpi.management.demo_clock import Step, at
from mpi.management.demo_desk import questions_and_answers
from mpi.management.demo_people import SYSTEMS
from mpi.management.demo_special import special_steps
from mpi.services.systems import register_system


@dataclass(frozen=True, slots=True)
class _Kept:
    """How far the story has come: when it was begun, and how many of its steps are told."""

    began: datetime
    done: int

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({"began": self.began.isoformat(), "done": self.done}))


def tell_story(folder: Path, *, actor: Actor, advance: Callable[[int], object]) -> int:
    """All steps that were not told before; how many they were. `advance` is called after each, with 1."""
    path = folder / "story.json"
    kept = _read(path)
    for code, name, rank in SYSTEMS:
        register_system(code=code, name=name, rank=rank, actor=actor)
    steps = story(kept.began)
    for done, step in enumerate(steps[kept.done :], kept.done + 1):
        with at(step.at):
            step.act()
        _Kept(kept.began, done).write(path)
        advance(1)
    return len(steps) - kept.done


def _read(path: Path) -> _Kept:
    if not path.exists():
        return _Kept(timezone.now(), 0)
    told = json.loads(path.read_text())
    return _Kept(datetime.fromisoformat(told["began"]), int(told["done"]))


def story(began: datetime) -> list[Step]:
    """Every step, the earliest first; the last ones are of `began`."""
    return sorted([*questions_and_answers(began), *special_steps(began)], key=lambda step: step.at)
