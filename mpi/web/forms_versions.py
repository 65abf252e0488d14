"""Which two versions of a source record are set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from mpi.web import formats
from mpi.web.forms import MpiForm


class VersionsForm(MpiForm):
    """Two versions by number; the newest and the one before it until others are chosen."""

    first = forms.TypedChoiceField(label="Version", coerce=int)
    second = forms.TypedChoiceField(label="Beside version", coerce=int)

    def __init__(self, *args: Any, known: Sequence[tuple[int, datetime]], **kwargs: Any) -> None:
        numbers = [number for number, _ in known]
        if len(numbers) > 1:
            kwargs["initial"] = {"first": numbers[1], "second": numbers[0]}
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone()
        choices = [(number, f"{number}, {formats.moment(at, zone)}") for number, at in known]
        for name in ("first", "second"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
