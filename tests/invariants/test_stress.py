"""`stress`, small: workers are killed, locks are held, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

_OUTSIDE = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE", "MPI_HOME"}


@pytest.mark.slow
def test_a_small_stress_ends_clean() -> None:
    kept = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "stress", "--json"]
    argv += ["--acts", "80", "--workers", "2", "--records", "60"]
    done = subprocess.run(argv, capture_output=True, text=True, env=kept, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["acts"], told["ok"], told["lost"], told["failed"], told["broken"]) == (80, True, 0, 0, [])
    assert (told["unsettled"], told["unexpected"], told["undecided"]) == (0, 0, [])
    assert told["acknowledged"] > 0
    assert told["checked_rows"] > 0
