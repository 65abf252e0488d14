"""COPY lines of the rows that a settled component has; their patterns are made once a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from audit.actions import Action
from matching.decision import Decision
from mpi import codec
from mpi.access import golden_subject
from mpi.commands import system_actor
from mpi.models import GoldenStatus, PotentialMatch
from mpi.services.ask_again import document_of
from mpi.services.bulk_copy import Pattern, array, binary, chance, json_text, moment, rendered
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_patterns import audit_patterns, row_patterns
from mpi.services.bulk_settle import Placed
from mpi.services.rows import values_of

FIRST, LATER = "+", "~"
NO_REASON = ("", "")


@dataclass(slots=True)
class LinkRow:
    """One link. `ended` are the event and the time of its end."""

    pk: int
    record_id: int
    golden_id: int
    origin: str
    supporting: int | None
    decision_id: int
    event_id: int
    opened_at: str
    ended: tuple[int | None, str] = (None, "\\N")

    def values(self, *, while_open: bool = False) -> tuple[object, ...]:
        """In the order of `bulk_patterns.LINK`, as it ends up or as it stood until it was ended."""
        event, moment = (None, "\\N") if while_open else self.ended
        return (
            self.pk,
            self.record_id,
            self.golden_id,
            self.origin,
            rendered(self.supporting),
            self.decision_id,
            self.event_id,
            rendered(event),
            self.opened_at,
            moment,
        )


@dataclass(slots=True)
class EventRow:
    """One identity event while it is made; `why` is the code and the words of its reason, `payload` as the row's."""

    pk: int
    kind: str
    why: tuple[str, str]
    golden_record_ids: list[int]
    payload: dict[str, Any]


@dataclass(slots=True)
class GoldenRow:
    """One golden record while its members come together; the fields of `GoldenRecord` that change meanwhile."""

    pk: int
    euid: str
    created_at: datetime
    recorded_at: datetime
    status: str = GoldenStatus.PROVISIONAL
    version: int = 0
    merged_into_id: int | None = None
    verified: bool = False
    member_count: int = 0
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    provenance: dict[str, Any] = field(default_factory=dict, repr=False)
    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""
    written: GoldenVersion | None = None
    """The latest version."""


class GoldenVersion(NamedTuple):
    """One version of a golden record, in the order of `bulk_patterns.GOLDEN`; its documents are never changed."""

    pk: int
    euid: str
    status: str
    version: int
    merged_into_id: int | None
    member_count: int
    shown: dict[str, Any]
    provenance: dict[str, Any]
    family_name: str
    given_name: str
    birth_date: str
    created_at: str
    recorded_at: str

    @classmethod
    def of(cls, golden: GoldenRow) -> GoldenVersion:
        """The golden record as it is now."""
        return cls(
            golden.pk,
            golden.euid,
            str(golden.status),
            golden.version,
            golden.merged_into_id,
            golden.member_count,
            golden.values,
            golden.provenance,
            golden.family_name,
            golden.given_name,
            golden.birth_date,
            moment(golden.created_at),
            moment(golden.recorded_at),
        )

    def values(self) -> tuple[object, ...]:
        """As COPY takes them."""
        return (
            *self[:4],
            rendered(self.merged_into_id),
            self.member_count,
            json_text(self.shown),
            json_text(self.provenance),
            rendered(self.family_name),
            rendered(self.given_name),
            rendered(self.birth_date),
            *self[11:],
        )


class _Told(NamedTuple):
    """A decision that waits to be written: its rules by person, capped rules, keys, and the moment of its batch."""

    decision: Decision
    rules: Mapping[int, Sequence[str]]
    capped: Sequence[str] | None
    pk: int
    message_id: int | None
    now: str


