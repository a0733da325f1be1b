"""Webhooks in the catalog: made, changed, removed, and the operations that they wait for."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final
from uuid import UUID

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.catalog.queries import QUERIES, fetch, fetch_one
from fieldstone.metadata.catalog.secret_box import SEALED, SecretBox
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps, loads, unstorable
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.binding import Binding
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import find_problem
from fieldstone.sql.frozen import frozen

ACTIONS: Final = ("created", "updated", "deleted", "restored", "destroyed")
"""The writes of a record, as events name them."""
ANY: Final = "*"
"""The sign for any object, or any action, in an operation."""

MOST_WEBHOOKS: Final = 100
"""Webhooks of a workspace: each event becomes a delivery for each of them."""
MOST_REDELIVERED: Final = 10_000
"""Deliveries that are sent again at once."""

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the beginning of every secret that we make
_RANDOM_BYTES = 32
_LONGEST_SECRET = 500
_WEBHOOK, _DELIVERY = "webhook", "webhook delivery"
_MOST_OPERATIONS = 100


@frozen
class EventFilter:
    """The events that a webhook waits for: an action on an object; None is any."""

    object_id: UUID | None
    action: str | None


@frozen
class NewWebhook:
    """The values of a new webhook; without a secret it gets one.

    Attributes:
        role_id: the role that its events are for.
        claims: the values that the rules of this role may name.
    """

    target_url: str
    operations: Sequence[str]
    role_id: UUID
    claims: Mapping[str, JsonValue]
    description: str | None = None
    secret: str | None = None


@frozen
class WebhookUpdate:
    """New values of a webhook; None leaves a value, as does a description unless `describe` is set."""

    target_url: str | None = None
    operations: Sequence[str] | None = None
    secret: str | None = None
    is_active: bool | None = None
    describe: bool = False
    description: str | None = None
    role_id: UUID | None = None
    claims: Mapping[str, JsonValue] | None = None


@frozen
class WebhookTarget:
    """Where a webhook's events are sent, and the secret that they are signed with, as it is stored.

    Attributes:
        workspace_id: that of the webhook.
    """

    url: str
    secret: str = field(repr=False)
    workspace_id: UUID | None = None


def _read_operations(view: Snapshot, given: Sequence[str]) -> tuple[EventFilter, ...]:
    """Return the operations that texts such as `person.created`, `person.*`, `*.deleted` and `*.*` stand for.

    Raises:
        InvalidChange: one is none, or of an object that is not there; or there are none, or too many.
    """
    if not 1 <= len(given) <= _MOST_OPERATIONS:
        raise InvalidChange(
            f'operations must list from 1 to {_MOST_OPERATIONS}, such as "person.created"', field="operations"
        )
    return tuple(dict.fromkeys(_read_operation(view, text) for text in given))


def _read_operation(view: Snapshot, text: str) -> EventFilter:
    name, dot, action = text.partition(".")
    if not dot or not name or action not in {*ACTIONS, ANY}:
        raise InvalidChange(
            f"operations must be like person.created, person.*, *.deleted or *.*, with one of {', '.join(ACTIONS)}"
            f" behind the point, not {shown(text)}",
            field="operations",
        )
    object_ = view.by_singular.get(name)
    if object_ is None and name != ANY:
        raise InvalidChange(
            f"operations: there is no object {shown(name)}; it is nameSingular that stands before the point",
            field="operations",
        )
    return EventFilter(object_id=object_.id if object_ else None, action=None if action == ANY else action)


async def create_webhook(connection: Session, view: Snapshot, new: NewWebhook, box: SecretBox) -> tuple[UUID, str]:
    """Insert a webhook for the events from now on, and return its id and its secret, which `box` seals.

    Args:
        connection: in a transaction.
        view: the model as the role of the principal sees it.
        new: the webhook.
        box: for secrets.

    Raises:
        InvalidChange: a value is refused.
    """
    operations = _read_operations(view, new.operations)
    _check_description(new.description)
    _check_secret(new.secret)
    ((number,),) = await fetch(connection, "count_webhooks", workspace_id=view.workspace.id)
    if number >= MOST_WEBHOOKS:
        raise InvalidChange(
            f"a workspace has at most {MOST_WEBHOOKS} webhooks: delete one, or give one more operations"
        )
    secret = new.secret or _SECRET_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    webhook_id = new_id()
    await connection.execute(
        QUERIES["insert_webhook"],
        {
            "id": webhook_id,
            "workspace_id": view.workspace.id,
            "target_url": new.target_url,
            "description": new.description,
            "secret": box.seal(secret),
            "role_id": new.role_id,
            "claims": dumps(dict(new.claims)),
        },
    )
    await _write_operations(connection, webhook_id, operations)
    await _require_seen(connection, view.whole, webhook_id)
    return webhook_id, secret


async def update_webhook(
    connection: Session, view: Snapshot, webhook_id: UUID, update: WebhookUpdate, box: SecretBox
) -> None:
    """Change a webhook; `box` seals a new secret.

    Args:
        connection: in a transaction.
        view: the model as the role of the principal sees it.
        webhook_id: its id.
        update: the new values.
        box: for secrets.

    Raises:
        UnknownObject: the workspace has no such webhook.
        InvalidChange: a value is refused.
    """
    _check_description(update.description)
    _check_secret(update.secret)
    operations = None if update.operations is None else _read_operations(view, update.operations)
    restart = bool(update.is_active) or update.target_url is not None
    cursor = await connection.execute(
        QUERIES["update_webhook"],
        {
            "id": webhook_id,
            "workspace_id": view.workspace.id,
            "target_url": update.target_url,
            "secret": None if update.secret is None else box.seal(update.secret),
            "describe": update.describe,
            "description": update.description,
            "is_active": update.is_active,
            "role_id": update.role_id,
            "claims": None if update.claims is None else dumps(dict(update.claims)),
            "restart": restart,
        },
    )
    if await cursor.fetchone() is None:
        raise _unknown(webhook_id)
    if restart:
        await connection.execute(QUERIES["end_backoffs"], {"webhook_id": webhook_id})
    if operations is not None:
        await connection.execute(QUERIES["delete_webhook_operations"], {"webhook_id": webhook_id})
        await _write_operations(connection, webhook_id, operations)
    if operations is not None or update.role_id is not None:
        await _require_seen(connection, view.whole, webhook_id)


async def delete_webhook(connection: Session, workspace_id: UUID, webhook_id: UUID) -> None:
    """Delete a webhook with its deliveries.

    Raises:
        UnknownObject: the workspace has no such webhook.
    """
    await _find(connection, "delete_webhook", workspace_id, webhook_id)


async def read_binding(connection: Session, workspace_id: UUID, webhook_id: UUID) -> Binding:
    """Return the role of a webhook and its claims.

    Raises:
        UnknownObject: the workspace has no such webhook.
    """
    row = await _find(connection, "webhook_binding", workspace_id, webhook_id)
    return Binding(role_id=row[0], claims=loads(row[1]))


async def read_delivery_binding(connection: Session, workspace_id: UUID, delivery_id: UUID) -> Binding:
    """Return the role of a delivery's webhook and its claims.

    Raises:
        UnknownObject: the workspace has no such delivery.
    """
    row = await _find(connection, "delivery_binding", workspace_id, delivery_id, kind=_DELIVERY)
    return Binding(role_id=row[0], claims=loads(row[1]))


async def read_target(connection: Session, workspace_id: UUID, webhook_id: UUID) -> WebhookTarget:
    """Return where a webhook's events are sent.

    Raises:
        UnknownObject: the workspace has no such webhook.
    """
    row = await _find(connection, "webhook_target", workspace_id, webhook_id)
    return WebhookTarget(url=row[0], secret=row[1], workspace_id=workspace_id)


async def redeliver(connection: Session, workspace_id: UUID, delivery_id: UUID) -> None:
    """Have a delivery sent again, as soon as may be; an ended one starts its attempts over.

    Raises:
        UnknownObject: the workspace has no such delivery.
        InvalidChange: its webhook is not active.
    """
    webhook_id, is_active = await _find(connection, "delivery_webhook", workspace_id, delivery_id, kind=_DELIVERY)
    _require_active(webhook_id, is_active=is_active, field="id")
    await connection.execute(QUERIES["redeliver"], {"id": delivery_id})
    await connection.execute(QUERIES["end_webhook_rest"], {"id": webhook_id})


async def redeliver_failed(connection: Session, workspace_id: UUID, webhook_id: UUID) -> int:
    """Have the oldest deliveries sent again that were given up, and return their number.

    Raises:
        UnknownObject: the workspace has no such webhook.
        InvalidChange: it is not active.
    """
    row = await _find(connection, "webhook_state", workspace_id, webhook_id)
    _require_active(webhook_id, is_active=row[0], field="webhookId")
    asked = {"webhook_id": webhook_id, "limit": MOST_REDELIVERED}
    cursor = await connection.execute(QUERIES["redeliver_failed"], asked)
    await connection.execute(QUERIES["end_webhook_rest"], {"id": webhook_id})
    return cursor.rowcount


async def _find(connection: Session, query: str, workspace_id: UUID, id_: UUID, *, kind: str = _WEBHOOK) -> Any:
    """Return the row of a webhook or a delivery; raises UnknownObject."""
    row = await fetch_one(connection, query, workspace_id=workspace_id, id=id_)
    if row is None:
        raise _unknown(id_, kind)
    return row


def _require_active(webhook_id: UUID, *, is_active: bool, field: str) -> None:
    if not is_active:
        raise InvalidChange(
            f"the webhook {webhook_id} is not active: updateWebhook(id, input: {{ isActive: true }}) first", field=field
        )


async def _write_operations(connection: Session, webhook_id: UUID, operations: Sequence[EventFilter]) -> None:
    for place, operation in enumerate(operations):
        await connection.execute(
            QUERIES["insert_webhook_operation"],
            {
                "webhook_id": webhook_id,
                "place": place,
                "object_id": operation.object_id,
                "action": operation.action,
            },
        )


async def _require_seen(connection: Session, snapshot: Snapshot, webhook_id: UUID) -> None:
    """Refuse operations of objects that the webhook's role does not see, and whose names its holders would be shown.

    Raises:
        InvalidChange: it names the role and the object; roll the transaction back.
    """
    for role_id, object_id in await fetch(connection, "webhook_objects", webhook_id=webhook_id):
        seen = view_of(snapshot, role_id).objects.get(object_id)
        if seen is not None and not seen.is_active:
            raise InvalidChange(
                f"operations: the role {shown(snapshot.roles[role_id].name)} of the webhook does not see the object"
                f" {shown(snapshot.objects[object_id].name_singular)}; it would get none of its events",
                field="operations",
            )


def _check_description(value: str | None) -> None:
    if value is not None and (reason := find_problem(value, is_description=True)):
        raise InvalidChange(f"description {reason}", field="description")


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    if reason := unstorable(secret):
        raise InvalidChange(f"secret {reason}", field="secret")
    if secret.startswith(SEALED):
        raise InvalidChange(f"secret must not begin with {SEALED}, as encrypted ones do", field="secret")
    if not secret.strip() or len(secret) > _LONGEST_SECRET:
        raise InvalidChange(
            f"secret must have from 1 to {_LONGEST_SECRET} characters and not be blank; leave it out to have one made",
            field="secret",
        )


def _unknown(id_: UUID, kind: str = _WEBHOOK) -> UnknownObject:
    return UnknownObject(f"there is no {kind} {id_}", field="id")
