"""Shapes of linkage models and of survivorship rules."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from matching.survivorship_rules import CRITERIA


class LinkageModelLineShape(s.Serializer[Any]):
    """A linkage model version. It never changes; links and decisions name the one they were made under."""

    name = s.CharField()
    status = s.CharField(help_text="draft, approved, rejected, active or superseded.")
    content_hash = s.CharField(help_text="SHA-256 over the canonical document.")
    justification = s.CharField()
    author = s.CharField()
    approver = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)
    activated_at = s.DateTimeField(allow_null=True)


class LinkageModelLinesShape(s.Serializer[Any]):
    """All versions."""

    items = LinkageModelLineShape(many=True)
    retrain = s.CharField(allow_null=True, help_text="Why a new version should be trained, in words.")


class ModelLevelShape(s.Serializer[Any]):
    """One level: m and u, and the match weight log2(m/u) in bits."""

    name = s.CharField()
    words = s.CharField()
    m = s.FloatField()
    u = s.FloatField()
    bits = s.FloatField()


class ModelComparisonShape(s.Serializer[Any]):
    """One comparison; the first level is a value that is not known."""

    name = s.CharField()
    title = s.CharField()
    levels = ModelLevelShape(many=True)


class LinkageModelShape(LinkageModelLineShape):
    """A version with its weights."""

    thresholds = s.DictField(child=s.FloatField())
    policy = s.DictField()
    prior = s.DictField(child=s.FloatField())
    comparisons = ModelComparisonShape(many=True)


class SurvivorshipRulesLineShape(s.Serializer[Any]):
    """A version of the survivorship rules. It never changes; golden records name the one that chose their values."""

    name = s.CharField()
    status = s.CharField(help_text="draft, approved, rejected, active or superseded.")
    content_hash = s.CharField(help_text="SHA-256 over the document with its keys in order.")
    justification = s.CharField()
    author = s.CharField()
    approver = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)
    activated_at = s.DateTimeField(allow_null=True)


class SurvivorshipRulesLinesShape(s.Serializer[Any]):
    """All versions."""

    items = SurvivorshipRulesLineShape(many=True)


class SurvivorshipActivationShape(s.Serializer[Any]):
    """The version became active, and the golden records of before were made anew: `finished_at` is null till then."""

    id = s.UUIDField()
    actor_name = s.CharField()
    reason = s.CharField(allow_blank=True)
    recorded_at = s.DateTimeField()
    golden_records_recomputed = s.IntegerField()
    golden_records_changed = s.IntegerField()
    finished_at = s.DateTimeField(allow_null=True)


class SurvivorshipPreviewShape(s.Serializer[Any]):
    """How many golden records would have another value: `finished_at` is null while they are compared."""

    id = s.UUIDField()
    against = s.CharField(help_text="The version that was active when it was asked for.")
    actor_name = s.CharField()
    recorded_at = s.DateTimeField()
    golden_records_examined = s.IntegerField(help_text="Those of several source records: of one no rule chooses.")
    golden_records_changed = s.IntegerField()
    changed_by_field = s.DictField(child=s.IntegerField())
    problem = s.CharField(allow_null=True, help_text="Why it came to nothing, null if it did not.")
    finished_at = s.DateTimeField(allow_null=True)


class SurvivorshipRulesShape(SurvivorshipRulesLineShape):
    """The same with what it says: per field the criteria, the first asked first."""

    criteria = s.DictField(child=s.ListField(child=s.ChoiceField(CRITERIA)), help_text="By survived field.")
    ranks = s.DictField(
        child=s.IntegerField(), help_text="By source system that ranks otherwise than it was registered; 1 is first."
    )
    preview = SurvivorshipPreviewShape(allow_null=True)
    activations = SurvivorshipActivationShape(many=True)
