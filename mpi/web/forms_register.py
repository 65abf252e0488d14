"""Forms of the registration desk: who the patient is, why it is nobody shown, the children of a birth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings

from matching.records import PatientRecord
from mpi.errors import InvalidInput
from mpi.mapping import record_from_flat, strict_record_from_flat
from mpi.queries.search import read_date
from mpi.services.reasons import REASONS
from mpi.services.registration_look import WHY_NEW
from mpi.services.registration_newborn import Child
from mpi.web.forms import MpiForm, ReasonForm

FIELDS = (
    "family_name",
    "given_name",
    "middle_name",
    "suffix",
    "previous_family_name",
    "birth_date",
    "sex",
    "ssn",
    "phone",
    "email",
    "street",
    "city",
    "state",
    "postal_code",
)
SEXES = (("", "Not known"), ("F", "Female"), ("M", "Male"), ("O", "Other"))
_CHILD_SEXES = (("", "No further child"), ("F", "Girl"), ("M", "Boy"), ("U", "Not known yet"))
_NO_NUMBER = {"source_system": settings.REGISTRATION_SYSTEM, "mrn": "not drawn yet"}
CHILDREN_ON_PAGE = 4
_HOW_KNOWN = [(code, REASONS[code]) for code in ("documents-seen", "patient-confirmed", "other")]
_DATE = forms.TextInput(attrs={"placeholder": "09-Mar-1971"})
_NOT_KEPT = {"autocomplete": "off", "spellcheck": "false"}


def _text(label: str, limit: int = 120, **other: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=limit, required=False, **other)


class _DeskForm(MpiForm):
    """Nothing that is typed at the desk is offered to whoever uses the browser next."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update(_NOT_KEPT)


def _iso_date(typed: object) -> str:
    """ISO of a date as people write it. Raises ValidationError."""
    text = str(typed or "").strip()
    found = read_date(text) if text else ""
    if text and not found:
        raise forms.ValidationError("This is no date. Write it like 09-Mar-1971 or 1971-03-09.")
    return found


class PatientForm(_DeskForm):
    """Who the patient is. `token` names the form: sent twice it registers once."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    family_name = _text("Family name")
    given_name = _text("Given name")
    middle_name = _text("Middle name")
    suffix = _text("Suffix", 32)
    previous_family_name = _text("Previous family name")
    birth_date = _text("Birth date", 30, widget=_DATE)
    sex = forms.ChoiceField(label="Sex", choices=SEXES, required=False)
    ssn = _text("SSN", 11)
    phone = _text("Phone", 40)
    email = _text("E-mail", 120)
    street = _text("Street")
    city = _text("City")
    state = _text("State", 40)
    postal_code = _text("ZIP", 12)

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **{"initial": {"token": uuid4()}, **kwargs})

    def clean_birth_date(self) -> str:
        """In ISO."""
        return _iso_date(self.cleaned_data["birth_date"])

    def clean(self) -> dict[str, Any]:
        """What any door asks of a record: a name, and nothing that cannot be true."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                strict_record_from_flat({**self._flat(cleaned), **_NO_NUMBER})
            except InvalidInput as refusal:
                for flaw in refusal.flaws:
                    self.add_error(
                        flaw.field if flaw.field in self.fields else None, f"This {flaw.problem}; {flaw.mend}."
                    )
        return cleaned

    @staticmethod
    def _flat(told: Mapping[str, Any]) -> dict[str, str]:
        return {name: str(told.get(name) or "").strip() for name in FIELDS}

    @property
    def token_value(self) -> UUID:
        """Of a valid form."""
        found: UUID = self.cleaned_data["token"]
        return found

    def document(self) -> dict[str, str]:
        """Of a valid form: what to carry to the next step, so that the form can be made of it again."""
        return {**self._flat(self.cleaned_data), "token": str(self.token_value)}

    def record(self) -> PatientRecord:
        """Of a valid form: what is told, without a number."""
        return _without_number(self._flat(self.cleaned_data))

    def so_far(self) -> PatientRecord | None:
        """What can be searched by while the patient is being typed; None as long as there is no name."""
        typed = self._flat(self.data)
        typed["birth_date"] = read_date(typed["birth_date"])
        try:
            return _without_number(typed)
        except InvalidInput:
            return None


