"""What the console asks: two sides, each named or typed in."""

from __future__ import annotations

from typing import Any

from django import forms

from mpi.errors import InvalidInput
from mpi.mapping_json import record_from_json
from mpi.queries.search import read_date
from mpi.services.compare import Named
from mpi.web.forms import MpiForm

TYPED = {
    "family_name": "Family name",
    "given_name": "Given name",
    "middle_name": "Middle name",
    "previous_family_name": "Previous family name",
    "suffix": "Suffix",
    "birth_date": "Birth date",
    "sex": "Sex",
    "ssn": "SSN",
    "street": "Street",
    "city": "City",
    "state": "State",
    "postal_code": "Postal code",
    "phone": "Phone",
    "email": "E-mail",
}
"""Values that may be typed in instead of naming somebody, with their labels."""
_SEXES = [("", "Not known"), ("F", "Female"), ("M", "Male"), ("O", "Other")]


class SideForm(MpiForm):
    """One side: an EUID, a number of a source system, the key of a source record, or values."""

    reference = forms.CharField(
        label="EUID, number or #record",
        max_length=64,
        required=False,
        help_text="An EUID; a number with its source system; or # and the key of a source record.",
    )
    system = forms.ChoiceField(label="Source system of the number", required=False)

    def __init__(self, *args: Any, systems: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].choices = [("", "None: an EUID or #record"), *systems]  # type: ignore[attr-defined]  # a ChoiceField
        for name, label in TYPED.items():
            self.fields[name] = forms.CharField(label=label, max_length=300, required=False)
        self.fields["sex"] = forms.ChoiceField(label=TYPED["sex"], choices=_SEXES, required=False)
        self.fields["birth_date"].widget.attrs["placeholder"] = "09-Mar-1971"
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def typed_fields(self) -> list[forms.BoundField]:
        """The fields of values, bound."""
        return [self[name] for name in TYPED]

    def has_typed(self) -> bool:
        """Whether any value stands in them."""
        return any(self[name].value() for name in TYPED)

    def clean(self) -> dict[str, Any]:
        """One of the two ways, and values that can be true."""
        cleaned = super().clean() or {}
        told = {name: cleaned[name].strip() for name in TYPED if cleaned.get(name, "").strip()}
        reference = cleaned.get("reference", "").strip()
        if not told and not reference:
            self.add_error("reference", "Name a person or a source record, or type values in below.")
        elif told and reference:
            self.add_error("reference", "Either name somebody here, or type values in below; not both.")
        elif told:
            cleaned["record"] = self._record(told)
        return cleaned

    def _record(self, told: dict[str, str]) -> object:
        if "birth_date" in told:
            told["birth_date"] = read_date(told["birth_date"]) or told["birth_date"]
        try:
            return record_from_json(told, needs_number=False).record
        except InvalidInput as error:
            for flaw in error.flaws:
                name = flaw.field if flaw.field in TYPED else None
                self.add_error(name, f"{flaw.problem}{f': {flaw.mend}' if flaw.mend else ''}".capitalize())
            return None

    def named(self) -> Named:
        """What is to be compared."""
        told = self.cleaned_data
        return Named(reference=told["reference"].strip(), system=told["system"], record=told.get("record"))
