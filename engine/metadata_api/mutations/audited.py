"""The mutations of the Metadata API that the audit log has; changes of roles are noted by the writer of models."""

from collections.abc import Mapping
from typing import Final

from fieldstone.engine.metadata_api.writes import Arguments, Written
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author, input_names, note
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.writer.transaction import ModelTransaction

_ACTIONS: Final[Mapping[str, AuditAction]] = {
    "createApiKey": AuditAction.API_KEY_CREATED,
    "rotateApiKey": AuditAction.API_KEY_ROTATED,
    "revokeApiKey": AuditAction.API_KEY_REVOKED,
    "denyTokens": AuditAction.TOKEN_DENIED,
    "revokeSession": AuditAction.SESSION_REVOKED,
    "createWebhook": AuditAction.WEBHOOK_CREATED,
    "updateWebhook": AuditAction.WEBHOOK_UPDATED,
    "deleteWebhook": AuditAction.WEBHOOK_DELETED,
    "importDocuments": AuditAction.DOCUMENTS_IMPORTED,
    "removeDocuments": AuditAction.DOCUMENTS_REMOVED,
}
_KEYS: Final = frozenset({"createApiKey", "rotateApiKey", "revokeApiKey"})
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
        details["inputs"] = list(input_names(given))
    if arguments.get("withMade"):
        details["withMade"] = True
    entry = AuditEntry(
        workspace_id=transaction.snapshot.workspace.id,
        action=action,
        author=author,
        subject_id=None if name in _DOCUMENTS else written.id,
        subject_name=await _subject_name(transaction, name, arguments, written),
        details=details,
    )
    await note(transaction.connection, entry)


async def _subject_name(transaction: ModelTransaction, name: str, arguments: Arguments, written: Written) -> str | None:
    """Return the name of a key, or of the client that documents belong to."""
    if name in _DOCUMENTS:
        return str((arguments.get("input") or arguments)["client"])
    if name not in _KEYS:
        return None
    rows = await fetch(transaction.connection, "api_key_name", id=written.id)
    return str(rows[0][0]) if rows else None
