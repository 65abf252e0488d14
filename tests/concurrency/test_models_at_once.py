"""Two people change the linkage model at the same instant: one of them does, the other is told."""

from __future__ import annotations

from matching.model_document import load_default
from mpi.errors import AlreadyDecided, InvalidInput, StaleVersion
from mpi.models import Decision, Link, LinkageModelVersion, ModelActivation
from mpi.services.active_model import active_model
from mpi.services.model_activate import activate_model
from mpi.services.model_approve import approve_model, reject_model
from mpi.services.model_rollback import roll_back_model
from tests.concurrency.racing import Racers
from tests.services.models import approved, changed, drafted
from tests.services.telling import KATHERINE, MARCUS, tell

SHIPPED = load_default().version


def _active() -> list[str]:
    return list(LinkageModelVersion.objects.filter(status="active").values_list("name", flat=True))


def test_of_two_models_activated_at_once_one_wins_and_the_other_is_stale(racers: Racers, supervisor, admin) -> None:
    one, other = (approved(changed(name), supervisor, admin) for name in ("one", "other"))
    results = racers.race(
        [
            lambda: activate_model(name=one, reason="Mine please", actor=supervisor, seen_active=SHIPPED),
            lambda: activate_model(name=other, reason="No, mine", actor=admin, seen_active=SHIPPED),
        ]
    )
    lost = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in lost] == [StaleVersion]
    (winner,) = [result.name for result in results if not isinstance(result, Exception)]
    assert _active() == [winner]
    assert ModelActivation.objects.count() == 2, "the shipped one and the winner"


def test_one_model_activated_by_two_at_once_becomes_active_once(racers: Racers, supervisor, admin) -> None:
    name = approved(changed("one"), supervisor, admin)
    results = racers.race(
        [
            lambda actor=actor: activate_model(name=name, reason="As agreed", actor=actor)
            for actor in (supervisor, admin)
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided", "ModelAct"]
    assert ModelActivation.objects.filter(version__name=name).count() == 1


def test_two_drafts_of_one_name_at_once_are_one_draft_and_a_refusal(racers: Racers, supervisor, admin) -> None:
    results = racers.race(
        [
            lambda: drafted(changed("same", prior=1e-5), supervisor),
            lambda: drafted(changed("same", prior=2e-5), admin),
        ]
    )
    (lost,) = [result for result in results if isinstance(result, Exception)]
    assert (type(lost), lost.flaws[0].field) == (InvalidInput, "version")
    assert LinkageModelVersion.objects.filter(name="same").count() == 1


def test_a_model_approved_and_rejected_at_once_is_decided_once(racers: Racers, supervisor, admin) -> None:
    name = drafted(changed("one"), supervisor)
    results = racers.race(
        [
            lambda: approve_model(name=name, reason="Looks right", actor=admin),
            lambda: reject_model(name=name, reason="My own, withdrawn", actor=supervisor),
        ]
    )
    assert sorted(type(result) is AlreadyDecided for result in results) == [False, True]


def test_two_rollbacks_at_once_go_back_one_step(racers: Racers, supervisor, admin) -> None:
    for name in ("one", "two"):
        activate_model(name=approved(changed(name), supervisor, admin), reason="As agreed", actor=admin)
    results = racers.race(
        [lambda actor=actor: roll_back_model(reason="Back, quickly", actor=actor) for actor in (supervisor, admin)]
    )
    assert _active() == ["one"], results
    assert sum(not isinstance(result, Exception) for result in results) == 1


def test_records_that_arrive_while_models_change_name_the_version_that_judged_them(
    racers: Racers, supervisor, admin
) -> None:
    names = [approved(changed(name), supervisor, admin) for name in ("one", "two", "three")]

    def activate_all() -> None:
        for name in names:
            activate_model(name=name, reason="As agreed", actor=admin)

    def arrive(start: int) -> None:
        for number in range(start, start + 6):
            tell("HIS", str(number), KATHERINE if number % 2 else MARCUS)

    results = racers.race([activate_all, lambda: arrive(100), lambda: arrive(200)])
    assert not [result for result in results if isinstance(result, Exception)]
    assert active_model().model.version == "three"
    known = {SHIPPED, *names}
    for link in Link.objects.select_related("model_version", "decision__model_version"):
        assert link.model_version.name in known
        assert link.decision.model_version_id == link.model_version_id
    assert Decision.objects.count() == 12
