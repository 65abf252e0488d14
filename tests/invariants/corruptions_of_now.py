"""Corruptions of what stands now: links, golden records, separations, questions, keys and numbers."""

from __future__ import annotations

from tests.invariants.corrupting import Corruption, changed, forged, gone

LIVE = "t.status IN ('provisional', 'confirmed')"
MERGED = "t.status = 'merged'"
SEPARATED_SIDES = (
    "SELECT lo.golden_record_id AS one, hi.golden_record_id AS other, p.record_low_id AS low, p.record_high_id AS high "
    "FROM mpi_separation_pair p JOIN mpi_separation s ON s.id = p.separation_id AND s.lifted_at IS NULL "
    "JOIN mpi_link lo ON lo.source_record_id = p.record_low_id AND lo.ended_at IS NULL "
    "JOIN mpi_link hi ON hi.source_record_id = p.record_high_id AND hi.ended_at IS NULL ORDER BY p.id LIMIT 1"
)

PERSONS = (
    Corruption(
        "a deleted record that is linked and found",
        {"open-links", "blocking-keys"},
        forged("mpi_source_record", "state = 'deleted'", "t.state = 'active' AND t.mrn = '6'"),
    ),
    Corruption(
        "a subsumed record that is linked",
        {"open-links"},
        (
            *forged("mpi_source_record", "state = 'subsumed'", "t.state = 'active' AND t.mrn = '6'"),
            "DELETE FROM mpi_blocking_key WHERE source_record_id = (SELECT id FROM chosen)",
        ),
    ),
    Corruption(
        "a record without a link",
        {"open-links", "members", "status", "replay", "links-named", "history", "open-questions"},
        (
            "DELETE FROM mpi_link l USING mpi_potential_match m WHERE m.status = 'open' "
            "AND l.source_record_id = m.record_a_id AND l.ended_at IS NULL",
        ),
    ),
    Corruption(
        "a record with two open links",
        {"open-links", "members", "golden-values", "links-named", "replay", "history", "audited-links", "outbox"},
        (
            "DROP INDEX one_open_link_a_record",
            "INSERT INTO mpi_link (source_record_id, golden_record_id, origin, by_human, opened_by_event_id, "
            "opened_at) "
            "SELECT source_record_id, golden_record_id, 'engine', false, opened_by_event_id, now() "
            "FROM mpi_link WHERE ended_at IS NULL LIMIT 1",
        ),
    ),
    Corruption("a wrong count of members", {"members"}, forged("mpi_golden_record", "member_count = 7", LIVE)),
    Corruption(
        "a retired golden record that counts a member",
        {"members"},
        forged("mpi_golden_record", "member_count = 1", "t.status = 'retired'"),
    ),
    Corruption(
        "a link to a merged golden record",
        {"members", "status", "audited-links", "outbox", "open-questions"},
        forged(
            "mpi_link",
            "golden_record_id = (SELECT min(id) FROM mpi_golden_record WHERE status = 'merged')",
            "t.ended_at IS NULL AND EXISTS (SELECT 1 FROM mpi_potential_match m WHERE m.status = 'open' "
            "AND m.record_a_id = t.source_record_id)",
        ),
    ),
    Corruption(
        "a confirmed golden record of one source",
        {"status", "replay"},
        forged("mpi_golden_record", "status = 'confirmed'", "t.status = 'provisional'"),
    ),
    Corruption(
        "a ring of merges",
        {"merges", "replay"},
        (
            *forged(
                "mpi_golden_record",
                f"merged_into_id = (SELECT max(t.id) FROM mpi_golden_record t WHERE {MERGED})",
                f"{MERGED}",
            ),
            *forged(
                "mpi_golden_record",
                f"merged_into_id = (SELECT min(t.id) FROM mpi_golden_record t WHERE {MERGED})",
                f"{MERGED} AND t.id = (SELECT max(t.id) FROM mpi_golden_record t WHERE {MERGED})",
            ),
        ),
    ),
    Corruption(
        "a merge that leads nowhere", {"merges", "replay"}, forged("mpi_golden_record", "merged_into_id = -1", MERGED)
    ),
    Corruption(
        "a merge that leads to somebody else",
        {"replay"},
        forged(
            "mpi_golden_record",
            f"merged_into_id = (SELECT max(t.id) FROM mpi_golden_record t WHERE {LIVE})",
            MERGED,
        ),
    ),
    Corruption(
        "a separation inside one golden record",
        {"separations"},
        (
            "INSERT INTO mpi_separation_pair (separation_id, record_low_id, record_high_id) "
            "SELECT s.id, min(l.source_record_id), max(l.source_record_id) FROM mpi_link l, "
            "(SELECT min(id) AS id FROM mpi_separation WHERE lifted_at IS NULL) s WHERE l.ended_at IS NULL "
            "GROUP BY l.golden_record_id, s.id HAVING count(*) > 1 LIMIT 1",
        ),
    ),
    Corruption(
        "a person related to itself",
        {"relationships"},
        ("UPDATE mpi_relationship SET to_records = from_records",),
    ),
    Corruption(
        "two records of one number",
        {"numbers"},
        (
            "ALTER TABLE mpi_source_record DROP CONSTRAINT one_record_per_system_and_mrn",
            *forged("mpi_source_record", "mrn = '6'", "t.state = 'deleted'"),
        ),
    ),
)

