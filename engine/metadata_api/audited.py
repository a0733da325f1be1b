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
}
_KEYS: Final = frozenset({"createApiKey", "rotateApiKey", "revokeApiKey"})


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
        subject_id=written.id,
        subject_name=await _key_name(transaction, written) if name in _KEYS else None,
        details=details,
    )
    await note(transaction.connection, entry)


async def _key_name(transaction: ModelTransaction, written: Written) -> str | None:
    rows = await fetch(transaction.connection, "api_key_name", id=written.id)
    return str(rows[0][0]) if rows else None
