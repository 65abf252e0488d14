"""`exportlinks`: who is who, as CSV."""

from __future__ import annotations

from mpi.management.export_command import ExportCommand
from mpi.services.export import export_links


class Command(ExportCommand):
    help = "Write source_system,mrn,euid of every linked source record. The export is audited."
    export = staticmethod(export_links)
