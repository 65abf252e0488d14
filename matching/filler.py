"""Records without filler: values so common that they are shared by strangers, as a model lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from matching.records import StandardRecord
from matching.standardise import NOTHING_EXCESSIVE, ExcessiveValues, value_digest


def without_excessive(
    records: Mapping[int, StandardRecord], excessive: ExcessiveValues
) -> Mapping[int, StandardRecord]:
    """The records without those values, as `standardise` would have given them under a model that lists them."""
    if excessive == NOTHING_EXCESSIVE:
        return records
    return {number: _cleared(record, excessive) for number, record in records.items()}


def _cleared(record: StandardRecord, excessive: ExcessiveValues) -> StandardRecord:
    filler = bool(record.ssn) and value_digest(record.ssn) in excessive.ssns
    return replace(
        record,
        ssn="" if filler else record.ssn,
        ssn_last4="" if filler else record.ssn_last4,
        phones=tuple(phone for phone in record.phones if value_digest(phone) not in excessive.phones),
        emails=tuple(email for email in record.emails if value_digest(email) not in excessive.emails),
    )
