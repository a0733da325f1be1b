"""Deletes workspaces: tables are dropped in small portions, and an interrupted deletion can be continued."""

from collections.abc import Callable

from fieldstone.metadata.catalog.queries import QUERIES, fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.errors import InvalidChange, UnknownWorkspace
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.sql_roles import drop_logins, drop_schemas
from fieldstone.metadata.writer.turns import LIMIT as TURN
from fieldstone.metadata.writer.turns import Turn
from fieldstone.sql.ddl import alter
from fieldstone.sql.plan.elements import Table

PORTION = 20
"""Tables that are dropped in one transaction: each is locked with its indexes, TOAST table and keys, and the server's
lock table has some 6,400 places by default, for all sessions together."""

_MOST_REFERRERS = 500


async def count_tables(connection: Session, workspace: Workspace) -> tuple[int, int]:
    """Return how many tables a workspace has, and their bytes."""
    row = await fetch_one(connection, "count_tables", schema=workspace.schema)
    return (row[0], row[1]) if row else (0, 0)


async def delete_workspace(
    sessions: SessionSource,
    workspace: Workspace,
    *,
    left: bool = False,
    report: Callable[[int], None] = lambda _: None,
    turn: float = TURN,
) -> None:
    """Delete a workspace with its records, its model and its keys; an interrupted deletion can be repeated.

    Its keys and SQL roles go first. Running servers drop its model when they next compare versions.

    Args:
        sessions: where connections come from.
        workspace: the workspace.
        left: whether it is the rest of one that has moved to another database, where its keys go on.
        report: called with the number of tables of each portion that is gone.
        turn: the seconds that changes of its model are waited for.

    Raises:
        InvalidChange: it is the workspace that every installation has.
        UnknownWorkspace: it has moved to another database meanwhile.
        ModelBusy: a change of its model did not end in time.
        SqlError: the database cannot be had.
    """
    if workspace.name == DEFAULT_WORKSPACE:
        raise InvalidChange(
            f"the workspace {DEFAULT_WORKSPACE} cannot be deleted: commands without --workspace mean it", field="name"
        )
    parameters = {"workspace_id": workspace.id}
    place = Turn(workspace.id, turn)
    async with sessions.session() as connection:
        await place.begin(connection)
        if not left:
            if await fetch(connection, "gone_workspaces", ids=[workspace.id]):
                raise UnknownWorkspace(workspace.id)
            await connection.execute(QUERIES["revoke_workspace_keys"], parameters)
        await drop_logins(connection, workspace.id)
        await connection.commit()
        while count := await _drop_portion(connection, workspace, place):
            report(count)
        await place.begin(connection)
        await connection.execute(alter.drop_schema(workspace.schema), prepare=False)
        await drop_schemas(connection, workspace.id)
        await connection.execute(QUERIES["delete_workspace"], parameters)


async def _drop_portion(connection: Session, workspace: Workspace, place: Turn) -> int:
    """Drop some of the tables and return their number; none is left where it is 0."""
    await place.begin(connection)
    found = await fetch(connection, "tables_to_drop", schema=workspace.schema, limit=PORTION)
    chosen: list[Table] = []
    referrers = 0
    for name, count in found:
        referrers += count
        if chosen and referrers > _MOST_REFERRERS:
            break
        chosen.append(Table(schema=workspace.schema, name=name))
    if chosen:
        await connection.execute(alter.drop_tables(chosen), prepare=False)
    await connection.commit()
    return len(chosen)
