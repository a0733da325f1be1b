"""The Metadata API's mutations of tokens of identity providers and of sessions."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.scalars import DATE_TIME
from fieldstone.metadata.workspaces.denied_tokens import DeniedBy, DeniedTokens, deny_tokens
from fieldstone.metadata.workspaces.sessions import SessionStore, revoke_session
from fieldstone.metadata.writer.transaction import ModelTransaction


def token_runs(denied: DeniedTokens, sessions: SessionStore) -> Mapping[str, Run]:
    """Return the functions that execute the mutations, by their names."""

    async def deny(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        jti, subject, expires_at = given.get("jwtId"), given.get("subject"), given.get("expiresAt")
        if (jti is None) == (subject is None):
            raise BadUserInput("The input must have either jwtId or subject.", field="input")
        denied_at = await deny_tokens(
            transaction.connection,
            workspace_id=principal.workspace_id,
            issuer=given["issuer"],
            by=DeniedBy.ID if subject is None else DeniedBy.SUBJECT,
            value=jti if subject is None else subject,
            expires_at=None if expires_at is None else datetime.fromisoformat(DATE_TIME.coerce(expires_at)),
        )
        transaction.committed.connect(denied.forget)
        transaction.committed.connect(sessions.forget_all)

        async def sequel() -> Mapping[str, JsonValue]:
            return {
                "__typename": "DeniedTokens",
                "issuer": given["issuer"],
                "jwtId": jti,
                "subject": subject,
                "deniedAt": DATE_TIME.coerce(denied_at.isoformat()),
                "expiresAt": None if expires_at is None else DATE_TIME.coerce(expires_at),
            }

        return Written(id=new_id(), sequel=sequel)

    async def revoke(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        await revoke_session(transaction.connection, workspace_id=principal.workspace_id, session_id=id_)
        transaction.committed.connect(sessions.forget_all)
        return Written(object_name="session", id=id_, type_name="Session")

    return {"denyTokens": deny, "revokeSession": revoke}
