"""What all acts of people on identity share: the answer, and finding and locking the golden records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from mpi.commands import Actor
from mpi.errors import NotFound
from mpi.euid import is_euid, normal_euid
from mpi.models import GoldenRecord, IdentityEvent
from mpi.services.locking import lock_golden_records, require_live, require_version, transaction_time
from mpi.services.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class ActResult:
    """What was done. `euids` are the live golden records afterwards, the most concerned one first."""

    event_uuid: UUID
    kind: str
    euids: tuple[str, ...]
    undoable: bool
    message: str


def find_golden_record(euid: str) -> GoldenRecord:
    """The golden record of exactly this EUID, unlocked. Raises NotFound."""
    wanted = normal_euid(euid)
    found = GoldenRecord.objects.filter(euid=wanted).first() if is_euid(wanted) else None
    if found is None:
        raise NotFound("There is no golden record under this EUID.")
    return found


def begin(actor: Actor, golden_ids: Iterable[int]) -> UnitOfWork:
    """Lock the golden records and open the unit of work on them. Call inside a transaction.

    Its time is never before theirs, even where the clock was put back: "as of" rests on it.
    """
    locked = lock_golden_records(golden_ids)
    moment = max([transaction_time(), *(golden.recorded_at for golden in locked.values())])
    return UnitOfWork(actor=actor, recorded_at=moment, golden_records=locked)


def check_sides(golden_records: Iterable[GoldenRecord], versions: Mapping[str, int]) -> None:
    """Raise AlreadyMerged or StaleVersion unless all are live and as the caller saw them."""
    claimed = {normal_euid(euid): version for euid, version in versions.items()}
    for golden in golden_records:
        require_live(golden)
        require_version(golden, claimed.get(golden.euid))


def done(event: IdentityEvent, message: str, *golden_records: GoldenRecord, undoable: bool = True) -> ActResult:
    """The answer of an act."""
    return ActResult(event.uuid, str(event.kind), tuple(golden.euid for golden in golden_records), undoable, message)
