"""How a past instant is asked for: by the slider's step, or by date and time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone

from mpi.web.forms import MpiForm


def typed(instant: datetime) -> str:
    """As a field of date and time holds it, in the zone of the page, to the second."""
    return timezone.localtime(instant).replace(tzinfo=None).isoformat(timespec="seconds")


class AsOfForm(MpiForm):
    """A past instant: as typed, in the zone of the page, or as a link gives it, in ISO 8601 with its own."""

    at = forms.CharField(
        label="Date and time",
        max_length=40,
        help_text="In the time zone of this page.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
    )

    def clean_at(self) -> datetime:
        """In UTC."""
        typed = str(self.cleaned_data["at"]).strip()
        try:
            found = datetime.fromisoformat(typed)
            if found.tzinfo is None:
                found = timezone.make_aware(found)
            return found.astimezone(UTC)
        except (OverflowError, ValueError):
            raise forms.ValidationError("This is no date and time. Write it like 2026-02-12 08:30.") from None


class StepForm(MpiForm):
    """One of the recorded moments of a golden record, by its number. A range input, which needs no script."""

    step = forms.IntegerField(label="Moment", min_value=1, widget=forms.NumberInput(attrs={"type": "range"}))

    def __init__(self, *args: Any, steps: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].widget.attrs |= {"min": 1, "max": max(steps, 1), "step": 1}
        self._steps = steps

    def clean_step(self) -> int:
        """Within what was recorded."""
        step = int(self.cleaned_data["step"])
        if step > self._steps:
            raise forms.ValidationError(f"There are {self._steps} moments. Choose one from 1 to {self._steps}.")
        return step
