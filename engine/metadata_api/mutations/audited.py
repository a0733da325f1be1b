"""The mutations of the Metadata API that the audit log has; changes of roles are noted by the writer of models."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.engine.identity.tokens import user_id
from fieldstone.engine.metadata_api.writes import Arguments, Written
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author, note
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.writer.transaction import ModelTransaction

_ACTIONS: Final[Mapping[str, AuditAction]] = {
    "createApiKey": AuditAction.API_KEY_CREATED,
    "rotateApiKey": AuditAction.API_KEY_ROTATED,
    "revokeApiKey": AuditAction.API_KEY_REVOKED,
    "denyTokens": AuditAction.TOKEN_DENIED,
    "allowTokens": AuditAction.TOKEN_ALLOWED,
    "revokeSession": AuditAction.SESSION_REVOKED,
    "createWebhook": AuditAction.WEBHOOK_CREATED,
    "updateWebhook": AuditAction.WEBHOOK_UPDATED,
    "deleteWebhook": AuditAction.WEBHOOK_DELETED,
    "importDocuments": AuditAction.DOCUMENTS_IMPORTED,
    "removeDocuments": AuditAction.DOCUMENTS_REMOVED,
}
_KEYS: Final = frozenset({"createApiKey", "rotateApiKey", "revokeApiKey"})
_TOKENS: Final = frozenset({"denyTokens", "allowTokens"})
_DOCUMENTS: Final = frozenset({"importDocuments", "removeDocuments"})


async def note_mutation(
    transaction: ModelTransaction, author: Author, name: str, arguments: Arguments, written: Written
) -> None:
    """Note a mutation in its transaction, if the audit log has its kind."""
    action = _ACTIONS.get(name)
    if action is None:
        return
    given = arguments.get("input")
    details: dict[str, JsonValue] = {}
    if isinstance(given, Mapping):
        details["inputs"] = sorted(given)
        if name in _TOKENS:
            details["issuer"] = given["issuer"]
    if arguments.get("withMade"):
        details["withMade"] = True
    subject_id, subject_name = await _find_subject(transaction, name, arguments, written)
    entry = AuditEntry(
        workspace_id=transaction.snapshot.workspace.id,
        action=action,
        author=author,
        subject_id=subject_id,
        subject_name=subject_name,
        details=details,
    )
    await note(transaction.connection, entry)


async def _find_subject(
    transaction: ModelTransaction, name: str, arguments: Arguments, written: Written
) -> tuple[UUID | None, str | None]:
    """Return the id and the name of the subject: a key, a client of documents, or the user or the token of a denial."""
    if name in _DOCUMENTS:
        return None, str((arguments.get("input") or arguments)["client"])
    if name in _TOKENS:
        given = arguments["input"]
        subject = given.get("subject")
        return (None, str(given["jwtId"])) if subject is None else (user_id(given["issuer"], subject), str(subject))
    if name not in _KEYS:
        return written.id, None
    rows = await fetch(transaction.connection, "api_key_name", id=written.id)
    return written.id, str(rows[0][0]) if rows else None
