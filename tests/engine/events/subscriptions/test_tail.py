"""`subscription { events }`: the writes of all objects in one stream, as the role sees the records."""

from typing import Any

import psycopg
import pytest

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.subscriptions.subscription import Refused
from tests.apis import PRINCIPAL
from tests.engine.access.subscribers import Rep, SealedListener, rep
from tests.engine.events.desk import Desk, Listener, open_desk
from tests.engine.events.subscriptions.listening import object_id
from tests.waiting import until

TAIL = """subscription ($filter: RecordEventFilter, $after: String) {
    events(filter: $filter, after: $after) {
        id action object recordId at actor { kind id name } record changes { field before after }
    }
}"""
BRIEF = "subscription ($filter: RecordEventFilter) { events(filter: $filter) { action object recordId } }"
HISTORY = """{ events(first: 100) { edges { node {
    id action object recordId at actor { kind id name } record changes { field before after }
} } } }"""


async def company(desk: Desk, name: str) -> str:
    made = await desk.data("mutation ($name: String) { createCompany(data: { name: $name }) { id } }", name=name)
    return str(made["createCompany"]["id"])


async def remove(desk: Desk, id_: str, *verbs: str) -> None:
    for verb in verbs:
        await desk.data(f"mutation ($id: UUID!) {{ {verb}Person(id: $id) {{ id }} }}", id=id_)


def kinds(listener: Listener) -> list[tuple[str, str]]:
    return [(event["object"], event["action"]) for event in listener.results]


async def test_the_writes_of_all_objects_arrive_in_order_and_are_those_of_the_history(desk: Desk) -> None:
    listener = await desk.subscribe(TAIL)
    id_ = await desk.person("a@x.org", firstName="Ada")
    await company(desk, "Acme")
    await desk.update(id_, city="Rome")
    await remove(desk, id_, "delete", "restore", "destroy")
    await listener.until(6)
    assert kinds(listener) == [
        ("person", "CREATED"),
        ("company", "CREATED"),
        ("person", "UPDATED"),
        ("person", "DELETED"),
        ("person", "RESTORED"),
        ("person", "DESTROYED"),
    ]
    assert listener.positions == [1, 2, 3, 4, 5, 6]
    assert listener.results[2]["changes"] == [{"field": "city", "before": None, "after": "Rome"}]
    page = await desk.data(HISTORY, api=desk.metadata)
    assert [edge["node"] for edge in reversed(page["events"]["edges"])] == listener.results
    resumed = await desk.subscribe(TAIL, after="4")
    assert await resumed.until(2) == listener.results[4:]


async def test_the_selection_under_aliases(desk: Desk) -> None:
    text = """subscription { tail: events {
        __typename kind: action actor { __typename kind } changes { __typename named: field } again: action
    } }"""
    listener = await desk.subscribe(text)
    id_ = await desk.person("a@x.org")
    await desk.update(id_, city="Rome", phone="1")
    _, event = await listener.until(2)
    kind = event["actor"].pop("kind")
    assert event == {
        "__typename": "RecordEvent",
        "kind": "UPDATED",
        "actor": {"__typename": "RecordEventActor"},
        "changes": [{"__typename": "RecordEventChange", "named": name} for name in ("phone", "city")],
        "again": "UPDATED",
    }
    assert kind is None or isinstance(kind, str)


async def test_filters(desk: Desk) -> None:
    mine = await desk.person("a@x.org")
    await desk.logged(1)
    listeners = {
        name: await desk.subscribe(BRIEF, filter=given)
        for name, given in {
            "all": None,
            "object": {"object": "company"},
            "actions": {"actions": ["UPDATED", "DELETED"]},
            "record": {"recordId": mine.upper()},
            "nobody": {"actorId": "00000000-0000-0000-0000-000000000001"},
            "past": {"until": "2001-01-01T00:00:00Z"},
            "empty": {},
        }.items()
    }
    await company(desk, "Acme")
    await desk.update(mine, city="Rome")
    other = await desk.person("b@x.org")
    await remove(desk, other, "delete")
    await desk.delivered(5)
    assert {name: len(listener.results) for name, listener in listeners.items()} == {
        "all": 4,
        "object": 1,
        "actions": 2,
        "record": 1,
        "nobody": 0,
        "past": 0,
        "empty": 4,
    }
    assert kinds(listeners["object"]) == [("company", "CREATED")]
    assert [event["recordId"] for event in listeners["record"].results] == [mine]


