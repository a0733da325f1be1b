"""Trusted documents: the documents of a client that an operator has imported, under the ids that the client sends."""

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, catalog_statement, fetch
from fieldstone.metadata.catalog.sessions import Reads, Session
from fieldstone.metadata.errors import InvalidChange, NameTaken
from fieldstone.metadata.shown_text import find_problem
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import read_row

_DOCUMENTS = catalog_statement("trusted_documents")

LONGEST_ID: Final = 256
"""Characters of a document's id."""
ID_FORM: Final = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")

MOST_DOCUMENTS: Final = 10_000
"""Trusted documents of a workspace."""

LONGEST_CLIENT: Final = 100
"""Characters of the name of a client."""


@frozen
class NewDocument:
    """A document to import: its text, and the name of its operation where it has one."""

    text: str
    operation_name: str | None


@frozen
class TrustedDocument:
    """A document as it is kept; `role_id` is the role of its client's users, None for one that sees the whole model."""

    client: str
    document_id: str
    operation_name: str | None
    text: str
    created_at: datetime
    role_id: UUID | None


@frozen
class Imported:
    """The effect of an import: documents that are new or have another text, and those that were removed."""

    written: int
    removed: int


async def import_documents(
    connection: Session,
    *,
    workspace_id: UUID,
    client: str,
    documents: Mapping[str, NewDocument],
    role_id: UUID | None = None,
    replaces: bool = False,
) -> Imported:
    """Keep documents, by their ids, for a client.

    Args:
        connection: in a transaction.
        workspace_id: whose records they are about.
        client: the name of the client.
        documents: by the ids under which the client sends them.
        role_id: the role of the client's users, as which the documents are held against changes of the model.
        replaces: whether the client's other documents are removed: requests of its older versions are then refused.

    Raises:
        InvalidChange: the client's name is not allowed, or the workspace would have too many documents.
        NameTaken: an id stands for another text at another client.
    """
    if not client.strip() or len(client) > LONGEST_CLIENT:
        raise InvalidChange(f"client must have 1 to {LONGEST_CLIENT} characters", field="client")
    if reason := find_problem(client):
        raise InvalidChange(f"client {reason}", field="client")
    given = {"workspace_id": workspace_id, "client": client, "ids": list(documents)}
    texts = {"texts": [one.text for one in documents.values()]}
    # It locks the workspace's row, so that imports take turns.
    await connection.execute(QUERIES["move_documents_version"], {"workspace_id": workspace_id})
    if taken := await fetch(connection, "taken_document_ids", **given, **texts):
        id_, other = taken[0]
        raise NameTaken(
            f"the id {id_} stands for another document at the client {other}: an id has one document in a workspace",
            field="documents",
        )
    removed = len(await fetch(connection, "remove_other_documents", **given)) if replaces else 0
    names = [one.operation_name for one in documents.values()]
    written = await fetch(connection, "import_documents", **given, **texts, names=names, role_id=role_id)
    ((count,),) = await fetch(connection, "count_documents", workspace_id=workspace_id)
    if count > MOST_DOCUMENTS:
        raise InvalidChange(
            f"the workspace would have {count} trusted documents, and the limit is {MOST_DOCUMENTS}: remove those of"
            " old versions of its clients",
            field="documents",
        )
    return Imported(written=len(written), removed=removed)


async def list_documents(
    connection: Session, workspace_id: UUID, *, client: str | None = None
) -> tuple[TrustedDocument, ...]:
    """Return the documents of a client, or of all of them, in the order of clients and ids."""
    rows = await fetch(connection, "trusted_documents", workspace_id=workspace_id, client=client)
    return tuple(TrustedDocument(**read_row(TrustedDocument, row)) for row in rows)


async def read_documents(
    database: Reads, workspace_id: UUID, *, client: str | None, share: Hashable
) -> list[TrustedDocument]:
    """Return the same documents for a request, which takes no session from the changes of models."""
    found = []
    statement, parameters = _DOCUMENTS.bind(workspace_id=workspace_id, client=client)
    # The limit is one of answers, and the documents are not in the answer.
    for row in await database.read(statement.unlimited(), parameters, share=share):
        name, id_, operation, text, at, role = (None if one is None else one.decode() for one in row)
        values = (name, id_, operation, text, datetime.fromisoformat(at or ""), role and UUID(role))
        found.append(TrustedDocument(**read_row(TrustedDocument, values)))
    return found


async def find_foreign(connection: Session, *, workspace_id: UUID, client: str, role_id: UUID) -> str | None:
    """Return the id of a document of a client that is not of a role; None: all are of it."""
    # It locks the workspace's row: a command imports none meanwhile.
    await connection.execute(QUERIES["move_documents_version"], {"workspace_id": workspace_id})
    found = await fetch(connection, "foreign_document", workspace_id=workspace_id, client=client, role_id=role_id)
    return str(found[0][0]) if found else None


async def remove_documents(
    connection: Session, *, workspace_id: UUID, client: str, ids: Sequence[str] | None = None
) -> int:
    """Remove documents of a client, all of them unless `ids` are given, and return their number."""
    await connection.execute(QUERIES["move_documents_version"], {"workspace_id": workspace_id})
    given = None if ids is None else list(ids)
    return len(await fetch(connection, "remove_documents", workspace_id=workspace_id, client=client, ids=given))
