"""`brokenDocuments`: the trusted documents that the model as it is refuses."""

from collections.abc import Mapping

from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.plans.broken_documents import DocumentSearch
from fieldstone.engine.metadata_api.roles.rights import own_role
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.schema.roots.document_mutations import BROKEN_DOCUMENTS
from fieldstone.metadata.access.role_checks import effective_settings, reads_all
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Role, Setting
from fieldstone.metadata.workspaces.trusted_documents import TrustedDocument, read_documents
from fieldstone.sql.executor import Database


def document_facts(database: Database, documents: DocumentSearch) -> Mapping[str, Fact]:
    """Return the queries, by their names."""

    async def broken(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        client = arguments.get("client")
        listed = await read_documents(database, model.workspace.id, client=client, share=principal.share)
        shown = [document for document in listed if _is_shown(model, own_role(model, principal), document)]
        found = await documents.find_invalid(shown, model)
        return {"documents": found.broken, "unchecked": found.unchecked + len(listed) - len(shown)}

    return {"brokenDocuments": Fact(broken, BROKEN_DOCUMENTS)}


def _is_shown(model: Snapshot, role: Role, document: TrustedDocument) -> bool:
    """Return whether a role may know if the model refuses a document: the reasons tell the schema of another role."""
    if Setting.ROLES in effective_settings(model, role):
        return True
    return reads_all(model, role) if document.role_id is None else document.role_id == role.id
