"""The Metadata API's mutations of trusted documents."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.manifests import read_documents, read_texts
from fieldstone.engine.documents.portions import portions
from fieldstone.engine.metadata_api.roles.rights import name_role, own_role, require
from fieldstone.engine.metadata_api.writes import Arguments, Check, Run, Written
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Setting
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.workspaces.trusted_documents import (
    Imported,
    NewDocument,
    find_foreign,
    import_documents,
    remove_documents,
)
from fieldstone.metadata.writer.transaction import ModelTransaction


def document_checks(limits: DocumentLimits, work: WorkThread) -> Mapping[str, Check]:
    """Return the check of manifests, by the mutation that gives one: their documents are parsed in the work thread."""

    async def check(principal: Principal, arguments: Arguments) -> Arguments:
        given = arguments["input"]
        documents: dict[str, NewDocument] = {}
        for portion in portions(read_texts(given["manifest"]).items(), lambda entry: entry[1]):
            documents |= await work.run(principal.workspace_id, partial(read_documents, portion, limits))
        return {**arguments, "input": {**given, "manifest": documents}}

    return {"importDocuments": check}


def document_runs() -> Mapping[str, Run]:
    """Return the functions that execute the mutations of documents, by their names."""

    async def import_(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        name = given.get("role")
        role = None if name is None else name_role(transaction.snapshot, principal, name)
        bound = await _bound_role(transaction, principal, given["client"])
        imported = await import_documents(
            transaction.connection,
            workspace_id=principal.workspace_id,
            client=given["client"],
            documents=given["manifest"],
            role_id=bound if role is None else role.id,
            replaces=bool(given.get("replace")),
        )
        return _written(imported)

    async def remove(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        client, ids = arguments["client"], arguments.get("ids")
        await _bound_role(transaction, principal, client)
        count = await remove_documents(
            transaction.connection, workspace_id=principal.workspace_id, client=client, ids=ids
        )
        return _written(Imported(written=0, removed=count))

    return {"importDocuments": import_, "removeDocuments": remove}


async def _bound_role(transaction: ModelTransaction, principal: Principal, client: str) -> UUID | None:
    """Return the role that documents without one are bound to: the principal's own, unless it may bind any.

    Raises:
        Forbidden: it may bind its own alone, and one of the client's documents is another's.
    """
    snapshot = transaction.snapshot
    own = own_role(snapshot, principal)
    if Setting.ROLES in effective_settings(snapshot, own):
        return None
    foreign = await find_foreign(
        transaction.connection, workspace_id=snapshot.workspace.id, client=client, role_id=own.id
    )
    if foreign is not None:
        require(snapshot, principal, Setting.ROLES, f"the document {shown(foreign)} of a role other than its own")
    return own.id


def _written(imported: Imported) -> Written:
    async def sequel() -> Mapping[str, JsonValue]:
        return {"__typename": "ImportedDocuments", "written": imported.written, "removed": imported.removed}

    return Written(id=new_id(), sequel=sequel)
