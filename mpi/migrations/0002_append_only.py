"""Identity events and decisions are written once: what was decided, and why, is never edited.

Uses the audit log's own guard, which refuses UPDATE, DELETE and TRUNCATE whatever the session's settings.
"""

from django.db import migrations

TABLES = ("mpi_identity_event", "mpi_decision")
GUARD = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
"""
UNDO = "DROP TRIGGER {table}_append_only ON {table};"


class Migration(migrations.Migration):
    dependencies = [("mpi", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "".join(GUARD.format(table=table) for table in TABLES),
            reverse_sql="".join(UNDO.format(table=table) for table in TABLES),
        ),
    ]
