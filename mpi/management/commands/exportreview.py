"""`exportreview`: what waits for review, as CSV."""

from __future__ import annotations

from mpi.management.export_command import ExportCommand
from mpi.services.export import export_review


class Command(ExportCommand):
    help = "Write source_system_1,mrn_1,source_system_2,mrn_2,probability of every open potential match. Audited."
    export = staticmethod(export_review)
