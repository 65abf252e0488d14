"""The single sealer: gives committed events their place in the log, grows the tree, signs and publishes.

It follows the pending table, never `id > last`: ids are taken before commit, so that a late commit would be skipped.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.canonical import event_leaf, event_select
from audit.checkpoint import Statement, load_signing_key, sign
from audit.merkle import Frontier, NodeKey, is_stored
from audit.models import Checkpoint
from audit.publish import last_published, publish
from audit.roles import SEALER_ROLE
from audit.tree import MissingNodes, load_frontier, root_at

_LOCK = 0x4D50495345414C  # "MPISEAL": one sealer a database
_STRAY_LIMIT = 1000


class InconsistentLog(RuntimeError):
    """The log no longer extends what was signed or published: it was cut, rewritten, or an old backup restored.

    Nothing is sealed or signed until someone has looked: run the verification, keep the published file.
    """


@dataclass(frozen=True, slots=True)
class SealResult:
    """What one call of the sealer did. `busy`: another sealer was at work, nothing was done."""

    sealed: int
    size: int
    published: int
    busy: bool = False


def seal(batch: int = 5000) -> SealResult:
    """Seal up to `batch` committed events, oldest first, and publish what is signed. Never inside a transaction.

    Raises InconsistentLog, OSError (key or checkpoint file), and database errors; all leave the events pending.
    """
    directory = Path(settings.AUDIT_CHECKPOINT_DIR)
    with transaction.atomic(durable=True):
        if not _take_lock():
            return SealResult(sealed=0, size=_checkpoint_size(), published=0, busy=True)
        with _as_sealer():
            frontier = checked_frontier(last_published(directory))
            sealed = _seal_pending(frontier, batch)
    return SealResult(sealed=sealed, size=frontier.size, published=publish(directory, _notes_after))


def seal_all(batch: int = 5000) -> SealResult:
    """Seal until nothing is pending. Raises as `seal`."""
    sealed = published = 0
    while True:
        result = seal(batch)
        sealed, published = sealed + result.sealed, published + result.published
        if result.sealed < batch:
            return SealResult(sealed=sealed, size=result.size, published=published, busy=result.busy)


def find_strays() -> tuple[tuple[int, UUID], ...]:
    """Events that are neither sealed nor pending, as (row, event id), at most 1,000: added behind the trigger's back.

    One statement, so that an event on its way from pending to sealed is never taken for one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.event_id FROM audit_event e "
            "WHERE NOT EXISTS (SELECT FROM audit_sealed_entry s WHERE s.event = e.id) "
            "AND NOT EXISTS (SELECT FROM audit_pending_event p WHERE p.event = e.id) ORDER BY e.id LIMIT %s",
            [_STRAY_LIMIT],
        )
        return tuple(cursor.fetchall())


def _take_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        (taken,) = cursor.fetchone()
    return bool(taken)


@contextmanager
def _as_sealer() -> Iterator[None]:
    """Work as the sealer's role, where it exists and may be taken; give back the role before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
        cursor.execute(
            "SELECT set_config('role', rolname, true) FROM pg_roles "
            "WHERE rolname = %s AND pg_has_role(session_user, oid, 'MEMBER')",
            [SEALER_ROLE],
        )
        yield
        cursor.execute("SELECT set_config('role', %s, true)", [before])


def _checkpoint_size() -> int:
    return Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0


def checked_frontier(published: Statement | None) -> Frontier:
    """The tree's right edge, after proving that it extends the last signed and the last published checkpoint.

    Call inside a transaction in which nobody else seals, or on one snapshot. Raises InconsistentLog.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(seq) + 1, 0) FROM audit_sealed_entry")
        (entries,) = cursor.fetchone()
    return frontier_of(entries, Checkpoint.objects.order_by("-size").first(), published)


def frontier_of(entries: int, last: Checkpoint | None, published: Statement | None) -> Frontier:
    """The same for a caller that has read how many entries there are and the last signed checkpoint."""
    size, root = (last.size, bytes(last.root)) if last else (0, Frontier().root())
    try:
        if entries != size:
            raise InconsistentLog(f"The log holds {entries} entries, but its last checkpoint covers {size}.")
        frontier = load_frontier(size)
        if frontier.root() != root:
            raise InconsistentLog(f"The stored tree is not that of the checkpoint of {size} entries.")
        if published and published.size > size:
            raise InconsistentLog(
                f"A checkpoint of {published.size} entries was published, but the log holds {size}: it was cut, "
                "or an older backup was restored."
            )
        if published and (root if published.size == size else root_at(published.size)) != published.root:
            raise InconsistentLog(f"The log does not extend the published checkpoint of {published.size} entries.")
    except MissingNodes as error:
        raise InconsistentLog(f"The stored tree of {size} entries has holes.") from error
    return frontier


def _seal_pending(frontier: Frontier, batch: int) -> int:
    """Append the pending events to the tree, store entries and nodes, sign the new size. Answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id, {event_select('e')} FROM audit_pending_event p "  # noqa: S608 - constant names
            "JOIN audit_event e ON e.id = p.event AND e.event_id = p.event_uuid ORDER BY p.event LIMIT %s",
            [batch],
        )
        rows = cursor.fetchall()
    if not rows:
        return 0
    first = frontier.size
    leaves = [event_leaf(row[1:]) for row in rows]
    nodes = [node for leaf in leaves for node in frontier.append(leaf) if is_stored(node[0])]
    _store(first, rows, leaves, nodes)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_pending_event WHERE event = ANY(%s)", [[row[0] for row in rows]])
    _sign(frontier)
    return len(rows)


def _store(
    first: int, rows: Sequence[Sequence[object]], leaves: Sequence[bytes], nodes: Sequence[tuple[NodeKey, bytes]]
) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY audit_sealed_entry (seq, event, event_uuid, leaf) FROM STDIN") as copy:
            for seq, (row, leaf) in enumerate(zip(rows, leaves, strict=True), start=first):
                copy.write_row((seq, row[0], row[1], leaf))
        with cursor.copy("COPY audit_tree_node (level, position, hash) FROM STDIN") as copy:
            for key, digest in nodes:
                copy.write_row((key.level, key.position, digest))


def _sign(frontier: Frontier) -> None:
    statement = Statement(settings.AUDIT_ORIGIN, frontier.size, frontier.root(), timezone.now())
    Checkpoint.objects.create(
        size=statement.size,
        root=statement.root,
        signed_at=statement.signed_at,
        note=sign(statement, load_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))),
    )


def _notes_after(size: int) -> Iterator[str]:
    """Notes of the checkpoints above `size`, ascending."""
    return Checkpoint.objects.filter(size__gt=size).order_by("size").values_list("note", flat=True).iterator()
