"""What the pages of relationships ask."""

from __future__ import annotations

from django import forms

from mpi.models import MUTUAL, RelationshipKind
from mpi.queries.relationships import KIND_WORDS, words_for
from mpi.web.forms import EuidForm

_TURNED = "of-"
"""Before the kind where this person is it of the other one, not the other of this one."""


def _choices() -> list[tuple[str, str]]:
    turned = [
        (f"{_TURNED}{kind}", f"{words_for(kind, other_way=True)} (this person is the {words_for(kind)})")
        for kind in RelationshipKind
        if kind not in MUTUAL
    ]
    return [*((str(kind), words) for kind, words in KIND_WORDS.items()), *turned]


class RelateForm(EuidForm):
    """Who the other person is to this one, and how that is known."""

    relation = forms.ChoiceField(
        label="The other person is this person's", choices=[("", "Choose what they are to each other"), *_choices()]
    )
    reason = forms.CharField(
        label="How this is known",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A document seen, or who said so. It is kept with the relationship.",
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def told(self, euid: str) -> dict[str, str]:
        """From whom to whom, and what the first is of the second; `euid` is this person's."""
        other, relation = self.cleaned_data["other"], self.cleaned_data["relation"]
        if relation.startswith(_TURNED):
            return {"from_euid": euid, "to_euid": other, "kind": relation.removeprefix(_TURNED)}
        return {"from_euid": other, "to_euid": euid, "kind": relation}
