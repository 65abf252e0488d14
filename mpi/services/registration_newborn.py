"""Register newborn children of a mother, together and in their order; she herself is known or registered with them.

A child without a name is called after its mother: `GirlMarie`, of several `Girl1Marie` (AHIMA Naming Policy framework,
2022, revised 2023). Mother and children, and the children among each other, are recorded as related: so they are two
people on every path.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from uuid import UUID

from matching.newborns import newborn_name
from matching.records import Address, Name, PatientRecord, Telecom
from mpi import codec
from mpi.access import Permission, live_golden_record, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput
from mpi.models import GoldenRecord, Registration, RegistrationKind, RelationshipKind
from mpi.services.locking import run_act
from mpi.services.registration import carry_out, looked_at
from mpi.services.registration_begin import Wanted, begin_registration, begun_before
from mpi.services.registration_later import find_registration, owner_of
from mpi.services.relationship import relate
from mpi.services.upsert import UpsertResult

MOST_CHILDREN = 8
_YOUNGEST, _OLDEST = 10, 60
_WORD = {"F": "Girl", "M": "Boy"}
_SAID = "Registered together at the birth."


@dataclass(frozen=True, slots=True)
class Child:
    """One child. `given` is "" while it has no name; `family` is "" for the mother's."""

    sex: str
    given: str = ""
    middle: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class NewMother:
    """A mother who is registered with her children: what she tells, whom the clerk was shown, and why it is none."""

    record: PatientRecord
    seen: Collection[str] = ()
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Birth:
    """Mother and children of one form. Of `mother_euid` and `new_mother` exactly one is told; `birth_date` is ISO."""

    birth_date: str
    children: tuple[Child, ...]
    mother_euid: str = ""
    new_mother: NewMother | None = None


def register_newborns(
    *, token: UUID, birth: Birth, seen: Collection[str], reason_code: str = "", reason: str = "", actor: Actor
) -> list[tuple[Registration, UpsertResult]]:
    """Register the children, after the mother if she is new, and relate them. Sent twice it registers once.

    `seen` are the likely existing patients that were shown for the children, `reason` why it is none of them. Raises
    Forbidden, NotFound, InvalidInput, LookAgain, IdempotencyConflict, Busy, ServiceDown; after the last two send the
    form again: what is missing is done then.
    """
    require(actor, Permission.REGISTER)
    _check(birth)
    wanted = [_mother(token, birth.new_mother, actor)] if birth.new_mother else []
    for order, record in enumerate(child_records(birth), start=1):
        shown = looked_at(
            token,
            len(wanted),
            record,
            seen=seen,
            reason_code=reason_code,
            reason=reason,
            actor=actor,
            besides=(birth.mother_euid,),
        )
        wanted.append(
            Wanted(
                RegistrationKind.NEWBORN,
                record,
                by_hand=bool(shown) or len(birth.children) > 1,
                shown=shown,
                reason_code=reason_code,
                reason=reason,
                mother_euid=birth.mother_euid,
                birth_order=order,
                settled=bool(birth.children[order - 1].given),
            )
        )
    done = carry_out(begin_registration(token=token, wanted=wanted, actor=actor), actor=actor)
    _relate(done, birth, actor)
    return done


def _check(birth: Birth) -> None:
    flaws = []
    if not birth.children:
        flaws.append(Flaw("children", "are missing", "tell at least one child"))
    if len(birth.children) > MOST_CHILDREN:
        flaws.append(Flaw("children", f"are more than {MOST_CHILDREN}", "register the others by a form of their own"))
    if not birth.birth_date:
        flaws.append(Flaw("birth_date", "is missing", "tell the day of the birth"))
    if bool(birth.mother_euid) == (birth.new_mother is not None):
        flaws.append(
            Flaw("mother", "is missing or told twice", "choose a known patient, or register her with the child")
        )
    if flaws:
        raise InvalidInput("Nothing was registered.", flaws=flaws)


def _mother(token: UUID, mother: NewMother, actor: Actor) -> Wanted:
    shown = looked_at(
        token,
        0,
        mother.record,
        seen=mother.seen,
        reason_code=mother.reason_code,
        reason=mother.reason,
        actor=actor,
    )
    return Wanted(
        RegistrationKind.NEW,
        mother.record,
        by_hand=bool(shown),
        shown=shown,
        reason_code=mother.reason_code,
        reason=mother.reason,
    )


def child_records(birth: Birth) -> list[PatientRecord]:
    """What is told of each child, in the order of birth: the mother's family name, address and telephone are theirs.

    Raises NotFound.
    """
    mother = birth.new_mother.record if birth.new_mother else _as_told(live_golden_record(birth.mother_euid)[0])
    name = mother.names[0] if mother.names else Name()
    of = len(birth.children)
    return [
        PatientRecord(
            source_system="",
            mrn="",
            names=(_name(child, name, order if of > 1 else 0),),
            birth_date=birth.birth_date,
            sex=child.sex,
            addresses=mother.addresses[:1],
            telecoms=tuple(part for part in mother.telecoms if part.kind == "phone")[:1],
            multiple_birth=of > 1,
            birth_order=order if of > 1 else None,
            mothers_maiden_name=mother.mothers_maiden_name,
            facility=mother.facility,
        )
        for order, child in enumerate(birth.children, start=1)
    ]


