"""`downtimelookup`: serve a look-up from a snapshot alone, without PostgreSQL."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mpi.downtime.book import STATIONS
from mpi.management.programs import answers
from mpi.web.downtime.desk import SNAPSHOT, STATION, journal_path, open_desk

_THREADS = "4"


class Command(BaseCommand):
    help = (
        "Serve search and reading from a snapshot, and temporary numbers for new patients, without a database. What is "
        "done is kept in a sealed journal beside the snapshot, which “reconciledowntime” brings in afterwards."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("snapshot", type=Path, help="the file of “downtimesnapshot”")
        parser.add_argument("--port", type=int, default=8080)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--station", type=int, default=1, help="1 to 10: each computer that serves a copy of it needs its own"
        )
        parser.add_argument("--certificate", type=Path, help="PEM file, to serve by TLS")
        parser.add_argument("--certificate-key", type=Path, help="PEM file of its key")

    def handle(
        self,
        *,
        snapshot: Path,
        port: int,
        host: str,
        station: int,
        certificate: Path | None,
        certificate_key: Path | None,
        **options: object,
    ) -> None:
        if not 1 <= station <= STATIONS:
            raise CommandError(f"--station is a number from 1 to {STATIONS}.")
        if answers(host, port):  # two servers could share the port, and each would get half of the requests
            raise CommandError(f"Something answers at port {port} already; stop it, or name another --port.")
        here = open_desk(snapshot, station)
        with here.journal:
            self.stderr.write(
                f"{here.book.count:,} persons of {here.book.manifest.created_at}; {here.free_numbers} temporary "
                f"numbers left at station {station}.\nThe journal is {journal_path(snapshot, station)}: keep it, and "
                "bring it in with “reconciledowntime” when the index is back."
            )
        scheme = "https" if certificate else "http"
        self.stderr.write(f"Serving at {scheme}://{host}:{port}/ (Ctrl-C stops it).")
        argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
        argv += ["--workers", "1", "--blocking-threads", _THREADS, "--no-ws", "--log-level", "warning"]
        if certificate and certificate_key:
            argv += ["--ssl-certificate", str(certificate), "--ssl-keyfile", str(certificate_key)]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mpi.downtime_settings",
            SNAPSHOT: str(snapshot.absolute()),
            STATION: str(station),
        }
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns
        sys.stderr.flush()
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, [*argv, "mpi.web.downtime.wsgi:application"], environment)  # noqa: S606  # our own
