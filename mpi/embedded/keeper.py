"""`python -m mpi.embedded.keeper HOME`: stop the servers when their last user is gone, even a killed one.

It sleeps in the kernel until nobody holds `users.lock`; there is one a home, and it ends with the servers.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from mpi.embedded.layout import layout_of
from mpi.embedded.lifecycle import stop_servers
from mpi.embedded.locks import lock_alone, open_lock, same_file


def keep(home: Path) -> None:
    """Wait for the last user of `home` to end, then stop its servers. Raises EmbeddedServiceError, OSError."""
    layout = layout_of(home)
    if lock_alone(layout.lock("keeper"), seconds=0) is None:
        return
    users = open_lock(layout.lock("users"))
    fcntl.flock(users, fcntl.LOCK_EX)
    # A home that was wiped and made anew has other users, who have cleared away what we watched.
    if same_file(users, layout.lock("users")) or not layout.home.exists():
        stop_servers(layout)
    os.close(users)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
