"""Two operators at one index, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from mpi import embedded
from tests.stories.index import Index, until

pytestmark = pytest.mark.slow


def test_a_second_up_serves_beside_the_first_and_ctrl_c_ends_each_alone(index: Index) -> None:
    # What a shell runs in the background is born deaf to SIGINT, and so are its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    telling = {"PYTHONFAULTHANDLER": "1"}
    first, second = index.up(workers=1, env=telling), index.up(workers=1, env=telling)
    assert not set(first.values()) & set(second.values())
    _ctrl_c(index, 1)
    assert index.processes[0].poll() is None
    assert embedded.is_running(index.home)
    assert index.applied() == 0
    _ctrl_c(index, 0)
    until(lambda: not index.strays(), seconds=30, what="nothing of it runs any more")


def _ctrl_c(index: Index, number: int) -> None:
    """As a terminal does: SIGINT to the whole process group of the foreground."""
    process = index.processes[number]
    os.killpg(process.pid, signal.SIGINT)
    try:
        # A worker may take a minute to end its batch.
        process.wait(150)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler writes where it stands
        process.wait(10)
    assert process.returncode == 0, index.said()
