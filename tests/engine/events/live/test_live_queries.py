"""Live queries: the answer at once, and again when it differs; one statement for each group and burst."""

import asyncio
from typing import Any

import psycopg
import pytest

from fieldstone.engine.events.live import waiting
from fieldstone.engine.events.live.group import LiveMember
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import PRINCIPAL
from tests.engine.events.desk import Desk, Listener, open_desk
from tests.engine.events.subscriptions.listening import field_id
from tests.waiting import until

PEOPLE = "subscription { people(interval: 100, orderBy: { email: ASC }) { edges { node { email city } } } }"


def listed(answer: Any) -> list[Any]:
    return [edge["node"] for edge in answer["edges"]]


async def settled(desk: Desk) -> int:
    """Return how many statements have run when each event has been looked at and nothing is due."""
    hub = desk.events.hub
    last = int((await desk.events.log.bounds()).last)
    await until(lambda: hub.position >= last)
    await until(lambda: not any(group.is_due or group._timer for group in hub.live.registry))
    await asyncio.sleep(0.05)
    return hub.counters.live_statements


async def write_and_settle(desk: Desk, count: int, *writes: Any) -> int:
    """Make some writes, and return how many statements run for them; `count` events are in the log then."""
    before = await settled(desk)
    for write in writes:
        await write
    await desk.logged(count)
    return await settled(desk) - before


async def test_the_answer_comes_at_once_and_again_after_each_kind_of_write(desk: Desk) -> None:
    id_ = await desk.person("a@example.com", city="Rome")
    listener = await desk.subscribe(PEOPLE)
    assert listed((await listener.until(1))[0]) == [{"email": "a@example.com", "city": "Rome"}]
    other = await desk.person("b@example.com")
    assert listed((await listener.until(2))[1])[1] == {"email": "b@example.com", "city": None}
    await desk.update(id_, city="Oslo")
    assert listed((await listener.until(3))[2])[0]["city"] == "Oslo"
    for number, (verb, length) in enumerate([("delete", 1), ("restore", 2), ("destroy", 1)], start=4):
        await desk.data(f"mutation ($id: UUID!) {{ {verb}Person(id: $id) {{ id }} }}", id=other)
        assert len(listed((await listener.until(number))[number - 1])) == length
    assert listener.positions == sorted(listener.positions)
    assert listener.positions[-1] == 6


ROOTS: dict[str, tuple[str, Any]] = {
    "one by id": ("person(id: $id) { city }", {"city": "Oslo"}),
    "one by a unique key": ('person(where: { email: "a@example.com" }) { city }', {"city": "Oslo"}),
    "one by a filter": ('person(filter: { city: { eq: "Oslo" } }) { email }', {"email": "a@example.com"}),
    "aggregate": ('peopleAggregate(filter: { city: { eq: "Oslo" } }) { count }', {"count": 1}),
    "through an alias, a fragment and a variable": (
        "...on Subscription { x: people(filter: { id: { eq: $id } }, first: 1) { ...page } }",
        {"edges": [{"node": {"city": "Oslo"}}]},
    ),
    "nested": (
        "companies { edges { node { people { totalCount edges { node { city } } } } } }",
        {"edges": [{"node": {"people": {"totalCount": 1, "edges": [{"node": {"city": "Oslo"}}]}}}]},
    ),
    "filter over a to-many relation": (
        'companies(filter: { people: { some: { city: { eq: "Oslo" } } } }) { edges { node { name } } }',
        {"edges": [{"node": {"name": "Acme"}}]},
    ),
    "duplicates": (
        'personDuplicates(data: [{ email: "A@example.com" }]) { edges { node { city } } }',
        [{"edges": [{"node": {"city": "Oslo"}}]}],
    ),
    "order over a to-one relation": (
        "activities(orderBy: { person: { city: ASC } }) { totalCount edges { node { person { city } } } }",
        {"totalCount": 1, "edges": [{"node": {"person": {"city": "Oslo"}}}]},
    ),
}


