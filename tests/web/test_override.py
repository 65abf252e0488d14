"""Pages on which a steward sets a golden value and lifts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from mpi.models import GoldenRecord

pytestmark = pytest.mark.django_db


def form(golden: GoldenRecord, **changed: str) -> dict[str, str]:
    version = str(GoldenRecord.objects.get(pk=golden.pk).version)
    return {"field": "family_name", "value": "Moss", "reason": "Court order", "version": version, **changed}


def test_a_value_is_set_seen_and_lifted(people, sign_in) -> None:
    browser, golden = sign_in("steward"), people.margaret
    assert "Holloway" in browser.get(reverse("override", args=[golden.euid])).content.decode()
    done = browser.post(reverse("override", args=[golden.euid]), form(golden, expires_at="2999-01-01T08:00"))
    assert done.headers["Location"] == reverse("golden-record", args=[golden.euid])
    text = browser.get(done.headers["Location"]).content.decode()
    for words in ("MOSS, Margaret", "set by a steward", "Court order", "01-Jan-2999", ">steward<", "Lift"):
        assert words in text
    history = browser.get(reverse("golden-history", args=[golden.euid])).content.decode()
    assert "Value set by a steward" in history
    now = datetime.now(UTC).isoformat()
    then = browser.get(reverse("golden-as-of", args=[golden.euid]), {"at": now}).content.decode()
    for words in ("MOSS", "set by a steward", "Court order", "01-Jan-2999", ">steward<", "Holloway"):
        assert words in then
    address = reverse("lift-override", args=[golden.euid, "family_name"])
    assert "Holloway" in browser.get(address).content.decode()
    browser.post(address, {"reason": "Order was lifted", "version": form(golden)["version"]})
    assert GoldenRecord.objects.get(pk=golden.pk).values["family_name"] == "Holloway"


@pytest.mark.parametrize("written", ["10-Mar-1971", "1971-03-10"])
def test_a_birth_date_is_set_as_pages_write_it(people, sign_in, written: str) -> None:
    told = form(people.margaret, field="birth_date", value=written)
    sign_in("steward").post(reverse("override", args=[people.margaret.euid]), told)
    assert GoldenRecord.objects.get(pk=people.margaret.pk).values["birth_date"] == "1971-03-10"


def test_an_address_is_set_in_its_parts(people, sign_in) -> None:
    told = form(people.margaret, field="address", street="9 Linden Way", city="Concord", state="NH")
    sign_in("steward").post(reverse("override", args=[people.margaret.euid]), told)
    assert GoldenRecord.objects.get(pk=people.margaret.pk).values["address"]["street"] == "9 Linden Way"


@pytest.mark.parametrize(
    ("changed", "place"), [({"value": ""}, "value"), ({"field": "birth_date", "value": "soon"}, "value")]
)
def test_what_cannot_be_set_is_said_beside_its_field(people, sign_in, changed: dict[str, str], place: str) -> None:
    answer = sign_in("steward").post(reverse("override", args=[people.margaret.euid]), form(people.margaret, **changed))
    assert answer.status_code == 422
    assert f'id="id_{place}_error"' in answer.content.decode()


def test_a_stale_screen_and_a_clerk_change_nothing(people, sign_in) -> None:
    address = reverse("override", args=[people.margaret.euid])
    assert sign_in("steward").post(address, form(people.margaret, version="1")).status_code == 409
    assert sign_in("clerk").post(address, form(people.margaret)).status_code == 403
    assert (
        "Set a value"
        not in sign_in("compliance officer").get(reverse("golden-record", args=[people.margaret.euid])).content.decode()
    )
