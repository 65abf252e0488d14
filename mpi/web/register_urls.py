"""Addresses of the registration desk. What is typed is only ever sent in the body of a request."""

from __future__ import annotations

from django.urls import path

from mpi.web.views import register, register_alias, register_newborn

_ONE = "<uuid:registration_uuid>/"

urlpatterns = [
    path("", register.register, name="register"),
    path("look-up/", register.look_up, name="register-look-up"),
    path("choose/", register.choose, name="register-choose"),
    path("visit/", register.visit, name="register-visit"),
    path("create/", register.create, name="register-create"),
    path("new/", register.new, name="register-new"),
    path("waiting/", register.waiting, name="register-waiting"),
    path("newborn/", register_newborn.newborn, name="register-newborn"),
    path("newborn/mother/", register_newborn.mother, name="register-mother"),
    path("newborn/with-mother/", register_newborn.with_mother, name="register-with-mother"),
    path("newborn/of/<euid:euid>/", register_newborn.children, name="register-children"),
    path("newborn/check/", register_newborn.check, name="register-newborn-check"),
    path("newborn/born/", register_newborn.born, name="register-born"),
    path("unidentified/", register_alias.unidentified, name="register-unidentified"),
    path("unidentified/names/", register_alias.names, name="alias-names"),
    path(_ONE, register.registration, name="registration"),
    path(f"{_ONE}family/", register_newborn.relate_family, name="register-family"),
    path(f"{_ONE}name/", register_newborn.name, name="register-name"),
    path(f"{_ONE}identify/", register_alias.identify_look, name="register-identify"),
    path(f"{_ONE}identify/check/", register_alias.identify_check, name="register-identify-check"),
    path(f"{_ONE}identify/done/", register_alias.identified, name="register-identified"),
    path(f"{_ONE}take-back/", register_alias.withdraw, name="register-withdraw"),
]
