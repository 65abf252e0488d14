"""Forms: what a page asks, checked before any service is called."""

from __future__ import annotations

from typing import Any

from django import forms

from mpi.euid import is_euid, normal_euid
from mpi.queries.search import Query, read, read_date
from mpi.services.reasons import REASONS


class MpiForm(forms.Form):
    """Error marks and descriptions that a screen reader finds; no colon after labels, no prefix of ids."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "id_%s", **kwargs})


class SearchForm(MpiForm):
    """One line, or fields of their own; everything typed is joined by *and*."""

    q = forms.CharField(
        label="Name, birth date, number or EUID",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"data-search": "", "autocomplete": "off", "spellcheck": "false"}),
    )
    family_name = forms.CharField(label="Family name", max_length=120, required=False)
    given_name = forms.CharField(label="Given name", max_length=120, required=False)
    birth_date = forms.CharField(
        label="Birth date", max_length=30, required=False, widget=forms.TextInput(attrs={"placeholder": "09-Mar-1971"})
    )
    number = forms.CharField(label="MRN, SSN or other number", max_length=64, required=False)
    system = forms.ChoiceField(label="Source system", required=False)

    def __init__(self, *args: Any, systems: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].choices = [("", "Any"), *systems]  # type: ignore[attr-defined]  # a ChoiceField
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_birth_date(self) -> str:
        """ISO, of a date as people write it."""
        typed = str(self.cleaned_data["birth_date"]).strip()
        found = read_date(typed) if typed else ""
        if typed and not found:
            raise forms.ValidationError("This is no date. Write it like 09-Mar-1971 or 1971-03-09.")
        return found

    def clean(self) -> dict[str, Any]:
        """At least one thing to search for besides the source system."""
        cleaned = super().clean() or {}
        if not self.errors and not any(value for key, value in cleaned.items() if key != "system"):
            raise forms.ValidationError("Type a name, a birth date, a number or an EUID to search for.")
        return cleaned

    def query(self) -> Query:
        """What to search for."""
        from_line, told = read(self.cleaned_data["q"]), self.cleaned_data
        standard = Query.named(told["family_name"], told["given_name"])
        return Query(
            family=standard.family or from_line.family,
            given=standard.given or from_line.given,
            either=from_line.either,
            birth_date=told["birth_date"] or from_line.birth_date,
            number=told["number"].strip() or from_line.number,
            system=told["system"],
            euid=from_line.euid,
        )


class ReasonForm(MpiForm):
    """Why an act is done: a reason from the list, and words of one's own."""

    reason_code = forms.ChoiceField(label="Reason", choices=[("", "Choose a reason"), *REASONS.items()])
    reason = forms.CharField(
        label="In your words",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you saw or whom you asked. It is kept with the act and shown to whoever looks later.",
    )

    def clean(self) -> dict[str, Any]:
        """*Other* needs words."""
        cleaned = super().clean() or {}
        if cleaned.get("reason_code") == "other" and not str(cleaned.get("reason", "")).strip():
            self.add_error("reason", "Say in words what the other reason is.")
        return cleaned


class WordsForm(MpiForm):
    """Why, in words alone."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept with the act and shown to whoever looks later.",
    )


class VersionedForm(ReasonForm):
    """A reason bound to what was on the screen: the version of one golden record."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class MergeForm(ReasonForm):
    """The merge of two golden records, bound to the versions that were compared."""

    survivor = forms.CharField(widget=forms.HiddenInput)
    retired = forms.CharField(widget=forms.HiddenInput)
    survivor_version = forms.IntegerField(widget=forms.HiddenInput)
    retired_version = forms.IntegerField(widget=forms.HiddenInput)

    def versions(self) -> dict[str, int]:
        """EUID to the version that was seen."""
        told = self.cleaned_data
        return {told["survivor"]: told["survivor_version"], told["retired"]: told["retired_version"]}

    def act(self) -> dict[str, str]:
        """Who carries on, who is retired, and why."""
        told = self.cleaned_data
        reason = {"reason_code": told["reason_code"], "reason": told["reason"]}
        return {"survivor_euid": told["survivor"], "retired_euid": told["retired"], **reason}


class EuidForm(MpiForm):
    """The other golden record of an act on two."""

    other = forms.CharField(label="EUID of the other golden record", max_length=20)

    def clean_other(self) -> str:
        """In stored form; a mistyped one is caught by its check character."""
        euid = normal_euid(self.cleaned_data["other"].strip())
        if not is_euid(euid):
            raise forms.ValidationError("This is no EUID: its check character does not fit. Copy it from the page.")
        return euid
