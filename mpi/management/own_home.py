"""Run a command again in a process of its own, on an index made for it in a fresh folder and removed after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from mpi import embedded

_OUTSIDE = {"DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"}
"""What would lead to servers that hold somebody's index."""


def in_a_home_of_its_own(arguments: Sequence[str], *, what: str) -> dict[str, Any]:
    """What `manage.py` with these arguments prints as its last line, JSON. Raises CommandError when that fails.

    `what` is the run, as the error names it.
    """
    home = Path(tempfile.mkdtemp(prefix=f"mpi-{arguments[0]}-"))
    inside = {key: value for key, value in os.environ.items() if key not in _OUTSIDE} | {"MPI_HOME": str(home)}
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    try:
        done = subprocess.run(argv, env=inside, stdout=subprocess.PIPE, check=True)  # noqa: S603  # our own command
        return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]
    except subprocess.CalledProcessError as error:
        raise CommandError(f"The {what} did not come to its end; what it said stands above.") from error
    finally:
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)
