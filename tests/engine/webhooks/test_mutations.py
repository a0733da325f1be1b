"""The Metadata API's mutations of webhooks: their effects and their refusals."""

import asyncio
from typing import Any

import pytest

from fieldstone.engine.metadata_api import root_fields
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets
from fieldstone.metadata.catalog import webhooks
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.signatures import check_signature
from tests.engine.webhooks.target import Received, Reply, TargetServer

NOWHERE = "01a20f9e-1029-733d-bafa-ee4068b6339a"
CREATE = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
UPDATE = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
DELETE = "mutation ($id: UUID!) { deleteWebhook(id: $id) { id targetUrl } }"
TEST = (
    "mutation ($id: UUID!)"
    " { testWebhook(id: $id) { __typename ok: succeeded responseStatus responseBody error durationMs } }"
)
REDELIVER = "mutation ($id: UUID!) { redeliver(id: $id) { id } }"


async def test_a_webhook_is_made_changed_and_deleted(sending: Sending, target: TargetServer) -> None:
    made = await sending.webhook(target.url, "person.created", "*.deleted", description="for tests")
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) > 40
    shown = {"targetUrl": target.url, "operations": ["person.created", "*.deleted"], "description": "for tests"}
    assert made | {"id": "", "secret": ""} == {"id": "", "secret": "", "isActive": True, **shown}
    calm = {"failingSince": None, "disabledAt": None, "disabledReason": None}
    assert await sending.shown(made["id"]) == {**shown, "isActive": True, **calm}
    await sending.data(UPDATE, id=made["id"], input={"isActive": False})
    assert await sending.shown(made["id"]) == {**shown, "isActive": False, **calm}
    changed = {"targetUrl": f"{target.url}/2", "operations": ["*.*"], "description": None}
    await sending.data(UPDATE, id=made["id"], input={**changed, "isActive": True, "secret": "new"})
    assert await sending.shown(made["id"]) == {**changed, "isActive": True, **calm}
    await sending.person("a@example.com")
    await target.until_taken(1)
    check_signature(target.received[0], "new")
    assert await sending.data(DELETE, id=made["id"]) == {
        "deleteWebhook": {"id": made["id"], "targetUrl": f"{target.url}/2"}
    }
    assert await sending.shown(made["id"]) is None
    assert await sending.deliveries() == []


async def test_two_webhooks_have_two_secrets(sending: Sending, target: TargetServer) -> None:
    assert (await sending.webhook(target.url))["secret"] != (await sending.webhook(target.url))["secret"]


async def test_hosts_that_are_found_slowly_do_not_put_a_mutation_off_for_long(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    async def check(_: Targets, url: str, *_more: object) -> None:
        await asyncio.sleep(0.05)
        found.append(url)

    monkeypatch.setattr(Targets, "check", check)
    monkeypatch.setattr(root_fields, "CHECKED_FOR", 0.5)
    webhook = 'createWebhook(input: { targetUrl: "https://slow.example" operations: "*.*" }) { id }'
    aliased = " ".join(f"a{number}: {webhook}" for number in range(100))
    error = await sending.error(f"mutation {{ {aliased} }}")
    assert (error["extensions"]["code"], "nothing was written" in error["message"]) == ("TIMEOUT", True)
    assert len(found) < 20
    assert (await sending.data("{ webhooks { totalCount } }"))["webhooks"] == {"totalCount": 0}


async def test_the_webhooks_of_a_workspace_are_bounded(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 2)
    for _ in range(2):
        await sending.webhook(target.url)
    error = await sending.error(CREATE, input={"targetUrl": target.url, "operations": ["*.*"]})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at most 2 webhooks" in error["message"]


async def test_all_roots_of_a_request_are_one_transaction(sending: Sending, target: TargetServer) -> None:
    answer = await sending.ask(
        "mutation ($input: CreateWebhookInput!, $id: UUID!)"
        " { createWebhook(input: $input) { id } deleteWebhook(id: $id) { id } }",
        input={"targetUrl": target.url, "operations": ["*.*"]},
        id=NOWHERE,
    )
    (error,) = answer["errors"]
    assert error["path"] == ["deleteWebhook"]
    assert error["locations"] == [{"line": 1, "column": 90}]
    assert (await sending.data("{ webhooks { totalCount } }"))["webhooks"]["totalCount"] == 0


GIVEN: dict[str, Any] = {"targetUrl": "http://127.0.0.1:9/hook", "operations": ["*.*"]}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"operations": []}, "operations", "from 1 to 100"),
        ({"operations": ["person"]}, "operations", "person.created"),
        ({"operations": ["person.create"]}, "operations", "created, updated, deleted, restored, destroyed"),
        ({"operations": ["persn.created"]}, "operations", "there is no object"),
        ({"operations": ["people.created"]}, "operations", "nameSingular"),
        ({"operations": ["*"]}, "operations", "*.deleted"),
        ({"operations": [".created"]}, "operations", "person.created"),
        ({"operations": ["person.created.now"]}, "operations", "person.created"),
        ({"operations": ["*.*"] * 101}, "operations", "100"),
        ({"secret": "  "}, "secret", "blank"),
        ({"secret": ""}, "secret", "leave it out"),
        ({"secret": "x" * 501}, "secret", "500"),
        ({"targetUrl": "http://10.0.0.1/"}, "targetUrl", "a private address"),
        ({"targetUrl": "http://10.0.0.1/"}, "targetUrl", "FIELDSTONE_WEBHOOK_ALLOW"),
        ({"targetUrl": "ftp://example.com/"}, "targetUrl", "http or https"),
    ],
)
async def test_what_is_refused_says_what_would_pass(
    sending: Sending, given: dict[str, Any], field: str, words: str
) -> None:
    made = await sending.webhook(GIVEN["targetUrl"])
    for text, variables in ((CREATE, {"input": GIVEN | given}), (UPDATE, {"id": made["id"], "input": given})):
        error = await sending.error(text, **variables)
        assert (error["extensions"]["code"], error["extensions"].get("field")) == ("BAD_USER_INPUT", field)
        assert words in error["message"]
        assert len(error["path"]) == 1


