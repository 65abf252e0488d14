"""Relate: one person is the mother, guardian … of another one; and its ending.

Two related persons are two people: to relate them is to separate them too. What is said follows its source records
through merges, unmerges and undos, as the separation does.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mpi.access import Permission, allowed, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, NotFound, UnderReview
from mpi.models import MUTUAL, EventKind, GoldenRecord, IdentityEvent, Link, Relationship, RelationshipKind
from mpi.queries.relationships import KIND_WORDS, Sides, sides_of, standing_between, words_for
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.locking import TryAgain, run_act
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.reasons import check_words
from mpi.services.relationship_rows import end_relationship, open_relationship
from mpi.services.separate import separate_locked
from mpi.services.unit import UnitOfWork

_PARENTS = frozenset({RelationshipKind.MOTHER, RelationshipKind.FATHER, RelationshipKind.GRANDPARENT})
SEPARATION_REASONS = {RelationshipKind.TWIN: "twins"}
"""Reason code of the separation that a relationship brings; any other kind is another member of the family."""


@dataclass(frozen=True, slots=True)
class RelatePreview:
    """What relating two golden records would do: the first is `words` of the second, that one `other_words` of it.

    `warnings` do not hinder it.
    """

    first: GoldenRecord
    second: GoldenRecord
    words: str
    other_words: str
    answers_question: bool
    warnings: tuple[str, ...]


def relate(*, from_euid: str, to_euid: str, kind: str, reason: str, actor: Actor) -> ActResult:
    """The person `from_euid` is the `kind` (a RelationshipKind) of the person `to_euid`. One identity event, undoable.

    Raises Forbidden, NotFound, InvalidInput (kind, reason, both the same, contradicts another one), AlreadyMerged,
    AlreadyDecided (said before), UnderReview (who may not merge: a potential match asks about the two), Busy.
    """
    _require(actor)
    check_kind(kind)
    check_words(reason)

    def act() -> ActResult:
        first, second = _two(from_euid, to_euid)
        unit = begin(actor, [first.pk, second.pk])
        event = unit.event(
            EventKind.RELATE,
            reason_code=SEPARATION_REASONS.get(RelationshipKind(kind), "family-member"),
            reason=reason,
        )
        result = relate_locked(unit, event, from_id=first.pk, to_id=second.pk, kind=kind)
        unit.flush()
        return result

    return run_act(act)


def _require(actor: Actor) -> None:
    """Whoever registers patients may say who their mother is; a steward may too."""
    if not allowed(actor, Permission.MERGE):
        require(actor, Permission.REGISTER)


def check_kind(kind: str) -> None:
    """Raise InvalidInput unless the kind is known."""
    if kind not in KIND_WORDS:
        mend = f"use one of {', '.join(KIND_WORDS)}"
        raise InvalidInput("The kind of relationship is not known.", flaws=[Flaw("kind", "is not known", mend)])


def _two(from_euid: str, to_euid: str) -> tuple[GoldenRecord, GoldenRecord]:
    first, second = find_golden_record(from_euid), find_golden_record(to_euid)
    if first.pk == second.pk:
        flaw = Flaw("to_euid", "is the same golden record", "name the other person")
        raise InvalidInput("Nobody is related to themselves; nothing was changed.", flaws=[flaw])
    return first, second


def relate_locked(unit: UnitOfWork, event: IdentityEvent, *, from_id: int, to_id: int, kind: str) -> ActResult:
    """The body of `relate`, on two locked golden records that stood before this transaction.

    The event's reason and reason code are those of the separation. An open potential match of the two is answered.
    """
    first, second = unit.golden_records[from_id], unit.golden_records[to_id]
    check_sides([first, second], {})
    _check_not_said(standing_between([from_id]), Sides(from_id, to_id), kind)
    if open_matches([from_id, to_id]).get(frozenset((from_id, to_id))) and not allowed(unit.actor, Permission.MERGE):
        raise UnderReview(
            "A potential match asks whether these two are one person; a steward answers that first. "
            "Nothing was changed."
        )
    links = open_links([from_id, to_id])
    separate_locked(unit, event, one_id=from_id, other_id=to_id)
    open_relationship(
        unit,
        event,
        kind=kind,
        from_records=_in_order(links[from_id]),
        to_records=_in_order(links[to_id]),
        separation_id=event.payload["separations"][-1],
        sides=Sides(from_id, to_id),
    )
    return done(event, f"Recorded: {words_for(kind)} and {words_for(kind, other_way=True)}, two people.", first, second)


def _in_order(links: list[Link]) -> list[int]:
    """Source records, the longest there first."""
    return [link.source_record_id for link in sorted(links, key=lambda link: link.pk)]


def _check_not_said(standing: list[tuple[Relationship, Sides]], sides: Sides, kind: str) -> None:
    """Raise AlreadyDecided where it is said already, InvalidInput where the opposite is."""
    for row, there in standing:
        turned = there == Sides(sides.to_id, sides.from_id)
        if row.kind == kind and (there == sides or (turned and kind in MUTUAL)):
            raise AlreadyDecided("This relationship was recorded before; nothing was changed.")
        if turned and kind in _PARENTS and row.kind in _PARENTS:
            flaw = Flaw("kind", "contradicts what is recorded: the other way about", "end that relationship first")
            raise InvalidInput("Nobody is the parent of their own parent; nothing was changed.", flaws=[flaw])


def preview_relate(*, from_euid: str, to_euid: str, kind: str, actor: Actor) -> RelatePreview:
    """What `relate` would do, without writing anything.

    Raises Forbidden, NotFound, InvalidInput, AlreadyMerged, AlreadyDecided.
    """
    _require(actor)
    check_kind(kind)
    first, second = _two(from_euid, to_euid)
    check_sides([first, second], {})
    standing = standing_between([first.pk])
    _check_not_said(standing, Sides(first.pk, second.pk), kind)
    asked = frozenset((first.pk, second.pk)) in open_matches([first.pk, second.pk])
    return RelatePreview(
        first=first,
        second=second,
        words=words_for(kind),
        other_words=words_for(kind, other_way=True),
        answers_question=asked,
        warnings=tuple(_warnings(first, second, kind)),
    )


def _warnings(first: GoldenRecord, second: GoldenRecord, kind: str) -> list[str]:
    """What looks odd, by the golden values: dates may be wrong, so nothing is refused for it."""
    elder, younger, sex = first.birth_date, second.birth_date, first.values.get("sex")
    said = []
    if kind in _PARENTS and len(elder) >= 4 and len(younger) >= 4 and int(younger[:4]) - int(elder[:4]) < 10:
        said.append("By the birth dates the first would be less than ten years older than the second.")
    if (kind, sex) in {(RelationshipKind.MOTHER, "M"), (RelationshipKind.FATHER, "F")}:
        said.append(f"By the recorded sex the first would not be the {words_for(kind)}.")
    if kind == RelationshipKind.TWIN and elder and younger and elder != younger:
        said.append("The two have different birth dates.")
    return said


def unrelate(*, relationship_uuid: UUID | str, reason: str, actor: Actor) -> ActResult:
    """End a relationship; undoable. The two stay kept apart: that separation can be lifted afterwards.

    Raises Forbidden, NotFound, InvalidInput (reason), AlreadyDecided, Busy.
    """
    require(actor, Permission.MERGE)
    check_words(reason)

    def act() -> ActResult:
        row = find_relationship(relationship_uuid)
        sides = sides_of([row.pk]).get(row.pk)
        unit = begin(actor, [sides.from_id, sides.to_id] if sides else [])
        row = Relationship.objects.select_for_update().get(pk=row.pk)
        if row.ended_at is not None:
            raise AlreadyDecided("This relationship was ended before; nothing was changed.")
        if sides_of([row.pk]).get(row.pk) != sides:
            raise TryAgain
        event = unit.event(EventKind.UNRELATE, reason=reason)
        end_relationship(unit, event, row, sides)
        people = [unit.golden_records[pk] for pk in (sides.from_id, sides.to_id)] if sides else []
        unit.flush()
        return done(event, "The relationship is ended. The two stay kept apart as two people.", *people)

    return run_act(act)


def find_relationship(uuid: UUID | str) -> Relationship:
    """The relationship of this number. Raises NotFound."""
    row = Relationship.objects.filter(uuid=uuid).first()
    if row is None:
        raise NotFound("There is no relationship under this number.")
    return row
