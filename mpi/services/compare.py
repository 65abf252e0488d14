"""Compare any two: persons, source records or what was typed in, with the engine's evidence. Nothing is linked.

The same engine as everywhere: every record of one side is scored with every one of the other, and what the policy says
of the two sides is what it would say of a merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from matching.evidence import explain
from matching.join import SEPARATED, JoinVerdict, Member, ScoredPair, may_join, scored_pair, strength
from matching.model import LinkageModel
from matching.records import PatientRecord
from matching.standardise import standardise
from mpi import codec
from mpi.access import Permission, access_person, access_record, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.euid import is_euid, normal_euid
from mpi.models import GoldenRecord, Link, SourceRecord
from mpi.queries.relationships import kinship_words
from mpi.services.active_model import active_model
from mpi.services.neighbourhood import separated_pairs
from mpi.services.parse import keys_of

MOST_RECORDS = 50
"""Source records of a person that are compared: each with each of the other side."""
MOST_PAIRS = 25
_TYPED = {"left": -1, "right": -2}
"""Record ids of what was typed in: in no index."""
_GRADES = {
    "certain": "The engine would make them one person by itself.",
    "probable": "A steward would be asked: the evidence is strong, but a rule holds the automatic link.",
    "possible": "A steward would be asked: the evidence is between the two thresholds.",
    "certainly-not": "They would be left apart, and nobody would be asked.",
}


@dataclass(frozen=True, slots=True)
class Named:
    """What is compared, as the caller names it: an EUID, a number of a source, `#` and a record's key, or values.

    reference   EUID, MRN or `#123`
    system      code of the source system whose MRN it is
    record      what was typed in instead
    """

    reference: str = ""
    system: str = ""
    record: PatientRecord | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Side:
    """One side with its records. `golden` is whose they are, None for what was typed or belongs to nobody."""

    name: str
    golden: GoldenRecord | None
    members: tuple[Member, ...] = field(repr=False)
    records: Mapping[int, SourceRecord] = field(repr=False)
    is_person: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PairLine:
    """One record against one of the other side; None stands for what was typed."""

    left: SourceRecord | None
    right: SourceRecord | None
    bits: float
    probability: float
    grade: str
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is found. `evidence` is the document of the strongest pair, `pairs` all of them, strongest first.

    found_by   blocking rules by which the one would be found from the other; () where the engine would never look
    says       what the policy would say of the two sides, in a sentence
    held_by    the rules that hold them apart, in words
    kinship    what relationships say
    """

    left: Side
    right: Side
    model: LinkageModel = field(repr=False)
    evidence: dict[str, Any] = field(repr=False)
    pairs: tuple[PairLine, ...]
    more_pairs: int
    found_by: tuple[str, ...]
    says: str
    held_by: tuple[str, ...]
    kinship: tuple[str, ...]
    are_one: bool


def compare(*, left: Named, right: Named, actor: Actor) -> Comparison:
    """Both sides with full evidence. Reads only; each person or record is audited as read.

    Raises Forbidden, NotFound, InvalidInput (`left` or `right`: names nothing, or both are the same).
    """
    require(actor, Permission.MATCH)
    model = active_model().model
    one, other = _apart(_side("left", left, model, actor), _side("right", right, model, actor))
    separated = separated_pairs(pk for side in (one, other) for pk in side.records)
    join = may_join(one.members, other.members, model, separated=separated)
    if join.best is None:
        raise NotFound("One of the two has no source record now: there is nothing to compare.")
    found_by = _found_by(one.members, other.members)
    scored = sorted((scored_pair(a, b, model) for a in one.members for b in other.members), key=strength, reverse=True)
    best = join.best
    document = explain(best.left.record, best.right.record, best.score, best.verdict, keys=found_by).to_document()
    are_one = one.golden is not None and one.golden == other.golden
    return Comparison(
        left=one,
        right=other,
        model=model,
        evidence=document,
        pairs=tuple(_line(pair, one, other) for pair in scored[:MOST_PAIRS]),
        more_pairs=max(len(scored) - MOST_PAIRS, 0),
        found_by=found_by,
        says=_says(join, are_one=are_one, found=bool(found_by)),
        held_by=tuple(dict.fromkeys(refusal.reason.words for refusal in join.refusals)),
        kinship=kinship_words(one.golden.pk, other.golden.pk) if one.golden and other.golden and not are_one else (),
        are_one=are_one,
    )


