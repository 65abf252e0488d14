"""Evaluation pages: start one, see the newest, an earlier one, other thresholds, two beside each other. No PHI."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from mpi.access import Permission
from mpi.errors import Malformed, TooLarge
from mpi.models import EvaluationRun
from mpi.queries import evaluation, evaluation_compare
from mpi.queries.evaluation_figures import Figures, figures_of, made_by_others
from mpi.services.evaluation import start_evaluation
from mpi.services.evaluation_truth import MOST_UPLOAD_BYTES, notices, read_upload
from mpi.web.forms import MpiForm
from mpi.web.forms_evaluation import CompareForm, ThresholdForm, TruthForm
from mpi.web.pages import ActorRequest, page, require, show


@require_GET
@page
def overview(request: ActorRequest) -> HttpResponse:
    require(request, Permission.EVALUATION)
    found = tuple(evaluation.runs()[: evaluation.RUNS_SHOWN])
    newest = evaluation.run(found[0].uuid) if found else None
    context: dict[str, object] = {
        "runs": found,
        "progress": evaluation.progress(),
        "truth_form": TruthForm(),
        "compare_form": CompareForm(),
        "upload_mb": MOST_UPLOAD_BYTES // 1024 // 1024,
    }
    return show(request, "mpi/evaluation.html", context | _figures(request, newest))


@require_GET
@page
def run(request: ActorRequest, run_uuid: UUID) -> HttpResponse:
    require(request, Permission.EVALUATION)
    return show(request, "mpi/evaluation_run.html", _figures(request, evaluation.run(run_uuid)))


def _figures(request: HttpRequest, found: EvaluationRun | None) -> dict[str, object]:
    """What the partials of a run need."""
    if found is None:
        return {"run": None}
    figures = figures_of(found)
    return {"run": found, "figures": figures, **_explored(request, found, figures)}


def _explored(request: HttpRequest, found: EvaluationRun, figures: Figures) -> dict[str, object]:
    explorer = figures.explorer
    asked = request.GET if {"automatic", "review"} & request.GET.keys() else None
    form = ThresholdForm(asked, automatic=explorer.automatic, review=explorer.review)
    change = None
    if form.is_bound and form.is_valid():
        change = explorer.at(*form.thresholds())
    return {
        "threshold_form": form,
        "change": change,
        "sentences": evaluation_compare.sentences(change, explorer, by_stewards=found.source == "decisions")
        if change
        else (),
        "ladder": evaluation_compare.ladder(explorer),
        "review_ladder": evaluation_compare.review_ladder(explorer),
        "made_by_others": made_by_others(found, figures),
    }


@require_POST
@page
def start(request: ActorRequest) -> HttpResponseBase:
    """Against decisions, or against a truth file in the field `truth`."""
    require(request, Permission.EVALUATION)
    if request.POST.get("source") == "decisions":
        start_evaluation(actor=request.actor)
        return redirect("evaluation")
    form = TruthForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form, ())
    file = form.cleaned_data["truth"]
    try:
        truth = read_upload(file, file.name, file.size)
    except (Malformed, TooLarge) as error:
        form.add_error("truth", error.detail)
        return _refused(request, form, error.flaws, status=error.http_status)
    start_evaluation(actor=request.actor, truth=truth, truth_name=file.name)
    for words in notices(truth):
        messages.info(request, words)
    return redirect("evaluation")


def _refused(request: ActorRequest, form: MpiForm, flaws: tuple[object, ...], *, status: int = 422) -> HttpResponse:
    context = {"truth_form": form, "flaws": flaws, "upload_mb": MOST_UPLOAD_BYTES // 1024 // 1024}
    return show(request, "mpi/evaluation_refused.html", context, status=status)


@require_GET
@page
def compare(request: ActorRequest) -> HttpResponse:
    require(request, Permission.EVALUATION)
    form = CompareForm(request.GET)
    if not form.is_valid():
        return show(request, "mpi/evaluation_compare.html", {"form": form}, status=422)
    one, other = evaluation.runs_to_compare(form.pair())
    rows = evaluation_compare.compared(figures_of(one), figures_of(other))
    return show(request, "mpi/evaluation_compare.html", {"one": one, "other": other, "rows": rows})
