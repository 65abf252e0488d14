"""What a model card is made of: sections of text, lists and tables. The page and the Markdown print the same ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from matching.evaluate import Share


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a list or a table: what is empty is not there. `numeric` are columns to be set right."""

    text: str = ""
    heading: str = ""
    items: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    caption: str = ""
    numeric: tuple[int, ...] = ()
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its blocks."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """The whole card of one version."""

    version: str
    status: str
    content_hash: str
    sections: tuple[Section, ...] = field(default_factory=tuple)


def number(value: object) -> str:
    """A number of a document as a person reads it: whole ones in groups, others with six significant digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or value.is_integer():
        return f"{value:,.0f}"
    return f"{value:.6g}"


def bits(value: float) -> str:
    """Two decimals with a sign."""
    return f"{'+' if value >= 0 else '−'}{abs(value):.2f}"


def percent(value: float | None) -> str:
    """As many digits as tell it from a certainty; "not known" for None."""
    if value is None:
        return "not known"
    rest = min(value, 1 - value) * 100
    if 0 < rest < 1e-5:
        return "> 99.99999 %" if value > 0.5 else "< 0.00001 %"
    places = min(max(1 - math.floor(math.log10(rest)), 1), 7) if rest > 0 else 0
    return f"{value * 100:.{places}f} %"


def share_cells(share: Share) -> tuple[str, str, str]:
    """Value, 95 % interval and counts of a share."""
    if not share.of:
        return ("not known", "", "")
    low, high = share.interval
    return (percent(share.value), f"{percent(low)} to {percent(high)}", f"{share.hits:,} of {share.of:,}")


def flat(told: Mapping[str, object], path: str = "") -> list[tuple[str, str]]:
    """A document of unknown shape as (name, value) rows, in its order."""
    rows: list[tuple[str, str]] = []
    for key, value in told.items():
        name = f"{path}, {words(key)}" if path else words(key)
        if isinstance(value, Mapping):
            rows += flat(value, name)
        elif isinstance(value, list | tuple):
            rows.append((name, ", ".join(number(part) for part in value)))
        else:
            rows.append((name, number(value)))
    return rows


def words(key: object) -> str:
    """A key as words; names of data sets stay as they are."""
    text = str(key)
    return text if " " in text else text.replace("_", " ").replace("/", ", ")


def markdown(card: Card) -> str:
    """The card as Markdown (CommonMark with tables); ends with a line feed."""
    lines = [
        f"# Model card: {card.version}",
        "",
        f"Status: {card.status}. Content hash (SHA-256): `{card.content_hash}`.",
    ]
    for section in card.sections:
        lines += ["", f"## {section.title}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if block.formula:
        return [f"    {line}" for line in block.formula.splitlines()]
    if block.heading:
        return [f"### {_escaped(block.heading)}"]
    if block.items:
        return [f"- {_escaped(item)}" for item in block.items]
    if block.headers:
        rule = ("---:" if place in block.numeric else "---" for place in range(len(block.headers)))
        caption = [f"**{_escaped(block.caption)}**", ""] if block.caption else []
        return [*caption, _row(block.headers), f"| {' | '.join(rule)} |", *map(_row, block.rows)]
    return [_escaped(block.text)]


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_escaped(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _escaped(text: str) -> str:
    """Plain text in Markdown: nothing in it is markup, nothing breaks the line."""
    told = " ".join(text.split())
    for sign in "\\`*_[]<>":
        told = told.replace(sign, f"\\{sign}")
    return f"\\{told}" if told[:1] in {"#", "+", "-"} and told[1:2] == " " else told
