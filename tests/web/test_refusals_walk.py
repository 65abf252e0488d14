"""Every act of the pages, sent with nothing and with nonsense: it is refused in words, and nothing is changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from mpi.commands import Actor
from mpi.management.benchmarks.page_addresses import page_addresses, page_routes
from mpi.models import IdentityTask, PotentialMatch, Proposal
from tests.browser.world import TYPED, build_world, with_every_role
from tests.web.walking import Form, Read, faults_of_fields, faults_of_text

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

_REFUSED = (302, 400, 403, 404, 405, 409, 413, 422)
_LOOKS = (
    "register", "register-newborn", "register-identify", "register-look-up", "register-create", "register-with-mother",
    "review-live", "review-ahead",
)  # fmt: skip
"""What is posted only to keep it out of an address, or as a step before the act: it shows what there is to show."""
_STEPS = ("register", "register-newborn", "register-with-mother", "search", "register-create", "compare")
_SAYS = re.compile(r"What to do next|mend this|nothing was|Nothing was|Choose|Say |Search for|open it again|This field")
_SESSION = ("django_session", "audit_", "mpi_user")
_WRITTEN = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
_MANY = "x" * 5000
_ASKS = ("evaluation-compare",)
"""Says in words what to choose where nothing is chosen: its status is that of a form refused."""
_USUAL = ("reason", "basis", "version", "draft", "number")


class Walk:
    """Sends each form once with nothing and three times with nonsense, and keeps what was wrong with the answers."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.faults: dict[str, set[str]] = defaultdict(set)
        self.forms: dict[tuple[str, frozenset[str]], tuple[str, Form]] = {}
        self.routes: set[str] = set()
        self.again: dict[str, int] = {}
        self._session = {name: morsel.value for name, morsel in client.cookies.items()}

    def take(self, shown_at: str, page: Read) -> None:
        """Remember the forms of a page, one of each kind."""
        for form in page.forms:
            for action in form.actions:
                route = resolve((action or shown_at).partition("?")[0]).route
                kind = route, frozenset(re.sub(r"\d+", "", one.name) for one in form.fields)
                self.forms.setdefault(kind, (action or shown_at, form))

    def post(self, address: str, told: dict[str, str]) -> HttpResponse:
        """The answer; whatever it did is undone, a sign-out too."""
        self.client.cookies.clear()
        for name, value in self._session.items():
            self.client.cookies[name] = value
        with self._savepoint():
            answer = self.client.post(address, told)
            transaction.set_rollback(True)
        return answer

    @staticmethod
    def _savepoint() -> transaction.Atomic:
        block = transaction.atomic()
        block._from_testcase = True  # an act opens the outermost block of its own, as in any test
        return block

    def refuse(self, address: str, told: dict[str, str], how: str) -> int:
        """Send it and look at the answer; its status."""
        before = _written()
        answer = self.post(address, told)
        found = resolve(address.partition("?")[0])
        self.routes.add(found.route)
        name = f"{found.url_name} {how}"
        code = answer.status_code
        if code not in _REFUSED and not (code == 200 and name.split()[0] in _LOOKS):
            self.faults[name].add(f"answers {code}")
        if code >= 400 and (changed := {table for table, count in _written().items() if count != before.get(table, 0)}):
            self.faults[name].add(f"answers {code} and wrote {sorted(changed)}")
        if code != 302 and not answer.streaming and answer["Content-Type"].startswith("text/html"):
            self._read(name, address, answer)
        return code

    def _read(self, name: str, address: str, answer: HttpResponse) -> None:
        page = Read(answer.text)
        self.take(address, page)
        self.faults[name].update((*faults_of_text(page), *faults_of_fields(page)))
        if answer.status_code >= 400 and not _SAYS.search(page.text):
            self.faults[name].add(f"does not say what to do: {page.text[:80]!r}")
        again = re.search(r'href="([^"]*)">Open the page again<', answer.text)
        if again and (route := resolve(again[1]).route) not in self.again and name.split()[0] not in _ASKS:
            self.again[route] = self.client.get(again[1], follow=True).status_code
            self.faults[name].update([f"leads to {route}, which refuses too"] if self.again[route] >= 400 else [])