@pytest.mark.parametrize(("root", "expected"), ROOTS.values(), ids=ROOTS)
async def test_every_root_of_a_query(desk: Desk, root: str, expected: Any) -> None:
    company = (await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    id_ = await desk.person("a@example.com", city="Rome", companyId=company)
    await desk.data("mutation ($id: UUID!) { createActivity(data: { personId: $id }) { id } }", id=id_)
    declared = "($id: UUID!)" if "$id" in root else ""
    fragment = " fragment page on PersonConnection { edges { node { city } } }" if "...page" in root else ""
    variables: dict[str, Any] = {"id": id_} if declared else {}
    listener = await desk.subscribe(f"subscription {declared} {{ {root} }}{fragment}", **variables)
    (first,) = await listener.until(1)
    assert first != expected
    await desk.update(id_, city="Oslo")
    assert (await listener.until(2))[1] == expected


async def test_an_update_of_columns_that_are_not_read_runs_nothing(desk: Desk) -> None:
    id_ = await desk.person("a@example.com")
    await desk.logged(1)
    listener = await desk.subscribe(PEOPLE)
    await listener.until(1)
    assert await write_and_settle(desk, 2, desk.update(id_, jobTitle="chief")) == 0
    company = desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    assert await write_and_settle(desk, 3, company) == 0
    assert await write_and_settle(desk, 4, desk.update(id_, city="Oslo")) == 1
    assert len(await listener.until(2)) == 2


async def test_a_live_query_of_a_record_by_id_runs_for_events_of_this_record(desk: Desk) -> None:
    company = (await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    ids = [await desk.person(f"{number}@example.com", companyId=company) for number in range(3)]
    await desk.logged(4)
    one = "subscription ($id: UUID!) { person(id: $id) { city company { name } } }"
    page = "subscription ($id: UUID!) { people(filter: { id: { eq: $id } }) { edges { node { city } } } }"
    others = "subscription ($id: UUID!) { person(id: $id) { city company { people { edges { node { city } } } } } }"
    listeners = [await desk.subscribe(document, id=id_) for document in (one, page) for id_ in ids]
    listeners.append(await desk.subscribe(others, id=ids[1]))
    for listener in listeners:
        await listener.until(1)
    assert await write_and_settle(desk, 5, desk.update(ids[0], city="Rome")) == 3
    rename = desk.data('mutation ($id: UUID!) { updateCompany(id: $id, data: { name: "X" }) { id } }', id=company)
    assert await write_and_settle(desk, 6, rename) == 3
    assert (
        await write_and_settle(desk, 7, desk.data("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=ids[2]))
        == 3
    )
    assert [len(listener.results) for listener in listeners] == [3, 2, 3, 2, 1, 2, 3]


ANCHORED = {
    "page": "people(filter: { companyId: { eq: $c } }) { totalCount edges { node { city company { name } } } }",
    "aggregate": "peopleAggregate(filter: { and: [{ companyId: { eq: $c } }] }) { count max { city } }",
    "groups": "peopleGroupBy(groupBy: [{ city: true }], filter: { companyId: { eq: $c } }) { count key { city } }",
    "one": 'person(filter: { companyId: { eq: $c }, city: { startsWith: "R" } }) { email city }',
}


@pytest.mark.long
@pytest.mark.parametrize("root", ANCHORED.values(), ids=ANCHORED)
async def test_a_record_that_neither_had_nor_has_the_value_of_the_filter_runs_nothing(desk: Desk, root: str) -> None:
    made = [await desk.data('mutation { createCompany(data: { name: "x" }) { id } }') for _ in range(3)]
    a, b, other = [one["createCompany"]["id"] for one in made]
    person = await desk.person("p@example.com", companyId=a, city="Rome")
    away = await desk.person("away@example.com", companyId=other, city="Riga")
    nowhere = await desk.person("nowhere@example.com", city="Reims")
    await desk.logged(6)
    text = f"subscription ($c: UUID!) {{ {root} }}"
    listeners = [await desk.subscribe(text, c=company) for company in (a, b.upper())]
    for listener in listeners:
        await listener.until(1)
    write = desk.data
    assert await write_and_settle(desk, 8, desk.update(away, city="Rhodes"), desk.update(nowhere, city="Rabat")) == 0
    assert await write_and_settle(desk, 9, desk.update(person, city="Rostock")) == 1
    assert await write_and_settle(desk, 10, desk.update(person, companyId=b)) == 2
    deleted = write("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=person)
    assert await write_and_settle(desk, 11, deleted) == 1
    restored = write("mutation ($id: UUID!) { restorePerson(id: $id) { id } }", id=person)
    assert await write_and_settle(desk, 12, restored) == 1
    assert await write_and_settle(desk, 13, desk.update(nowhere, companyId=a)) == 1
    left = write("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=away)
    assert await write_and_settle(desk, 15, left, desk.update(nowhere, companyId=None)) == 1
    registry = desk.events.hub.live.registry
    for listener, company in zip(listeners, (a, b), strict=True):
        fresh = await desk.data(text.replace("subscription", "query"), c=company)
        assert listener.results[-1] == next(iter(fresh.values()))
        assert list(registry.anchoring().values()) == [["companyId"]]
        assert listener.member is not None
        desk.events.hub.leave(listener.member)
    assert registry.anchoring() == {}


@pytest.mark.long
async def test_values_of_several_types_and_long_texts(desk: Desk) -> None:
    long = "L" * 150
    roots = {
        "stage": "opportunities(filter: { stage: { eq: MEETING } }) { totalCount }",
        "count": "companies(filter: { employees: { eq: 7 } }) { totalCount }",
        "text": f'companies(filter: {{ name: {{ eq: "{long}" }} }}) {{ totalCount }}',
        "again": "companies(filter: { employees: { eq: 7 } }) { edges { node { people { edges { node {"
        " company { name } } } } } } }",
        "either": "companies(filter: { or: [{ employees: { eq: 7 } }, { employees: { eq: 8 } }] }) { totalCount }",
    }
    listeners = {name: await desk.subscribe(f"subscription {{ {root} }}") for name, root in roots.items()}
    for listener in listeners.values():
        await listener.until(1)
    create = "mutation ($d: CompanyInput!) { createCompany(data: $d) { id } }"
    assert await write_and_settle(desk, 1, desk.data(create, d={"name": "x", "employees": 8})) == 2  # again, either
    assert await write_and_settle(desk, 2, desk.data(create, d={"name": "x", "employees": 7})) == 3
    assert await write_and_settle(desk, 3, desk.data(create, d={"name": long})) == 3
    # Texts are told apart by their beginnings.
    assert await write_and_settle(desk, 4, desk.data(create, d={"name": long + "!"})) == 3
    opportunity = "mutation ($s: OpportunityStageEnum) { createOpportunity(data: { stage: $s }) { id } }"
    assert await write_and_settle(desk, 5, desk.data(opportunity, s="NEW")) == 0
    assert await write_and_settle(desk, 6, desk.data(opportunity, s="MEETING")) == 1
    counts = {name: listener.results[-1].get("totalCount") for name, listener in listeners.items()}
    assert counts == {"stage": 1, "count": 1, "text": 1, "again": None, "either": 2}


async def test_an_answer_with_the_same_bytes_is_not_sent(desk: Desk) -> None:
    listener = await desk.subscribe('subscription { people(filter: { city: { like: "Oslo" } }) { totalCount } }')
    await listener.until(1)
    assert await write_and_settle(desk, 1, desk.person("a@example.com", city="Rome")) == 1
    # A statement that still runs would find the next record, too.
    (group,) = desk.events.hub.live.registry
    await until(lambda: group.covered == 1)
    await desk.person("b@example.com", city="Oslo")
    assert await listener.until(2) == [{"totalCount": 0}, {"totalCount": 1}]
    assert listener.positions[1] == 2


async def test_one_statement_for_each_group_and_burst(desk: Desk) -> None:
    listeners = [
        await desk.subscribe(
            "subscription ($city: String) { people(filter: { city: { eq: $city } }, interval: 1000) { totalCount } }",
            city=f"city {number % 4}",
        )
        for number in range(40)
    ]
    for listener in listeners:
        await listener.until(1)
    hub = desk.events.hub
    assert (len(hub.live.registry), hub.members, hub.groups) == (4, 40, 0)
    create = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
    people = [{"email": f"{n}@example.com", "city": f"city {n % 4}"} for n in range(20)]
    assert await write_and_settle(desk, 20, desk.data(create, data=people)) == 4
    for listener in listeners:
        assert await listener.until(2) == [{"totalCount": 0}, {"totalCount": 5}]
    for listener in listeners:
        assert listener.member is not None
        hub.leave(listener.member)
    assert (len(hub.live.registry), hub.members, hub.quotas.kept_bytes) == (0, 0, 0)


async def test_a_stream_of_events_starves_no_group(desk: Desk) -> None:
    listener = await desk.subscribe("subscription { people(interval: 300) { totalCount } }")
    await listener.until(1)
    async with asyncio.timeout(60):
        number = 0
        while len(listener.results) < 4:
            await desk.person(f"{number}@example.com")
            number += 1
    counts = [result["totalCount"] for result in listener.results]
    assert counts == sorted(set(counts))


async def test_a_slow_member_keeps_one_pending_answer_the_newest(desk: Desk) -> None:
    quick = await desk.subscribe(PEOPLE)
    slow = await desk.subscribe(PEOPLE, listener=Listener(reads=False))
    await quick.until(1)
    await until(lambda: bool(slow.takes))
    slow.read()
    for number in range(1, 4):
        await desk.person(f"{number}@example.com")
        await quick.until(number + 1)
        await until(lambda: len(slow.takes) == 1)
    slow.read()
    assert [len(listed(result)) for result in slow.results] == [0, 3]
    assert slow.positions[1] >= quick.positions[3]
    (group,) = desk.events.hub.live.registry
    assert group.answer is None


async def test_an_answer_that_a_slow_member_has_seen_before_is_not_sent_again(desk: Desk) -> None:
    id_ = await desk.person("a@example.com", city="Rome")
    quick = await desk.subscribe(PEOPLE)
    slow = await desk.subscribe(PEOPLE, listener=Listener(reads=False))
    await quick.until(1)
    await until(lambda: bool(slow.takes))
    slow.read()
    for number, city in enumerate(("Oslo", "Rome"), start=2):
        await desk.update(id_, city=city)
        await quick.until(number)
    slow.read()
    assert len(slow.results) == 1


async def test_an_answer_that_made_room_for_others_is_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = await desk.subscribe(PEOPLE, listener=Listener(reads=False))
    await until(lambda: bool(slow.takes))
    monkeypatch.setattr(waiting, "MOST_WAITING", 1)
    other = await desk.subscribe("subscription { companies { totalCount } }")
    await other.until(1)
    (group, _) = desk.events.hub.live.registry
    assert group.answer is None
    slow.read()
    assert slow.results == []
    await until(lambda: bool(slow.takes))
    slow.read()
    assert len(slow.results) == 1


async def test_who_joins_sees_its_own_writes(desk: Desk) -> None:
    listeners = []
    for number in range(5):
        await desk.person(f"{number}@example.com")
        listeners.append(await desk.subscribe("subscription { people { totalCount } }"))
        assert (await listeners[-1].until(1))[0] == {"totalCount": number + 1}


FRAGMENTS = """
fragment a on CompanyConnection { edges { node { people(first: 200) { edges { node { company { ...b } } } } } } }
fragment b on Company { people(first: 200) { edges { node { id } } } }
"""
REFUSED = {
    "interval": ("people(interval: 99) { totalCount }", "at least 100 milliseconds, not 99"),
    "cost": ("companies(first: 200) { ...a }", "FIELDSTONE_MAX_COST"),
    "argument": ("people(first: -1) { totalCount }", "first"),
    "no arguments": ("person { id }", "either 'id', 'where' or 'filter'"),
    "unknown field": ("people { nope }", "nope"),
    "two roots": ("people { totalCount } companies { totalCount }", "only one"),
}


@pytest.mark.parametrize(("root", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused(desk: Desk, root: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        await desk.subscribe(f"subscription {{ {root} }}" + (FRAGMENTS if "...a" in root else ""))
    assert message in refused.value.errors[0].message
    assert desk.events.hub.quotas.kept_bytes == 0


async def test_an_interval_by_variable(desk: Desk) -> None:
    document = "subscription ($i: Int) { people(interval: $i) { totalCount } }"
    for given in ({}, {"i": None}, {"i": 250}):
        await (await desk.subscribe(document, **given)).until(1)
    await (await desk.subscribe(document, i=100)).until(1)
    assert len(desk.events.hub.live.registry) == 2
    with pytest.raises(Refused, match="at least 100"):
        await desk.subscribe(document, i=0)


async def test_too_many_groups_are_refused_and_leave_makes_room(desk: Desk) -> None:
    hub = desk.events.hub
    hub.live.registry._most = 2
    document = "subscription ($n: Int) { people(first: $n) { edges { cursor } } }"
    listeners = [await desk.subscribe(document, n=number % 2) for number in range(4)]
    request = GraphQLRequest(query=document, operation_name=None, variables={"n": 2})
    with pytest.raises(Exception, match="FIELDSTONE_MAX_LIVE_QUERIES") as refused:
        await hub.subscribe(await desk.core.subscribe(PRINCIPAL, request), Listener())
    assert getattr(refused.value, "code", None) == "QUERY_TOO_COMPLEX"
    assert hub.members == 4
    for listener in listeners[::2]:
        assert isinstance(listener.member, LiveMember)
        hub.leave(listener.member)
    await (await desk.subscribe(document, n=2)).until(1)


async def test_a_changed_model_renews_it_or_ends_it(desk: Desk) -> None:
    await desk.person("a@example.com", city="Rome", jobTitle="7")
    stays = await desk.subscribe("subscription { people { edges { node { email jobTitle } } } }")
    ends = await desk.subscribe("subscription { people { edges { node { email city } } } }")
    await stays.until(1)
    await ends.until(1)
    await desk.data(
        "mutation ($id: UUID!) { updateField(id: $id, input: { type: NUMBER }) { id } }",
        api=desk.metadata,
        id=await field_id(desk, "jobTitle"),
    )
    assert listed((await stays.until(2))[1]) == [{"email": "a@example.com", "jobTitle": 7}]
    await desk.data(
        "mutation ($id: UUID!) { updateField(id: $id, input: { isActive: false }) { id } }",
        api=desk.metadata,
        id=await field_id(desk, "city"),
    )
    error = await ends.until_failed()
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "city" in error["message"]
    await desk.person("b@example.com")
    assert len(listed((await stays.until(3))[2])) == 2
    assert len(ends.results) == 1


async def test_two_processes_hear_of_each_others_writes(desk: Desk, workspace_dsn: str) -> None:
    listener = await desk.subscribe(PEOPLE)
    await listener.until(1)
    async with open_desk(workspace_dsn) as other:
        await other.person("a@example.com")
        assert len(listed((await listener.until(2))[1])) == 1


async def test_a_poll_finds_what_no_event_tells(workspace_dsn: str) -> None:
    async with open_desk(workspace_dsn, live_poll=0.2) as desk:
        listener = await desk.subscribe("subscription { companies { edges { node { name } } } }")
        await listener.until(1)
        async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
            await connection.execute("INSERT INTO workspace_default.company (name) VALUES ('X')")
        assert listed((await listener.until(2))[1]) == [{"name": "X"}]


async def test_a_search_runs_for_events_of_the_fields_that_it_looks_in(desk: Desk) -> None:
    listener = await desk.subscribe('subscription { search(query: "oslo") { edges { node { object } } } }')
    await listener.until(1)
    id_ = await desk.person("a@example.com", city="Rome")
    await desk.update(id_, city="Oslo")
    assert (await listener.until(2))[-1] == {"edges": [{"node": {"object": "person"}}]}
