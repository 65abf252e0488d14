"""The settings of the tests: the product's own, in a home of their own, never the developer's data."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

if "MPI_TEST_HOME" not in os.environ:
    os.environ["MPI_TEST_HOME"] = tempfile.mkdtemp(prefix="mpi-test-")
# Processes that test side by side share nothing: each has a home, servers and a signed log of its own.
_BESIDE = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["MPI_HOME"] = str(Path(os.environ["MPI_TEST_HOME"]) / _BESIDE)
if _BESIDE and (_broker := os.environ.get("REDIS_URL")):
    _number = int(_BESIDE.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = urlsplit(_broker)._replace(path=f"/{_number}").geturl()

from mpi.settings import *  # noqa: E402, F403
from mpi.settings import STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
