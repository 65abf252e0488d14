"""`golden-records/{euid}`: one person, its members, its history. A merged EUID answers its survivor and says so."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission, access_exact_golden_record, access_person
from mpi.errors import Flaw, NotFound
from mpi.euid import is_euid, normal_euid
from mpi.interop.rest.documents import (
    event_document,
    golden_document,
    golden_then_document,
    member_document,
    member_then_document,
    version_document,
)
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import AS_OF, CURSOR, LIMIT
from mpi.interop.rest.shapes import EventShape, GoldenRecordShape, GoldenVersionShape, MemberShape, paged
from mpi.queries import rest_golden
from mpi.queries.as_of import members_then
from mpi.services.as_of import golden_record_as_of


def stored_euid(typed: str) -> str:
    """The EUID of a path in stored form. Raises NotFound, naming a slip of the pen where it is one."""
    euid = normal_euid(typed)
    if not is_euid(euid):
        flaw = Flaw("euid", "is no EUID: its check character differs", "compare it with where it was copied from")
        raise NotFound("There is no golden record under this EUID.", flaws=[flaw])
    return euid


class GoldenRecordDetail(Door):
    """One person."""

    @operation(
        "Read a golden record",
        tag="golden records",
        name="get_golden_record",
        scope=Permission.PERSON_READ,
        answers={200: GoldenRecordShape},
        query=(AS_OF,),
        words="The survived demographics with the provenance of each field. A merged EUID answers its survivor: then "
        "`merged_into` is the survivor and `requested_euid` the one you asked for. With `as_of` all of it, merges "
        "included, as the index held it at that instant.",
    )
    def get(self, request: Request, euid: str) -> Response:
        """The live golden record, audited as a read."""
        if instant := self.asked.time("as_of"):
            then = golden_record_as_of(euid=stored_euid(euid), instant=instant, actor=self.actor)
            return Response(golden_then_document(then))
        golden, passed = access_person(self.actor, stored_euid(euid))
        return Response(golden_document(golden, passed))


class GoldenRecordMembers(Door):
    """The source records of one person."""

    @operation(
        "List the source records of a person",
        tag="golden records",
        name="list_source_records",
        scope=Permission.PERSON_READ,
        answers={200: paged(MemberShape, "Member")},
        query=(AS_OF, LIMIT, CURSOR),
        words="With `as_of` the members at that instant, each as its source had told it by then.",
    )
    def get(self, request: Request, euid: str) -> Response:
        """Open links in the order they were opened."""
        limit, after = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        if instant := self.asked.time("as_of"):
            then = golden_record_as_of(euid=stored_euid(euid), instant=instant, actor=self.actor)
            found = members_then(then.row.id, instant, after=int(after[0]) if after else 0, size=limit)
            members, following = page(found, limit, lambda member: (member.link.pk,))
            return Response({"items": [member_then_document(member) for member in members], "next": following})
        golden, _ = access_person(self.actor, stored_euid(euid))
        rows, following = page(
            rest_golden.members(golden.pk, after=int(after[0]) if after else None, size=limit),
            limit,
            lambda link: (link.pk,),
        )
        return Response({"items": [member_document(link) for link in rows], "next": following})


class GoldenRecordHistory(Door):
    """What was done to one golden record."""

    @operation(
        "List the identity events of a golden record",
        tag="golden records",
        name="list_identity_events",
        scope=Permission.PERSON_READ,
        answers={200: paged(EventShape, "Event")},
        query=(LIMIT, CURSOR),
        words="Newest first, of exactly this EUID: that of a merged one ends with its merge.",
    )
    def get(self, request: Request, euid: str) -> Response:
        """Events with the EUIDs they touched."""
        golden = access_exact_golden_record(self.actor, stored_euid(euid))
        limit, before = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        rows, following = page(
            rest_golden.events(golden.pk, before=int(before[0]) if before else None, size=limit),
            limit,
            lambda event: (event.pk,),
        )
        euids = rest_golden.euids_of(key for event in rows for key in event.golden_record_ids)
        return Response({"items": [event_document(event, euids) for event in rows], "next": following})


class GoldenRecordVersions(Door):
    """How one golden record looked earlier."""

    @operation(
        "List the versions of a golden record",
        tag="golden records",
        name="list_golden_record_versions",
        scope=Permission.PERSON_READ,
        answers={200: paged(GoldenVersionShape, "GoldenVersion")},
        query=(LIMIT, CURSOR),
        words="Newest first, of exactly this EUID, with whose act made each.",
    )
    def get(self, request: Request, euid: str) -> Response:
        """History rows; an SSN is masked in them as everywhere."""
        golden = access_exact_golden_record(self.actor, stored_euid(euid))
        limit, before = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        rows, following = page(
            rest_golden.versions(golden.pk, before=int(before[0]) if before else None, size=limit),
            limit,
            lambda row: (row.history_id,),
        )
        return Response({"items": [version_document(row) for row in rows], "next": following})
