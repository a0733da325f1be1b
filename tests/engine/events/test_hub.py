"""Subscriptions: the events of each subscriber, their order, and their cost."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.events.hub import LONGEST_LOOK
from fieldstone.engine.events.log.partitions import Retention
from fieldstone.engine.events.subscriptions.group import MOST_SET_BYTES
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.sql.errors import StatementTimeout
from fieldstone.sql.statement import Parameters, Row, Statement
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.desk import Desk, Listener, open_desk
from tests.engine.events.subscriptions.listening import CREATED, emails, object_id
from tests.waiting import until, until_found

pytestmark = pytest.mark.long


async def test_each_action_has_its_subscription(desk: Desk) -> None:
    listeners = {
        action: await desk.subscribe(f"subscription {{ person{action} {{ id city deletedAt }} }}")
        for action in ("Created", "Updated", "Deleted", "Restored", "Destroyed")
    }
    id_ = await desk.person("a@example.com", city="Rome")
    await desk.update(id_, city="Oslo")
    for verb in ("delete", "restore", "destroy"):
        await desk.data(f"mutation ($id: UUID!) {{ {verb}Person(id: $id) {{ id }} }}", id=id_)
    got = {action: (await listener.until(1))[0] for action, listener in listeners.items()}
    assert {action: result["city"] for action, result in got.items()} == {
        "Created": "Rome",
        "Updated": "Oslo",
        "Deleted": "Oslo",
        "Restored": "Oslo",
        "Destroyed": "Oslo",
    }
    assert {action for action, result in got.items() if result["deletedAt"]} == {"Deleted"}
    assert {result["id"] for result in got.values()} == {id_}
    assert [len(listener.results) for listener in listeners.values()] == [1] * 5


async def test_own_fields_are_as_the_write_left_them_and_relations_as_they_are(desk: Desk) -> None:
    company = (await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    id_ = await desk.person("a@example.com", city="Rome", companyId=company)
    await desk.update(id_, city="Oslo")
    await desk.data('mutation ($id: UUID!) { updateCompany(id: $id, data: { name: "Nadir" }) { id } }', id=company)
    await desk.logged(4)
    listener = await desk.subscribe(
        'subscription { one: personCreated(after: "0") { city company { name people { totalCount } }'
        " createdBy { name source } __typename } }"
    )
    assert await listener.until(1) == [
        {
            "city": "Rome",
            "company": {"name": "Nadir", "people": {"totalCount": 1}},
            "createdBy": {"name": "tester", "source": "API"},
            "__typename": "Person",
        }
    ]


FILTERS: dict[str, Any] = {
    "text": {"email": {"contains": "B@"}},
    "in": {"city": {"in": ["Rome", "Oslo"]}},
    "null": {"city": {"is": "NULL"}},
    "not": {"not": {"city": {"eq": "Rome"}}},
    "or": {"or": [{"email": {"startsWith": "a"}}, {"city": {"eq": "Oslo"}}]},
    "relation": {"company": {"name": {"eq": "Acme"}}},
    "no relation": {"company": {"is": "NULL"}},
    "related records": {"activities": {"some": {"title": {"eq": "call"}}}},
    "no related records": {"activities": {"none": {"title": {"eq": "call"}}}, "opportunities": {"isEmpty": True}},
    "every related record": {"not": {"activities": {"every": {"title": {"neq": "call"}}}}},
    "aggregates": {"activitiesAggregate": {"count": {"eq": 0}}, "company": {"peopleAggregate": {"count": {"gte": 1}}}},
    "composite": {"createdBy": {"name": {"eq": "tester"}}},
    "says nothing": {},
    "nothing matches": {"city": {"in": []}},
    "time": {"createdAt": {"gt": "2020-01-01T00:00:00Z"}},
}


@pytest.mark.parametrize("given", FILTERS.values(), ids=FILTERS)
async def test_a_filter_means_what_it_means_in_a_query(desk: Desk, given: Any) -> None:
    listener = await desk.subscribe(CREATED, filter=given)
    acme = (await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    await desk.person("a@example.com", city="Rome")
    await desk.person("b@example.com", city="Oslo", companyId=acme)
    await desk.person("c@example.com", companyId=acme)
    await desk.delivered(4)
    page = await desk.data(
        "query ($filter: PersonFilterInput) { people(filter: $filter, orderBy: { createdAt: ASC }) { edges { node { email } } } }",  # noqa: E501 - one operation, one line
        filter=given,
    )
    expected = [edge["node"]["email"] for edge in page["people"]["edges"]]
    await listener.until(len(expected))  # groups are served in no order
    assert emails(listener) == expected


async def test_updates_can_be_had_by_what_they_changed(desk: Desk) -> None:
    email = await desk.subscribe("subscription { personUpdated(changed: [email]) { email } }")
    either = await desk.subscribe(
        "subscription ($changed: [PersonField!]) { personUpdated(changed: $changed) { email } }",
        changed=["city", "company"],
    )
    every = await desk.subscribe("subscription { personUpdated { email } }")
    acme = (await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    id_ = await desk.person("a@example.com", city="Rome")
    await desk.update(id_, email="b@example.com", city="Rome")
    await desk.update(id_, city="Oslo")
    await desk.update(id_, companyId=acme)
    await desk.update(id_, jobTitle="Chief")
    await desk.delivered(6)
    assert [len(listener.results) for listener in (every, email, either)] == [4, 1, 2]


async def test_who_resumes_misses_nothing_and_gets_nothing_twice(desk: Desk) -> None:
    whole = await desk.subscribe(CREATED)
    for number in range(20):
        await desk.person(f"{number}@example.com")
    await whole.until(20)

    async def write() -> None:
        for number in range(20, 120):
            await desk.person(f"{number}@example.com")

    writing = asyncio.create_task(write())
    resumed = []
    for place in (0, 5, 19):
        resumed.append((place, await desk.subscribe(CREATED, after=str(whole.positions[place]))))
        await whole.until(min(120, len(whole.results) + 10))
    await writing
    await whole.until(120)
    for place, listener in resumed:
        await listener.until(120 - place - 1)
        assert listener.positions == whole.positions[place + 1 :]


@pytest.mark.long
async def test_a_bulk_write_reaches_everybody_in_order(desk: Desk) -> None:
    listener = await desk.subscribe(CREATED, filter={"firstName": {"endsWith": "7"}})
    people = [{"email": f"{number}@example.com", "firstName": str(number)} for number in range(10_000)]
    await desk.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
    await listener.until(1_000)
    assert emails(listener) == [f"{number}@example.com" for number in range(7, 10_000, 10)]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("1", "POSITION_EXPIRED"),
        *((one, "POSITION_UNKNOWN") for one in ("999", "x", "-1", "", "9" * 20, "A" * 44, "é")),
    ],
)
async def test_a_position_that_cannot_be_resumed_is_refused(workspace_dsn: str, after: str, reason: str) -> None:
    retention = Retention(window=timedelta(days=1), count=1)
    async with open_desk(workspace_dsn, partition_size=5, retention=retention) as desk:
        for number in range(12):
            await desk.person(f"{number}@example.com")
        await desk.logged(12)
        await desk.events.partitions.trim(retention)
        with pytest.raises((BadUserInput, Refused)) as refused:
            await desk.subscribe(CREATED, after=after)
        error = refused.value.errors[0] if isinstance(refused.value, Refused) else refused.value
        assert isinstance(error, ApiError)
        assert (error.code, error.field, error.extensions.get("reason")) == ("BAD_USER_INPUT", "after", reason)
        if reason == "POSITION_EXPIRED":
            listener = await desk.subscribe(CREATED, after=error.extensions["oldest"])
            await listener.until(2)
            assert emails(listener) == ["10@example.com", "11@example.com"]


async def test_statements_follow_events_and_groups_not_subscribers(desk: Desk) -> None:
    """200 subscribers in 20 groups: each write concerns the ten of one group."""
    listeners = [
        await desk.subscribe(
            f"subscription ($title: String) {{ g{number % 20}: personCreated(filter: {{ jobTitle: {{ eq: $title }} }})"
            " { email } }",
            title=f"{number % 20}",
        )
        for number in range(200)
    ]
    counters = desk.events.hub.counters
    assert (desk.events.hub.groups, desk.events.hub.members) == (20, 200)
    await until(lambda: not any(listener.member.group.behind for listener in listeners if listener.member.group))  # type: ignore[union-attr]  # each has joined
    before, looks = counters.statements, counters.looks
    for number in range(40):
        await desk.person(f"{number}@example.com", jobTitle=str(number % 20))
    for listener in listeners:
        await listener.until(2)
    batches = counters.looks - looks
    assert counters.statements - before <= 20 * min(batches, 40)
    assert counters.statements - before < 200 * 40 / 10
    for number, listener in enumerate(listeners):
        assert emails(listener) == [f"{number % 20}@example.com", f"{number % 20 + 20}@example.com"]


async def test_subscribers_who_differ_in_values_share_a_statement(desk: Desk) -> None:
    text = "subscription ($title: String) { personCreated(filter: { jobTitle: { eq: $title } }) { email } }"
    listeners = [await desk.subscribe(text, title=str(number)) for number in range(50)]
    assert desk.events.hub.groups == 1
    people = [{"email": f"{number}@example.com", "jobTitle": str(number)} for number in range(50)]
    await desk.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
    for number, listener in enumerate(listeners):
        assert [one["email"] for one in await listener.until(1)] == [f"{number}@example.com"]
    assert desk.events.hub.counters.statements <= 3


async def test_a_full_queue_waits_in_the_log_and_holds_nobody_up(desk: Desk) -> None:
    slow = await desk.subscribe(CREATED, listener=Listener(size=3))
    fast = await desk.subscribe(CREATED)
    people = [{"email": f"{number}@example.com"} for number in range(50)]
    await desk.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
    await fast.until(50)
    assert len(slow.results) == 3
    assert desk.events.hub.counters.demoted == 1
    while len(slow.results) < 50:
        read = len(slow.results)
        slow.waiting = 0
        desk.events.hub.notice_room()
        await slow.until(min(50, read + 3))
    assert slow.positions == fast.positions
    await desk.person("last@example.com")
    slow.waiting = 0
    desk.events.hub.notice_room()
    await slow.until(51)
    await fast.until(51)


async def test_whoever_leaves_gets_nothing_more(desk: Desk) -> None:
    gone, stays = await desk.subscribe(CREATED), await desk.subscribe(CREATED)
    assert gone.member is not None
    desk.events.hub.leave(gone.member)
    await desk.person("a@example.com")
    await stays.until(1)
    assert gone.results == []
    assert stays.member is not None
    desk.events.hub.leave(stays.member)
    assert desk.events.hub.groups == 0


async def test_one_group_that_fails_takes_no_other_with_it(workspace_dsn: str, desk: Desk) -> None:
    """An event that no longer reads as a record ends the subscribers that selected it, with an error, and no others."""
    people, companies = await desk.subscribe(CREATED), await desk.subscribe("subscription { companyCreated { name } }")
    person = await object_id(desk, "person")
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        await other.execute(
            "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after)"
            " VALUES (%s, %s, gen_random_uuid(), 'created', '{\"id\": \"no uuid\"}')",
            [PRINCIPAL.workspace_id, person],
        )
    await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    assert (await people.until_failed())["extensions"]["code"] == "BAD_USER_INPUT"
    assert await companies.until(1) == [{"name": "Acme"}]


@pytest.mark.long
async def test_a_feed_that_times_out_ends_its_own_group_and_no_other(workspace_dsn: str) -> None:
    async with (
        open_desk(workspace_dsn, statement_timeout=2) as desk,
        await psycopg.AsyncConnection.connect(workspace_dsn) as other,
    ):
        stuck = await desk.subscribe("subscription { personCreated { email opportunities { totalCount } } }")
        goes_on = await desk.subscribe("subscription { personCreated { email } }")
        await other.execute("LOCK TABLE workspace_default.opportunity")
        await desk.person("a@example.com")
        assert (await stuck.until_failed())["extensions"]["code"] == "TIMEOUT"
        await desk.person("b@example.com")
        await goes_on.until(2)
        assert emails(goes_on) == ["a@example.com", "b@example.com"]
        assert desk.events.hub.members == 1


@pytest.mark.long
async def test_a_look_that_takes_in_too_much_is_tried_again_with_less(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = desk.database.read
    tried = []

    async def end_long_looks(statement: Statement, parameters: Parameters, **options: Any) -> list[Row]:
        if "WITH news AS" in statement.text:
            tried.append(max(int(value) for value in parameters if value and value.isdigit()))
            if tried[-1] > 100:
                raise StatementTimeout("canceling statement due to statement timeout", sqlstate="57014")
        return await read(statement, parameters, **options)

    monkeypatch.setattr(desk.database, "read", end_long_looks)
    listener = await desk.subscribe(CREATED)
    await desk.person("a@example.com")
    await listener.until(1)
    assert tried[0] == LONGEST_LOOK


async def test_events_arrive_late_when_the_connections_were_lost(workspace_dsn: str, desk: Desk) -> None:
    listener = await desk.subscribe(CREATED)
    person = desk.current.peek(WORKSPACE_ID)
    assert person is not None
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as other:
        for number in range(5):
            await other.execute(
                "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after)"
                " VALUES (%s, %s, gen_random_uuid(), 'created', jsonb_build_object('email', %s::text))",
                [WORKSPACE_ID, person.by_singular["person"].id, f"{number}@example.com"],
            )
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            desk.written()
    await listener.until(5)
    assert listener.positions == [1, 2, 3, 4, 5]
    assert emails(listener) == [f"{number}@example.com" for number in range(5)]


async def test_two_processes_deliver_the_same(workspace_dsn: str) -> None:
    async with open_desk(workspace_dsn) as one, open_desk(workspace_dsn) as two:
        here, there = await one.subscribe(CREATED), await two.subscribe(CREATED)
        for number in range(10):
            await (one, two)[number % 2].person(f"{number}@example.com")
        await here.until(10)
        await there.until(10)
        assert here.positions == there.positions


BY_NAMES = "subscription ($names: [String!]) { personCreated(filter: { firstName: { in: $names } }) { email } }"


@pytest.mark.long
async def test_parameter_sets_travel_a_mebibyte_at_a_time(desk: Desk) -> None:
    """Twelve filters of some 400 KB, which one statement would not share, and one that is too large for any other."""
    sizes = [40_000] * 12 + [120_000]
    listeners = [
        await desk.subscribe(BY_NAMES, names=["Ada", *(f"{number}x{one}" for one in range(size))])
        for number, size in enumerate(sizes)
    ]
    alike = await desk.subscribe(BY_NAMES, names=["Ada", *(f"0x{one}" for one in range(sizes[0]))])
    hub = desk.events.hub
    assert hub.groups == 7
    before = len(desk.database.log.steps)
    await desk.person("a@example.com", firstName="Ada")
    await desk.person("b@example.com", firstName="5x1")
    await desk.delivered(2)
    assert [emails(one) for one in listeners] == [
        ["a@example.com", "b@example.com"] if number == 5 else ["a@example.com"] for number in range(len(sizes))
    ]
    assert emails(alike) == ["a@example.com"]
    sent = {len(value or b"") for _, values in desk.database.log.steps[before:] for value in values}
    # All but the one that is too large by itself; brackets and commas come on top.
    assert len({size for size in sent if size > MOST_SET_BYTES + 20}) == 1
    assert max(sent) < 2 << 20
    for listener in (*listeners, alike):
        assert listener.member is not None
        hub.leave(listener.member)
    assert (hub.groups, hub.quotas.kept_bytes) == (0, 0)


@pytest.mark.long
async def test_one_group_stands_still_and_the_others_do_not(workspace_dsn: str, desk: Desk) -> None:
    """More groups than there are connections wait for a table; a subscriber that leaves takes the statement along."""
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        stuck = [
            await desk.subscribe(f"subscription {{ g{number}: personCreated {{ opportunities {{ totalCount }} }} }}")
            for number in range(3)
        ]
        await other.execute("LOCK TABLE workspace_default.opportunity")
        await desk.person("a@example.com")
        goes_on = await desk.subscribe("subscription { companyCreated { name } }")
        await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
        assert await goes_on.until(1) == [{"name": "Acme"}]
        assert desk.events.hub.counters.overdue > 0
        for listener in stuck:
            assert listener.member is not None
            desk.events.hub.leave(listener.member)
        async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as observer:
            await until_found(observer, "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
