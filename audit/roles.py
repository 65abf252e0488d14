"""The two database roles, and who may do what: the application may add events, the sealer alone may seal them.

`mpi_app` is what every connection of the application works as; `mpi_sealer` is taken by the sealer for one
transaction. Both are group roles without a login. A database administrator can undo all of this: grants and
triggers prevent, only the sealed log proves.
"""

from django.db import connection

APP_ROLE = "mpi_app"
SEALER_ROLE = "mpi_sealer"

# Roles belong to the whole server, so another database's migration may make the same role at the same moment.
# XX000 is what PostgreSQL calls "tuple concurrently updated", when both grant at once.
ENSURE_ROLES_SQL = """
DO $$
DECLARE
    wanted text;
    able boolean;
    modern boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['mpi_app', 'mpi_sealer'] LOOP
        BEGIN
            IF to_regrole(wanted) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'The role % is missing and % may not create it: only triggers guard the audit log.',
                    wanted, current_user;
        END;
        IF to_regrole(wanted) IS NULL THEN
            CONTINUE;
        END IF;
        IF modern THEN
            able := pg_has_role(current_user, wanted, 'SET');
        ELSE
            able := pg_has_role(current_user, wanted, 'MEMBER');
        END IF;
        IF NOT able THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER', wanted)
                    || CASE WHEN modern THEN ' WITH SET TRUE' ELSE '' END;
            EXCEPTION
                WHEN unique_violation OR internal_error THEN
                    NULL;
                WHEN insufficient_privilege THEN
                    RAISE WARNING 'The role % was not granted to %: ask an administrator to grant it.',
                        wanted, current_user;
            END;
        END IF;
    END LOOP;
END
$$
"""

# Everything of the index for the application, except the audit log: there it may only add and read.
GRANT_APP_SQL = """
DO $$
DECLARE
    place text := current_schema();
    owned text;
BEGIN
    IF to_regrole('mpi_app') IS NULL OR to_regrole('mpi_sealer') IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO mpi_app, mpi_sealer', place);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mpi_app', place);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO mpi_app', place);
    FOR owned IN
        SELECT relname FROM pg_class
        WHERE relnamespace = place::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND pg_has_role(relowner, 'MEMBER')
    LOOP
        IF owned LIKE 'audit\\_%' OR owned = 'django_migrations' THEN
            EXECUTE format('REVOKE ALL ON %I.%I FROM mpi_app, mpi_sealer', place, owned);
            EXECUTE format('GRANT SELECT ON %I.%I TO mpi_app', place, owned);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO mpi_app', place, owned);
        END IF;
    END LOOP;
    FOR owned IN
        SELECT relname FROM pg_class
        WHERE relnamespace = place::regnamespace AND relkind = 'S' AND pg_has_role(relowner, 'MEMBER')
    LOOP
        EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %I.%I TO mpi_app', place, owned);
    END LOOP;
    GRANT INSERT ON audit_event TO mpi_app;
    GRANT SELECT ON audit_event TO mpi_sealer;
    GRANT SELECT, DELETE ON audit_pending_event TO mpi_sealer;
    GRANT SELECT, INSERT ON audit_sealed_entry, audit_tree_node, audit_checkpoint TO mpi_sealer;
END
$$
"""


def apply_roles() -> None:
    """Put roles and grants in place; harmless to repeat. Run as the owner of the tables, after each migration."""
    with connection.cursor() as cursor:
        cursor.execute(ENSURE_ROLES_SQL)
        cursor.execute(GRANT_APP_SQL)


def roles_enforced() -> bool:
    """Whether this connection works as the application's role and so cannot rewrite the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user = %s AND NOT has_table_privilege('audit_event', 'UPDATE, DELETE, TRUNCATE')",
            [APP_ROLE],
        )
        (enforced,) = cursor.fetchone()
    return bool(enforced)
