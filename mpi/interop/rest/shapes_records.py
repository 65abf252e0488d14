"""Shapes of what is sent about a patient, and of the answers to match, upsert and the identity acts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.interop.rest.shapes import (
    EUID_HELP,
    GRADES,
    DecisionShape,
    EvidenceShape,
    LinkShape,
    NumberShape,
    PersonSummaryShape,
    ReasonShape,
    SourceRecordShape,
)
from mpi.models import EventKind, GoldenStatus, MessageOutcome
from mpi.services.reasons import REASONS


def _text(longest: int = 300, words: str = "") -> s.CharField:
    return s.CharField(required=False, allow_blank=True, max_length=longest, help_text=words)


class NameShape(s.Serializer[Any]):
    """One name. `text` is a name in one string, where the parts are not known."""

    family = _text()
    given = _text()
    middle = _text()
    suffix = _text()
    prefix = _text()
    text = _text()
    use = s.ChoiceField(("official", "usual", "nickname", "maiden", "old", "alias", "anonymous"), required=False)
    start = _text()
    end = _text()


class AddressShape(s.Serializer[Any]):
    """One address; former ones have the use “old” and still help to match."""

    street = _text()
    city = _text()
    state = _text()
    postal_code = _text()
    country = _text()
    use = s.ChoiceField(("home", "work", "temp", "old", "billing"), required=False)
    start = _text()
    end = _text()


class TelecomShape(s.Serializer[Any]):
    """One phone number or e-mail address."""

    kind = s.ChoiceField(("phone", "email"))
    value = s.CharField(max_length=300)
    use = s.ChoiceField(("home", "work", "mobile", "old"), required=False)


class IdentifierShape(s.Serializer[Any]):
    """A number other than the record's own: `type` is a code of HL7 table 0203 (SS, DL, PPN, MB …)."""

    authority = s.CharField(max_length=300)
    value = s.CharField(max_length=300)
    type = _text()
    use = s.ChoiceField(("official", "usual", "secondary", "old"), required=False)


class DemographicsShape(s.Serializer[Any]):
    """A patient: flat fields, as in CSV, and repeated values beside or instead of them. Unknown fields are refused."""

    given_name = _text()
    middle_name = _text()
    family_name = _text()
    suffix = _text(32)
    birth_date = _text(32, "YYYY-MM-DD; YYYY-MM or YYYY where no more is known.")
    sex = _text(16, "F, M, O, U")
    ssn = _text(32)
    street = _text()
    city = _text()
    state = _text()
    postal_code = _text()
    phone = _text()
    email = _text()
    previous_family_name = _text()
    names = NameShape(many=True, required=False)
    addresses = AddressShape(many=True, required=False)
    telecoms = TelecomShape(many=True, required=False)
    identifiers = IdentifierShape(many=True, required=False)
    deceased_date = _text()
    mothers_maiden_name = _text()
    multiple_birth = s.BooleanField(required=False)
    birth_order = s.IntegerField(required=False, min_value=1, max_value=19)
    facility = _text()
    registrar = _text()


class RecordBodyShape(DemographicsShape):
    """What a source system says of one of its patients. `updated_at` is its own time of the change."""

    updated_at = s.DateTimeField(required=False, help_text="Older than what the index has: kept as history only.")
    verified = _text(words="Fields that were checked against a document, with spaces between: birth_date ssn")


class RecordWithNumberShape(RecordBodyShape):
    """The same with its number in the body."""

    source_system = s.CharField(max_length=32)
    mrn = s.CharField(max_length=64)


class MatchBodyShape(DemographicsShape):
    """Whom to look for. The more is told, the surer the answer."""

    source_system = _text(32)
    mrn = _text(64)


class MatchCandidateShape(s.Serializer[Any]):
    """One person that may be meant, with its probability, grade and the evidence for it."""

    euid = s.CharField(help_text=EUID_HELP)
    status = s.ChoiceField(GoldenStatus.choices)
    probability = s.FloatField(min_value=0, max_value=1)
    match_weight_bits = s.FloatField()
    grade = s.ChoiceField(GRADES)
    reasons = ReasonShape(many=True)
    evidence = EvidenceShape()
    golden_record = PersonSummaryShape()


class MatchAnswerShape(s.Serializer[Any]):
    """The best first."""

    candidates = MatchCandidateShape(many=True)


class OpenedMatchShape(s.Serializer[Any]):
    """A question that is open for a steward."""

    id = s.UUIDField()
    grade = s.ChoiceField(GRADES)
    probability = s.FloatField()
    euids = s.ListField(child=s.CharField())