def _name(child: Child, mother: Name, order: int) -> Name:
    given = child.given or given_of_newborn(mother.given, child.sex, order)
    return Name(family=child.family or mother.family, given=given, middle=child.middle)


def given_of_newborn(mothers_given: str, sex: str, order: int) -> str:
    """`GirlMarie`; the second of several `Girl2Marie`; `BabyGirl` where the mother's name cannot be said that way.

    `order` is 0 for an only child.
    """
    word, number = _WORD.get(sex, "Baby"), str(order) if order else ""
    said = codec.search_name(mothers_given).partition(" ")[0].capitalize()
    named = f"{word}{number}{said}"
    if len(said) > 1 and newborn_name(named):
        return named
    return f"Baby{'' if word == 'Baby' else word}{number}"


def oddities(mother: GoldenRecord, birth_date: str = "") -> tuple[str, ...]:
    """What makes it unlikely that she is the mother, in sentences; it may be wrong, so nothing is refused for it."""
    said = []
    if mother.values.get("sex") == "M":
        said.append("This person is recorded as male.")
    if mother.values.get("deceased_date"):
        said.append("This person is recorded as deceased.")
    if birth_date and len(mother.birth_date) >= 4:
        years = int(birth_date[:4]) - int(mother.birth_date[:4])
        if not _YOUNGEST <= years <= _OLDEST:
            said.append(f"By the birth dates she would be about {years} years older than the child.")
    return tuple(said)


def _as_told(golden: GoldenRecord) -> PatientRecord:
    """What is known of a mother, as far as her children share it. `mothers_maiden_name` is hers, for them."""
    known = codec.golden_values(golden)
    address = known.get("address") or {}
    street, city, state, postal_code = (
        str(address.get(part) or "") for part in ("street", "city", "state", "postal_code")
    )
    home = Address(street=street, city=city, state=state, postal_code=postal_code)
    phone = str(known.get("phone") or "")
    return PatientRecord(
        source_system="",
        mrn="",
        names=(Name(family=str(known.get("family_name") or ""), given=str(known.get("given_name") or "")),),
        addresses=(home,) if home != Address() else (),
        telecoms=(Telecom("phone", phone),) if phone else (),
        mothers_maiden_name=str(known.get("previous_family_name") or ""),
    )


def _relate(done: Sequence[tuple[Registration, UpsertResult]], birth: Birth, actor: Actor) -> None:
    """Mother of each, twins of each other. What was recorded before stays: the form may have been sent twice.

    A question whether two of them are one person is answered by their being registered together: that is no merge,
    and whoever registers them may say it.
    """
    euids = [result.standing.euid for _, result in done if result.standing and result.standing.euid]
    if len(euids) < len(done):  # a worker will apply the rest; the page of the registration lets it be done then
        return
    mother, children = (euids[0], euids[1:]) if birth.new_mother else (birth.mother_euid, euids)
    _relate_all([row for row, _ in done if row.kind == RegistrationKind.NEWBORN], mother, children, actor)


def record_family(*, registration_uuid: UUID | str, actor: Actor) -> None:
    """Relate mother and children of a form whose records were applied later. What was recorded before stays.

    Raises Forbidden, NotFound (one of them is not applied yet), Busy.
    """
    require(actor, Permission.REGISTER)
    standing = [row for row in begun_before(find_registration(registration_uuid).token) if row.withdrawn_at is None]
    children = [row for row in standing if row.kind == RegistrationKind.NEWBORN]
    mothers = [owner_of(row) for row in standing if row.kind == RegistrationKind.NEW]
    for mother in [*mothers, *(row.mother_euid for row in children[:1])][:1]:
        _relate_all(children, mother, [owner_of(row) for row in children], actor)


def _relate_all(rows: Sequence[Registration], mother: str, children: Sequence[str], actor: Actor) -> None:
    _note_mother(rows, mother)
    who = replace(actor, permissions=actor.permissions | {Permission.MERGE})
    pairs = [(mother, child, RelationshipKind.MOTHER) for child in children]
    pairs += [(one, other, RelationshipKind.TWIN) for one, other in combinations(children, 2)]
    for one, other, kind in pairs:
        try:
            relate(from_euid=one, to_euid=other, kind=kind, reason=_SAID, actor=who)
        except AlreadyDecided:
            continue


def _note_mother(children: Sequence[Registration], euid: str) -> None:
    keys = [row.pk for row in children]
    run_act(lambda: Registration.objects.filter(pk__in=keys, mother_euid="").update(mother_euid=euid))
