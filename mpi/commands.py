"""What any door may ask, and who asks. Values only: no database, no framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from audit.uuid7 import uuid7
from matching.records import PatientRecord

Source = Literal["web", "rest", "worker", "command", "fhir", "hl7v2"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, through which door and why. `permissions` are names of `mpi.access.Permission`."""

    kind: Literal["user", "client", "system"]
    id: str
    name: str
    permissions: frozenset[str] = frozenset()
    source: Source = "command"
    purpose: str = "TREAT"
    network_address: str | None = None
    correlation_id: UUID = field(default_factory=uuid7)

    @property
    def is_human(self) -> bool:
        """True unless the index itself acts: what a person decided, at a page or through a client, the engine keeps."""
        return self.kind != "system"


def system_actor(name: str, *, source: Source = "worker", correlation_id: UUID | None = None) -> Actor:
    """The index itself acting (a worker, a command, a sweep): every permission, no person."""
    return Actor(
        kind="system",
        id=f"system:{name}",
        name=name,
        permissions=frozenset({"*"}),
        source=source,
        purpose="HSYSADMIN",
        correlation_id=correlation_id or uuid7(),
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """A person's word on whose a new source record is: of the golden record `euid`, or of one of its own ("").

    Of a record that is linked already it says that it stays where it is. The engine keeps its evidence, asks about
    others that fit, and decides nothing; the act is that of the person named here, for this reason.
    """

    euid: str
    actor_id: str
    actor_name: str
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UpsertRecord:
    """One source record as a source system tells it now. `source_time` is the source's own time of the change."""

    record: PatientRecord
    source_time: datetime | None = None
    placed: Placement | None = None


@dataclass(frozen=True, slots=True)
class DeleteRecord:
    """A source system takes back one of its records (soft)."""

    source_system: str
    mrn: str
    source_time: datetime | None = None
