"""The Metadata API's mutations of webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from fieldstone.engine.access.principals import see
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.metadata_api.roles.rights import bind_role, require_binding
from fieldstone.engine.metadata_api.writes import Arguments, Check, Run, Written
from fieldstone.engine.webhooks.payloads.payloads import TEST_EVENT, build_body, build_test_payload
from fieldstone.engine.webhooks.sending.sender import Outcome
from fieldstone.engine.webhooks.sending.ssrf_guard import RefusedTarget
from fieldstone.engine.webhooks.service import Webhooks
from fieldstone.metadata.catalog.webhooks import (
    NewWebhook,
    WebhookTarget,
    WebhookUpdate,
    create_webhook,
    delete_webhook,
    read_binding,
    read_delivery_binding,
    read_target,
    redeliver,
    redeliver_failed,
    update_webhook,
)
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.binding import Binding
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.scalars import show_time
from fieldstone.metadata.writer.transaction import ModelTransaction

_DESCRIPTION = "description"
_KEPT = ("targetUrl", "operations", "secret", "isActive")
"""Inputs of an update that null would take away."""


def webhook_checks(webhooks: Webhooks) -> Mapping[str, Check]:
    """Return the checks of targets, by the mutation that gives them; each may take as long as a name server does.

    A mutation by which a webhook begins waits for the events that were written before it.
    """

    async def check_target(principal: Principal, arguments: Arguments) -> None:
        url = arguments["input"].get("targetUrl")
        if url is None:
            return
        try:
            await webhooks.sender.targets.check(url, principal.workspace_id)
        except RefusedTarget as refused:
            raise BadUserInput(f"targetUrl is refused: {refused}.", field="targetUrl") from None

    async def create(principal: Principal, arguments: Arguments) -> Arguments:
        await check_target(principal, arguments)
        await webhooks.catch_up()
        return arguments

    async def update(principal: Principal, arguments: Arguments) -> Arguments:
        await check_target(principal, arguments)
        if arguments["input"].get("isActive"):
            await webhooks.catch_up()
        return arguments

    return {"createWebhook": create, "updateWebhook": update}


def webhook_runs(webhooks: Webhooks) -> Mapping[str, Run]:
    """Return the functions that run the mutations, by their names."""

    async def create(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        given = arguments["input"]
        role_id, claims = bind_role(transaction.snapshot, principal, given)
        new = NewWebhook(
            role_id=role_id,
            claims=claims,
            target_url=given["targetUrl"],
            operations=_listed(given["operations"]),
            description=given.get(_DESCRIPTION),
            secret=given.get("secret"),
        )
        view = see(transaction.snapshot, principal).view
        id_, secret = await create_webhook(transaction.connection, view, new, webhooks.sender.box)
        transaction.committed.connect(webhooks.notice_change)
        return Written(object_name="webhook", id=id_, type_name="CreatedWebhook", extra={"secret": secret})

    async def update(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        changed = await _rebind(transaction, principal, id_, arguments["input"])
        view = see(transaction.snapshot, principal).view
        await update_webhook(transaction.connection, view, id_, changed, webhooks.sender.box)
        transaction.committed.connect(webhooks.notice_change)
        return Written(object_name="webhook", id=id_, type_name="Webhook")

    async def delete(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        await _require_own(transaction, principal, id_)
        return Written(
            object_name="webhook",
            id=id_,
            type_name="Webhook",
            removal=lambda transaction: delete_webhook(transaction.connection, principal.workspace_id, id_),
        )

    async def send_again(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        held = await read_delivery_binding(transaction.connection, principal.workspace_id, id_)
        # The answer tells of the delivery.
        require_binding(transaction.snapshot, principal, held.role_id, held.claims)
        await redeliver(transaction.connection, principal.workspace_id, id_)
        transaction.committed.connect(webhooks.notice_change)
        return Written(object_name="webhookDelivery", id=id_, type_name="WebhookDelivery")

    async def send_failed(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["webhookId"])
        await _require_own(transaction, principal, id_)
        number = await redeliver_failed(transaction.connection, principal.workspace_id, id_)
        transaction.committed.connect(webhooks.notice_change)
        return Written(object_name="webhook", id=id_, constant=dumps(number))

    async def test(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
        id_ = UUID(arguments["id"])
        # The answer shows the target's.
        await _require_own(transaction, principal, id_)
        target = await read_target(transaction.connection, principal.workspace_id, id_)

        async def sequel() -> Mapping[str, JsonValue]:
            return _describe(await _send_test(webhooks, principal.workspace_id, target))

        return Written(object_name="webhook", id=id_, type_name="WebhookTest", sequel=sequel)

    return {
        "createWebhook": create,
        "updateWebhook": update,
        "deleteWebhook": delete,
        "redeliver": send_again,
        "redeliverFailed": send_failed,
        "testWebhook": test,
    }


async def _send_test(webhooks: Webhooks, workspace_id: UUID, target: WebhookTarget) -> Outcome:
    id_ = new_id()
    body = build_body(id_, build_test_payload(workspace_id, show_time(datetime.now(UTC))))
    return await webhooks.sender.send(target, delivery_id=id_, event=TEST_EVENT, body=body)


def _describe(outcome: Outcome) -> Mapping[str, JsonValue]:
    return {
        "__typename": "WebhookTest",
        "succeeded": outcome.error is None,
        "responseStatus": outcome.status,
        "responseBody": outcome.body,
        "error": outcome.error,
        "durationMs": outcome.duration_ms,
    }


async def _rebind(
    transaction: ModelTransaction, principal: Principal, webhook_id: UUID, given: Arguments
) -> WebhookUpdate:
    """Return the new values of a webhook, whose events are of its role: another's are not led elsewhere."""
    update, held = _read_update(given), await _require_own(transaction, principal, webhook_id)
    if given.get("role") is None and given.get("claims") is None:
        return update
    kept = transaction.snapshot.roles.get(held.role_id) if held.role_id else None
    named = given.get("role") or (kept.name if kept else None)
    role_id, claims = bind_role(transaction.snapshot, principal, {"role": named, "claims": given.get("claims")})
    return replace(update, role_id=role_id, claims=claims)


async def _require_own(transaction: ModelTransaction, principal: Principal, webhook_id: UUID) -> Binding:
    """Return the binding of a webhook that a principal may change.

    Raises:
        UnknownObject: the workspace has no such webhook.
        Forbidden: it is another's.
    """
    held = await read_binding(transaction.connection, principal.workspace_id, webhook_id)
    require_binding(transaction.snapshot, principal, held.role_id, held.claims)
    return held


def _read_update(given: Arguments) -> WebhookUpdate:
    for name in _KEPT:
        if name in given and given[name] is None:
            raise BadUserInput(f"{name} must not be null; leave it out to keep its value.", field=name)
    operations = given.get("operations")
    return WebhookUpdate(
        target_url=given.get("targetUrl"),
        operations=None if operations is None else _listed(operations),
        secret=given.get("secret"),
        is_active=given.get("isActive"),
        describe=_DESCRIPTION in given,
        description=given.get(_DESCRIPTION),
    )


def _listed(value: JsonValue) -> Sequence[str]:
    return value if isinstance(value, list) else [value]
