"""Search for a person by name, birth date, number or EUID. Two queries by name or date, seven by number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q, QuerySet

from mpi import codec, vault
from mpi.euid import is_euid, normal_euid
from mpi.models import LIVE_STATUSES, GoldenRecord, Identifier, Link, SourceRecord, SourceSystem
from mpi.queries.person import Banner, banner
from mpi.queries.source_merges import with_survivors

LIMIT = 50
"""More persons than this are not shown: the page asks for a birth date or a number instead."""

_DATE_FORMS = ("%Y-%m-%d", "%d-%b-%Y", "%d %b %Y", "%d-%B-%Y", "%m/%d/%Y", "%Y%m%d", "%b %d, %Y", "%B %d, %Y")
_DATES = re.compile(
    r"\b(\d{4}-\d{2}-\d{2}|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}|\d{1,2}/\d{1,2}/\d{4}|[A-Za-z]{3,9} \d{1,2}, \d{4})\b"
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. `names` are one to three words in standard form, in the order typed."""

    family: str = ""
    given: str = ""
    either: tuple[str, ...] = ()
    birth_date: str = ""
    number: str = ""
    system: str = ""
    euid: str = ""

    @classmethod
    def named(cls, family: str, given: str) -> Query:
        """Names as typed, in standard form."""
        return cls(family=codec.search_name(family), given=codec.search_name(given))

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked."""
        return not (self.family or self.given or self.either or self.birth_date or self.number or self.euid)


@dataclass(frozen=True, slots=True)
class Hit:
    """One person found. `numbers` are (system name, MRN) of its source records; `redirected` is the EUID asked for."""

    person: Banner
    member_count: int
    numbers: tuple[tuple[str, str], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """The persons found, and whether there are more than are shown."""

    hits: tuple[Hit, ...] = field(default_factory=tuple)
    more: bool = False


def systems() -> list[tuple[str, str]]:
    """(code, name) of the source systems, trusted ones first. One query."""
    return list(SourceSystem.objects.values_list("code", "name"))


def read(typed: str) -> Query:
    """Understand one line as typed into the search box: EUID, number, birth date and names, in any order."""
    text = " ".join(typed.split())
    if is_euid(normal_euid(text)):
        return Query(euid=normal_euid(text))
    birth_date, rest = _take_date(text)
    words = rest.split()
    numbers = [word for word in words if any(char.isdigit() for char in word)]
    names = " ".join(word for word in words if word not in numbers)
    family, comma, given = names.partition(",")
    number = numbers[0] if numbers else ""
    if comma:
        return Query(codec.search_name(family), codec.search_name(given), (), birth_date, number)
    return Query(either=tuple(codec.search_name(names).split()[:3]), birth_date=birth_date, number=number)


def read_date(text: str) -> str:
    """ISO form of a date as people write it, "" if it is none."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date().isoformat()  # noqa: DTZ007  # a calendar date
        except ValueError:
            continue
    return ""


def _take_date(text: str) -> tuple[str, str]:
    found = _DATES.search(text)
    iso = read_date(found.group(1)) if found else ""
    if not iso or found is None or date.fromisoformat(iso).year < 1850:
        return "", text
    return iso, f"{text[: found.start()]} {text[found.end() :]}"


def find(query: Query) -> Results:
    """Persons that fit, by name and birth date. Merged EUIDs answer their survivor."""
    if query.is_empty:
        return Results()
    rows = list(_matching(query).order_by("family_name", "given_name", "id")[: LIMIT + 1])
    shown = [_survivor(row) for row in rows[:LIMIT]]
    numbers = numbers_of(row.pk for row in shown)
    asked = {row.euid: f"merged from {row.euid}" for row in rows if row.merged_into_id}
    hits = tuple(
        Hit(banner(live), live.member_count, tuple(numbers[live.pk]), asked.get(row.euid, ""))
        for row, live in zip(rows, shown, strict=False)
    )
    return Results(hits, more=len(rows) > LIMIT)


def _survivor(golden: GoldenRecord) -> GoldenRecord:
    while golden.merged_into is not None:
        golden = golden.merged_into
    return golden


def _matching(query: Query) -> QuerySet[GoldenRecord, GoldenRecord]:
    if query.euid:
        return GoldenRecord.objects.filter(euid=query.euid).select_related("merged_into__merged_into__merged_into")
    found = GoldenRecord.objects.filter(status__in=LIVE_STATUSES)
    if query.number or query.system:
        found = found.filter(pk__in=_owners_of_number(query))
    if query.birth_date:
        found = found.filter(birth_date=query.birth_date)
    if query.family:
        found = found.filter(family_name__startswith=query.family)
    if query.given:
        found = found.filter(given_name__startswith=query.given)
    return found.filter(_either_order(query.either)) if query.either else found


def _either_order(words: tuple[str, ...]) -> Q:
    """`Margaret Holloway` and `Holloway Margaret`, a middle name in between or after left aside."""
    if len(words) == 1:
        return Q(family_name__startswith=words[0])
    first, last = words[0], words[-1]
    return (
        Q(family_name__startswith=last, given_name__startswith=first)
        | Q(family_name__startswith=first, given_name__startswith=words[1])
        | Q(family_name__startswith=" ".join(words))
    )


def _owners_of_number(query: Query) -> QuerySet[Link, int]:
    """Golden records that own a record with this number, or a record of this source system."""
    links = Link.objects.filter(ended_at__isnull=True)
    if query.number:
        links = links.filter(source_record__in=_records_with_number(query))
    elif query.system:
        links = links.filter(source_record__source_system__code=query.system)
    return links.values_list("golden_record_id", flat=True)


def _records_with_number(query: Query) -> set[int]:
    """Keys of records by MRN, SSN (its blind index) or other identifier: a query each, so that each uses its index."""
    known = SourceSystem.objects.filter(code=query.system) if query.system else SourceSystem.objects.all()
    # The systems by key: the index over (system, MRN) is of no use without them.
    records = SourceRecord.objects.filter(source_system__in=list(known.values_list("pk", flat=True)), mrn=query.number)
    found = set(records.values_list("pk", flat=True))
    if query.system:
        return with_survivors(found)
    digits = re.sub(r"\D", "", query.number)
    if len(digits) == 9:
        ssn = vault.blind_index("ssn", digits)
        found |= set(Identifier.objects.filter(value_index=ssn).values_list("source_record_id", flat=True))
    named = Identifier.objects.filter(value=query.number.upper()).values_list("source_record_id", flat=True)
    return with_survivors(found | set(named))


def numbers_of(golden_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """(system name, MRN) of the members of each golden record. One query."""
    links = Link.objects.filter(golden_record__in=list(golden_ids), ended_at__isnull=True)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = links.order_by("source_record__source_system__rank", "source_record_id").values_list(
        "golden_record_id", "source_record__source_system__name", "source_record__mrn"
    )
    for golden_id, system, mrn in rows:
        found[golden_id].append((system, mrn))
    return found
