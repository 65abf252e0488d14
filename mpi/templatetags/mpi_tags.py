"""`{% load mpi_tags %}`: one library for the templates, put together from the modules of `mpi.web.tags`."""

from __future__ import annotations

from django import template

from mpi.web.tags import evaluation, evidence, frame, models, persons, tour, values

register = template.Library()
for part in (values, evidence, evaluation, models, frame, tour, persons):
    register.filters.update(part.register.filters)
    register.tags.update(part.register.tags)
