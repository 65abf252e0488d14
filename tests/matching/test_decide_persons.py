"""Where a record belongs: link, join, review or new, with reasons, whatever the order of the candidates."""

from __future__ import annotations

import json

from matching.decide import Decision, Person, decide
from matching.join import Member, may_join, scored_pair
from matching.model_document import load_default
from matching.records import StandardRecord
from tests.matching.people import MARGARET, vary

MODEL = load_default()
BROTHER = vary(given="DANIEL", middle="", sex="M", birth_date="1973-06-01", ssn="601558877", emails=())
STRANGER = StandardRecord(
    name=vary(given="ROBERT", family="UNDERHILL").name, birth_date="1981-01-09", birth_year="1981", sex="M"
)
PLAIN = {"given": "THEODORA", "middle": "", "family": "ZYWICKI"}


def person(person_id: int, *records: StandardRecord, human: bool = False) -> Person:
    members = tuple(Member(person_id * 10 + place, record) for place, record in enumerate(records))
    return Person(person_id, members, human)


def decision(subject: StandardRecord, *persons: Person, **more: object) -> Decision:
    """Decide, and prove on the way that the order of the candidates changes nothing."""
    found = decide(Member(999, subject), persons, MODEL, **more)  # type: ignore[arg-type]
    assert found.to_document() == decide(Member(999, subject), persons[::-1], MODEL, **more).to_document()  # type: ignore[arg-type]
    return found


def codes(found: Decision) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_a_record_that_nobody_resembles_is_new() -> None:
    found = decision(MARGARET, person(1, STRANGER))
    assert (found.outcome, found.person_ids, found.review, found.grade) == ("new", (), (), "certainly-not")
    assert codes(found) == ["nobody-fits"]
    assert decide(Member(1, MARGARET), [], MODEL).outcome == "new"


def test_a_record_links_to_the_one_person_that_fits() -> None:
    found = decision(
        MARGARET, person(1, STRANGER), person(2, vary(given="PEGGY", source_system="LAB")), person(3, BROTHER)
    )
    assert (found.outcome, found.person_ids, found.grade) == ("link", (2,), "certain")
    assert found.supporting_record_id == 20
    assert found.model_hash == MODEL.content_hash


def test_a_link_can_leave_another_person_to_review() -> None:
    sister = vary(given="MARGRIT", ssn="", middle="")
    found = decision(MARGARET, person(1, vary(source_system="LAB")), person(2, sister))
    assert found.outcome == "link"
    assert [item.person_id for item in found.review] == [2]


def test_a_capped_pair_opens_a_review_with_its_reason() -> None:
    found = decision(vary(suffix="SR"), person(1, vary(suffix="JR")))
    assert (found.outcome, found.person_ids, found.grade) == ("review", (), "probable")
    assert codes(found) == ["held"]
    assert [reason.code for reason in found.review[0].verdict.vetoes] == ["suffix"]


def test_a_record_that_proves_two_persons_one_joins_them() -> None:
    by_phone = vary(**PLAIN, source_system="LAB", ssn="", addresses=(), emails=())
    by_mail = vary(**PLAIN, source_system="PORTAL", ssn="", addresses=(), phones=(), birth_date="1970-03-15")
    found = decision(vary(**PLAIN, ssn=""), person(1, by_phone), person(2, by_mail))
    assert (found.outcome, found.person_ids) == ("join", (1, 2))
    assert codes(found) == ["bridge"]


def test_two_persons_that_contradict_each_other_get_a_review_each_and_no_link() -> None:
    junior, senior = vary(suffix="JR", source_system="LAB"), vary(suffix="SR", source_system="PORTAL")
    found = decision(MARGARET, person(1, junior), person(2, senior))
    assert (found.outcome, found.person_ids) == ("review", ())
    assert codes(found) == ["several-fit"]
    assert {item.person_id for item in found.review} == {1, 2}


def test_one_contradicting_member_keeps_the_record_out() -> None:
    found = decision(vary(suffix="SR"), person(1, MARGARET, vary(suffix="JR", source_system="LAB")))
    assert found.outcome == "review"
    assert codes(found) == ["member-refuses"]
    assert [refusal.reason.code for refusal in found.fits[0].join.refusals] == ["suffix"]


def test_a_second_given_name_that_the_person_already_holds_is_no_news() -> None:
    known_as = vary(given="DOROTHY", middle="", source_system="LAB")
    without_ssn = vary(ssn="", middle="", source_system="PORTAL")
    found = decision(without_ssn, person(1, MARGARET, vary(known_as, ssn="")))
    assert found.outcome == "link", "the record agrees with one member, and the other is linked to that one"
    assert decision(without_ssn, person(1, vary(known_as, ssn=""))).outcome == "review"


def test_a_bridge_never_touches_a_person_a_human_decided_on() -> None:
    by_phone = vary(**PLAIN, source_system="LAB", ssn="", addresses=(), emails=())
    by_mail = vary(**PLAIN, source_system="PORTAL", ssn="", addresses=(), phones=())
    found = decision(vary(**PLAIN, ssn=""), person(1, by_phone, human=True), person(2, by_mail))
    assert found.outcome == "review"
    assert codes(found) == ["human-decided"]
    assert decision(vary(**PLAIN, ssn=""), person(1, by_phone, human=True)).outcome == "link"


