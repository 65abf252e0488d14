"""Forms of the evaluation pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from matching.evaluate_ladder import on_the_ladder
from mpi.web.forms import MpiForm

_LOWEST, _HIGHEST = 0.05, 0.999999


class TruthForm(MpiForm):
    """A truth file to be uploaded."""

    truth = forms.FileField(
        label="Truth file",
        max_length=200,
        allow_empty_file=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": "Choose a file: CSV with source_system, mrn and person_id.",
            "empty": "The file is empty. Its first line names the columns source_system, mrn and person_id.",
        },
    )


def _threshold(label: str) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        min_value=_LOWEST,
        max_value=_HIGHEST,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )


class ThresholdForm(MpiForm):
    """Two thresholds as probabilities; an empty field means the model's own."""

    automatic = _threshold("Links by itself over")
    review = _threshold("Review from")

    def __init__(self, *args: Any, automatic: float, review: float, **kwargs: Any) -> None:
        self._own = (automatic, review)
        super().__init__(*args, initial={"automatic": automatic, "review": review}, **kwargs)

    def clean(self) -> dict[str, Any]:
        """The review threshold lies below the automatic one."""
        cleaned = super().clean() or {}
        if not self.errors:
            automatic, review = self.thresholds()
            if review >= automatic:
                raise forms.ValidationError("The review threshold must be lower than the automatic one.")
        return cleaned

    def thresholds(self) -> tuple[float, float]:
        """(automatic, review), each the nearest that can be asked exactly."""
        automatic, review = self._own
        told = (self.cleaned_data.get("automatic") or automatic, self.cleaned_data.get("review") or review)
        return on_the_ladder(told[0]), on_the_ladder(told[1])


class CompareForm(MpiForm):
    """Two runs."""

    a = forms.UUIDField(label="First run", error_messages={"required": "Choose a first run."})
    b = forms.UUIDField(label="Second run", error_messages={"required": "Choose a second run."})

    def clean(self) -> dict[str, Any]:
        """Two different ones."""
        cleaned = super().clean() or {}
        if not self.errors and cleaned["a"] == cleaned["b"]:
            raise forms.ValidationError("Choose two different runs.")
        return cleaned

    def pair(self) -> tuple[UUID, UUID]:
        """The two."""
        return self.cleaned_data["a"], self.cleaned_data["b"]
