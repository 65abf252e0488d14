"""Addresses under `/api/`. Without a trailing slash, but for the two that people type."""

from __future__ import annotations

from django.urls import path, re_path

from mpi.interop.rest import schema
from mpi.interop.rest.door import NothingHere
from mpi.interop.rest.views import (
    audit_log,
    batch,
    golden_records,
    identity,
    identity_tasks,
    jobs,
    linkage_models,
    match,
    merge_preview,
    messages,
    open,
    overrides,
    potential_matches,
    proposals,
    record_acts,
    records,
    search,
    survivorship,
)

_GOLDEN = "v1/golden-records/<str:euid>"
_EVENT = "v1/identity-events/<uuid:event_id>"
_MATCH = "v1/potential-matches/<uuid:match_id>"
_TASK = "v1/identity-tasks/<uuid:task_id>"
_PROPOSAL = "v1/proposals/<uuid:proposal_id>"
_MESSAGE = "v1/messages/<uuid:message_id>"
_JOB = "v1/jobs/<uuid:job_id>"

urlpatterns = [
    path("v1/match", match.Match.as_view()),
    path("v1/records", records.Records.as_view()),
    path("v1/records/batch", batch.RecordBatch.as_view()),
    # a number may hold a slash
    path("v1/records/<str:system>/<path:mrn>", records.Record.as_view()),
    path("v1/golden-records", search.GoldenRecords.as_view()),
    path("v1/golden-records/search", search.GoldenRecordSearch.as_view()),
    path(_GOLDEN, golden_records.GoldenRecordDetail.as_view()),
    path(f"{_GOLDEN}/history", golden_records.GoldenRecordHistory.as_view()),
    path(f"{_GOLDEN}/versions", golden_records.GoldenRecordVersions.as_view()),
    path(f"{_GOLDEN}/source-records", golden_records.GoldenRecordMembers.as_view()),
    path(f"{_GOLDEN}/overrides", overrides.Overrides.as_view()),
    path(f"{_GOLDEN}/overrides/<str:field>/lift", overrides.LiftOverride.as_view()),
    path(f"{_GOLDEN}/merge", identity.Merge.as_view()),
    path(f"{_GOLDEN}/merge/preview", merge_preview.MergePreview.as_view()),
    path(f"{_GOLDEN}/verify", identity.Verify.as_view()),
    path(f"{_GOLDEN}/retire", record_acts.Retire.as_view()),
    path("v1/source-merges", record_acts.SourceMerges.as_view()),
    path("v1/source-unmerges", record_acts.SourceUnmerges.as_view()),
    path("v1/cross-references", search.CrossReferences.as_view()),
    path(f"{_EVENT}/undo", identity.Undo.as_view()),
    path(f"{_EVENT}/unmerge", identity.Unmerge.as_view()),
    path("v1/links", identity.Links.as_view()),
    path("v1/unlink", identity.Unlink.as_view()),
    path("v1/separations", identity.Separations.as_view()),
    path("v1/separations/<uuid:separation_id>/lift", identity.LiftSeparation.as_view()),
    path("v1/potential-matches", potential_matches.PotentialMatches.as_view()),
    path(_MATCH, potential_matches.PotentialMatchDetail.as_view()),
    path(f"{_MATCH}/resolve", potential_matches.ResolvePotentialMatch.as_view()),
    path("v1/identity-tasks", identity_tasks.IdentityTasks.as_view()),
    path(_TASK, identity_tasks.IdentityTaskDetail.as_view()),
    path(f"{_TASK}/resolve", identity_tasks.ResolveIdentityTask.as_view()),
    path("v1/proposals", proposals.Proposals.as_view()),
    path(_PROPOSAL, proposals.ProposalDetail.as_view()),
    path(f"{_PROPOSAL}/approve", proposals.ApproveProposal.as_view()),
    path(f"{_PROPOSAL}/reject", proposals.RejectProposal.as_view()),
    path(f"{_PROPOSAL}/withdraw", proposals.WithdrawProposal.as_view()),
    path("v1/messages", messages.Messages.as_view()),
    path(_MESSAGE, messages.MessageDetail.as_view()),
    path(f"{_MESSAGE}/replay", messages.ReplayMessage.as_view()),
    path("v1/jobs", jobs.Jobs.as_view()),
    path(_JOB, jobs.JobDetail.as_view()),
    path(f"{_JOB}/lines", jobs.JobLines.as_view()),
    path(f"{_JOB}/errors", jobs.JobErrors.as_view()),
    path("v1/linkage-models", linkage_models.LinkageModels.as_view()),
    path("v1/linkage-models/<str:name>", linkage_models.LinkageModelDetail.as_view()),
    path("v1/survivorship-rules", survivorship.SurvivorshipRulesVersions.as_view()),
    path("v1/survivorship-rules/<str:name>", survivorship.SurvivorshipRulesVersion.as_view()),
    path("v1/audit-events", audit_log.AuditEvents.as_view()),
    path("v1/audit/checkpoint", audit_log.AuditCheckpoint.as_view()),
    path("v1/health", open.Health.as_view()),
    path("problems", open.ProblemKinds.as_view()),
    path("problems/<str:code>", open.ProblemKind.as_view()),
    path("schema/", schema.SchemaView.as_view(), name="rest-schema"),
    path("docs/", schema.DocsView.as_view(), name="rest-docs"),
    re_path(r"", NothingHere.as_view()),
]
