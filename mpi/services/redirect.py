"""Joins of the engine; and what follows a golden record when it is merged: its potential matches, what stewards set."""

from __future__ import annotations

from typing import Any

from audit.actions import Action
from mpi.models import GoldenRecord, IdentityEvent, Link, PotentialMatch
from mpi.services.override_rows import carry_overrides
from mpi.services.questions import close_question, kept_apart
from mpi.services.unit import UnitOfWork


def join_golden_records(
    unit: UnitOfWork,
    event: IdentityEvent,
    links: dict[int, Link],
    matches: dict[frozenset[int], PotentialMatch],
    *,
    retired: GoldenRecord,
    survivor: GoldenRecord,
    **said: Any,
) -> None:
    """Two golden records become one, because the engine has decided it; `said` is what the audit row says besides.

    `links`, open ones by source record, and `matches` hold all of both sides and are kept up to date.
    """
    own = [link for link in links.values() if link.golden_record_id == retired.pk and link.ended_at is None]
    unit.merge(event, retired, survivor, own)
    links |= {link.source_record_id: link for link in unit.links_opened(event)}
    unit.audit_golden(Action.GOLDEN_MERGED, survivor, retired, **said)
    follow_redirect(unit, event, matches, retired=retired, survivor=survivor)


def follow_redirect(
    unit: UnitOfWork,
    event: IdentityEvent,
    matches: dict[frozenset[int], PotentialMatch],
    *,
    retired: GoldenRecord,
    survivor: GoldenRecord,
) -> None:
    """Point the open questions of the retired golden record to its survivor; `matches` is kept up to date.

    What stewards have set for it goes along. The question between the two is answered. One that the survivor already
    has is closed as its double; one that the separations of the members answer now is closed too.
    """
    carry_overrides(unit, event, retired=retired, survivor=survivor)
    apart = kept_apart(unit, survivor.pk)
    for pair in [pair for pair in matches if retired.pk in pair]:
        match = matches.pop(pair)
        (other,) = pair - {retired.pk}
        if other == survivor.pk:
            close_question(unit, event, match, "same-golden-record")
        elif frozenset((survivor.pk, other)) in matches:
            close_question(unit, event, match, "double")
        else:
            side = "golden_a_id" if match.golden_a_id == retired.pk else "golden_b_id"
            unit.change_potential_match(event, match, **{side: survivor.pk})
            matches[frozenset((survivor.pk, other))] = match
    for pair in [pair for pair in matches if apart and survivor.pk in pair]:
        if apart & unit.members_of(pair - {survivor.pk}):
            close_question(unit, event, matches.pop(pair), "separated")
