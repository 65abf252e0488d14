"""A file of generated patients, and what an undisturbed run makes of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from tests.stories.index import Index, Pair, new_home

RECORDS = 1_500


@pytest.fixture
def index() -> Iterator[Index]:
    """An empty home."""
    yield from _index()


@pytest.fixture(scope="session")
def _migrated() -> Iterator[Path]:
    for one in _index():
        one.migrate()
        yield one.home


@pytest.fixture
def migrated(_migrated: Path) -> Iterator[Index]:
    """A home with an empty, migrated index: a copy, made in a tenth of the time."""
    yield from _copy(_migrated)


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population")
    write_population(generate(RECORDS, 7), out=folder / "records.csv", truth=folder / "truth.csv")
    return folder / "records.csv"


@pytest.fixture(scope="session")
def undisturbed(_migrated: Path, population: Path, tmp_path_factory: pytest.TempPathFactory) -> set[Pair]:
    """The pairs of one person after a run that nobody disturbed."""
    with contextmanager(_copy)(_migrated) as one:
        one.run("importrecords", population, "--wait")
        pairs = one.pairs(tmp_path_factory.mktemp("undisturbed"))
    assert len(pairs) > RECORDS / 4
    return pairs


def _copy(home: Path) -> Iterator[Index]:
    for one in _index():
        subprocess.run(["cp", "-a", home, one.home], check=True)
        yield one


def _index() -> Iterator[Index]:
    one = Index(new_home())
    try:
        yield one
    finally:
        one.close()
        shutil.rmtree(one.home.parent)
