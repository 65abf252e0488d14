"""The pages of a person and of a source record: household, questions, merges, who looked, versions, raw messages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from matching.records import PatientRecord
from mpi.commands import Actor
from mpi.models import GoldenRecord, InboundMessage, Link
from mpi.services.merge import merge_golden_records
from mpi.services.raw_message import masked_payload
from mpi.services.relationship import relate
from mpi.services.undo import undo_event
from mpi.services.upsert import upsert_record
from mpi.services.vip import mark_vip

from .conftest import People, told

pytestmark = pytest.mark.django_db

SignIn = Callable[[str], Client]


def _tell(actor: Actor, *records: PatientRecord) -> None:
    for record in records:
        upsert_record(record=record, source_time=None, actor=actor)


def _merged(people: People, steward: Actor):
    sides = [GoldenRecord.objects.get(pk=one.pk) for one in (people.margaret, people.marjorie)]
    return merge_golden_records(
        survivor_euid=sides[0].euid,
        retired_euid=sides[1].euid,
        versions={side.euid: side.version for side in sides},
        reason_code="documents-seen",
        reason="Passport seen",
        actor=steward,
    )


def _text(browser: Client, name: str, *parameters: object, **query: object) -> str:
    answer = browser.get(reverse(name, args=parameters), query)
    assert answer.status_code == 200
    return answer.content.decode()


def _section(text: str, label: str) -> str:
    start = text.index(f'aria-label="{label}"')
    return text[start : text.index("</section>", start)]


def test_a_household_is_everybody_at_the_place_whatever_the_name_and_each_is_read(people, sign_in, his_client):
    """A lodger of another name, initial and telephone is found; a flat of its own is another place."""
    lodger = told("CLINIC", "CN-1", given="Zacharias", family="Quint", middle="", birth_date="1940-01-01", phone="")
    upper = {"family": "Upper", "birth_date": "1950-01-01", "phone": ""}
    flat = told("CLINIC", "CN-2", given="Yves", street="18 Orchard Ln Apt 4", **upper)
    above = told("CLINIC", "CN-3", given="Xenia", street="18 Orchard Ln Apt 9", **upper)
    _tell(his_client, lodger, flat, above)
    section = _section(_text(sign_in("clerk"), "golden-household", people.margaret.euid), "Household")
    assert "QUINT, Zacharias" in section
    assert "31 years older" in section
    assert 'aria-label="Household by year of birth and shared places.' in section
    lodgers = GoldenRecord.objects.get(family_name="QUINT").euid
    event = AuditEvent.objects.get(action="person.shown")
    assert f"golden_record:{lodgers}" in event.subjects
    assert event.detail == {"beside": people.margaret.euid}

    yves = GoldenRecord.objects.get(given_name="YVES").euid
    section = _section(_text(sign_in("steward"), "golden-household", yves), "Household")
    assert "QUINT, Zacharias" in section  # whoever leaves the flat out may live in it
    assert "Xenia" not in section


def test_the_slider_works_as_a_plain_form_and_shows_the_moment_alone_to_htmx(people, sign_in, his_client):
    _tell(his_client, told("GENHOSP", "GH-4711", ssn="412558801", street="9 Linden Way"))
    browser = sign_in("clerk")
    page = _text(browser, "golden-as-of", people.margaret.euid)
    slider = re.search(r"<input[^>]*type=\"range\"[^>]*>", page)
    assert slider is not None
    last = int(re.search(r'max="(\d+)"', slider.group()).group(1))
    assert last >= 3
    then = _text(browser, "golden-as-of", people.margaret.euid, step=1)
    assert f"Moment 1 of {last}" in then
    assert 'rel="next"' in then
    assert 'rel="prev"' not in then
    newest = _text(browser, "golden-as-of", people.margaret.euid, step=last)
    assert "9 Linden Way" in _section(newest, "Values then")
    assert "9 Linden Way" not in re.sub(r"<td data-label=\"Now\">.*?</td>", "", _section(then, "Values then"))
    address = reverse("golden-as-of", args=[people.margaret.euid])
    part = browser.get(address, {"step": 1}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Values then" in part
    for step in ("0", "99", "x"):
        assert browser.get(address, {"step": step}).status_code == 422


def test_a_merge_says_who_and_why_and_its_undo_shows_what_comes_back(people, sign_in, steward):
    act = _merged(people, steward)
    browser = sign_in("steward")
    for euid, words in ((people.margaret.euid, "merged into this one"), (people.marjorie.euid, "merged into <a")):
        page = _section(_text(browser, "golden-merges", euid), "Merges")
        for part in (words, "Identity documents seen: Passport seen", "1 source record came along", "Unmerge"):
            assert part in page
    page = _text(browser, "undo", act.event_uuid)
    assert "gets 1 source record back" in _section(page, "What comes back")
    assert "open again" in page
    undo_event(event_uuid=act.event_uuid, reason="the wrong row", actor=steward)
    page = _section(_text(browser, "golden-merges", people.margaret.euid), "Merges")
    assert "Undone, a slip" in page
    assert "the wrong row" in page
    assert "Unmerge" not in page
    assert "undone this act already" in _text(browser, "undo", act.event_uuid)


def test_a_clerk_sees_merges_and_no_button_that_would_be_refused(people, sign_in, steward):
    _merged(people, steward)
    browser = sign_in("clerk")
    for name in ("golden-merges", "golden-history"):
        page = _text(browser, name, people.margaret.euid)
        assert "Passport seen" in page
        assert reverse("undo", args=["00000000-0000-0000-0000-000000000000"])[:20] not in page


def test_a_vip_says_so_on_each_page_and_an_undo_that_two_people_are_asked(people, sign_in, steward, supervisor):
    act = _merged(people, steward)
    mark_vip(euid=people.margaret.euid, reason="Works here.", actor=supervisor)
    browser = sign_in("steward")
    for name in PAGES:
        assert "Works here." in _text(browser, name, people.margaret.euid), name
    assert "Mark as VIP" not in _text(browser, "golden-record", people.marjorie.euid)
    assert "VIP mark…" in _text(sign_in("supervisor"), "golden-record", people.margaret.euid)
    for name in ("undo", "unmerge"):
        assert "Two people are asked here" in _text(browser, name, act.event_uuid)
    answer = browser.post(reverse("undo", args=[act.event_uuid]), {"reason": "the wrong row"})
    assert answer.status_code == 409
    assert GoldenRecord.objects.get(pk=people.marjorie.pk).status == "merged"


def test_a_sister_is_shown_and_counts_as_looked_at(people, sign_in, steward):
    relate(
        from_euid=people.marjorie.euid,
        to_euid=people.margaret.euid,
        kind="sibling",
        reason="Both said so.",
        actor=steward,
    )
    browser = sign_in("clerk")
    for name in ("golden-record", "golden-household"):
        section = _section(_text(browser, name, people.margaret.euid), "Relationships")
        assert "HOLLOWAY, Marjorie" in section
        assert "Both said so." in section
    shown = AuditEvent.objects.filter(action="person.shown", actor_id="clerk")
    assert all(f"golden_record:{people.marjorie.euid}" in event.subjects for event in shown)
    assert shown.count() == 2


def test_questions_open_and_answered_stand_on_a_page_with_who_answered_and_why(people, sign_in, steward):
    browser = sign_in("steward")
    assert "HOLLOWAY, Marjorie" in _section(_text(browser, "golden-questions", people.margaret.euid), "Open questions")
    _merged(people, steward)
    page = _text(browser, "golden-questions", people.margaret.euid)
    assert "No open question" in _section(page, "Open questions")
    assert "another act made the two one" in _section(page, "Asked before")


def test_who_looked_names_each_reader_with_reasons_and_only_to_those_who_may_read_the_log(people, sign_in, steward):
    reader = sign_in("steward")
    reader.get(reverse("golden-record", args=[people.margaret.euid]))
    reader.get(reverse("golden-record", args=[people.marjorie.euid]))
    reader.post(reverse("unmask", args=[people.record.pk]), {"reason": "Insurance asks for it"})
    assert reader.get(reverse("golden-who-looked", args=[people.margaret.euid])).status_code == 403
    assert "Who looked" not in _text(reader, "golden-record", people.margaret.euid)
    _merged(people, steward)
    page = _text(sign_in("compliance officer"), "golden-who-looked", people.margaret.euid)
    readers = _section(page, "Readers")
    assert "Steward" in readers
    assert "Golden record shown beside another one" in readers  # on the page of the one merged since
    assert "Insurance asks for it" in _section(page, "Each look")
    assert "Golden record recomputed" not in page  # a change is no look
    event = AuditEvent.objects.get(action="audit.who_looked")
    assert event.subject_id == people.margaret.euid


def test_versions_side_by_side_mark_what_differs_and_never_take_two_numbers_for_one(people, sign_in, his_client):
    changed = told("CLINIC", "CN-0815", ssn="512558801", phone="603-555-0114", street="18 Orchard Lane")
    _tell(his_client, changed)
    page = _text(sign_in("steward"), "source-record-versions", people.record.pk)
    table = _section(page, "Side by side")
    assert "another number, with the same last four" in table
    street = table[table.index("Address") : table.index("Phone")]
    assert "<mark>" in street
    assert "= " in table or ">=<" in table
    assert "412558801" not in page
    assert "512558801" not in page
    answer = sign_in("clerk").get(reverse("source-record-versions", args=[people.record.pk]), {"first": 9, "second": 1})
    assert answer.status_code == 422


def test_a_list_in_another_order_is_no_change(people, sign_in, his_client):
    first = told("CLINIC", "CN-7", given="Otis", family="Vale", birth_date="1960-02-02")
    second = told("CLINIC", "CN-7", given="Otis", family="Vale", birth_date="1960-02-02", phone="603-555-0999")
    both = PatientRecord(**{**_fields(first), "telecoms": (*first.telecoms, *second.telecoms)})
    turned = PatientRecord(**{**_fields(first), "telecoms": (*second.telecoms, *first.telecoms), "sex": "M"})
    _tell(his_client, both, turned)
    record = Link.objects.get(source_record__mrn="CN-7", ended_at=None).source_record_id
    newest = _section(_text(sign_in("clerk"), "source-record", record), "Versions").split("Version 1")[0]
    assert "Sex" in newest
    assert "Phone" not in newest


def _fields(record: PatientRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in PatientRecord.__slots__}


def test_a_message_is_shown_once_masked_for_a_reason_that_is_kept(people, sign_in):
    message = InboundMessage.objects.get(source_record_id=people.record.pk)
    address = reverse("raw-message", args=[message.uuid])
    browser = sign_in("steward")
    assert "Orchard" not in browser.get(address).content.decode()
    assert browser.post(address, {"reason": ""}).status_code == 422
    assert not AuditEvent.objects.filter(action="message.revealed").exists()
    text = browser.post(address, {"reason": "The clinic disputes the number"}).content.decode()
    assert "18 Orchard Ln" in text
    assert "•••-••-8801" in text
    assert "412558801" not in text
    event = AuditEvent.objects.get(action="message.revealed")
    assert event.reason_text == "The clinic disputes the number"
    assert f"golden_record:{people.margaret.euid}" in event.subjects
    assert "18 Orchard" not in str(event.detail)
    assert sign_in("clerk").get(address).status_code == 403


@pytest.mark.parametrize(
    "payload",
    [
        b'{"flat": {"ssn": "412-55-8801", "given_name": "Ann 412558801", "family_name": "412 55 8801"}}',
        b'{"record": {"identifiers": [{"authority": "SSA", "value": "412558801"}], "note": "412.55.8801"}}',
        b'{"record": {"names": [{"family": "SSN 412-55-8801"}]}}',
        b"PID|1||412-55-8801 and 412558801",
    ],
)
def test_no_whole_government_number_leaves_a_message_wherever_it_stands(payload):
    text, masked = masked_payload(payload)
    assert masked >= 1
    assert "41255" not in re.sub(r"[-. ]", "", text)
    assert "8801" in text


PAGES = ("golden-record", "golden-household", "golden-questions", "golden-merges", "golden-history", "golden-as-of")


def test_no_page_of_a_person_asks_more_for_more_rows(people, sign_in, his_client, steward):
    """The same count for 3 and for 12: residents, members, questions, merges, versions, readers."""
    _grow(people, his_client, steward, 1)
    browsers = {"steward": sign_in("steward"), "compliance officer": sign_in("compliance officer")}
    few = _counts(people, browsers)
    for turn in range(2, 5):
        _grow(people, his_client, steward, turn)
    many = _counts(people, browsers)
    assert {name: count for name, count in many.items() if count > few[name]} == {}
    assert max(many.values()) <= 30, many


def _grow(people: People, his_client: Actor, steward: Actor, turn: int) -> None:
    """Three more of everything."""
    for number in range(3):
        mrn, digit = f"{turn}{number}", 10 * turn + number
        _tell(
            his_client,
            told("CLINIC", f"CN-A{mrn}", ssn="412558801", phone=f"603-555-02{digit}"),
            told("CLINIC", "CN-0815", ssn="412558801", phone=f"603-555-03{digit}"),
            told("CLINIC", f"CN-B{mrn}", given=f"Q{mrn}", family=f"Zed{mrn}", birth_date=f"19{digit}-01-01", phone=""),
            told("GENHOSP", f"GH-C{mrn}", given=f"Marj{'aeiou'[number]}{'rst'[turn % 3]}", middle=""),
        )
        sides = list(GoldenRecord.objects.filter(given_name__startswith="Q", status="provisional").order_by("-pk")[:1])
        sides.append(GoldenRecord.objects.get(pk=people.margaret.pk))
        merge_golden_records(
            survivor_euid=sides[1].euid,
            retired_euid=sides[0].euid,
            versions={side.euid: side.version for side in sides},
            reason_code="documents-seen",
            reason="",
            actor=steward,
        )


def _counts(people: People, browsers: dict[str, Client]) -> dict[str, int]:
    addresses = {name: ("steward", reverse(name, args=[people.margaret.euid])) for name in PAGES}
    addresses["then"] = ("steward", reverse("golden-as-of", args=[people.margaret.euid]) + "?step=2")
    addresses["who-looked"] = ("compliance officer", reverse("golden-who-looked", args=[people.margaret.euid]))
    for name in ("source-record", "source-record-versions"):
        addresses[name] = ("steward", reverse(name, args=[people.record.pk]))
    addresses["decision"] = ("steward", reverse("decision", args=[people.record.decisions.latest("pk").uuid]))
    message = InboundMessage.objects.filter(source_record_id=people.record.pk).latest("pk")
    addresses["raw-message"] = ("steward", reverse("raw-message", args=[message.uuid]))
    found = {}
    for name, (role, address) in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            assert browsers[role].get(address).status_code == 200, name
        found[name] = len(queries)
    return found


def test_no_address_of_the_new_pages_names_a_person_or_number(people, sign_in, steward):
    _merged(people, steward)
    browser = sign_in("steward")
    for name in PAGES:
        for address in re.findall(r'(?:href|action|hx-get)="([^"]*)"', _text(browser, name, people.margaret.euid)):
            assert not re.search(r"holloway|margaret|4711|0815|8801|1971", address, re.IGNORECASE), address
