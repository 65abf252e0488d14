"""The clock of the acts is the database's; only the demonstration may hold it behind, and never before it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from mpi.services.clock import behind
from mpi.services.locking import transaction_time

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_acts_happen_when_the_database_says_or_so_much_earlier_within_the_block() -> None:
    real = transaction_time()
    assert abs(real - timezone.now()) < timedelta(seconds=5)
    with behind(timedelta(days=9)):
        assert timedelta(days=8, hours=23) < real - transaction_time() < timedelta(days=9, seconds=1)
    assert transaction_time() >= real
    with pytest.raises(ValueError, match="future"), behind(-timedelta(seconds=1)):
        pass


def test_nothing_but_the_demonstration_holds_the_clock_behind() -> None:
    holders = set()
    for package in ("mpi", "review", "audit", "matching"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            for node in ast.walk(ast.parse(text)) if "clock" in text else ():
                if isinstance(node, ast.ImportFrom) and node.module == "mpi.services.clock":
                    holders |= {str(path.relative_to(ROOT)) for name in node.names if name.name != "as_told"}
                if isinstance(node, ast.Import) and any(name.name == "mpi.services.clock" for name in node.names):
                    holders.add(str(path.relative_to(ROOT)))
    assert holders == {"mpi/management/demo_clock.py"}