def test_a_separation_is_honoured_for_ever_and_asks_no_reviewer() -> None:
    found = decision(MARGARET, person(1, vary(source_system="LAB")), separated=frozenset({(10, 999)}))
    assert (found.outcome, found.review) == ("new", ())


def test_separated_persons_are_not_joined_through_a_third_record() -> None:
    by_phone = vary(**PLAIN, source_system="LAB", ssn="", addresses=(), emails=())
    by_mail = vary(**PLAIN, source_system="PORTAL", ssn="", addresses=(), phones=())
    apart = frozenset({(10, 20)})
    found = decision(vary(**PLAIN, ssn=""), person(1, by_phone), person(2, by_mail), separated=apart)
    assert found.outcome == "review"
    assert {item.person_id for item in found.review} == {1, 2}


def test_a_nameless_newborn_links_to_the_sole_candidate_and_to_neither_of_two() -> None:
    child = vary(birth_date="2025-02-02", ssn="", middle="", emails=())
    newborn = vary(child, given="", newborn=True, source_system="LAB")
    twin = vary(child, given="DOROTHY")
    found = decision(newborn, person(1, child))
    assert (found.outcome, codes(found)) == ("link", ["sole-candidate"])
    assert decision(newborn, person(1, child), person(2, twin)).outcome == "review"


def test_an_update_says_whether_it_still_fits_its_person() -> None:
    home = Person(1, (Member(999, MARGARET), Member(11, vary(source_system="LAB"))))
    found = decision(MARGARET, home, current_person_id=1)
    assert (found.outcome, found.fits_current) == ("link", True)
    assert decision(STRANGER, home, current_person_id=1).fits_current is False
    assert decision(MARGARET, Person(1, (Member(999, MARGARET),)), current_person_id=1).outcome == "new"


def test_may_join_over_two_sets_asks_every_cross_pair() -> None:
    left = [Member(1, MARGARET), Member(2, vary(suffix="JR", source_system="LAB"))]
    right = [Member(3, vary(source_system="PORTAL")), Member(4, vary(suffix="SR", source_system="CLINIC"))]
    refused = may_join(left, right, MODEL, separated=frozenset())
    assert not refused.allowed
    assert refused.earned
    assert {(each.left_id, each.right_id) for each in refused.refusals} == {(2, 4)}
    assert may_join(left[:1], right, MODEL, separated=frozenset()).allowed
    apart = may_join(left[:1], right, MODEL, separated=frozenset({(1, 4)}))
    assert [refusal.reason.code for refusal in apart.refusals] == ["separated"]


def test_a_middle_name_that_differs_is_forgiven_in_every_order_or_in_none() -> None:
    """Nickname and address tie the first to the second, SSN and birth date the second to the third."""
    born = {"given": "CLARENCE", "family": "LEE", "birth_date": "1947-03-26", "sex": "M", "emails": ()}
    first = Member(1, vary(**born | {"given": "CLARE"}, middle="L", ssn="", source_system="NORTH"))
    second = Member(2, vary(**born, middle="", ssn="888378653", phones=("3316199484",), source_system="LAB"))
    third = Member(3, vary(**born, middle="A", ssn="888378653", source_system="HOSP"))
    assert "middle-differs" in {reason.code for reason in scored_pair(first, third, MODEL).verdict.vetoes}
    sets = (([first, second], [third]), ([second, third], [first]))
    assert [may_join(*both, MODEL, separated=frozenset()).allowed for both in sets] == [True, True]
    stranger = Member(3, vary(third.record, ssn="536221234", middle="A"))
    assert not may_join([second, stranger], [first], MODEL, separated=frozenset()).allowed


def test_a_pair_far_below_the_floor_refuses() -> None:
    verdict = may_join(
        [Member(1, MARGARET)], [Member(2, vary(source_system="LAB")), Member(3, STRANGER)], MODEL, separated=frozenset()
    )
    assert "floor" in {refusal.reason.code for refusal in verdict.refusals}


def test_the_document_shows_values_words_bits_and_masks_the_ssn() -> None:
    found = decision(MARGARET, person(1, vary(given="PEGGY", birth_date="1970-03-15", source_system="LAB")))
    document = json.loads(json.dumps(found.to_document()))
    evidence = document["considered"][0]["evidence"]
    rows = {row["comparison"]: row for row in evidence["comparisons"]}
    assert rows["given"]["left"] == "MARGARET"
    assert rows["given"]["right"] == "PEGGY"
    assert "nickname" in rows["given"]["words"]
    assert rows["birth_date"]["words"] == "birth date one typing error apart"
    assert rows["ssn"]["left"] == "***-**-1234"
    assert "536221234" not in json.dumps(document)
    total = evidence["prior_bits"] + sum(row["bits"] + row["frequency_bits"] for row in evidence["comparisons"])
    assert abs(total - evidence["match_weight_bits"]) < 1e-9


def test_fifty_poor_candidates_cost_no_evidence() -> None:
    crowd = [person(number, vary(STRANGER, given=f"NAME{number}")) for number in range(1, 51)]
    assert decide(Member(999, MARGARET), crowd, MODEL).fits == ()
