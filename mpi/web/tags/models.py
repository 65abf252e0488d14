"""Numbers and settings of linkage models."""

from __future__ import annotations

from django import template

from mpi.web import formats

register = template.Library()


@register.filter
def fine_percent(value: float) -> str:
    """`0.077 %`: a small share, with what matters of it."""
    return f"{value * 100:.3g} %"


@register.filter
def fine_bits(value: float) -> str:
    """A difference in bits with two decimals: `+0.04`."""
    if round(value, 2) == 0:
        return "0"
    return f"+{value:.2f}" if value > 0 else f"{formats.MINUS}{-value:.2f}"


@register.filter
def setting(value: float | int | str) -> str:
    """A setting of a model, as short as it can be told."""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


@register.filter
def setting_words(path: str) -> str:
    """`policy/floor_bits` is "Policy: floor bits"."""
    section, _, name = path.partition("/")
    return f"{section.capitalize()}: {name.replace('_', ' ')}"
