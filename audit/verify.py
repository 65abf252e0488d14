"""Verify the log in the database: every leaf from its event, the tree from the leaves, the roots from outside.

Who can write to the database can change an event, its sealed entry and the stored tree. The signed checkpoints
catch that, and the published ones catch the rest: a cut tail, a rewritten log, a restored backup. What no log can
catch is an event that was changed before it was sealed (seconds), or an act that was never recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.canonical import event_leaf, event_select
from audit.checkpoint import BadNote, Statement, load_public_key, open_note, public_key_path
from audit.findings import FindingList, VerifyReport
from audit.merkle import STORED_STEP, NodeKey
from audit.models import Checkpoint, PendingEvent
from audit.publish import published_file, published_notes
from audit.seal import find_strays
from audit.walk import Anchor, Entry, LogWalk

_CHUNK = 5000
UNSEALED_AFTER = timedelta(hours=1)


def verify_database(
    *, public_key: Ed25519PublicKey | None = None, checkpoints_path: Path | None = None
) -> VerifyReport:
    """Check the whole log on one snapshot, in bounded memory. Changes nothing and repairs nothing.

    By default the public key beside the signing key and the published file of the settings; an auditor passes
    copies of their own. Raises FileNotFoundError if there is no key.
    """
    key = public_key or load_public_key(public_key_path(Path(settings.AUDIT_SIGNING_KEY_FILE)))
    path = checkpoints_path or published_file(Path(settings.AUDIT_CHECKPOINT_DIR))
    findings = FindingList()
    length = path.stat().st_size if path.exists() else 0  # taken before the snapshot: the file cannot be ahead of it
    with snapshot():
        walk = LogWalk(findings, _published(path, length, key, findings))
        checkpoints = 0
        for entries in _chunks():
            anchors = _checkpoints(entries[0].seq, entries[-1].seq + 1, key, findings)
            checkpoints += len(anchors)
            walk.advance(entries, anchors, _stored_nodes(entries[0].seq, entries[-1].seq + 1))
        beyond = _checkpoints(walk.size, None, key, findings)
        walk.finish(beyond)
        pending = _check_pending(findings)
        for row, event_id in find_strays():
            findings.add("stray", f"Row {row} is neither sealed nor waiting to be.", event_id=event_id)
    return VerifyReport(
        entries_checked=walk.checked,
        checkpoints_checked=checkpoints + len(beyond),
        published_checked=walk.published_checked,
        pending=pending,
        findings=tuple(findings.listed),
        findings_total=findings.total,
    )


@contextmanager
def snapshot() -> Iterator[None]:
    """One consistent view of the log, while the sealer goes on. Inside a caller's transaction: the caller's view."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _chunks() -> Iterator[list[Entry]]:
    """Sealed entries with the leaf of the event each points to, ascending, a few thousand at a time."""
    query = (
        "SELECT s.seq, s.event, s.event_uuid, s.leaf, e.id, "  # noqa: S608 - constant names
        f"{event_select('e')} FROM audit_sealed_entry s LEFT JOIN audit_event e ON e.id = s.event "
        "WHERE s.seq > %s ORDER BY s.seq LIMIT %s"
    )
    last = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [last, _CHUNK])
            rows = cursor.fetchall()
        if not rows:
            return
        yield [_entry(row) for row in rows]
        last = rows[-1][0]


def _entry(row: Sequence[object]) -> Entry:
    seq, event, event_uuid, leaf, found, *columns = row
    return Entry(
        seq=int(str(seq)),
        event=int(str(event)),
        event_id=str(event_uuid),
        stored_leaf=bytes(leaf),  # type: ignore[call-overload]
        true_leaf=None if found is None else event_leaf(columns),
        true_event_id=None if found is None else str(columns[0]),
    )


def _checkpoints(above: int, until: int | None, key: Ed25519PublicKey, findings: FindingList) -> dict[int, Anchor]:
    """The database's checkpoints with `above` < size <= `until`, signatures checked, by size."""
    found = Checkpoint.objects.filter(size__gt=above).order_by("size")
    if until is not None:
        found = found.filter(size__lte=until)
    anchors = {}
    for checkpoint in found.iterator():
        anchors[checkpoint.size] = Anchor(checkpoint.size, bytes(checkpoint.root))
        try:
            statement = open_note(checkpoint.note, key)
        except BadNote as error:
            findings.add("signature", str(error), seq=checkpoint.size)
            continue
        if (statement.size, statement.root) != (checkpoint.size, bytes(checkpoint.root)):
            findings.add("signature", "A checkpoint's row is not what its note says.", seq=checkpoint.size)
    return anchors


def _published(path: Path, length: int, key: Ed25519PublicKey, findings: FindingList) -> Iterator[Anchor]:
    """The published checkpoints whose signature is good, ascending; all else in the file is a finding."""
    last = 0
    for number, note in published_notes(path, length):
        statement = _opened(note, number, key, findings)
        if statement is None:
            continue
        if statement.size <= last:
            words = f"Line {number} of the published checkpoints goes back from {last} to {statement.size} entries."
            findings.add("forked", words, seq=statement.size)
            continue
        last = statement.size
        yield Anchor(statement.size, statement.root)


def _opened(note: str | None, number: int, key: Ed25519PublicKey, findings: FindingList) -> Statement | None:
    if note is None:
        findings.add("signature", f"Line {number} of the published checkpoints is not readable.")
        return None
    try:
        return open_note(note, key)
    except BadNote as error:
        findings.add("signature", f"Line {number} of the published checkpoints: {error}")
        return None


def _stored_nodes(low: int, high: int) -> Mapping[NodeKey, bytes]:
    """The kept nodes whose last leaf is one of [low, high)."""
    levels = range(STORED_STEP, high.bit_length(), STORED_STEP)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level, position, hash FROM audit_tree_node "
            "JOIN unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS wanted(level, first, after) USING (level) "
            "WHERE position >= first AND position < after",
            [list(levels), [low >> level for level in levels], [high >> level for level in levels]],
        )
        return {NodeKey(level, position): bytes(digest) for level, position, digest in cursor.fetchall()}


def _check_pending(findings: FindingList) -> int:
    """Pending events that are gone, and pending events that wait too long. Answers how many are pending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.event, p.event_uuid FROM audit_pending_event p "
            "LEFT JOIN audit_event e ON e.id = p.event AND e.event_id = p.event_uuid WHERE e.id IS NULL ORDER BY 1"
        )
        for row, event_id in cursor.fetchall():
            findings.add("removed", f"Row {row} was removed or renamed before it was sealed.", event_id=event_id)
    late = PendingEvent.objects.filter(noted_at__lt=timezone.now() - UNSEALED_AFTER).count()
    if late:
        words = f"{late} events have waited for more than {UNSEALED_AFTER} to be sealed: is the sealer at work?"
        findings.add("unsealed", words)
    return PendingEvent.objects.count()
