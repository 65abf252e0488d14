"""Names: particles, suffixes, titles, single strings, newborn names and placeholders."""

from __future__ import annotations

import pytest

from matching.names import read_name, split_text, standard_suffix
from matching.newborns import birth_letter, newborn_name
from matching.nicknaming import nickname_root
from matching.records import Name, StandardName


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Name("Smith-Jones", "Mary Ann"), StandardName("MARY", "ANN", "SMITH JONES", "", ("SMITH", "JONES"))),
        (Name("García López", "José"), StandardName("JOSE", "", "GARCIA LOPEZ", "", ("GARCIA", "LOPEZ"))),
        (Name("de la Cruz", "Ana"), StandardName("ANA", "", "DELACRUZ", "", ("CRUZ",))),
        (Name("García de la Cruz", "Ana"), StandardName("ANA", "", "GARCIA DELACRUZ", "", ("GARCIA", "CRUZ"))),
        (Name("Ortega y Gasset", "J"), StandardName("J", "", "ORTEGA GASSET", "", ("ORTEGA", "GASSET"))),
        (Name("O'Brien", "Seán"), StandardName("SEAN", "", "OBRIEN")),
        (Name("O Brien", "Sean"), StandardName("SEAN", "", "OBRIEN")),
        (Name("Mc Donald", "Al"), StandardName("AL", "", "MCDONALD")),
        (Name("St. John", "Bo"), StandardName("BO", "", "STJOHN")),
        (Name("Saint John", "Bo"), StandardName("BO", "", "STJOHN")),
        (Name("Nguyễn", "Văn"), StandardName("VAN", "", "NGUYEN")),
        (Name("Van", "Thi"), StandardName("THI", "", "VAN")),
        (Name("Müller", "Jürgen"), StandardName("JURGEN", "", "MULLER")),
        (Name("李", "小龙"), StandardName("XIAOLONG", "", "LI")),
        (Name("Smith (Jones)", "J."), StandardName("J", "", "SMITH")),
        (Name("Smith", "J.P."), StandardName("J", "P", "SMITH")),
        (Name("Smith2", "Mary3"), StandardName("MARY", "", "SMITH")),
    ],
)
def test_a_name_has_one_form(told: Name, expected: StandardName) -> None:
    assert read_name(told).name == expected


@pytest.mark.parametrize(
    ("told", "suffix"),
    [
        (Name("Smith Jr.", "John"), "JR"),
        (Name("Smith", "John Jr"), "JR"),
        (Name("Smith", "John", "A Sr"), "SR"),
        (Name("Smith", "John", suffix="2nd"), "II"),
        (Name("Smith", "John", suffix="Junior"), "JR"),
        (Name("Smith III", "John"), "III"),
        (Name("Smith V", "John"), "V"),
        (Name("Smith", "John", suffix="M.D."), ""),
        (Name("Smith MD", "John"), ""),
        (Name("Smith", "John", suffix="I"), ""),
    ],
)
def test_a_suffix_is_found_in_any_field_and_leaves_it(told: Name, suffix: str) -> None:
    name = read_name(told).name
    assert (name.family, name.given, name.suffix) == ("SMITH", "JOHN", suffix)


def test_a_v_after_a_given_name_is_an_initial() -> None:
    name = read_name(Name("Smith", "John V")).name
    assert (name.middle, name.suffix) == ("V", "")


def test_a_surname_that_is_also_a_suffix_word_stays() -> None:
    assert read_name(Name("Senior", "Ann")).name == StandardName("ANN", "", "SENIOR")
    assert standard_suffix("no suffix") == ""


@pytest.mark.parametrize(
    ("given", "middle", "expected"),
    [
        ("Mary Ann", "", "ANN"),
        ("Mary Ann", "L", "ANN L"),
        ("Mary Ann", "A", "ANN"),
        ("Mary Ann", "Ann", "ANN"),
        ("Jean-Paul", "", "PAUL"),
        ("Mary", "Ann Lee", "ANN LEE"),
    ],
)
def test_further_given_words_go_before_the_middle_name(given: str, middle: str, expected: str) -> None:
    assert read_name(Name("Smith", given, middle)).name.middle == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Smith, John A", StandardName("JOHN", "A", "SMITH")),
        ("SMITH, JOHN A, JR", StandardName("JOHN", "A", "SMITH", "JR")),
        ("Smith Jr, John", StandardName("JOHN", "", "SMITH", "JR")),
        ("John A Smith", StandardName("JOHN", "A", "SMITH")),
        ("Dr. John A. Smith, MD", StandardName("JOHN", "A", "SMITH")),
        ("John Smith III", StandardName("JOHN", "", "SMITH", "III")),
        ("Ludwig van Beethoven", StandardName("LUDWIG", "", "VANBEETHOVEN", "", ("BEETHOVEN",))),
        ("SMITH^JOHN^A^JR", StandardName("JOHN", "A", "SMITH", "JR")),
        ("Cher", StandardName("", "", "CHER")),
        (", ,", StandardName()),
        ("", StandardName()),
    ],
)
def test_a_single_string_is_parsed(text: str, expected: StandardName) -> None:
    assert read_name(Name(text=text)).name == expected


