"""Golden records, search and cross-references."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.models import GoldenRecord
from tests.rest.callers import KATHERINE, MARCUS, Caller, merge


@pytest.fixture
def katherine(caller: Caller) -> str:
    """Katherine, known to two hospitals."""
    caller.put("records/MERCY/1", KATHERINE)
    return str(caller.put("records/GRACE/7", KATHERINE).body["euid"])


def test_a_golden_record_shows_values_with_their_provenance(caller: Caller, katherine: str) -> None:
    body = caller.get(f"golden-records/{katherine}").body
    assert body["euid"] == body["requested_euid"] == katherine
    assert body["merged_into"] is None
    assert (body["status"], body["source_record_count"]) == ("confirmed", 2)
    assert body["values"]["birth_date"] == "1971-03-09"
    assert body["provenance"]["birth_date"]["source_system"] == "MERCY"
    assert body["values"]["ssn"].endswith("8145")


def test_no_key_of_the_database_and_no_index_leaves_with_the_provenance(caller: Caller, katherine: str) -> None:
    raw = caller.get(f"golden-records/{katherine}").raw.decode()
    assert "record_id" not in raw
    assert '"index"' not in raw
    assert "enc:" not in raw
    assert "536228145" not in raw.replace("-", "")


@pytest.mark.parametrize("form", [str.lower, lambda euid: euid.replace("-", "")])
def test_an_euid_is_taken_in_any_form(caller: Caller, katherine: str, form: object) -> None:
    assert caller.get(f"golden-records/{form(katherine)}").body["euid"] == katherine  # type: ignore[operator]


def test_a_mistyped_euid_is_told_apart_from_an_unknown_one(caller: Caller, katherine: str) -> None:
    wrong = ("1" if katherine[0] != "1" else "2") + katherine[1:]
    answer = caller.get(f"golden-records/{wrong}")
    assert answer.status == 404
    assert answer.body["flaws"][0]["field"] == "euid"


def test_a_merged_euid_answers_its_survivor_and_says_so(caller: Caller, katherine: str) -> None:
    other = caller.put("records/LAB/3", MARCUS).body["euid"]
    merge(caller, survivor=katherine, retired=other)
    body = caller.get(f"golden-records/{other}").body
    assert body["euid"] == body["merged_into"] == katherine
    assert body["requested_euid"] == other


def test_members_come_in_pages_that_miss_none(caller: Caller, katherine: str) -> None:
    first = caller.get(f"golden-records/{katherine}/source-records?limit=1").body
    second = caller.get(f"golden-records/{katherine}/source-records?limit=1&cursor={first['next']}").body
    numbers = [(row["source_system"], row["mrn"]) for row in first["items"] + second["items"]]
    assert numbers == [("MERCY", "1"), ("GRACE", "7")]
    assert second["next"] is None
    assert second["items"][0]["link"]["supporting_record"] == {"source_system": "MERCY", "mrn": "1"}


def test_history_names_acts_and_versions_name_states(caller: Caller, katherine: str) -> None:
    other = caller.put("records/LAB/3", MARCUS).body["euid"]
    act = merge(caller, survivor=katherine, retired=other)
    events = caller.get(f"golden-records/{other}/history").body["items"]
    assert events[0]["id"] == act["event_id"]
    assert events[0]["kind"] == "merge"
    assert set(events[0]["euids"]) == {katherine, other}
    versions = caller.get(f"golden-records/{other}/versions").body["items"]
    assert versions[0]["status"] == "merged"
    assert "enc:" not in str(versions)


def test_history_comes_in_pages(caller: Caller, katherine: str) -> None:
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way"})
    whole = caller.get(f"golden-records/{katherine}/versions").body["items"]
    assert len(whole) > 1
    path, seen, cursor = f"golden-records/{katherine}/versions?limit=1", [], ""
    while cursor is not None:
        page = caller.get(path + (f"&cursor={cursor}" if cursor else "")).body
        seen += page["items"]
        cursor = page["next"]
    assert seen == whole


def test_search_by_body_finds_by_prefix_whatever_case_and_accents(caller: Caller, katherine: str) -> None:
    caller.put("records/LAB/3", MARCUS)
    found = caller.post("golden-records/search", {"family_name": "óyel", "given_name": "kath"}).body["items"]
    assert [person["euid"] for person in found] == [katherine]


def test_search_by_address_gives_the_same(caller: Caller, katherine: str) -> None:
    found = caller.get("golden-records?family_name=Oyelaran&birth_date=1971-03-09").body["items"]
    assert [person["euid"] for person in found] == [katherine]


def test_every_person_shown_by_a_search_is_audited_as_searched(caller: Caller, katherine: str) -> None:
    caller.post("golden-records/search", {"family_name": "oyelaran"})
    subjects = set(AuditEvent.objects.filter(action="person.searched").values_list("subject_id", flat=True))
    assert subjects == {"", katherine.replace("-", "")}


def test_search_pages_miss_nobody_and_their_cursor_holds_no_name(caller: Caller) -> None:
    for number in range(5):
        years = {
            "given_name": f"Ada{'bcdef'[number]}",
            "family_name": "Quill",
            "birth_date": f"19{50 + 7 * number}-05-05",
        }
        caller.put(f"records/LAB/{number}", years)
    seen, cursor = [], None
    while True:
        body = {"family_name": "Quill", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = caller.post("golden-records/search", body).body
        seen += [person["euid"] for person in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(cursor) < 12
    assert len(seen) == len(set(seen)) == GoldenRecord.objects.count() == 5


def test_a_search_for_nothing_is_refused(caller: Caller) -> None:
    assert caller.post("golden-records/search", {}).status == 422
    assert caller.get("golden-records").status == 422


@pytest.mark.parametrize("told", ["1971-3-9", "1971", "09/03/1971", "1971-02-30"])
def test_a_search_date_that_is_none_is_refused(caller: Caller, told: str) -> None:
    answer = caller.post("golden-records/search", {"birth_date": told})
    assert answer.status == 422
    assert answer.body["flaws"][0]["field"] == "birth_date"


def test_cross_references_name_the_numbers_elsewhere(caller: Caller, katherine: str) -> None:
    body = caller.get("cross-references?system=MERCY&mrn=1").body
    assert body["euid"] == katherine
    assert [(row["source_system"], row["mrn"]) for row in body["cross_references"]] == [("GRACE", "7")]
    assert body["cross_references"][0]["authority"] == "GRACE"
    event = AuditEvent.objects.get(action="cross_reference.read")
    assert event.subject_id == katherine.replace("-", "")


def test_cross_references_of_a_target_leave_out_the_rest(caller: Caller, katherine: str) -> None:
    assert caller.get("cross-references?system=MERCY&mrn=1&target=LAB").body["cross_references"] == []
    assert len(caller.get("cross-references?system=MERCY&mrn=1&target=GRACE").body["cross_references"]) == 1


def test_cross_references_refuse_what_they_do_not_know(caller: Caller, katherine: str) -> None:
    assert caller.get("cross-references?system=MERCY&mrn=nobody").status == 404
    assert caller.get("cross-references?system=MERCY&mrn=1&target=NOWHERE").status == 422
    missing = caller.get("cross-references?mrn=1")
    assert (missing.status, missing.body["flaws"][0]["field"]) == (422, "system")