SURVIVED = (
    Corruption(
        "another value",
        {"golden-values"},
        forged("mpi_golden_record", """"values" = "values" || '{"birth_date": "1901-01-01"}'""", LIVE),
    ),
    Corruption(
        "another provenance",
        {"golden-values"},
        forged(
            "mpi_golden_record", "provenance = provenance - 'birth_date'", f"{LIVE} AND t.provenance ? 'birth_date'"
        ),
    ),
    Corruption("another name to search by", {"golden-values"}, forged("mpi_golden_record", "family_name = 'X'", LIVE)),
    Corruption(
        "an override that was not applied",
        {"golden-values"},
        (
            "INSERT INTO mpi_golden_override (golden_record_id, field, value, reason, actor_id, recorded_at) "
            "SELECT min(t.id), 'birth_date', '\"1901-01-01\"', 'Passport', 'stefan', now() "
            f"FROM mpi_golden_record t WHERE {LIVE}",
        ),
    ),
    Corruption(
        "a record that tells something else",
        {"golden-values"},
        forged(
            "mpi_source_record",
            "told = jsonb_set(told, '{addresses}', '[]')",
            "t.state = 'active' AND t.mrn = '6'",
        ),
    ),
)

QUESTIONS = (
    Corruption(
        "a question about a merged golden record",
        {"open-questions"},
        forged(
            "mpi_potential_match",
            "golden_a_id = (SELECT min(id) FROM mpi_golden_record WHERE status = 'merged')",
            "t.status = 'open'",
        ),
    ),
    Corruption(
        "a question that rests on somebody else's record",
        {"open-questions"},
        forged(
            "mpi_potential_match",
            "record_a_id = (SELECT l.source_record_id FROM mpi_link l WHERE l.ended_at IS NULL "
            "AND l.golden_record_id NOT IN (golden_a_id, golden_b_id) ORDER BY 1 LIMIT 1)",
            "t.status = 'open'",
        ),
    ),
    Corruption(
        "a question that a separation has answered",
        {"open-questions"},
        (
            *forged(
                "mpi_potential_match",
                "(golden_a_id, golden_b_id, record_a_id, record_b_id) = "
                f"(SELECT one, other, low, high FROM ({SEPARATED_SIDES}) AS sides)",
                "t.status = 'open'",
            ),
        ),
    ),
    Corruption(
        "a question closed without a reason",
        {"closed-questions"},
        forged("mpi_potential_match", "closed_reason = ''", "t.status <> 'open'"),
    ),
    Corruption(
        "an answer of nobody",
        {"closed-questions"},
        forged("mpi_potential_match", "resolved_by_event_id = NULL", "t.status IN ('same', 'different')"),
    ),
    Corruption(
        "an open question that was closed",
        {"closed-questions"},
        forged("mpi_potential_match", "closed_at = now()", "t.status = 'open'"),
    ),
    Corruption(
        "a quarantine that nobody is asked about",
        {"overlays"},
        changed(
            "mpi_identity_task", "status = 'closed', closed_at = now()", "t.status = 'open' AND t.type = 'overlay'"
        ),
    ),
    Corruption(
        "an open task that was closed",
        {"identity-tasks"},
        changed("mpi_identity_task", "closed_at = now()", "t.status = 'open'"),
    ),
)

FOUND_BY = (
    Corruption(
        "a blocking key that is gone",
        {"blocking-keys"},
        ("DELETE FROM mpi_blocking_key WHERE ctid = (SELECT min(ctid) FROM mpi_blocking_key)",),
    ),
    Corruption(
        "a blocking key of another record",
        {"blocking-keys"},
        (
            "UPDATE mpi_blocking_key SET source_record_id = (SELECT max(id) FROM mpi_source_record) "
            "WHERE ctid = (SELECT min(ctid) FROM mpi_blocking_key)",
        ),
    ),
    Corruption(
        "a blocking key of no record",
        {"blocking-keys"},
        ("INSERT INTO mpi_blocking_key (key, source_record_id) VALUES (1, -1)",),
    ),
    Corruption("an identifier that is gone", {"identifiers"}, gone("mpi_identifier", "true")),
    Corruption(
        "an identifier under another index",
        {"identifiers"},
        changed("mpi_identifier", "value_index = decode(repeat('00', 32), 'hex')", "true"),
    ),
)
REGISTRATIONS = (
    Corruption(
        "a registration that was taken back and is linked",
        {"registrations"},
        changed("mpi_registration", "withdrawn_at = now()", "t.kind = 'visit'"),
    ),
    Corruption(
        "an alias that another patient has",
        {"registrations"},
        changed("mpi_alias_name", "number = 'T999999999'", "t.registration_id IS NOT NULL"),
    ),
)
PROPOSALS = (
    Corruption(
        "a proposal that another one than its approver carried out",
        {"proposals"},
        changed("mpi_proposal", "decided_by_id = 'nobody'", "t.state = 'approved'"),
    ),
    Corruption(
        "a proposal of another act than was done",
        {"proposals"},
        changed("mpi_proposal", "act = 'merge'", "t.state = 'approved'"),
    ),
)
NOW = (*PERSONS, *PROPOSALS, *SURVIVED, *QUESTIONS, *FOUND_BY, *REGISTRATIONS)
