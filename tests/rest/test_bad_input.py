"""Bad input of any kind gets a clear 4xx that names what is wrong, and changes nothing. Never a 500."""

from __future__ import annotations

import json
import string
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpi.errors import MpiError
from mpi.interop.rest.reading import DEEPEST, LONGEST_TEXT, MOST_VALUES, json_object
from mpi.models import InboundMessage, SourceRecord
from tests.rest.callers import KATHERINE, Caller

GOOD = json.dumps(KATHERINE).encode()
BODIES = {
    "empty": (b"", 400),
    "blank": (b"  \n ", 400),
    "text": (b"hello", 400),
    "cut short": (GOOD[:-5], 400),
    "two documents": (GOOD + GOOD, 400),
    "trailing comma": (b'{"given_name": "A",}', 400),
    "single quotes": (b"{'given_name': 'A'}", 400),
    "array": (b"[]", 400),
    "number": (b"42", 400),
    "null": (b"null", 400),
    "string": (b'"text"', 400),
    "NaN": (b'{"birth_order": NaN}', 400),
    "infinity": (b'{"birth_order": -Infinity}', 400),
    "float overflow": (b'{"birth_order": 1e999}', 400),
    "huge number": (b'{"birth_order": ' + b"9" * 5000 + b"}", 400),
    "number of twenty digits": (b'{"birth_order": 12345678901234567890}', 400),
    "name twice": (b'{"given_name": "A", "given_name": "B"}', 400),
    "not UTF-8": (b'{"given_name": "\xff\xfe"}', 400),
    "UTF-16": ('{"given_name": "A"}'.encode("utf-16"), 400),
    "raw control character": (b'{"given_name": "A\x01"}', 400),
    "deep lists": (b'{"names": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "deep objects": (b'{"a":' * 3000 + b"1" + b"}" * 3000, 400),
    "quite deep": (b'{"names": ' + b"[" * 20 + b"]" * 20 + b"}", 400),
    "too large": (b'{"given_name": "' + b"A" * 1_100_000 + b'"}', 413),
    "NUL": (rb'{"given_name": "A\u0000B"}', 422),
    "escaped control character": (rb'{"given_name": "A\u001b[31m"}', 422),
    "half a surrogate pair": (rb'{"given_name": "\ud800"}', 422),
    "half a pair in a name": (rb'{"\udc00": "A"}', 422),
    "long text": (b'{"given_name": "' + b"A" * 501 + b'"}', 422),
    "many values": (json.dumps({"names": [{"given": "A"}] * 51}).encode(), 422),
    "many members": (json.dumps({f"m{n}": "" for n in range(60)}).encode(), 422),
    "member without a name": (b'{"": "A", "given_name": "A"}', 422),
    "no name": (b"{}", 422),
    "name is a number": (b'{"given_name": 5, "family_name": "A"}', 422),
    "name is an object": (b'{"given_name": {}, "family_name": "A"}', 422),
    "name is a list": (b'{"given_name": ["A"], "family_name": "A"}', 422),
    "names is an object": (b'{"names": {"given": "A"}}', 422),
    "names holds texts": (b'{"names": ["A"]}', 422),
    "names holds unknown parts": (b'{"names": [{"given": "A", "nick": "B"}]}', 422),
    "telecom without value": (b'{"given_name": "A", "telecoms": [{"kind": "phone"}]}', 422),
    "telecom of no kind": (b'{"given_name": "A", "telecoms": [{"kind": "fax", "value": "1"}]}', 422),
    "identifier without authority": (b'{"given_name": "A", "identifiers": [{"value": "1"}]}', 422),
    "multiple birth is a text": (b'{"given_name": "A", "multiple_birth": "yes"}', 422),
    "birth order is a text": (b'{"given_name": "A", "birth_order": "first"}', 422),
    "birth order is true": (b'{"given_name": "A", "birth_order": true}', 422),
    "sex is no code": (b'{"given_name": "A", "sex": "Z"}', 422),
    "time is none": (b'{"given_name": "A", "updated_at": "yesterday"}', 422),
    "time out of the calendar": (b'{"given_name": "A", "updated_at": "0001-01-01T00:00:00+14:00"}', 422),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_bad_body_is_refused_and_nothing_is_stored(caller: Caller, what: str) -> None:
    body, status = BODIES[what]
    answer = caller.call("PUT", "records/MERCY/1", raw=body)
    assert answer.status == status, answer.body
    assert answer.body["flaws"], "every refusal of a body names a flaw"
    assert all("mend" in flaw for flaw in answer.body["flaws"])
    assert not InboundMessage.objects.exists()
    assert not SourceRecord.objects.exists()


@pytest.mark.parametrize("what", [name for name, (_, status) in BODIES.items() if status in (400, 413)])
def test_a_bad_body_is_refused_by_match_and_by_acts_as_well(caller: Caller, what: str) -> None:
    body, status = BODIES[what]
    assert caller.call("POST", "match", raw=body).status == status
    assert caller.call("POST", "separations", raw=body).status == status
    assert caller.call("POST", "golden-records/search", raw=body).status == status


def test_a_break_in_the_json_is_named_by_line_and_column(caller: Caller) -> None:
    answer = caller.call("PUT", "records/MERCY/1", raw=b'{\n  "given_name": "A",\n  "sex" "F"\n}')
    (flaw,) = answer.body["flaws"]
    assert (flaw["line"], flaw["column"]) == (3, 9)


def test_several_flaws_are_named_at_once(caller: Caller) -> None:
    answer = caller.put("records/MERCY/1", {"given_name": 1, "colour": "red", "sex": ["F"]})
    assert {flaw["field"] for flaw in answer.body["flaws"]} == {"given_name", "colour", "sex"}


def test_a_byte_order_mark_does_no_harm(caller: Caller) -> None:
    assert caller.call("PUT", "records/MERCY/1", raw=b"\xef\xbb\xbf" + GOOD).status == 201


@pytest.mark.parametrize(
    "told", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "a/b/c", "\u00e9"]
)
def test_another_content_type_is_refused_and_the_right_one_named(caller: Caller, told: str) -> None:
    answer = caller.call("PUT", "records/MERCY/1", raw=GOOD, content_type=told)
    assert answer.status == 415
    assert "application/json" in answer.body["detail"]


@pytest.mark.parametrize("told", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_right_content_type_is_taken_in_any_writing(caller: Caller, told: str) -> None:
    assert caller.call("PUT", "records/MERCY/1", raw=GOOD, content_type=told).status == 201


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "match", "POST, OPTIONS"),
        ("DELETE", "match", "POST, OPTIONS"),
        ("PATCH", "records/MERCY/1", "GET, PUT, DELETE, HEAD, OPTIONS"),
        ("PUT", "records/batch", "POST, OPTIONS"),
        ("POST", "jobs", "GET, HEAD, OPTIONS"),
        ("TRACE", "jobs", "GET, HEAD, OPTIONS"),
        ("BREW", "jobs", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_answers_405_with_what_is_allowed(caller: Caller, method: str, path: str, allowed: str) -> None:
    answer = caller.call(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"] == allowed


def test_options_tells_what_is_allowed(caller: Caller) -> None:
    answer = caller.call("OPTIONS", "records/MERCY/1")
    assert (answer.status, answer.headers["Allow"]) == (204, "GET, PUT, DELETE, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "records/MERCY", "match/",
     "golden-records/%00", "golden-records/%FF", "golden-records/7QK4/merge/x",
     "golden-records/" + "7" * 3000, "records/MERCY/%00", "records/%00/1", "records/MERCY/" + "9" * 200,
     "records/MERCY/%20", "records/MERCY/a%0Ab%1B", "jobs/1", "messages/'%20OR%201=1", "potential-matches/x/resolve",
     "/api/", "/api/v2/match", "/api/v1"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_address_that_is_none_answers_404_or_405(caller: Caller, method: str, path: str) -> None:
    body = KATHERINE if method == "PUT" else None
    assert caller.call(method, path, body).status in (404, 405)


@pytest.mark.parametrize(
    "query",
    ["colour=red", "limit=", "limit=abc", "limit=99999999999999999999", "limit=1&limit=2", "cursor=%00", "cursor=é",
     "cursor=bnVsbA", "cursor=W10", "cursor=WzFlMzA4XQ",
     "cursor=WzE4NDQ2NzQ0MDczNzA5NTUxNjE2XQ", "cursor=" + "A" * 5000,
     "%00=1", "a" * 200 + "=1", "state=APPLIED", "state=%ED%A0%80", "job_id=1", "source_system=" + "x" * 501,
     "source_system=%00", "as_of=2026-01-01"],
)  # fmt: skip
def test_a_query_string_that_cannot_be_is_refused_by_name(caller: Caller, query: str) -> None:
    answer = caller.get(f"messages?{query}")
    if query == "limit=":
        assert answer.status == 200  # as if it were not there
        return
    assert answer.status == 422
    assert answer.body["flaws"][0]["mend"]


def test_as_of_is_refused_where_it_is_not_offered(caller: Caller) -> None:
    euid = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    answer = caller.get(f"golden-records/{euid}/history?as_of=2026-01-01T00:00:00Z")
    assert (answer.status, answer.body["flaws"][0]["field"]) == (422, "as_of")


@pytest.mark.parametrize("key", ["x" * 129, "a b", "clé", "\u00a0", "a\tb"])
def test_an_idempotency_key_that_cannot_be_is_refused(caller: Caller, key: str) -> None:
    answer = caller.put("records/MERCY/1", KATHERINE, Idempotency_Key=key)
    assert (answer.status, answer.body["flaws"][0]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=x"])
def test_whatever_accept_says_the_answer_is_json(caller: Caller, accept: str) -> None:
    assert caller.get("jobs", Accept=accept).status == 200
    assert caller.get("nothing", Accept=accept).status == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(string.ascii_lowercase + "_", max_size=12), inner)
    ),
    max_leaves=20,
)
FIELDS = st.sampled_from(
    ["given_name", "family_name", "birth_date", "ssn", "phone", "names", "addresses", "telecoms", "identifiers", "sex",
     "multiple_birth", "birth_order", "updated_at", "source_system", "mrn", "street", "deceased_date", "facility"]
)  # fmt: skip


@given(document=st.dictionaries(FIELDS, JSON | st.text(max_size=30), max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_document_makes_match_fail(caller: Caller, document: dict[str, object]) -> None:
    answer = caller.post("match", document)
    assert answer.status in (200, 400, 422)


@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300)
def test_no_bytes_make_the_reader_fail(body: bytes) -> None:
    try:
        document = json_object(body)
    except MpiError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.http_status in (400, 422)
        assert refusal.flaws
        return
    json.dumps(document, allow_nan=False).encode()
    assert _depth(document) <= DEEPEST


def _depth(value: object) -> int:
    if isinstance(value, dict):
        assert len(value) <= MOST_VALUES
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, str):
        assert len(value) <= LONGEST_TEXT
        value.encode()
    return 0


def test_a_number_with_strange_but_harmless_characters_works(caller: Caller) -> None:
    for mrn in ("A-1", "ü/7", "100 234", "a%b", "x'y"):
        assert caller.put(f"records/MERCY/{quote(mrn, safe='')}", KATHERINE).status == 201
        assert caller.get(f"records/MERCY/{quote(mrn, safe='')}").body["mrn"] == mrn