@pytest.mark.parametrize("name", ["targetUrl", "operations", "secret", "isActive"])
async def test_null_takes_nothing_away(sending: Sending, name: str) -> None:
    made = await sending.webhook(GIVEN["targetUrl"])
    error = await sending.error(UPDATE, id=made["id"], input={name: None})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", name)
    assert "leave it out" in error["message"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [(UPDATE, {"input": {"isActive": True}}), (DELETE, {}), (TEST, {}), (REDELIVER, {})],
    ids=["updateWebhook", "deleteWebhook", "testWebhook", "redeliver"],
)
async def test_what_is_not_there_is_not_found(sending: Sending, text: str, variables: dict[str, Any]) -> None:
    error = await sending.error(text, id=NOWHERE, **variables)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("NOT_FOUND", "id")
    assert NOWHERE in error["message"]


async def test_a_test_event_is_sent_at_once_and_its_answer_told(sending: Sending, target: TargetServer) -> None:
    made = await sending.webhook(target.url)
    told = (await sending.data(TEST, id=made["id"]))["testWebhook"]
    assert told | {"durationMs": 0} == {
        "__typename": "WebhookTest",
        "ok": True,
        "responseStatus": 200,
        "responseBody": "thanks",
        "error": None,
        "durationMs": 0,
    }
    (request,) = target.received
    check_signature(request, made["secret"])
    assert request.event | {"id": "", "workspaceId": "", "occurredAt": ""} == {
        "id": "",
        "event": "webhook.test",
        "workspaceId": "",
        "position": None,
        "occurredAt": "",
        "object": None,
        "recordId": None,
        "record": None,
        "updatedFields": [],
    }
    assert await sending.deliveries() == []


async def test_a_test_that_fails_says_why(start_sending: Start, target: TargetServer) -> None:
    async def refuse(_: Received) -> Reply:
        return Reply(status=401, body=b"no such key")

    target.behave = refuse
    async with start_sending() as sending:
        made = await sending.webhook(target.url)
        told = (await sending.data(TEST, id=made["id"]))["testWebhook"]
        assert (told["ok"], told["responseStatus"], told["error"]) == (False, 401, "HTTP 401")
        assert told["responseBody"] == "no such key"
    # The same database, served by an operator that does not allow this machine.
    async with start_sending(webhook_allow="") as strict:
        told = (await strict.data(TEST, id=made["id"]))["testWebhook"]
        assert (told["ok"], told["responseStatus"]) == (False, None)
        assert "a loopback address" in told["error"]
        assert "FIELDSTONE_WEBHOOK_ALLOW" in told["error"]
    assert len(target.received) == 1
