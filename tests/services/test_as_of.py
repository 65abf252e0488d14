"""As of: what the index held at a past instant equals what a test saw and kept at that instant."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput, NotFound
from mpi.models import GoldenRecord, IdentityEvent, Link
from mpi.queries.as_of import golden_then, members_then
from mpi.services.act import begin
from mpi.services.as_of import golden_record_as_of
from mpi.services.locking import run_act
from tests.services.acting import merge
from tests.services.history import BusyHistory, Snapshot, now, shown, snapshot, told
from tests.services.telling import KATHERINE, MARCUS, owner, tell


def answered(instant: datetime, some: Collection[str] = ()) -> Snapshot:
    """As `snapshot`, but of a past instant and by the answers of the index; of `some` EUIDs only, where named."""
    euids = dict(GoldenRecord.objects.values_list("pk", "euid"))
    found: Snapshot = {}
    for pk, euid in euids.items():
        if some and euid not in some:
            continue
        try:
            row = golden_then(pk, instant)
        except NotFound:
            continue
        members = [told(member.record) for member in members_then(pk, instant)]
        found[euid] = {**shown(row, euids), "members": members}
    return found


def check_instants(seed: int, acts: int, instants: int, actor: Actor) -> BusyHistory:
    chance = random.Random(seed)
    history = BusyHistory(chance, actor)
    history.run(acts)
    assert history.done > acts * 0.6, history.refused
    spans = history.spans if instants >= len(history.spans) else chance.sample(history.spans, instants)
    asked = [(span, span.any_instant(chance)) for span in spans]
    asked += [(span, span.any_instant(chance)) for span in chance.choices(history.spans, k=instants - len(asked))]
    euids = list(GoldenRecord.objects.values_list("euid", flat=True))
    for number, (span, instant) in enumerate(asked):
        some = euids if number % 20 == 0 else chance.sample(euids, 5)
        assert answered(instant, some) == {euid: span.stood[euid] for euid in some if euid in span.stood}
    return history


def test_every_answer_about_a_busy_past_is_the_snapshot_that_was_kept(steward: Actor) -> None:
    history = check_instants(seed=4, acts=220, instants=120, actor=steward)
    statuses = {str(golden.status) for golden in GoldenRecord.objects.all()}
    assert statuses >= {"merged", "retired", "confirmed"}
    assert Link.objects.filter(ended_at__isnull=False).count() > 30
    kinds = set(IdentityEvent.objects.values_list("kind", flat=True))
    assert kinds >= {"link", "merge", "undo", "unmerge", "unlink", "verify", "separate", "override", "lift-override"}
    assert len({str(span.stood) for span in history.spans}) > 100


@pytest.mark.slow
def test_a_thousand_instants_of_a_long_past_are_the_snapshots_that_were_kept(steward: Actor) -> None:
    check_instants(seed=11, acts=350, instants=1_000, actor=steward)


def test_an_instant_on_the_very_tick_of_an_act_counts_the_act(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    merge(owner("HIS", "1"), owner("HIS", "2"), steward)
    tick = IdentityEvent.objects.order_by("-pk")[0].recorded_at
    after = snapshot()
    assert answered(tick) == after
    before = answered(tick - timedelta(microseconds=1))
    assert sorted(one["status"] for one in before.values()) == ["provisional", "provisional"]


def test_a_merged_euid_answers_its_survivor_of_that_time_and_itself_before(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    kept, gone = owner("HIS", "1"), owner("HIS", "2")
    before = now()
    merge(kept, gone, steward)
    after = now()
    then = golden_record_as_of(euid=gone.euid, instant=before, actor=steward)
    assert (then.row.euid, then.passed, then.asked.status) == (gone.euid, (), "merged")
    then = golden_record_as_of(euid=gone.euid, instant=after, actor=steward)
    assert (then.row.euid, then.passed, then.exact.status) == (kept.euid, (gone.euid,), "merged")


def test_a_look_at_the_past_is_audited_as_a_read_of_every_person_shown(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    kept, gone = owner("HIS", "1"), owner("HIS", "2")
    merge(kept, gone, steward)
    reads = AuditEvent.objects.filter(action="person.read", actor_id=steward.id)
    instant = now()
    golden_record_as_of(euid=gone.euid, instant=instant, actor=steward)
    assert {event.subject_id for event in reads} == {kept.euid, gone.euid}
    assert {event.detail["as_of"] for event in reads} == {instant.isoformat()}


def test_what_cannot_be_asked_is_refused_with_its_mend(steward: Actor, outsider: Actor) -> None:
    early = now()
    tell("HIS", "1", KATHERINE)
    golden = owner("HIS", "1")
    with pytest.raises(InvalidInput) as refused:
        golden_record_as_of(euid=golden.euid, instant=now() + timedelta(minutes=1), actor=steward)
    assert (refused.value.flaws[0].field, bool(refused.value.flaws[0].mend)) == ("as_of", True)
    with pytest.raises(NotFound) as absent:
        golden_record_as_of(euid=golden.euid, instant=early, actor=steward)
    assert golden.created_at.isoformat()[:19] in absent.value.flaws[0].mend
    with pytest.raises(Forbidden):
        golden_record_as_of(euid=golden.euid, instant=now(), actor=outsider)


def test_an_act_is_never_recorded_before_the_last_one_even_when_the_clock_was_put_back(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    golden = owner("HIS", "1")
    ahead = now() + timedelta(hours=1)
    GoldenRecord.objects.filter(pk=golden.pk).update(recorded_at=ahead)
    assert run_act(lambda: begin(steward, [golden.pk]).recorded_at) == ahead
