"""The settings of the tests: the product's own, in a home of their own, never the developer's data."""

import os
import tempfile

if "MPI_TEST_HOME" not in os.environ:
    os.environ["MPI_TEST_HOME"] = tempfile.mkdtemp(prefix="mpi-test-")
os.environ["MPI_HOME"] = os.environ["MPI_TEST_HOME"]

from mpi.settings import *  # noqa: F403
from mpi.settings import STATIC_ROOT

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
