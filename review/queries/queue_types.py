"""What kinds of work there are, how urgent each is and how old it may get: the policy of the queue, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mpi.models import PotentialMatchKind, TaskType

KIND_WORDS: Mapping[str, str] = {
    TaskType.OVERLAY: "Suspected overlay",
    TaskType.IDENTIFIER_CONFLICT: "Identifier conflict",
    TaskType.SOURCE_MERGE: "Merge of numbers in doubt",
    TaskType.SOURCE_CORRECTION: "Number given out twice",
    TaskType.LARGE_PERSON: "Large person",
    PotentialMatchKind.DUPLICATE: "Duplicate in one source",
    PotentialMatchKind.OVERLAP: "Overlap across sources",
}
"""Every type of task, in the order in which the filter and the counts name them."""

KIND_MEANS: Mapping[str, str] = {
    TaskType.OVERLAY: "an update of a known number that looks like another person",
    TaskType.IDENTIFIER_CONFLICT: "one number, two people",
    TaskType.SOURCE_MERGE: "a source merged two of its numbers, against what is known",
    TaskType.SOURCE_CORRECTION: "a number that speaks of another patient now",
    TaskType.LARGE_PERSON: "more source records than a person should have",
    PotentialMatchKind.DUPLICATE: "one person, two numbers in one source system",
    PotentialMatchKind.OVERLAP: "one person, numbers in several source systems",
}
"""What each type is, in a few words."""

TARGETS: Mapping[str, timedelta] = {
    TaskType.OVERLAY: timedelta(days=1),
    TaskType.IDENTIFIER_CONFLICT: timedelta(days=2),
    TaskType.SOURCE_MERGE: timedelta(days=3),
    TaskType.SOURCE_CORRECTION: timedelta(days=5),
    TaskType.LARGE_PERSON: timedelta(days=10),
    PotentialMatchKind.DUPLICATE: timedelta(days=3),
    PotentialMatchKind.OVERLAP: timedelta(days=10),
}
"""How old a task may get.

An overlay holds back all that its source says of the patient; two people under one number are treated on each other's
data; a duplicate in one source is met at the next visit; an overlap, or a person with many records, later.
"""

TASK_RISK: Mapping[str, float] = {
    TaskType.OVERLAY: 20.0,
    TaskType.IDENTIFIER_CONFLICT: 12.0,
    TaskType.SOURCE_MERGE: 8.0,
    TaskType.SOURCE_CORRECTION: 6.0,
    TaskType.LARGE_PERSON: 3.0,
}
"""Risk of an identity task on the scale of a potential match: probability times the number of records concerned.

Most pairs are between 1.5 (two records) and 6: one record that may speak of two patients is worse than a duplicate,
and a person with many records is looked at when there is time.
"""

SOON = 0.75
"""Share of the target after which a task is said to be due soon."""
