"""The Metadata API's root fields of tokens of identity providers and of sessions."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.identity.tokens import user_id
from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.roles.rights import require
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.engine.schema.roots.token_mutations import DENIED_TOKENS
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Setting
from fieldstone.metadata.scalars import DATE_TIME, show_time
from fieldstone.metadata.workspaces.api_keys import revoke_keys_of_user
from fieldstone.metadata.workspaces.denied_tokens import (
    Denial,
    DeniedBy,
    DeniedTokens,
    allow_tokens,
    deny_tokens,
    list_denials,
)
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.sessions import SessionStore, revoke_session
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.executor import Database


def token_runs(denied: DeniedTokens, sessions: SessionStore, keys: KeyStore) -> Mapping[str, Run]:
    """Return the functions that execute the mutations, by their names."""

    def answer(transaction: ModelTransaction, denial: Denial) -> Written:
        transaction.committed.connect(denied.forget)
        transaction.committed.connect(sessions.forget_all)

        async def sequel() -> Mapping[str, JsonValue]:
            return _show(denial)

        return Written(id=new_id(), sequel=sequel)

    async def revoke_keys(
        transaction: ModelTransaction, principal: Principal, issuer: str, by: DeniedBy, value: str
    ) -> None:
        if by is not DeniedBy.SUBJECT:
            raise BadUserInput("withKeys needs a subject: a token has made no keys.", field="withKeys")
        require(transaction.snapshot, principal, Setting.API_KEYS, "withKeys")
        revoked = await revoke_keys_of_user(
            transaction.connection, workspace_id=principal.workspace_id, user_id=user_id(issuer, value)
        )
        transaction.committed.connect(lambda: keys.note_changed(revoked))

    async def deny(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        by, value = _read_fact(given)
        if given.get("withKeys"):
            await revoke_keys(transaction, principal, given["issuer"], by, value)
        expires_at = given.get("expiresAt")
        denial = await deny_tokens(
            transaction.connection,
            workspace_id=principal.workspace_id,
            issuer=given["issuer"],
            by=by,
            value=value,
            expires_at=None if expires_at is None else datetime.fromisoformat(DATE_TIME.coerce(expires_at)),
        )
        return answer(transaction, denial)

    async def allow(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        by, value = _read_fact(given)
        denial = await allow_tokens(
            transaction.connection, workspace_id=principal.workspace_id, issuer=given["issuer"], by=by, value=value
        )
        return answer(transaction, denial)

    async def revoke(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        await revoke_session(transaction.connection, workspace_id=principal.workspace_id, session_id=id_)
        transaction.committed.connect(sessions.forget_all)
        return Written(object_name="session", id=id_, type_name="Session")

    return {"denyTokens": deny, "allowTokens": allow, "revokeSession": revoke}


def token_facts(database: Database) -> Mapping[str, Fact]:
    """Return the queries, by their names."""

    async def denials(_model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        issuer, subject = arguments.get("issuer"), arguments.get("subject")
        found = await list_denials(
            database, principal.workspace_id, issuer=issuer, subject=subject, share=principal.share
        )
        return [_show(denial) for denial in found]

    return {"deniedTokens": Fact(denials, DENIED_TOKENS)}


def _read_fact(given: Mapping[str, JsonValue]) -> tuple[DeniedBy, str]:
    """Return the fact that an input names tokens by; raises BadUserInput."""
    jti, subject = given.get("jwtId"), given.get("subject")
    if isinstance(jti, str) and subject is None:
        return DeniedBy.ID, jti
    if isinstance(subject, str) and jti is None:
        return DeniedBy.SUBJECT, subject
    raise BadUserInput("The input must have either jwtId or subject.", field="input")


def _show(denial: Denial) -> dict[str, JsonValue]:
    is_of_subject = denial.by is DeniedBy.SUBJECT
    return {
        "__typename": DENIED_TOKENS,
        "issuer": denial.issuer,
        "jwtId": None if is_of_subject else denial.value,
        "subject": denial.value if is_of_subject else None,
        "deniedAt": show_time(denial.denied_at),
        "expiresAt": None if denial.expires_at is None else show_time(denial.expires_at),
    }
