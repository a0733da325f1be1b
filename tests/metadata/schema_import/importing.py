"""An import carried out."""

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.rows import copy_rows
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.apis import Apis


async def carry_out(apis: Apis, plan: ImportDraft, source: Session | None = None) -> int:
    async def body(transaction: ModelTransaction) -> int:
        for change in plan.changes:
            await transaction.apply(change)
        await transaction.write_tables()
        connection = transaction.connection
        return await copy_rows(connection, transaction.snapshot, plan, source=source or connection)

    return await apis.writer.run((await apis.snapshot()).workspace.id, body, actor="test")
