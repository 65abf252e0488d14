"""What a source's own time does to the order of its messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mpi.errors import InvalidInput
from mpi.mapping import record_from_flat

ROW = {"source_system": "GH", "mrn": "1", "family_name": "Holloway", "given_name": "Ann"}


def test_a_time_in_the_future_is_refused_by_field() -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    with pytest.raises(InvalidInput) as refused:
        record_from_flat({**ROW, "updated_at": tomorrow})
    assert [flaw.field for flaw in refused.value.flaws] == ["updated_at"]


def test_a_time_of_today_is_taken_in_the_sources_own_zone() -> None:
    mapped = record_from_flat({**ROW, "updated_at": "2026-02-12T08:30:00"}, time_zone="America/New_York")
    assert mapped.source_time == datetime(2026, 2, 12, 13, 30, tzinfo=UTC)
