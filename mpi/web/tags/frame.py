"""The frame of a page: navigation, messages with undo, what the person who looks may do, audit subjects."""

from __future__ import annotations

from typing import cast

from django import template
from django.contrib.messages.storage.base import Message
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from audit.models import AuditEvent
from mpi import access
from mpi.web import formats
from mpi.web.navigation import NavEntry, entries

register = template.Library()

_SUBJECTS_SHOWN = 4


@register.simple_tag(takes_context=True)
def main_nav(context: Context) -> tuple[NavEntry, ...]:
    """The entries of the main navigation that this person may open; found once a request."""
    request = context["request"]
    if not hasattr(request, "nav_entries"):
        request.nav_entries = entries(request.actor, request.path)
    return cast(tuple[NavEntry, ...], request.nav_entries)


@register.simple_tag(takes_context=True)
def permitted(context: Context, permission: str) -> bool:
    """Whether the person who looks may do it; used only to hide what would be refused anyway."""
    actor = getattr(context.get("request"), "actor", None)
    return actor is not None and access.allowed(actor, permission)


@register.filter
def undo_url(message: Message) -> str:
    """The undo page of a message that `mpi.web.notices.tell` left, or "" where there is nothing to undo."""
    for tag in (message.extra_tags or "").split():
        if tag.startswith("undo:"):
            return reverse("undo", kwargs={"event_uuid": tag.removeprefix("undo:")})
    return ""


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and last word."""
    words = str(name).split()
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


@register.simple_tag
def audit_subjects(event: AuditEvent) -> str:
    """What an event was about: the first few subjects, and how many more."""
    if not event.subjects:
        return format_html('<span class="faint">{}</span>', "nobody in particular")
    shown = format_html_join(
        "", '<span class="line">{}</span>', ((_subject(key),) for key in event.subjects[:_SUBJECTS_SHOWN])
    )
    more = len(event.subjects) - _SUBJECTS_SHOWN
    return format_html('{}<span class="prov">and {} more</span>', shown, more) if more > 0 else shown


@register.simple_tag
def audit_details(event: AuditEvent) -> list[tuple[str, str]]:
    """What else an event says, as (label, value); lists are joined, empty values left out."""
    return [(name.replace("_", " "), _text(value)) for name, value in event.detail.items() if _text(value)]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(part).replace("_", " ") for part in value)
    return "" if value is None else str(value)


def _subject(key: str) -> str:
    kind, _, ident = key.partition(":")
    if kind == "golden_record":
        return format_html(
            'golden record <a href="{}">{}</a>', reverse("golden-history", args=[ident]), formats.euid(ident)
        )
    return format_html('{} <span class="faint mono small">{}</span>', kind.replace("_", " "), ident)