def _side(place: str, named: Named, model: LinkageModel, actor: Actor) -> Side:
    if named.record is not None:
        standard = codec.protected_standard(standardise(named.record, excessive=model.excessive))
        return Side("Typed in", None, (Member(_TYPED[place], standard),), {})
    euid = normal_euid(named.reference)
    if not named.system and is_euid(euid):
        golden, _ = access_person(actor, euid)
        return _person(golden)
    record = access_record(actor, **_record_named(place, named))
    link = Link.objects.filter(source_record=record, ended_at__isnull=True).select_related("golden_record").first()
    name = f"{record.source_system.name} {record.mrn}"
    return Side(name, link.golden_record if link else None, _members([record]), {record.pk: record})


def _record_named(place: str, named: Named) -> dict[str, Any]:
    """How `access_record` is to find it. Raises InvalidInput."""
    if named.system:
        return {"system": named.system, "mrn": named.reference}
    key = named.reference.removeprefix("#")
    if named.reference.startswith("#") and key.isascii() and key.isdigit() and len(key) < 19:
        return {"pk": int(key)}
    mend = "give an EUID, a number with its source system, # and the key of a source record, or type values in"
    raise InvalidInput("Nothing was compared.", flaws=[Flaw(place, "names no person and no source record", mend)])


def _person(golden: GoldenRecord) -> Side:
    """A person with its source records, the trusted sources first. One query."""
    links = Link.objects.filter(golden_record=golden, ended_at__isnull=True)
    related = links.select_related("source_record__source_system")
    ordered = related.order_by("source_record__source_system__rank", "source_record_id")
    records = [link.source_record for link in ordered[:MOST_RECORDS]]
    return Side(
        name=golden.euid,
        golden=golden,
        members=_members(records),
        records={record.pk: record for record in records},
        is_person=True,
        left_out=max(golden.member_count - MOST_RECORDS, 0),
    )


def _members(records: Iterable[SourceRecord]) -> tuple[Member, ...]:
    return tuple(Member(record.pk, codec.standard_record(record)) for record in records)


def _apart(one: Side, other: Side) -> tuple[Side, Side]:
    """Without a record that is on both sides: a record of a person is compared with its other records.

    Raises InvalidInput where nothing is left to compare.
    """
    shared = one.records.keys() & other.records.keys()
    if not shared:
        return one, other
    if one.is_person and not other.is_person:
        one = _without(one, shared)
    elif other.is_person and not one.is_person:
        other = _without(other, shared)
    else:
        one = _without(one, shared)
    if not one.members or not other.members:
        flaw = Flaw("right", "is the same as the first, or all that there is of it", "name another one")
        raise InvalidInput("Nothing was compared.", flaws=[flaw])
    return one, other


def _without(side: Side, keys: Iterable[int]) -> Side:
    gone = set(keys)
    return replace(
        side,
        members=tuple(member for member in side.members if member.record_id not in gone),
        records={pk: record for pk, record in side.records.items() if pk not in gone},
    )


def _found_by(ones: Sequence[Member], others: Sequence[Member]) -> tuple[str, ...]:
    """The blocking rules whose keys both sides have."""
    theirs = {key.hash for member in others for key in keys_of(member.record)}
    shared = {key.rule for member in ones for key in keys_of(member.record) if key.hash in theirs}
    return tuple(sorted(shared))


def _line(pair: ScoredPair, one: Side, other: Side) -> PairLine:
    verdict = pair.verdict
    return PairLine(
        left=one.records.get(pair.left.record_id),
        right=other.records.get(pair.right.record_id),
        bits=pair.score.bits,
        probability=pair.score.probability,
        grade=verdict.grade,
        held_by=tuple(reason.words for reason in (*verdict.vetoes, *verdict.caps)),
    )


def _says(join: JoinVerdict, *, are_one: bool, found: bool) -> str:
    if are_one:
        return "They are one person in this index now."
    if any(refusal.reason.code == SEPARATED.code for refusal in join.refusals):
        return "They are kept apart: somebody decided that they are two people, and no engine joins them."
    grade = join.best.verdict.grade if join.best else "certainly-not"
    if join.allowed:
        grade = "certain"
    elif grade == "certain":
        grade = "probable"
    said = _GRADES[grade]
    if not found and grade != "certainly-not":
        said += " But it would never look: they share no key by which one is found from the other."
    return said
