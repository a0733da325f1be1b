"""A request that is in a deadlock with a change of the model does not fail by it: it is made again."""

import asyncio

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.apis import SCHEMA, open_apis
from tests.waiting import until_found

_WAITS = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
_COUNT = "{ totalCount }"
_COMPANY = 'createCompany(data: { name: "X" }) { id }'
_PERSON = 'createPerson(data: { email: "x@example.com" }) { id }'
_OPPORTUNITY = 'createOpportunity(data: { name: "X" }) { person { id } company { id } }'


async def lock(connection: psycopg.AsyncConnection, table: str) -> None:
    await connection.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier(SCHEMA, table)))


@pytest.mark.parametrize(
    ("document", "first", "second", "third"),
    [
        (
            "{ people { totalCount } activities { totalCount } companies { totalCount } }",
            "person",
            "activity",
            "company",
        ),
        (f"mutation {{ {_OPPORTUNITY} }}", "opportunity", "person", "company"),
        (f"mutation {{ {_COMPANY} {_PERSON} {_OPPORTUNITY} }}", "company", "person", "opportunity"),
    ],
    ids=["query", "mutation", "several mutations"],
)
async def test_it_is_answered_when_the_change_is_done(
    workspace_dsn: str, document: str, first: str, second: str, third: str
) -> None:
    async with (
        await psycopg.AsyncConnection.connect(workspace_dsn) as change,
        await psycopg.AsyncConnection.connect(workspace_dsn) as gate,
        await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as observer,
    ):
        # It is the request that finds the deadlock, and so is rolled back.
        await change.execute("SET LOCAL deadlock_timeout = '1h'")
        async with open_apis(make_conninfo(workspace_dsn, options="-c deadlock_timeout=10")) as apis:
            await lock(change, third)
            await lock(gate, second)
            # The request has the first table, and waits for the second before it can come to the third.
            request = asyncio.create_task(apis.ask(document))
            await until_found(observer, _WAITS, [f"{SCHEMA}.{second}"])
            changing = asyncio.create_task(lock(change, first))
            await until_found(observer, _WAITS, [f"{SCHEMA}.{first}"])
            await gate.rollback()
            # This lock can be had only because the request was rolled back: it can have had no answer.
            await changing
            assert not request.done()
            await change.rollback()
            assert "errors" not in await request
