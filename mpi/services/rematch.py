"""Rematch, dry: all records of the index under a model version, and how the persons would differ.

Read in chunks, paired in DuckDB in memory as a bulk load is, clustered region by region. Nothing of the index
changes; what is kept are keys, codes and figures (`RematchChange`). What has changed by the time a difference is
applied is found out then. Memory: about 600 bytes a record, packed until the pairs are scored, beside DuckDB.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from audit.actions import Action
from matching.blocking import blocking_keys
from matching.model import LinkageModel
from matching.score import score
from mpi.access import Permission, require
from mpi.commands import Actor, Source
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import (
    Link,
    LinkageModelVersion,
    ModelStatus,
    RematchChange,
    RematchKind,
    RematchRun,
    RematchStatus,
)
from mpi.services.active_model import active_model
from mpi.services.bulk_close import close_pairs, scoring_tasks
from mpi.services.bulk_packed import packed_standard
from mpi.services.bulk_pairs import (
    Add,
    adding_records,
    feature_table,
    features,
    key_table,
    pairs_database,
    promising_pairs,
)
from mpi.services.dispatch import hint_rematch
from mpi.services.locking import transaction_time
from mpi.services.neighbourhood import separated_pairs
from mpi.services.reasons import check_note
from mpi.services.rematch_compare import compare
from mpi.services.rematch_difference import Difference, Pairs
from mpi.services.rematch_read import Membership, Roll, Told, View, membership, read_all, view_under
from mpi.services.rematch_regions import Part, in_chunks, parts_of, region_of
from mpi.services.rematch_run import WAITING, Progress, Tell, actor_of, fail, held, note, silent

_MEMORY = "2GB"
_ELIGIBLE = (ModelStatus.ACTIVE, ModelStatus.APPROVED, ModelStatus.SUPERSEDED)


def order_preview(*, model_name: str, actor: Actor, words: str = "", by_worker: bool = True) -> RematchRun:
    """Ask for a comparison of the index with what a model version would make of it; "" is the active one.

    A worker makes it unless the caller does, by `make_preview`. Nothing of the index changes. Raises Forbidden,
    NotFound, InvalidInput when the version was never approved or the index is empty.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_note(words)
    version = _version(model_name)
    linked = Link.objects.filter(ended_at__isnull=True).count()
    if not linked:
        raise InvalidInput("The index holds no linked source records: there is nothing to compare. Import some first.")
    with transaction.atomic():
        run = RematchRun.objects.create(
            model_version=version,
            note=words,
            stage=WAITING if by_worker else "reading",
            total=linked,
            started_by=actor.id,
            started_by_name=actor.name,
            correlation_id=actor.correlation_id,
            started_at=transaction_time(),
        )
        note(run, Action.REMATCH_ORDERED, actor)
        if by_worker:
            hint_rematch(run.pk)
    return run


def make_preview(run: RematchRun, *, source: Source = "worker", tell: Tell = silent) -> RematchRun:
    """Compare, unless another process does so for this run. Whatever it fails with is kept with the run."""
    with held(run) as is_ours:
        if not is_ours or run.status != RematchStatus.PREVIEWING:
            return run
        try:
            _Preview(run, view_under(run.model_version), Progress(run, tell)).make()
        except BaseException as error:
            fail(run, f"The comparison ended with {type(error).__name__}; the index is as it was.")
            raise
        with transaction.atomic():
            run.status = RematchStatus.PREVIEWED
            run.stage, run.previewed_at = "", transaction_time()
            run.finished_at = run.previewed_at
            run.save(update_fields=["status", "stage", "previewed_at", "finished_at"])
            told = {"changes": run.counts["changes"], "links_changed": run.links_changed}
            note(run, Action.REMATCH_PREVIEWED, actor_of(run, source=source), **told)
    return run


def preview_rematch(*, model_name: str, actor: Actor, words: str = "", tell: Tell = silent) -> RematchRun:
    """Order a comparison and make it here and now. Raises as `order_preview`."""
    run = order_preview(model_name=model_name, actor=actor, words=words, by_worker=False)
    return make_preview(run, source=actor.source, tell=tell)


def _version(name: str) -> LinkageModelVersion:
    wanted = {"name": name} if name else {"status": ModelStatus.ACTIVE}
    version = LinkageModelVersion.objects.filter(**wanted).first()
    if version is None:
        raise NotFound("There is no linkage model of this name; “linkagemodel” lists them.")
    if version.status not in _ELIGIBLE:
        flaw = Flaw("model", f"is {version.status}", "have it approved by a second person first")
        raise InvalidInput("Only an approved model is compared with the index; nothing was done.", flaws=[flaw])
    return version


