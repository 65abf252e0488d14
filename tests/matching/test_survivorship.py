"""Golden demographics: one value a field, with its reason, whatever the order of the members."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.records import Address, Identifier, Name, PatientRecord, Telecom
from matching.standardise import standardise
from matching.survivorship import (
    DEFAULT_RULES,
    FIELDS,
    NEWBORN_KEY,
    FieldValue,
    LosingValue,
    Member,
    Override,
    Survived,
    SurvivorshipRules,
    SurvivorshipRulesError,
    member_values,
    survive,
)
from matching.survivorship_values import presentable


def told(**more: object) -> dict[str, FieldValue]:
    record = PatientRecord("A", "1", **more)  # type: ignore[arg-type]
    return member_values(record, standardise(record))


def member(
    record_id: int, *, system: str = "A", rank: int = 1, at: str = "2024-01-01", verified: str = "", **values: str
) -> Member:
    """A member whose values stand for themselves."""
    fields = {name: FieldValue(value.title(), value.upper()) for name, value in values.items()}
    return Member(record_id, system, f"M{record_id}", rank, at, fields, frozenset(filter(None, [verified])))


def family(*members: Member, rules: SurvivorshipRules = DEFAULT_RULES) -> tuple[object, str]:
    survived = survive(members, rules)
    return survived.values["family_name"], survived.provenance["family_name"].criterion


def test_the_only_value_survives() -> None:
    survived = survive([member(1, family_name="smith"), member(2, given_name="ann")], DEFAULT_RULES)
    assert survived.values == {"family_name": "Smith", "given_name": "Ann"}
    provenance = survived.provenance["family_name"]
    assert (provenance.record_id, provenance.source_system, provenance.mrn) == (1, "A", "M1")
    assert (provenance.criterion, provenance.agreeing, provenance.losing) == ("only", (1,), ())


def test_the_value_of_most_source_systems_survives_and_the_others_are_kept_as_losing() -> None:
    survived = survive(
        [
            member(1, system="A", rank=0, family_name="smyth"),
            member(2, system="B", rank=5, family_name="smith"),
            member(3, system="C", rank=5, family_name="smith"),
        ],
        DEFAULT_RULES,
    )
    provenance = survived.provenance["family_name"]
    assert survived.values["family_name"] == "Smith"
    assert (provenance.criterion, provenance.agreeing) == ("agreement", (2, 3))
    assert provenance.losing == (LosingValue("Smyth", (1,)),)


def test_many_records_of_one_system_do_not_outvote_two_systems() -> None:
    crowd = [member(n, system="A", family_name="smyth") for n in (1, 2, 3)]
    pair = [member(4, system="B", family_name="smith"), member(5, system="C", family_name="smith")]
    assert family(*crowd, *pair) == ("Smith", "agreement")


def test_a_trusted_source_decides_between_equals_then_the_newer_record_then_the_lower_id() -> None:
    trusted = member(2, system="B", rank=0, family_name="smith")
    assert family(member(1, rank=1, family_name="smyth"), trusted) == ("Smith", "source_rank")
    newer = member(2, system="B", at="2024-06-01", family_name="smith")
    assert family(member(1, family_name="smyth"), newer) == ("Smith", "recency")
    assert family(member(2, system="B", family_name="smith"), member(1, family_name="smyth")) == ("Smyth", "record_id")


def test_a_verified_value_stands_over_agreement() -> None:
    verified = member(3, system="C", verified="family_name", family_name="smyth")
    others = [member(1, system="A", family_name="smith"), member(2, system="B", family_name="smith")]
    assert family(*others, verified) == ("Smyth", "verified")


def test_an_address_is_the_newest_one() -> None:
    old = Member(1, "A", "1", 0, "2020", {"address": FieldValue({"street": "1 Elm", "city": "X"}, "1")})
    new = Member(2, "B", "2", 9, "2024", {"address": FieldValue({"street": "2 Oak"}, "2")})
    survived = survive([old, new], DEFAULT_RULES)
    assert survived.values["address"] == {"street": "2 Oak"}
    assert survived.provenance["address"].criterion == "recency"


def test_a_name_stands_over_its_initial_and_a_whole_date_over_a_year() -> None:
    survived = survive(
        [
            member(1, system="A", rank=0, given_name="j", birth_date="1980"),
            member(2, system="B", rank=0, given_name="j", birth_date="1980"),
            member(3, system="C", rank=9, given_name="john", birth_date="1980-02-03"),
        ],
        DEFAULT_RULES,
    )
    assert (survived.values["given_name"], survived.values["birth_date"]) == ("John", "1980-02-03")
    assert survived.provenance["given_name"].criterion == "completeness"


def test_a_newborn_name_loses_against_any_real_name_and_survives_alone() -> None:
    newborn = Member(1, "A", "1", 0, "2024", {"given_name": FieldValue("Baby Boy", NEWBORN_KEY)}, frozenset(FIELDS))
    alone = survive([newborn], DEFAULT_RULES)
    assert alone.values["given_name"] == "Baby Boy"
    both = survive([newborn, member(2, system="B", rank=9, at="2020", given_name="l")], DEFAULT_RULES)
    assert (both.values["given_name"], both.provenance["given_name"].criterion) == ("L", "newborn")


def test_a_former_name_never_survives_as_current() -> None:
    married = Member(3, "C", "3", 9, "2024", {
        "family_name": FieldValue("Jones", "JONES"), "previous_family_name": FieldValue("Brown", "BROWN"),
    })  # fmt: skip
    before = [member(n, system=system, at="2020", family_name="brown") for n, system in ((1, "A"), (2, "B"))]
    survived = survive([*before, married], DEFAULT_RULES)
    assert survived.values["family_name"] == "Jones"
    assert survived.provenance["family_name"].criterion == "former"
    assert survived.values["previous_family_name"] == "Brown"
    assert survived.provenance["previous_family_name"].agreeing == (1, 2, 3)


def test_a_name_taken_back_later_is_current_and_no_previous_name() -> None:
    married = Member(1, "A", "1", 1, "2020", {
        "family_name": FieldValue("Jones", "JONES"), "previous_family_name": FieldValue("Brown", "BROWN"),
    })  # fmt: skip
    survived = survive([married, member(2, at="2024", family_name="brown")], DEFAULT_RULES)
    assert survived.values["family_name"] == "Brown"
    assert survived.values["previous_family_name"] == "Jones"


def test_an_older_differing_surname_becomes_the_previous_one_but_a_misspelling_does_not() -> None:
    older = member(1, at="2020", family_name="brown")
    newer = member(2, at="2024", family_name="jones")
    assert survive([older, newer], DEFAULT_RULES).values["previous_family_name"] == "Brown"
    misspelt = member(1, at="2020", family_name="joness")
    assert "previous_family_name" not in survive([misspelt, newer], DEFAULT_RULES).values
    later = member(1, system="B", rank=9, at="2025", family_name="brown")
    by_rank = survive([later, newer], DEFAULT_RULES)
    assert by_rank.values["family_name"] == "Jones"
    assert "previous_family_name" not in by_rank.values


def test_an_override_stands_over_everything_and_shows_what_it_replaced() -> None:
    override = Override("family_name", "Smythe", "passport seen", "steward", "2030-01-01")
    survived = survive([member(1, family_name="smith")], DEFAULT_RULES, [override])
    provenance = survived.provenance["family_name"]
    assert survived.values["family_name"] == "Smythe"
    assert (provenance.criterion, provenance.record_id, provenance.override) == ("override", None, override)
    assert provenance.losing == (LosingValue("Smith", (1,)),)


def test_the_last_of_several_overrides_counts_and_an_unknown_field_is_refused() -> None:
    overrides = [Override("sex", "F", "", "a"), Override("sex", "M", "", "b")]
    assert survive([], DEFAULT_RULES, overrides).values == {"sex": "M"}
    with pytest.raises(SurvivorshipRulesError, match="shoe_size"):
        survive([], DEFAULT_RULES, [Override("shoe_size", "43", "", "a")])


def test_nobody_has_no_demographics() -> None:
    assert survive([], DEFAULT_RULES) == Survived()


VALUES = st.sampled_from(["SMITH", "SMYTH", "JONES", "BROWN", "J", NEWBORN_KEY])
MEMBERS = st.lists(
    st.builds(
        lambda system, rank, at, values, verified: Member(
            0,
            system,
            "",
            rank,
            at,
            {name: FieldValue(f"{key} {system}", key) for name, key in values.items()},
            verified,
        ),
        st.sampled_from("ABC"),
        st.integers(0, 2),
        st.sampled_from(["2020", "2021", "2022"]),
        st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6),
        st.frozensets(st.sampled_from(FIELDS), max_size=2),
    ),
    max_size=6,
)


@settings(max_examples=200)
@given(members=MEMBERS, data=st.data())
def test_the_order_of_the_members_changes_nothing(members: list[Member], data: st.DataObject) -> None:
    numbered = [
        Member(n, one.source_system, str(n), one.rank, one.updated_at, one.values, one.verified)
        for n, one in enumerate(members)
    ]
    survived = survive(numbered, DEFAULT_RULES)
    assert survive(data.draw(st.permutations(numbered)), DEFAULT_RULES) == survived
    for name, provenance in survived.provenance.items():
        losers = {record_id for losing in provenance.losing for record_id in losing.record_ids}
        assert provenance.record_id in provenance.agreeing
        assert not losers & set(provenance.agreeing) or name == "previous_family_name"


def test_rules_go_to_a_document_and_back() -> None:
    assert SurvivorshipRules.from_document(DEFAULT_RULES.to_document()) == DEFAULT_RULES


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": ""}, "“version” is no name"),
        ({"fields": None}, "“fields” are missing"),
        ({"shoes": 1}, "“shoes” is not a part"),
        ({"fields": {"shoe_size": ["recency"]}}, "shoe_size"),
        ({"fields": {name: ["recency"] for name in FIELDS[1:]}}, "“fields.family_name” has no criteria"),
        ({"fields": {name: ["magic"] for name in FIELDS}}, "unknown criterion; list some of verified"),
        ({"fields": {name: ["recency", "recency"] for name in FIELDS}}, "twice"),
    ],
)
def test_bad_rules_are_refused_with_the_reason(change: dict[str, object], words: str) -> None:
    with pytest.raises(SurvivorshipRulesError, match=words):
        SurvivorshipRules.from_document({**DEFAULT_RULES.to_document(), **change})


def test_every_flaw_of_bad_rules_is_named_with_its_field_and_mend() -> None:
    fields = {**DEFAULT_RULES.to_document()["fields"], "sex": [], "phone": ["luck"], "shoe_size": ["recency"]}
    with pytest.raises(SurvivorshipRulesError) as refused:
        SurvivorshipRules.from_document({"version": "v", "fields": fields})
    assert [flaw.field for flaw in refused.value.flaws] == ["fields.shoe_size", "fields.sex", "fields.phone"]
    assert all(flaw.problem and flaw.mend for flaw in refused.value.flaws)


def test_the_values_of_a_record_are_shown_as_told_and_keyed_by_their_standard_form() -> None:
    values = told(
        names=(Name("O'NEILL-SMITH JR", "DR. MARY ANN", "l"), Name("van der Berg", use="maiden")),
        birth_date="02/03/1980",
        sex="female",
        addresses=(Address("1 Elm St", use="old"), Address("12 Oak Ave\nApt 3", "Boston", "Massachusetts", "2110")),
        telecoms=(
            Telecom("phone", "6175550199", "old"),
            Telecom("phone", "(617) 555 0100"),
            Telecom("email", "A@B.org"),
        ),
        identifiers=(Identifier("SSA", "536904399", "SS"),),
        mothers_maiden_name="MCDONALD",
    )
    assert {name: (value.value, value.key) for name, value in values.items()} == {
        "family_name": ("O'Neill-Smith", "ONEILL SMITH"),
        "given_name": ("Mary", "MARY"),
        "middle_name": ("Ann L", "ANN L"),
        "suffix": ("Jr", "JR"),
        "birth_date": ("1980-02-03", "1980-02-03"),
        "sex": ("F", "F"),
        "ssn": ("536904399", "536904399"),
        "address": (
            {"street": "12 Oak Ave, Apt 3", "city": "Boston", "state": "MA", "postal_code": "02110", "country": ""},
            "12 OAK AVE|3|02110",
        ),
        "phone": ("617-555-0100", "6175550100"),
        "email": ("a@b.org", "a@b.org"),
        "previous_family_name": ("van der Berg", "VANDERBERG"),
        "mothers_maiden_name": ("McDonald", "MCDONALD"),
    }


def test_placeholders_and_former_values_are_left_out() -> None:
    values = told(
        names=(Name("UNKNOWN", "XXX"),),
        birth_date="1900-01-01",
        sex="U",
        addresses=(Address("12 Oak Ave", use="old"), Address("HOMELESS", "Boston")),
        telecoms=(Telecom("phone", "6175550199", "old"), Telecom("phone", "0000000000")),
        identifiers=(Identifier("SSA", "999-99-9999", "SS"),),
    )
    assert values == {}


def test_a_newborn_name_is_shown_under_its_own_key() -> None:
    assert told(names=(Name("SMITH", "BABY", "BOY A"),))["given_name"] == FieldValue("Baby Boy A", NEWBORN_KEY)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("SMITH", "Smith"),
        ("mary-ann", "Mary-Ann"),
        ("DE LA CRUZ", "De la Cruz"),
        ("MCDONALD", "McDonald"),
        ("O'BRIEN", "O'Brien"),
        ("MacLeod", "MacLeod"),
        ("van der Berg", "van der Berg"),
        ("MÜLLER", "Müller"),
        ("  Ann   Lee ", "Ann Lee"),
        ("李", "李"),
    ],
)
def test_names_are_shown_as_a_person_would_write_them(name: str, shown: str) -> None:
    assert presentable(name) == shown
