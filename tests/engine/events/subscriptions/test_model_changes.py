"""Subscriptions while the model changes."""

from typing import Any

import pytest

from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.planner.subscriptions import LARGEST_SET
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.desk import Desk, Listener, open_desk
from tests.engine.events.subscriptions.listening import field_id, object_id
from tests.waiting import until

pytestmark = pytest.mark.long


async def test_a_subscription_outlives_a_change_of_its_object(desk: Desk) -> None:
    listener = await desk.subscribe("subscription { personCreated { email } }")
    await desk.person("a@example.com")
    await listener.until(1)
    person = await object_id(desk, "person")
    await desk.data(
        'mutation ($id: UUID!) { createField(input: { objectMetadataId: $id, name: "nick", label: "Nick", type: TEXT }) { id } }',  # noqa: E501 - one operation, one line
        api=desk.metadata,
        id=person,
    )
    await desk.person("b@example.com", nick="B")
    await listener.until(2)
    assert listener.positions == [1, 2]
    newer = await desk.subscribe('subscription { personCreated(after: "0") { email nick } }')
    assert await newer.until(2) == [{"email": "a@example.com", "nick": None}, {"email": "b@example.com", "nick": "B"}]


async def test_who_resumes_gets_events_from_before_another_type(desk: Desk) -> None:
    await desk.person("a@example.com", jobTitle="chief")
    await desk.data(
        "mutation ($id: UUID!) { updateField(id: $id, input: { type: NUMBER, allowDataLoss: true }) { id } }",
        api=desk.metadata,
        id=await field_id(desk, "jobTitle"),
    )
    await desk.person("b@example.com", jobTitle=7)
    listener = await desk.subscribe('subscription { personCreated(after: "0") { email jobTitle } }')
    assert await listener.until(2) == [
        {"email": "a@example.com", "jobTitle": None},
        {"email": "b@example.com", "jobTitle": 7},
    ]


OPTIONS = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"


@pytest.mark.long
async def test_who_resumes_gets_the_values_from_before_options_went(desk: Desk) -> None:
    """A value that is no option any more is null in a member of the enum, and stands in the JSON of `events`."""
    for type_ in ("CALL", "EMAIL"):
        await desk.data("mutation ($d: ActivityInput!) { createActivity(data: $d) { id } }", d={"type": type_})
    await desk.data("mutation { updateActivities(filter: { type: { eq: EMAIL } }, data: { type: CALL }) { id } }")
    type_id = await field_id(desk, "type")
    for values in (("CALL", "NOTE"), ("CALL",)):
        options = [{"value": value, "label": value} for value in values]
        await desk.data(OPTIONS, api=desk.metadata, id=type_id, input={"options": options})
    await desk.data("mutation { createActivity(data: { type: CALL }) { id } }")
    listener = await desk.subscribe('subscription { activityCreated(after: "0") { type } }')
    assert await listener.until(3) == [{"type": "CALL"}, {"type": None}, {"type": "CALL"}]
    calls = await desk.subscribe(
        'subscription { activityCreated(after: "0", filter: { type: { eq: CALL } }) { type } }'
    )
    assert await calls.until(2) == [{"type": "CALL"}, {"type": "CALL"}]
    updated = await desk.subscribe(
        'subscription { activityChanged(after: "0", actions: [UPDATED], changed: [type]) { changed record { type } } }'
    )
    assert await updated.until(1) == [{"changed": ["type"], "record": {"type": "CALL"}}]
    tail = await desk.subscribe('subscription { events(after: "0") { record changes { field before after } } }')
    seen = await tail.until(4)
    assert [one["record"]["type"] for one in seen] == ["CALL", "EMAIL", "CALL", "CALL"]
    assert seen[2]["changes"] == [{"field": "type", "before": "EMAIL", "after": "CALL"}]
    back = [{"value": value, "label": value} for value in ("CALL", "EMAIL")]
    await desk.data(OPTIONS, api=desk.metadata, id=type_id, input={"options": back})
    again = await desk.subscribe('subscription { activityCreated(after: "0") { type } }')
    assert await again.until(3) == [{"type": "CALL"}, {"type": "EMAIL"}, {"type": "CALL"}]


