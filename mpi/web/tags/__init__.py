"""The tags behind `{% load mpi_tags %}`, one module a purpose; the formatting itself is in `mpi.web.formats`."""
