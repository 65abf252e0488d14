"""What the page of a task says of its values: since when, what before, what when it opened; and the SSN, unmasked."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.actions import Action
from audit.models import AuditEvent
from mpi.models import PotentialMatch
from review.queries.people import ssn_record
from tests.review.conftest import Tell, audited, plain, sign_in
from tests.review.test_pages import page

pytestmark = pytest.mark.django_db


def test_a_value_says_since_when_and_what_its_source_told_before(
    twins: PotentialMatch, tell: Tell, stefan: Client
) -> None:
    assert "What was told before" not in plain(page(stefan, twins))
    tell("GH", "1001", middle="Ann", ssn="412-55-8801", phone="6035550199")
    html = page(stefan, twins)
    words = plain(html)
    assert "(603) 555-0141 when the task opened" in words
    assert "What was told before" in words
    assert "(603) 555-0199 General Hospital, since" in words
    assert "(603) 555-0141 General Hospital, " in words
    assert "General Hospital, since" in words


def test_the_whole_ssn_is_an_act_with_a_reason(twins: PotentialMatch, stefan: Client) -> None:
    side, other = ("a", "b") if ssn_record(twins.golden_a) else ("b", "a")
    address = f"/review/{twins.uuid}/ssn/{side}/"
    assert f'action="{address}"' in page(stefan, twins)
    refused = stefan.post(address, {"reason": " "})
    assert refused.status_code == 422
    assert "it stays masked" in plain(refused.content.decode())
    assert "412-55-8801" not in refused.content.decode()
    assert not audited(Action.SSN_UNMASKED)
    shown = stefan.post(address, {"reason": "The patient stands before me"})
    assert "412-55-8801" in shown.content.decode()
    part = stefan.post(address, {"reason": "Again"}, headers={"HX-Request": "true"}).content.decode()
    assert "412-55-8801" in part
    assert "<html" not in part
    assert audited(Action.SSN_UNMASKED, actor_id="stefan") == 2
    assert AuditEvent.objects.filter(action=Action.SSN_UNMASKED).first().reason_text == "The patient stands before me"
    assert stefan.post(f"/review/{twins.uuid}/ssn/{other}/", {"reason": "No number there"}).status_code == 404
    clerk = sign_in("carla", "clerk", "Carla Reyes")
    assert clerk.post(address, {"reason": "Curious"}).status_code == 403