async def test_a_list_of_an_older_event_has_no_items_that_are_no_options_any_more(desk: Desk) -> None:
    options = [{"value": value, "label": value} for value in ("A", "B", "C")]
    given = {"objectMetadataId": await object_id(desk, "person"), "name": "tags", "label": "Tags", "options": options}
    create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    made = await desk.data(create, api=desk.metadata, input={**given, "type": "MULTI_SELECT"})
    for number, tags in enumerate((["A", "C"], ["C"], [], None)):
        await desk.person(f"{number}@example.com", tags=tags)
    gone = {"options": options[:2], "optionMapping": {"C": None}}
    await desk.data(OPTIONS, api=desk.metadata, id=made["createField"]["id"], input=gone)
    listener = await desk.subscribe('subscription { personCreated(after: "0") { tags } }')
    assert await listener.until(4) == [{"tags": ["A"]}, {"tags": []}, {"tags": []}, {"tags": None}]
    tail = await desk.subscribe('subscription { events(after: "0") { record } }')
    assert [one["record"]["tags"] for one in await tail.until(4)] == [["A", "C"], ["C"], [], None]


FIELDS: dict[str, dict[str, Any]] = {
    "code": {"type": "TEXT", "defaultValue": "none"},
    "state": {"type": "SELECT", "defaultValue": "A", "options": [{"value": "A", "label": "A"}]},
    "tags": {"type": "MULTI_SELECT", "defaultValue": ["A"], "options": [{"value": "A", "label": "A"}]},
    "level": {"type": "NUMBER", "defaultValue": 5},
    "facts": {"type": "RAW_JSON", "defaultValue": {"a": [1]}},
}
CREATE_FIELD = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"


@pytest.mark.long
async def test_an_event_from_before_a_field_was_required_has_its_default(desk: Desk) -> None:
    """It had null, where the type says that there is none."""
    await desk.person("a@example.com")
    person = {"objectMetadataId": await object_id(desk, "person"), "isNullable": False}
    for name, given in FIELDS.items():
        await desk.data(CREATE_FIELD, api=desk.metadata, input={**person, "name": name, "label": name, **given})
    await desk.data(OPTIONS, api=desk.metadata, id=await field_id(desk, "city"), input={"defaultValue": "Ulm"})
    await desk.data('mutation { updatePeople(filter: { city: { is: NULL } }, data: { city: "Bonn" }) { id } }')
    await desk.data(OPTIONS, api=desk.metadata, id=await field_id(desk, "city"), input={"isNullable": False})
    names = f'city {" ".join(FIELDS)} first: facts(path: ["a" "0"])'
    listener = await desk.subscribe(f'subscription {{ personCreated(after: "0") {{ {names} }} }}')
    defaults = {name: given["defaultValue"] for name, given in FIELDS.items()} | {"first": 1}
    assert await listener.until(1) == [{"city": "Ulm", **defaults}]
    changed = await desk.subscribe(f'subscription {{ personChanged(after: "0") {{ record {{ {names} }} }} }}')
    assert (await changed.until(2))[1] == {"record": {"city": "Bonn", **defaults}}


