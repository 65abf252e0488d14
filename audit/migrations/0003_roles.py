"""The roles `mpi_app` and `mpi_sealer`, with their grants on the tables that exist by now.

They are put in place again after every migration (`audit.roles.apply_roles`), so this only has to make them first.
"""

from django.db import migrations

from audit.roles import ENSURE_ROLES_SQL, GRANT_APP_SQL


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(ENSURE_ROLES_SQL, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(GRANT_APP_SQL, reverse_sql=migrations.RunSQL.noop),
    ]