def test_a_family_field_that_holds_a_whole_name_is_parsed_too() -> None:
    assert read_name(Name(family="Smith, John")).name == StandardName("JOHN", "", "SMITH")
    assert split_text("Smith, BABY BOY A").given == "BABY BOY A"


@pytest.mark.parametrize(
    ("given", "family"),
    [("John", "Doe"), ("JANE", "DOE"), ("Doe", "Jane"), ("TRAUMA", "Alpha"), ("Six", "Trauma"), ("Patient", "Test")],
)
def test_the_alias_of_an_unidentified_person_is_no_name(given: str, family: str) -> None:
    read = read_name(Name(family, given))
    assert read.name == StandardName()
    assert "name: alias of an unidentified or test person" in read.removed


def test_a_real_doe_keeps_the_name() -> None:
    assert read_name(Name("Doe", "Samuel")).name == StandardName("SAMUEL", "", "DOE")


@pytest.mark.parametrize("told", ["UNKNOWN", "unk", "FNU", "NFN", "xxx", "XX", "N/A", "Test", "ZZTEST", "No Name", "-"])
def test_a_placeholder_given_name_is_removed(told: str) -> None:
    assert read_name(Name("Smith", told)).name == StandardName(family="SMITH")


@pytest.mark.parametrize("told", ["Mr", "DR.", "Miss"])
def test_a_title_alone_is_no_given_name(told: str) -> None:
    assert read_name(Name("Smith", told)).name.given == ""


@pytest.mark.parametrize(
    ("given", "sex", "letter"),
    [
        ("BABY BOY", "M", ""),
        ("BABYGIRL", "F", ""),
        ("BABYBOY A", "M", "A"),
        ("BABYBOYB", "M", "B"),
        ("BABY GIRL 2", "F", "B"),
        ("GIRL MARIE", "F", ""),
        ("BOY1", "M", "A"),
        ("Boy B", "M", "B"),
        ("GirlMarie", "F", ""),
        ("Girl1Marie", "F", "A"),
        ("BabyMarie", "", ""),
        ("GIRLMARIE", "F", ""),
        ("B/O Marie", "", ""),
        ("NB FEMALE", "F", ""),
        ("Infant Male", "M", ""),
        ("Twin B", "", "B"),
        ("Judy's Girl", "F", ""),
        ("2Judysboy", "M", "B"),
        ("Newborn", "", ""),
    ],
)
def test_a_newborn_name_is_recognised(given: str, sex: str, letter: str) -> None:
    newborn = newborn_name(given)
    assert newborn is not None
    assert (newborn.sex, newborn.birth_letter) == (sex, letter)


def test_a_newborn_name_may_stand_in_two_fields() -> None:
    newborn = newborn_name("BABY", "GIRL B")
    assert newborn is not None
    assert (newborn.sex, newborn.birth_letter) == ("F", "B")


@pytest.mark.parametrize("given", ["Boyd", "Boyce", "Boyan", "Girlie", "Barbara", "Babette", "Ben", "Mary", "Male"])
def test_a_real_name_is_no_newborn_name(given: str) -> None:
    assert newborn_name(given) is None


def test_digits_letters_and_words_of_a_birth_order_are_one() -> None:
    assert {birth_letter(told) for told in ("2", "B", "b", "two", "second", "II")} == {"B"}
    assert birth_letter("Smith") == birth_letter("9") == ""


def test_a_nickname_lies_with_its_full_name_and_roots_are_their_own() -> None:
    assert nickname_root("BILL") == nickname_root("WILL") == nickname_root("WILLIAM") == "WILLIAM"
    assert nickname_root("KATE") == nickname_root("KATHERINE") == nickname_root("CATHERINE")
    assert nickname_root("XIMENA") == "XIMENA"
    for name in ("BILL", "PEGGY", "LILA", "TERENCE", "JEANNIE", "HARRY", "ALEXANDRIA"):
        assert nickname_root(nickname_root(name)) == nickname_root(name)