async def test_an_option_that_went_leaves_no_value_of_a_required_field(desk: Desk) -> None:
    options = [{"value": value, "label": value} for value in ("A", "B")]
    given = {"objectMetadataId": await object_id(desk, "person"), "name": "state", "label": "State", "type": "SELECT"}
    made = await desk.data(CREATE_FIELD, api=desk.metadata, input={**given, "options": options, "isNullable": False})
    for number, state in enumerate("BA"):
        await desk.person(f"{number}@example.com", state=state)
    gone = {"options": options[:1], "optionMapping": {"B": "A"}}
    await desk.data(OPTIONS, api=desk.metadata, id=made["createField"]["id"], input=gone)
    offered: list[Any] = []

    class Keeping(Listener):
        def offer(self, _position: str, payload: str) -> bool:
            offered.append(loads(payload)["data"])
            return True

    await desk.subscribe('subscription { personCreated(after: "0") { state } }', listener=Keeping())
    await until(lambda: len(offered) == 2)
    assert offered == [None, {"personCreated": {"state": "A"}}]


async def test_an_event_that_lacks_a_required_field_without_a_default_is_an_error(desk: Desk) -> None:
    await desk.person("a@example.com")
    await desk.data("mutation { destroyPeople(filter: { id: { is: NOT_NULL } }) { id } }")
    field = {"name": "code", "label": "Code", "type": "TEXT", "isNullable": False}
    given = {"objectMetadataId": await object_id(desk, "person"), **field}
    await desk.data(CREATE_FIELD, api=desk.metadata, input=given)
    await desk.person("b@example.com", code="B")
    offered: list[tuple[str, Any]] = []

    class Keeping(Listener):
        def offer(self, position: str, payload: str) -> bool:
            offered.append((position, loads(payload)))
            return True

    await desk.subscribe('subscription { made: personCreated(after: "0") { email code } }', listener=Keeping())
    await until(lambda: len(offered) == 2)
    error = {
        "message": "The event is older than a field that is required by now and has no default: leave the field out.",
        "path": ["made"],
        "extensions": {"code": "NOT_FOUND"},
    }
    assert offered == [
        ("1", {"data": None, "errors": [error], "extensions": {"position": "1"}}),
        ("3", {"data": {"made": {"email": "b@example.com", "code": "B"}}, "extensions": {"position": "3"}}),
    ]
    others = await desk.subscribe('subscription { personCreated(after: "0") { email } }')
    assert await others.until(2) == [{"email": "a@example.com"}, {"email": "b@example.com"}]


