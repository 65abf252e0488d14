"""What a decision is bound to: the versions of everything the steward saw, and nothing else.

The page carries the basis as a signed token (versions only, no values of a person). At the decision
it is compared with the basis of that moment: one difference, and the decision is refused and the
page says what changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing

from mpi.errors import InvalidInput
from mpi.models import Link, PotentialMatch

_SALT = "review.basis"


@dataclass(frozen=True, slots=True)
class Basis:
    """Versions behind one screen. `golden`: EUID → version; `records`: source record id → (EUID, version)."""

    task: UUID
    task_version: int
    golden: Mapping[str, int]
    records: Mapping[int, tuple[str, int]]
    model_version: str

    def digest(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        return hashlib.sha256(json.dumps(self._document(), sort_keys=True).encode()).hexdigest()

    def token(self, *, shown_at: datetime) -> str:
        """The signed text for the form."""
        return signing.dumps({**self._document(), "shown_at": shown_at.timestamp()}, salt=_SALT, compress=True)

    def _document(self) -> dict[str, object]:
        return {
            "task": str(self.task),
            "version": self.task_version,
            "golden": dict(self.golden),
            "records": {str(key): list(value) for key, value in self.records.items()},
            "model": self.model_version,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """A basis as it came back from a form. `at` is when the page was made, in seconds since the epoch."""

    basis: Basis
    at: float


def read_token(token: str, *, task: UUID) -> Shown:
    """The basis a form was made with. Raises InvalidInput for a token that is not ours or of another task."""
    try:
        told = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise InvalidInput("The form is incomplete: open the task again. Nothing was changed.") from None
    if told["task"] != str(task):
        raise InvalidInput("The form belongs to another task. Nothing was changed.")
    basis = Basis(
        task=task,
        task_version=told["version"],
        golden=told["golden"],
        records={int(key): (euid, version) for key, (euid, version) in told["records"].items()},
        model_version=told["model"],
    )
    return Shown(basis=basis, at=told["shown_at"])


def basis_of(task: PotentialMatch) -> Basis:
    """The basis now. Needs both golden records and the model version loaded; one query for the members.

    In a deciding transaction: call it after both golden records are locked, so that it cannot change any more.
    """
    sides = {task.golden_a_id: task.golden_a, task.golden_b_id: task.golden_b}
    members = Link.objects.filter(golden_record_id__in=sides, ended_at__isnull=True).values_list(
        "source_record_id", "golden_record_id", "source_record__version"
    )
    return Basis(
        task=task.uuid,
        task_version=task.version,
        golden={side.euid: side.version for side in sides.values()},
        records={record: (sides[golden].euid, version) for record, golden, version in members},
        model_version=task.model_version.name,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two bases. Record ids; the page turns them into names."""

    updated: tuple[tuple[int, int, int], ...]
    joined: tuple[int, ...]
    left: tuple[int, ...]
    golden: tuple[tuple[str, int, int], ...]
    replaced: tuple[str, ...]
    scored_again: bool

    def __bool__(self) -> bool:
        return bool(self.updated or self.joined or self.left or self.golden or self.replaced or self.scored_again)


def difference(then: Basis, now: Basis) -> Difference:
    """Compare what was shown with what is. `updated` and `golden` hold (key, version then, version now)."""
    both = then.records.keys() & now.records.keys()
    stayed = then.golden.keys() & now.golden.keys()
    return Difference(
        updated=tuple(
            (key, then.records[key][1], now.records[key][1])
            for key in sorted(both)
            if then.records[key][1] != now.records[key][1]
        ),
        joined=tuple(key for key in sorted(now.records) if then.records.get(key, ("",))[0] != now.records[key][0]),
        left=tuple(sorted(then.records.keys() - now.records.keys())),
        golden=tuple(
            (euid, then.golden[euid], now.golden[euid])
            for euid in sorted(stayed)
            if then.golden[euid] != now.golden[euid]
        ),
        replaced=tuple(sorted(now.golden.keys() - then.golden.keys())),
        scored_again=then.task_version != now.task_version or then.model_version != now.model_version,
    )
