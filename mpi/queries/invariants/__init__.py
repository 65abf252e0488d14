"""What is true of a sound index, read from the tables apart from the services that write them.

Nothing here asks `mpi.services`: a fault there must not be repeated here. Values are made anew by the pure engine.
"""

from mpi.queries.invariants.checking import EXAMPLES, INVARIANTS, Checked, Report, check_index
from mpi.queries.invariants.finding import Fault, Invariant, Looked

__all__ = ["EXAMPLES", "INVARIANTS", "Checked", "Fault", "Invariant", "Looked", "Report", "check_index"]
