"""The objects and fields that imports have created, kept in the catalog by table and column for later imports."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.schema_import.source import SourceSchema

Made = Mapping[tuple[str, str], UUID]
"""The ids of objects and fields by table and column; "" stands for the table itself."""


async def read_made(connection: Session, workspace: Workspace, source: SourceSchema) -> Made:
    """Return the ids created from a schema so far, also those deleted since, which the model no longer has."""
    rows = await fetch(connection, "imported", **_origin(workspace, source))
    return {(table, column): id_ for table, column, id_ in rows}


async def remember(connection: Session, workspace: Workspace, source: SourceSchema, made: Made) -> None:
    """Store the ids that an import has created, in place of earlier ones of the same tables and columns."""
    origin = _origin(workspace, source)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            QUERIES["remember_import"],
            [{**origin, "table": table, "column": column, "id": id_} for (table, column), id_ in made.items()],
        )


def _origin(workspace: Workspace, source: SourceSchema) -> dict[str, object]:
    return {"workspace_id": workspace.id, "database": source.database, "schema": source.schema}
