"""Linked source records to one set of demographics: one value a field, and where it came from.

Each field is decided on its own. Values that agree in their standard form (`FieldValue.key`) are one value; the
field's criteria, in order, thin the values out until one is left, and the rest of the criteria choose whose spelling
is shown. The same members and rules give the same result in any order of the members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

from matching.survivorship_criteria import THIN_OUT, Member, Told
from matching.survivorship_rules import DEFAULT_RULES, FIELDS, SurvivorshipRules, SurvivorshipRulesError
from matching.survivorship_values import NEWBORN_KEY, FieldValue, Shown, member_values

__all__ = [
    "DEFAULT_RULES",
    "FIELDS",
    "NEWBORN_KEY",
    "FieldValue",
    "LosingValue",
    "Member",
    "Override",
    "Provenance",
    "Survived",
    "SurvivorshipRules",
    "SurvivorshipRulesError",
    "member_values",
    "survive",
]

_SPELLING_SIMILARITY = 0.88
"""Jaro-Winkler from which an older surname counts as another spelling, not as a previous name."""


@dataclass(frozen=True, slots=True)
class Override:
    """A steward's value for a field. `until` (ISO, "" for ever) is informative: the shell passes those in force."""

    field: str
    value: Shown
    reason: str
    by: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class LosingValue:
    """A value that did not survive, and who told it (ascending record ids)."""

    value: Shown
    record_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why a field has its value.

    `criterion` is the one that left a single value: one of the rules' criteria, "only" where no other value was told,
    "override", "former" (the others are former names), "newborn" (the others are newborn names) or "record_id" (tie).
    `record_id` is None, `source_system` and `mrn` "" for an override. `agreeing` holds every record id with that value.
    """

    record_id: int | None
    source_system: str
    mrn: str
    criterion: str
    agreeing: tuple[int, ...] = ()
    losing: tuple[LosingValue, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Survived:
    """The demographics of a golden record: fields without any value are absent from both mappings."""

    values: dict[str, Shown] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)


def survive(members: Iterable[Member], rules: SurvivorshipRules, overrides: Sequence[Override] = ()) -> Survived:
    """Survive all fields. Of several overrides of a field the last one counts."""
    ordered = sorted(members, key=lambda member: member.record_id)
    survived = _of_one(ordered[0]) if len(ordered) == 1 else _of_many(ordered, rules)
    for override in overrides:
        _override(survived, override)
    return survived


def _of_one(member: Member) -> Survived:
    """What a person's only record tells, as it tells it."""
    told = [name for name in FIELDS if name in member.values]
    if "previous_family_name" in told and "family_name" in told:
        former, current = member.values["previous_family_name"], member.values["family_name"]
        if former.key == current.key:
            told.remove("previous_family_name")
    source = Provenance(member.record_id, member.source_system, member.mrn, "only", (member.record_id,))
    return Survived({name: member.values[name].value for name in told}, dict.fromkeys(told, source))


def _of_many(ordered: Sequence[Member], rules: SurvivorshipRules) -> Survived:
    survived = Survived()
    criteria = _criteria(rules)
    agreed: dict[tuple[int, ...], Provenance] = {}
    for name in FIELDS:
        if name == "previous_family_name":
            _survive_previous_name(survived, ordered, criteria.get(name, ()))
            continue
        tellers = [member for member in ordered if name in member.values]
        if not tellers:
            continue
        told = tellers[0].values[name]
        if len(tellers) == 1 or all(member.values[name] == told for member in tellers):
            survived.values[name] = told.value
            survived.provenance[name] = _agreed(tellers, agreed)
        else:
            candidates = [Told(member, member.values[name], member.values[name].key, name) for member in tellers]
            winner, criterion = _choose(candidates, criteria.get(name, ()), ordered)
            _settle(survived, name, winner, criterion, candidates)
    return survived


@lru_cache(maxsize=8)
def _criteria(rules: SurvivorshipRules) -> dict[str, tuple[str, ...]]:
    return dict(rules.fields)


def _survive_previous_name(survived: Survived, ordered: Sequence[Member], criteria: tuple[str, ...]) -> None:
    """Told previous surnames and older current ones, besides the surname that survived."""
    name = "previous_family_name"
    candidates = [
        Told(member, told, told.key, name)
        for member, told in [(member, member.values.get(name)) for member in ordered]
        if told
    ]
    candidates += _older_family_names(ordered, survived)
    candidates = _other_than_current(candidates, ordered, survived)
    if candidates:
        winner, criterion = _choose(candidates, criteria, ordered)
        _settle(survived, name, winner, criterion, candidates)


