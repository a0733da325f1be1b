"""Rules with time zones that an older release took keep their meaning; new ones need names of zones."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, WORKSPACE_ID, Apis
from tests.engine.access.subscribers import rep
from tests.engine.events.desk import Desk
from tests.engine.metadata_api.changing import refused
from tests.engine.metadata_api.roles import CREATE, DELETE, UPDATE, create_role, show
from tests.older_zones import OLDER_ZONES, put_zone

PEOPLE = "{ people { totalCount } }"
ROLLBACK = "mutation ($to: BigInt!) { rollback(to: $to) }"


def lately(zone: str, **more: Any) -> dict[str, Any]:
    return {"createdAt": {"within": {"last": 5, "unit": "DAY", "timeZone": zone}}, **more}


def grants(rule: Any) -> list[dict[str, Any]]:
    return [{"object": "person", "read": {"rule": rule}, "update": {"check": rule}, "aggregates": True}]


@pytest.fixture(params=OLDER_ZONES)
async def zone(request: pytest.FixtureRequest, apis: Apis, workspace_dsn: str) -> str:
    """The zone in the rule of the role `rep`; there is one person."""
    await create_role(apis, name="rep", grants=grants(lately("Europe/Berlin")))
    await apis.data('mutation { createPerson(data: { email: "a@x.example" }) { id } }')
    put_zone(workspace_dsn, request.param)
    apis.current.doubt(WORKSPACE_ID)
    return str(request.param)


async def people(apis: Apis, text: str = PEOPLE) -> Any:
    """The answer of the Core API to the role."""
    request = GraphQLRequest(query=text, operation_name=None, variables={})
    return loads((await apis.core.execute(replace(PRINCIPAL, role="rep"), request, allow_mutation=True)).body)


@pytest.mark.usefixtures("zone")
async def test_a_kept_rule_is_planned(apis: Apis) -> None:
    """Each read was refused for a zone that no client had sent."""
    assert await people(apis) == {"data": {"people": {"totalCount": 1}}}
    update = 'mutation { updatePeople(data: { city: "Rome" }, filter: { city: { is: NULL } }) { city } }'
    assert await people(apis, update) == {"data": {"updatePeople": [{"city": "Rome"}]}}


async def test_a_client_sends_names_of_zones_alone(apis: Apis, zone: str) -> None:
    within = f'{{ createdAt: {{ within: {{ last: 1 unit: DAY timeZone: "{zone}" }} }} }}'
    (error,) = (await people(apis, f"{{ people(filter: {within}) {{ totalCount }} }}"))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "timeZone"}


async def test_a_role_with_a_kept_rule_can_be_changed(apis: Apis, zone: str) -> None:
    shown = await show(apis, "rep")
    assert shown["grants"][0]["read"] == {"rule": lately(zone)}
    await apis.change(UPDATE, id=shown["id"], input={"label": "Rep"})
    await create_role(apis, name="heir", parents=["rep"])
    await apis.change(UPDATE, id=shown["id"], input={"limits": {"maxPage": 9}})
    # The grants are given whole: those that stay, and one more.
    await apis.change(UPDATE, id=shown["id"], input={"grants": [*shown["grants"], {"object": "company", "read": {}}]})
    assert await people(apis) == {"data": {"people": {"totalCount": 1}}}


async def test_new_rules_need_names_of_zones(apis: Apis, zone: str) -> None:
    id_ = (await show(apis, "rep"))["id"]
    changed = grants(lately(zone, city={"is": "NULL"}))
    for text, given in (
        (UPDATE, {"id": id_, "input": {"grants": changed}}),
        (CREATE, {"input": {"name": "other", "grants": grants(lately(zone))}}),
    ):
        error = await refused(apis, text, **given)
        place = "grants[0].read.rule.createdAt.within.timeZone"
        assert error["extensions"]["field"] == place
        expected = f'{place} must be the name of a time zone, such as Europe/Berlin or UTC, not "{zone}".'
        assert error["message"] == expected
    await apis.change(UPDATE, id=id_, input={"grants": grants(lately("Europe/Berlin", city={"is": "NULL"}))})
    assert await people(apis) == {"data": {"people": {"totalCount": 1}}}


async def test_a_rollback_brings_a_kept_rule_back(apis: Apis, zone: str) -> None:
    kept, version = await show(apis, "rep"), (await apis.snapshot()).version
    await apis.change(UPDATE, id=kept["id"], input={"grants": []})
    await apis.change(DELETE, id=kept["id"])
    await apis.change(ROLLBACK, to=str(version))
    assert await show(apis, "rep") == kept
    assert kept["grants"][0]["read"] == {"rule": lately(zone)}


@pytest.mark.parametrize("zone", OLDER_ZONES)
async def test_a_kept_rule_tells_of_events(desk: Desk, workspace_dsn: str, zone: str) -> None:
    one = await rep(desk, *grants(lately("Europe/Berlin")))
    put_zone(workspace_dsn, zone)
    desk.current.doubt(WORKSPACE_ID)
    created = await one.subscribe("subscription { personCreated { email } }")
    await desk.person("a@x.example")
    assert await created.until(1) == [{"email": "a@x.example"}]
