"""What the index says now, as one digest a part: the same before and after, if everything was undone.

History, audit, versions and times of writing are left out: an act and its undo leave their traces there, and must.
Claims are, too: they are leases that end by themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from mpi.codec import golden_values
from mpi.models import GoldenOverride, GoldenRecord, IdentityTask, Link, PotentialMatch, SeparationPair, SourceRecord
from review.models import Deferral


def index_state(began: datetime) -> dict[str, str]:
    """Part → SHA-256 over its rows in a fixed order, hexadecimal. Reads the whole index: seconds for 10,000 records.

    Identity tasks count that were open when the work `began`: those that the index opens by itself meanwhile are not
    the steward's doing.
    """
    return {name: _digest(rows) for name, rows in _parts(began).items()}


def _parts(began: datetime) -> Mapping[str, Iterable[Any]]:
    now = timezone.now()
    tasks = IdentityTask.objects.filter(status="open", opened_at__lt=began)
    links = Link.objects.filter(ended_at__isnull=True)
    apart = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    questions = PotentialMatch.objects.filter(status="open").order_by("uuid")
    standing = {"ended_at__isnull": True, "until__gt": now}
    return {
        "source records": SourceRecord.objects.order_by("pk").values_list("pk", "state", "payload_hash"),
        "golden records": map(_golden, GoldenRecord.objects.order_by("pk").iterator(2_000)),
        "links": links.order_by("source_record_id").values_list(
            "source_record_id", "golden_record_id", "origin", "by_human", "supporting_record_id"
        ),
        "separations": sorted(apart.values_list("record_low_id", "record_high_id")),
        "questions": questions.values_list(
            "uuid", "golden_a_id", "golden_b_id", "record_a_id", "record_b_id", "kind", "grade", "bits", "risk"
        ),
        "identity tasks": tasks.order_by("uuid").values_list("uuid", "type"),
        "values set by stewards": GoldenOverride.objects.filter(ended_at__isnull=True)
        .order_by("golden_record_id", "field")
        .values_list("golden_record_id", "field", "value"),
        "set aside": _sorted(
            Deferral.objects.filter(**standing)
            .exclude(potential_match__isnull=False, potential_match__version__gt=F("version"))
            .values_list("potential_match_id", "identity_task_id")
        ),
    }


def _sorted(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=str)


def _golden(golden: GoldenRecord) -> tuple[object, ...]:
    """A golden record and its survived values; protected numbers by their last four: ciphertexts never repeat."""
    shown = golden_values(golden)
    return golden.pk, golden.euid, golden.status, golden.verified, golden.member_count, golden.merged_into_id, shown


def _digest(rows: Iterable[Any]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(json.dumps(row, sort_keys=True, default=str).encode())
    return found.hexdigest()
