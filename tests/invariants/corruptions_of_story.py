"""Corruptions of what was: events, history, the audit log, the outbox and the messages."""

from __future__ import annotations

from tests.invariants.corrupting import Corruption, changed, forged, gone

ENGINE_LINK = "t.kind = 'link' AND t.actor_kind = 'system'"
UNDO = "t.kind = 'undo'"

EVENTS = (
    Corruption(
        "a link that its event does not name",
        {"links-named", "replay"},
        changed("mpi_identity_event", "payload = jsonb_set(payload, '{links_opened}', '[]')", ENGINE_LINK),
    ),
    Corruption(
        "a link that says another event opened it",
        {"links-named"},
        forged("mpi_link", "opened_by_event_id = (SELECT max(id) FROM mpi_identity_event)", "t.ended_at IS NULL"),
    ),
    Corruption(
        "a link that says another event ended it",
        {"links-named"},
        forged("mpi_link", "ended_by_event_id = (SELECT max(id) FROM mpi_identity_event)", "t.ended_at IS NOT NULL"),
    ),
    Corruption(
        "an event that names a link that never was",
        {"links-named", "replay"},
        changed("mpi_identity_event", "payload = jsonb_set(payload, '{links_ended}', '[999999]')", "t.kind = 'verify'"),
    ),
    Corruption(
        "an event about somebody else",
        {"replay"},
        changed("mpi_identity_event", "golden_record_ids = golden_record_ids || 999999::bigint", ENGINE_LINK),
    ),
    Corruption(
        "an event after which a golden record was another",
        {"replay"},
        changed(
            "mpi_identity_event",
            "payload = jsonb_set(payload, ARRAY['golden_records', golden_record_ids[1]::text, 'after', 'status'], "
            "'\"retired\"')",
            "t.id = (SELECT max(id) FROM mpi_identity_event)",
        ),
    ),
    Corruption(
        "a golden record that no event knows",
        {"replay", "audited-golden"},
        (
            'INSERT INTO mpi_golden_record (euid, status, version, verified, member_count, "values", provenance, '
            "family_name, given_name, birth_date, created_at, recorded_at) "
            "VALUES ('X', 'retired', 1, false, 0, '{}', '{}', '', '', '', now(), now())",
            'INSERT INTO mpi_historicalgoldenrecord (id, euid, status, version, verified, member_count, "values", '
            "provenance, family_name, given_name, birth_date, created_at, recorded_at, history_date, history_type) "
            'SELECT id, euid, status, version, verified, member_count, "values", provenance, family_name, given_name, '
            "birth_date, created_at, recorded_at, '2020-01-01', '+' FROM mpi_golden_record WHERE euid = 'X'",
        ),
    ),
    Corruption("an undo that names nothing", {"undos"}, changed("mpi_identity_event", "undoes_id = NULL", UNDO)),
    Corruption(
        "an undo of a later act",
        {"undos"},
        changed("mpi_identity_event", "undoes_id = (SELECT max(id) FROM mpi_identity_event)", UNDO),
    ),
    Corruption(
        "a separation that its undoing left",
        {"undos"},
        (
            "UPDATE mpi_separation SET event_id = (SELECT min(undoes_id) FROM mpi_identity_event) "
            "WHERE id = (SELECT min(id) FROM mpi_separation WHERE lifted_at IS NULL)",
        ),
    ),
)

