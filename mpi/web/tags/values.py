"""Values of people and of the index as they must be written.

The clock is the `now` of the context, which the view puts there; without it nothing relative is written.
"""

from __future__ import annotations

from datetime import datetime

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html

from mpi.models import Link
from mpi.queries import person
from mpi.web import formats

register = template.Library()

UNKNOWN = format_html('<span class="unknown">{}</span>', "not known")


def or_unknown(text: str) -> str:
    """The text, or the words for a value that nobody told."""
    return text or UNKNOWN


@register.filter
def known(value: object) -> str:
    """The value, or the words "not known"."""
    return or_unknown("" if value is None else str(value).strip())


@register.filter
def person_name(name: object) -> str:
    """`FAMILY, Given Middle (Suffix)`, or "name not known"."""
    written = formats.person_name(name) if name else ""
    if not written:
        return format_html('<span class="unknown">{}</span>', "name not known")
    return format_html('<span class="name">{}</span>', written)


@register.filter
def day(value: object) -> str:
    """`09-Mar-1971`."""
    text = formats.day(value)
    return format_html('<span class="nowrap">{}</span>', text) if text else UNKNOWN


_DECEASED = format_html(' <span class="tag tag-dead">{}</span>', "Deceased")


@register.simple_tag(takes_context=True)
def born(context: Context, birth_date: object, deceased_date: object = None, *, marked: bool = True) -> str:
    """Birth date with the age now; of the deceased the age at death, and the mark unless the page has it elsewhere."""
    text = formats.day(birth_date)
    mark = _DECEASED if deceased_date and marked else ""
    if not text:
        return format_html("{}{}", UNKNOWN, mark)
    death, now = formats.parse_day(deceased_date), context.get("now")
    at = death or (timezone.localtime(now).date() if now else None)
    years = formats.age(birth_date, at) if at else ""
    note = f"({'died aged ' if death else ''}{years})" if years else ""
    return format_html('<span class="nowrap">{} <span class="age">{}</span></span>{}', text, note, mark)


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None, *, seconds: bool = False) -> str:
    """24 h time with zone; how long ago stands in the title."""
    if value is None:
        return UNKNOWN
    now = context.get("now")
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        formats.relative(value, now) if now else "",
        formats.moment(value, timezone.get_current_timezone(), seconds=seconds),
    )


@register.simple_tag(takes_context=True)
def waiting(context: Context, since: datetime | None) -> str:
    """How long something has been open: relative, with the exact time in the title."""
    if since is None:
        return UNKNOWN
    exact = formats.moment(since, timezone.get_current_timezone())
    text = formats.relative(since, context["now"]) if context.get("now") else exact
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', since.isoformat(timespec="seconds"), exact, text
    )


@register.filter
def duration(seconds: float | None) -> str:
    return or_unknown(formats.duration(seconds))


@register.filter
def phone(value: str) -> str:
    return or_unknown(formats.phone(value))


@register.filter
def ssn(value: str) -> str:
    """Masked to the last four, always."""
    return or_unknown(formats.masked_ssn(value))


@register.filter
def whole_ssn(value: str) -> str:
    """All nine digits: only for the page that unmasks one."""
    return formats.whole_ssn(value)


@register.filter
def masked(value: str) -> str:
    return or_unknown(formats.masked(value))


@register.filter
def sex(value: str) -> str:
    return or_unknown(formats.sex(value))


@register.filter
def address(value: object) -> str:
    return or_unknown(formats.address(value)) if value else UNKNOWN


@register.filter
def shaped(value: object, shape: str) -> str:
    """A value in the form of its field: name, date, sex, address, phone, ssn, person or text."""
    return or_unknown(formats.shaped(value, shape))


@register.filter
def told(value: object, shape: str) -> str:
    """As `shaped`; a date that is not unmistakable is quoted, so that nobody takes it for a date of ours."""
    if shape == "date" and value and formats.parse_day(value) is None:
        return format_html('“{}” <span class="prov">as written by the source</span>', value)
    return shaped(value, shape)


@register.filter
def euid(value: str) -> str:
    """An EUID in groups of four."""
    return format_html('<span class="euid">{}</span>', formats.euid(value)) if value else UNKNOWN


@register.simple_tag
def euid_copy(value: str) -> str:
    """An EUID with its copy button."""
    text = formats.euid(value)
    return format_html(
        '<span class="euid">{}</span> <button type="button" class="copy" data-copy="{}">Copy'
        '<span class="sr"> EUID {}</span></button>',
        text,
        text,
        text,
    )


@register.filter
def count(value: int | None) -> str:
    """`10,000`."""
    return or_unknown(formats.count(value))


@register.filter
def percent(value: float) -> str:
    """`95 %`: a threshold, exactly as it was set."""
    return f"{value * 100:g} %"


@register.filter
def words(code: str) -> str:
    """A code as words: `last_four` is "last four"."""
    return str(code).replace("_", " ").replace("-", " ")


@register.filter
def origin_words(link: Link) -> str:
    """Why a link stands."""
    return person.origin_words(link)


@register.simple_tag
def counted(counts: dict[str, object]) -> list[tuple[str, int]]:
    """The figures of a job that are whole numbers, as (words, number)."""
    return [(words(name), value) for name, value in counts.items() if isinstance(value, int)]
