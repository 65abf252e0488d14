"""Whether Spark can run on this machine; a test that cannot says so loudly."""

from __future__ import annotations

import shutil
import warnings
from importlib.util import find_spec

import pytest


def spark_or_skip() -> None:
    """Skip the test, with a warning that names what is missing."""
    missing = [name for name, found in (("pyspark", find_spec("pyspark")), ("java", shutil.which("java"))) if not found]
    if missing:
        told = f"SPARK IS NOT TESTED: {' and '.join(missing)} missing; see requirements-spark.lock"
        warnings.warn(told, stacklevel=2)
        pytest.skip(told)
