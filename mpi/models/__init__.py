"""The facts of the index, and what the database itself guarantees about them."""

from mpi.models.accounts import ApiClient, KeyFingerprint, User
from mpi.models.downtime import DowntimeJournal, DowntimeSnapshot
from mpi.models.evaluation import EvaluationRequest, EvaluationRun, EvaluationSource, TruthFile
from mpi.models.event_kinds import MERGES, UNDOABLE, EventKind
from mpi.models.golden import LIVE_STATUSES, GoldenOverride, GoldenRecord, GoldenStatus
from mpi.models.jobs import Job, JobStatus, LineError
from mpi.models.linkage import LinkageModelVersion, ModelActivation, ModelStatus
from mpi.models.links import (
    Decision,
    IdentityEvent,
    IdentityTask,
    Link,
    LinkOrigin,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    TaskType,
)
from mpi.models.messages import InboundMessage, MessageOutcome, MessageState
from mpi.models.outbox import Delivery, OutboxEvent, Subscriber
from mpi.models.proposals import Proposal, ProposalAct, ProposalState, VipMark
from mpi.models.records import (
    BlockingKey,
    Identifier,
    RecordState,
    Separation,
    SeparationPair,
    SourceMerge,
    SourceRecord,
)
from mpi.models.registration import AliasName, Registration, RegistrationKind
from mpi.models.relationships import MUTUAL, Relationship, RelationshipKind
from mpi.models.rematch import RematchChange, RematchChangeState, RematchKind, RematchRun, RematchStatus
from mpi.models.sources import AssigningAuthority, SourceSystem
from mpi.models.survivorship import RulesStatus, SurvivorshipActivation, SurvivorshipPreview, SurvivorshipVersion

__all__ = [
    "LIVE_STATUSES",
    "MERGES",
    "MUTUAL",
    "UNDOABLE",
    "AliasName",
    "ApiClient",
    "AssigningAuthority",
    "BlockingKey",
    "Decision",
    "Delivery",
    "DowntimeJournal",
    "DowntimeSnapshot",
    "EvaluationRequest",
    "EvaluationRun",
    "EvaluationSource",
    "EventKind",
    "GoldenOverride",
    "GoldenRecord",
    "GoldenStatus",
    "Identifier",
    "IdentityEvent",
    "IdentityTask",
    "InboundMessage",
    "Job",
    "JobStatus",
    "KeyFingerprint",
    "LineError",
    "Link",
    "LinkOrigin",
    "LinkageModelVersion",
    "MessageOutcome",
    "MessageState",
    "ModelActivation",
    "ModelStatus",
    "OutboxEvent",
    "PotentialMatch",
    "PotentialMatchKind",
    "PotentialMatchStatus",
    "Proposal",
    "ProposalAct",
    "ProposalState",
    "RecordState",
    "Registration",
    "RegistrationKind",
    "Relationship",
    "RelationshipKind",
    "RematchChange",
    "RematchChangeState",
    "RematchKind",
    "RematchRun",
    "RematchStatus",
    "RulesStatus",
    "Separation",
    "SeparationPair",
    "SourceMerge",
    "SourceRecord",
    "SourceSystem",
    "Subscriber",
    "SurvivorshipActivation",
    "SurvivorshipPreview",
    "SurvivorshipVersion",
    "TaskType",
    "TruthFile",
    "User",
    "VipMark",
]
