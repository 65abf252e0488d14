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
from mpi.settings import PASSWORD_HASHERS, SECOND_PERSON, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)

# The tests merge and split whoever is at hand; that policy asks two people for it has tests of its own, under the
# product's own setting (tests/services/test_second_person.py).
SECOND_PERSON_OF_THE_PRODUCT = SECOND_PERSON
SECOND_PERSON = ["vip", "large-person", "old-merge"]
# A task of the sample would be kept for a second reader.
BLIND_REVIEW_SHARE = 0.0
# Whoever signs in for a test need not wait for a hash that is slow on purpose; tests/web/test_sign_in.py does.
PASSWORD_HASHERS_OF_THE_PRODUCT = PASSWORD_HASHERS
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
