"""Signing in and out, and the little a person can set. Each sign-in, failure and sign-out is written down."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission
from mpi.commands import Actor
from mpi.models import User
from mpi.web.middleware import actor_of
from mpi.web.pages import ActorRequest, page, show

_THEMES = ("system", "light", "dark")
_MAY = {
    Permission.MATCH: "ask for matches",
    Permission.RECORD_READ: "read source records",
    Permission.RECORD_WRITE: "write source records",
    Permission.PERSON_READ: "search and read persons",
    Permission.REVIEW: "work the review queue",
    Permission.MERGE: "merge, separate, verify and undo",
    Permission.UNMASK: "unmask an SSN",
    Permission.MESSAGES: "see messages",
    Permission.JOBS: "see jobs",
    Permission.AUDIT_READ: "read the audit log",
    Permission.AUDIT_EXPORT: "export the audit log",
    Permission.MODEL_READ: "see the linkage model",
    Permission.MODEL_MANAGE: "draft, approve, activate and roll back linkage models",
    Permission.USERS: "manage users",
    Permission.EXPORT: "export links",
    Permission.REGISTER: "register patients",
    Permission.SUPERVISE: "assign reviews and see how the desk does",
    Permission.APPROVE: "approve or reject what somebody proposed",
    Permission.EVALUATION: "evaluate the linkage model",
}
_YEAR_S = 365 * 86_400


class SignIn(LoginView):
    """User name and password; locked for a while after too many failures (django-axes)."""

    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return {**super().get_context_data(**kwargs), "now": timezone.now()}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        with transaction.atomic():
            record(entry_by(actor_of(self.request, user), Action.SIGN_IN_SUCCEEDED))
            return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        typed = form.data.get("username", "")
        locked = not AxesProxyHandler.is_allowed(self.request, {"username": typed})
        action = Action.SIGN_IN_LOCKED if locked else Action.SIGN_IN_FAILED
        with transaction.atomic():
            record(entry_by(_stranger(self.request, typed), action, outcome="refused"))
        # Our page says that it is locked: the middleware of axes need not put its own in place of it.
        self.request.axes_locked_out = False  # type: ignore[attr-defined]  # set by axes
        context = self.get_context_data(form=form, locked=locked)
        return self.render_to_response(context, status=429 if locked else 422)


def _stranger(request: HttpRequest, typed: str) -> Actor:
    """Who tried. A name that is no user's is not kept: people type passwords into the wrong field."""
    known = User.objects.filter(username=typed).values_list("username", flat=True).first()
    return Actor(
        kind="user",
        id=known or "unknown",
        name=known or "unknown",
        source="web",
        network_address=request.META.get("REMOTE_ADDR") or None,
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        with transaction.atomic():
            record(entry_by(actor, Action.SIGN_OUT))
    logout(request)
    return redirect("sign-in")


@page
@require_safe
def account(request: ActorRequest) -> HttpResponse:
    may = [_MAY.get(name, name) for name in sorted(request.actor.permissions)]
    return show(request, "mpi/account.html", {"permissions": may})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system says, kept in a cookie of this browser."""
    response = redirect("account")
    wanted = request.POST.get("theme", "")
    if wanted in _THEMES:
        response.set_cookie("theme", wanted, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response
