"""Shapes of acts on source records and of retiring a golden record."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.services.reasons import REASONS


class _WhyShape(s.Serializer[Any]):
    reason_code = s.ChoiceField(tuple(REASONS))
    reason = s.CharField(required=False, allow_blank=True, max_length=500)


class RetireBodyShape(_WhyShape):
    """The golden record is no patient. `version` is the one you saw."""

    version = s.IntegerField(min_value=1)


class SourceMergeBodyShape(_WhyShape):
    """HL7 A40: `subsumed_mrn` (MRG-1) is given up for `survivor_mrn` (PID-3), both numbers of one source system."""

    source_system = s.CharField(max_length=32)
    survivor_mrn = s.CharField(max_length=64)
    subsumed_mrn = s.CharField(max_length=64)
    versions = s.DictField(
        child=s.IntegerField(), required=False, help_text="EUID → version, of both golden records, where you saw them."
    )


class SourceUnmergeBodyShape(_WhyShape):
    """The source takes the merge of this number back."""

    source_system = s.CharField(max_length=32)
    subsumed_mrn = s.CharField(max_length=64)