@pytest.mark.long
async def test_a_thousand_subscribers_to_records_of_their_own_share_the_statements(desk: Desk) -> None:
    ids = [await desk.person(f"{number}@x.org") for number in range(4)]
    await desk.logged(4)
    strangers = [f"00000000-0000-0000-0000-{number:012}" for number in range(996)]
    listeners = [await desk.subscribe(BRIEF, filter={"recordId": id_}) for id_ in (*ids, *strangers)]
    assert desk.events.hub.groups == 1
    before = desk.events.hub.counters.statements
    for id_ in ids:
        await desk.update(id_, city="Rome")
    await desk.delivered(8)
    assert [len(one.results) for one in listeners] == [1] * 4 + [0] * 996
    assert desk.events.hub.counters.statements - before <= 8


async def test_a_slow_reader_gets_all_later_and_keeps_nobody_waiting(desk: Desk) -> None:
    slow = await desk.subscribe(BRIEF, listener=Listener(size=1))
    quick = await desk.subscribe(BRIEF)
    for number in range(5):
        await desk.person(f"{number}@x.org")
    await quick.until(5)
    assert len(slow.results) == 1
    slow.size = 100
    desk.events.hub.notice_room()
    await slow.until(5)
    assert slow.results == quick.results


@pytest.mark.parametrize(
    ("variables", "field", "reason"),
    [
        ({"filter": {"object": "nothing"}}, "filter", "There is no object 'nothing' whose records the role may read"),
        ({"filter": {"actions": []}}, "filter", "'actions' must name a write at least"),
        ({"after": "99"}, "after", "'after' is no position of an event of this workspace"),
        ({"after": "x"}, "after", "'after' is no position of an event of this workspace"),
    ],
    ids=str,
)
async def test_refusals(desk: Desk, variables: dict[str, Any], field: str, reason: str) -> None:
    refused = await refusal(desk, variables)
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert refused["extensions"]["field"] == field
    assert refused["message"].startswith(reason)


async def refusal(desk: Desk, variables: dict[str, Any]) -> Any:
    with pytest.raises((Refused, ApiError)) as caught:  # the plan refuses, or the hub
        await desk.subscribe(TAIL, **variables)
    error = caught.value
    errors = error.errors if isinstance(error, Refused) else [error]
    return next(one.formatted() for one in errors if isinstance(one, ApiError))


async def test_a_role_is_shown_what_it_reads(desk: Desk) -> None:
    mine = {"rule": {"city": {"eq": "$principal.city"}}, "fields": {"allBut": ["jobTitle"]}}
    berlin = await rep(desk, {"object": "person", "read": mine})
    listener, rome = await berlin.subscribe(TAIL), await berlin.of("Rome").subscribe(TAIL)
    assert desk.events.hub.groups == 1, "the principals of a role share the statements"
    id_ = await desk.person("a@x.org", firstName="Ada", city="Rome")
    await company(desk, "hidden")
    await desk.update(id_, city="Berlin", jobTitle="secret")
    await desk.update(id_, jobTitle="more")
    await desk.update(id_, phone="1")
    await listener.until(2)
    await desk.delivered(5)
    moved, changed = listener.results
    assert kinds(listener) == [("person", "UPDATED"), ("person", "UPDATED")]
    assert "jobTitle" not in moved["record"]
    # The record was not the principal's before, so its values then are not told.
    assert moved["changes"] == [{"field": "city", "before": None, "after": "Berlin"}]
    assert changed["changes"] == [{"field": "phone", "before": None, "after": "1"}]
    assert kinds(rome) == [("person", "CREATED")]
    refused = await berlin.refusal('subscription { events(filter: { object: "company" }) { action } }')
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"


async def test_principals_whose_records_have_other_texts_are_shown_their_own(desk: Desk) -> None:
    rights = [{"fields": {"allBut": ["jobTitle"]}}, {"rule": {"city": {"eq": "$principal.city"}}}]
    berlin = await rep(desk, {"object": "person", "read": rights})
    listeners = [await one.subscribe(TAIL) for one in (berlin, berlin.of("Rome"))]
    assert desk.events.hub.groups == 2
    await desk.person("a@x.org", city="Berlin", jobTitle="secret")
    titles = [(await one.until(1))[0]["record"]["jobTitle"] for one in listeners]
    assert titles == ["secret", None]


