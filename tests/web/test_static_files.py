"""Stylesheets and scripts go out compressed; pages, which hold secrets beside what somebody typed, never do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from mpi.web.static_files import compressed_copy

from .conftest import People

COMPRESSED = {"Accept-Encoding": "gzip, deflate, br"}
_ASSETS = ("mpi/app.css", "mpi/app.js", "django_htmx/htmx-2.min.js")


@pytest.mark.parametrize("name", _ASSETS)
def test_a_stylesheet_or_script_goes_out_compressed_to_whoever_takes_it_so(name: str) -> None:
    plain = Path(finders.find(name)).read_bytes()
    answer = Client().get(f"/static/{name}", headers=COMPRESSED)
    sent = answer.getvalue()
    assert (answer["Content-Encoding"], answer["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(sent) == plain
    assert int(answer["Content-Length"]) == len(sent) < len(plain) / 2
    other = Client().get(f"/static/{name}")
    assert not other.has_header("Content-Encoding")
    assert other.getvalue() == plain


def test_a_page_is_never_compressed_and_stays_below_100_kb_with_its_assets(
    people: People, sign_in: Callable[[str], Client]
) -> None:
    client = sign_in("steward")
    assets = sum(len(client.get(f"/static/{name}", headers=COMPRESSED).getvalue()) for name in _ASSETS)
    for name, arguments in (("golden-record", [people.margaret.euid]), ("review-queue", []), ("styleguide", [])):
        answer = client.get(reverse(name, args=arguments), headers=COMPRESSED)
        assert not answer.has_header("Content-Encoding")
        assert len(answer.content) + assets < 100_000


def test_a_changed_file_gets_a_new_copy_and_one_that_cannot_be_kept_goes_out_as_it_is(
    tmp_path: Path, settings: object
) -> None:
    settings.STATIC_ROOT = tmp_path / "copies"
    file = tmp_path / "a.css"
    file.write_text("a { color: red }")
    first = compressed_copy(file)
    assert gzip.decompress(first.read_bytes()) == file.read_bytes()
    assert compressed_copy(file) == first
    file.write_text("a { color: blue }")
    second = compressed_copy(file)
    assert second != first
    assert gzip.decompress(second.read_bytes()) == file.read_bytes()
    (tmp_path / "in the way").write_text("")
    settings.STATIC_ROOT = tmp_path / "in the way"
    assert not compressed_copy(file).exists()
