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
        "The role 'rep' does not read 'company' in all People, and may not write records by 'company'."
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


BY_EMAIL = " onConflict: { fields: [email] MORE }"
UPSERTS = [BY_EMAIL.replace("MORE", more) for more in ("", "update: []", "update: [city]")]


@pytest.mark.parametrize("update", [[], {"only": ["city"]}, {"preset": {"runsId": None}}], ids=["no", "city", "preset"])
@pytest.mark.parametrize("verb", ['connect: "ID"', 'connect: { where: { id: "ID" } }', "connectOrCreate"])
@pytest.mark.parametrize("conflict", ["", *UPSERTS])
async def test_a_record_that_nobody_holds_is_connected_without_the_right_to_update(
    world: World, update: Any, verb: str, conflict: str
) -> None:
    """The right to take a record from its holder was asked where there was none."""
    await relate(world.apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    rep = await world.rep(company={"read": ALL}, person={"read": ALL, "create": ALL, "update": update})
    if verb == "connectOrCreate":
        verb = 'connectOrCreate: { where: { id: "ID" } create: { id: "ID" } }'
    data = f'{{ email: "new" runs: {{ {verb.replace("ID", world.company)} }} }}'
    text = f"mutation {{ createPerson(data: {data}{conflict}) {{ id }} }}"
    await rep.write(text)
    await take_events(world.apis)
    assert await rep.outcome(text.replace("new", "newer")) == "CONFLICT"
    assert await take_events(world.apis) == []


@pytest.mark.parametrize(
    ("update", "conflict", "outcome"),
    [
        ([], UPSERTS[0], "CONFLICT"),
        ([], UPSERTS[1], "CONFLICT"),
        ({"only": ["city"]}, UPSERTS[0], "FORBIDDEN"),
        ({"only": ["city"]}, UPSERTS[1], None),
        ({"only": ["city"]}, UPSERTS[2], None),
    ],
)
async def test_an_upsert_of_a_record_that_is_there_needs_the_right_to_what_it_writes(
    world: World, update: Any, conflict: str, outcome: str | None
) -> None:
    await relate(world.apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    rep = await world.rep(company={"read": ALL}, person={"read": ALL, "create": ALL, "update": update})
    data = f'{{ email: "Own@x.org" runs: {{ connect: "{world.company}" }} }}'
    answer = await rep.outcome(f"mutation {{ upsertPerson(data: {data}{conflict}) {{ created }} }}")
    assert answer == (outcome or {"upsertPerson": {"created": False}})


async def test_a_record_is_created_where_none_hangs_without_the_right_to_update(world: World) -> None:
    await relate(world.apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    rep = await world.rep(company={"read": ALL, "update": ALL}, person={"read": ALL, "create": ALL})
    text = f'mutation {{ updateCompany(id: "{world.company}" data: {{ boss: {{ VERB }} }}) {{ boss {{ email }} }} }}'
    made = text.replace("VERB", 'create: { email: "boss" }')
    assert await rep.write(made) == {"updateCompany": {"boss": {"email": "boss"}}}
    await take_events(world.apis)
    assert await rep.outcome(made.replace('boss"', 'other"')) == "CONFLICT"
    assert await rep.outcome(text.replace("VERB", "disconnect: true")) == "FORBIDDEN"
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
    assert refused["message"] == (
        "The role 'rep' does not read 'person' in all Company People, and may not write records by 'advisers'."
    )
    assert await take_events(world.apis) == []
    rep = await world.rep(
        company={"read": ALL, "update": ALL}, person={"read": ALL}, companyPerson={**link, "read": ALL}
    )
    await rep.write(text)


@pytest.mark.parametrize(
    "rights",
    [{"person": HIDDEN_LINK}, {"company": {"read": {"rule": {"name": {"neq": "Acme"}}}}}],
    ids=["an unread key", "an unread target"],
)
async def test_a_write_does_not_tell_that_a_record_has_the_key_of_a_deleted_one(
    world: World, rights: dict[str, Any]
) -> None:
    rep = await world.rep(**rights)
    await world.apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=world.company)
    await take_events(world.apis)
    data = f'{{ companyId: "{world.company}" }}'
    for given in (f'id: "{world.own}" data: {data}', f'where: {{ email: "Own@x.org" }} data: {data}'):
        refused = await rep.refusal(f"mutation {{ updatePerson({given}) {{ id }} }}")
        assert refused["message"] == "There is no Company to connect 'company' to."
    assert await take_events(world.apis) == []