HISTORY = (
    *(
        Corruption(f"{words} changed behind the back of its history", breaks, changed(table, change, where))
        for words, table, change, where, breaks in (
            ("a source record", "mpi_source_record", "effective_at = '2031-01-01'", "t.mrn = '7'", {"history"}),
            ("a golden record", "mpi_golden_record", "created_at = now()", "true", {"history"}),
            ("a link", "mpi_link", "by_human = NOT by_human", "true", {"history"}),
            ("a potential match", "mpi_potential_match", "bits = bits + 1", "true", {"history"}),
        )
    ),
    Corruption(
        "a golden record that is gone",
        {"history", "replay", "audited-acts"},
        ("DELETE FROM mpi_golden_record WHERE status = 'retired'",),
    ),
    Corruption(
        "a version of a golden record that is gone",
        {"versions"},
        (
            "DELETE FROM mpi_historicalgoldenrecord WHERE history_id = (SELECT max(history_id) FROM "
            "mpi_historicalgoldenrecord h WHERE EXISTS (SELECT 1 FROM mpi_historicalgoldenrecord n "
            "WHERE n.id = h.id AND n.version > h.version) AND EXISTS (SELECT 1 FROM mpi_historicalgoldenrecord n "
            "WHERE n.id = h.id AND n.version < h.version))",
        ),
    ),
    Corruption(
        "a version of a source record that is gone",
        {"versions", "messages"},
        (
            "DELETE FROM mpi_historicalsourcerecord WHERE version = 1 AND id = (SELECT min(id) FROM mpi_source_record "
            "WHERE version > 1)",
        ),
    ),
)

TOLD = (
    Corruption(
        "an act that the audit log does not know",
        {"audited-acts", "audited-golden"},
        (
            "DELETE FROM audit_event a USING mpi_identity_event e WHERE e.kind = 'verify' "
            "AND a.recorded_at = e.recorded_at AND a.correlation_id = e.correlation_id",
        ),
    ),
    Corruption(
        "a link that the audit log does not know",
        {"audited-links"},
        gone("audit_event", "t.action = 'link.opened'"),
    ),
    Corruption(
        "a source record that the audit log does not know",
        {"audited-records"},
        gone("audit_event", "t.action = 'record.updated'"),
    ),
    Corruption(
        "a golden record that the audit log does not know",
        {"audited-golden"},
        gone(
            "audit_event",
            "t.action = 'golden.updated' AND NOT EXISTS (SELECT 1 FROM audit_event o "
            "WHERE o.recorded_at = t.recorded_at AND o.action LIKE 'golden.%' AND o.id <> t.id)",
        ),
    ),
    Corruption(
        "a separation that the audit log does not know",
        {"audited-decisions"},
        gone(
            "audit_event",
            "t.action = 'separation.created' AND EXISTS (SELECT 1 FROM audit_event o "
            "WHERE o.recorded_at = t.recorded_at AND o.action = 'link.ended')",
        ),
    ),
    Corruption(
        "a lifting that the audit log does not know",
        {"audited-decisions", "audited-acts"},
        ("DELETE FROM audit_event WHERE action = 'separation.lifted'",),
    ),
    Corruption(
        "a question that the audit log does not know",
        {"audited-decisions"},
        gone("audit_event", "t.action = 'potential_match.opened'"),
    ),
    Corruption(
        "members that came and nobody was told",
        {"outbox"},
        gone("mpi_outbox_event", "t.type = 'link.opened'"),
    ),
    Corruption(
        "members that went and nobody was told",
        {"outbox"},
        gone("mpi_outbox_event", "t.type = 'link.ended'"),
    ),
)

MESSAGES = (
    Corruption(
        "a message applied without outcome",
        {"messages"},
        changed("mpi_inbound_message", "outcome = ''", "t.outcome = 'unchanged'"),
    ),
    Corruption(
        "an acknowledged message that changed nothing",
        {"messages"},
        changed("mpi_inbound_message", "outcome = 'updated'", "t.outcome = 'unchanged'"),
    ),
    Corruption(
        "a message refused without a reason",
        {"messages"},
        changed("mpi_inbound_message", "errors = NULL", "t.state = 'rejected'"),
    ),
    Corruption(
        "a version of no message",
        {"sources", "messages"},
        forged("mpi_source_record", "message_id = NULL", "t.version = 1"),
    ),
    Corruption("a message that is gone", {"sources"}, gone("mpi_inbound_message", "t.outcome = 'created'")),
    Corruption(
        "a message that took effect before it was applied",
        {"sources"},
        changed("mpi_inbound_message", "state = 'received', applied_at = NULL, outcome = ''", "t.outcome = 'created'"),
    ),
)
STORY = (*EVENTS, *HISTORY, *TOLD, *MESSAGES)
