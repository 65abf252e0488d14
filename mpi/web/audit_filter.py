"""The filter of the audit page. It stands in the address: EUIDs, user names and times are no PHI."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone

from audit.actions import Action, Category
from audit.queries import AuditFilter
from mpi.euid import is_euid, normal_euid
from mpi.queries.audit_subjects import every_euid
from mpi.queries.search import read_date
from mpi.web.forms import MpiForm

_CATEGORIES = [("", "Any"), *((category.value, category.value.capitalize()) for category in Category)]
_ACTIONS = [("", "Any"), *((action.value, action.words) for action in Action)]


class AuditFilterForm(MpiForm):
    """What to look for; everything that is set must hold."""

    euid = forms.CharField(label="Person (EUID)", max_length=20, required=False)
    actor = forms.CharField(label="User or client", max_length=120, required=False)
    category = forms.ChoiceField(label="Kind", choices=_CATEGORIES, required=False)
    action = forms.ChoiceField(label="Act", choices=_ACTIONS, required=False)
    since = forms.CharField(
        label="From", max_length=30, required=False, widget=forms.TextInput(attrs={"placeholder": "01-Nov-2026"})
    )
    until = forms.CharField(
        label="To, included",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "30-Nov-2026"}),
    )
    correlation = forms.UUIDField(label="Correlation id", required=False)

    def clean(self) -> dict[str, Any]:
        """A misspelt filter must not quietly mean "everything"."""
        if unknown := sorted(set(self.data) - set(self.fields) - {"after"}):
            raise forms.ValidationError(f"There is no such filter: {', '.join(unknown)}.")
        return super().clean() or self.cleaned_data

    def clean_euid(self) -> str:
        """In stored form."""
        typed = str(self.cleaned_data["euid"]).strip()
        euid = normal_euid(typed)
        if typed and not is_euid(euid):
            raise forms.ValidationError("This is no EUID: its check character does not fit.")
        return euid

    def clean_since(self) -> datetime | None:
        """Midnight of the day."""
        return self._midnight("since")

    def clean_until(self) -> datetime | None:
        """Midnight after the day: the day itself is included."""
        day = self._midnight("until")
        return day + timedelta(days=1) if day else None

    def _midnight(self, name: str) -> datetime | None:
        typed = str(self.cleaned_data[name]).strip()
        iso = read_date(typed) if typed else ""
        if typed and not iso:
            raise forms.ValidationError("This is no date. Write it like 09-Mar-2026 or 2026-03-09.")
        return timezone.make_aware(datetime.combine(datetime.fromisoformat(iso), time.min)) if iso else None

    def wanted(self) -> AuditFilter:
        """The filter; a person is looked for under every EUID that was merged into or out of it."""
        told: dict[str, Any] = self.cleaned_data
        return AuditFilter(
            subjects=tuple(("golden_record", euid) for euid in every_euid(told["euid"])) if told["euid"] else (),
            actor_id=told["actor"].strip() or None,
            category=Category(told["category"]) if told["category"] else None,
            action=told["action"] or None,
            since=told["since"],
            until=told["until"],
            correlation_id=told["correlation"],
        )

    def as_query(self) -> str:
        """The filter as it stands in the address."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})
