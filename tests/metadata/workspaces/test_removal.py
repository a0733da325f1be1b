"""metadata/workspaces/removal.py: a workspace goes with all that it has, whatever it is, and nothing else."""

from collections.abc import Iterator

import psycopg
import pytest

from fieldstone.metadata.changes import Change
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces import removal
from fieldstone.metadata.workspaces.api_keys import create_key
from fieldstone.metadata.workspaces.removal import delete_workspace
from tests.metadata.desk import Desk, new_object, new_relation, whole_state

pytestmark = pytest.mark.long

TABLES = 200

# The locks that each dropping statement holds by its end.
_COUNT_LOCKS = """
    CREATE TABLE public.locks (held integer);
    CREATE FUNCTION public.count_locks() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.locks SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid();
    END $$;
    CREATE EVENT TRIGGER count_locks ON sql_drop EXECUTE FUNCTION public.count_locks();
"""
_NO_MORE = "DROP EVENT TRIGGER count_locks; DROP FUNCTION public.count_locks; DROP TABLE public.locks"


def objects(snapshot: Snapshot) -> Iterator[Change]:
    for number in range(TABLES):
        yield new_object(f"thing{number}x", f"things{number}x")


def relations(snapshot: Snapshot) -> Iterator[Change]:
    """All lead to the first, and the first to the second: none of the two can go before the other."""
    first, second, *others = (object_ for name, object_ in snapshot.by_singular.items() if name.startswith("thing"))
    yield new_relation(first, "next", second, "Previous")
    for number, object_ in enumerate((second, *others)):
        yield new_relation(object_, "hub", first, f"Others {number}", target_field_name=f"others{number}x")


async def test_hundreds_of_tables_go_in_portions_and_nothing_else_does(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)
    made = await desk.workspaces.create("second", actor="test", standard=False)
    for build in (objects, relations):
        await desk.writer.change(made.workspace.id, build, actor="test")
    gone: list[int] = []
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(_COUNT_LOCKS)
        await delete_workspace(desk.database, made.workspace, report=gone.append)
        portions = connection.execute("SELECT held FROM public.locks").fetchall()
        connection.execute(_NO_MORE)
    assert sum(gone) == TABLES
    assert max(gone) <= removal.PORTION
    # With PostgreSQL's defaults there is room for 64 locks for each of 100 connections, in all.
    assert max(held for (held,) in portions) < 1_500
    assert whole_state(model_dsn) == before
    with pytest.raises(UnknownObject):
        await desk.workspaces.find("second")


async def test_what_was_interrupted_is_gone_on_with(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)
    made = await desk.workspaces.create("second", actor="test")
    async with desk.database.session() as connection, connection.transaction():
        key = await create_key(connection, workspace_id=made.workspace.id, name="k", expires_at=None)
    assert (await desk.keys.authenticate(key.token)) is not None

    def interrupt(_count: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await delete_workspace(desk.database, made.workspace, report=interrupt)
    found = await desk.workspaces.find("second")
    with psycopg.connect(model_dsn) as watch:
        assert watch.execute("SELECT count(*) FROM fieldstone.api_key WHERE revoked_at IS NULL").fetchone() == (0,)
    await delete_workspace(desk.database, found)
    assert whole_state(model_dsn) == before


async def test_the_workspace_of_every_installation_stays(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)
    with pytest.raises(InvalidChange, match="default cannot be deleted"):
        await delete_workspace(desk.database, await desk.workspaces.find("default"))
    assert whole_state(model_dsn) == before


async def test_deletions_are_remembered_for_a_week(desk: Desk, model_dsn: str) -> None:
    old, new = [await desk.workspaces.create(name, actor="test", standard=False) for name in ("old", "new")]
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        await delete_workspace(desk.database, old.workspace)
        connection.execute("INSERT INTO fieldstone.deleted_key (id, moved_in) VALUES (gen_random_uuid(), '3')")
        connection.execute("UPDATE fieldstone.deleted_workspace SET at = now() - interval '8 days'")
        connection.execute("UPDATE fieldstone.deleted_key SET at = now() - interval '8 days'")
        await delete_workspace(desk.database, new.workspace)
        assert connection.execute("SELECT id FROM fieldstone.deleted_workspace").fetchall() == [(new.workspace.id,)]
        assert connection.execute("SELECT id FROM fieldstone.deleted_key").fetchall() == []
