"""Events that are large, or many: more than one answer of the database, or one statement of ours, may hold."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from fieldstone.engine.webhooks import deliveries
from fieldstone.sql.errors import LimitExceeded
from fieldstone.sql.statement import Row, Step
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.target import TargetServer

pytestmark = pytest.mark.long

BULK = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"


async def create(sending: Sending, *sizes: int) -> None:
    """Create people with job titles of these lengths, in one statement."""
    people = [{"email": f"{number}@example.com", "jobTitle": "x" * size} for number, size in enumerate(sizes)]
    await sending.data(BULK, metadata=False, data=people)


async def test_the_limit_of_clients_answers_holds_no_delivery_up(start_sending: Start, target: TargetServer) -> None:
    """The events of a bulk write, the deliveries of a claim, and a single record: each is larger than the limit."""
    async with start_sending(max_response_bytes=20_000) as sending:
        await sending.webhook(target.url, "person.created")
        sizes = [*[100] * 100, *[17_000] * 8, 25_000]
        await create(sending, *sizes)
        events = await target.until_taken(len(sizes))
        assert Counter(len(event["record"]["jobTitle"]) for event in events) == Counter(sizes)


async def test_deliveries_that_are_too_large_for_one_statement_are_made_by_several(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece has some webhooks of an event, or some events."""
    monkeypatch.setattr(deliveries, "MOST_CHARACTERS", 5_000)
    for number in range(3):
        await sending.webhook(f"{target.url}/{number}", "person.*")
    await create(sending, 10, 9_000, *[600] * 10, 3_000, 3_000)
    await target.until_taken(3 * 14)
    assert Counter((one.path, one.event["position"]) for one in target.received) == Counter(
        (f"/hook/{number}", position) for number in range(3) for position in range(1, 15)
    )


@pytest.mark.long
async def test_a_batch_that_the_database_refuses_is_tried_again_in_parts(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes so many bytes at once here as PostgreSQL takes 256 MiB as the texts of a jsonb."""
    database = sending.services.foundation.database
    pipeline = database.pipeline

    async def refuse_much(steps: Sequence[Step], **options: Any) -> list[list[Row]]:
        for statement, parameters in steps:
            if (
                "INTO fieldstone.webhook_delivery" in statement.text
                and sum(map(len, filter(None, parameters))) > 50_000
            ):
                raise LimitExceeded("total size of jsonb array elements exceeds the maximum", sqlstate="54000")
        return await pipeline(steps, **options)

    monkeypatch.setattr(database, "pipeline", refuse_much)
    await sending.webhook(target.url, "person.created")
    await create(sending, *[5_000] * 30)
    events = await target.until_taken(30)
    assert sorted(event["position"] for event in events) == list(range(1, 31))
