"""`python -m mpi.embedded start|stop|status|remove`: look after the servers by hand, without Django."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mpi import embedded


def main() -> int:
    """0 when done; 1 with the reason on standard error."""
    default = Path(os.environ.get("MPI_HOME") or Path(__file__).parent.parent.parent / "var")
    parser = argparse.ArgumentParser(prog="python -m mpi.embedded", description=__doc__)
    parser.add_argument("act", choices=["start", "stop", "status", "remove"])
    parser.add_argument("--home", type=Path, default=default, help="default: MPI_HOME, else var/ in the checkout")
    told = parser.parse_args()
    try:
        if told.act == "stop":
            embedded.stop(told.home)
        elif told.act == "remove":
            embedded.remove(told.home)
        elif told.act == "start":
            where = embedded.ensure_running(told.home)
            sys.stdout.write(f"{where.database['HOST']}\n{where.redis_url}\nEnter ends this and stops the servers.\n")
            sys.stdout.flush()
            sys.stdin.readline()
        else:
            up = {name: embedded.is_running(told.home, **{name: True, other: False}) for name, other in _PAIRS}
            sys.stdout.write("".join(f"{name}: {'running' if is_up else 'stopped'}\n" for name, is_up in up.items()))
    except embedded.EmbeddedServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


_PAIRS = (("postgres", "valkey"), ("valkey", "postgres"))

if __name__ == "__main__":
    sys.exit(main())
