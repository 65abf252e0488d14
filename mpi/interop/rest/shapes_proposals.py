"""Shapes of proposals: acts that one proposes and another one approves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.interop.rest.shapes import EUID_HELP
from mpi.models import ProposalAct, ProposalState
from mpi.services.reasons import REASONS
from mpi.services.second_person_policy import WORDS


class ProposalShape(s.Serializer[Any]):
    """One proposal. No demographics: read the golden records, or the potential match, to see whom it concerns."""

    id = s.UUIDField()
    act = s.ChoiceField(ProposalAct.choices)
    state = s.ChoiceField(ProposalState.choices)
    asked_by = s.ListField(child=s.ChoiceField(tuple(WORDS)), help_text="Why two people are asked.")
    versions = s.DictField(child=s.IntegerField(), help_text="EUID → version that the proposal is bound to.")
    current = s.BooleanField(help_text="None of these has changed since.")
    reason_code = s.CharField()
    reason = s.CharField()
    potential_match_id = s.UUIDField(allow_null=True)
    task_id = s.UUIDField(allow_null=True)
    proposer = s.CharField()
    proposed_at = s.DateTimeField()
    decided_by = s.CharField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)
    decision_reason = s.CharField()
    event_id = s.UUIDField(allow_null=True, help_text="What an approval did; undo it by it.")


class ProposeBodyShape(s.Serializer[Any]):
    """An act and what it needs; what belongs to another act is refused.

    merge: survivor_euid, retired_euid, versions. same-person, different-people: potential_match_id, version, versions
    where you saw them. unmerge, undo: event_id. overlay-split: task_id, perhaps version and at. link: source_system,
    mrn, euid, perhaps version. unlink: source_system, mrn.
    """

    act = s.ChoiceField(ProposalAct.choices)
    reason_code = s.ChoiceField(tuple(REASONS), required=False, help_text="Not of undo and overlay-split.")
    reason = s.CharField(required=False, allow_blank=True, max_length=500)
    survivor_euid = s.CharField(required=False, help_text=EUID_HELP)
    retired_euid = s.CharField(required=False, help_text=EUID_HELP)
    versions = s.DictField(child=s.IntegerField(), required=False, help_text="EUID → version, as you saw them.")
    potential_match_id = s.UUIDField(required=False)
    event_id = s.UUIDField(required=False)
    task_id = s.UUIDField(required=False)
    at = s.DateTimeField(required=False)
    source_system = s.CharField(required=False, max_length=32)
    mrn = s.CharField(required=False, max_length=64)
    euid = s.CharField(required=False, help_text=EUID_HELP)
    version = s.IntegerField(required=False, min_value=1)


class ApproveBodyShape(s.Serializer[Any]):
    """What you looked at."""

    reason = s.CharField(required=False, allow_blank=True, max_length=500)


class RejectBodyShape(s.Serializer[Any]):
    """Why not."""

    reason = s.CharField(max_length=500)
