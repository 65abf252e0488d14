"""Forms of the rematch pages."""

from __future__ import annotations

from typing import Any

from django import forms

from mpi.web.forms import MpiForm


class OrderForm(MpiForm):
    """Which model the index is compared with, and why."""

    model = forms.ChoiceField(label="Linkage model")
    note = forms.CharField(label="Why", max_length=500, required=False, help_text="It is kept with the run.")

    def __init__(self, *args: Any, models: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = models  # type: ignore[attr-defined]  # a ChoiceField
