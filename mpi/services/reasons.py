"""Why a person acts on identity: codes for programs, words for people."""

from __future__ import annotations

from mpi.errors import Flaw, InvalidInput

REASONS: dict[str, str] = {
    "documents-seen": "Identity documents seen",
    "patient-confirmed": "Patient or family confirmed it",
    "source-confirmed": "The source system confirmed it",
    "same-data": "The data agree beyond doubt",
    "twins": "Twins or other multiple birth",
    "family-member": "Another member of the family",
    "namesake": "Same name, another person",
    "data-entry-error": "Error of data entry",
    "wrong-merge": "They were merged by mistake",
    "slip": "A slip: the wrong button or row",
    "other": "Another reason, told in the note",
}
MOST_CHARACTERS = 500


def check_reason(code: str, note: str) -> None:
    """Raise InvalidInput unless the code is known, the note is short, and “other” is explained."""
    if code not in REASONS:
        raise InvalidInput(
            "The reason is not known.", flaws=[Flaw("reason_code", "is not known", f"use one of {', '.join(REASONS)}")]
        )
    check_note(note)
    if code == "other" and not note.strip():
        raise InvalidInput("A note is needed.", flaws=[Flaw("reason", "is empty", "say why in a few words")])


def check_words(told: str, *, field: str = "reason", mend: str = "say why in a few words") -> None:
    """Raise InvalidInput unless something is said, short and in plain text."""
    check_note(told)
    if not told.strip():
        raise InvalidInput("A reason is needed; nothing was changed.", flaws=[Flaw(field, "is empty", mend)])


def check_note(note: str) -> None:
    """Raise InvalidInput unless the note is short and plain text."""
    if len(note) > MOST_CHARACTERS:
        raise InvalidInput(
            "The note is too long; nothing was changed.",
            flaws=[Flaw("reason", f"is longer than {MOST_CHARACTERS} characters", "shorten it")],
        )
    if "\0" in note or any("\ud800" <= char <= "\udfff" for char in note):
        raise InvalidInput(
            "The note is not plain text; nothing was changed.",
            flaws=[Flaw("reason", "holds a character that cannot be stored", "remove it")],
        )
