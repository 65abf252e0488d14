"""The regions of a rematch: source records that have to be looked at together, and what else their comparison needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from mpi.models import PotentialMatch, PotentialMatchStatus
from mpi.services.components import components
from mpi.services.rematch_difference import Question, Region
from mpi.services.rematch_read import RECORDS_A_CHUNK, Membership, Roll, Told


@dataclass(frozen=True, slots=True)
class Part:
    """One region by record keys, with its pairs and open questions, to be looked at together."""

    record_ids: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    questions: tuple[Question, ...]


def parts_of(roll: Roll, pairs: Iterable[tuple[int, int]], close: Iterable[tuple[int, int]]) -> Iterator[Part]:
    """Regions: records tied by a close pair, by their golden record, or by an open question, in order of their first.

    `pairs` are all that may reach the review threshold: those within a region are looked at.
    """
    questions: list[tuple[int, int, Question]] = []
    standing = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN)
    for match_id, one, other in standing.values_list("pk", "record_a_id", "record_b_id").order_by("pk"):
        numbers = roll.number(one), roll.number(other)
        if numbers[0] is not None and numbers[1] is not None:
            questions.append((numbers[0], numbers[1], Question(match_id, one, other)))
    ties = [(left, right) for left, right, _ in questions]
    groups = components(len(roll.record_ids), chain(close, ties, roll.fellows()))
    first_of = {number: first for first, numbers in groups.items() for number in numbers}
    pairs_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for left, right in pairs:
        first = first_of.get(left)
        if first is not None and first == first_of.get(right):
            pairs_of[first].append((roll.record_ids[left], roll.record_ids[right]))
    questions_of: dict[int, list[Question]] = defaultdict(list)
    for left, _, question in questions:
        questions_of[first_of[left]].append(question)
    for first in sorted(groups):
        ids = tuple(roll.record_ids[number] for number in groups[first])
        yield Part(ids, tuple(pairs_of.pop(first, ())), tuple(questions_of.pop(first, ())))


def in_chunks(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Regions of about `RECORDS_A_CHUNK` records together; one that is larger by itself."""
    waiting: list[Part] = []
    records = 0
    for part in parts:
        waiting.append(part)
        records += len(part.record_ids)
        if records >= RECORDS_A_CHUNK:
            yield waiting
            waiting, records = [], 0
    if waiting:
        yield waiting


def region_of(part: Part, told: dict[int, Told], held: Membership, apart: frozenset[tuple[int, int]]) -> Region | None:
    """The region as it is now, None if golden records of it hold others by now."""
    own = set(part.record_ids)
    golden = {told[pk].golden_id for pk in own if pk in told}
    members = {pk: held.members.get(pk, ()) for pk in sorted(golden)}
    if any(not set(ids) <= own or not all(pk in told for pk in ids) for ids in members.values()):
        return None
    records = {
        pk: one.standard for pk in part.record_ids if (one := told.get(pk)) is not None and one.standard is not None
    }
    return Region(
        records=records,
        members=members,
        human=held.human & golden,
        separated=frozenset(pair for pair in apart if pair[0] in own and pair[1] in own) if apart else frozenset(),
        pairs=tuple(pair for pair in part.pairs if pair[0] in records and pair[1] in records),
        questions=part.questions,
    )
