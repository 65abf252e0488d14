"""`manage.py up`: the whole index on this machine: web, workers and beat together, stopped by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from argparse import ArgumentParser
from types import FrameType

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from mpi.embedded import EmbeddedServiceError
from mpi.embedded.supervise import GaveUpError, Supervisor
from mpi.management import programs

_WATCH_S = 0.5
_ANSWER_S = 60.0


class Command(BaseCommand):
    help = "Migrate, then run the web server, the workers and beat until Ctrl-C. What dies is started again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to serve at (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web", type=int, default=2, help="web server processes")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="Celery worker processes")
        parser.add_argument("--json", action="store_true", help="print one JSON line when the site answers")

    def handle(self, *, host: str, port: int, web: int, workers: int, json: bool, **options: object) -> None:
        if min(web, workers) < 1:
            raise CommandError("--web and --workers must be 1 or more.")
        check_port(host, port)
        kept = [
            programs.web_program(host=host, port=port, processes=web),
            programs.worker_program(processes=workers),
            programs.beat_program(),
        ]
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            running = programs.supervisor(kept, say=self.say)
            call_command("migrate", verbosity=0, interactive=False)
            self.run(running, host=host, port=port, as_json=json)
        except (EmbeddedServiceError, GaveUpError) as error:
            raise CommandError(str(error)) from error

    def say(self, line: str) -> None:
        self.stderr.write(line)

    def run(self, running: Supervisor, *, host: str, port: int, as_json: bool) -> None:
        """Until Ctrl-C or SIGTERM. Raises GaveUpError."""
        told = False
        deadline = time.monotonic() + _ANSWER_S
        try:
            running.start()
            while True:
                if not told and programs.answers(host, port):
                    self.tell_ready(running, url=f"http://{programs.shown(host)}:{port}/", as_json=as_json)
                    told = True
                elif not told and time.monotonic() > deadline:
                    self.say(f"The site does not answer yet; see {settings.MPI_HOME / 'log' / 'web.log'}.")
                    deadline = float("inf")
                running.watch()
                time.sleep(_WATCH_S)
        except KeyboardInterrupt:
            self.say("Stopping …")
        finally:
            running.stop()

    def tell_ready(self, running: Supervisor, *, url: str, as_json: bool) -> None:
        if as_json:
            line = json.dumps({"url": url, "pid": os.getpid(), "pids": running.pids()})
        else:
            line = f"Serving at {url} (Ctrl-C stops it; logs in {settings.MPI_HOME / 'log'})"
        self.stdout.write(line)
        self.stdout.flush()


def check_port(host: str, port: int) -> None:
    """Raises CommandError with a mend when the address cannot be served at."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OverflowError as error:
        raise CommandError(f"--port must be between 1 and 65535, not {port}.") from error
    except OSError as error:
        raise CommandError(
            f"Cannot serve at {host}:{port}: {error.strerror}. Stop what uses it, or choose another: --port {port + 1}"
        ) from error


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
