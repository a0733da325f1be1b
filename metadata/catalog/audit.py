"""The audit log: the acts that concern the security of a workspace, each with its author, time and address."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.sql.frozen import frozen


class AuditAction(Enum):
    """The acts in the audit log."""

    SIGN_IN = "SIGN_IN"
    SIGN_OUT = "SIGN_OUT"
    SIGN_IN_FAILED = "SIGN_IN_FAILED"
    SESSION_REVOKED = "SESSION_REVOKED"
    IMPERSONATED = "IMPERSONATED"
    API_KEY_CREATED = "API_KEY_CREATED"
    API_KEY_ROTATED = "API_KEY_ROTATED"
    API_KEY_REVOKED = "API_KEY_REVOKED"
    TOKEN_DENIED = "TOKEN_DENIED"  # noqa: S105 - an act
    TOKEN_ALLOWED = "TOKEN_ALLOWED"  # noqa: S105 - an act
    ROLE_CREATED = "ROLE_CREATED"
    ROLE_UPDATED = "ROLE_UPDATED"
    ROLE_DELETED = "ROLE_DELETED"
    WEBHOOK_CREATED = "WEBHOOK_CREATED"
    WEBHOOK_UPDATED = "WEBHOOK_UPDATED"
    WEBHOOK_DELETED = "WEBHOOK_DELETED"
    DOCUMENTS_IMPORTED = "DOCUMENTS_IMPORTED"
    DOCUMENTS_REMOVED = "DOCUMENTS_REMOVED"
    SQL_ROLE_CREATED = "SQL_ROLE_CREATED"
    SQL_ROLE_UPDATED = "SQL_ROLE_UPDATED"
    SQL_ROLE_DELETED = "SQL_ROLE_DELETED"


COMMAND: Final = "COMMAND"
UNKNOWN: Final = "UNKNOWN"
ACTOR_KINDS: Final = (*(kind.value for kind in SubjectKind), COMMAND, UNKNOWN)
"""The kinds of an author: those of a principal, a command on the machine, or a client that showed nothing valid."""


@frozen
class Author:
    """The author of an act.

    Attributes:
        kind: one of `ACTOR_KINDS`.
        id: the principal's; None for a command and an unknown client.
        name: the principal's or the command's.
        address: of the client's connection; None for a command.
    """

    kind: str
    id: UUID | None = None
    name: str | None = None
    address: str | None = None


def author_of(principal: Principal, address: str | None) -> Author:
    """Return the author that a principal is, at the address of its client."""
    return Author(kind=principal.kind.value, id=principal.subject_id, name=principal.name, address=address)


@frozen
class AuditEntry:
    """An act.

    Attributes:
        workspace_id: None where a failed sign-in belongs to no workspace.
        subject_id: the id of the key, role, webhook or session that the act is about.
        count: the number of equal acts.
        details: more facts, such as the names of inputs; never a value that may be a secret.
    """

    workspace_id: UUID | None
    action: AuditAction
    author: Author
    subject_id: UUID | None = None
    subject_name: str | None = None
    count: int = 1
    details: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}), hash=False)


async def note(connection: Session, *entries: AuditEntry) -> None:
    """Add acts to the audit log in the transaction that does them, so that neither is kept without the other."""
    if entries:
        await connection.execute(QUERIES["note_audit"], audit_parameters(entries))


def audit_parameters(entries: Iterable[AuditEntry]) -> Mapping[str, str]:
    """Return the parameters of the query `note_audit` that adds these acts."""
    return {"entries": dumps([_row(entry) for entry in entries])}


def _row(entry: AuditEntry) -> Mapping[str, JsonValue]:
    return {
        "id": str(new_id()),
        "workspace_id": _text(entry.workspace_id),
        "action": entry.action.value,
        "actor_kind": entry.author.kind,
        "actor_id": _text(entry.author.id),
        "actor_name": entry.author.name,
        "address": entry.author.address,
        "subject_id": _text(entry.subject_id),
        "subject_name": entry.subject_name,
        "count": entry.count,
        "details": dict(entry.details),
    }


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
