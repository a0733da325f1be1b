"""metadata/doctor/table_state.py and catalog.py: losses beside the parts of tables are named and repaired."""

import psycopg
import pytest

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.catalog import find_catalog_drift
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.table_state import find_state_drift
from tests.metadata.desk import Desk
from tests.metadata.updates import execute

SCHEMA = "workspace_default"
UPPER = "CREATE FUNCTION public.up() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
BEFORE = "BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION public.up()"


async def find_drifts(connection: Session) -> list[Drift]:
    return [*await find_state_drift(connection, SCHEMA), *await find_catalog_drift(connection)]


async def drifts(desk: Desk) -> list[Drift]:
    async with desk.database.session() as connection:
        return await find_drifts(connection)


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("ALTER TABLE {}.activity SET UNLOGGED", "The table activity is not logged: a crash of the server empties it."),
        ("ALTER TABLE {}.person ENABLE ROW LEVEL SECURITY", "The table person has row security, which may hide rows."),
        ("ALTER TABLE {}.person FORCE ROW LEVEL SECURITY", "The table person has row security, which may hide rows."),
        (
            f"{UPPER}; CREATE TRIGGER up {BEFORE.format('{}.person')}",
            "The table person has the trigger up, which may change or refuse rows.",
        ),
        (
            "CREATE RULE no AS ON DELETE TO {}.person DO INSTEAD NOTHING",
            "The table person has the rule no, which may change or hide rows.",
        ),
        (
            f"{UPPER}; CREATE TRIGGER up {BEFORE.format('fieldstone.audit_log')}",
            "The table audit_log has the trigger up, which may change or refuse rows.",
        ),
        (
            "ALTER TABLE fieldstone.workspace DISABLE TRIGGER note_move",
            "The table workspace has its trigger note_move disabled.",
        ),
        ("DROP TRIGGER note_move ON fieldstone.api_key", "The table api_key has not got its trigger note_move."),
        (
            "ALTER TABLE fieldstone.api_key DROP CONSTRAINT api_key_token_hash_key",
            "The table api_key has not got its constraint api_key_token_hash_key.",
        ),
        (
            "UPDATE pg_constraint SET convalidated = false WHERE conname = 'object_status_check'",
            "The constraint object_status_check of the table object is not valid: rows that it refuses may be there.",
        ),
        (
            """UPDATE pg_trigger SET tgenabled = 'D' WHERE tgconstraint =
                (SELECT oid FROM pg_constraint WHERE conname = 'api_key_role_id_fkey')""",
            "The constraint api_key_role_id_fkey of the table api_key is not valid: rows that it refuses may be there.",
        ),
        (
            "UPDATE pg_constraint SET convalidated = false WHERE conname = 'role_workspace_id_fkey'",
            "The constraint role_workspace_id_fkey of the table role is not valid: rows that it refuses may be there.",
        ),
        (
            "DROP INDEX fieldstone.webhook_delivery_due",
            "The table webhook_delivery has not got its index webhook_delivery_due.",
        ),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'fieldstone.role_pkey'::regclass",
            "The constraint role_pkey of the table role is not valid: rows that it refuses may be there.",
        ),
        (
            "DROP INDEX fieldstone.event_log_object",
            "The table event_log has not got its index event_log_object.",
        ),
        ("DELETE FROM fieldstone.log_head", "The table log_head has not got its row: no event reaches the log."),
    ],
)
async def test_a_loss_is_named_and_repaired(statement: str, finding: str, desk: Desk, model_dsn: str) -> None:
    assert await drifts(desk) == []
    execute(model_dsn, statement.format(SCHEMA))
    (drift,) = await drifts(desk)
    assert drift.finding == finding
    assert drift.repair is not None
    execute(model_dsn, drift.repair)
    assert await drifts(desk) == []


async def test_a_lost_table_of_the_catalog_is_named_once(desk: Desk, model_dsn: str) -> None:
    """No constraint can be added to it, as the repairs of its parts would."""
    execute(model_dsn, "DROP TABLE fieldstone.webhook_try")
    (drift,) = await drifts(desk)
    assert (drift.finding, drift.repair) == ("The table webhook_try is not there: its rows are gone.", None)


@pytest.mark.parametrize(
    ("statement", "subject"),
    [
        ("ALTER TABLE {}.person OWNER TO pg_monitor", "The table person"),
        ("ALTER SCHEMA {} OWNER TO pg_monitor", "The schema workspace_default"),
        (
            "GRANT USAGE ON SCHEMA fieldstone TO PUBLIC; ALTER SCHEMA fieldstone OWNER TO pg_monitor",
            "The schema fieldstone",
        ),
    ],
)
async def test_another_owner_is_named(statement: str, subject: str, desk: Desk, model_dsn: str) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE doctors_user")
        try:
            # Of the rights of the tables' owner, and no superuser.
            connection.execute("DO $$BEGIN EXECUTE format('GRANT %I TO doctors_user', current_user); END$$")
            connection.execute(statement.format(SCHEMA).encode())
            async with desk.database.session() as session:
                await session.execute("SET LOCAL ROLE doctors_user")
                (drift,) = await find_drifts(session)
                assert drift.finding == f"{subject} belongs to pg_monitor, whose rights the user of Fieldstone has not."
                assert drift.repair is not None
                execute(model_dsn, drift.repair)
                assert await find_drifts(session) == []
        finally:
            connection.execute("DROP ROLE doctors_user")
