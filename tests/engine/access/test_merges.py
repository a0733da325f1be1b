"""Merges of a role: it updates the record that is kept and all that it moves, and deletes the others."""

from typing import Any

import pytest

from fieldstone.metadata.api_names import find_mutation
from tests.engine.access.world import ALL, BERLIN, NOT_ROME, World
from tests.engine.racing import race
from tests.engine.records import NOBODY, create, take_events
from tests.engine.relations import relate

SEEN: dict[str, Any] = {"read": {"rule": NOT_ROME}}
RIGHTS: dict[str, Any] = {**SEEN, "update": {"rule": BERLIN}, "delete": {"rule": {"city": {"eq": "Paris"}}}}


def merge(ids: list[str], index: int = 0, more: str = "", selection: str = "{ id city jobTitle }") -> str:
    listed = " ".join(f'"{id_}"' for id_ in ids)
    return f"mutation {{ mergePeople(ids: [{listed}] conflictPriorityIndex: {index} {more}) {selection} }}"


async def refused(world: World, text: str, **rights: dict[str, Any]) -> dict[str, Any]:
    """The error of a merge, which writes nothing; a dry run has the same."""
    rep = await world.rep(**rights)
    is_valid = find_mutation(rep.seen, "mergePeople") is not None
    error = await rep.refusal(text, is_valid=is_valid)
    assert await take_events(world.apis) == []
    dry = await rep.refusal(
        text.replace("conflictPriorityIndex", "dryRun: true conflictPriorityIndex"), is_valid=is_valid
    )
    assert {**dry, "locations": []} == {**error, "locations": []}
    return error


async def test_a_merge_of_records_that_the_role_may_change_and_delete(world: World) -> None:
    rep = await world.rep(person=RIGHTS)
    text = merge([world.own, world.read])
    dry = await rep.write(text.replace("conflictPriorityIndex", "dryRun: true conflictPriorityIndex"))
    assert await take_events(world.apis) == []
    assert await rep.write(text) == dry == {"mergePeople": {"id": world.own, "city": "Berlin", "jobTitle": None}}
    assert (await world.people())[world.read]["deletedAt"] is not None


@pytest.mark.parametrize(
    ("rights", "kept", "code", "said"),
    [
        ({**SEEN, "update": ALL, "delete": ALL}, "own", None, ""),
        ({**SEEN, "update": {"rule": BERLIN}, "delete": ALL}, "read", "FORBIDDEN", "may not update this Person"),
        ({**SEEN, "update": ALL, "delete": {"rule": BERLIN}}, "own", "FORBIDDEN", "may not delete this Person"),
        ({**SEEN, "update": ALL}, "own", "FORBIDDEN", "may not merge People"),
        ({**SEEN, "delete": ALL}, "own", "FORBIDDEN", "may not merge People"),
        ({**SEEN, "update": {"allBut": ["city"]}, "delete": ALL}, "own", "FORBIDDEN", "may not merge"),
        ({"read": {"allBut": ["city"]}, "update": ALL, "delete": ALL}, "own", "FORBIDDEN", "may not merge"),
        ({**SEEN, "update": {"preset": {"city": "x"}}, "delete": ALL}, "own", "FORBIDDEN", "may not merge"),
        ({**SEEN, "update": {"check": {"phone": {"eq": "+1"}}}, "delete": ALL}, "own", None, ""),
        ({**SEEN, "update": {"check": {"phone": {"is": "NULL"}}}, "delete": ALL}, "own", "FORBIDDEN", "check"),
        ({**SEEN, "update": [{"rule": {"city": {"eq": "x"}}}, {"check": BERLIN}], "delete": ALL}, "own", None, ""),
        ({**SEEN, "update": [{"rule": BERLIN, "check": {"phone": {"is": "NULL"}}},
                             {"rule": {"city": {"eq": "x"}}, "check": {}}],
          "delete": ALL}, "own", "FORBIDDEN", "check"),
    ],
)  # fmt: skip
async def test_each_record_needs_its_right(
    world: World, rights: dict[str, Any], kept: str, code: str | None, said: str
) -> None:
    await world.apis.data(f'mutation {{ updatePerson(id: "{world.read}" data: {{ phone: "+1" }}) {{ id }} }}')
    await take_events(world.apis)
    text = merge([world.own, world.read], 0 if kept == "own" else 1)
    if code is None:
        await (await world.rep(person=rights)).write(text)
        assert (await world.people())[world.read]["deletedAt"] is not None
        return
    error = await refused(world, text, person=rights)
    assert error["extensions"]["code"] == code
    assert said in error["message"]


