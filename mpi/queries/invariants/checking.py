"""Takes every look on one picture of the index, so that it is true while the index is in use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from mpi.database.picture import one_picture
from mpi.queries.invariants.events import EVENTS
from mpi.queries.invariants.finding import Fault, Invariant, Looked
from mpi.queries.invariants.found_by import FOUND_BY
from mpi.queries.invariants.history import HISTORY
from mpi.queries.invariants.messages import MESSAGES
from mpi.queries.invariants.persons import PERSONS
from mpi.queries.invariants.proposals import PROPOSALS
from mpi.queries.invariants.questions import QUESTIONS
from mpi.queries.invariants.registrations import REGISTRATIONS
from mpi.queries.invariants.survived import SURVIVED
from mpi.queries.invariants.told import TOLD

INVARIANTS: Final = (
    *PERSONS,
    *SURVIVED,
    *QUESTIONS,
    *PROPOSALS,
    *FOUND_BY,
    *EVENTS,
    *HISTORY,
    *TOLD,
    *MESSAGES,
    *REGISTRATIONS,
)
EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant after its look, with the seconds that it took."""

    invariant: Invariant
    looked: Looked
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether it is true of the index."""
        return not self.looked.faults


@dataclass(frozen=True, slots=True)
class Report:
    """What the whole check has found."""

    checked: tuple[Checked, ...]

    @property
    def is_clean(self) -> bool:
        """Whether all that was asked holds, and something was asked."""
        return bool(self.checked) and all(one.holds for one in self.checked)

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the invariants that do not hold."""
        return tuple(one.invariant.name for one in self.checked if not one.holds)

    def as_document(self) -> dict[str, object]:
        """For `--json` and for whoever keeps it."""
        return {
            "clean": self.is_clean,
            "rows": sum(one.looked.rows for one in self.checked),
            "seconds": round(sum(one.seconds for one in self.checked), 2),
            "invariants": {one.invariant.name: _document(one) for one in self.checked},
        }


def check_index(
    *, only: Sequence[str] = (), examples: int = EXAMPLES, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """Check all invariants, or those named. Reads only. `advance` is told of each that is done.

    Outside a transaction it opens one that sees a single picture of the index; inside one it sees what that one sees.
    A look that sees no row although its table has some is at fault itself, and so is an index that holds nothing.
    Cost: about a minute for 100,000 source records.
    """
    checked = []
    with one_picture():
        for invariant in INVARIANTS:
            if only and invariant.name not in only:
                continue
            began = time.monotonic()
            looked = _not_blind(invariant, invariant.look(examples))
            checked.append(Checked(invariant, looked, time.monotonic() - began))
            advance(1)
    return Report(tuple(checked))


def _not_blind(invariant: Invariant, looked: Looked) -> Looked:
    """A look that saw nothing proves nothing."""
    if looked.rows:
        return looked
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {invariant.table}), EXISTS (SELECT 1 FROM mpi_source_record)"  # noqa: S608  # our own names
        )
        has_rows, has_records = cursor.fetchone()
    if has_rows:
        return Looked(0, (Fault("looked at no row although there are some", 1, ()),))
    if not has_records:
        return Looked(0, (Fault("nothing to check: the index is empty", 1, ()),))
    return looked


def _document(one: Checked) -> dict[str, object]:
    return {
        "holds": one.holds,
        "rows": one.looked.rows,
        "seconds": round(one.seconds, 3),
        "faults": [
            {"words": fault.words, "count": fault.count, "examples": list(fault.examples)}
            for fault in one.looked.faults
        ],
    }
