"""PostgreSQL and Valkey from wheels, for a machine that has neither: started on demand, gone with their last user.

Knows nothing of Django. Everything lies under one folder, MPI_HOME; see `lifecycle` for the life of the servers.
"""

from mpi.embedded.errors import EmbeddedServiceError
from mpi.embedded.lifecycle import Addresses, addresses, ensure_running, is_running, remove, stop

__all__ = ["Addresses", "EmbeddedServiceError", "addresses", "ensure_running", "is_running", "remove", "stop"]
