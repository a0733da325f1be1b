"""The attempts at deliveries, as the Metadata API shows them, and failed deliveries that are sent again."""

from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.target import Received, Reply, TargetServer, take
from tests.waiting import until_true

TRIES = """{ webhookDeliveries { totalCount edges { node {
    status attempts request tries { __typename at status ms error answer delivery { recordId } }
} } } }"""
AGAIN = "mutation ($id: UUID!) { redeliverFailed(webhookId: $id) }"
COUNTS = "{ webhookDeliveriesGroupBy(groupBy: [{ status: true }]) { key { status } count } }"


async def counts(sending: Sending) -> dict[str, int]:
    found = (await sending.data(COUNTS))["webhookDeliveriesGroupBy"]
    return {group["key"]["status"]: group["count"] for group in found}


async def test_each_attempt_is_kept_with_its_answer(start_sending: Start, target: TargetServer) -> None:
    replies = [Reply(status=500, body=b"not now"), Reply(status=200, body=b"")]

    async def behave(_: Received) -> Reply:
        return replies.pop(0)

    target.behave = behave
    async with start_sending(webhook_retry_delay=0.05) as sending:
        await sending.webhook(target.url, "person.created")
        id_ = await sending.person("a@example.com")

        async def is_delivered() -> bool:
            return await counts(sending) == {"DELIVERED": 1}

        await until_true(is_delivered)
        (edge,) = (await sending.data(TRIES))["webhookDeliveries"]["edges"]
        delivery = edge["node"]
        first, second = delivery["tries"]
        assert (delivery["status"], delivery["attempts"]) == ("DELIVERED", 2)
        assert (first["status"], first["error"], first["answer"]) == (500, "HTTP 500", "not now")
        assert (second["status"], second["error"], second["answer"]) == (200, None, "")
        assert first["at"] < second["at"]
        assert first["ms"] >= 0
        assert first["delivery"] == {"recordId": id_}
        assert first["__typename"] == "WebhookTry"
        assert id_ in delivery["request"]
        found = await sending.data(
            "{ webhookDeliveries(filter: { tries: { some: { status: { gte: 500 } } } }) { totalCount } }"
        )
        assert found["webhookDeliveries"]["totalCount"] == 1


async def test_failed_deliveries_are_sent_again_in_order(start_sending: Start, target: TargetServer) -> None:
    async def refuse(_: Received) -> Reply:
        return Reply(status=500)

    target.behave = refuse
    async with start_sending(webhook_attempts=1) as sending:
        made = await sending.webhook(target.url)
        id_ = await sending.person("a@example.com")
        await sending.update(id_, city="Bonn")
        await sending.person("b@example.com")

        async def are_failed() -> bool:
            return await counts(sending) == {"FAILED": 3}

        await until_true(are_failed)
        target.behave = take
        assert await sending.data(AGAIN, id=made["id"]) == {"redeliverFailed": 3}

        async def are_delivered() -> bool:
            return await counts(sending) == {"DELIVERED": 3}

        await until_true(are_delivered)
        events = [one["event"] for one in target.taken if one["recordId"] == id_]
        assert events == ["person.created", "person.updated"]
        assert await sending.data(AGAIN, id=made["id"]) == {"redeliverFailed": 0}


async def test_only_an_active_webhook_sends_again(sending: Sending, target: TargetServer) -> None:
    made = await sending.webhook(target.url)
    await sending.data(
        "mutation ($id: UUID!) { updateWebhook(id: $id, input: { isActive: false }) { id } }", id=made["id"]
    )
    error = await sending.error(AGAIN, id=made["id"])
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "webhookId")
    error = await sending.error(AGAIN, id="01a20f9e-1029-733d-bafa-ee4068b6339a")
    assert error["extensions"]["code"] == "NOT_FOUND"
