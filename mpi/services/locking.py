"""The lock law of the index (DESIGN §5), in one file. READ COMMITTED everywhere.

1. Ingest takes advisory locks on the record's own key and its old and new blocking keys, sorted, in a
   statement of its own. Not striped: false collisions would serialise the workers (SPEED).
2. The candidate search is a later statement, so that it sees what the lock holder before us committed.
3. All candidate golden records, redirects resolved, are locked by ascending primary key.
4. Links and separations are read again; if another golden record is now needed, `TryAgain` rolls back.
Acts of people start at 3. A lock timeout, deadlock or lost race is retried, then becomes `Busy`.
Which advisory locks there are besides, and who may hold what together, says `LockClass`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import TypeVar

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from mpi.database.reading import Rows
from mpi.database.straight import Told
from mpi.errors import AlreadyMerged, Busy, NotFound, ServiceDown, StaleVersion
from mpi.models import GoldenRecord, GoldenStatus
from mpi.services.clock import as_told
from mpi.services.rows import fetch, fetch_all, instance, table_of

_LOCK_KEYS = (
    "SELECT count(pg_advisory_xact_lock(%s, k)), clock_timestamp() FROM "
    "(SELECT DISTINCT k FROM unnest(%s::int[]) AS k ORDER BY k) AS sorted"
)
_RETRYABLE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.UniqueViolation,  # two acts raced to one constraint: the loser looks again
)
_LOCK_GOLDEN = (
    f"SELECT {table_of(GoldenRecord).selected} FROM mpi_golden_record t "  # noqa: S608  # names of our own models
    "WHERE t.id = ANY(%s::bigint[]) ORDER BY t.id FOR UPDATE"
)
Result = TypeVar("Result")


class LockClass(IntEnum):
    """Every class of advisory locks (the first of their two numbers): no two uses share one.

    KEYS         keyed hashes of source records and of blocking keys, of the transaction: step 1 of the law. Whoever
                 holds any takes no other class afterwards
    IDEMPOTENCY  a sender's control id, of the transaction that stores the message; before ORDER, never with KEYS
    REMATCH      the run that a process is comparing for, of the session
    ORDER        the turn of a source record's messages, of the transaction that stores one; the last it takes
    EVALUATION   the request that a process works on, of the session; 0, of the transaction: one is being started

    Session locks are tried for, never waited for, so they close no ring. The sealer of the audit log has a lock of one
    64-bit number, which meets none of these.
    """

    KEYS = 1
    IDEMPOTENCY = 2
    REMATCH = 3
    ORDER = 4
    EVALUATION = 5


class TryAgain(Exception):
    """What was read before the locks no longer holds: roll back and start over."""


def run_act(act: Callable[[], Result]) -> Result:
    """Run one use case in a durable transaction of its own, again when a lock or a race was lost.

    Raises Busy after `settings.LOCK_ATTEMPTS`, ServiceDown when the database cannot be reached, and
    whatever `act` raises. `act` must not hold state from an earlier attempt.
    """
    for attempt in range(settings.LOCK_ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1.5) * 0.02 * 2**attempt)
        try:
            with transaction.atomic(durable=True):
                return act()
        except TryAgain:
            continue
        except DatabaseError as error:
            if is_lost_connection(error):
                raise ServiceDown("The database does not answer; nothing was changed. Try again.") from error
            if not isinstance(error.__cause__, _RETRYABLE):
                raise
    raise Busy("The records are being changed by somebody else; nothing was changed. Try again.")


def outlast(act: Callable[[bool], Result], *, seconds: float = 120.0) -> Result:
    """Run `act`, again when the server went away meanwhile, for at most `seconds`. Call outside transactions.

    `act` is told whether it is tried again: then its commit may have taken place although the answer was
    lost, so it must look before it writes. Raises ServiceDown, and whatever else `act` raises.
    """
    ends = time.monotonic() + seconds
    again = False
    while True:
        try:
            return act(again)
        except (OperationalError, InterfaceError) as error:
            if isinstance(error, OperationalError) and not is_lost_connection(error):
                raise
            if time.monotonic() > ends:
                raise ServiceDown("The database went away and did not come back in time.") from error
            again = True
            connection.close()
            time.sleep(0.5)


def is_lost_connection(error: DatabaseError) -> bool:
    """Whether the error means that the server went away, rather than that it refused."""
    cause = error.__cause__
    return (
        isinstance(cause, psycopg.OperationalError)
        and not isinstance(cause, _RETRYABLE)
        and (cause.sqlstate is None or cause.sqlstate[:2] in {"08", "57"})
    )


def lock_keys(hashes: Iterable[int], *asked: Told) -> tuple[datetime, list[Rows]]:
    """Advisory locks on 64-bit key hashes, folded to 31 bits, ascending; held until the transaction ends.

    Returns the `transaction_time` (the clock is read once all locks are held), and the answers to what is asked under
    the locks in the same round trip.
    """
    folded = [value & 0x7FFFFFFF for value in hashes]
    locked, *answers = fetch_all((_LOCK_KEYS, (LockClass.KEYS.value, folded)), *asked)
    _, moment = locked[0]
    return as_told(moment), answers


@contextmanager
def at_work(kind: LockClass, key: int) -> Iterator[bool]:
    """Says that this process works on something, for the block or until it dies. Gives False where another one does."""
    ((is_ours,),) = fetch("SELECT pg_try_advisory_lock(%s, %s)", kind.value, key)
    try:
        yield is_ours
    finally:
        if is_ours:
            fetch("SELECT pg_advisory_unlock(%s, %s)", kind.value, key)


def lock_golden_records(ids: Iterable[int]) -> dict[int, GoldenRecord]:
    """Lock golden records by ascending primary key and return their present rows. Raises NotFound."""
    wanted = set(ids)
    return lock_golden_and_ask(wanted)[0] if wanted else {}


def lock_golden_and_ask(ids: Collection[int], *asked: Told) -> tuple[dict[int, GoldenRecord], list[Rows]]:
    """As `lock_golden_records`, with the answers to what is asked under the locks in the same round trip."""
    locked, *answers = fetch_all((_LOCK_GOLDEN, (sorted(ids),)), *asked)
    found = {row[0]: instance(GoldenRecord, row) for row in locked}
    if found.keys() != set(ids):
        raise NotFound("A golden record of this act does not exist.")
    return found, answers


def require_live(golden: GoldenRecord) -> None:
    """Raise AlreadyMerged unless the golden record is provisional or confirmed."""
    if golden.status == GoldenStatus.MERGED:
        survivor = golden.merged_into.euid if golden.merged_into else ""
        raise AlreadyMerged(
            "This golden record was merged into another one; act on the survivor.", extra={"survivor": survivor}
        )
    if golden.status == GoldenStatus.RETIRED:
        raise AlreadyMerged("This golden record is retired: it has no source records any more.")


def require_version(golden: GoldenRecord, version: int | None) -> None:
    """Raise StaleVersion when the caller saw another version. None is no claim."""
    if version is not None and golden.version != version:
        raise StaleVersion(
            "The golden record has changed since you looked; nothing was done. Look again and decide anew.",
            extra={"euid": golden.euid, "your_version": version, "present_version": golden.version},
        )


def transaction_time() -> datetime:
    """The one `recorded_at` of this transaction: the database's clock, read after the locks."""
    moment: datetime = fetch("SELECT clock_timestamp()")[0][0]
    return as_told(moment)
