"""Records that may be one person, as they are and as a model would have them -> the differences, in order. Pure.

The persons of the model come from constrained clusters, as in a bulk load; persons on whom a human has decided
stay as they are. Each golden record keeps the largest part of its source records (the one with its oldest record
if two are as large); the other parts go to the golden record that keeps the rest of their person, or to a new one.
Golden records that keep parts of one person become one: the oldest survives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from matching.cluster import Clusters, ReviewPair, cluster
from matching.join import Member, ScoredPair, Separations, judge_join, scored_pair, strength
from matching.model import LinkageModel
from mpi.models import RematchKind
from mpi.services.rematch_difference import Difference, Pairs, Question, Region
from mpi.services.separations import widened

MOST_FELLOWS = 200
"""Each record is compared with so many before it of its golden record, whether they share a key or not."""
HUMAN_DECIDED = "human-decided"


def compare(region: Region, model: LinkageModel) -> tuple[list[Difference], Pairs]:
    """The differences of one region, each of which stands on those before it, and how far the two agree."""
    settled = [[pk for pk in region.members[golden] if pk in region.records] for golden in sorted(region.human)]
    pairs = {*region.pairs, *_fellows(region)}
    clusters = cluster(
        region.records, pairs, model, separated=_widened(region), settled=[group for group in settled if group]
    )
    comparison = _Comparison(region, clusters, model)
    return list(comparison.differences()), comparison.pairs()


def _pairs(sizes: Iterable[int]) -> int:
    """Pairs within groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def _fellows(region: Region) -> Iterator[tuple[int, int]]:
    for members in region.members.values():
        told = [pk for pk in members if pk in region.records]
        for place, pk in enumerate(told):
            yield from ((other, pk) for other in told[max(0, place - MOST_FELLOWS) : place])


def _widened(region: Region) -> Separations:
    """A separation of a record that may not be matched now holds for its whole person."""
    owner = {pk: golden for golden, members in region.members.items() for pk in members}

    def standing_for(record_id: int) -> Collection[int]:
        is_silent = record_id in owner and record_id not in region.records
        return region.members[owner[record_id]] if is_silent else (record_id,)

    return widened(region.separated, standing_for)


