"""A restricted role resumes after sealed positions, which tell it nothing of the records that it may not read."""

import random
import re
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.events.log.partitions import Retention
from fieldstone.engine.events.subscriptions.group import Subscriber
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import dumps
from tests.apis import workspace_template
from tests.databases import Databases
from tests.engine.access.subscribers import SEALED, SealedListener, rep
from tests.engine.events.desk import Desk, open_desk

MINE = {"city": {"eq": "$principal.city"}}
PERSON: dict[str, Any] = {"object": "person", "read": {"rule": MINE}}
CREATED = "subscription ($after: String) { personCreated(after: $after) { firstName } }"
CHANGED = "subscription ($after: String) { personChanged(after: $after) { action record { firstName city } changed } }"
TAIL = "subscription ($after: String) { events(after: $after) { id action object recordId } }"
LIVE = "subscription { people(orderBy: { firstName: ASC }) { edges { node { firstName city } } } }"


def begin_of(listener: SealedListener) -> str:
    assert isinstance(listener.member, Subscriber)
    return listener.member.begin


@pytest.mark.parametrize("text", [CREATED, CHANGED, TAIL], ids=["created", "changed", "all objects"])
async def test_it_resumes_after_each_position_without_loss_or_repetition(desk: Desk, text: str) -> None:
    one = await rep(desk, PERSON)
    first = await one.subscribe(text)
    begin = begin_of(first)
    for number in range(12):
        city = ("Berlin", "Rome", "Oslo")[number % 3]
        await desk.person(f"{number}@x.org", firstName=str(number), city=city)
        await desk.data("mutation ($n: String) { createCompany(data: { name: $n }) { id } }", n=str(number))
    all_ = await first.until(4)
    for place, after in enumerate([begin, *first.sealed]):
        resumed = await one.subscribe(text, after=after)
        assert await resumed.until(len(all_) - place) == all_[place:]
    await desk.delivered(24)
    assert desk.events.hub.members == 6
    assert len(first.results) == 4


async def test_positions_of_live_queries_and_of_the_history_resume_as_well(desk: Desk) -> None:
    one = await rep(desk, PERSON)
    await desk.person("0@x.org", firstName="before", city="Berlin")
    await desk.logged(1)
    live = await one.subscribe(LIVE)
    await live.until(1)
    asked = GraphQLRequest(query=PAGES, operation_name=None, variables={})
    answered = (await desk.metadata.execute(one.principal, asked, allow_mutation=False)).body.decode()
    cursor = re.findall(r'"cursor":"([^"]*)"', answered)[0]
    await desk.person("1@x.org", firstName="behind", city="Berlin")
    for after in (live.sealed[0], cursor):
        assert await (await one.subscribe(CREATED, after=after)).until(1) == [{"firstName": "behind"}]


async def test_forged_and_foreign_positions_are_unknown(desk: Desk, databases: Databases) -> None:
    one = await rep(desk, PERSON)
    sealed = begin_of(await one.subscribe(CREATED))
    changed = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    async with AsyncExitStack() as stack:
        dsn = stack.enter_context(databases.clone(workspace_template(databases)))
        elsewhere = await stack.enter_async_context(open_desk(dsn))
        async with elsewhere.database.session() as connection:
            await connection.execute("UPDATE fieldstone.workspace SET seal_key = sha256('other')")
        other = await rep(elsewhere, PERSON)
        foreign = begin_of(await other.subscribe(CREATED))
        assert await other.refusal(CREATED, after=sealed)
    for after in (changed, foreign, "0", "1", "", "x"):
        for text in (CREATED, TAIL):
            refused = (await one.refusal(text, after=after))["extensions"]
            assert (refused["code"], refused["field"], refused["reason"]) == (
                "BAD_USER_INPUT",
                "after",
                "POSITION_UNKNOWN",
            )
    assert not re.search(r"\d", (await one.refusal(CREATED, after=foreign))["message"])


async def test_an_expired_position_tells_no_number(workspace_dsn: str) -> None:
    retention = Retention(window=timedelta(days=1), count=1)
    async with open_desk(workspace_dsn, partition_size=5, retention=retention) as desk:
        one = await rep(desk, PERSON)
        begin = begin_of(await one.subscribe(CREATED))
        for number in range(12):
            await desk.person(f"{number}@x.org", firstName=str(number), city="Berlin")
        await desk.logged(12)
        await desk.events.partitions.trim(retention)
        refused = await one.refusal(CREATED, after=begin)
        assert refused["extensions"]["reason"] == "POSITION_EXPIRED"
        assert len(refused["extensions"]["oldest"]) == SEALED
        assert not re.search(r"\d", refused["message"])
        resumed = await one.subscribe(CREATED, after=refused["extensions"]["oldest"])
        assert await resumed.until(2) == [{"firstName": "10"}, {"firstName": "11"}]


