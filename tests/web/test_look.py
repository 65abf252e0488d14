"""The design system's promises that a machine can keep: contrast, content security, icons with words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from .conftest import TEMPLATES

CSS = (Path(__file__).resolve().parents[2] / "mpi/static/mpi/app.css").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
}
TEXT_ON = {
    **dict.fromkeys(("ink", "ink-2"), ("paper", "ground", "raised", "line-2")),
    "ink-3": ("paper", "ground", "raised"),
    "accent": ("paper", "ground", "accent-bg"),
    "accent-ink": ("accent",),
    **{kind: ("paper", "ground", f"{kind}-bg") for kind in ("same", "near", "differs", "none")},
}
PAIRS = [(text, ground) for text, grounds in TEXT_ON.items() for ground in grounds]
INK_ON_TINTS = [("ink", f"{kind}-bg") for kind in ("same", "near", "differs", "none", "accent")]


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS + INK_ON_TINTS)
def test_text_meets_aa_contrast_in_both_themes(text, ground, theme):
    assert _contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "ground"])
def test_edges_of_controls_meet_the_contrast_of_non_text(ground, theme):
    assert _contrast(TOKENS["edge"][theme], TOKENS[ground][theme]) >= 3.0


ALL = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("name", ALL)
def test_every_template_compiles_and_has_no_inline_script_or_style(name):
    get_template(name)
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", ALL)
def test_no_template_loads_anything_from_elsewhere(name):
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"(?:src|href|action|hx-\w+)=[\"']?(?:https?:)?//", text)
