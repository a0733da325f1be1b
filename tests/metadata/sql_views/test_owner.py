"""metadata/workspaces/sql_roles.py: an owner of the tables that is no superuser makes SQL roles by CREATEROLE."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from tests.metadata.desk import desk_at, new_field, person
from tests.metadata.sql_views.readers import findings, reader_of

pytestmark = pytest.mark.long


@pytest.fixture
def owner(empty_database: str) -> Iterator[str]:
    """The name of the owner of an empty database."""
    database = str(conninfo_to_dict(empty_database)["dbname"])
    name = sql.Identifier(f"owner_of_{database}")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(name))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), name))
        yield f"owner_of_{database}"
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO current_user").format(name))
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


async def test_an_owner_needs_createrole(empty_database: str, owner: str) -> None:
    dsn = make_conninfo(empty_database, user=owner, password="x")  # noqa: S106 - of this test
    async with desk_at(dsn) as desk:
        await desk.workspaces.create(DEFAULT_WORKSPACE, actor="test")
        with pytest.raises(InvalidChange, match="may not create logins"):
            async with reader_of(desk, dsn):
                pass
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(owner)))
        async with reader_of(desk, dsn) as reader:
            await desk.change(lambda snapshot: [new_field(person(snapshot), "more")])
            assert reader.rows("SELECT more FROM people") == []
            assert await findings(desk) == []
