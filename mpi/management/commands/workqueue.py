"""`workqueue`: a steward by script works tasks of a running site by keyboard, undoes all, and compares the index."""

from __future__ import annotations

import json as jsonlib
import shutil
import sys
from argparse import ArgumentParser
from collections import Counter
from itertools import cycle
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mpi.errors import MpiError
from mpi.management.progress import progress_bar
from mpi.management.steward.state import index_state

try:
    from mpi.management.steward.desk import ANSWERS, Desk, Step, steward_at, summary
except ModuleNotFoundError as missing:
    raise CommandError(f"The Python package {missing.name} is missing: it comes with the development lock.") from None

BAR_MS = 300
"""Median server time from an answer to the next task that a steward should not have to exceed."""


class Command(BaseCommand):
    help = (
        "Work tasks of a running demonstration by keyboard in Chromium, as a steward: answers of every kind, then the "
        "next task. Prints the server time from an answer to the next task, undoes every answer from its own page, and "
        "compares the index with what it was before. Run it with the MPI_HOME (or DATABASE_URL) of the site. Exit "
        "status 1 when the steward could not go on, or the index is not as it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--site", default="http://127.0.0.1:8000", help="where the site runs (default: %(default)s)"
        )
        parser.add_argument("--tasks", type=int, default=200, help="tasks to work (default: %(default)s)")
        parser.add_argument("--user", default="steward", help="who signs in (default: %(default)s)")
        parser.add_argument("--sign-ins", type=Path, help="JSON file of user names and passwords (default: the demo's)")
        parser.add_argument("--json", action="store_true", help="print a JSON summary as the last line")

    def handle(self, *, site: str, tasks: int, user: str, sign_ins: Path | None, json: bool, **options: object) -> None:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if chromium is None:
            raise CommandError("There is no Chromium on this machine: install Debian's package chromium.")
        password = self._password(user, sign_ins or settings.MPI_HOME / "demo" / "sign-ins.json")
        began = timezone.now()
        before = index_state(began)
        try:
            with steward_at(site.rstrip("/"), username=user, password=password, chromium=chromium) as desk:
                steps = self._rounds(desk, tasks)
        except MpiError as error:
            raise CommandError(f"{error.title}: {error.detail}") from error
        after = index_state(began)
        changed = [name for name in before if before[name] != after[name]]
        self._tell(steps, changed, json=json)
        if changed or not steps:
            sys.exit(1)

    def _password(self, user: str, file: Path) -> str:
        try:
            return str(jsonlib.loads(file.read_text())[user])
        except (OSError, ValueError, KeyError):
            raise CommandError(f"There is no password of {user} in {file}: give a file with --sign-ins.") from None

    def _rounds(self, desk: Desk, tasks: int) -> list[Step]:
        """Work and undo until so many tasks are worked; a queue that runs out is worked again once it is undone."""
        steps: list[Step] = []
        turn = cycle(ANSWERS)
        with progress_bar("Working", tasks) as advance:
            while len(steps) < tasks:
                done: list[Step] = []
                going = desk.take_next()
                while going and len(steps) + len(done) < tasks:
                    done.append(desk.answer(*next(turn)))
                    advance(1)
                    going = desk.task() != ""
                if not done:
                    break
                desk.give_back()
                for step in reversed(done):
                    desk.undo(step)
                steps += done
        return steps

    def _tell(self, steps: list[Step], changed: list[str], *, json: bool) -> None:
        found = summary(steps)
        told = {
            "tasks": len(steps),
            "answers": dict(Counter(step.answer for step in steps)),
            **found,
            "bar_ms": BAR_MS,
            "undone": len(steps),
            "state_equal": not changed,
            "changed": changed,
        }
        if json:
            self.stdout.write(jsonlib.dumps(told))
            return
        for name, value in told.items():
            self.stdout.write(f"{name.replace('_', ' '):<13} {value}")
