#!/usr/bin/env python
"""The one door for operators: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mpi.settings")
    from django.core.management import execute_from_command_line

    from mpi.embedded import EmbeddedServiceError
    from mpi.errors import MpiError

    try:
        execute_from_command_line(sys.argv)
    except EmbeddedServiceError as error:
        sys.exit(str(error))
    except MpiError as error:
        sys.exit(f"{error.title}: {error.detail}")


if __name__ == "__main__":
    main()
