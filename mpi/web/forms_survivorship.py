"""What the pages of survivorship rules ask."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from matching.survivorship import FIELDS
from matching.survivorship_rules import CRITERIA
from mpi.queries.person import LABELS
from mpi.web.forms import MpiForm


class RulesDraftForm(MpiForm):
    """A new version: per field the criteria in order, as words with commas."""

    version = forms.CharField(label="Name of the new version", max_length=64)
    justification = forms.CharField(
        label="Why",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept with the version and in the audit log.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in FIELDS:
            self.fields[field] = forms.CharField(label=LABELS[field][0], max_length=120)
        self.fields[FIELDS[0]].help_text = f"The first is asked first. Choose among {', '.join(CRITERIA)}."

    def of_fields(self) -> list[forms.BoundField]:
        """The bound fields of the rules, in their order."""
        return [self[field] for field in FIELDS]

    def text(self) -> str:
        """The document as JSON."""
        told = self.cleaned_data
        fields = {field: [one.strip() for one in told[field].split(",") if one.strip()] for field in FIELDS}
        return json.dumps({"version": told["version"].strip(), "fields": fields})
