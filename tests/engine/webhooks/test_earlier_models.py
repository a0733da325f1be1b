"""Events from before a change of the model: lost parts are left out, and all later events are delivered."""

from typing import Any

import pytest

from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import TargetServer
from tests.engine.webhooks.unread_events import unread
from tests.waiting import until


async def test_the_events_of_an_object_that_was_deleted_hold_nobody_up(
    workspace_dsn: str, sending: Sending, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    made = await sending.data(
        'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "P"'
        ' labelPlural: "Ps" }) { id } }'
    )
    await sending.webhook(target.url, "*.created")
    async with unread(workspace_dsn, sending):
        await sending.data('mutation { createProject(data: { name: "T" }) { id } }', metadata=False)
        await sending.data("mutation ($id: UUID!) { deleteObject(id: $id) { id } }", id=made["createObject"]["id"])
        person = await sending.person("a@example.com")
    (event,) = await target.until_taken(1)
    assert (event["event"], event["recordId"]) == ("person.created", person)
    await until(lambda: "is of an object that was deleted: no webhook gets it" in caplog.text)


async def test_an_event_from_before_an_option_went_has_its_value(
    workspace_dsn: str, sending: Sending, target: TargetServer
) -> None:
    page = await sending.data("{ fields(first: 200) { edges { node { id name type } } } }")
    (field,) = (
        edge["node"]["id"]
        for edge in page["fields"]["edges"]
        if (edge["node"]["name"], edge["node"]["type"]) == ("stage", "SELECT")
    )
    await sending.webhook(target.url, "opportunity.*")
    async with unread(workspace_dsn, sending):
        made = await sending.data(
            'mutation { createOpportunity(data: { name: "O", stage: MEETING }) { id } }', metadata=False
        )
        id_ = made["createOpportunity"]["id"]
        update = "mutation ($id: UUID!) { updateOpportunity(id: $id, data: { stage: NEW }) { id } }"
        await sending.data(update, metadata=False, id=id_)
        await sending.data(
            'mutation ($id: UUID!) { updateField(id: $id, input: { options: [{value: "NEW", label: "New"}],'
            ' defaultValue: "NEW" }) { id } }',
            id=field,
        )
    created, updated = await target.until_taken(2)
    assert (created["record"]["stage"], updated["record"]["stage"]) == ("MEETING", "NEW")
    assert updated["updatedFields"] == ["stage"]


@pytest.mark.parametrize(
    ("before", "update", "later"),
    [
        pytest.param("Rome", {"type": "NUMBER", "allowDataLoss": True}, 7, id="text that is no number"),
        pytest.param("12", {"type": "NUMBER"}, 7, id="text that is a number"),
        pytest.param("12", {"type": "ARRAY"}, ["x"], id="text to a list"),
    ],
)
async def test_an_event_from_before_another_type_is_told_and_holds_nobody_up(
    workspace_dsn: str, sending: Sending, target: TargetServer, before: str, update: Any, later: Any
) -> None:
    page = await sending.data("{ fields(first: 200) { edges { node { id name } } } }")
    (field,) = (edge["node"]["id"] for edge in page["fields"]["edges"] if edge["node"]["name"] == "jobTitle")
    await sending.webhook(target.url, "person.created")
    async with unread(workspace_dsn, sending):
        first = await sending.person("a@example.com", jobTitle=before)
        await sending.data(
            "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }",
            id=field,
            input=update,
        )
        second = await sending.person("b@example.com", jobTitle=later)
    events = {event["recordId"]: event["record"] for event in await target.until_taken(2)}
    assert set(events) == {first, second}
    assert (events[first]["email"], events[first]["jobTitle"]) == ("a@example.com", None)
    assert events[second]["jobTitle"] == later
