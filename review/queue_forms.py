"""What the queue is asked with: its filter, a name for it, and whom tasks are given to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms

from review.queries.colleagues import Colleague
from review.queries.queue import systems
from review.queries.queue_sets import QueueFilter
from review.queries.queue_types import KIND_WORDS
from review.services.assign import MOST_AT_ONCE

_ANY = ("", "Any")
_USER_NAME = 150


class _Whom(forms.ChoiceField):
    """One of the choices, or the user name of anybody: a saved view may name a person whom the list lacks."""

    def valid_value(self, value: Any) -> bool:
        return len(str(value)) <= _USER_NAME and "\0" not in str(value)


class QueueFilterForm(forms.Form):
    """The filter as the query string says it; a part that is not understood is left out. One query.

    `people` are those whom a supervisor may ask for by name.
    """

    kind = forms.ChoiceField(label="Type", required=False, choices=[_ANY, *KIND_WORDS.items()])
    system = forms.ChoiceField(label="Source system", required=False)
    grade = forms.ChoiceField(
        label="Grade",
        required=False,
        choices=[_ANY, ("probable", "Probable, held by a rule"), ("possible", "Possible")],
    )
    age = forms.ChoiceField(
        label="Age", required=False, choices=[_ANY, ("late", "Over target"), ("soon", "Due within a day")]
    )
    holder = forms.ChoiceField(
        label="Claimed", required=False, choices=[_ANY, ("mine", "By me"), ("free", "By nobody")]
    )
    assigned = _Whom(label="Assigned", required=False)
    show = forms.ChoiceField(label="State", required=False, choices=[("", "To do"), ("aside", "Set aside")])

    def __init__(self, data: Any = None, *, people: Sequence[Colleague] = ()) -> None:
        super().__init__(data, label_suffix="")
        self.fields["system"].choices = [_ANY, *systems()]  # type: ignore[attr-defined]  # a ChoiceField
        named = [(colleague.user_id, f"To {colleague.name}") for colleague in people]
        whom = [_ANY, ("me", "To me"), ("nobody", "To nobody"), *named]
        self.fields["assigned"].choices = whom  # type: ignore[attr-defined]  # a ChoiceField

    def wanted(self) -> QueueFilter:
        """The filter, whatever of it is valid."""
        self.is_valid()
        return QueueFilter(**{name: value for name, value in self.cleaned_data.items() if value})


class ViewForm(forms.Form):
    """A name for the filter that is on."""

    name = forms.CharField(
        label="Name of the view",
        max_length=40,
        error_messages={"required": "Give the view a name; nothing was saved."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")


class AssignForm(forms.Form):
    """The ticked tasks, and the person they go to; nobody takes them back."""

    task = forms.TypedMultipleChoiceField(
        coerce=UUID, error_messages={"required": "No task is ticked. Tick the tasks to assign; nothing was changed."}
    )
    to = forms.ChoiceField(label="Assign the ticked tasks to", required=False)

    def __init__(self, data: Any = None, *, people: Sequence[Colleague]) -> None:
        super().__init__(data, label_suffix="")
        ticked = data.getlist("task") if data is not None else ()
        self.fields["task"].choices = [(uuid, uuid) for uuid in ticked]  # type: ignore[attr-defined]
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "nobody"),
            *((colleague.user_id, f"{colleague.name} ({colleague.load} assigned)") for colleague in people),
        ]

    def clean_task(self) -> list[UUID]:
        """The choices are what was sent, so a number that is none fails at `coerce`."""
        return list(dict.fromkeys(self.cleaned_data["task"]))


class ShareForm(forms.Form):
    """How many of the most urgent tasks of the filter are dealt out, and to whom."""

    number = forms.IntegerField(
        label="Tasks",
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=20,
        error_messages={"required": "Say how many tasks to share out; nothing was changed."},
    )
    person = forms.MultipleChoiceField(
        label="Among",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one person to share the tasks among; nothing was changed."},
    )

    def __init__(self, data: Any = None, *, people: Sequence[Colleague]) -> None:
        super().__init__(data, label_suffix="")
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            (colleague.user_id, f"{colleague.name} ({colleague.load} assigned)") for colleague in people
        ]


def dealt_pairs(data: Any) -> Mapping[UUID, str]:
    """What the page of a sharing carries: each task with the person it goes to; what is malformed is left out."""
    pairs: dict[UUID, str] = {}
    for pair in data.getlist("pair"):
        uuid, _, user_id = pair.partition(" ")
        try:
            pairs[UUID(uuid)] = user_id
        except ValueError:
            continue
    return pairs


def shown_marks(data: Any) -> Mapping[UUID, str]:
    """The lines that a page shows, each with the mark of its state; what is malformed is left out."""
    marks: dict[UUID, str] = {}
    for row in data.getlist("row")[:200]:
        uuid, _, mark = row.partition(":")
        try:
            marks[UUID(uuid)] = mark
        except ValueError:
            continue
    return marks
