"""Addresses of the look-up during downtime."""

from __future__ import annotations

from django.urls import path

from mpi.web.downtime import views

urlpatterns = [
    path("", views.look, name="look"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("golden-records/<str:euid>/", views.person, name="golden-record"),
    path("register/", views.register, name="register"),
    path("registered/", views.registered, name="registered"),
]
