"""Evidence: bits, probability, differences marked inside values, the two plots."""

from __future__ import annotations

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from mpi.queries.evidence import Evidence, EvidenceRow
from mpi.web import formats, plots
from mpi.web.differences import Run, closest, mark_differences
from mpi.web.tags.values import UNKNOWN, or_unknown

register = template.Library()

_CODED = frozenset({"sex", "state"})
"""Shapes whose words stand for a code: such a word differs as a whole."""
_GLYPHS = {"same": "=", "near": "≈", "differs": "≠", "none": "·"}


@register.filter
def bits(value: float | None) -> str:
    """`+9.4` in the colour of its direction; the sign says the same."""
    if value is None:
        return UNKNOWN
    text = formats.bits(value)
    kind = "none" if text == "0" else "same" if value > 0 else "differs"
    return format_html('<span class="bits {}">{}</span>', kind, text)


@register.filter
def bits_plain(value: float | None) -> str:
    """Bits without a colour."""
    return or_unknown(formats.bits(value))


@register.filter
def probability(value: float | None) -> str:
    """`99.6 %`, never a false certainty."""
    return or_unknown(formats.probability(value))


@register.filter
def share(value: float) -> str:
    """A probability of the model, m or u: two significant digits, `1 in 31,000` for a rare one."""
    return formats.share(value)


@register.filter
def glyph(kind: str) -> str:
    """The sign of a comparison's outcome; the word beside it says the same."""
    return format_html('<span class="glyph {}" aria-hidden="true">{}</span>', kind, _GLYPHS.get(kind, "·"))


@register.simple_tag
def diff_pair(left: object, right: object, shape: str = "text") -> dict[str, str]:
    """`{% diff_pair a b shape as pair %}`: pair.left and pair.right with the differing runs in `<mark>`."""
    marked = mark_differences(formats.shaped(left, shape), formats.shaped(right, shape), whole=shape in _CODED)
    return {"left": _marked(marked.left), "right": _marked(marked.right)}


def _marked(runs: tuple[Run, ...]) -> SafeString | str:
    if not runs:
        return UNKNOWN
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", run.text) if run.differs else escape(run.text),) for run in runs)
    )


@register.simple_tag
def evidence_pair(row: EvidenceRow) -> dict[str, str]:
    """Both values of a comparison as a person reads them; differing runs are marked where the values differ.

    A comparison of several values (name, addresses, numbers) shows one a line; each line is set against the most
    similar line of the other side.
    """
    left, right = (formats.evidence_lines(value, row.shape) for value in (row.left, row.right))
    if row.kind not in {"near", "differs"}:
        return {"left": _lines([escape(line) for line in left]), "right": _lines([escape(line) for line in right])}
    whole = row.shape in _CODED
    lefts = [_marked(mark_differences(line, closest(line, right), whole=whole).left) for line in left]
    rights = [_marked(mark_differences(closest(line, left), line, whole=whole).right) for line in right]
    return {"left": _lines(lefts), "right": _lines(rights)}


def _lines(lines: list[SafeString | str]) -> str:
    if not lines:
        return UNKNOWN
    return format_html_join("", "{}", ((format_html('<span class="line">{}</span>', line),) for line in lines))


@register.inclusion_tag("partials/_waterfall.html")
def waterfall(evidence: Evidence) -> dict[str, object]:
    """The evidence of one pair as a waterfall; the table beside it says the same in text."""
    steps = [("Before evidence", evidence.prior_bits), *((row.label, row.bits) for row in evidence.rows if row.bits)]
    limits = ((evidence.review_bits, "review"), (evidence.link_bits, "link"))
    return {"plot": plots.waterfall(steps, total=evidence.total_bits, limits=limits)}


@register.inclusion_tag("partials/_probability_scale.html")
def probability_scale(evidence: Evidence) -> dict[str, object]:
    """Where the pair's probability stands between the thresholds."""
    scale = plots.probability_scale(
        evidence.probability, review_from=evidence.review_from, link_over=evidence.link_over
    )
    return {"scale": scale}


@register.inclusion_tag("partials/_bits_bar.html")
def bits_bar(value: float) -> dict[str, object]:
    """A weight as a bar to the left or right of zero."""
    return {"bar": plots.bits_bar(value)}
