"""`personChanged`: every write of a record in one subscription, with the action, the author and the changed fields."""

from typing import Any

import pytest

from fieldstone.engine.events.subscriptions.subscription import Refused
from tests.engine.access.subscribers import rep
from tests.engine.events.desk import Desk

pytestmark = pytest.mark.long

CHANGED = """subscription (
    $filter: PersonFilterInput, $actions: [RecordEventAction!], $changed: [PersonField!], $after: String
) {
    personChanged(filter: $filter, actions: $actions, changed: $changed, after: $after) {
        action record { firstName } changed
    }
}"""


async def write_all(desk: Desk, name: str) -> str:
    """Write a record in each way: five events."""
    id_ = await desk.person(f"{name}@x.org", firstName=name)
    await desk.update(id_, city="Rome", jobTitle="Lead")
    for verb in ("delete", "restore", "destroy"):
        await desk.data(f"mutation ($id: UUID!) {{ {verb}Person(id: $id) {{ id }} }}", id=id_)
    return id_


def told(action: str, name: str, *changed: str) -> dict[str, Any]:
    return {"action": action, "record": {"firstName": name}, "changed": list(changed)}


async def test_one_subscription_tells_of_each_write_in_order(desk: Desk) -> None:
    listener = await desk.subscribe(CHANGED)
    await write_all(desk, "Ada")
    assert await listener.until(5) == [
        told("CREATED", "Ada"),
        told("UPDATED", "Ada", "city", "jobTitle"),
        told("DELETED", "Ada"),
        told("RESTORED", "Ada"),
        told("DESTROYED", "Ada"),
    ]
    assert listener.positions == [1, 2, 3, 4, 5]
    assert desk.events.hub.groups == 1
    resumed = await desk.subscribe(CHANGED, after="2")
    assert [event["action"] for event in await resumed.until(3)] == ["DELETED", "RESTORED", "DESTROYED"]


@pytest.mark.long
async def test_the_output_under_aliases_with_author_time_and_relations(desk: Desk) -> None:
    made = await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    text = """subscription { it: personChanged {
        __typename kind: action at
        actor { __typename kind id called: name }
        a: record { __typename email } record { id company { name } deletedAt }
    } }"""
    listener = await desk.subscribe(text)
    id_ = await desk.person("a@x.org", companyId=made["createCompany"]["id"])
    (event,) = await listener.until(1)
    assert event.pop("at").endswith("Z")
    actor = event.pop("actor")
    assert (actor["__typename"], list(actor)) == ("RecordEventActor", ["__typename", "kind", "id", "called"])
    assert event == {
        "__typename": "PersonRecordEvent",
        "kind": "CREATED",
        "a": {"__typename": "Person", "email": "a@x.org"},
        "record": {"id": id_, "company": {"name": "Acme"}, "deletedAt": None},
    }


async def test_the_author_is_that_of_the_history(desk: Desk) -> None:
    listener = await desk.subscribe("subscription { personChanged { actor { kind id name } at } }")
    await desk.person("a@x.org")
    (event,) = await listener.until(1)
    page = await desk.data("{ events { edges { node { at actor { kind id name } } } } }", api=desk.metadata)
    assert [edge["node"] for edge in page["events"]["edges"]] == [event]


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"actions": ["UPDATED", "DESTROYED"]}, ["UPDATED", "DESTROYED"]),
        ({"actions": "CREATED"}, ["CREATED"]),
        ({"actions": None}, ["CREATED", "UPDATED", "DELETED", "RESTORED", "DESTROYED"]),
        ({"changed": ["city"]}, ["CREATED", "UPDATED", "DELETED", "RESTORED", "DESTROYED"]),
        ({"changed": ["email"]}, ["CREATED", "DELETED", "RESTORED", "DESTROYED"]),
        ({"changed": ["email"], "actions": ["UPDATED", "DELETED"]}, ["DELETED"]),
        ({"filter": {"city": {"eq": "Rome"}}}, ["UPDATED", "DELETED", "RESTORED", "DESTROYED"]),
        ({"filter": {"firstName": {"eq": "nobody"}}}, []),
    ],
    ids=str,
)
async def test_actions_fields_and_records_that_are_asked_for(
    desk: Desk, variables: dict[str, Any], expected: list[str]
) -> None:
    listener = await desk.subscribe(CHANGED, **variables)
    everything = await desk.subscribe(CHANGED)
    await write_all(desk, "Ada")
    await everything.until(5)
    await listener.until(len(expected))
    await desk.delivered(5)
    assert [event["action"] for event in listener.results] == expected


