"""Upserts of a role: each branch needs its own right, and a record that may not be changed keeps its keys."""

from typing import Any

import pytest

from tests.engine.access.world import ALL, BERLIN, NOT_ROME, World
from tests.engine.records import take_events

RIGHTS: dict[str, Any] = {"read": {"rule": NOT_ROME}, "create": {"check": BERLIN}, "update": {"rule": BERLIN}}


def upsert(data: str, more: str = "", selection: str = "{ created record { firstName city jobTitle } }") -> str:
    return f"mutation {{ upsertPerson(data: {{ {data} }} {more}) {selection} }}"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('email: "Own@x.org" jobTitle: "x"', None),
        ('email: "Own@x.org" city: "Paris"', "FORBIDDEN"),
        ('email: "Read@x.org" jobTitle: "x" city: "Berlin"', "CONFLICT"),
        ('email: "Hidden@x.org" jobTitle: "x" city: "Berlin"', "CONFLICT"),
        ('email: "new@x.org" city: "Berlin"', None),
        ('email: "new@x.org" city: "Rome"', "FORBIDDEN"),
        ('email: "Hidden@x.org" city: "Rome"', "FORBIDDEN"),
    ],
    ids=["own", "own leaves", "readable", "hidden", "new", "new elsewhere", "a check before a key"],
)
@pytest.mark.parametrize("many", [False, True])
async def test_each_branch_has_its_right(world: World, data: str, code: str | None, many: bool) -> None:
    rep = await world.rep(person=RIGHTS)
    text = f"mutation {{ upsertPeople(data: [{{ {data} }}]) {{ created }} }}" if many else upsert(data)
    if code is None:
        await rep.write(text)
        assert len(await take_events(world.apis)) == 1
        return
    refused = await rep.refusal(text)
    assert refused["extensions"]["code"] == code
    assert await take_events(world.apis) == []


async def test_a_key_of_a_hidden_record_is_taken_as_one_of_a_readable_record(world: World) -> None:
    rep = await world.rep(person=RIGHTS)
    texts = [
        upsert(f'email: "{name}@x.org" city: "Berlin"', "onConflict: { fields: [email] }")
        for name in ("Read", "Hidden")
    ]
    readable, hidden = [await rep.refusal(text) for text in texts]
    assert str(readable).replace("Read@", "Hidden@") == str(hidden)


async def test_the_ids_of_hidden_records_are_not_told(world: World) -> None:
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, "create": ALL, "update": ALL})
    refused = await rep.refusal(upsert(f'id: "{world.own}" email: "Hidden@x.org"'))
    assert refused["extensions"]["code"] == "CONFLICT"
    assert world.hidden not in str(refused)
    whole = await rep.refusal(upsert(f'id: "{world.own}" email: "Read@x.org"'))
    assert str(whole).replace("Read@", "Hidden@") == str(refused)


async def test_a_branch_without_a_right_is_refused(world: World) -> None:
    changes = await world.rep(person={"read": ALL, "update": ALL})
    await changes.write(upsert('email: "Own@x.org" jobTitle: "x"'))
    assert (await changes.refusal(upsert('email: "new@x.org"')))["extensions"]["code"] == "FORBIDDEN"
    creates = await world.rep(person={"read": ALL, "create": ALL})
    await creates.write(upsert('email: "new@x.org"'))
    assert (await creates.refusal(upsert('email: "Own@x.org"')))["extensions"]["code"] == "CONFLICT"
    none = await world.rep(person={"read": ALL})
    refused = await none.refusal(upsert('email: "Own@x.org"'), is_valid=False)
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_presets_of_both_branches(world: World) -> None:
    rights: dict[str, Any] = {
        "read": ALL,
        "create": {"preset": {"city": "$principal.city", "jobTitle": "made"}},
        "update": {"preset": {"jobTitle": "changed"}, "allBut": ["city"]},
    }
    rep = await world.rep(person=rights)
    made = await rep.write(upsert('email: "new@x.org" firstName: "N"'))
    assert made["upsertPerson"] == {"created": True, "record": {"firstName": "N", "city": "Berlin", "jobTitle": "made"}}
    text = upsert('email: "Hidden@x.org" firstName: "H"')
    changed = await rep.write(text)
    assert changed["upsertPerson"] == {
        "created": False,
        "record": {"firstName": "H", "city": "Rome", "jobTitle": "changed"},
    }


