"""`fieldstone documents`: the trusted documents of clients, imported, listed and removed."""

from collections.abc import Sequence
from pathlib import Path

import typer

from fieldstone.engine.documents.manifests import read_manifest
from fieldstone.engine.errors import ApiError
from fieldstone.engine.metadata_api.plans.broken_documents import find_invalid
from fieldstone.engine.server.cells.workspaces import at_workspace
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.question import report
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.server.options import limits_of
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.audit import COMMAND, AuditAction, AuditEntry, Author, note
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.trusted_documents import (
    Imported,
    TrustedDocument,
    import_documents,
    list_documents,
    remove_documents,
)

_MOST_WARNINGS = 20


async def import_manifest(
    settings: Settings, *, workspace: str, client: str, path: Path, role: str | None, replaces: bool
) -> None:
    """Import the documents of a manifest for a client, and name those that the model refuses.

    Raises:
        CommandError: the file cannot be read or is no manifest, or there is no such role.
        MetadataError: there is no such workspace, or the documents are refused.
    """
    try:
        documents = read_manifest(_read(path), limits_of(settings).document)
    except ApiError as error:
        raise CommandError(f"{path}: {error.message}") from None

    async def keep(foundation: Foundation, found: Workspace) -> Imported:
        known = find_role((await foundation.current.get(found.id)).roles, role) if role is not None else None
        if role is not None and known is None:
            raise CommandError(f"the workspace {workspace} has no role {role}")
        async with foundation.database.session() as connection, connection.transaction():
            imported = await import_documents(
                connection,
                workspace_id=found.id,
                client=client,
                documents=documents,
                role_id=known.id if known else None,
                replaces=replaces,
            )
            await _note(connection, found, AuditAction.DOCUMENTS_IMPORTED, client)
        await _warn(settings, foundation, found, client)
        return imported

    imported = await at_workspace(settings, workspace, keep)
    typer.echo(
        f"Documents of '{escape(client)}': {len(documents)} in {path}, {imported.written} of them new or changed"
        + (f"; {imported.removed} others removed." if replaces else ".")
    )


async def list_all(settings: Settings, *, workspace: str, client: str | None) -> None:
    """Print a line for each document: client, id, operation."""

    async def read(foundation: Foundation, found: Workspace) -> Sequence[TrustedDocument]:
        async with foundation.database.session() as connection, connection.transaction():
            return await list_documents(connection, found.id, client=client)

    documents = await at_workspace(settings, workspace, read, only_reads=True)
    for document in documents:
        typer.echo(f"{escape(document.client)}  {document.document_id}  {document.operation_name or ''}".rstrip())
    if not documents:
        typer.echo("There are no trusted documents: import some with fieldstone documents import FILE.", err=True)


async def remove(settings: Settings, *, workspace: str, client: str, ids: Sequence[str]) -> None:
    """Remove documents of a client, all of them unless `ids` has some.

    Raises:
        CommandError: there are none of them.
    """

    async def drop(foundation: Foundation, found: Workspace) -> int:
        async with foundation.database.session() as connection, connection.transaction():
            count = await remove_documents(connection, workspace_id=found.id, client=client, ids=ids or None)
            if count:
                await _note(connection, found, AuditAction.DOCUMENTS_REMOVED, client)
        return count

    count = await at_workspace(settings, workspace, drop)
    if not count:
        raise CommandError(f"the client {client} has no such documents")
    typer.echo(f"Documents removed: {count}.")


async def _warn(settings: Settings, foundation: Foundation, workspace: Workspace, client: str) -> None:
    """Print the documents of a client that the model refuses, with the reasons."""
    snapshot = await foundation.current.get(workspace.id)
    async with foundation.database.session() as connection, connection.transaction():
        documents = await list_documents(connection, workspace.id, client=client)
    warnings = 0
    for document in documents:
        reasons = find_invalid(document, snapshot, limits_of(settings), relay=settings.relay)
        if reasons and (warnings := warnings + 1) <= _MOST_WARNINGS:
            name = document.operation_name or document.document_id
            report(f"{name} does not fit the model: {' '.join(reasons)}")
    if warnings > _MOST_WARNINGS:
        typer.echo(f"{warnings - _MOST_WARNINGS} more documents do not fit the model.", err=True)


async def _note(connection: Session, workspace: Workspace, action: AuditAction, client: str) -> None:
    author = Author(kind=COMMAND, name="fieldstone")
    await note(connection, AuditEntry(workspace_id=workspace.id, action=action, author=author, subject_name=client))


def _read(path: Path) -> JsonValue:
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from None
