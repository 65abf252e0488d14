"""Two registered source systems, and a place for files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mpi.commands import Actor
from mpi.services.systems import register_system
from tests.imports.filing import Imported, run_import

ImportText = Callable[..., Imported]
WriteFile = Callable[..., Path]


@pytest.fixture(autouse=True)
def _systems(db: None, system: Actor) -> None:
    for rank, code in enumerate(("HIS", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Write text or bytes into a file of a name."""

    def write(content: str | bytes, name: str = "patients.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def import_text(write_file: WriteFile) -> ImportText:
    """Import text or bytes to the end."""

    def run(content: str | bytes, name: str = "patients.csv") -> Imported:
        return run_import(write_file(content, name))

    return run
