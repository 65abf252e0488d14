"""The words of rematch runs: kinds, statuses, why a change is proposed, why it was not made."""

from __future__ import annotations

from collections.abc import Mapping

from mpi.models import RematchKind, RematchStatus

KIND_WORDS: Mapping[str, str] = {
    RematchKind.SPLIT: "Records that get a golden record of their own",
    RematchKind.MOVE: "Records that move to another golden record",
    RematchKind.JOIN: "Golden records that become one",
    RematchKind.CLOSE_QUESTION: "Potential matches that close",
    RematchKind.OPEN_QUESTION: "Potential matches that open",
}
CHANGE_WORDS: Mapping[str, str] = {
    RematchKind.SPLIT: "Gets a golden record of its own",
    RematchKind.MOVE: "Moves to another golden record",
    RematchKind.JOIN: "Become one",
    RematchKind.CLOSE_QUESTION: "Potential match closes",
    RematchKind.OPEN_QUESTION: "Potential match opens",
}
"""The same of one change."""
STATUS_WORDS: Mapping[str, str] = {
    RematchStatus.PREVIEWING: "being compared",
    RematchStatus.PREVIEWED: "waits for a second person",
    RematchStatus.APPROVED: "may be applied",
    RematchStatus.APPLYING: "being applied",
    RematchStatus.APPLIED: "applied",
    RematchStatus.UNDOING: "being undone",
    RematchStatus.UNDONE: "undone",
    RematchStatus.FAILED: "failed: the index is as it was",
}
SKIP_WORDS: Mapping[str, str] = {
    "record-changed": "A source record has been updated since the comparison",
    "members-changed": "The golden records hold other source records by now",
    "together-already": "They are one golden record already",
    "separated": "A person has decided that they are different people",
    "human-decided": "A person has decided on one of the golden records",
    "asked-already": "The question is open already",
    "answered-meanwhile": "The question was answered or closed meanwhile",
}
"""Why a change was not made, by the code it keeps."""
REASON_WORDS: Mapping[str, str] = {
    "fits": "the evidence is certain",
    "sole-candidate": "little is known, but nobody else fits",
    "bridge": "one record shows that several are one",
    "whole-persons": "certain, when all their records are taken together",
    "stronger-join": "another golden record fits better",
    "several-fit": "several fit and contradict each other",
    "held": "not certain under this model",
    "no-evidence": "too little evidence under this model",
    "human-decided": "a person has decided on one of them",
    "separated": "a person has kept them apart",
    "evidence": "nothing agrees besides name and birth date",
    "namesake": "strangers of this name and birth date are to be expected",
    "household-only": "only household data agree",
    "floor": "the evidence speaks for two people",
    "two-people": "two contradictions, no shared number",
    "given-differs": "different given names",
    "middle-differs": "different middle names",
    "ssn-differs": "different SSNs",
    "generation": "birth dates a generation apart",
    "suffix": "different suffixes (Jr, Sr)",
    "birth-letter": "different letters of a multiple birth",
    "deceased-before": "one died before the other was born",
    "given-similar": "given names only similar",
    "birth-date-differs": "birth dates differ",
    "ssn-near": "SSNs nearly the same",
    "suffix-unsure": "suffix on one side only",
    "sex-differs": "different sex",
    "multiple-birth": "a twin may be meant",
    "death-differs": "different dates of death",
    "given-unknown": "no given name on one side",
    "given-initial": "only an initial on one side",
    "birth-date-unknown": "no birth date on one side",
}
