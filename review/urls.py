"""Addresses of the desk; included at /review/. One address, one act."""

from __future__ import annotations

from django.urls import path

from review import (
    ahead_views,
    assign_views,
    identity_views,
    overlay_views,
    proposal_views,
    queue_views,
    ssn_views,
    supervisor_views,
    views,
)
from review.models import FINAL_OUTCOMES, Outcome

urlpatterns = [
    path("answers/<uuid:answer>/undo/", views.undo, name="review-undo"),
    path("overlays/", queue_views.overlays, name="review-overlays"),
    path("overlays/<uuid:uuid>/", overlay_views.overlay, name="review-overlay"),
    path("overlays/<uuid:uuid>/accept/", overlay_views.decide, {"accept": True}, name="review-overlay-accept"),
    path("overlays/<uuid:uuid>/reject/", overlay_views.decide, {"accept": False}, name="review-overlay-reject"),
    path("overlays/<uuid:uuid>/split/", overlay_views.split, name="review-overlay-split"),
    path("overlays/<uuid:uuid>/undo/", overlay_views.undo, name="review-overlay-undo"),
    path("supervisor/", supervisor_views.supervisor, name="supervisor"),
    path("supervisor/<slug:slug>.csv", supervisor_views.figure_csv, name="review-figure"),
    path("<uuid:uuid>/", views.task, name="review-task"),
    path("<uuid:uuid>/state/", views.state, name="review-state"),
    path("<uuid:uuid>/notes/", views.note, name="review-note"),
    path("<uuid:uuid>/ahead/", ahead_views.ahead, name="review-ahead"),
    *(path(f"<uuid:uuid>/ssn/{side}/", ssn_views.show_ssn, {"side": side}, name="review-ssn") for side in "ab"),
    *(
        path(f"<uuid:uuid>/{outcome}/", views.decide, {"outcome": outcome}, name="review-decide")
        for outcome in FINAL_OUTCOMES
    ),
    *(
        path(f"<uuid:uuid>/{outcome}/", views.defer, {"outcome": outcome}, name="review-defer")
        for outcome in Outcome
        if outcome not in FINAL_OUTCOMES
    ),
]

# The queue: every type of task.
urlpatterns += [
    path("", queue_views.queue, name="review-queue"),
    path("tasks/<uuid:uuid>/", identity_views.identity_task, name="review-identity-task"),
    path("tasks/<uuid:uuid>/undo/", identity_views.undo, name="review-identity-undo"),
    *(
        path(f"tasks/<uuid:uuid>/{act}/", identity_views.answer, {"act": act}, name="review-identity-answer")
        for act in ("same", "different", "seen", "later")
    ),
    path("live/", queue_views.live, name="review-live"),
    path("next/", queue_views.next_task, name="review-next"),
    path("<uuid:uuid>/claim/", queue_views.claim, name="review-claim"),
    path("<uuid:uuid>/release/", queue_views.release, name="review-release"),
    path("views/", queue_views.save_view, name="review-view-save"),
    path("views/<int:number>/remove/", queue_views.forget_view, name="review-view-remove"),
    path("assign/", assign_views.assign_ticked, name="review-assign"),
    path("share/", assign_views.share, name="review-share"),
    path("share/do/", assign_views.share_out, name="review-share-out"),
    path("assign/<uuid:batch>/undo/", assign_views.undo_batch, name="review-assign-undo"),
]

# The second person.
urlpatterns += [
    path("proposals/", proposal_views.listing, name="review-proposals"),
    path("proposals/<uuid:uuid>/", proposal_views.detail, name="review-proposal"),
    path("proposals/<uuid:uuid>/approve/", proposal_views.approve, name="review-proposal-approve"),
    path("proposals/<uuid:uuid>/reject/", proposal_views.reject, name="review-proposal-reject"),
    path("proposals/<uuid:uuid>/withdraw/", proposal_views.withdraw, name="review-proposal-withdraw"),
    path("<uuid:uuid>/second/", proposal_views.propose, name="review-propose"),
]
