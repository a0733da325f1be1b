"""The secrets of webhooks at rest: encrypted under a key, rotated, and needed at the start."""

import psycopg
import pytest

from fieldstone.engine.settings import ConfigurationError, load_settings
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.secret_rotation import rotate_secrets
from fieldstone.metadata.errors import SecretUnreadable
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.signatures import check_signature
from tests.engine.webhooks.target import TargetServer

OLD, NEW = "the-old-key-of-thirty-two-letters", "the-new-key-of-thirty-two-letters"
UPDATE = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"


def stored(dsn: str) -> list[str]:
    """Return the secrets as the database has them."""
    with psycopg.connect(dsn) as connection:
        return [text for (text,) in connection.execute("SELECT secret FROM fieldstone.webhook ORDER BY id")]


async def _delivers(sending: Sending, target: TargetServer, secret: str, name: str) -> None:
    count = len(target.received)
    await sending.person(f"{name}@example.com")
    check_signature((await target.until_received(count + 1))[-1], secret)


async def test_a_secret_is_encrypted_where_it_is_written_and_signs_all_the_same(
    start_sending: Start, target: TargetServer, workspace_dsn: str
) -> None:
    async with start_sending(secret_key=OLD) as sending:
        webhook = await sending.webhook(target.url, "person.created")
        assert webhook["secret"].startswith("whsec_")
        (text,) = stored(workspace_dsn)
        assert text.startswith(SecretBox([OLD]).prefix)
        assert webhook["secret"] not in text
        await _delivers(sending, target, webhook["secret"], "made")
        await sending.data(UPDATE, id=webhook["id"], input={"secret": "another"})
        assert "another" not in stored(workspace_dsn)[0]
        await _delivers(sending, target, "another", "changed")
        tested = await sending.data("mutation ($id: UUID!) { testWebhook(id: $id) { succeeded } }", id=webhook["id"])
        assert tested["testWebhook"] == {"succeeded": True}
        check_signature(target.received[-1], "another")


async def test_plain_secrets_are_encrypted_at_a_start_with_a_key_and_rotated_at_one_with_two(
    start_sending: Start, target: TargetServer, workspace_dsn: str
) -> None:
    async with start_sending() as sending:
        await sending.webhook(target.url, "person.created", secret="known to both")  # noqa: S106 - of this test alone
        assert stored(workspace_dsn) == ["known to both"]
    for keys, name in ((OLD, "plain"), (f"{NEW},{OLD}", "rotated"), (NEW, "new")):
        async with start_sending(secret_key=keys) as sending:
            (text,) = stored(workspace_dsn)
            assert text.startswith(SecretBox(keys.split(",")).prefix)
            await _delivers(sending, target, "known to both", name)


@pytest.mark.parametrize("keys", [None, NEW])
async def test_a_start_without_the_key_is_refused_by_name(
    start_sending: Start, target: TargetServer, workspace_dsn: str, keys: str | None
) -> None:
    async with start_sending(secret_key=OLD) as sending:
        await sending.webhook(target.url, "person.created")
    before = stored(workspace_dsn)
    with pytest.raises(SecretUnreadable, match="which FIELDSTONE_SECRET_KEY does not list") as refused:
        async with start_sending(**({} if keys is None else {"secret_key": keys})):
            pass
    assert SecretBox([OLD]).names[0] in str(refused.value)
    assert OLD not in str(refused.value)
    assert stored(workspace_dsn) == before


async def test_a_delivery_whose_secret_cannot_be_opened_is_not_sent_and_says_why(
    start_sending: Start, target: TargetServer, workspace_dsn: str
) -> None:
    async with start_sending(secret_key=OLD, webhook_attempts=1) as sending:
        await sending.webhook(target.url, "person.created", secret="known")  # noqa: S106 - of this test alone
        other = SecretBox([NEW]).seal("known")
        with psycopg.connect(workspace_dsn) as connection:
            connection.execute("UPDATE fieldstone.webhook SET secret = %s", [other])
        await sending.person("a@example.com")
        while not (found := await sending.deliveries({"status": {"eq": "FAILED"}})):
            pass
        assert "FIELDSTONE_SECRET_KEY" in found[0]["error"]
        assert "known" not in found[0]["error"]
        assert target.received == []


async def test_a_rotation_takes_any_number_and_may_be_repeated(start_sending: Start, workspace_dsn: str) -> None:
    async with start_sending() as sending:
        with psycopg.connect(workspace_dsn) as connection:
            connection.execute(
                "INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position)"
                " SELECT gen_random_uuid(), workspace.id, 'http://127.0.0.1', 'secret ' || n, 0"
                " FROM fieldstone.workspace, generate_series(1, 1200) AS n"
            )
        database = sending.services.foundation.database
        for keys, count in (([OLD], 1200), ([OLD], 0), ([NEW, OLD], 1200), ([NEW], 0)):
            assert await rotate_secrets(database, SecretBox(keys)) == count
        box = SecretBox([NEW])
        assert sorted(map(box.open, stored(workspace_dsn))) == sorted(f"secret {n}" for n in range(1, 1201))


@pytest.mark.parametrize("operation", ["create", "update"])
async def test_a_secret_that_looks_encrypted_is_refused(sending: Sending, operation: str) -> None:
    given = {"secret": "sealed:x"}
    if operation == "create":
        given |= {"targetUrl": "http://127.0.0.1/", "operations": "*.*"}
        text = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
        error = await sending.error(text, input=given)
    else:
        id_ = (await sending.webhook("http://127.0.0.1/"))["id"]
        error = await sending.error(UPDATE, id=id_, input=given)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "secret"}


@pytest.mark.parametrize("keys", ["short", f"{OLD},short"])
def test_a_short_key_ends_the_start_without_being_shown(keys: str) -> None:
    with pytest.raises(ConfigurationError, match="FIELDSTONE_SECRET_KEY must be a comma-separated list") as refused:
        load_settings(secret_key=keys)
    assert "short" not in str(refused.value)
    assert OLD not in repr(load_settings(secret_key=OLD))
