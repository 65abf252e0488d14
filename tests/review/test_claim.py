"""Claims: a lease, taken by compare-and-set, that runs out by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actions import Action
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden, InvalidInput, NotFound, StaleVersion
from mpi.models import IdentityTask, PotentialMatch
from mpi.services.overlay import decide_overlay
from review.errors import ClaimedByAnother
from review.models import Claim, Deferral, Note, Outcome
from review.queries.queue import QueueFilter
from review.services.claim import claim, claim_next
from review.services.defer import defer
from review.services.leases import LEASE
from review.services.note import add_note
from review.services.release import release
from review.services.set_aside import set_aside, take_up
from tests.review.conftest import Tell, Token, audited

pytestmark = pytest.mark.django_db
ALL = QueueFilter()


def taken(actor: Actor, **where: Any) -> UUID | None:
    """The task that "next" brings."""
    found = claim_next(wanted=ALL, actor=actor, **where)
    return found.uuid if found else None


def run_out() -> None:
    """Let every lease run out."""
    now = timezone.now()
    Claim.objects.update(taken_at=now - 2 * LEASE, until=now - timedelta(seconds=1))


def test_a_claim_is_taken_once_and_renewed_without_noise(twins: PotentialMatch, steward: Actor) -> None:
    first = claim(task=twins.uuid, actor=steward)
    again = claim(task=twins.uuid, actor=steward)
    assert again.pk == first.pk
    assert again.until > first.until
    assert audited(Action.CLAIM_TAKEN) == 1


def test_another_is_told_who_holds_it(twins: PotentialMatch, steward: Actor, second_steward: Actor) -> None:
    claim(task=twins.uuid, actor=steward)
    with pytest.raises(ClaimedByAnother) as refusal:
        claim(task=twins.uuid, actor=second_steward)
    assert refusal.value.holder == steward.name
    assert refusal.value.http_status == 409


def test_a_lease_that_ran_out_is_taken_over(twins: PotentialMatch, steward: Actor, second_steward: Actor) -> None:
    claim(task=twins.uuid, actor=steward)
    run_out()
    assert claim(task=twins.uuid, actor=second_steward).user_id == second_steward.id
    assert Claim.objects.filter(ended_at__isnull=True).count() == 1


def test_the_database_allows_one_open_claim_a_task(twins: PotentialMatch, steward: Actor) -> None:
    claim(task=twins.uuid, actor=steward)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(potential_match=twins, user_id="x", user_name="X", taken_at=now, until=now + LEASE)


def test_giving_back_frees_the_task_and_only_ones_own(
    twins: PotentialMatch, steward: Actor, second_steward: Actor
) -> None:
    claim(task=twins.uuid, actor=steward)
    assert release(task=twins.uuid, actor=second_steward) is False
    assert release(task=twins.uuid, actor=steward) is True
    assert release(task=twins.uuid, actor=steward) is False
    assert audited(Action.CLAIM_RELEASED) == 1
    assert claim(task=twins.uuid, actor=second_steward)


def test_next_takes_the_most_urgent_that_nobody_holds(
    twins: PotentialMatch, tell: Tell, steward: Actor, second_steward: Actor
) -> None:
    berg = {
        "family": "Bergmann",
        "street": "2 Mill Road",
        "phone": "6035550177",
        "birth_date": "1980-05-01",
        "sex": "M",
    }
    tell("GH", "2001", given="Robert", **berg)
    tell("CN", "2002", given="Roland", **berg)
    by_risk = list(PotentialMatch.objects.filter(status="open").order_by("-risk").values_list("uuid", flat=True))
    assert len(by_risk) == 2
    assert taken(steward) == by_risk[0]
    assert taken(second_steward) == by_risk[1]
    assert taken(second_steward, besides=by_risk[1]) is None
    assert taken(steward) == by_risk[0], "what one holds already comes first"


def test_next_leaves_out_what_i_could_not_tell_and_what_is_set_aside(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor
) -> None:
    defer(
        task=twins.uuid, outcome=Outcome.CANNOT_TELL, token=token(twins), reason_code="", comment="", days=1,
        actor=steward,
    )  # fmt: skip
    assert taken(steward) is None
    assert taken(second_steward) == twins.uuid
    defer(
        task=twins.uuid, outcome=Outcome.LATER, token=token(twins), reason_code="", comment="", days=1,
        actor=second_steward,
    )  # fmt: skip
    assert taken(second_steward) is None


def test_a_deferral_ends_when_the_evidence_changes(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    defer(task=twins.uuid, outcome=Outcome.LATER, token=token(twins), reason_code="", comment="", days=7, actor=steward)
    assert taken(steward) is None
    PotentialMatch.objects.filter(pk=twins.pk).update(version=twins.version + 1)
    assert taken(steward) == twins.uuid


def test_who_may_not_review_may_not_claim(twins: PotentialMatch, clerk: Actor, steward: Actor) -> None:
    with pytest.raises(Forbidden):
        claim(task=twins.uuid, actor=clerk)
    with pytest.raises(Forbidden):
        claim_next(wanted=ALL, actor=clerk)
    with pytest.raises(NotFound):
        claim(task=twins.golden_a.links.first().opened_by_event.uuid, actor=steward)


def test_a_note_is_kept_and_audited_without_its_text(twins: PotentialMatch, steward: Actor) -> None:
    add_note(task=twins.uuid, text="  Asked the clinic to call back.  ", actor=steward)
    note = twins.notes.get()
    assert note.text == "Asked the clinic to call back."
    assert audited(Action.NOTE_ADDED) == 1
    assert audited(Action.NOTE_ADDED, detail__icontains="clinic") == 0


def test_an_identity_task_is_claimed_noted_and_given_back_under_its_own_number(
    overlay: IdentityTask, steward: Actor, second_steward: Actor
) -> None:
    assert claim(task=overlay.uuid, actor=steward).identity_task == overlay
    with pytest.raises(ClaimedByAnother):
        claim(task=overlay.uuid, actor=second_steward)
    add_note(task=overlay.uuid, text="Called the ward.", actor=second_steward)
    assert overlay.notes.get().user_name == second_steward.name
    record = str(overlay.source_record.uuid)
    assert audited(Action.CLAIM_TAKEN, subject_id=record) == audited(Action.NOTE_ADDED, subject_id=record) == 1
    assert release(task=overlay.uuid, actor=steward) is True
    assert claim(task=overlay.uuid, actor=second_steward).user_id == second_steward.id


def test_an_identity_task_that_is_decided_cannot_be_claimed_or_set_aside(overlay: IdentityTask, steward: Actor) -> None:
    decide_overlay(task_uuid=overlay.uuid, accept=False, reason="Asked the ward.", actor=steward)
    with pytest.raises(AlreadyDecided):
        claim(task=overlay.uuid, actor=steward)
    tomorrow = timezone.now() + timedelta(days=1)
    with pytest.raises(AlreadyDecided):
        set_aside(task=overlay.uuid, version=overlay.version, until=tomorrow, comment="", actor=steward)


def test_an_identity_task_is_set_aside_until_a_time_and_taken_up_again(
    overlay: IdentityTask, steward: Actor, second_steward: Actor
) -> None:
    claim(task=overlay.uuid, actor=steward)
    tomorrow = timezone.now() + timedelta(days=1)
    said = {"task": overlay.uuid, "version": overlay.version, "until": tomorrow, "comment": "The ward calls back."}
    with pytest.raises(ClaimedByAnother):
        set_aside(**said, actor=second_steward)
    with pytest.raises(StaleVersion):
        set_aside(**(said | {"version": overlay.version + 1}), actor=steward)
    with pytest.raises(InvalidInput):
        set_aside(**(said | {"until": timezone.now() + timedelta(days=40)}), actor=steward)
    set_aside(**said, actor=steward)
    assert not Claim.objects.filter(ended_at__isnull=True).exists()
    assert Deferral.objects.get(ended_at__isnull=True).user_name == steward.name
    assert take_up(task=overlay.uuid, actor=second_steward) is True
    assert take_up(task=overlay.uuid, actor=second_steward) is False
    assert audited(Action.TASK_SET_ASIDE) == audited(Action.TASK_TAKEN_UP) == 1


def test_the_database_wants_exactly_one_task_a_row(twins: PotentialMatch, steward: Actor) -> None:
    said = {"user_id": steward.id, "user_name": steward.name, "text": "Neither.", "written_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.create(**said)
