"""Two sets of records as two whole people: what one record of a person lacks, another may tell.

The levels of the whole are, comparison by comparison, the best that any pair of records reaches: the union of
the values of each side. A record without a birth date at the right address, and one of the same person with
the birth date and no address, together say what a complete record would have said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matching.levels import CONTACTS, GIVEN, HOUSE, Contact, Levels, Surname, house_parts
from matching.model import TERM_GIVEN, TERM_HOUSE, LinkageModel
from matching.policy import judge
from matching.records import StandardRecord
from matching.score import Score
from matching.verdict import Verdict

_TWO_OF = frozenset({Contact.EMAIL, Contact.PHONE, Contact.ADDRESS})

ScoredRecords = tuple[StandardRecord, StandardRecord, Score]


def judge_whole(pairs: Sequence[ScoredRecords], best: ScoredRecords, model: LinkageModel) -> tuple[Score, Verdict]:
    """Score and judge the union of the pairs. `best` is the strongest of them: its records stand for the whole."""
    levels = _best_levels([score.levels for _, _, score in pairs])
    given_bits = _most([score.given_frequency_bits for _, _, score in pairs if score.levels[GIVEN] == TERM_GIVEN])
    family_bits = _most([score.family_frequency_bits for _, _, score in pairs if score.levels[HOUSE] in TERM_HOUSE])
    given_bits = given_bits if levels[GIVEN] == TERM_GIVEN else 0.0
    family_bits = family_bits if levels[HOUSE] in TERM_HOUSE else 0.0
    bits = model.prior_bits + given_bits + family_bits
    bits += sum(model.bits[number][level] for number, level in enumerate(levels))
    whole = replace(
        best[2], levels=levels, bits=bits, given_frequency_bits=given_bits, family_frequency_bits=family_bits
    )
    return whole, judge(best[0], best[1], whole, model)


def _most(bits: Sequence[float]) -> float:
    return max(bits, default=0.0)


def _best_levels(all_levels: Sequence[Levels]) -> Levels:
    """The best level of each comparison; levels are numbered from best to worst, 0 is not known."""
    given, middle, _, birth_date, sex, ssn, identifier = (_best(column) for column in zip(*all_levels, strict=True))
    return given, middle, _best_house([levels[HOUSE] for levels in all_levels]), birth_date, sex, ssn, identifier


def _best(levels: Sequence[int]) -> int:
    return min((level for level in levels if level), default=0)


def _best_house(levels: Sequence[int]) -> int:
    """Family name and contact apart; two kinds of contact that agree with different records are two."""
    parts = [house_parts(level) for level in levels]
    surname = Surname(_best([surname for surname, _ in parts]))
    contacts = {contact for _, contact in parts}
    contact = Contact(_best(list(contacts)))
    if contact in _TWO_OF and len(contacts & _TWO_OF) > 1:
        contact = Contact.TWO
    return surname * CONTACTS + contact
