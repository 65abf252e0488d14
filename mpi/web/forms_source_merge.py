"""What the pages of merged numbers ask."""

from __future__ import annotations

from django import forms

from mpi.web.forms import MpiForm, ReasonForm


class NumberForm(MpiForm):
    """Another number of the same source, never in an address."""

    number = forms.CharField(
        label="The number that goes on",
        max_length=64,
        help_text="As the source system writes it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class SourceMergeForm(ReasonForm):
    """The merge of two numbers, bound to the golden records that were on the screen."""

    home = forms.CharField(widget=forms.HiddenInput)
    left = forms.CharField(widget=forms.HiddenInput)
    home_version = forms.IntegerField(widget=forms.HiddenInput)
    left_version = forms.IntegerField(widget=forms.HiddenInput)

    def versions(self) -> dict[str, int]:
        """EUID to the version that was seen."""
        told = self.cleaned_data
        return {told["left"]: told["left_version"], told["home"]: told["home_version"]}