async def test_subscribers_with_the_same_actions_share_a_statement_whatever_their_filters(desk: Desk) -> None:
    for name in ("Ada", "Bob", "Cy"):
        await desk.subscribe(CHANGED, filter={"firstName": {"eq": name}}, actions=["UPDATED", "CREATED"])
    await desk.subscribe(CHANGED, filter={"firstName": {"eq": "Dan"}}, actions=["CREATED", "UPDATED", "CREATED"])
    assert desk.events.hub.groups == 1
    await desk.subscribe(CHANGED, filter={"firstName": {"eq": "Ada"}}, actions=["CREATED"])
    assert desk.events.hub.groups == 2


@pytest.mark.parametrize("text", ["subscription { personChanged(actions: []) { action } }", CHANGED])
async def test_no_action_at_all_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(Refused) as caught:
        await desk.subscribe(text, actions=[])
    refused = caught.value.errors[0].formatted()
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert refused["extensions"]["field"] == "actions"
    assert "CREATED, UPDATED, DELETED, RESTORED, DESTROYED" in refused["message"]


async def test_a_change_of_the_model_leaves_it_open(desk: Desk) -> None:
    listener = await desk.subscribe(CHANGED)
    await desk.person("a@x.org", firstName="Ada")
    change = {"updateObject": {"id": "person", "update": {"icon": "x"}}}
    apply = "mutation ($change: Change!) { applyChanges(changes: [$change]) { version } }"
    await desk.data(apply, api=desk.metadata, change=change)
    await desk.person("b@x.org", firstName="Bob")
    assert await listener.until(2) == [told("CREATED", "Ada"), told("CREATED", "Bob")]


async def test_a_role_is_told_what_it_reads(desk: Desk) -> None:
    mine = {"rule": {"city": {"eq": "$principal.city"}}, "fields": {"allBut": ["jobTitle"]}}
    one = await rep(desk, {"object": "person", "read": mine})
    listener = await one.subscribe(CHANGED)
    id_ = await desk.person("a@x.org", firstName="Ada", city="Berlin")
    await desk.update(id_, jobTitle="secret")
    await desk.update(id_, phone="1", jobTitle="more")
    await desk.update(id_, city="Rome")
    await desk.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=id_)
    await desk.person("b@x.org", firstName="Bob", city="Berlin")
    assert await listener.until(3) == [told("CREATED", "Ada"), told("UPDATED", "Ada", "phone"), told("CREATED", "Bob")]
    refused = await one.refusal("subscription { personChanged { record { jobTitle } } }")
    assert refused["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_field_that_is_read_in_some_records_is_told_as_changed_there_alone(desk: Desk) -> None:
    rights = [{"fields": {"allBut": ["jobTitle"]}}, {"rule": {"city": {"eq": "$principal.city"}}}]
    one = await rep(desk, {"object": "person", "read": rights})
    text = "subscription { personChanged(actions: UPDATED) { record { firstName jobTitle } changed } }"
    listener = await one.subscribe(text)
    for name, city in (("Ada", "Berlin"), ("Bob", "Rome")):
        id_ = await desk.person(f"{name}@x.org", firstName=name, city=city)
        await desk.update(id_, jobTitle="secret")
        await desk.update(id_, jobTitle="more", phone="1")
    assert await listener.until(3) == [
        {"record": {"firstName": "Ada", "jobTitle": "secret"}, "changed": ["jobTitle"]},
        {"record": {"firstName": "Ada", "jobTitle": "more"}, "changed": ["jobTitle", "phone"]},
        {"record": {"firstName": "Bob", "jobTitle": None}, "changed": ["phone"]},
    ]


async def test_a_role_that_loses_the_object_loses_the_subscription(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {}})
    listener = await one.subscribe("subscription { personChanged { action } }")
    await one.change([{"object": "company", "read": {}}])
    assert (await listener.until_failed())["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
