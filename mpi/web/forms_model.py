"""What the pages of linkage models ask."""

from __future__ import annotations

from typing import Any

from django import forms

from matching.model_reading import LARGEST_DOCUMENT
from mpi.web.forms import MpiForm


class ModelActForm(MpiForm):
    """Why, bound to the version that the page showed as active."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept with the version and in the audit log.",
    )
    seen_active = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class ModelImportForm(MpiForm):
    """A model document as a file."""

    document = forms.FileField(label="Model document", help_text="JSON, as “export” writes it.")

    def clean_document(self) -> str:
        """The text of the file."""
        told: Any = self.cleaned_data["document"]
        if told.size > LARGEST_DOCUMENT:
            raise forms.ValidationError(f"The file has more than {LARGEST_DOCUMENT:,} bytes.")
        try:
            return str(told.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is no text in UTF-8.") from None
