"""Addresses of the desk; included at /review/. One address, one act."""

from __future__ import annotations

from django.urls import path

from review import overlay_views, ssn_views, supervisor_views, views
from review.models import FINAL_OUTCOMES, Outcome

urlpatterns = [
    path("", views.queue, name="review-queue"),
    path("counts/", views.queue_counts, name="review-counts"),
    path("next/", views.next_task, name="review-next"),
    path("answers/<uuid:answer>/undo/", views.undo, name="review-undo"),
    path("overlays/", overlay_views.overlays, name="review-overlays"),
    path("overlays/<uuid:uuid>/", overlay_views.overlay, name="review-overlay"),
    path("overlays/<uuid:uuid>/accept/", overlay_views.decide, {"accept": True}, name="review-overlay-accept"),
    path("overlays/<uuid:uuid>/reject/", overlay_views.decide, {"accept": False}, name="review-overlay-reject"),
    path("overlays/<uuid:uuid>/split/", overlay_views.split, name="review-overlay-split"),
    path("overlays/<uuid:uuid>/undo/", overlay_views.undo, name="review-overlay-undo"),
    path("supervisor/", supervisor_views.supervisor, name="supervisor"),
    path("supervisor/<slug:slug>.csv", supervisor_views.figure_csv, name="review-figure"),
    path("source-tasks/<uuid:uuid>/close/", overlay_views.close, name="review-source-task-close"),
    path("<uuid:uuid>/", views.task, name="review-task"),
    path("<uuid:uuid>/state/", views.state, name="review-state"),
    path("<uuid:uuid>/claim/", views.claim, name="review-claim"),
    path("<uuid:uuid>/release/", views.release, name="review-release"),
    path("<uuid:uuid>/notes/", views.note, name="review-note"),
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