async def test_a_hidden_record_is_absent(world: World) -> None:
    hidden = await refused(world, merge([world.own, world.hidden]), person=RIGHTS)
    absent = await refused(world, merge([world.own, NOBODY]), person=RIGHTS)
    assert hidden["extensions"]["code"] == "NOT_FOUND"
    assert str(hidden).replace(world.hidden, NOBODY) == str(absent)


async def opportunities(world: World, *stages: str, person: str | None = None) -> list[str]:
    made = [
        await create(world.apis, "opportunity", name=stage, stage=stage, personId=person or world.read)
        for stage in stages
    ]
    await take_events(world.apis)
    return made


async def points_to(world: World) -> dict[str, str]:
    answer = await world.apis.data("{ opportunities { edges { node { name personId } } } }")
    return {edge["node"]["name"]: edge["node"]["personId"] for edge in answer["opportunities"]["edges"]}


NEW_ONLY = {"stage": {"eq": "NEW"}}


@pytest.mark.parametrize(
    ("rights", "stages", "code"),
    [
        ({"read": ALL, "update": ALL}, ["NEW", "MEETING"], None),
        ({"read": ALL, "update": {"rule": NEW_ONLY}}, ["NEW"], None),
        ({"read": ALL, "update": {"rule": NEW_ONLY}}, ["NEW", "MEETING"], "FORBIDDEN"),
        ({"read": ALL}, ["NEW"], "FORBIDDEN"),
        ({"read": ALL}, [], None),
        ({"read": ALL, "update": {"only": ["person"]}}, ["NEW"], None),
        ({"read": ALL, "update": {"allBut": ["person"]}}, ["NEW"], "FORBIDDEN"),
        ({"read": ALL, "update": {"allBut": ["person"]}}, [], None),
        ({"read": ALL, "update": [{"allBut": ["person"]}, {"rule": NEW_ONLY}]}, ["NEW"], None),
        ({"read": ALL, "update": [{"allBut": ["person"]}, {"rule": NEW_ONLY}]}, ["MEETING"], "FORBIDDEN"),
        ({"read": ALL, "update": {"check": {"name": {"neq": "NEW"}}}}, ["NEW"], "FORBIDDEN"),
        ({"read": ALL, "update": {"check": {"person": {"city": {"eq": "Berlin"}}}}}, ["NEW"], None),
        ({"read": ALL, "update": {"check": {"person": {"city": {"eq": "Paris"}}}}}, ["NEW"], "FORBIDDEN"),
        ({"read": ALL, "update": {"preset": {"personId": NOBODY}}}, ["NEW"], "FORBIDDEN"),
    ],
)
async def test_a_record_that_is_moved_needs_the_right_to_be_updated(
    world: World, rights: dict[str, Any], stages: list[str], code: str | None
) -> None:
    made = await opportunities(world, *stages)
    text = merge([world.own, world.read])
    if code is None:
        await (await world.rep(opportunity=rights)).write(text)
        assert await points_to(world) == dict.fromkeys(stages, world.own)
        return
    error = await refused(world, text, opportunity=rights)
    assert error["extensions"]["code"] == code
    assert "may not update this Opportunity" in error["message"]
    assert "rows" not in error["extensions"] or error["extensions"]["rows"][0]["id"] in made
    assert await points_to(world) == dict.fromkeys(stages, world.read)


