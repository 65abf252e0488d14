"""What the look-up asks during downtime."""

from __future__ import annotations

from typing import Any

from django import forms

from mpi.errors import InvalidInput
from mpi.euid import normal_euid
from mpi.mapping_json import record_from_json
from mpi.queries.search import read_date
from mpi.web.forms import MpiForm, SearchForm
from mpi.web.forms_compare import TYPED


class SignInForm(MpiForm):
    """Name and password as at the index itself, when the snapshot was made."""

    username = forms.CharField(label="User name", max_length=150)
    password = forms.CharField(label="Password", max_length=300, widget=forms.PasswordInput)


class LookForm(SearchForm):
    """As the search of the index."""


class RegisterForm(MpiForm):
    """A patient who gets a temporary number. `euid` is that of the snapshot's person who it is, if anybody's."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    euid = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="How you know who it is",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed where you chose somebody from the look-up.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in TYPED.items():
            self.fields[name] = forms.CharField(label=label, max_length=300, required=False)
        sexes = [("", "Not known"), ("F", "Female"), ("M", "Male"), ("O", "Other")]
        self.fields["sex"] = forms.ChoiceField(label=TYPED["sex"], choices=sexes, required=False)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def typed_fields(self) -> list[forms.BoundField]:
        """The fields of values, bound."""
        return [self[name] for name in TYPED]

    def clean(self) -> dict[str, Any]:
        """Values that the index will take, checked as its own door does."""
        cleaned = super().clean() or {}
        told = {name: cleaned[name].strip() for name in TYPED if cleaned.get(name, "").strip()}
        if "birth_date" in told:
            told["birth_date"] = read_date(told["birth_date"]) or told["birth_date"]
        cleaned["euid"] = normal_euid(cleaned.get("euid", ""))
        if cleaned["euid"] and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say how you know that the patient is this person.")
        try:
            record_from_json(told, needs_number=False)
        except InvalidInput as error:
            for flaw in error.flaws:
                words = f"{flaw.problem}{f': {flaw.mend}' if flaw.mend else ''}".capitalize()
                self.add_error(flaw.field if flaw.field in TYPED else None, words)
        cleaned["record"] = told
        return cleaned
