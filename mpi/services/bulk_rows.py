"""Placed records -> their golden records, links, decisions, events, questions, audit and notices, as COPY lines.

One load is one unit of work: these are the rows that `unit` and `apply` write for one batch of all its records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.actions import Action
from matching.decision import Fit
from matching.survivorship import Member
from mpi import codec
from mpi.access import golden_subject, record_subject
from mpi.commands import system_actor
from mpi.euid import new_euid
from mpi.models import GoldenRecord, GoldenStatus, LinkOrigin, PotentialMatch
from mpi.services.bulk_copy import array, binary, chance, history_pattern, json_text, pattern_of, rendered
from mpi.services.bulk_patterns import audit_patterns, row_patterns
from mpi.services.bulk_prepare import Frame
from mpi.services.bulk_settle import Placed
from mpi.services.golden import settle
from mpi.services.questions import question_values
from mpi.services.unit import golden_state, match_state


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows need of one record besides where it belongs."""

    uuid: str
    member: Member = field(repr=False)
    rules: Mapping[int, tuple[str, ...]]
    """Rules of the keys it shares with each person considered."""
    capped: tuple[str, ...]


class RowWriter:
    """Makes the rows of settled components; patterns are made once a process."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._actor = system_actor("matching", correlation_id=frame.correlation_id)
        self._patterns = row_patterns(frame, self._actor)
        self._audits = audit_patterns(frame, self._actor)
        self._lines: dict[str, list[str]] = {}

    def taken(self) -> dict[str, bytes]:
        """The lines made since the last call, by COPY statement, parents before children."""
        lines, self._lines = self._lines, {}
        statements = [pattern.statement for pattern in self._patterns.values()]
        return {told: "".join(lines[told]).encode() for told in dict.fromkeys((*statements, *lines)) if told in lines}

    def write(self, placed: Sequence[Placed], known: Mapping[int, Known], match_ids: list[int]) -> None:
        """All rows of one component. `match_ids` are fresh keys for potential matches; those used are popped."""
        members: dict[int, list[int]] = defaultdict(list)
        for item in placed:
            members[item.person].append(item.record_id)
        golden = {pk: self._new_golden(pk) for pk in members}
        before = {pk: golden_state(row) for pk, row in golden.items()}
        for pk, row in golden.items():
            settle(row, [known[number].member for number in members[pk]])
            row.version = 1
        matches: dict[frozenset[int], PotentialMatch] = {}
        for item in placed:
            self._write_record(item, known[item.record_id], golden, before, matches, match_ids)
        for match in matches.values():
            self._add_row("match", match)
        for pk, row in golden.items():
            self._write_golden(row, members[pk])

    # -- one record --------------------------------------------------------------------------------

    def _write_record(
        self,
        item: Placed,
        known: Known,
        golden: Mapping[int, GoldenRecord],
        before: Mapping[int, dict[str, object]],
        matches: dict[frozenset[int], PotentialMatch],
        match_ids: list[int],
    ) -> None:
        frame, own = self._frame, golden[item.person]
        number = item.record_id - frame.first_record
        decision_id, event_id = frame.first_decision + number, frame.first_event + number
        message_id, link_id = frame.first_message + number, frame.first_link + number
        self._write_decision(item, known, decision_id, message_id)
        told: dict[str, Any] = {"links_ended": [], "links_opened": [link_id]}
        states = {own.pk: {"before": before[own.pk], "after": golden_state(own)}}
        self._write_link(link_id, item, own, (decision_id, event_id))
        subject, owner = record_subject(known.uuid), golden_subject(own.euid)
        self._audit(Action.LINK_OPENED, subject, owner, detail={"decision": decision_id}, message_id=message_id)
        asked = {}
        for other_id, fit in item.asks:
            match, state = self._ask(own.pk, other_id, fit, decision_id, matches, match_ids)
            if match is None:
                continue
            asked[match.pk] = {"before": state, "after": match_state(match)}
            if not state:
                other = golden[other_id]
                states[other.pk] = {"before": before[other.pk], "after": golden_state(other)}
                asking = ("potential_match", str(match.uuid))
                self._audit(Action.POTENTIAL_MATCH_OPENED, asking, owner, golden_subject(other.euid))
        payload = told | {"golden_records": states, "potential_matches": asked, "separations": []}
        self._add("event", (event_id, chance.uuid(), array(list(states)), json_text(payload)))
        self._audit(Action.RECORD_CREATED, subject, owner, detail=_summary(item), message_id=message_id)

    def _write_link(self, link_id: int, item: Placed, own: GoldenRecord, by: tuple[int, int]) -> None:
        """The link and its history; `by` are the keys of its decision and its identity event."""
        origin = LinkOrigin.FIRST.value if item.is_first else LinkOrigin.ENGINE.value
        link = (link_id, item.record_id, own.pk, origin, rendered(item.supporting), *by)
        self._add("link", link)
        self._add("link history", link)

    def _write_decision(self, item: Placed, known: Known, decision_id: int, message_id: int) -> None:
        decision, uuid = item.decision, chance.uuid()
        document = decision.to_document()
        document["keys"] = {str(fit.person_id): list(known.rules.get(fit.person_id, ())) for fit in decision.fits}
        document["capped_keys"] = list(known.capped)
        best = decision.fits[0].best.score if decision.fits else None
        values = (
            decision_id,
            uuid,
            item.record_id,
            message_id,
            decision.outcome,
            decision.grade,
            rendered(best.bits if best else None),
            rendered(best.probability if best else None),
            binary(codec.seal_evidence(document, uuid)),
        )
        self._add("decision", values)

    def _ask(
        self,
        golden_id: int,
        other_id: int,
        fit: Fit,
        decision_id: int,
        matches: dict[frozenset[int], PotentialMatch],
        match_ids: list[int],
    ) -> tuple[PotentialMatch | None, dict[str, object]]:
        """The question with its state before, {} for a new one; None for one that stands with as much evidence."""
        pair = frozenset((golden_id, other_id))
        known = matches.get(pair)
        if known is not None and fit.best.score.bits <= known.bits:
            return None, {}
        values = question_values(
            golden_id, other_id, fit, decision_id=decision_id, model_version_id=self._frame.model_id
        )
        if known is None:
            known = matches[pair] = PotentialMatch(
                id=match_ids.pop(), uuid=UUID(chance.uuid()), opened_at=self._frame.recorded_at, **values
            )
            return known, {}
        state = match_state(known)
        for name, value in values.items():
            setattr(known, name, value)
        known.version += 1
        return known, state

    # -- one person --------------------------------------------------------------------------------

    def _new_golden(self, pk: int) -> GoldenRecord:
        moment = self._frame.recorded_at
        return GoldenRecord(
            id=pk, euid=new_euid(), status=GoldenStatus.PROVISIONAL, version=0, created_at=moment, recorded_at=moment
        )

    def _write_golden(self, golden: GoldenRecord, record_ids: Sequence[int]) -> None:
        values = (
            golden.pk,
            golden.euid,
            str(golden.status),
            golden.member_count,
            json_text(golden.values),
            json_text(golden.provenance),
            rendered(golden.family_name),
            rendered(golden.given_name),
            rendered(golden.birth_date),
        )
        self._add("golden", values)
        self._add("golden history", values)
        subject = golden_subject(golden.euid)
        self._audit(Action.GOLDEN_CREATED, subject)
        if golden.status == GoldenStatus.CONFIRMED:
            self._audit(Action.GOLDEN_CONFIRMED, subject)
        for kind, ids in (("golden.created", ()), ("link.opened", sorted(record_ids))):
            self._add("outbox", (chance.uuid(), kind, golden.pk, golden.euid, array(ids)))

    # -- lines -------------------------------------------------------------------------------------

    def _add(self, name: str, values: tuple[object, ...]) -> None:
        pattern = self._patterns[name]
        self._lines.setdefault(pattern.statement, []).append(pattern.line % values)

    def _add_row(self, name: str, match: PotentialMatch) -> None:
        """A rare row: every column of it varies."""
        frame = self._frame
        first = history_pattern(
            match,
            (),
            actor_id=self._actor.id,
            correlation_id=frame.correlation_id,
            recorded_at=frame.recorded_at,
        )
        for pattern in (pattern_of(match, ()), first):
            self._lines.setdefault(pattern.statement, []).append(pattern.line % ())

    def _audit(
        self,
        action: Action,
        subject: tuple[str, str],
        *related: tuple[str, str],
        detail: Mapping[str, object] | None = None,
        message_id: int | None = None,
    ) -> None:
        pattern = self._audits[action]
        subjects = array([f"{kind}:{identity}" for kind, identity in (subject, *related)])
        values = (
            chance.timed_uuid(),
            subject[1],
            subjects,
            json_text(detail or {}),
            rendered(message_id),
            "\\\\x" + chance.hexadecimal(64),
        )
        self._lines.setdefault(pattern.statement, []).append(pattern.line % values)


def _summary(item: Placed) -> dict[str, object]:
    """What the audit row says of the outcome, as `apply` says it."""
    decision = item.decision
    return {
        "outcome": "created",
        "decision": decision.outcome,
        "grade": decision.grade,
        "questions": len(item.asks),
    }
