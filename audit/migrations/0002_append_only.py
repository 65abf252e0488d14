"""Nothing in the log can be updated, deleted or truncated, and each new event is noted for the sealer.

ENABLE ALWAYS: the triggers fire under `session_replication_role = replica` too, where ordinary ones do not.
"""

from django.db import migrations

SEALED_TABLES = ("audit_event", "audit_sealed_entry", "audit_tree_node", "audit_checkpoint")

REFUSE = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
"""

GUARD = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
"""

# SECURITY DEFINER: who adds an event cannot otherwise write, or take away from, the sealer's to-do list. EXECUTE is
# revoked so that nobody can hang the function on a table of their own.
NOTE_PENDING = """
DO $do$
BEGIN
    EXECUTE format($sql$
        CREATE FUNCTION audit_note_pending() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO %1$I.audit_pending_event (event, event_uuid) SELECT id, event_id FROM fresh;
            RETURN NULL;
        END
        $body$
    $sql$, current_schema());
END
$do$;
REVOKE EXECUTE ON FUNCTION audit_note_pending() FROM PUBLIC;
CREATE TRIGGER audit_event_note_pending AFTER INSERT ON audit_event
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION audit_note_pending();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_note_pending;
"""

UNDO = """
DROP TRIGGER audit_event_note_pending ON audit_event;
DROP FUNCTION audit_note_pending();
DROP FUNCTION audit_refuse_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            REFUSE + "".join(GUARD.format(table=table) for table in SEALED_TABLES) + NOTE_PENDING,
            reverse_sql=UNDO,
        ),
    ]
