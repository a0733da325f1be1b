"""The position that a subscription has reached without an event of its own."""

from datetime import timedelta

import pytest

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.events.log.partitions import Retention
from fieldstone.engine.events.subscriptions.group import Subscriber
from tests.apis import WORKSPACE_ID
from tests.engine.events.desk import Desk, Listener, open_desk
from tests.engine.events.subscriptions.listening import CREATED

DESTROYED = "subscription ($after: String) { personDestroyed(after: $after) { id } }"
TAIL = "subscription ($after: String) { events(filter: { actions: [DESTROYED] }, after: $after) { id } }"


@pytest.mark.parametrize("quiet", [DESTROYED, TAIL], ids=["of an object", "of all objects"])
async def test_a_subscriber_without_events_resumes_though_retention_has_removed_all_since_its_begin(
    workspace_dsn: str, quiet: str
) -> None:
    retention = Retention(window=timedelta(days=1), count=1)
    async with open_desk(workspace_dsn, partition_size=5, retention=retention) as desk:
        await desk.person("a@example.com")
        await desk.logged(1)
        member = (await desk.subscribe(quiet)).member
        assert isinstance(member, Subscriber)
        begin = member.begin
        for number in range(12):
            await desk.person(f"{number}@example.com")
        await desk.delivered(13)
        await desk.events.partitions.trim(retention)
        with pytest.raises(BadUserInput):
            await desk.subscribe(quiet, after=begin)
        assert member.advance(desk.events.hub.position)
        assert not member.advance(desk.events.hub.position)
        assert member.begin == "13"
        await desk.subscribe(quiet, after=member.begin)


async def test_a_subscriber_whose_events_wait_has_reached_the_last_that_it_was_offered(desk: Desk) -> None:
    slow = await desk.subscribe(CREATED, listener=Listener(size=2))
    for number in range(5):
        await desk.person(f"{number}@example.com")
    await desk.logged(5)
    await slow.until(2)
    member = slow.member
    assert isinstance(member, Subscriber)
    assert not member.advance(desk.events.hub.position)
    assert member.begin == "2"
    slow.size = 10
    desk.events.hub.notice_room()
    await slow.until(5)
    await desk.update(await desk.person("6@example.com"), city="Rome")
    await slow.until(6)
    await desk.delivered(7)
    desk.events.hub.renew(WORKSPACE_ID)
    member.advance(desk.events.hub.position)
    assert member.begin == "7"
    await desk.person("8@example.com")
    await slow.until(7)
    assert slow.positions == [1, 2, 3, 4, 5, 6, 8]
