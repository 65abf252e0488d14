"""Shapes of answers about persons, and of problems, for the OpenAPI document.

They describe; they do not run. What is sent is made in `documents`; the contract test keeps both in step.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.models import EventKind, GoldenStatus, LinkOrigin, PotentialMatchKind, PotentialMatchStatus, RecordState

GRADES = ("certain", "probable", "possible", "certainly-not")
EUID_HELP = "Enterprise identifier: 12 characters in groups of four. Any address takes it with or without hyphens."


class FlawShape(s.Serializer[Any]):
    """One thing wrong with the request: where, what, and how to mend it. Never a value."""

    field = s.CharField()
    problem = s.CharField()
    mend = s.CharField(required=False)
    line = s.IntegerField(required=False)
    column = s.IntegerField(required=False)


class ProblemShape(s.Serializer[Any]):
    """A refusal, RFC 9457. `code` is stable and meant for programs; `type` leads to its explanation."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField()
    code = s.CharField()
    retryable = s.BooleanField()
    flaws = FlawShape(many=True)
    correlation_id = s.UUIDField()


class NumberShape(s.Serializer[Any]):
    """How a source record is named: a source system and its own number for the patient."""

    source_system = s.CharField()
    mrn = s.CharField()


class ReasonShape(s.Serializer[Any]):
    """One rule that spoke: a stable code, and words for people."""

    code = s.CharField()
    words = s.CharField()


class RefusalShape(ReasonShape):
    """A rule that forbade a join, and the record it spoke of."""

    source_record = NumberShape(allow_null=True)


class ComparisonShape(s.Serializer[Any]):
    """One comparison of a pair: both values, the level reached and what it weighs, in bits (log2 m/u)."""

    comparison = s.CharField()
    title = s.CharField()
    left = s.CharField(allow_blank=True)
    right = s.CharField(allow_blank=True)
    level = s.CharField()
    words = s.CharField()
    m = s.FloatField()
    u = s.FloatField()
    bits = s.FloatField()
    frequency_bits = s.FloatField()


class EvidenceShape(s.Serializer[Any]):
    """Why a pair got its probability. match_weight_bits = prior_bits + the sum over comparisons of both bits.

    `keys` are the blocking rules that brought the two together. The same document is stored with the decision.
    """

    format = s.IntegerField()
    match_weight_bits = s.FloatField()
    prior_bits = s.FloatField()
    probability = s.FloatField(min_value=0, max_value=1)
    grade = s.ChoiceField(GRADES)
    caps = ReasonShape(many=True)
    vetoes = ReasonShape(many=True)
    model_version = s.CharField()
    model_hash = s.CharField()
    keys = s.ListField(child=s.CharField())
    comparisons = ComparisonShape(many=True)


class ConsideredShape(s.Serializer[Any]):
    """One person that came near, with the evidence of the closest record."""

    euid = s.CharField(allow_null=True)
    source_record = NumberShape(allow_null=True)
    earned = s.BooleanField()
    refusals = RefusalShape(many=True)
    evidence = EvidenceShape()


class DecisionShape(s.Serializer[Any]):
    """What the engine decided and why, as it was at decision time."""

    id = s.UUIDField(required=False)
    recorded_at = s.DateTimeField(required=False)
    outcome = s.ChoiceField(("link", "join", "review", "new"))
    grade = s.ChoiceField(GRADES)
    reasons = ReasonShape(many=True)
    model_version = s.CharField()
    fits_current = s.BooleanField(allow_null=True)
    euids = s.ListField(child=s.CharField())
    considered = ConsideredShape(many=True)


class PersonSummaryShape(s.Serializer[Any]):
    """A golden record in a list. `values` holds the survived demographics by field; an SSN is masked."""

    euid = s.CharField(help_text=EUID_HELP)
    status = s.ChoiceField(GoldenStatus.choices)
    version = s.IntegerField()
    source_record_count = s.IntegerField()
    values = s.DictField()


