"""Whatever is done to fifty source records in whatever order: every invariant holds; a merge undone is identity."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from mpi.access import ROLES, SCOPES
from mpi.commands import Actor
from mpi.errors import MpiError, SecondPersonNeeded, Separated
from mpi.management.stress.acts import Acts
from mpi.management.stress.messages import Messages
from mpi.management.stress.worker import population
from mpi.models import LIVE_STATUSES, GoldenRecord, Proposal, SourceRecord
from mpi.queries.invariants import check_index
from mpi.services.merge import merge_golden_records
from mpi.services.sweep import sweep_inbox
from mpi.services.systems import register_system
from mpi.services.undo import undo_event
from tests.services.telling import state, tell

RECORDS = 50
ACTS = 260
LOOK_EVERY = 60
ROWS = population(RECORDS + 20, 1_848)
STEWARD = Actor(kind="user", id="stefan", name="Stefan", permissions=ROLES["supervisor"], source="web")
HIS = Actor(kind="client", id="his", name="HIS", permissions=frozenset(SCOPES), source="rest")
BY_STEWARDS = ("link", "unlink", "merge", "undo", "unmerge", "separate", "lift", "verify", "resolve", "decide overlay")
BY_STEWARDS += ("retire", "merge numbers", "unmerge numbers", "relate", "unrelate")
BY_SOURCES = ("tell create", "tell update", "tell overlay", "tell delete", "tell batch")
IDENTITY = "merge and undo"
chances = st.integers(0, 2**16).map(random.Random)
"""One small number for all that an act chooses: a sequence may not draw more than a few thousand bytes."""


class Index(RuleBasedStateMachine):
    """One index in a transaction that is rolled back at the end of each sequence."""

    done: Counter[str] = Counter()
    longest = by_two = 0

    def __init__(self) -> None:
        super().__init__()
        self.number = self.took_effect = 0
        self.block = transaction.atomic()
        self.block._from_testcase = True  # durable blocks may be inside, as in the transaction of a test
        self.block.__enter__()

    @initialize()
    def fifty_records(self) -> None:
        for rank, code in enumerate(sorted({row["source_system"] for row in ROWS}), start=1):
            register_system(code=code, rank=rank * 10, actor=HIS)
        for row in ROWS[:RECORDS]:
            tell(row["source_system"], row["mrn"], row)
        assert SourceRecord.objects.count() == RECORDS

    @rule(act=st.sampled_from((*BY_STEWARDS, *BY_SOURCES, IDENTITY)), chance=chances)
    def something_happens(self, act, chance) -> None:
        """One rule for all: hypothesis leaves out some of several rules in each sequence."""
        if act == IDENTITY:
            self._merge_and_undo(chance)
        elif act in BY_STEWARDS:
            self._do(act, Acts(chance, STEWARD).all()[act])
        else:
            self._do(act, getattr(Messages(ROWS, chance, HIS, f"told-{self.number}"), act.removeprefix("tell ")))

    def _merge_and_undo(self, chance) -> None:
        one, other = chance.sample(list(GoldenRecord.objects.filter(status__in=LIVE_STATUSES).order_by("id")), 2)
        sides = {"survivor_euid": one.euid, "retired_euid": other.euid}
        before = state()
        try:
            act = merge_golden_records(**sides, versions={}, reason_code="slip", reason="", actor=STEWARD)
        except (Separated, SecondPersonNeeded):
            return
        undo_event(event_uuid=act.event_uuid, reason="", actor=STEWARD)
        assert state() == before
        self.done[IDENTITY] += 1
        self.took_effect += 2

    def _do(self, name: str, act) -> None:
        self.number += 1
        try:
            outcome = act()
        except MpiError as error:
            self.done[f"refused: {error.code}"] += 1
            outcome = None
        if outcome is not None and outcome is not False:
            self.done[name] += 1
            self.took_effect += 1
        if self.number % LOOK_EVERY == 0:
            self._look()

    def _look(self) -> None:
        report = check_index()
        faults = {one.invariant.name: one.looked.faults for one in report.checked if not one.holds}
        assert not faults, "\n".join(f"{name}: {told}" for name, told in faults.items())

    def teardown(self) -> None:
        try:
            if self.number:
                sweep_inbox(older_than_s=-60)
                self._look()
            Index.longest = max(Index.longest, self.took_effect)
            Index.by_two += Proposal.objects.filter(state="approved").count()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)


@pytest.mark.slow
@pytest.mark.django_db
def test_any_acts_in_any_order_keep_every_invariant(request: pytest.FixtureRequest) -> None:
    Index.done, Index.longest, Index.by_two = Counter(), 0, 0
    by_policy = override_settings(SECOND_PERSON=configured.SECOND_PERSON_OF_THE_PRODUCT)
    by_policy.enable()
    request.addfinalizer(by_policy.disable)
    run_state_machine_as_test(
        Index,
        settings=settings(
            max_examples=3,
            stateful_step_count=ACTS,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Index.longest >= 200
    assert Index.by_two >= 10
    assert {*BY_STEWARDS, *BY_SOURCES, IDENTITY} <= set(Index.done)
