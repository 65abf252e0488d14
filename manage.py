#!/usr/bin/env python
"""The one door for operators: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mpi.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from mpi.embedded import EmbeddedServiceError
    from mpi.errors import MpiError

    try:
        execute_from_command_line(sys.argv)
    except EmbeddedServiceError as error:
        sys.exit(str(error))
    except MpiError as error:
        sys.exit(f"{error.title}: {error.detail}")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):  # the server answered: not a question of reaching it
            raise
        sys.exit(f"The database cannot be reached: {error}\nTo mend it: start it, or look at DATABASE_URL.")


if __name__ == "__main__":
    main()
