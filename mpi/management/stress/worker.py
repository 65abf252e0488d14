"""One worker: act after act, each written down before and after. Killed and started again it goes on with the next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from uuid import uuid4

from django.db import connection

from mpi.access import ROLES, SCOPES
from mpi.commands import Actor
from mpi.errors import (
    AlreadyDecided,
    AlreadyMerged,
    AwaitsSecondPerson,
    Busy,
    CannotUndo,
    InvalidInput,
    MpiError,
    NotFound,
    Related,
    Separated,
    StaleVersion,
    UnderReview,
)
from mpi.management.stress.acts import Acts
from mpi.management.stress.inbox import BY_DESIGN
from mpi.management.stress.journal import Entry, Journal
from mpi.management.stress.messages import Messages, Row
from mpi.synthetic.generate import generate

LOCK_TIMEOUT_MS = 150
"""So short that locks are lost all the time."""
_DEADLOCK_TIMEOUT_MS = 60
"""Shorter yet, or a ring of locks would never be seen as one."""
_TRIES = 6
_MESSAGES = {"create": 30, "update": 14, "overlay": 4, "delete": 4, "batch": 3, "sweep": 1}
_ACTS = {
    "link": 5,
    "unlink": 4,
    "merge": 10,
    "undo": 10,
    "unmerge": 3,
    "separate": 3,
    "lift": 4,
    "relate": 3,
    "unrelate": 1,
    "verify": 3,
    "resolve": 6,
    "decide overlay": 5,
    "retire": 1,
    "merge numbers": 3,
    "unmerge numbers": 2,
    "override": 3,
    "lift override": 2,
    "expire": 1,
}
"""How often each comes, against the others."""
_REFUSALS = {
    error.code
    for error in (
        AlreadyDecided, AlreadyMerged, AwaitsSecondPerson, CannotUndo, InvalidInput, NotFound, Related, Separated,
        StaleVersion, UnderReview,
    )
}  # fmt: skip
"""What an act may be answered by design: others have been there meanwhile, or it was never possible."""


def population(records: int, seed: int) -> list[Row]:
    """The same rows in every process."""
    return [record.as_dict() for record in islice(generate(records, seed), records)]


def work(*, number: int, acts: int, rows: Sequence[Row], seed: int, folder: Path) -> None:
    """Do acts until `acts` were begun, by this process and those before it."""
    limits = f" -c lock_timeout={LOCK_TIMEOUT_MS}ms -c deadlock_timeout={_DEADLOCK_TIMEOUT_MS}ms"
    connection.settings_dict["OPTIONS"]["options"] += limits
    connection.close()
    journal = Journal(folder / f"worker-{number}.ndjson")
    for place in range(journal.begun(), acts):
        chance = random.Random(f"{seed} {number} {place}")
        (act,) = chance.choices([*_MESSAGES, *_ACTS], [*_MESSAGES.values(), *_ACTS.values()])
        journal.write(Entry(place, act))
        journal.write(_tried(place, act, chance, rows, f"stress-{seed}-{number}-{place}"))


def _tried(place: int, act: str, chance: random.Random, rows: Sequence[Row], control_id: str) -> Entry:
    run = _messages(act, chance, rows, control_id) if act in _MESSAGES else _acts(act, chance)
    for tried in range(_TRIES):
        try:
            acknowledged = run()
        except Busy:
            time.sleep(chance.uniform(0, 0.05) * 2**tried)
        except MpiError as error:
            return Entry(place, act, _refused(act, error), retried=tried)
        except Exception as error:  # noqa: BLE001  # whatever it is, no act may end so: the run is a failure
            return Entry(place, act, f"failed: {type(error).__name__}", retried=tried)
        else:
            outcome = "nothing to do" if acknowledged is None else "done"
            return Entry(place, act, outcome, tuple(acknowledged or ()), tried)
    return Entry(place, act, "busy", retried=_TRIES)


def _refused(act: str, error: MpiError) -> str:
    """The code of an act's refusal, what was said of a message's. What no random one can cause is a failure."""
    if act not in _MESSAGES:
        return f"{'refused' if error.code in _REFUSALS else 'failed'}: {error.code}"
    problems = [flaw.problem for flaw in error.flaws] or [error.code]
    return f"{'refused' if BY_DESIGN.issuperset(problems) else 'failed'}: {'; '.join(problems)}"


def _messages(act: str, chance: random.Random, rows: Sequence[Row], control_id: str) -> Callable[[], list[str] | None]:
    actor = Actor(kind="client", id="stress", name="Stress", permissions=frozenset(SCOPES), source="rest")
    messages = Messages(rows, chance, actor, control_id)
    told: dict[str, Callable[[], list[str] | None]] = {
        "create": messages.create,
        "update": messages.update,
        "overlay": messages.overlay,
        "delete": messages.delete,
        "batch": messages.batch,
        "sweep": messages.sweep,
    }
    return told[act]


def _acts(act: str, chance: random.Random) -> Callable[[], list[str] | None]:
    actor = Actor(
        kind="user",
        id="stress",
        name="Stress",
        permissions=ROLES["supervisor"],
        source="web",
        correlation_id=uuid4(),
    )
    run = Acts(chance, actor).all()[act]
    return lambda: [] if run() else None
