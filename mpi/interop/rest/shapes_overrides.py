"""Shapes of acts on golden values."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from matching.survivorship_rules import FIELDS


class OverrideBodyShape(s.Serializer[Any]):
    """A steward's value. `version` is the golden record's that you saw; without `expires_at` it counts till lifted."""

    field = s.ChoiceField(FIELDS)
    value = s.JSONField(help_text="A text; of an address street, city, state, postal_code, country.")
    reason = s.CharField(max_length=500)
    version = s.IntegerField(min_value=1)
    expires_at = s.DateTimeField(required=False, allow_null=True)


class LiftOverrideBodyShape(s.Serializer[Any]):
    """Survivorship chooses again. `version` is the golden record's that you saw."""

    reason = s.CharField(max_length=500)
    version = s.IntegerField(min_value=1)
