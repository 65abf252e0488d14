"""Addresses of the pages. People are named by EUID, records by key: never by a number or name of a source."""

from __future__ import annotations

from django.urls import include, path, register_converter

from mpi.euid import normal_euid
from mpi.web.styleguide import styleguide
from mpi.web.views import (
    account,
    acts,
    as_of,
    audit_log,
    compare,
    dashboard,
    decision,
    evaluation,
    golden,
    help,
    machinery,
    model_card,
    models,
    override,
    raw_message,
    relationship,
    rematch,
    search,
    source_merge,
    source_record,
    survivorship,
    vip,
    who_looked,
)


class EuidConverter:
    """An EUID with or without hyphens."""

    regex = "[0-9A-Za-z-]{12,14}"

    def to_python(self, value: str) -> str:
        return normal_euid(value)

    def to_url(self, value: str) -> str:
        return value


register_converter(EuidConverter, "euid")

_PERSON = "golden-records/<euid:euid>"
_RECORD = "source-records/<int:record_id>"
_MODEL = "matching/models/<str:name>"
_RULES = "matching/survivorship/<str:name>"
_REMATCH = "rematches/<uuid:run_uuid>"

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("health/", dashboard.health, name="health"),
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/theme/", account.theme, name="theme"),
    path("search/", search.search, name="search"),
    path("compare/", compare.console, name="compare"),
    path(f"{_PERSON}/", golden.overview, name="golden-record"),
    path(f"{_PERSON}/source-records/", golden.source_records, name="golden-source-records"),
    path(f"{_PERSON}/history/", golden.history, name="golden-history"),
    path(f"{_PERSON}/as-of/", as_of.as_of, name="golden-as-of"),
    path(f"{_PERSON}/household/", golden.at_home, name="golden-household"),
    path(f"{_PERSON}/questions/", golden.questions, name="golden-questions"),
    path(f"{_PERSON}/merges/", golden.merged, name="golden-merges"),
    path(f"{_PERSON}/who-looked/", who_looked.who_looked, name="golden-who-looked"),
    path(f"{_PERSON}/override/", override.override, name="override"),
    path(f"{_PERSON}/override/<str:field>/lift/", override.lift, name="lift-override"),
    path(f"{_PERSON}/verify/", acts.verify, name="verify"),
    path(f"{_PERSON}/retire/", acts.retire, name="retire"),
    path(f"{_PERSON}/relate/", relationship.relate_to, name="relate"),
    path("relationships/<uuid:relationship_uuid>/end/", relationship.end, name="unrelate"),
    path(f"{_PERSON}/merge/", acts.choose_other, {"act": "merge"}, name="choose-merge"),
    path(f"{_PERSON}/separate/", acts.choose_other, {"act": "separate"}, name="choose-separate"),
    path("golden-records/<euid:survivor>/merge/<euid:retired>/", acts.merge, name="merge"),
    path(f"{_PERSON}/separate/<euid:other>/", acts.keep_apart, name="separate"),
    path("identity-events/<uuid:event_uuid>/undo/", acts.undo, name="undo"),
    path("identity-events/<uuid:event_uuid>/unmerge/", acts.unmerge, name="unmerge"),
    path("separations/<uuid:separation_uuid>/lift/", acts.lift, name="lift-separation"),
    path(f"{_RECORD}/", source_record.source_record, name="source-record"),
    path(f"{_RECORD}/versions/", source_record.all_versions, name="source-record-versions"),
    path(f"{_RECORD}/link/", source_record.choose_home, name="choose-link"),
    path(f"{_RECORD}/link/<euid:euid>/", source_record.link, name="link"),
    path(f"{_RECORD}/unlink/", source_record.unlink, name="unlink"),
    path(f"{_RECORD}/merge/", source_merge.choose_number, name="choose-source-merge"),
    path(f"{_RECORD}/merge/<int:survivor_id>/", source_merge.merge, name="source-merge"),
    path(f"{_RECORD}/unmerge/", source_merge.unmerge, name="source-unmerge"),
    path(f"{_RECORD}/ssn/", source_record.unmask, name="unmask"),
    path("decisions/<uuid:decision_uuid>/", decision.decision, name="decision"),
    path("decisions/of-message/<int:message_id>/", decision.of_message, name="decision-of-message"),
    path("messages/", machinery.messages, name="messages"),
    path("messages/<uuid:message_uuid>/", machinery.message, name="message"),
    path("messages/<uuid:message_uuid>/raw/", raw_message.raw_message, name="raw-message"),
    path("jobs/", machinery.jobs, name="jobs"),
    path("jobs/<uuid:job_uuid>/", machinery.job, name="job"),
    path("jobs/<uuid:job_uuid>/errors.csv", machinery.job_errors, name="job-errors"),
    path("matching/", models.matching, name="matching"),
    path("matching/import/", models.bring, name="model-import"),
    path("matching/survivorship/", survivorship.overview, name="survivorship"),
    path("matching/survivorship/draft/", survivorship.draft, name="survivorship-draft"),
    path(f"{_RULES}/", survivorship.version, name="survivorship-version"),
    path(f"{_RULES}/preview/", survivorship.preview, name="survivorship-preview"),
    path(f"{_RULES}/approve/", survivorship.act, {"act": "approve"}, name="survivorship-approve"),
    path(f"{_RULES}/reject/", survivorship.act, {"act": "reject"}, name="survivorship-reject"),
    path(f"{_RULES}/activate/", survivorship.act, {"act": "activate"}, name="survivorship-activate"),
    path(f"{_MODEL}/", models.model, name="model"),
    path(f"{_MODEL}/compare/", models.compare, name="model-compare"),
    path(f"{_MODEL}/document.json", models.document, name="model-document"),
    path(f"{_MODEL}/card/", model_card.model_card, name="model-card"),
    path(f"{_MODEL}/card.md", model_card.model_card_markdown, name="model-card-markdown"),
    path(f"{_MODEL}/approve/", models.act, {"act": "approve"}, name="model-approve"),
    path(f"{_MODEL}/reject/", models.act, {"act": "reject"}, name="model-reject"),
    path(f"{_MODEL}/activate/", models.act, {"act": "activate"}, name="model-activate"),
    path(f"{_MODEL}/roll-back/", models.act, {"act": "rollback"}, name="model-rollback"),
    path("evaluation/", evaluation.overview, name="evaluation"),
    path("evaluation/start/", evaluation.start, name="evaluation-start"),
    path("evaluation/compare/", evaluation.compare, name="evaluation-compare"),
    path("evaluation/<uuid:run_uuid>/", evaluation.run, name="evaluation-run"),
    path("rematches/", rematch.rematches, name="rematches"),
    path(f"{_REMATCH}/", rematch.rematch, name="rematch"),
    path(f"{_REMATCH}/approve/", rematch.rematch_act, {"act": "approve"}, name="rematch-approve"),
    path(f"{_REMATCH}/apply/", rematch.rematch_act, {"act": "apply"}, name="rematch-apply"),
    path(f"{_REMATCH}/undo/", rematch.rematch_act, {"act": "undo"}, name="rematch-undo"),
    path("audit/", audit_log.audit_log, name="audit"),
    path("audit/export.csv", audit_log.audit_export, {"form": "csv"}, name="audit-csv"),
    path("audit/export.ndjson", audit_log.audit_export, {"form": "ndjson"}, name="audit-ndjson"),
    path("styleguide/", styleguide, name="styleguide"),
    path("register/", include("mpi.web.register_urls")),
    path("help/", help.overview, name="help"),
    path("tour/<str:move>/", help.tour_move, name="tour-move"),
    path("help/<str:slug>/", help.help_page, name="help-page"),
]

# The VIP mark.
urlpatterns += [path(f"{_PERSON}/vip/", vip.vip, name="vip")]