class GoldenRecordShape(PersonSummaryShape):
    """The golden record of one person. A merged EUID answers its survivor: then `merged_into` says so."""

    requested_euid = s.CharField()
    merged_into = s.CharField(allow_null=True)
    verified = s.BooleanField()
    provenance = s.DictField(help_text="Field → the source record that gave it, the rule that chose it, what lost.")
    survivorship_rules = s.CharField(help_text="The version of the rules that chose the values.")
    created_at = s.DateTimeField()
    recorded_at = s.DateTimeField()
    as_of = s.DateTimeField(required=False, help_text="Only with `as_of`: the instant in UTC.")
    status_now = s.ChoiceField(
        GoldenStatus.choices, required=False, help_text="Only with `as_of`: how the EUID you asked for stands now."
    )
    version_now = s.IntegerField(required=False)


class GoldenVersionShape(s.Serializer[Any]):
    """One earlier state of a golden record, and whose act made it."""

    version = s.IntegerField()
    status = s.ChoiceField(GoldenStatus.choices)
    source_record_count = s.IntegerField()
    values = s.DictField()
    recorded_at = s.DateTimeField()
    actor_id = s.CharField(allow_null=True)
    correlation_id = s.UUIDField(allow_null=True)


class EventShape(s.Serializer[Any]):
    """One act on identity."""

    id = s.UUIDField()
    kind = s.ChoiceField(EventKind.choices)
    actor_kind = s.CharField()
    actor_id = s.CharField()
    actor_name = s.CharField()
    reason_code = s.CharField(allow_blank=True)
    reason = s.CharField(allow_blank=True)
    euids = s.ListField(child=s.CharField())
    undoes = s.UUIDField(allow_null=True)
    undone_by = s.UUIDField(allow_null=True)
    correlation_id = s.UUIDField()
    recorded_at = s.DateTimeField()


class LinkShape(s.Serializer[Any]):
    """Why a source record belongs to its golden record."""

    origin = s.ChoiceField(LinkOrigin.choices)
    by_human = s.BooleanField()
    supporting_record = NumberShape(allow_null=True)
    model_version = s.CharField(allow_null=True)
    opened_at = s.DateTimeField()


class SourceRecordShape(NumberShape):
    """What one source system says of a patient, as told; protected numbers are masked."""

    id = s.UUIDField()
    version = s.IntegerField()
    state = s.ChoiceField(RecordState.choices)
    told = s.DictField(help_text="names, birth_date, sex, addresses, telecoms, identifiers …")
    effective_at = s.DateTimeField(allow_null=True)
    recorded_at = s.DateTimeField()


class MemberShape(SourceRecordShape):
    """A source record of a golden record."""

    link = LinkShape()


class SideShape(s.Serializer[Any]):
    """One side of a potential match, as the queue names it. Send `version` back with the decision."""

    euid = s.CharField()
    status = s.ChoiceField(GoldenStatus.choices)
    version = s.IntegerField()


class PotentialMatchLineShape(s.Serializer[Any]):
    """Two golden records that may be one person."""

    id = s.UUIDField()
    status = s.ChoiceField(PotentialMatchStatus.choices)
    kind = s.ChoiceField(PotentialMatchKind.choices)
    version = s.IntegerField()
    grade = s.ChoiceField(GRADES)
    match_weight_bits = s.FloatField()
    probability = s.FloatField(min_value=0, max_value=1)
    risk = s.FloatField()
    reasons = s.ListField()
    golden_records = SideShape(many=True)
    opened_at = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)
    closed_reason = s.CharField(allow_null=True)


class PotentialMatchShape(PotentialMatchLineShape):
    """The same with both persons, the two records that are closest, and the decision that opened it."""

    persons = PersonSummaryShape(many=True)
    source_records = SourceRecordShape(many=True)
    decision = DecisionShape(allow_null=True)
    resolved_by_event = s.UUIDField(allow_null=True)


def paged(shape: type[s.Serializer[Any]], name: str) -> type[s.Serializer[Any]]:
    """A page of a list: `items`, and `next`, the cursor of the following page or null."""
    members = {
        "__doc__": "A page; send `next` as `cursor` to get the following one.",
        "items": shape(many=True),
        "next": s.CharField(allow_null=True),
    }
    return type(f"{name}PageShape", (s.Serializer,), members)
