"""What the pages of survivorship rules ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms

from matching.survivorship import FIELDS
from matching.survivorship_rules import CRITERIA, LAST_RANK
from mpi.queries.person import LABELS
from mpi.queries.survivorship import SystemRank
from mpi.web.forms import MpiForm


class RulesDraftForm(MpiForm):
    """A new version: per field the criteria in order, as words with commas, and the rank of each source system."""

    version = forms.CharField(label="Name of the new version", max_length=64)
    justification = forms.CharField(
        label="Why",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept with the version and in the audit log.",
    )

    def __init__(self, *args: Any, ranks: Sequence[SystemRank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ranks = ranks
        for field in FIELDS:
            self.fields[field] = forms.CharField(label=LABELS[field][0], max_length=120)
        self.fields[FIELDS[0]].help_text = f"The first is asked first. Choose among {', '.join(CRITERIA)}."

        for one in ranks:
            self.fields[_rank(one)] = forms.IntegerField(
                label=one.system.name, min_value=1, max_value=LAST_RANK, initial=one.rank
            )

    def of_fields(self) -> list[forms.BoundField]:
        """The bound fields of the rules, in their order."""
        return [self[field] for field in FIELDS]

    def of_ranks(self) -> list[forms.BoundField]:
        """The bound ranks of the source systems, the most trusted of now first."""
        return [self[_rank(one)] for one in self._ranks]

    def text(self) -> str:
        """The document as JSON; it names the systems that rank otherwise than they were registered."""
        told = self.cleaned_data
        fields = {field: [one.strip() for one in told[field].split(",") if one.strip()] for field in FIELDS}
        systems = ((one.system, told[_rank(one)]) for one in self._ranks)
        ranks = {system.code: rank for system, rank in systems if rank != system.rank}
        return json.dumps({"version": told["version"].strip(), "fields": fields, "ranks": ranks})


def _rank(one: SystemRank) -> str:
    """The name of a field, as a flaw names its place."""
    return f"ranks.{one.system.code}"
