"""What the pages of golden values set by stewards ask."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from mpi.queries.person import LABELS
from mpi.queries.search import read_date
from mpi.services.override_value import ADDRESS_PARTS
from mpi.web.forms import MpiForm, WordsForm


class LiftForm(WordsForm):
    """Why, bound to the version of the golden record that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class OverrideForm(MpiForm):
    """A field, its value (an address in parts), why, and perhaps until when."""

    field = forms.ChoiceField(label="Field", choices=[(key, label) for key, (label, _) in LABELS.items()])
    value = forms.CharField(label="Value", max_length=300, required=False, help_text="A date as 09-Mar-1971.")
    street = forms.CharField(label="Street", max_length=300, required=False)
    city = forms.CharField(label="City", max_length=300, required=False)
    state = forms.CharField(label="State", max_length=300, required=False)
    postal_code = forms.CharField(label="Postal code", max_length=300, required=False)
    country = forms.CharField(label="Country", max_length=300, required=False)
    reason = forms.CharField(
        label="Why",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you saw or whom you asked. It stands beside the value.",
    )
    expires_at = forms.DateTimeField(
        label="Until",
        required=False,
        help_text="In the time zone of this page; without it, until somebody lifts it.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        error_messages={"invalid": "This is no date with a time. Write it like 2026-01-31 14:30."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def address_fields(self) -> list[forms.BoundField]:
        """The parts of an address."""
        return [self[part] for part in ADDRESS_PARTS]

    def told(self) -> object:
        """The value as the service takes it."""
        told = self.cleaned_data
        if told["field"] != "address":
            is_date = LABELS[told["field"]][1] == "date"
            return (is_date and read_date(told["value"])) or told["value"]
        return {part: told[part] for part in ADDRESS_PARTS if told[part]}

    def until(self) -> datetime | None:
        """In UTC."""
        found: datetime | None = self.cleaned_data["expires_at"]
        return found.astimezone(UTC) if found else None
