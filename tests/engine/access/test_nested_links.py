"""Nested writes across links that a role may write and not read: the records written must not tell the links."""

from typing import Any

import pytest

from tests.engine.access.world import ALL, BERLIN, World
from tests.engine.nested.writing import create, relate
from tests.engine.records import take_events

HIDDEN_LINK: dict[str, Any] = {"read": {"allBut": ["company"]}, "update": ALL}
GUARDED_LINK: dict[str, Any] = {"read": [{"rule": BERLIN}, {"allBut": ["company"]}], "update": ALL}


@pytest.mark.parametrize("rights", [HIDDEN_LINK, GUARDED_LINK], ids=["in no record", "in some records"])
@pytest.mark.parametrize("field", ["updatePerson", "updatePeople"])
async def test_an_update_across_a_link_needs_that_the_role_reads_it(
    world: World, rights: dict[str, Any], field: str
) -> None:
    rep = await world.rep(company={"read": ALL, "update": ALL}, person=rights)
    data = '{ company: { update: { name: "Mark" } } }'
    given = f'id: "{world.own}" data: {data}'
    if field == "updatePeople":
        given = f"updates: [{{ {given} }}]"
    refused = await rep.refusal(f"mutation {{ {field}({given}) {{ id }} }}")
    assert refused["message"] == (
        "The role 'rep' does not read in all People which records 'company' leads to, and may not write them by it."
    )
    assert (refused["extensions"]["code"], refused["extensions"]["input"][-1]) == ("FORBIDDEN", "company")
    assert await take_events(world.apis) == []


async def test_a_link_that_is_not_read_can_be_written(world: World) -> None:
    rep = await world.rep(company={"read": ALL, "create": ALL}, person=HIDDEN_LINK)
    for verb in ('create: { name: "New" }', f'connect: "{world.company}"', "disconnect: true"):
        await rep.write(f'mutation {{ updatePerson(id: "{world.own}" data: {{ company: {{ {verb} }} }}) {{ id }} }}')
    assert (await world.people())[world.own]["companyId"] is None


@pytest.mark.parametrize(
    ("read", "outcome"),
    [(ALL, None), ({"allBut": ["runs"]}, "CONFLICT"), ([{"rule": BERLIN}, {"allBut": ["runs"]}], "CONFLICT")],
    ids=["read", "in no record", "in some records"],
)
async def test_a_record_is_taken_from_a_holder_that_the_role_sees(world: World, read: Any, outcome: str | None) -> None:
    """Its holder's new `updatedAt` would tell the role which one it was."""
    await relate(world.apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    update = f'mutation {{ updatePerson(id: "ID" data: {{ runs: {{ connect: "{world.company}" }} }}) {{ id }} }}'
    await world.apis.data(update.replace("ID", world.read))
    await take_events(world.apis)
    rep = await world.rep(company={"read": ALL}, person={"read": read, "update": ALL})
    if outcome is None:
        await rep.write(update.replace("ID", world.own))
        assert len(await take_events(world.apis)) == 2
        return
    assert await rep.outcome(update.replace("ID", world.own)) == outcome
    assert await take_events(world.apis) == []


@pytest.mark.parametrize("verb", ["connect", "set", "disconnect", "delete", "update", "create"])
async def test_the_other_end_of_a_many_to_many_relation(world: World, verb: str) -> None:
    await relate(world.apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY")
    other = await create(world.apis, "person", email="other")
    await world.apis.data(
        f'mutation {{ updateCompany(id: "{world.company}" data: {{ advisers: {{ connect: ["{world.own}"] }} }})'
        " { id } }"
    )
    await take_events(world.apis)
    link: dict[str, Any] = {"create": ALL, "update": ALL, "delete": ALL}
    given = {
        "create": f'[{{ person: {{ connect: "{other["id"]}" }} }}]',
        "update": f'[{{ id: "{world.own}" data: {{ position: 1 }} }}]',
    }.get(verb, f'["{world.own}"]')
    text = f'mutation {{ updateCompany(id: "{world.company}" data: {{ advisers: {{ {verb}: {given} }} }}) {{ id }} }}'
    rep = await world.rep(
        company={"read": ALL, "update": ALL},
        person={"read": ALL},
        companyPerson={**link, "read": {"allBut": ["person"]}},
    )
    if verb == "create":
        await rep.write(text)
        return
    refused = await rep.refusal(text)
    assert "does not read in all Companies which records 'advisers' leads to" in refused["message"]
    assert await take_events(world.apis) == []
    rep = await world.rep(
        company={"read": ALL, "update": ALL}, person={"read": ALL}, companyPerson={**link, "read": ALL}
    )
    await rep.write(text)
