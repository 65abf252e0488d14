"""Verify an NDJSON export offline: only the file, the log's public key and the published checkpoints are needed.

An export of the whole log proves that nothing is missing, up to its checkpoint. An export of a part proves every
line it holds, each under the signed root, but cannot prove that no line was left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.canonical import document_leaf
from audit.checkpoint import BadNote, Statement, open_note
from audit.findings import LISTED, FindingList, VerifyReport
from audit.merkle import Frontier, verify_inclusion
from audit.publish import published_notes

FORMAT = "audit-export/1"


class NotAnExport(ValueError):
    """The file is not an export of the audit log in NDJSON."""


@dataclass(slots=True)
class _State:
    """What is known half-way through the file. `roots`: what the published file says a size's root was."""

    header: Mapping[str, object]
    statement: Statement | None
    roots: dict[int, bytes]
    findings: FindingList
    frontier: Frontier = field(default_factory=Frontier)
    last_seq: int = -1
    events: int = 0
    gaps: bool = False

    @property
    def complete(self) -> bool:
        return self.header.get("complete") is True


def verify_export(path: Path, *, public_key: Ed25519PublicKey, checkpoints_path: Path | None = None) -> VerifyReport:
    """Check every line of an export. Raises NotAnExport for a file of another kind, FileNotFoundError."""
    findings = FindingList()
    lines = _lines(path)
    header = next(lines, None)
    if not header or header.get("format") != FORMAT:
        raise NotAnExport(f"{path.name} is not an export of the audit log in NDJSON ({FORMAT}).")
    statement = _header_statement(header, public_key, findings)
    published = _published(checkpoints_path, public_key, findings)
    state = _State(header, statement, {anchor.size: anchor.root for anchor in published}, findings)
    ended = False
    for line in lines:
        if line.get("kind") == "end":
            ended = True
            _check_count(state, line)
        else:
            _check_line(state, line)
    if not ended:
        findings.add("truncated", f"The file ends after {state.events} events without its end line.")
    _check_whole(state, published)
    return VerifyReport(
        entries_checked=state.events,
        checkpoints_checked=1 if statement else 0,
        published_checked=len(published),
        pending=0,
        findings=tuple(findings.listed),
        findings_total=findings.total,
    )


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                document = json.loads(line, parse_constant=_no_constant)
            except ValueError:
                document = None
            if not isinstance(document, dict):
                raise NotAnExport(f"Line {number} of {path.name} is not a JSON object.")
            yield document


def _header_statement(header: Mapping[str, object], key: Ed25519PublicKey, findings: FindingList) -> Statement | None:
    note = header.get("checkpoint")
    if not isinstance(note, str):
        findings.add("signature", "The export holds no checkpoint: nothing in it can be proven.")
        return None
    try:
        return open_note(note, key)
    except BadNote as error:
        findings.add("signature", str(error))
        return None


def _published(path: Path | None, key: Ed25519PublicKey, findings: FindingList) -> list[Statement]:
    statements = []
    for number, note in published_notes(path) if path else ():
        try:
            statements.append(open_note(note or "", key))
        except BadNote as error:
            findings.add("signature", f"Line {number} of the published checkpoints: {error}")
    return statements


def _check_line(state: _State, line: Mapping[str, object]) -> None:
    seq, event, leaf = line.get("seq"), line.get("event"), _bytes(line.get("leaf"))
    state.events += 1
    if not isinstance(seq, int) or leaf is None:
        state.findings.add("edited", f"The line of event {state.events} has no place or no leaf hash.")
        state.gaps = True
        return
    event_id = line.get("event_id")
    if not isinstance(event, dict):
        state.findings.add("removed", f"The event of entry {seq} was removed.", seq=seq, event_id=event_id)
    elif _leaf_of(event) != leaf or event.get("event_id") != event_id:
        state.findings.add("edited", f"The event of entry {seq} is not as it was sealed.", seq=seq, event_id=event_id)
    if seq <= state.last_seq:
        state.findings.add("reordered", f"Entry {seq} follows entry {state.last_seq}.", seq=seq, event_id=event_id)
        state.gaps = True
    elif state.complete:
        _grow(state, seq, leaf)
    if not state.complete:
        _check_proof(state, line, seq, leaf)
    state.last_seq = max(seq, state.last_seq)


def _grow(state: _State, seq: int, leaf: bytes) -> None:
    """The next leaf of an export of the whole log."""
    if seq > state.frontier.size:
        state.gaps = True
        for missing in range(state.frontier.size, min(seq, state.frontier.size + LISTED)):
            state.findings.add("removed", f"Entry {missing} is missing from the export.", seq=missing)
        state.frontier = Frontier(seq, [bytes(32)] * seq.bit_count())
    state.frontier.append(leaf)
    expected = state.roots.get(state.frontier.size)
    if expected and expected != state.frontier.root() and not state.gaps:
        state.gaps = True
        words = f"The entries up to {seq} are not those of the published checkpoint of {seq + 1}."
        state.findings.add("forked", words, seq=seq)


def _check_proof(state: _State, line: Mapping[str, object], seq: int, leaf: bytes) -> None:
    proof = line.get("proof")
    steps = [_bytes(step) for step in proof] if isinstance(proof, list) else []
    good = [step for step in steps if step is not None]
    if state.statement and not verify_inclusion(
        leaf=leaf, index=seq, size=state.statement.size, proof=good, root=state.statement.root
    ):
        words = f"Entry {seq} is not proven to be in the log of the signed checkpoint."
        state.findings.add("forked", words, seq=seq, event_id=line.get("event_id"))


def _check_count(state: _State, line: Mapping[str, object]) -> None:
    if line.get("events") != state.events:
        state.findings.add(
            "removed", f"The file holds {state.events} events where its end line tells {line.get('events')}."
        )


def _check_whole(state: _State, published: list[Statement]) -> None:
    """The export against its own checkpoint, and that against the published ones."""
    if not state.statement:
        return
    size, root = state.statement.size, state.statement.root
    if state.roots.get(size, root) != root:
        state.findings.add("forked", f"A checkpoint of {size} entries with another root was published.", seq=size)
    exported_at = _moment(state.header.get("exported_at"))
    earlier = max((one.size for one in published if exported_at and one.signed_at < exported_at), default=0)
    if earlier > size:
        words = f"The export covers {size} entries, but {earlier} were published before it was made."
        state.findings.add("truncated", words, seq=size)
    if state.complete and state.frontier.size < size:
        words = f"The entries {state.frontier.size} to {size - 1} were cut from the end."
        state.findings.add("truncated", words, seq=state.frontier.size)
    elif state.complete and not state.gaps and state.frontier.root() != root:
        state.findings.add("forked", f"The entries are not those of the signed checkpoint of {size}.", seq=size)


def _leaf_of(event: dict[str, object]) -> bytes | None:
    try:
        return document_leaf(event)
    except ValueError:  # half a surrogate pair: never sealed
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return None


def _bytes(value: object) -> bytes | None:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None