class _Comparison:
    """The present persons beside those of the clusters. `_now` is what each golden record holds as changes go on."""

    def __init__(self, region: Region, clusters: Clusters, model: LinkageModel) -> None:
        self._region = region
        self._clusters = clusters
        self._model = model
        self._root = clusters.persons
        self._now: dict[int, tuple[int, ...]] = dict(region.members)
        self._owner = {pk: golden for golden, members in region.members.items() for pk in members}
        self._parts: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for pk in sorted(region.records):
            self._parts[self._owner[pk]][self._root[pk]].append(pk)
        self._kept = {golden: self._largest(parts) for golden, parts in self._parts.items()}
        self._homes: dict[int, list[int]] = defaultdict(list)
        for golden in sorted(self._kept):
            self._homes[self._kept[golden]].append(golden)
        self._persons: dict[int, list[int]] = defaultdict(list)
        for pk, root in self._root.items():
            self._persons[root].append(pk)

    @staticmethod
    def _largest(parts: dict[int, list[int]]) -> int:
        return max(parts, key=lambda root: (len(parts[root]), -parts[root][0]))

    def pairs(self) -> Pairs:
        """How far the persons agree."""
        parts = [part for golden in self._parts.values() for part in golden.values()]
        golden = [sum(map(len, parts.values())) for parts in self._parts.values()]
        return Pairs(_pairs(golden), _pairs(map(len, self._persons.values())), _pairs(map(len, parts)))

    def differences(self) -> Iterator[Difference]:
        """Splits and moves, then joins, then questions."""
        for root in sorted(self._persons):
            yield from self._departures(root)
        for root in sorted(self._homes):
            if len(self._homes[root]) > 1:
                yield self._join(root)
        yield from self._questions()

    # -- links ------------------------------------------------------------------------------------

    def _departures(self, root: int) -> Iterator[Difference]:
        """Parts of this person that their golden records do not keep. Its first home takes them, or a new one."""
        leaving = [
            (golden, parts[root])
            for golden, parts in sorted(self._parts.items())
            if root in parts and self._kept[golden] != root
        ]
        home = self._homes[root][0] if root in self._homes else None
        for golden, part in leaving:
            if home is None:
                home = -root  # a golden record that this change makes
                yield self._split(golden, part)
                self._now[home] = tuple(part)
            else:
                yield self._move(golden, part, home)
                self._now[home] = tuple(sorted({*self._now[home], *part}))
            self._now[golden] = tuple(pk for pk in self._now[golden] if pk not in part)

    def _split(self, golden: int, part: Sequence[int]) -> Difference:
        kept = self._parts[golden][self._kept[golden]]
        return Difference(
            RematchKind.SPLIT,
            (golden,),
            tuple(part),
            (self._now[golden],),
            self._best(part, kept),
            self._apart(part, kept),
        )

    def _move(self, golden: int, part: Sequence[int], home: int) -> Difference:
        kept = self._parts[golden][self._kept[golden]]
        there = [pk for pk in self._now[home] if pk in self._region.records]
        return Difference(
            RematchKind.MOVE,
            (golden, home) if home > 0 else (golden,),
            tuple(part),
            (self._now[golden], self._now[home]),
            self._best(part, there),
            tuple(dict.fromkeys(("stronger-join", *self._apart(part, kept)))),
        )

    def _join(self, root: int) -> Difference:
        goldens = self._homes[root]
        place = {pk: golden for golden in goldens for pk in self._now[golden]}
        crossing = [
            pair
            for pair in self._clusters.earned
            if self._root[pair.left.record_id] == root and place[pair.left.record_id] != place[pair.right.record_id]
        ]
        best = max(crossing, key=strength)
        reasons = ["fits" if best.certain else "sole-candidate" if best.verdict.sole else "whole-persons"]
        if len(goldens) > 2:
            reasons.append("bridge")
        moved = tuple(pk for golden in goldens[1:] for pk in self._now[golden])
        return Difference(
            RematchKind.JOIN, tuple(goldens), moved, tuple(self._now[pk] for pk in goldens), best, tuple(reasons)
        )

    def _best(self, left: Iterable[int], right: Iterable[int]) -> ScoredPair:
        return max(self._cross(left, right), key=strength)

    def _cross(self, left: Iterable[int], right: Iterable[int]) -> list[ScoredPair]:
        records, others = self._region.records, list(right)
        return [
            scored_pair(Member(one, records[one]), Member(other, records[other]), self._model)
            for one in left
            for other in others
        ]

    def _apart(self, part: Sequence[int], kept: Sequence[int]) -> tuple[str, ...]:
        """Codes of why the two parts of a golden record are not one person under this model.

        What refuses them may be a record that comes to one of them from another golden record.
        """
        best = self._best(part, kept)
        whole = self._cross(self._persons[self._root[part[0]]], self._persons[self._root[kept[0]]])
        refusals = judge_join(whole, self._region.separated).refusals
        codes = [reason.code for reason in best.verdict.reasons]
        if best.certain:
            codes.append("stronger-join" if refusals else "several-fit")
        codes += [refusal.reason.code for refusal in refusals]
        return tuple(dict.fromkeys(codes)) or ("no-evidence" if best.verdict.grade == "certainly-not" else "held",)

    # -- questions ----------------------------------------------------------------------------------

    def _questions(self) -> Iterator[Difference]:
        wanted = {self._persons_of(review.pair): review for review in self._clusters.review}
        for question in self._region.questions:
            roots = frozenset(self._root_of(pk) for pk in (question.record_a, question.record_b))
            if len(roots) < 2 or None in roots:
                continue  # the join answers it, or one side may not be matched now
            if wanted.pop(roots, None) is None and (closing := self._closing(question)) is not None:
                yield closing
        for review in wanted.values():
            yield self._opening(review)

    def _persons_of(self, pair: ScoredPair) -> frozenset[int | None]:
        return frozenset((self._root[pair.left.record_id], self._root[pair.right.record_id]))

    def _root_of(self, record_id: int) -> int | None:
        """The person of a record; of one that may not be matched now, the person that its golden record keeps."""
        if record_id in self._root:
            return self._root[record_id]
        owner = self._owner.get(record_id)
        return self._kept.get(owner) if owner is not None else None

    def _side(self, root: int) -> tuple[int, ...]:
        """All source records of the golden record that will hold this person."""
        silent = [pk for golden in self._homes.get(root, ()) for pk in self._region.members[golden]]
        return tuple(sorted({*self._persons[root], *(pk for pk in silent if pk not in self._region.records)}))

    def _closing(self, question: Question) -> Difference | None:
        roots = [self._root_of(pk) for pk in (question.record_a, question.record_b)]
        sides = [self._persons[root] for root in roots if root is not None]
        best = self._best(*sides)
        if best.verdict.grade != "certainly-not":
            return None  # found without a shared key: the question stands
        codes = tuple(reason.code for reason in best.verdict.reasons) or ("no-evidence",)
        return Difference(
            RematchKind.CLOSE_QUESTION,
            self._golden_of(*roots),
            (question.record_a, question.record_b),
            tuple(self._side(root) for root in roots if root is not None),
            best,
            codes,
            question.match_id,
        )

    def _opening(self, review: ReviewPair) -> Difference:
        pair = review.pair
        ids = (pair.left.record_id, pair.right.record_id)
        roots = [self._root[pk] for pk in ids]
        codes = [reason.code for reason in (*pair.verdict.reasons, *(told.reason for told in review.refusals))]
        if {golden for root in roots for golden in self._homes.get(root, ())} & self._region.human and pair.certain:
            codes.insert(0, HUMAN_DECIDED)
        return Difference(
            RematchKind.OPEN_QUESTION,
            self._golden_of(*roots),
            ids,
            tuple(self._side(root) for root in roots),
            pair,
            tuple(dict.fromkeys(codes)) or ("several-fit" if pair.certain else "held",),
        )

    def _golden_of(self, *roots: int | None) -> tuple[int, ...]:
        """The golden records of these persons that stand now; one that is yet to be made is left out."""
        return tuple(self._homes[root][0] for root in roots if root is not None and root in self._homes)
