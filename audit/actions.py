"""The closed list of what can be written into the audit log.

An action that is not in this table cannot be recorded. Codes are stored in events for ever: never rename or
reuse one; add a line instead. The words are what a person reads on the audit page and in exports.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class UnknownAction(ValueError):
    """The code is not in the closed list of actions."""


class Category(StrEnum):
    """What kind of act an action is; the first filter of the audit page."""

    READ = "read"
    CHANGE = "change"
    DECISION = "decision"
    SIGN_IN = "sign-in"
    EXPORT = "export"
    REFUSAL = "refusal"
    SYSTEM = "system"


class Action(StrEnum):
    """One auditable act. The value is the stable code; `words` and `category` are for people."""

    words: str
    category: Category

    def __new__(cls, code: str, category: Category, words: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.category = category
        member.words = words
        return member

    # Reading a person. One event for each person shown (IHE BALP PatientRead, PatientQuery).
    PERSON_READ = "person.read", Category.READ, "Golden record read"
    PERSON_SEARCHED = "person.searched", Category.READ, "Persons searched"
    RECORD_READ = "record.read", Category.READ, "Source record read"
    MATCH_REQUESTED = "match.requested", Category.READ, "Match requested"
    POTENTIAL_MATCH_READ = "potential_match.read", Category.READ, "Potential match read"
    TASK_READ = "task.read", Category.READ, "Identity task read"
    PERSON_SHOWN = "person.shown", Category.READ, "Golden record shown beside another one"
    MESSAGE_READ = "message.read", Category.READ, "Message read"
    MESSAGE_REVEALED = "message.revealed", Category.READ, "Raw message shown"
    CROSS_REFERENCE_READ = "cross_reference.read", Category.READ, "Cross-reference looked up"
    SSN_UNMASKED = "ssn.unmasked", Category.READ, "SSN unmasked"
    AUDIT_READ = "audit.read", Category.READ, "Audit log read"
    WHO_LOOKED_READ = "audit.who_looked", Category.READ, "Who looked at a person read"

    # Messages and source records.
    MESSAGE_RECEIVED = "message.received", Category.CHANGE, "Message received"
    MESSAGE_REJECTED = "message.rejected", Category.CHANGE, "Message rejected"
    MESSAGE_REPLAYED = "message.replayed", Category.CHANGE, "Message replayed"
    RECORD_RECEIVED = "record.received", Category.CHANGE, "Source record received"
    RECORD_CREATED = "record.created", Category.CHANGE, "Source record created"
    RECORD_UPDATED = "record.updated", Category.CHANGE, "Source record updated"
    RECORD_UNCHANGED = "record.unchanged", Category.CHANGE, "Source record received, nothing changed"
    RECORD_OUTDATED = "record.outdated", Category.CHANGE, "Older version of a source record kept as history"
    RECORD_DELETED = "record.deleted", Category.CHANGE, "Source record deleted"
    RECORDS_MERGED = "record.merged", Category.CHANGE, "Source records merged by their source"
    RECORDS_UNMERGED = "record.unmerged", Category.CHANGE, "Merge of source records taken back by their source"
    # The registration desk.
    PATIENT_REGISTERED = "patient.registered", Category.CHANGE, "Patient registered at the desk"
    PATIENT_NAMED = "patient.named", Category.CHANGE, "Newborn named"
    PATIENT_IDENTIFIED = "patient.identified", Category.DECISION, "Patient under an alias identified"
    REGISTRATION_WITHDRAWN = "registration.withdrawn", Category.DECISION, "Registration taken back"
    ALIASES_ALLOTTED = "aliases.allotted", Category.SYSTEM, "Names for unidentified patients set aside"
    # Links and golden records.
    LINK_OPENED = "link.opened", Category.CHANGE, "Source record linked"
    LINK_ENDED = "link.ended", Category.CHANGE, "Source record unlinked"
    GOLDEN_CREATED = "golden.created", Category.CHANGE, "Golden record created"
    GOLDEN_UPDATED = "golden.updated", Category.CHANGE, "Golden record recomputed"
    GOLDEN_CONFIRMED = "golden.confirmed", Category.CHANGE, "Golden record confirmed by a second source"
    GOLDEN_RETIRED = "golden.retired", Category.CHANGE, "Golden record retired"
    GOLDEN_MERGED = "golden.merged", Category.DECISION, "Golden records merged"
    GOLDEN_UNMERGED = "golden.unmerged", Category.DECISION, "Golden records unmerged"
    GOLDEN_VERIFIED = "golden.verified", Category.DECISION, "Golden record verified"
    GOLDEN_OVERRIDDEN = "golden.overridden", Category.DECISION, "Golden value set by a steward"
    OVERRIDE_LIFTED = "override.lifted", Category.DECISION, "Golden value of a steward lifted"
    OVERRIDE_EXPIRED = "override.expired", Category.CHANGE, "Golden value of a steward expired"
    IDENTITY_UNDONE = "identity.undone", Category.DECISION, "Identity act undone"
    SEPARATION_CREATED = "separation.created", Category.DECISION, "Records kept apart as different people"
    SEPARATION_LIFTED = "separation.lifted", Category.DECISION, "Separation lifted"
    RELATIONSHIP_CREATED = "relationship.created", Category.DECISION, "Persons recorded as related"
    RELATIONSHIP_ENDED = "relationship.ended", Category.DECISION, "Relationship ended"

    # The queue and the steward's desk.
    POTENTIAL_MATCH_OPENED = "potential_match.opened", Category.CHANGE, "Potential match opened"
    POTENTIAL_MATCH_CLOSED = "potential_match.closed", Category.CHANGE, "Potential match closed by itself"
    POTENTIAL_MATCH_RESOLVED = "potential_match.resolved", Category.DECISION, "Potential match resolved"
    POTENTIAL_MATCH_ANSWERED = (
        "potential_match.answered",
        Category.DECISION,
        "Potential match answered, question left open",
    )
    PROPOSAL_MADE = "proposal.made", Category.DECISION, "Act proposed to a second person"
    PROPOSAL_READ = "proposal.read", Category.READ, "Proposal read"
    PROPOSAL_APPROVED = "proposal.approved", Category.DECISION, "Proposal approved by a second person, carried out"
    PROPOSAL_REJECTED = "proposal.rejected", Category.DECISION, "Proposal rejected by a second person"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn", Category.DECISION, "Proposal withdrawn by its proposer"
    PROPOSAL_STALE = "proposal.stale", Category.CHANGE, "Proposal not carried out: what it rests on has changed"
    BLIND_ANSWERED = "blind.answered", Category.DECISION, "Task read in the blind double review"
    BLIND_TAKEN_BACK = "blind.taken_back", Category.DECISION, "Answer to the blind double review taken back"
    VIP_MARKED = "vip.marked", Category.DECISION, "Person marked as VIP"
    VIP_LIFTED = "vip.lifted", Category.DECISION, "VIP mark lifted"
    TASK_OPENED = "task.opened", Category.CHANGE, "Identity task opened"
    TASK_CLOSED = "task.closed", Category.CHANGE, "Identity task closed by itself"
    TASK_RESOLVED = "task.resolved", Category.DECISION, "Identity task resolved"
    TASK_REOPENED = "task.reopened", Category.CHANGE, "Identity task opened again"
    TASK_SET_ASIDE = "task.set_aside", Category.CHANGE, "Identity task set aside"
    TASK_TAKEN_UP = "task.taken_up", Category.CHANGE, "Identity task taken up again"
    CLAIM_TAKEN = "claim.taken", Category.CHANGE, "Review claimed"
    CLAIM_RELEASED = "claim.released", Category.CHANGE, "Review claim released"
    TASK_ASSIGNED = "task.assigned", Category.CHANGE, "Review assigned to a person"
    TASK_UNASSIGNED = "task.unassigned", Category.CHANGE, "Assignment of a review withdrawn"
    NOTE_ADDED = "note.added", Category.CHANGE, "Note added"

    # Sign-in, access and the people and clients who have it.
    SIGN_IN_SUCCEEDED = "sign_in.succeeded", Category.SIGN_IN, "Signed in"
    SIGN_IN_FAILED = "sign_in.failed", Category.SIGN_IN, "Sign-in failed"
    SIGN_IN_LOCKED = "sign_in.locked", Category.SIGN_IN, "Sign-in locked after failures"
    SIGN_OUT = "sign_out", Category.SIGN_IN, "Signed out"
    ACCESS_REFUSED = "access.refused", Category.REFUSAL, "Access refused"
    CLIENT_CREATED = "client.created", Category.SYSTEM, "Client created"
    CLIENT_REVOKED = "client.revoked", Category.SYSTEM, "Client revoked"
    ROLE_CHANGED = "role.changed", Category.SYSTEM, "Role changed"

    # Exports.
    EXPORT_AUDIT = "export.audit", Category.EXPORT, "Audit log exported"
    EXPORT_LINKS = "export.links", Category.EXPORT, "Links exported"
    EXPORT_REVIEW = "export.review", Category.EXPORT, "Review queue exported"
    EXPORT_FIGURES = "export.figures", Category.EXPORT, "Figures of the review desk exported"
    EXPORT_MODEL_CARD = "export.model_card", Category.EXPORT, "Model card exported"
    EXPORT_MODEL = "export.model", Category.EXPORT, "Linkage model exported"

    EXPORT_DOWNTIME = "downtime.snapshot", Category.EXPORT, "Snapshot for the downtime look-up sealed"
    DOWNTIME_REGISTERED = "downtime.registered", Category.CHANGE, "Registration of the downtime brought in"
    DOWNTIME_RECONCILED = "downtime.reconciled", Category.SYSTEM, "Journal of the downtime reconciled"

    # The running of the index.
    MODEL_DRAFTED = "model.drafted", Category.SYSTEM, "Linkage model drafted"
    MODEL_APPROVED = "model.approved", Category.DECISION, "Linkage model approved"
    MODEL_REJECTED = "model.rejected", Category.DECISION, "Linkage model rejected"
    MODEL_ACTIVATED = "model.activated", Category.SYSTEM, "Linkage model activated"
    MODEL_ROLLED_BACK = "model.rolled_back", Category.SYSTEM, "Linkage model rolled back"
    RULES_DRAFTED = "rules.drafted", Category.SYSTEM, "Survivorship rules drafted"
    RULES_PREVIEW_ORDERED = "rules.preview_ordered", Category.SYSTEM, "Preview of survivorship rules asked for"
    RULES_PREVIEWED = "rules.previewed", Category.SYSTEM, "Survivorship rules compared with the index"
    RULES_APPROVED = "rules.approved", Category.DECISION, "Survivorship rules approved"
    RULES_REJECTED = "rules.rejected", Category.DECISION, "Survivorship rules rejected"
    RULES_ACTIVATED = "rules.activated", Category.SYSTEM, "Survivorship rules activated"
    RULES_FOLLOWED = "rules.followed", Category.SYSTEM, "Golden records made anew under other survivorship rules"
    REMATCH_ORDERED = "rematch.ordered", Category.SYSTEM, "Rematch asked for"
    REMATCH_PREVIEWED = "rematch.previewed", Category.SYSTEM, "Rematch compared with the index"
    REMATCH_APPROVED = "rematch.approved", Category.DECISION, "Rematch approved"
    REMATCH_STARTED = "rematch.started", Category.SYSTEM, "Rematch started to be applied"
    REMATCH_APPLIED = "rematch.applied", Category.SYSTEM, "Rematch applied"
    REMATCH_TAKEN_BACK = "rematch.taken_back", Category.DECISION, "Undoing of a rematch ordered"
    REMATCH_UNDONE = "rematch.undone", Category.SYSTEM, "Rematch undone"
    EVALUATION_STARTED = "evaluation.started", Category.SYSTEM, "Evaluation started"
    EVALUATION_STORED = "evaluation.stored", Category.SYSTEM, "Evaluation stored"
    SYSTEM_REGISTERED = "system.registered", Category.SYSTEM, "Source system registered"
    JOB_STARTED = "job.started", Category.SYSTEM, "Job started"
    JOB_FINISHED = "job.finished", Category.SYSTEM, "Job finished"
    AUDIT_VERIFIED = "audit.verified", Category.SYSTEM, "Audit log verified"
    INDEX_CHECKED = "index.checked", Category.SYSTEM, "Invariants of the index checked"
    # Only for a checkpoint asked for by hand: the sealer's own would feed the log for ever.
    CHECKPOINT_SIGNED = "checkpoint.signed", Category.SYSTEM, "Checkpoint signed on request"


_BY_CODE: Mapping[str, Action] = {entry.value: entry for entry in Action}


def action(code: str) -> Action:
    """The action of a code. Raises UnknownAction for a code that is not in the list."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise UnknownAction(f"{code!r} is not a registered audit action.") from None


def actions_of(category: Category) -> tuple[Action, ...]:
    """All actions of one category, in the order of the table."""
    return tuple(entry for entry in Action if entry.category is category)


def words_of(code: str) -> str:
    """The words for a stored code; the code itself if another version of the index wrote one unknown to this one."""
    known = _BY_CODE.get(code)
    return known.words if known else code
