"""What a second person may send, and how the time at which a page was made comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core import signing

from mpi.errors import InvalidInput
from mpi.services.reasons import MOST_CHARACTERS
from review.models import FINAL_OUTCOMES

_SALT = "review.proposal"


class DecisionForm(forms.Form):
    """Why a proposal is approved, rejected or withdrawn; a rejection needs words."""

    shown = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Your reason",
        required=False,
        max_length=MOST_CHARACTERS,
        help_text="A rejection needs one: the proposer reads it.",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "What you looked at"}),
    )

    def __init__(self, data: Any = None, *, needs_words: bool = False, initial: Any = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.needs_words = needs_words

    def clean(self) -> dict[str, Any]:
        """A rejection without words is sent back."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.needs_words and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say in a few words why not: the proposer reads it.")
        return cleaned

    def shown_at(self) -> float:
        """When the page was made, in seconds since the epoch. Raises InvalidInput for a mark that is not ours."""
        try:
            return float(signing.loads(self.cleaned_data["shown"], salt=_SALT))
        except (signing.BadSignature, TypeError, ValueError):
            raise InvalidInput("The form is incomplete: open the proposal again. Nothing was changed.") from None


class ProposedOutcome(forms.Form):
    """Which answer a steward proposes to a second person."""

    proposed = forms.ChoiceField(choices=[(outcome.value, outcome.label) for outcome in FINAL_OUTCOMES])


def shown_mark(now: datetime) -> str:
    """The signed time for the form."""
    return signing.dumps(now.timestamp(), salt=_SALT)
