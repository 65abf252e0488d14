"""What a steward may send about a task: an answer, a note, why a number is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.dateformat import format as formatted_day

from mpi.services.reasons import MOST_CHARACTERS, REASONS
from review.models import FINAL_OUTCOMES, Outcome
from review.queries.queue import QueueFilter
from review.queue_forms import QueueFilterForm
from review.services.defer import MOST_DAYS

_WHO = {Outcome.SAME: "one person", Outcome.DIFFERENT: "two people"}
ANSWER_REASONS = {code: words for code, words in REASONS.items() if code not in {"wrong-merge", "slip"}}
"""The reasons that can speak for an answer; the two left out speak for taking one back."""


def _days_ahead() -> Iterator[tuple[str, str]]:
    """The days that a task can be put off to, written so that nobody takes the month for the day."""
    today = timezone.localdate()
    for days in range(1, MOST_DAYS + 1):
        day = today + timedelta(days=days)
        near = ", tomorrow" if days == 1 else ""
        yield day.isoformat(), f"{formatted_day(day, 'd-M-Y')}, {day:%a}{near}"


class AnswerForm(forms.Form):
    """An answer to a task. `basis` is what the page was made from; `within` the filter the steward works in."""

    basis = forms.CharField(widget=forms.HiddenInput)
    within = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    reason_code = forms.ChoiceField(
        label="Reason", choices=list(ANSWER_REASONS.items()), required=False, widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label="Note to your answer",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": "What the records do not say"}),
    )
    until = forms.TypedChoiceField(
        label="Put off until",
        required=False,
        coerce=date.fromisoformat,
        empty_value=None,
        error_messages={"invalid_choice": f"Choose a day from tomorrow on, at most {MOST_DAYS} days ahead."},
    )

    def __init__(self, data: Any = None, *, outcome: Outcome = Outcome.LATER, initial: Any = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.fields["until"].choices = list(_days_ahead())  # type: ignore[attr-defined]  # a ChoiceField
        self.outcome = outcome

    def clean(self) -> dict[str, Any]:
        """An answer that changes the index needs a reason; “other” is no reason without words."""
        cleaned: dict[str, Any] = super().clean() or {}
        until = cleaned.get("until")
        cleaned["days"] = (until - timezone.localdate()).days if until else 1
        if self.outcome in FINAL_OUTCOMES and not cleaned.get("reason_code"):
            self.add_error("reason_code", f"Choose why they are {_WHO[self.outcome]}.")
        if cleaned.get("reason_code") == "other" and not cleaned.get("comment"):
            self.add_error("comment", "Say in the note what the other reason is.")
        return cleaned

    def within_filter(self) -> QueueFilter:
        """The filter the steward works in."""
        return QueueFilterForm(dict(parse_qsl(self.cleaned_data.get("within", "")))).wanted()


class NoteForm(forms.Form):
    """A note for the other stewards."""

    text = forms.CharField(label="Note", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class UnmaskForm(forms.Form):
    """Why a steward needs a whole number."""

    reason = forms.CharField(
        label="Why you need the number",
        max_length=MOST_CHARACTERS,
        error_messages={"required": "Say why you need the number; it stays masked."},
    )


class OverlayForm(forms.Form):
    """Why an update of a known number is the same person's, or another's."""

    reason = forms.CharField(
        label="How you know",
        max_length=MOST_CHARACTERS,
        error_messages={"required": "Say in a few words how you know; nothing was decided."},
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": "Whom you asked, what you saw"}),
    )
    at = forms.DateTimeField(
        label="Split at (UTC)",
        required=False,
        error_messages={"invalid": "Give date and time as 2026-01-31 14:30; nothing was decided."},
        widget=forms.TextInput(attrs={"placeholder": "2026-01-31 14:30", "maxlength": 32, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, version: int | None = None) -> None:
        super().__init__(data, label_suffix="", initial={"version": version})


class OverlayUndoForm(forms.Form):
    """Why an answer is taken back. `event` is the answer that the page showed."""

    event = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why you take it back",
        max_length=MOST_CHARACTERS,
        error_messages={"required": "Say in a few words why you take it back; nothing was undone."},
        widget=forms.Textarea(attrs={"rows": 1}),
    )

    def __init__(self, data: Any = None, *, event: UUID | None = None) -> None:
        super().__init__(data, label_suffix="", initial={"event": event})
