"""What a walk over the pages reads in their HTML: the forms to fill in, the visible text, what should not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

OBJECT = re.compile(r"\b[A-Z]\w*\(\w+=.{0,20}|\bobject at 0x|\bUUID\(|\bdatetime\.\w+\(")
"""What Python calls an object by: nobody reads that on a page."""
_NOTHING = re.compile(r"^None$|\bNone\b(?=[,;.)]|$)|\bnan\b|[:=] None\b")
"""What Python calls nothing by, as a value of a page: alone, or behind a label."""
_FIELDS = ("input", "select", "textarea", "button")
_UNSEEN = ("script", "style", "template", "svg")
_BLOCKS = ("p", "div", "li", "tr", "td", "th", "h1", "h2", "h3", "dt", "dd", "label", "form", "section", "option", "b")


@dataclass(slots=True)
class Field:
    """A field as the browser would send it; `value` is what is chosen or typed there now."""

    name: str
    kind: str
    value: str = ""
    chosen: bool = True


@dataclass(slots=True)
class Form:
    """A form that is posted; `actions` are its address and those of its buttons, empty for the page's own."""

    actions: list[str]
    fields: list[Field] = field(default_factory=list)

    def filled_in(self) -> dict[str, str]:
        return {one.name: one.value for one in self.fields if one.chosen}


class Read(HTMLParser):
    """The forms of a page, the lines of its text, its fields by id, and what is wrong with them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.lines: list[str] = [""]
        self.marked: list[Mapping[str, str]] = []
        self.ids: dict[str, int] = {}
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self._typing: Field | None = None
        self._select: Field | None = None
        self._set = ""
        self._unseen = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return "\n".join(line for line in (" ".join(line.split()) for line in self.lines) if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.lines.append("")
        if told.get("id"):
            self.ids[told["id"]] = len(self.lines) - 1
        if told.get("aria-invalid") == "true" and told.get("type") != "hidden":
            self.marked.append({**told, "aria-describedby": f"{self._set} {told.get('aria-describedby', '')}"})
        if tag == "fieldset":
            self._set = told.get("aria-describedby", "")
        if tag == "form":
            self._begin(told)
        if tag in _FIELDS:
            self._field(tag, told)
        if tag == "option" and self._select and (not self._select.value or "selected" in told):
            self._select.value = told.get("value", "")

    def _begin(self, told: Mapping[str, str]) -> None:
        posted = told.get("method", "").lower() == "post"
        self._open = Form([told.get("action", "")])
        if posted:
            self.forms.append(self._open)
        self._by_id[told.get("id", "")] = self._open

    def _field(self, tag: str, told: Mapping[str, str]) -> None:
        form = self._by_id.get(told["form"]) if told.get("form") else self._open
        kind = told.get("type", "text") if tag == "input" else tag
        one = Field(told.get("name", ""), kind, told.get("value", ""), kind not in ("radio", "checkbox", "button"))
        self._typing = one if tag == "textarea" else self._typing
        self._select = one if tag == "select" else self._select
        if form and told.get("formaction"):
            form.actions.append(told["formaction"])
        if form and one.name and one.name != "csrfmiddlewaretoken":
            form.fields.append(one)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag == "form":
            self._open = None
        if tag == "fieldset":
            self._set = ""
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._typing = None

    def handle_data(self, data: str) -> None:
        if self._typing:
            self._typing.value += data
        elif not self._unseen:
            self.lines[-1] += data


def faults_of_text(page: Read) -> Iterator[str]:
    """Python's own words on a page."""
    for line in page.text.split("\n"):
        yield from (f"shows {found!r}" for found in OBJECT.findall(line) + _NOTHING.findall(line))


def faults_of_fields(page: Read) -> Iterator[str]:
    """A field that is marked as wrong names the element that says what is wrong."""
    for told in page.marked:
        said = [page.lines[page.ids[one]] for one in told.get("aria-describedby", "").split() if one in page.ids]
        if not any(line.strip() for line in said):
            yield f"the field {told.get('name')!r} is marked as wrong, and nothing beside it says why"
