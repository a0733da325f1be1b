"""`brokenDocuments`: the trusted documents that the model as it is refuses."""

from collections.abc import Mapping

from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.plans.broken_documents import DocumentSearch
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.schema.roots.document_mutations import BROKEN_DOCUMENTS
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.trusted_documents import list_documents
from fieldstone.sql.executor import Database


def document_facts(database: Database, documents: DocumentSearch) -> Mapping[str, Fact]:
    """Return the queries, by their names."""

    async def broken(model: Snapshot, _principal: Principal, arguments: Arguments) -> JsonValue:
        async with database.session() as connection, connection.transaction():
            listed = await list_documents(connection, model.workspace.id, client=arguments.get("client"))
        # The validation takes seconds, in which other requests need the session.
        found = await documents.find_invalid(listed, model)
        return {"documents": found.broken, "unchecked": found.unchecked}

    return {"brokenDocuments": Fact(broken, BROKEN_DOCUMENTS)}