class UpsertAnswerShape(NumberShape):
    """What became of the record: the person it belongs to now, and why."""

    message_id = s.UUIDField()
    replayed = s.BooleanField(help_text="True: the same request came before, and this is its answer.")
    outcome = s.ChoiceField(MessageOutcome.choices)
    version = s.IntegerField(allow_null=True)
    euid = s.CharField(allow_null=True, help_text=EUID_HELP)
    golden_status = s.ChoiceField(GoldenStatus.choices, allow_null=True)
    decision = DecisionShape(allow_null=True)
    potential_matches = OpenedMatchShape(many=True)


class AcceptedShape(s.Serializer[Any]):
    """Taken in and safe; the work follows. Poll `location`."""

    id = s.UUIDField()
    location = s.CharField()


class RecordVersionShape(s.Serializer[Any]):
    """One version of a source record: when, and by whose act."""

    version = s.IntegerField()
    state = s.CharField()
    effective_at = s.DateTimeField(allow_null=True)
    recorded_at = s.DateTimeField()
    actor_id = s.CharField(allow_null=True)
    correlation_id = s.UUIDField(allow_null=True)


class RecordLinkShape(LinkShape):
    """The link of a source record, with its person."""

    euid = s.CharField(help_text=EUID_HELP)
    golden_status = s.ChoiceField(GoldenStatus.choices)


class RecordAnswerShape(SourceRecordShape):
    """One source record with its link, the newest decision about it, its open questions and its versions."""

    merged_into = NumberShape(
        allow_null=True, help_text="Where its source has merged this number; `link` is that one's."
    )
    link = RecordLinkShape(allow_null=True)
    decision = DecisionShape(allow_null=True)
    potential_matches = OpenedMatchShape(many=True)
    versions = RecordVersionShape(many=True)


class SearchBodyShape(s.Serializer[Any]):
    """Names are prefixes, without regard to case and accents. At least one of the three is needed."""

    family_name = _text()
    given_name = _text()
    birth_date = _text(10, "YYYY-MM-DD")
    limit = s.IntegerField(required=False, min_value=1, max_value=200, default=50)
    cursor = _text()


class CrossReferenceShape(NumberShape):
    """A number of the same person."""

    authority = s.CharField()
    authority_oid = s.CharField(allow_null=True)
    state = s.CharField()


class CrossReferencesShape(s.Serializer[Any]):
    """All numbers of the person to whom the asked one belongs, the asked one left out."""

    euid = s.CharField(help_text=EUID_HELP)
    status = s.ChoiceField(GoldenStatus.choices)
    asked = NumberShape()
    cross_references = CrossReferenceShape(many=True)


class _ReasonedShape(s.Serializer[Any]):
    reason_code = s.ChoiceField(tuple(REASONS))
    reason = s.CharField(required=False, allow_blank=True, max_length=500)


class MergeBodyShape(_ReasonedShape):
    """The golden record of the path survives. `versions` are those you saw; others refuse the act (409)."""

    retired_euid = s.CharField()
    versions = s.DictField(child=s.IntegerField(), help_text="EUID → version, of both.")


class UndoBodyShape(s.Serializer[Any]):
    """Why the act is taken back."""

    reason = s.CharField(max_length=500)


class UnmergeBodyShape(_ReasonedShape):
    """They are two people: undo the merge and keep them apart from now on."""


class LinkBodyShape(_ReasonedShape, NumberShape):
    """Move a source record to a golden record. `version` is the golden record's, as you saw it."""

    euid = s.CharField()
    version = s.IntegerField(min_value=1)


class UnlinkBodyShape(_ReasonedShape, NumberShape):
    """Take a source record out of its golden record; it gets a provisional one of its own."""


class SeparationBodyShape(_ReasonedShape):
    """Two golden records are different people: a standing decision, liftable."""

    euids = s.ListField(child=s.CharField(), min_length=2, max_length=2)


class VerifyBodyShape(s.Serializer[Any]):
    """A steward has made sure. `version` is the one you saw."""

    version = s.IntegerField(min_value=1)
    reason = s.CharField(max_length=500)


class ResolveBodyShape(_ReasonedShape):
    """The answer to a potential match: the same person (merges) or different people (keeps apart)."""

    outcome = s.ChoiceField(("same", "different"))
    version = s.IntegerField(min_value=1, help_text="Of the potential match, as you saw it.")
    versions = s.DictField(child=s.IntegerField(), required=False, help_text="EUID → version, of both sides.")


class ActShape(s.Serializer[Any]):
    """What an identity act did. Undo it by its `event_id`."""

    event_id = s.UUIDField()
    kind = s.ChoiceField(EventKind.choices)
    euids = s.ListField(child=s.CharField(), help_text="Live ones first.")
    undoable = s.BooleanField()
    message = s.CharField()
