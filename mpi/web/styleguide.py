"""The component page: every part of the design system on one page, with invented people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from mpi.queries.evidence import Evidence, EvidenceRow
from mpi.web.pages import ActorRequest, page, show

_HOUR = timedelta(hours=1)


def _evidence() -> Evidence:
    rows = (
        EvidenceRow("given", "Given name", "MARGARET", "MARJORIE", "name", "differs", "different given name", -3.1),
        EvidenceRow("middle", "Middle name", "ANN", "", "name", "none", "not known on one side", 0),
        EvidenceRow(
            "house",
            "Family and contact",
            "HOLLOWAY (also WHITCOMBE); 18 ORCHARD LN, CONCORD NH 03301; 6035550141",
            "HOLLOWAY; 18 ORCHARD LANE, CONCORD NH 03301; 6035550114",
            "house",
            "near",
            "same family name, same address; a rare value, which weighs more",
            17.4,
        ),
        EvidenceRow(
            "birth_date", "Birth date", "1971-03-09", "1971-09-03", "date", "near", "day and month swapped", 7.2
        ),
        EvidenceRow("sex", "Sex", "F", "F", "sex", "same", "same sex", 0.9),
        EvidenceRow("ssn", "SSN", "***-**-8801", "", "ssn", "none", "not known on one side", 0),
    )
    total = -14.6 + sum(row.bits for row in rows)
    return Evidence(
        rows=rows,
        prior_bits=-14.6,
        total_bits=total,
        probability=2**total / (1 + 2**total),
        grade="probable",
        held_by=("Different given names without the same SSN and birth date.",),
        review_from=0.75,
        link_over=0.95,
    )


def _person() -> dict[str, object]:
    return {
        "name": {"family": "Holloway", "given": "Margaret", "middle": "Ann"},
        "birth_date": "1971-03-09",
        "deceased_date": "",
        "sex": "F",
        "euid": "7QK42M9X8B3H",
        "status": "confirmed",
        "former_names": ({"use_words": "Born", "name": {"family": "Whitcombe", "given": "Margaret"}},),
    }


def _deceased() -> dict[str, object]:
    return {
        "name": {"family": "Featherstonehaugh-Cholmondeley", "given": "Bartholomew Maximilian", "suffix": "Jr"},
        "birth_date": "1931-11-30",
        "deceased_date": "2024-01-08",
        "sex": "M",
        "euid": "9TR28B3CV0MA",
        "status": "provisional",
    }


def _events(now: datetime) -> tuple[dict[str, object], ...]:
    return (
        {
            "uuid": "6f1d8a52-7f0c-4a6c-9d54-3f6c0c2f9a11",
            "words": "Merged with another golden record",
            "actor_name": "Dana Whitfield",
            "by_human": True,
            "grave": True,
            "recorded_at": now - 2 * _HOUR,
            "reason": "Identity documents seen: passport shown at the desk",
            "others": ("9TR28B3CV0MA",),
            "can_undo": True,
            "can_unmerge": True,
        },
        {
            "words": "Source record linked",
            "actor_name": "ingest",
            "by_human": False,
            "recorded_at": now - 76 * _HOUR,
            "changes": (
                {"label": "Address", "before": "18 Orchard Ln, Concord", "after": "41 Mill Road, Concord"},
                {"label": "Phone", "before": "(603) 555-0141", "after": "(603) 555-0114"},
            ),
        },
        {
            "words": "Golden record created",
            "actor_name": "ingest",
            "by_human": False,
            "recorded_at": now - 900 * _HOUR,
            "undone": False,
        },
    )


@page
@require_safe
def styleguide(request: ActorRequest) -> HttpResponse:
    now = datetime.now(UTC)
    error = MappingProxyType(
        {
            "http_status": 409,
            "code": "stale-version",
            "title": "It has changed since you looked",
            "detail": "A colleague merged this golden record two minutes ago. Nothing was changed by you.",
            "retryable": False,
            "flaws": (),
        }
    )
    context = {
        "now": now,
        "evidence": _evidence(),
        "person": _person(),
        "deceased": _deceased(),
        "events": _events(now),
        "error": error,
        "since": now - 3 * _HOUR,
        "headings": {
            "left": {
                "name": "HOLLOWAY, Margaret Ann",
                "sub": "3 source records: General Hospital, Clinic North",
            },
            "right": {"name": "HOLLOWAY, Marjorie", "sub": "1 source record: Riverside Lab"},
        },
    }
    return show(request, "mpi/styleguide.html", context)
