"""Webhooks of one workspace whose targets do not answer."""

import asyncio
from dataclasses import replace

import pytest

from fieldstone.engine import create_app
from tests.apis import PRINCIPAL
from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import Received, Reply, target_server
from tests.waiting import until

SLOW = 16
PLACES = 16
EVENTS = 40


@pytest.mark.alone
async def test_targets_that_do_not_answer_delay_no_other_workspace(dsn: str) -> None:
    """The others' events would wait until an attempt's time is over, here ten seconds, each time."""
    is_over = asyncio.Event()

    async def hang(_: Received) -> Reply:
        await is_over.wait()
        return Reply()

    app = create_app(
        database_url=dsn,
        rate_limit=0,
        webhook_allow="127.0.0.0/8",
        webhook_retry_delay=0.02,
        webhook_concurrency=PLACES,
        webhook_concurrency_each=4,
    )
    async with app.lifespan_context(), target_server(hang) as slow, target_server() as quick:
        services = await app.runtime.ready()
        attacked = await services.foundation.workspaces.create("attacked", actor="test")
        theirs = Sending(
            services=services, principal=replace(PRINCIPAL, workspace_id=services.foundation.default.workspace.id)
        )
        ours = Sending(services=services, principal=replace(PRINCIPAL, workspace_id=attacked.workspace.id))
        await ours.webhook(quick.url, "person.created")
        for _ in range(SLOW):
            await theirs.webhook(slow.url, "person.created")
        await theirs.people(*(f"{number}@slow.example" for number in range(EVENTS)))
        await until(lambda: slow.busy >= PLACES // 2)
        waits = []
        for number in range(5):
            begin = asyncio.get_running_loop().time()
            await ours.person(f"{number}@quick.example")
            await quick.until_taken(number + 1)
            waits.append(asyncio.get_running_loop().time() - begin)
        is_over.set()
    # The dispatcher looks for due deliveries twice a second at least.
    assert max(waits) < 2, waits
    assert slow.busiest == PLACES // 2
