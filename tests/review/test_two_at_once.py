"""Two stewards, two threads, one task: real transactions on real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from audit.actions import Action
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, MpiError
from mpi.models import PotentialMatch
from review.errors import ClaimedByAnother
from review.models import Claim, Outcome, ReviewDecision
from review.services.claim import claim
from review.services.decide import decide
from review.services.undo import undo
from tests.review.conftest import Token, audited

pytestmark = pytest.mark.usefixtures("transactional_db")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run every act in a thread of its own, let go at one instant; what each returned or raised, in order."""
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            results[place] = act()
        except MpiError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.parametrize("other", [Outcome.SAME, Outcome.DIFFERENT])
def test_two_stewards_deciding_at_once_make_exactly_one_decision(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor, other: Outcome
) -> None:
    seen = token(twins)

    def act(actor: Actor, outcome: Outcome) -> Callable[[], object]:
        return lambda: decide(
            task=twins.uuid, outcome=outcome, token=seen, reason_code="same-data", comment="", actor=actor
        )

    results = at_once(act(steward, Outcome.SAME), act(second_steward, other))
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 1, results
    assert ReviewDecision.objects.count() == 1
    assert audited(Action.POTENTIAL_MATCH_RESOLVED) == 1


def test_two_stewards_claiming_at_once_make_exactly_one_claim(
    twins: PotentialMatch, steward: Actor, second_steward: Actor
) -> None:
    results = at_once(
        lambda: claim(task=twins.uuid, actor=steward), lambda: claim(task=twins.uuid, actor=second_steward)
    )
    assert sum(isinstance(result, Claim) for result in results) == 1, results
    assert sum(isinstance(result, ClaimedByAnother) for result in results) == 1, results
    assert Claim.objects.filter(ended_at__isnull=True).count() == 1


def test_a_double_click_on_undo_undoes_once(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    done = decide(
        task=twins.uuid, outcome=Outcome.SAME, token=token(twins), reason_code="same-data", comment="", actor=steward
    )
    results = at_once(*[lambda: undo(answer=done.decision, actor=steward)] * 2)
    assert sum(isinstance(result, CannotUndo) for result in results) == 1, results
    assert audited(Action.IDENTITY_UNDONE) == 1
    twins.refresh_from_db()
    assert twins.status == "open"
