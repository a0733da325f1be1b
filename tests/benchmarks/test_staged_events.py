"""The events that a peer's creates leave: those of Fieldstone, and of no other connection."""

import psycopg

from benchmarks.database import SharedDatabase, stage_events
from tests.apis import WORKSPACE_ID


def test_a_peers_creates_leave_events_and_those_of_others_none(workspace_dsn: str) -> None:
    database = SharedDatabase(
        dsn=workspace_dsn, socket_folder="", user="", name="", schema="workspace_default", postmaster=0
    )
    stage_events(database, application_name="peer")
    for name in ("another", "peer"):
        with psycopg.connect(workspace_dsn, application_name=name, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO workspace_default.person (id, email) VALUES (gen_random_uuid(), %s)", [f"{name}@x.org"]
            )
    with psycopg.connect(workspace_dsn) as connection:
        found = connection.execute(
            "SELECT e.workspace_id, o.name_singular, e.action, e.before, e.after->>'email', e.record_id = p.id"
            " FROM fieldstone.event_staging AS e JOIN fieldstone.object AS o ON o.id = e.object_id"
            " JOIN workspace_default.person AS p ON p.email = e.after->>'email'"
        ).fetchall()
    assert found == [(WORKSPACE_ID, "person", "created", None, "peer@x.org", True)]
