"""The Metadata API's mutations of API keys."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fieldstone.engine.metadata_api.rights import own_role
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.scalars import DATE_TIME
from fieldstone.metadata.workspaces.api_keys import create_key, revoke_key, revoke_made
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.writer.transaction import ModelTransaction


def key_runs(keys: KeyStore) -> Mapping[str, Run]:
    """Return the functions that execute the mutations of keys, by their names."""

    async def create(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        expires_at = given.get("expiresAt")
        made = await create_key(
            transaction.connection,
            workspace_id=principal.workspace_id,
            name=given["name"],
            expires_at=None if expires_at is None else datetime.fromisoformat(DATE_TIME.coerce(expires_at)),
            role=own_role(transaction.snapshot, principal).id,
            claims=principal.claims,
            maker_id=principal.subject_id,
        )
        return Written(object_name="apiKey", id=made.key.id, type_name="CreatedApiKey", extra={"token": made.token})

    async def revoke(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        connection, workspace_id, key_id = transaction.connection, principal.workspace_id, UUID(arguments["id"])
        await revoke_key(connection, workspace_id=workspace_id, key_id=key_id)
        revoked = [key_id]
        if arguments.get("withMade"):
            revoked += await revoke_made(connection, workspace_id=workspace_id, key_id=key_id)
        transaction.committed.connect(lambda: keys.note_revoked(revoked))
        return Written(object_name="apiKey", id=key_id, type_name="ApiKey")

    return {"createApiKey": create, "revokeApiKey": revoke}