async def test_presets_of_records_that_are_moved(world: World) -> None:
    await opportunities(world, "NEW")
    rep = await world.rep(opportunity={"read": ALL, "update": {"preset": {"stage": "MEETING"}}})
    selection = "{ opportunities { edges { node { name stage } } } }"
    done = await rep.write(merge([world.own, world.read], selection=selection))
    assert done["mergePeople"]["opportunities"]["edges"] == [{"node": {"name": "NEW", "stage": "MEETING"}}]


async def test_hidden_records_are_left_where_they_are(world: World) -> None:
    """The role merges the records that it sees; one that it does not read, or whose key it does not, stays."""
    await opportunities(world, "NEW", "MEETING")
    rep = await world.rep(opportunity={"read": {"rule": NEW_ONLY}, "update": ALL})
    await rep.write(merge([world.own, world.read]))
    assert await points_to(world) == {"NEW": world.own, "MEETING": world.read}
    third = await create(world.apis, "person", email="t@x.org", city="Berlin")
    for rights in ({}, {"read": {"allBut": ["person"]}, "update": {"only": ["name"]}}, {"create": ALL}):
        await (await world.rep(opportunity=rights)).write(merge([third, world.own], more="dryRun: true"))
    await (await world.rep(opportunity={"read": {"allBut": ["person"]}})).write(merge([third, world.own]))
    assert await points_to(world) == {"NEW": world.own, "MEETING": world.read}


async def test_deleted_records_are_moved_by_roles_that_read_them(world: World) -> None:
    (id_,) = await opportunities(world, "NEW")
    await world.apis.data(f'mutation {{ deleteOpportunity(id: "{id_}") {{ id }} }}')
    everything = "{ opportunities(filter: { deletedAt: { is: NOT_NULL } }) { edges { node { personId } } } }"
    third = await create(world.apis, "person", email="t@x.org")
    rep = await world.rep(opportunity={"read": ALL, "update": ALL})
    await rep.write(merge([third, world.read]))
    (edge,) = (await world.apis.data(everything))["opportunities"]["edges"]
    assert edge["node"]["personId"] == world.read
    await world.apis.data(f'mutation {{ restorePerson(id: "{world.read}") {{ id }} }}')
    rep = await world.rep(opportunity={"read": ALL, "update": ALL, "restore": ALL})
    await rep.write(merge([world.own, world.read]))
    (edge,) = (await world.apis.data(everything))["opportunities"]["edges"]
    assert edge["node"]["personId"] == world.own


async def test_a_second_link_needs_the_right_to_be_deleted(world: World) -> None:
    await relate(world.apis, "person", "projects", "company", "staff", type="MANY_TO_MANY")
    for person in (world.own, world.read):
        await create(world.apis, "personCompany", personId=person, companyId=world.company)
    await take_events(world.apis)
    text = merge([world.own, world.read], selection="{ projects { totalCount } }")
    error = await refused(world, text, personCompany={"read": ALL, "update": ALL})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "may not delete this" in error["message"]
    rep = await world.rep(personCompany={"read": ALL, "update": ALL, "delete": ALL})
    assert await rep.write(text) == {"mergePeople": {"projects": {"totalCount": 1}}}