@dataclass(slots=True)
class _Preview:
    """The work of one preview."""

    run: RematchRun
    view: View
    progress: Progress
    number: int = 0
    standards: list[bytes] = field(default_factory=list, repr=False)
    left_out: int = 0
    pairs: Pairs = field(default_factory=Pairs)
    changes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def make(self) -> None:
        """Read, pair, compare, and write the differences in chunks."""
        with pairs_database(memory_limit=_MEMORY, threads=2) as database:
            with adding_records(database) as add:
                roll = read_all(self.view, lambda roll, chunk: self._load(add, roll, chunk))
            self.progress("finding pairs", 0, 1)
            pairs = list(promising_pairs(database, self.view.model))
        self.run.records = len(roll.record_ids)
        parts = list(parts_of(roll, pairs, self._close(pairs)))
        self._count(pairs=len(pairs), persons=len(set(roll.golden_ids)), regions=len(parts))
        total, done = sum(len(part.record_ids) for part in parts), 0
        for chunk in in_chunks(parts):
            self._write(chunk)
            done += sum(len(part.record_ids) for part in chunk)
            self.progress("comparing", done, total)
        self._count(left_out=self.left_out)
        self.run.save(update_fields=["records", "counts", "links_changed"])

    def _close(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """The pairs that do reach the review threshold. The packed records are let go."""
        close: list[tuple[int, int]] = []
        done = 0
        for task in scoring_tasks(self.standards, pairs):
            close += close_pairs(task, self.view.model)
            done += len(task.pairs)
            self.progress("scoring", done, len(pairs))
        self.standards.clear()
        return close

    def _load(self, add: Add, roll: Roll, chunk: Sequence[Told]) -> None:
        model = self.view.model
        ids, told, owners, hashes, strong = [], [], [], [], []
        for one in chunk:
            number = roll.add(one)
            self.standards.append(packed_standard(one.standard) if one.standard else b"")
            if one.standard is None:
                continue
            ids.append(number)
            told.append(features(one.standard, model))
            for key in blocking_keys(one.standard):
                owners.append(number)
                hashes.append(hash((key.rule, key.value)))
                strong.append(key.strong)
        if ids:
            add(feature_table(ids, told), key_table(owners, hashes, strong))
        self.progress("reading", len(roll.record_ids), max(self.run.total, len(roll.record_ids)))

    def _count(self, **told: int) -> None:
        changes = {kind: dict(grades) for kind, grades in self.changes.items()}
        agreement = {"pairs_now": self.pairs.before, "agreement": round(self.pairs.agreement, 6)}
        self.run.counts = {**self.run.counts, **told, **agreement, "changes": changes}

    def _write(self, parts: Sequence[Part]) -> None:
        """The differences of some regions, as rows."""
        told = {one.record_id: one for one in self.view.these(pk for part in parts for pk in part.record_ids)}
        held = membership(sorted({one.golden_id for one in told.values()}))
        apart = separated_pairs(told)
        active = active_model().model
        rows = []
        for part in parts:
            region = region_of(part, told, held, apart)
            if region is None:
                self.left_out += 1  # somebody came or left meanwhile
                continue
            differences, pairs = compare(region, self.view.model)
            self.pairs += pairs
            rows += [self._row(difference, told, held, active) for difference in differences]
        with transaction.atomic():
            RematchChange.objects.bulk_create(rows, batch_size=500)
            self._count(left_out=self.left_out)
            self.run.save(update_fields=["records", "counts", "links_changed"])

    def _row(
        self, difference: Difference, told: dict[int, Told], held: Membership, active: LinkageModel
    ) -> RematchChange:
        pair = difference.pair
        before = score(pair.left.record, pair.right.record, active)
        self.number += 1
        self.changes[difference.kind][pair.verdict.grade] += 1
        if difference.kind in (RematchKind.SPLIT, RematchKind.MOVE, RematchKind.JOIN):
            self.run.links_changed += len(difference.record_ids)
        ids = {pk for side in difference.sides for pk in side}
        return RematchChange(
            run=self.run,
            number=self.number,
            kind=difference.kind,
            euids=[held.euids[pk] for pk in difference.golden_ids],
            record_ids=list(difference.record_ids),
            facts={
                "sides": difference.sides,
                "pair": [pair.left.record_id, pair.right.record_id],
                "versions": {pk: told[pk].version for pk in sorted(ids)},
                "waiting": [pk for pk in sorted(ids) if told[pk].standard is None],
            },
            grade=pair.verdict.grade,
            bits_before=before.bits,
            bits_after=pair.score.bits,
            probability_before=before.probability,
            probability_after=pair.score.probability,
            reason_codes=list(difference.reasons),
            potential_match_id=difference.match_id,
        )
