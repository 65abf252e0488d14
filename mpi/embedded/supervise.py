"""Keep programs running as children: restart what dies, give up loudly on what cannot live, leave nobody behind.

Each child leads a session of its own, so that Ctrl-C reaches only the supervisor and what a killed
child leaves (its pool) is ended with its process group. Its output goes to a log file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mpi.embedded.errors import tail

_LEASH = Path(__file__).with_name("leash.py")
# A child that lives this long has started well, and its earlier failures are forgotten.
_SETTLED_S = 20.0
_LONGEST_DELAY_S = 8.0
_FAILURES_ALLOWED = 5


@dataclass(frozen=True, slots=True)
class Program:
    """One child to keep alive. `stop_s`: how long it may take to finish its work after SIGTERM."""

    name: str
    argv: tuple[str, ...]
    stop_s: float = 30.0


class GaveUpError(RuntimeError):
    """A program died again and again; the text holds the end of its log."""


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    restart_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Call `start`, then `watch` about every half second from the same thread, then `stop`.

    The children are tied to the thread that starts them: they get SIGTERM when it ends.
    `say` takes one line for people; `heal` is called at each watch, before the children are looked at.
    """

    programs: Sequence[Program]
    cwd: Path
    log_dir: Path
    say: Callable[[str], None]
    heal: Callable[[], None] = lambda: None
    first_delay_s: float = 0.5
    _children: list[_Child] = field(default_factory=list)

    def start(self) -> None:
        """Start every program. Raises OSError."""
        for program in self.programs:
            self._children.append(_Child(program, self._spawn(program), time.monotonic()))

    def watch(self) -> None:
        """Restart what has died, with growing delays. Raises GaveUpError after five early deaths in a row."""
        self.heal()
        for child in self._children:
            self._look_at(child)

    def pids(self) -> dict[str, int]:
        """The process id of each living program, by name."""
        return {child.program.name: child.process.pid for child in self._children if child.process.poll() is None}

    def stop(self) -> None:
        """SIGTERM to all, each its time to finish, then SIGKILL to what is left of each group."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        ends = time.monotonic()
        for child in self._children:
            try:
                child.process.wait(max(0.1, ends + child.program.stop_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{child.program.name} did not finish in {child.program.stop_s:.0f} s and was killed.")
            finally:
                _kill_group(child.process.pid)
                child.process.wait()
        self._children.clear()

    def _look_at(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.process, child.started, child.restart_at = self._spawn(child.program), now, None
            return
        code = child.process.poll()
        if code is None:
            return
        _kill_group(child.process.pid)
        child.failures = 1 if now - child.started > _SETTLED_S else child.failures + 1
        log = self._log(child.program)
        if child.failures > _FAILURES_ALLOWED:
            raise GaveUpError(
                f"{child.program.name} ended {child.failures} times in a row soon after its start "
                f"({_ending(code)}).\nLast lines of {log}:\n{tail(log)}"
            )
        delay = min(self.first_delay_s * 2 ** (child.failures - 1), _LONGEST_DELAY_S)
        child.restart_at = now + delay
        self.say(f"{child.program.name} ended ({_ending(code)}); it is started again in {delay:.1f} s.")

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        self.log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid())]
        with self._log(program).open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [*leash, *program.argv],
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log(self, program: Program) -> Path:
        return self.log_dir / f"{program.name}.log"


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