async def test_hidden_partners_and_links_are_taken_keys(world: World) -> None:
    """Where no record is hidden, a second link would go, and a second partner stay: the role must see no such thing."""
    await relate(world.apis, "activity", "owner", "person", "desk", type="ONE_TO_ONE")
    await relate(world.apis, "person", "projects", "company", "staff", type="MANY_TO_MANY")
    text = merge([world.own, world.read])
    for name, column in (("activity", "ownerId"), ("personCompany", "personId")):
        more = {"companyId": world.company} if name == "personCompany" else {}
        hidden = await create(world.apis, name, **{column: world.own, **more})
        await create(world.apis, name, **{column: world.read, **more})
        await take_events(world.apis)
        rule = {"id": {"neq": hidden}}
        rep = await world.rep(**{name: {"read": {"rule": rule}, "update": ALL, "delete": ALL}})
        assert (await rep.refusal(text))["extensions"]["code"] == "CONFLICT"
        assert await take_events(world.apis) == []
        await world.apis.data(f'mutation {{ delete{name[0].upper()}{name[1:]}(id: "{hidden}") {{ id }} }}')
        await take_events(world.apis)
    rep = await world.rep(activity={"read": ALL, "update": ALL}, personCompany={"read": ALL, "update": ALL})
    await rep.write(text)


async def test_a_key_that_is_read_in_some_records_only_is_refused(world: World) -> None:
    ways = [{"rule": NEW_ONLY}, {"allBut": ["person"]}]
    error = await refused(world, merge([world.own, world.read]), opportunity={"read": ways, "update": ALL})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "reads 'person' of some Opportunities only" in error["message"]


async def test_no_unique_key_answers_before_the_rights(world: World) -> None:
    """The values of the merge are taken by another record, and a record that it moves may not be changed."""
    snapshot = await world.apis.snapshot()
    city = snapshot.by_singular["opportunity"].by_name
    given = {
        "objectMetadataId": str(snapshot.by_singular["opportunity"].id),
        "fieldMetadataIds": [str(city[name].id) for name in ("person", "name")],
        "isUnique": True,
    }
    await world.apis.send(
        "mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }", {"i": given}, api=world.apis.metadata
    )
    await opportunities(world, "NEW", "MEETING")
    await opportunities(world, "NEW", person=world.own)
    text = merge([world.own, world.read])
    rep = await world.rep(opportunity={"read": ALL, "update": ALL})
    assert (await rep.refusal(text))["extensions"]["code"] == "CONFLICT"
    error = await refused(world, text, opportunity={"read": ALL, "update": {"rule": NEW_ONLY}})
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("city", "expected"),
    [("Berlin", None), ("Paris", "FORBIDDEN"), ("Rome", "NOT_FOUND")],
    ids=["stays", "leaves the rule", "leaves the readable ones"],
)
async def test_a_record_that_another_client_changes_meanwhile(
    world: World, world_dsn: str, city: str, expected: str | None
) -> None:
    rep = await world.rep(person=RIGHTS)
    asking = rep.outcome(merge([world.own, world.read]))
    answer = await race(world_dsn, asking, "city = %s", city, email="Own@x.org")
    if expected is None:
        assert answer["mergePeople"]["city"] == "Berlin"
    else:
        assert answer == expected
        assert await take_events(world.apis) == []


async def test_a_record_that_moves_between_two_permitted_companies_meanwhile(world: World, world_dsn: str) -> None:
    """The newest version is judged, by the company that it leads to now."""
    other = await create(world.apis, "company", name="Acme Two")
    at_acme = {"company": {"name": {"startsWith": "Acme"}}}
    rep = await world.rep(person={"read": {"rule": at_acme}, "update": {"rule": at_acme}, "delete": ALL})
    asking = rep.outcome(merge([world.own, world.read]))
    answer = await race(world_dsn, asking, '"companyId" = %s', other, email="Own@x.org")
    assert answer["mergePeople"]["id"] == world.own


async def test_the_schema_offers_a_merge_to_roles_that_may(world: World) -> None:
    text = merge([world.own, world.read])
    assert (await (await world.rep(person=RIGHTS)).write(text, is_valid=False))["mergePeople"]["id"] == world.own
    rep = await world.rep(person={**SEEN, "update": ALL})
    error = await rep.refusal(text, is_valid=False)
    assert (error["extensions"]["code"], error["message"]) == ("FORBIDDEN", "The role 'rep' may not merge People.")
