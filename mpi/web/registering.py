"""What the pages of the registration desk share: for whom one looks, what was typed, who is likely."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from matching.records import PatientRecord
from mpi import access, codec
from mpi.models import GoldenRecord
from mpi.queries.evidence import Evidence, evidence_of
from mpi.queries.person import Banner, banner
from mpi.queries.search import Hit, Query, find, numbers_of
from mpi.services.active_model import last_active_model
from mpi.services.registration_look import Likely, look
from mpi.web import formats
from mpi.web.forms_register import PatientForm
from mpi.web.pages import ActorRequest
from mpi.web.sealed import unseal

OTHERS_SHOWN = 5
_LEAST_TYPED = 2
_GRADES = {
    "certain": "almost certainly this patient",
    "probable": "very likely this patient",
    "possible": "may be this patient",
    "same-number": "has the same SSN",
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody is looked for, and where the choice leads. `creates` is "" where nobody new is possible."""

    key: str
    title: str
    lead: str
    choose: str
    chooses: str
    create: str
    creates: str
    registration: UUID | None = None


def purpose_of(key: str, registration: UUID | None = None) -> Purpose:
    """A patient who comes, a newborn's mother, or who a patient under an alias is."""
    if key == "mother":
        return Purpose(
            key,
            "Who is the mother?",
            "Look the mother up first. If she is not known, she is registered together with her child.",
            reverse("register-mother"),
            "This is the mother",
            reverse("register-with-mother"),
            "She is new: register her with the child",
        )
    if key == "identify" and registration is not None:
        return Purpose(
            key,
            "Who is this patient?",
            "Type what is known now. If the patient is known already, choose who it is.",
            reverse("register-identify-check", args=[registration]),
            "This is the patient",
            reverse("register-identify-check", args=[registration]),
            "Nobody shown: identify as somebody new",
            registration,
        )
    return Purpose(
        "patient",
        "Register a patient",
        "Look first: who is known already appears while you type. What you type is never part of an address or a log.",
        reverse("register-choose"),
        "This is the patient",
        reverse("register-create"),
        "Create a new patient",
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One likely patient as the page shows it. `known` are the golden values, the SSN masked."""

    person: Banner
    version: int
    known: Mapping[str, object]
    numbers: Sequence[tuple[str, str]]
    probability: float | None
    words: str
    evidence: Evidence | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Who is likely, and who else begins with this name.

    `typed` says whether there is a name yet, `enough` whether there is more than a name to look by.
    """

    candidates: tuple[Candidate, ...]
    others: tuple[Hit, ...]
    typed: bool
    enough: bool = True

    @property
    def euids(self) -> list[str]:
        """Of the likely ones."""
        return [one.person.euid for one in self.candidates]


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One field as typed and as known, with what a person reads of the two."""

    label: str
    typed: object
    known: object
    shape: str
    kind: str
    words: str


def compared(form: PatientForm, golden: GoldenRecord) -> tuple[ComparedRow, ...]:
    """What was typed beside what is known; the SSN masked on both sides. Of a valid form. No query."""
    told, known = form.document(), codec.golden_values(golden)
    person = banner(golden)
    typed_name = {part: told[f"{part}_name"] for part in ("family", "given", "middle")} | {"suffix": told["suffix"]}
    places = ("street", "city", "state", "postal_code")
    pairs = (
        ("Name", typed_name, person.name, "person"),
        ("Born", told["birth_date"], person.birth_date, "date"),
        ("Sex", told["sex"], person.sex, "sex"),
        ("SSN", codec.mask(told["ssn"]) if told["ssn"] else "", known.get("ssn"), "text"),
        ("Phone", told["phone"], known.get("phone"), "phone"),
        ("E-mail", told["email"], known.get("email"), "text"),
        ("Address", {part: told[part] for part in places}, known.get("address"), "address"),
    )
    return tuple(_row(*pair) for pair in pairs)


def _row(label: str, typed: object, known: object, shape: str) -> ComparedRow:
    left, right = (formats.shaped(value, shape).upper() for value in (typed, known))
    if not left:
        return ComparedRow(label, typed, known, shape, "none", "not typed")
    if not right:
        return ComparedRow(label, typed, known, shape, "none", "not known so far")
    same = left == right
    return ComparedRow(label, typed, known, shape, "same" if same else "differs", "the same" if same else "differs")


def typed_form(request: ActorRequest) -> PatientForm:
    """What was typed on this page, or on an earlier one and carried here. Raises InvalidInput."""
    if sealed := request.POST.get("draft"):
        return PatientForm(unseal(sealed, request.actor).get("patient", {}))
    return PatientForm(request.POST)


def look_for(request: ActorRequest, record: PatientRecord | None, *, besides: Collection[str] = ()) -> Looked:
    """Likely patients and others of the name; audited. A constant number of queries, however many are found."""
    if record is None:
        return Looked((), (), typed=False)
    likely = look(record, actor=request.actor, besides=besides)
    candidates = candidates_of(likely)
    shown = {one.person.euid for one in candidates}.union(besides)
    enough = bool(record.birth_date or record.identifiers or record.telecoms or record.addresses)
    return Looked(candidates, _others(request, record, shown), typed=True, enough=enough)


def candidates_of(likely: Sequence[Likely]) -> tuple[Candidate, ...]:
    """As the page shows them. One query for all."""
    numbers = numbers_of(one.golden.pk for one in likely)
    model = last_active_model().model if likely else None
    return tuple(
        Candidate(
            person=banner(one.golden),
            version=one.golden.version,
            known=codec.golden_values(one.golden),
            numbers=numbers[one.golden.pk],
            probability=one.probability,
            words=_GRADES.get(one.grade, one.grade),
            evidence=evidence_of(one.evidence, model) if one.evidence and model else None,
            reasons=tuple(reason["words"] for reason in one.reasons),
        )
        for one in likely
    )


def _others(request: ActorRequest, record: PatientRecord, shown: Collection[str]) -> tuple[Hit, ...]:
    """Persons whose name begins like this, while too little is typed to say who is likely. Two queries."""
    name = record.names[0]
    query = Query.named(name.family, name.given)
    if len(query.family) < _LEAST_TYPED:
        return ()
    hits = [hit for hit in find(query).hits if hit.person.euid not in shown][:OTHERS_SHOWN]
    access.audit_search(request.actor, [hit.person.euid for hit in hits])
    return tuple(hits)