async def test_a_position_from_before_its_role_changed_shows_what_it_reads_now(desk: Desk) -> None:
    one = await rep(desk, PERSON)
    listener = await one.subscribe(CREATED)
    begin = begin_of(listener)
    for city in ("Berlin", "Rome"):
        await desk.person(f"{city}@x.org", firstName=city, city=city)
    assert await listener.until(1) == [{"firstName": "Berlin"}]
    await one.change([{"object": "person", "read": {"rule": {"city": {"eq": "Rome"}}}}])
    assert await (await one.subscribe(CREATED, after=begin)).until(1) == [{"firstName": "Rome"}]
    await one.change([{"object": "company", "read": {}}])
    assert (await one.refusal(CREATED, after=begin))["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    # All of it: the sealed position still resumes, and results have numbers from then on.
    request = GraphQLRequest(query=CREATED, operation_name=None, variables={"after": begin})
    whole = await desk.subscribe(request.query, **request.variables)
    assert await whole.until(2) == [{"firstName": "Berlin"}, {"firstName": "Rome"}]
    assert whole.positions == [1, 2]


async def test_roles_with_equal_rights_still_share_a_group_and_its_positions(desk: Desk) -> None:
    """A position is bound to its workspace, not to a role: each event is told by the rights of the one that resumes."""
    first, second = await rep(desk, PERSON), await rep(desk, PERSON, name="other")
    listeners = [await one.subscribe(CREATED) for one in (first, second)]
    assert desk.events.hub.groups == 1
    await desk.person("a@x.org", firstName="a", city="Berlin")
    assert [await one.until(1) for one in listeners] == [[{"firstName": "a"}]] * 2
    assert listeners[0].sealed == listeners[1].sealed


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
async def test_writes_of_hidden_records_change_nothing_that_is_told(databases: Databases, seed: int) -> None:
    """Two databases in which a role reads the same: one has writes of other records and objects between its own."""
    told = [await _follow(databases, random.Random(seed), busy=busy) for busy in (False, True)]  # noqa: S311 - drawn
    assert told[0] == told[1]


async def _follow(databases: Databases, chance: random.Random, *, busy: bool) -> list[str]:
    """All that a role is told while records are written, with its sealed positions taken out."""
    said: list[str] = []
    positions: list[str] = []
    with databases.clone(workspace_template(databases)) as dsn:
        async with open_desk(dsn) as desk:
            one = await rep(desk, PERSON)
            logged = await _disturb(desk, chance, busy=busy)
            await desk.logged(logged)
            listeners = [await one.subscribe(text) for text in (CREATED, CHANGED, TAIL, LIVE)]
            # An answer that is made behind the first write holds that one as well.
            await listeners[-1].until(1)
            # Nothing has happened between these, and something between the next two.
            positions += [begin_of(await one.subscribe(CREATED)) for _ in range(2)]
            for number in range(4):
                logged += await _disturb(desk, chance, busy=busy) + 1
                id_ = str(UUID(int=number + 1))
                await desk.person(f"{id_}@x.org", id=id_, firstName=id_, city="Berlin")
                await desk.logged(logged)
                positions.append(begin_of(await one.subscribe(CREATED)))
                await listeners[-1].until(number + 2)
            await desk.update(id_, city="Rome")
            for listener, count in zip(listeners, (4, 4, 4, 6), strict=True):
                said.append(dumps(await listener.until(count)))
                positions += listener.sealed
            told = len(positions)
            for after in positions[:told]:
                for text in (CREATED, TAIL):
                    resumed = await one.subscribe(text, after=after)
                    await desk.delivered(logged + 1)
                    said.append(dumps(resumed.results))
                    positions += resumed.sealed
            asked = GraphQLRequest(query=PAGES, operation_name=None, variables={})
            answer = await desk.metadata.execute(one.principal, asked, allow_mutation=False)
            said.append(answer.body.decode())
            positions += re.findall(r'"endCursor":"([^"]*)"', said[-1])
            said += [dumps(await one.refusal(CREATED, after=str(number))) for number in (0, 1, 99)]
    assert {len(position) for position in positions} == {SEALED}
    assert len(set(positions)) == len(positions), "equal positions would tell that nothing was written between them"
    return [re.sub(r'"[\w-]{44}"', '"SEALED"', one) for one in said]


PAGES = """{ events(first: 20) {
  edges { cursor node { id action object recordId changes { field before after } } } pageInfo { hasNextPage endCursor }
} }"""


async def _disturb(desk: Desk, chance: random.Random, *, busy: bool) -> int:
    """Write records that the role does not read, and return the number of their events."""
    times = chance.randrange(3)
    for _ in range(times):
        name = str(UUID(int=chance.getrandbits(128)))
        if busy:
            id_ = await desk.person(f"{name}@x.org", firstName=name, city="Rome")
            await desk.update(id_, city="Oslo")
            await desk.data("mutation ($n: String) { createCompany(data: { name: $n }) { id } }", n=name)
    return 3 * times if busy else 0