class RowWriter:
    """Collects rows. `now` is the moment of the batch that is being written, as COPY takes it.

    What takes long is left for the end, step by step for all rows: a processor that does one thing a thousand times
    has it at hand.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._actor = system_actor("matching", correlation_id=frame.correlation_id)
        self._patterns = row_patterns(frame, self._actor)
        self._audits = audit_patterns(self._actor)
        self._rows: dict[Pattern, list[tuple[object, ...]]] = {}
        self._decisions: list[_Told] = []
        self._goldens: list[GoldenVersion] = []
        self._golden_history: list[tuple[GoldenVersion, str]] = []
        self.now = ""

    def taken(self) -> dict[str, bytes]:
        """The lines of all rows since the last call, by COPY statement, parents before children."""
        self._add_decisions()
        self._add_goldens()
        rows, self._rows = self._rows, {}
        lines: dict[str, list[str]] = {pattern.statement: [] for pattern in self._patterns.values()}
        for pattern, told in rows.items():
            lines.setdefault(pattern.statement, []).extend([pattern.line % values for values in told])
        return {statement: "".join(told).encode() for statement, told in lines.items()}

    def decision(
        self, item: Placed, rules: Mapping[int, Sequence[str]], capped: Sequence[str], *, keys: tuple[int, int]
    ) -> None:
        """A decision with its evidence; `keys` are its own and that of its message."""
        self._decisions.append(_Told(item.decision, rules, capped, *keys, self.now))

    def decision_of_join(self, decision: Decision, pk: int) -> None:
        """The decision on an open question: no message has brought it."""
        self._decisions.append(_Told(decision, {}, None, pk, None, self.now))

    def _add_decisions(self) -> None:
        waiting, self._decisions = self._decisions, []
        documents = [_document(told) for told in waiting]
        uuids = [chance.uuid() for _ in waiting]
        sealed = [codec.seal_evidence(document, uuid) for document, uuid in zip(documents, uuids, strict=True)]
        for told, uuid, evidence in zip(waiting, uuids, sealed, strict=True):
            decision = told.decision
            best = decision.fits[0].best.score if decision.fits else None
            values = (
                told.pk,
                uuid,
                decision.subject.record_id,
                rendered(told.message_id),
                decision.outcome,
                decision.grade,
                rendered(best.bits if best else None),
                rendered(best.probability if best else None),
                binary(evidence),
                told.now,
            )
            self._add("decision", values)

    def _add_goldens(self) -> None:
        goldens, self._goldens = self._goldens, []
        history, self._golden_history = self._golden_history, []
        for version in goldens:
            self._add("golden", version.values())
        for version, kind in history:
            self._add("golden history", (*version.values(), version.recorded_at, kind))

    def event(self, event: EventRow) -> None:
        """An identity event; its UUID is made here."""
        ids, payload = array(event.golden_record_ids), json_text(event.payload)
        self._add("event", (event.pk, chance.uuid(), event.kind, *event.why, ids, payload, self.now))

    def link(self, link: LinkRow) -> None:
        """The row as it ends up."""
        self._add("link", link.values())

    def link_before(self, link: LinkRow) -> None:
        """The history of a link that a later batch has ended: how it stood until then."""
        self._add("link history", (*link.values(while_open=True), link.opened_at, FIRST))

    def golden(self, golden: GoldenRow) -> None:
        """The row as it ends up: its latest version."""
        if golden.written is not None:
            self._goldens.append(golden.written)

    def golden_version(self, golden: GoldenRow) -> None:
        """A new version; the one before it is history."""
        if golden.written is not None:
            self._golden_history.append((golden.written, FIRST if golden.version == 2 else LATER))
        golden.written = GoldenVersion.of(golden)

    def notice(self, kind: str, golden: GoldenRow, record_ids: Sequence[int], related: Sequence[str]) -> None:
        """An outbox event."""
        ids, euids = array(record_ids), array(related)
        self._add("outbox", (chance.uuid(), kind, golden.pk, golden.euid, golden.version, ids, euids, self.now))

    def match(self, match: PotentialMatch) -> None:
        """The row as it ends up; every column of it varies."""
        self._add("match", tuple(map(rendered, values_of(match))))

    def match_version(self, match: PotentialMatch, kind: str) -> None:
        """Its history."""
        self._add("match history", (*map(rendered, values_of(match)), self.now, kind))

    def audit(
        self,
        action: Action,
        subject: tuple[str, str],
        *related: tuple[str, str],
        detail: Mapping[str, object] | None = None,
        message_id: int | None = None,
        why: tuple[str, str] = NO_REASON,
    ) -> None:
        """One audit event."""
        named = [f"{kind}:{identity}" for kind, identity in (subject, *related)]
        values = (
            chance.timed_uuid(),
            self.now,
            subject[1],
            f"{{{','.join(named)}}}",
            json_text(detail) if detail else "{}",
            "\\N" if message_id is None else message_id,
            "\\\\x" + chance.hexadecimal(64),
        )
        self._append(self._audits(action, why), values)

    def audit_golden(self, action: Action, golden: GoldenRow, *others: GoldenRow, **said: Any) -> None:
        """One audit event about golden records."""
        self.audit(action, golden_subject(golden.euid), *(golden_subject(other.euid) for other in others), **said)

    def _add(self, name: str, values: tuple[object, ...]) -> None:
        self._append(self._patterns[name], values)

    def _append(self, pattern: Pattern, values: tuple[object, ...]) -> None:
        self._rows.setdefault(pattern, []).append(values)


def _document(told: _Told) -> dict[str, object]:
    """The decision as `apply` stores it, or as `ask_again` stores that on an open question."""
    if told.capped is None:
        return document_of(told.decision)
    document = told.decision.to_document(told.rules)
    document["keys"] = {str(fit.person_id): list(told.rules.get(fit.person_id, ())) for fit in told.decision.fits}
    document["capped_keys"] = list(told.capped)
    return document
