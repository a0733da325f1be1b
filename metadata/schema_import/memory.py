"""What earlier imports made of a schema's tables and columns, kept in the catalog: a second import finds it there."""

from collections.abc import Mapping
from uuid import UUID

from metadata.model import Workspace
from metadata.queries import QUERIES
from metadata.schema_import.source import Source
from metadata.sessions import Connection

Made = Mapping[tuple[str, str], UUID]
"""The ids of objects and fields by table and column; "" stands for the table itself."""


async def read_made(connection: Connection, workspace: Workspace, source: Source) -> Made:
    """Return what a workspace has made of a schema so far; of that, what was deleted since is not in its model."""
    cursor = await connection.execute(QUERIES["imported"], _origin(workspace, source))
    return {(table, column): id_ for table, column, id_ in await cursor.fetchall()}


async def remember(connection: Connection, workspace: Workspace, source: Source, made: Made) -> None:
    """Note what an import has made, in the place of what was made of the same before."""
    origin = _origin(workspace, source)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            QUERIES["remember_import"],
            [{**origin, "table": table, "column": column, "id": id_} for (table, column), id_ in made.items()],
        )


def _origin(workspace: Workspace, source: Source) -> dict[str, object]:
    return {"workspace_id": workspace.id, "database": source.database, "schema": source.schema}
