"""What nobody's browser sends: the new forms answer it with a word, never with a fault of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.conftest import People

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
_NUL, _HUGE, _NONE = "a\0b", "ü" * 40_000, str(uuid4())
_DESK = (
    "register-look-up", "register-choose", "register-visit", "register-create", "register-new", "register-mother",
    "register-with-mother", "register-newborn-check", "register-born", "register-unidentified", "register",
    "register-newborn", "compare",
)  # fmt: skip
_NAMES = (
    "family_name", "given_name", "birth_date", "sex", "ssn", "phone", "street", "token", "euid", "draft", "reason",
    "reason_code", "purpose", "registration", "facility", "sex_1", "given_1", "left-reference", "left-system",
    "left-family_name", "right-reference",
)  # fmt: skip


def _sound(**other: str) -> dict[str, str]:
    return {"family_name": "Holloway", "given_name": "Margaret", "birth_date": "1971-03-09", "token": _NONE, **other}


@pytest.mark.parametrize("value", [_NUL, _HUGE, "", "9" * 400, "0001-01-01", "-1"], ids=range(6))
def test_the_registration_desk_and_the_console_refuse_what_makes_no_sense(
    people: People, sign_in: SignIn, value: str
) -> None:
    steward = sign_in("steward")
    steward.raise_request_exception = False
    sent = [dict.fromkeys(_NAMES, value)]
    sent += [
        _sound(**{name: value}) for name in ("family_name", "birth_date", "ssn", "phone", "token", "euid", "draft")
    ]
    found = {name: {steward.post(reverse(name), told).status_code for told in sent} for name in _DESK}
    assert not {name: codes for name, codes in found.items() if max(codes) >= 500}


_AT_THE_DESK: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("review-queue", {"assigned": _NUL}),
    ("review-queue", {"kind": _NUL, "after": "nan:1:9", "done": _NUL, "batch": _NUL}),
    ("review-queue", {"after": f"1:1:{2**63}"}),
    ("review-proposals", {"before": "9" * 18, "show": _NUL}),
    ("supervisor", {"days": "9" * 40}),
)
_SENT: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("review-view-save", {"name": "x", "assigned": "ü" * 150}),
    ("review-view-save", {"name": _NUL, "kind": "overlay"}),
    ("review-live", {"row": f"{_NONE}:{_NUL}", "assigned": _NUL, "last": _NUL, "seen": _HUGE}),
    ("review-next", {"assigned": _NUL}),
    ("review-assign", {"task": _NUL, "to": _NUL}),
    ("review-share", {"number": "9" * 40, "person": _NUL}),
    ("review-share-out", {"pair": f"{_NONE} {_NUL}"}),
)


def test_the_desk_refuses_what_makes_no_sense(people: People, sign_in: SignIn) -> None:
    supervisor = sign_in("supervisor")
    supervisor.raise_request_exception = False
    found = [(name, told, supervisor.get(reverse(name), told).status_code) for name, told in _AT_THE_DESK]
    found += [(name, told, supervisor.post(reverse(name), told).status_code) for name, told in _SENT]
    assert not [name for name, _, code in found if code >= 500]


def test_pages_of_one_person_or_task_refuse_what_makes_no_sense(people: People, sign_in: SignIn) -> None:
    supervisor = sign_in("supervisor")
    supervisor.raise_request_exception = False
    nobody = dict.fromkeys(("reason", "comment", "basis", "within", "ahead", "reason_code", "until", "event"), _NUL)
    euid = {"euid": people.margaret.euid}
    as_of = [{"at": at} for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", _NUL)]
    as_of += [{"step": "9" * 40}]
    codes = [supervisor.get(reverse("golden-as-of", kwargs=euid), told).status_code for told in as_of]
    codes += [
        supervisor.post(reverse(name, kwargs=euid), {**nobody, "other": _NUL, "relation": _NUL}).status_code
        for name in ("relate", "vip")
    ]
    codes += [supervisor.post(reverse("unrelate", args=[_NONE]), nobody).status_code]
    for name in ("approve", "reject", "withdraw"):
        codes.append(supervisor.post(reverse(f"review-proposal-{name}", args=[_NONE]), nobody).status_code)
    for address in (f"/review/{_NONE}/second/", f"/review/{_NONE}/notes/", f"/review/tasks/{_NONE}/undo/"):
        codes.append(supervisor.post(address, {**nobody, "proposed": "same", "text": _NUL}).status_code)
    for name in ("register-name", "register-identify-check", "register-identified", "register-withdraw"):
        codes.append(supervisor.post(reverse(name, args=[_NONE]), nobody).status_code)
    assert max(codes) < 500, codes