async def test_a_subscriber_has_so_many_values_and_each_is_taken(desk: Desk) -> None:
    document = "subscription ($f: PersonFilterInput) { personCreated(filter: $f) { email } }"

    def days(count: int) -> dict[str, Any]:
        return {
            "or": [
                {"createdAt": {"between": ["2000-01-01T00:00:00Z", f"{2100 + n}-01-01T00:00:00Z"]}}
                for n in range(count)
            ]
        }

    listener = await desk.subscribe(document, f=days(LARGEST_SET // 2))
    await desk.person("a@example.com")
    assert await listener.until(1) == [{"email": "a@example.com"}]
    with pytest.raises(Refused) as refused:
        await desk.subscribe(document, f=days(LARGEST_SET // 2 + 1))
    assert refused.value.errors[0].code == "QUERY_TOO_COMPLEX"


async def test_a_change_ends_the_subscriptions_that_it_makes_invalid_and_no_others(desk: Desk) -> None:
    doomed = await desk.subscribe("subscription { personCreated { email jobTitle } }")
    filtered = await desk.subscribe('subscription { personCreated(filter: { jobTitle: { eq: "x" } }) { email } }')
    changed = await desk.subscribe("subscription { personUpdated(changed: [jobTitle]) { email } }")
    stays = await desk.subscribe("subscription { personCreated { email } }")
    await desk.person("a@example.com", jobTitle="x")
    await doomed.until(1)
    await stays.until(1)
    id_ = await field_id(desk, "jobTitle")
    hide = "mutation ($id: UUID!) { updateField(id: $id, input: { isActive: false }) { id } }"
    await desk.data(hide, api=desk.metadata, id=id_)
    for listener in (doomed, filtered, changed):
        error = await listener.until_failed()
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "jobTitle" in error["message"]
    await desk.person("b@example.com")
    await stays.until(2)
    assert stays.positions == [1, 2]
    assert desk.events.hub.members == 1


async def test_a_process_that_has_not_heard_of_a_change_notices_it(workspace_dsn: str) -> None:
    """A statement names a column that another process has dropped: a subscriber that does not select it goes on."""
    async with open_desk(workspace_dsn) as two, open_desk(workspace_dsn) as one:
        create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
        given = {
            "objectMetadataId": await object_id(two, "person"),
            "name": "nick",
            "label": "Nick",
            "type": "TEXT",
        }
        id_ = (await two.data(create, api=two.metadata, input=given))["createField"]["id"]
        doomed = await one.subscribe("subscription { personCreated { email nick } }")
        stays = await one.subscribe("subscription { personCreated { email } }")
        for text in (
            "mutation ($id: UUID!) { updateField(id: $id, input: { isActive: false }) { id } }",
            "mutation ($id: UUID!) { deleteField(id: $id) { id } }",
        ):
            await two.data(text, api=two.metadata, id=id_)
        await two.person("a@example.com")
        await stays.until(1)
        assert "nick" in (await doomed.until_failed())["message"]
        await two.person("b@example.com")
        await stays.until(2)


async def test_a_subscription_goes_on_where_a_field_is_deleted_that_it_does_not_name(desk: Desk) -> None:
    """The log's reader takes the table's type without the table, so PostgreSQL does not plan it again by itself."""
    objects = await desk.data("{ objects { edges { node { id nameSingular } } } }", api=desk.metadata)
    (person,) = (edge["node"]["id"] for edge in objects["objects"]["edges"] if edge["node"]["nameSingular"] == "person")
    listener = await desk.subscribe("subscription { personUpdated { id } }")
    id_ = await desk.person("a@example.com")
    count = 0
    for number in range(3):
        create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
        given = {"objectMetadataId": person, "name": f"short{number}", "label": "Short", "type": "TEXT"}
        field = await desk.data(create, api=desk.metadata, input=given)
        for _ in range(8):  # until its plan serves all values
            count += 1
            await desk.update(id_, city=f"Rome {count}")
            await listener.until(count)
        delete = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
        await desk.data(delete, api=desk.metadata, id=field["createField"]["id"])
        count += 1
        await desk.update(id_, city="Oslo")
        await listener.until(count)
    assert listener.errors is None


async def test_a_subscription_that_is_made_while_the_model_moves_is_renewed(desk: Desk) -> None:
    """It was planned under the model before, and joins under the one after."""
    request = GraphQLRequest(
        query="subscription { personCreated { email jobTitle } }", operation_name=None, variables={}
    )
    subscription = await desk.core.subscribe(PRINCIPAL, request)
    hide = "mutation ($id: UUID!) { updateField(id: $id, input: { isActive: false }) { id } }"
    await desk.data(hide, api=desk.metadata, id=await field_id(desk, "jobTitle"))
    listener = Listener()
    await desk.events.hub.subscribe(subscription, listener)
    assert "jobTitle" in (await listener.until_failed())["message"]
    assert desk.events.hub.members == 0


async def test_groups_that_a_change_of_the_model_has_emptied_are_forgotten(desk: Desk) -> None:
    """Each would keep its model: with a field a second that is a mebibyte a minute."""
    person = await object_id(desk, "person")
    listener = await desk.subscribe("subscription { personUpdated { id } }")
    id_ = await desk.person("a@example.com")
    create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    for number in range(3):
        given = {"objectMetadataId": person, "name": f"new{number}", "label": "New", "type": "TEXT"}
        await desk.data(create, api=desk.metadata, input=given)
        await desk.update(id_, city=f"Rome {number}")
        await listener.until(number + 1)
    await until(lambda: desk.events.hub.groups == 1)
    assert listener.member is not None
    desk.events.hub.leave(listener.member)
    assert not desk.events.hub.serves(WORKSPACE_ID)