def _agreed(tellers: Sequence[Member], known: dict[tuple[int, ...], Provenance]) -> Provenance:
    """All that tell the field spell it alike: the most trusted source stands for it. Made once for the same tellers."""
    record_ids = tuple([one.record_id for one in tellers])
    if record_ids not in known:
        member = tellers[0] if len(tellers) == 1 else min(tellers, key=lambda one: (one.rank, one.record_id))
        known[record_ids] = Provenance(
            member.record_id, member.source_system, member.mrn, "only", _distinct([*record_ids])
        )
    return known[record_ids]


def _settle(survived: Survived, name: str, winner: Told, criterion: str, candidates: list[Told]) -> None:
    agreeing: list[int] = []
    others: dict[str, list[Told]] = {}
    for one in candidates:
        if one.key == winner.key:
            agreeing.append(one.member.record_id)
        else:
            others.setdefault(one.key, []).append(one)
    member = winner.member
    survived.values[name] = winner.told.value
    survived.provenance[name] = Provenance(
        member.record_id,
        member.source_system,
        member.mrn,
        criterion,
        _distinct(agreeing),
        tuple(
            LosingValue(group[0].told.value, _distinct([one.member.record_id for one in group]))
            for group in others.values()
        )
        if others
        else (),
    )


def _distinct(record_ids: list[int]) -> tuple[int, ...]:
    return tuple(record_ids) if len(record_ids) == 1 else tuple(sorted(set(record_ids)))


def _override(survived: Survived, override: Override) -> None:
    if override.field not in FIELDS:
        raise SurvivorshipRulesError(f"There is no field {override.field!r} to override.")
    before = survived.provenance.get(override.field)
    losing = before.losing if before else ()
    if before and before.override is None:
        losing = (LosingValue(survived.values[override.field], before.agreeing), *losing)
    survived.values[override.field] = override.value
    survived.provenance[override.field] = Provenance(None, "", "", "override", losing=losing, override=override)


def _choose(candidates: list[Told], criteria: tuple[str, ...], members: Sequence[Member]) -> tuple[Told, str]:
    """(winner, criterion that decided). Of one value spelt alike by all, the most trusted source stands for it."""
    first = candidates[0]
    if all(one.told == first.told for one in candidates):
        return min(candidates, key=lambda one: (one.member.rank, one.member.record_id)), "only"
    left, decided = candidates, "only" if _is_settled(candidates) else ""
    if first.field in _BEFORE_CRITERIA:
        criterion, thin = _BEFORE_CRITERIA[first.field]
        left = thin(left, members)
        decided = decided or (criterion if _is_settled(left) else "")
    for criterion in criteria:
        if len(left) == 1:
            break
        left = THIN_OUT[criterion](left)
        decided = decided or (criterion if _is_settled(left) else "")
    return min(left, key=lambda one: one.member.record_id), decided or "record_id"


def _is_settled(told: list[Told]) -> bool:
    key = told[0].key
    return all(one.key == key for one in told)


def _real_names(told: list[Told], _members: Sequence[Member]) -> list[Told]:
    return [one for one in told if one.key != NEWBORN_KEY] or told


def _not_former(told: list[Told], members: Sequence[Member]) -> list[Told]:
    """Without aliases, and without current surnames that a record at least as new tells as a former one."""
    told = _real_names(told, members)
    former: dict[str, str] = {}
    for member in members:
        previous = member.values.get("previous_family_name")
        if previous:
            former[previous.key] = max(former.get(previous.key, ""), member.updated_at)
    return [one for one in told if not (one.key in former and one.member.updated_at <= former[one.key])] or told


def _other_than_current(told: list[Told], members: Sequence[Member], survived: Survived) -> list[Told]:
    """Without the surviving surname: a person may take a former name back."""
    key = _surviving_family_key(members, survived)
    return [one for one in told if one.key != key]


def _surviving_family_key(members: Sequence[Member], survived: Survived) -> str:
    current = survived.provenance.get("family_name")
    if current is None:
        return ""
    return next(member for member in members if member.record_id == current.record_id).values["family_name"].key


def _older_family_names(members: Sequence[Member], survived: Survived) -> list[Told]:
    """Surnames of older records that differ from the surviving one by more than their spelling."""
    current = survived.provenance.get("family_name")
    if current is None:
        return []
    key = _surviving_family_key(members, survived)
    newest = max(member.updated_at for member in members if member.record_id in current.agreeing)
    found: list[Told] = []
    for member in members:
        told = member.values.get("family_name")
        if told is None or told.key in (key, NEWBORN_KEY):
            continue
        if member.updated_at < newest and not _is_spelling(told.key, key):
            found.append(Told(member, told, told.key, "previous_family_name"))
    return found


def _is_spelling(name: str, other: str) -> bool:
    if set(name.split()) & set(other.split()):
        return True
    return float(JaroWinkler.similarity(name, other)) >= _SPELLING_SIMILARITY


_BEFORE_CRITERIA: dict[str, tuple[str, Callable[[list[Told], Sequence[Member]], list[Told]]]] = {
    "given_name": ("newborn", _real_names),
    "family_name": ("former", _not_former),
}
