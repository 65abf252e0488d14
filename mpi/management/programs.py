"""The programs of a running index (web, workers, beat), supervised, with the embedded servers kept up beside them."""

from __future__ import annotations

import http.client
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from kombu.exceptions import OperationalError

from mpi import embedded
from mpi.celery import app
from mpi.embedded import EmbeddedServiceError
from mpi.embedded.supervise import GaveUpError, Program, Supervisor

# Database connections are one a thread: web workers × threads + Celery workers stay far below PostgreSQL's 100.
_WEB_THREADS = 4
_WATCH_S = 0.5
_POOL_READY_S = 30.0
# A worker finishes its batch before it ends; tasks are shorter than this.
_WORKER_STOP_S = 60.0


def web_program(*, host: str, port: int, processes: int) -> Program:
    """granian, serving the site."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns at each start
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    argv += ["--workers", str(processes), "--blocking-threads", str(_WEB_THREADS), "--no-ws"]
    argv += ["--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10"]
    door = "mpi.wsgi:spread" if processes > 1 else "mpi.wsgi:application"
    return Program("web", (*argv, door), stop_s=15)


def worker_program(*, processes: int) -> Program:
    """One Celery worker with a prefork pool."""
    argv = [sys.executable, "-m", "celery", "-A", "mpi", "worker", "--concurrency", str(processes)]
    argv += ["--hostname", f"mpi-{settings.MPI_HOME.name}@%h", "--loglevel", "WARNING"]
    return Program("worker", (*argv, "--without-gossip", "--without-mingle"), stop_s=_WORKER_STOP_S)


def beat_program() -> Program:
    """Celery's clock: the sweep for lost hints, the sealer."""
    argv = [sys.executable, "-m", "celery", "-A", "mpi", "beat", "--loglevel", "WARNING", "--pidfile", ""]
    return Program("beat", (*argv, "--schedule", str(settings.MPI_HOME / "beat-schedule")), stop_s=10)


def supervisor(programs: Sequence[Program], *, say: Callable[[str], None]) -> Supervisor:
    """A supervisor that also restarts the embedded servers when they die."""
    wanted = {
        name: is_wanted
        for name, is_wanted in (
            ("postgres", settings.MPI_EMBEDDED_POSTGRES),
            ("valkey", settings.MPI_EMBEDDED_VALKEY),
        )
        if is_wanted
    }

    def heal() -> None:
        down = [
            name
            for name in wanted
            if not embedded.is_running(settings.MPI_HOME, postgres=name == "postgres", valkey=name == "valkey")
        ]
        if down:
            embedded.ensure_running(settings.MPI_HOME, postgres="postgres" in wanted, valkey="valkey" in wanted)
            say(f"Embedded {' and '.join(down)} had ended; running again.")

    if wanted:
        embedded.ensure_running(settings.MPI_HOME, postgres="postgres" in wanted, valkey="valkey" in wanted)
    return Supervisor(programs, cwd=Path(settings.BASE_DIR), log_dir=settings.MPI_HOME / "log", say=say, heal=heal)


def workers_answer(*, timeout_s: float = 1.0) -> bool:
    """Does any Celery worker of this index answer a ping? None does while the broker is away."""
    try:
        return bool(app.control.ping(timeout=timeout_s))
    except (OperationalError, OSError):
        return False


@contextmanager
def worker_pool(processes: int, *, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
    """Workers and beat for the time of the block, ready when it begins, restarted when they die.

    Raises GaveUpError or EmbeddedServiceError at the end of the block when they could not be kept alive.
    """
    done = threading.Event()
    failed: list[GaveUpError | EmbeddedServiceError] = []

    def run() -> None:
        keeper = supervisor([worker_program(processes=processes), beat_program()], say=say)
        try:
            keeper.start()
            while not done.wait(_WATCH_S):
                keeper.watch()
        except (GaveUpError, EmbeddedServiceError) as error:
            failed.append(error)
            say(str(error))
        finally:
            keeper.stop()

    # The children live as long as the thread that started them.
    thread = threading.Thread(target=run, name="worker-pool")
    thread.start()
    try:
        _wait_for_workers(thread)
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


def _wait_for_workers(thread: threading.Thread) -> None:
    for _ in range(int(_POOL_READY_S)):
        if not thread.is_alive() or workers_answer():
            return


def answers(host: str, port: int) -> bool:
    """Does an HTTP server answer there, whatever it says?"""
    connection = http.client.HTTPConnection(shown(host), port, timeout=2)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def shown(host: str) -> str:
    """The address at which what listens at `host` is reached from this machine."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104