async def changed_role(desk: Desk, grants: list[dict[str, Any]]) -> tuple[Rep, SealedListener]:
    one = await rep(desk, {"object": "person", "read": {}})
    listener = await one.subscribe(BRIEF)
    await desk.person("a@x.org")
    await listener.until(1)
    await one.change(grants)
    return one, listener


async def test_a_role_that_gets_more_objects_is_shown_them_from_then_on(desk: Desk) -> None:
    _, listener = await changed_role(desk, [{"object": "person", "read": {}}, {"object": "company", "read": {}}])
    await company(desk, "Acme")
    await listener.until(2)
    assert kinds(listener) == [("person", "CREATED"), ("company", "CREATED")]


async def test_a_role_that_loses_an_object_is_shown_no_more_of_it(desk: Desk) -> None:
    _, listener = await changed_role(desk, [{"object": "company", "read": {}}])
    await desk.person("b@x.org")
    await company(desk, "Acme")
    await listener.until(2)
    assert kinds(listener) == [("person", "CREATED"), ("company", "CREATED")]


async def test_a_role_that_sees_nothing_has_no_such_subscription(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "create": {}})
    refused = await one.refusal(BRIEF)
    assert refused["extensions"]["code"] in {"GRAPHQL_VALIDATION_FAILED", "FORBIDDEN"}


async def test_a_new_object_is_followed_and_a_new_field_is_told(desk: Desk) -> None:
    listener = await desk.subscribe(TAIL)
    create = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
    names = {"nameSingular": "ship", "namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships"}
    await desk.data(create, api=desk.metadata, input=names)
    await desk.data('mutation { createShip(data: { name: "Argo" }) { id } }')
    (event,) = await listener.until(1)
    assert (event["object"], event["record"]["name"]) == ("ship", "Argo")
    field = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": await object_id(desk, "ship"), "name": "sails", "label": "Sails", "type": "NUMBER"}
    await desk.data(field, api=desk.metadata, input=given)
    await desk.data('mutation { createShip(data: { name: "Fram", sails: 3 }) { id } }')
    assert (await listener.until(2))[1]["record"]["sails"] == 3


SHIP = """mutation { createObject(input: {
    nameSingular: "ship" namePlural: "ships" labelSingular: "Ship" labelPlural: "Ships" }) { id } }"""


async def test_the_first_events_of_an_object_that_another_process_has_made(workspace_dsn: str, desk: Desk) -> None:
    """This process reads the log before it has the model."""
    listener = await desk.subscribe(BRIEF)
    async with open_desk(workspace_dsn) as other:
        await other.data(SHIP, api=other.metadata)
        await other.data('mutation { createShip(data: { name: "Argo" }) { id } }')
        await other.data('mutation { createShip(data: { name: "Fram" }) { id } }')
        await company(other, "Acme")
        await listener.until(3)
    assert kinds(listener) == [("ship", "CREATED"), ("ship", "CREATED"), ("company", "CREATED")]
    assert listener.positions == [1, 2, 3]


async def test_events_of_an_object_that_is_gone_hold_nobody_up(workspace_dsn: str, desk: Desk) -> None:
    listener = await desk.subscribe(BRIEF)
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        await other.execute(
            "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after)"
            " VALUES (%s, gen_random_uuid(), gen_random_uuid(), 'created', '{}')",
            [PRINCIPAL.workspace_id],
        )
    await company(desk, "Acme")
    await listener.until(1)
    assert listener.positions == [2]


async def test_an_object_of_that_plural_takes_the_name(desk: Desk) -> None:
    listener = await desk.subscribe(BRIEF)
    create = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
    names = {"nameSingular": "event", "namePlural": "events", "labelSingular": "Event", "labelPlural": "Events"}
    await desk.data(create, api=desk.metadata, input=names)
    await until(lambda: listener.errors is not None)
    live = await desk.subscribe("subscription { events { totalCount } }")
    assert (await live.until(1))[0] == {"totalCount": 0}
