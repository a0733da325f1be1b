"""The Metadata API's mutations of API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.metadata_api.roles.rights import bind_role, require_binding
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.metadata.roles.networks import are_within, read_network
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.scalars import DATE_TIME, show_time
from fieldstone.metadata.workspaces.api_keys import (
    create_key,
    read_binding,
    read_end,
    revoke_key,
    revoke_made,
    rotate_key,
)
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.writer.transaction import ModelTransaction


def key_runs(keys: KeyStore) -> Mapping[str, Run]:
    """Return the functions that execute the mutations of keys, by their names."""

    async def create(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        role_id, claims = bind_role(transaction.snapshot, principal, given)
        own_end, end = await _read_own_end(transaction, principal), given.get("expiresAt")
        is_key = principal.kind is SubjectKind.API_KEY
        made = await create_key(
            transaction.connection,
            workspace_id=principal.workspace_id,
            name=given["name"],
            expires_at=own_end if end is None else datetime.fromisoformat(DATE_TIME.coerce(end)),
            role=role_id,
            claims=claims,
            networks=given.get("networks") or [str(network) for network in principal.networks],
            maker_id=principal.subject_id if is_key else None,
            root_id=None if is_key else principal.rate_key,
        )
        # A refusal rolls the creation back.
        _require_networks(principal, made.key.networks, field="networks")
        _require_end(own_end, made.key.expires_at, field="expiresAt")
        return Written(object_name="apiKey", id=made.key.id, type_name="CreatedApiKey", extra={"token": made.token})

    async def revoke(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        connection, workspace_id, key_id = transaction.connection, principal.workspace_id, UUID(arguments["id"])
        held = await read_binding(connection, workspace_id=workspace_id, key_id=key_id)
        require_binding(transaction.snapshot, principal, held.role_id, held.claims)
        await revoke_key(connection, workspace_id=workspace_id, key_id=key_id)
        revoked = [key_id]
        if arguments.get("withMade"):
            revoked += await revoke_made(connection, workspace_id=workspace_id, key_id=key_id)
        transaction.committed.connect(lambda: keys.note_changed(revoked))
        return Written(object_name="apiKey", id=key_id, type_name="ApiKey")

    async def rotate(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        connection, key_id = transaction.connection, UUID(arguments["id"])
        if principal.by_old_token:
            raise Forbidden("The token is the one before the key's last rotation, and rotates no key: use the new one.")
        held = await read_binding(connection, workspace_id=principal.workspace_id, key_id=key_id)
        # Its new token gives all that the key may do.
        require_binding(transaction.snapshot, principal, held.role_id, held.claims)
        own_end = await _read_own_end(transaction, principal)
        rotated = await rotate_key(
            connection,
            workspace_id=principal.workspace_id,
            key_id=key_id,
            overlap_seconds=arguments.get("overlapSeconds") or 0,
        )
        # A refusal rolls the rotation back.
        _require_networks(principal, rotated.key.networks, field="id")
        _require_end(own_end, rotated.key.expires_at, field="id")
        transaction.committed.connect(lambda: keys.note_changed([key_id]))
        return Written(object_name="apiKey", id=key_id, type_name="CreatedApiKey", extra={"token": rotated.token})

    return {"createApiKey": create, "revokeApiKey": revoke, "rotateApiKey": rotate}


def _require_networks(principal: Principal, networks: Sequence[str], *, field: str) -> None:
    """Refuse a new token that could be used from elsewhere than the key that asks for it.

    Raises:
        Forbidden: the networks are not within those of the principal.
    """
    if not principal.networks or (networks and are_within(map(read_network, networks), principal.networks)):
        return
    own = ", ".join(map(str, principal.networks))
    raise Forbidden(
        f"The key that asks may be used from {own} alone: another's networks must be within these.",
        field=field,
    )


async def _read_own_end(transaction: ModelTransaction, principal: Principal) -> datetime | None:
    """Return when the key that asks ends, or the old token by which it asks.

    None if it never does, and for a user, whose tokens are renewed.
    """
    if principal.kind is not SubjectKind.API_KEY:
        return None
    return await read_end(
        transaction.connection,
        workspace_id=principal.workspace_id,
        key_id=principal.subject_id,
        by_old_token=principal.by_old_token,
    )


def _require_end(own_end: datetime | None, expires_at: datetime | None, *, field: str) -> None:
    """Refuse a new token that would outlive the key that asks for it.

    Raises:
        Forbidden: the token ends later than `own_end`, or never.
    """
    if own_end is None or (expires_at is not None and expires_at <= own_end):
        return
    raise Forbidden(
        f"The key that asks ends at {show_time(own_end)}: another's expiresAt must be no later.", field=field
    )
