"""Shapes of acts on source records, of retiring a golden record, and of what a merge would do."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.interop.rest.shapes import PersonSummaryShape
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


class MergePreviewBodyShape(s.Serializer[Any]):
    """Who would be merged into the golden record of the path."""

    retired_euid = s.CharField()


class MergePreviewShape(s.Serializer[Any]):
    """What the merge would make of both: the golden values after it, and which of the survivor's would be others."""

    survivor = PersonSummaryShape()
    retired = PersonSummaryShape()
    values = s.DictField()
    changed = s.ListField(child=s.CharField())
    redirected_euids = s.ListField(child=s.CharField(), help_text="EUIDs that would lead to the survivor.")
    moved_records = s.IntegerField()
    potential_matches_closed = s.IntegerField()
    separated = s.BooleanField(help_text="A steward keeps them apart: the merge would be refused.")
    asked_by = s.ListField(child=s.CharField(), help_text="Why policy asks two people; then propose the merge.")