def _written() -> dict[str, int]:
    """How many rows of each table this transaction has written, besides who looked at what and who is signed in."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN)
        return {table: count for table, count in cursor.fetchall() if not table.startswith(_SESSION)}


@pytest.fixture
def everybody(db: None, system: Actor) -> Client:
    return with_every_role(Client(raise_request_exception=False), system)


def _nonsense(form: Form) -> dict[str, str]:
    """Too long, impossible and unknown in what is shown; what the page carries along stays."""
    wrong = {"date": "31-02-1984", "select": "no-such-choice", "radio": "no-such-choice", "checkbox": "no-such-choice"}
    return {one.name: one.value if one.kind == "hidden" else wrong.get(one.kind, _MANY) for one in form.fields}


def _without_a_form(walked: set[str]) -> Iterator[str]:
    """Addresses of the acts whose form no page of the world shows, of everything that could be meant by them."""
    meant: dict[str, list[object]] = defaultdict(lambda: ["x"])
    tasks = list(IdentityTask.objects.order_by("type", "-pk").distinct("type").values_list("uuid", flat=True))
    meant["uuid"] = [UUID(int=0), PotentialMatch.objects.first().uuid, Proposal.objects.first().uuid, *tasks]
    meant["int"], meant["euid"] = [0], ["0" * 12]
    for route, _, _parameters in page_routes():
        if route in walked:
            continue
        kinds = [kind or "str" for kind in re.findall(r"<(?:(\w+):)?\w+>", route)]
        for value in meant[kinds[0]] if len(kinds) == 1 else [None]:
            address = route
            for kind in kinds:
                address = re.sub(r"<[^>]+>", str(value or meant[kind][0]), address, count=1)
            yield f"/{address}"


def test_every_act_that_is_refused_says_so_in_words_and_changes_nothing(
    everybody: Client, tmp_path: Path, steward: Actor, supervisor: Actor, admin: Actor, system: Actor
) -> None:
    build_world(tmp_path, steward=steward, supervisor=supervisor, administrator=admin, system=system)
    walk = Walk(everybody)
    for known in page_addresses():
        for address in known.addresses:
            answer = everybody.get(address)
            if answer.status_code == 200 and not answer.streaming and answer["Content-Type"].startswith("text/html"):
                walk.take(address, Read(answer.text))
            walk.refuse(address, {}, "empty")
    for name in _STEPS:
        typed = TYPED.get(name, TYPED["register-create"])
        walk.take(reverse(name), Read(walk.post(reverse(name), typed).text))
    done: set[tuple[str, frozenset[str]]] = set()
    while rest := [kind for kind in walk.forms if kind not in done]:
        for kind in rest:
            done.add(kind)
            address, form = walk.forms[kind]
            walk.refuse(address, {}, "empty")
            walk.refuse(address, _nonsense(form), "nonsense")
            if stale := _stale(form):
                walk.refuse(address, {**form.filled_in(), **stale}, "stale")
    for address in _without_a_form(walk.routes):
        if walk.refuse(address, {}, "empty") not in (404, 405):
            walk.refuse(address, dict.fromkeys(_USUAL, _MANY), "nonsense")
    written = _written()
    walk.post(
        reverse("review-note", args=[PotentialMatch.objects.first().uuid]), {"text": "What is kept is seen here."}
    )
    assert _written() != written, "the walk would see that something was written"
    assert len(walk.routes) == len({route for route, _, _ in page_routes()}), "every address was sent something"
    found = [f"{name}: {fault}" for name, faults in sorted(walk.faults.items()) for fault in sorted(faults)]
    assert not found, "\n".join(found)


def _stale(form: Form) -> dict[str, str]:
    """Another version, basis or token than the page was made with."""
    return {
        one.name: str(int(one.value) + 7) if one.value.isdigit() else str(uuid4())
        for one in form.fields
        if one.kind == "hidden"
    }


def test_the_pages_of_an_empty_index_say_what_will_be_there(everybody: Client) -> None:
    faults: dict[str, list[str]] = defaultdict(list)
    for known in page_addresses():
        for address in known.addresses:
            answer = everybody.get(address)
            if answer.status_code not in (200, 302, 405) and known.name not in _ASKS:
                faults[known.name].append(f"answers {answer.status_code}")
            if not answer.streaming and answer["Content-Type"].startswith("text/html"):
                page = Read(answer.text)
                faults[known.name] += faults_of_text(page)
                faults[known.name] += re.findall(r"(?m)^0(?:\.0)?\s?%.*|.*\bof 0\b.*", page.text)
                faults[known.name] += [] if len(page.text) > 40 else ["is empty"] * (answer.status_code != 302)
                faults[known.name] += _bare_tables(answer.text)
    assert not any(faults.values()), "\n".join(f"{name}: {fault}" for name, found in faults.items() for fault in found)


def _bare_tables(html: str) -> list[str]:
    """Tables with a head and no row."""
    heads = re.findall(r"<thead>((?:(?!</thead>).)*)</thead>\s*<tbody>\s*</tbody>", html, re.DOTALL)
    return [f"a table without a row: {re.sub(r'<[^>]+>', ' ', head)}" for head in heads]
