"""Each limit of docs/how-to/citus.md that a command can run into, refused with its reason."""

import pytest

from fieldstone.metadata.doctor.rewrite import rewrite_table
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.workspaces.distribution import distribute
from fieldstone.metadata.workspaces.registry import Workspaces
from fieldstone.metadata.workspaces.sql_roles import SqlRoles
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.apis import Apis
from tests.metadata.desk import person

SQL_ROLE = {"role": "viewer", "snake_case": False, "connections": 2, "statement_seconds": 5}


async def test_a_distributed_workspace_gets_no_sql_role(apis: Apis) -> None:
    roles = SqlRoles(apis.writer, (await apis.snapshot()).workspace.id, actor="test")
    with pytest.raises(InvalidChange, match="is distributed, and has no SQL roles: Citus reads the tables below"):
        await roles.create("reader", **SQL_ROLE)  # type: ignore[arg-type]  # each has its type


async def test_a_workspace_with_sql_roles_is_not_distributed(apis: Apis) -> None:
    made = await Workspaces(apis.database, apis.current, trigram=None).create("plain", actor="test")
    roles = SqlRoles(apis.writer, made.workspace.id, actor="test")
    await roles.create("plain_reader", **SQL_ROLE)  # type: ignore[arg-type]  # each has its type
    try:
        with pytest.raises(InvalidChange, match='"plain" has SQL roles, and a distributed one cannot: drop them first'):
            await distribute(apis.database, made.workspace)
    finally:
        await roles.drop("plain_reader")
    await distribute(apis.database, made.workspace)


async def test_a_distributed_table_is_not_rewritten(apis: Apis) -> None:
    async def body(transaction: ModelTransaction) -> None:
        await rewrite_table(transaction, person(transaction.snapshot))

    with pytest.raises(InvalidChange, match="is distributed, and Citus renames no constraint of such a table"):
        await apis.writer.run((await apis.snapshot()).workspace.id, body, actor="test")
