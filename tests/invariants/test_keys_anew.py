"""The migration that makes blocking keys by the rules of this release: whoever was stored before is found again."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from mpi.commands import Actor
from mpi.models import BlockingKey
from mpi.queries.invariants import check_index
from mpi.services.systems import register_system
from tests.services.telling import KATHERINE, KATHERINE_BY_NUMBER, MARCUS, owner, record_of, take_back, tell

pytestmark = pytest.mark.django_db


def _keys() -> set[tuple[int, int]]:
    return set(BlockingKey.objects.values_list("key", "source_record_id"))


def _of_another_release() -> None:
    """As if other rules had made the keys: none is one of ours."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("UPDATE mpi_blocking_key SET key = key # 1")


def _migrate() -> None:
    anew = import_module("mpi.migrations.0019_blocking_keys_anew").make_keys_anew
    with connection.schema_editor() as editor:
        anew(apps, editor)


def test_keys_of_another_release_are_made_anew(system: Actor) -> None:
    for code in ("HIS", "LAB"):
        register_system(code=code, actor=system)
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("HIS", "3", MARCUS | {"family_name": "Gone"})
    take_back("HIS", "3")
    due = _keys()
    _of_another_release()
    assert set(check_index().broken) == {"blocking-keys"}
    _migrate()
    assert _keys() == due
    assert check_index().is_clean
    tell("LAB", "9", KATHERINE_BY_NUMBER)
    assert owner("LAB", "9") == owner("HIS", "1")
    assert record_of("HIS", "3").pk not in {pk for _, pk in _keys()}