def _without_number(flat: Mapping[str, str]) -> PatientRecord:
    record = record_from_flat({**flat, **_NO_NUMBER}).record
    return replace(record, source_system="", mrn="")


class LookForm(forms.Form):
    """For what is looked, while the patient is being typed."""

    purpose = forms.CharField(max_length=12, required=False)
    registration = forms.UUIDField(required=False)


class WhyNewForm(ReasonForm):
    """Why none of those shown is the patient; asked only where somebody was shown."""

    reason_code = forms.ChoiceField(
        label="Why is it none of them?", choices=[("", "Choose a reason"), *WHY_NEW.items()]
    )

    def __init__(self, *args: Any, asked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        self.fields["reason_code"].required = asked

    def said(self) -> dict[str, str]:
        """Of a valid form; nothing where nothing was asked."""
        told = self.cleaned_data
        return {name: str(told.get(name) or "") if self.asked else "" for name in ("reason_code", "reason")}


class HowKnownForm(_DeskForm):
    """How the clerk knows that it is this person; needed where what was typed does not look like it."""

    reason = _text("How do you know?", 500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needed


class IdentifyForm(ReasonForm):
    """How it is known who the patient is."""

    reason_code = forms.ChoiceField(label="How do you know?", choices=[("", "Choose a reason"), *_HOW_KNOWN])


class ChildrenForm(_DeskForm):
    """The children of one birth, in their order. A child without a name is called after its mother."""

    birth_date = forms.CharField(label="Birth date", max_length=30, widget=_DATE)
    family_name = _text("Family name of the children", help_text="Empty for the mother's.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, CHILDREN_ON_PAGE + 1):
            choices = _CHILD_SEXES[1:] if number == 1 else _CHILD_SEXES
            self.fields[f"sex_{number}"] = forms.ChoiceField(label="Sex", choices=choices, required=number == 1)
            self.fields[f"given_{number}"] = _text("Given name, if it has one")
            self.fields[f"given_{number}"].widget.attrs.update(_NOT_KEPT)

    def clean_birth_date(self) -> str:
        """In ISO."""
        return _iso_date(self.cleaned_data["birth_date"])

    def clean(self) -> dict[str, Any]:
        """No gap in the order, and no name without a sex."""
        cleaned, ended = super().clean() or {}, False
        for number in range(1, CHILDREN_ON_PAGE + 1):
            told, named = cleaned.get(f"sex_{number}"), str(cleaned.get(f"given_{number}") or "").strip()
            if told and ended:
                self.add_error(
                    f"sex_{number}", "The child before this one is missing. Tell them in the order of birth."
                )
            if named and not told:
                self.add_error(f"sex_{number}", "Choose the sex of this child, or “not known yet”.")
            ended = ended or not told
        return cleaned

    def children(self) -> tuple[Child, ...]:
        """Of a valid form."""
        told = self.cleaned_data
        return tuple(
            Child(told[f"sex_{number}"], str(told[f"given_{number}"]).strip(), family=str(told["family_name"]).strip())
            for number in range(1, CHILDREN_ON_PAGE + 1)
            if told.get(f"sex_{number}")
        )

    def rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        """(order, sex, given name) of each child, for the page."""
        numbers = range(1, CHILDREN_ON_PAGE + 1)
        return [(number, self[f"sex_{number}"], self[f"given_{number}"]) for number in numbers]


class ChildNameForm(_DeskForm):
    """The name of a newborn, bound to the version of its record that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    family_name = _text("Family name", help_text="Empty to keep it.")
    given_name = forms.CharField(label="Given name", max_length=120)
    middle_name = _text("Middle name")


class AliasForm(_DeskForm):
    """What can be seen of a patient whom nobody knows."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    sex = forms.ChoiceField(label="Sex", choices=SEXES, required=False)
    facility = _text("Where", 120, help_text="The department or bed, so that the name is found again.")

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **{"initial": {"token": uuid4()}, **kwargs})


class AllotForm(_DeskForm):
    """How many names to set aside."""

    count = forms.IntegerField(label="How many", min_value=1, max_value=500)
