"""Which door answers where."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/", include("mpi.interop.rest.urls")),
    path("review/", include("review.urls")),
    path("", include("mpi.web.urls")),
]
