"""Signing in and out is written down; a stranger's typing is not."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from mpi.models import User

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db


def _actions():
    events = AuditEvent.objects.filter(action__startswith="sign_").order_by("id")
    return list(events.values_list("action", "actor_id"))


@pytest.fixture(autouse=True)
def _hashed_as_in_the_product(settings):
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS_OF_THE_PRODUCT


@pytest.fixture
def dana(db):
    return User.objects.create_user(username="dana", password=PASSWORD)


def test_a_page_asks_a_stranger_to_sign_in(client):
    response = client.get(reverse("dashboard"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("sign-in"))


def test_signing_in_and_out_is_written_down(client, dana):
    response = client.post(reverse("sign-in"), {"username": "dana", "password": PASSWORD})
    assert response.status_code == 302
    client.post(reverse("sign-out"))
    assert _actions() == [("sign_in.succeeded", "dana"), ("sign_out", "dana")]
    assert client.get(reverse("dashboard")).status_code == 302


def test_the_password_is_kept_as_argon2(dana):
    assert dana.password.startswith("argon2$")


def test_a_wrong_password_is_refused_and_written_down(client, dana):
    response = client.post(reverse("sign-in"), {"username": "dana", "password": "wrong"})
    assert response.status_code == 422
    assert "do not fit" in response.content.decode()
    assert _actions() == [("sign_in.failed", "dana")]


def test_a_name_that_is_no_users_is_not_kept(client):
    client.post(reverse("sign-in"), {"username": "my-secret-password", "password": "x"})
    assert _actions() == [("sign_in.failed", "unknown")]


def test_too_many_failures_lock_and_say_so(client, dana, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        client.post(reverse("sign-in"), {"username": "dana", "password": "wrong"})
    right = client.post(reverse("sign-in"), {"username": "dana", "password": PASSWORD})
    assert right.status_code == 429
    assert "Locked for a while" in right.content.decode()
    assert ("sign_in.locked", "dana") in _actions()
    assert ("sign_in.succeeded", "dana") not in _actions()


def test_the_theme_is_kept_in_a_cookie_and_nonsense_is_not(client):
    assert client.post(reverse("theme"), {"theme": "dark"}).cookies["theme"].value == "dark"
    assert "theme" not in client.post(reverse("theme"), {"theme": "<script>"}).cookies
    assert 'data-theme="dark"' in client.get(reverse("sign-in")).content.decode()
