"""The addresses of all pages, each with something of this index to show.

An address that has parameters needs an example; an address of an act answers no GET. Whoever adds a page adds its
example to `page_examples`: the walk of the tests and `benchmark pages` both go by this list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mpi.management.benchmarks.page_examples import EXAMPLES, PARAMETERS, QUERIES

_MACHINE_DOORS = ("api/",)


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A named address; `parameters` are the names in its route, `has_example` whether an example is written down.

    `addresses` is empty where this index has nothing to show there.
    """

    name: str
    parameters: tuple[str, ...]
    has_example: bool
    addresses: tuple[str, ...]


def page_addresses() -> Iterator[PageAddress]:
    """Every named address of the pages once, in the order of the resolver. The doors for machines are left out."""
    seen = set()
    for _, name, parameters in page_routes():
        if name not in seen:
            seen.add(name)
            yield _addressed(name, parameters)


def page_routes() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Route, name and parameters of everything that has a name, acts as well; a name may have several routes."""
    for route, pattern in _patterns(get_resolver().url_patterns):
        if pattern.name and not route.startswith(_MACHINE_DOORS):
            yield route, pattern.name, tuple(pattern.pattern.converters)


def _patterns(patterns: list[URLPattern | URLResolver], route: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield whole, pattern
        else:
            yield from _patterns(pattern.url_patterns, whole)


def _addressed(name: str, parameters: tuple[str, ...]) -> PageAddress:
    query = QUERIES[name]() if name in QUERIES else ""
    if not parameters:
        return PageAddress(name, (), True, (reverse(name) + query,))
    example = EXAMPLES.get(name) or PARAMETERS.get(parameters)
    found = example() if example else ()
    return PageAddress(
        name, parameters, example is not None, tuple(reverse(name, kwargs=dict(values)) + query for values in found)
    )
