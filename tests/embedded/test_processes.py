"""A process that has just been forked is alive, one that has ended is not, whoever has yet to fetch its status."""

from __future__ import annotations

import os
import subprocess
import sys

from mpi.embedded.processes import command_line, is_alive, is_server, wait_until


def test_a_process_is_alive_before_it_is_what_it_will_be_and_no_longer_when_it_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert is_alive(child.pid)
        assert not is_server(child.pid, program="postgres", mark="input")
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
        # Its memory, and with it the command line, goes a moment before it is a zombie.
        assert wait_until(lambda: not is_alive(child.pid), seconds=10)
        assert os.path.exists(f"/proc/{child.pid}"), "a zombie"
        assert not command_line(child.pid)
    assert not is_alive(child.pid)
