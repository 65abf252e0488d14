"""COPY lines of the rows that a settled component has; their patterns are made once a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from audit.actions import Action
from audit.record import COPY_STATEMENT
from matching.decision import Decision
from mpi import codec
from mpi.access import golden_subject
from mpi.commands import system_actor
from mpi.models import GoldenStatus, PotentialMatch
from mpi.services.ask_again import document_of
from mpi.services.bulk_copy import (
    NULL,
    Pattern,
    array,
    binary,
    chance,
    json_text,
    keyed_json,
    moment,
    rendered,
    text,
)
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
    ended: tuple[int | str, str] = (NULL, NULL)

    def values(self, *, while_open: bool = False) -> tuple[object, ...]:
        """In the order of `bulk_patterns.LINK`, as it ends up or as it stood until it was ended."""
        event, moment = (NULL, NULL) if while_open else self.ended
        return (
            self.pk,
            self.record_id,
            self.golden_id,
            self.origin,
            NULL if self.supporting is None else self.supporting,
            self.decision_id,
            self.event_id,
            event,
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
    written: str = field(default="", repr=False)
    """The latest version as a line of its table; its moment is `recorded_at`."""


class _Told(NamedTuple):
    """A decision that waits to be written: its rules by person, capped rules, keys, and the moment of its batch."""

    decision: Decision
    rules: Mapping[int, Sequence[str]]
    capped: Sequence[str] | None
    pk: int
    message_id: int | None
    now: str


class _Table:
    """The lines of one table."""

    def __init__(self, pattern: Pattern) -> None:
        self.statement = pattern.statement
        self.line = pattern.line
        self.lines: list[str] = []

    def add(self, values: tuple[object, ...]) -> None:
        """One row, values as COPY takes them."""
        self.lines.append(self.line % values)

    def add_version(self, line: str, moment: str, kind: str) -> None:
        """One version of a row that is a line of its own table already."""
        self.lines.append(line[:-1] + self.line % (moment, kind))


class RowWriter:
    """Collects rows. `now` is the moment of the batch that is being written, as COPY takes it.

    Decisions take long and are left for the end, step by step for all: a processor that does one thing a thousand
    times has it at hand.
    """

    def __init__(self, frame: Frame) -> None:
        actor = system_actor("matching", correlation_id=frame.correlation_id)
        tables = {name: _Table(pattern) for name, pattern in row_patterns(frame, actor).items()}
        self._goldens, self._golden_history = tables["golden"], tables["golden history"]
        self._links, self._link_history = tables["link"], tables["link history"]
        self._matches, self._match_history = tables["match"], tables["match history"]
        self._events, self._rows_of_decisions, self._outbox = tables["event"], tables["decision"], tables["outbox"]
        self._tables = list(tables.values())
        self._audits = audit_patterns(actor)
        self._audited: list[str] = []
        self._decisions: list[_Told] = []
        self.now = ""

    def taken(self) -> dict[str, bytes]:
        """The lines of all rows since the last call, by COPY statement, parents before children."""
        self._add_decisions()
        told = {table.statement: "".join(table.lines).encode() for table in self._tables}
        for table in self._tables:
            table.lines.clear()
        told[COPY_STATEMENT] = "".join(self._audited).encode()
        self._audited.clear()
        return told

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
                NULL if told.message_id is None else told.message_id,
                decision.outcome,
                decision.grade,
                best.bits if best else NULL,
                best.probability if best else NULL,
                binary(evidence),
                told.now,
            )
            self._rows_of_decisions.add(values)

    def event(self, event: EventRow) -> None:
        """An identity event; its UUID is made here."""
        ids, payload = array(event.golden_record_ids), keyed_json(event.payload)
        self._events.add((event.pk, chance.uuid(), event.kind, *event.why, ids, payload, self.now))

    def link(self, link: LinkRow) -> None:
        """The row as it ends up."""
        self._links.add(link.values())

    def link_before(self, link: LinkRow) -> None:
        """The history of a link that a later batch has ended: how it stood until then."""
        self._link_history.add_version(self._links.line % link.values(while_open=True), link.opened_at, FIRST)

    def golden(self, golden: GoldenRow) -> None:
        """The row as it ends up: its latest version."""
        self._goldens.lines.append(golden.written)

    def golden_version(self, golden: GoldenRow, before: datetime) -> None:
        """A new version; the one before it, of the moment `before`, is history."""
        if golden.written:
            kind = FIRST if golden.version == 2 else LATER
            self._golden_history.add_version(golden.written, moment(before), kind)
        golden.written = self._goldens.line % (
            golden.pk,
            golden.euid,
            golden.status,
            golden.version,
            NULL if golden.merged_into_id is None else golden.merged_into_id,
            golden.member_count,
            json_text(golden.values),
            json_text(golden.provenance),
            text(golden.family_name),
            text(golden.given_name),
            text(golden.birth_date),
            moment(golden.created_at),
            moment(golden.recorded_at),
        )

    def notice(self, kind: str, golden: GoldenRow, record_ids: Sequence[int], related: Sequence[str]) -> None:
        """An outbox event."""
        ids, euids = array(record_ids), array(related)
        self._outbox.add((chance.uuid(), kind, golden.pk, golden.euid, golden.version, ids, euids, self.now))

    def match(self, match: PotentialMatch) -> None:
        """The row as it ends up; every column of it varies."""
        self._matches.add(tuple(map(rendered, values_of(match))))

    def match_version(self, match: PotentialMatch, kind: str) -> None:
        """Its history."""
        line = self._matches.line % tuple(map(rendered, values_of(match)))
        self._match_history.add_version(line, self.now, kind)

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
        named = ",".join([f"{kind}:{identity}" for kind, identity in (subject, *related)])
        self._audited.append(
            self._audits(action, why)
            % (
                chance.uuid(),
                self.now,
                subject[1],
                f"{{{named}}}",
                json_text(detail) if detail else "{}",
                NULL if message_id is None else message_id,
                "\\\\x" + chance.hexadecimal(64),
            )
        )

    def audit_golden(self, action: Action, golden: GoldenRow, *others: GoldenRow, **said: Any) -> None:
        """One audit event about golden records."""
        self.audit(action, golden_subject(golden.euid), *(golden_subject(other.euid) for other in others), **said)


def _document(told: _Told) -> dict[str, object]:
    """The decision as `apply` stores it, or as `ask_again` stores that on an open question."""
    if told.capped is None:
        return document_of(told.decision)
    document = told.decision.to_document(told.rules)
    document["keys"] = {str(fit.person_id): list(told.rules.get(fit.person_id, ())) for fit in told.decision.fits}
    document["capped_keys"] = list(told.capped)
    return document