async def test_a_key_that_a_record_has_already_needs_no_right(world: World) -> None:
    rep = await world.rep(person={"read": ALL, "create": {"only": ["email", "city"]}, "update": {"only": ["jobTitle"]}})
    conflict = "onConflict: { fields: [email] }"
    await rep.write(upsert('email: "Own@x.org" jobTitle: "x"', conflict))
    refused = await rep.refusal(upsert('email: "Own@x.org" firstName: "x"', conflict))
    assert (refused["extensions"]["code"], refused["extensions"]["field"]) == ("FORBIDDEN", "firstName")
    refused = await rep.refusal(upsert('email: "new@x.org" jobTitle: "x"', conflict))
    assert refused["extensions"]["code"] == "FORBIDDEN"
    refused = await rep.refusal(upsert('email: "Own@x.org" city: "x"', conflict))
    assert refused["extensions"]["code"] == "FORBIDDEN"
    await rep.write(upsert('email: "new@x.org" city: "x"', conflict))


async def test_the_ways_of_both_branches(world: World) -> None:
    rights: dict[str, Any] = {
        "read": ALL,
        "create": [{"check": BERLIN}, {"only": ["email", "firstName"]}],
        "update": [{"rule": BERLIN}, {"rule": NOT_ROME, "only": ["jobTitle", "email"], "check": {}}],
    }
    rep = await world.rep(person=rights)
    for data, allows in [
        ('email: "a@x.org" firstName: "A"', True),
        ('email: "b@x.org" firstName: "A" city: "Berlin"', True),
        ('email: "c@x.org" firstName: "A" city: "Rome"', False),
        ('email: "Own@x.org" firstName: "A"', True),
        ('email: "Read@x.org" jobTitle: "A"', True),
        ('email: "Read@x.org" firstName: "A"', False),
    ]:
        if allows:
            await rep.write(upsert(data))
        else:
            assert (await rep.refusal(upsert(data)))["extensions"]["code"] == "FORBIDDEN", data


async def test_a_deleted_record_is_revived_by_a_role_that_may_restore_all(world: World) -> None:
    await world.apis.data(f'mutation {{ deletePerson(id: "{world.own}") {{ id }} }}')
    text = upsert('email: "Own@x.org" city: "Berlin"', "onConflict: { fields: [email] revive: true }")
    rep = await world.rep(person={**RIGHTS, "restore": {"rule": BERLIN}})
    refused = await rep.refusal(text)
    assert (refused["extensions"]["code"], refused["message"]) == (
        "FORBIDDEN",
        "The role 'rep' may not restore People.",
    )
    rep = await world.rep(person={**RIGHTS, "restore": ALL})
    assert (await rep.write(text))["upsertPerson"]["created"] is False


async def test_a_key_that_may_not_be_read_finds_no_record(world: World) -> None:
    """It would tell which of the readable records has it."""
    rep = await world.rep(person={"read": {"allBut": ["email"]}, "create": ALL, "update": ALL})
    refused = await rep.refusal(upsert('email: "Own@x.org" jobTitle: "x"'))
    assert refused["extensions"]["code"] == "CONFLICT"
    refused = await rep.refusal(upsert('email: "Own@x.org"', "onConflict: { fields: [email] }"))
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await world.people())[world.own]["jobTitle"] is None


@pytest.mark.parametrize(
    ("rights", "email", "allows"),
    [
        ({"create": {"check": {"people": {"some": BERLIN}}}, "update": ALL}, "x", False),
        ({"create": {"check": {"people": {"some": BERLIN}}}, "update": ALL}, "Acme", True),
        ({"create": ALL, "update": {"check": {"people": {"none": BERLIN}}}}, "x", True),
        ({"create": ALL, "update": {"check": {"people": {"none": BERLIN}}}}, "Acme", False),
    ],
)
async def test_a_check_of_relations_is_of_its_own_branch(
    world: World, rights: dict[str, Any], email: str, allows: bool
) -> None:
    rep = await world.rep(company={"read": ALL, **rights})
    given = f'id: "{world.company}" ' if email == "Acme" else ""
    text = f'mutation {{ upsertCompany(data: {{ {given} name: "N" }}) {{ created }} }}'
    if allows:
        assert await rep.write(text) == {"upsertCompany": {"created": email == "x"}}
    else:
        assert (await rep.refusal(text))["extensions"]["code"] == "FORBIDDEN"
        assert await take_events(world.apis) == []
