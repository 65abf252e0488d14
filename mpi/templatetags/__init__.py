"""Template tags of the pages; the formatting itself is in `mpi.web.formats`."""
