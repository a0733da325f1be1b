"""Upserts of a role with the records of relations: each branch, and each branch of `connectOrCreate`, has its right."""

from typing import Any

import pytest

from tests.engine.access.world import ALL, BERLIN, NOT_ROME, World
from tests.engine.racing import race
from tests.engine.records import take_events

RIGHTS: dict[str, Any] = {"read": {"rule": NOT_ROME}, "create": {"check": BERLIN}, "update": {"rule": BERLIN}}
WRITES: dict[str, Any] = {"read": ALL, "create": ALL, "update": ALL}
NEW = 'company: { create: { name: "New" } }'


def upsert(data: str, more: str = "") -> str:
    return (
        f"mutation {{ upsertPerson(data: {{ {data} }} onConflict: {{ fields: [email] {more} }})"
        " { created record { city jobTitle company { name } } } }"
    )


async def refused(world: World, text: str, **rights: dict[str, Any]) -> dict[str, Any]:
    """The error of an upsert, which writes nothing."""
    rep = await world.rep(**rights)
    error = await rep.refusal(text)
    assert await take_events(world.apis) == []
    return error


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('email: "Own@x.org" jobTitle: "x"', None),
        ('email: "Own@x.org" city: "Paris"', "FORBIDDEN"),
        ('email: "Read@x.org" city: "Berlin"', "CONFLICT"),
        ('email: "Hidden@x.org" city: "Berlin"', "CONFLICT"),
        ('email: "new@x.org" city: "Berlin"', None),
        ('email: "new@x.org" city: "Rome"', "FORBIDDEN"),
        ('email: "Hidden@x.org" city: "Rome"', "FORBIDDEN"),
    ],
    ids=["own", "own leaves", "readable", "hidden", "new", "new elsewhere", "a check before a key"],
)
async def test_each_branch_has_its_right(world: World, data: str, code: str | None) -> None:
    text = upsert(f"{data} {NEW}")
    if code is not None:
        assert (await refused(world, text, person=RIGHTS))["extensions"]["code"] == code
        return
    rep = await world.rep(person=RIGHTS)
    done = (await rep.write(text))["upsertPerson"]
    assert (done["created"], done["record"]["company"]) == ("new@" in data, {"name": "New"})
    assert len(await take_events(world.apis)) == 2


async def test_a_hidden_record_is_answered_as_one_that_may_not_be_changed(world: World) -> None:
    texts = [upsert(f'email: "{name}@x.org" city: "Berlin" {NEW}') for name in ("Read", "Hidden")]
    readable, hidden = [await refused(world, text, person=RIGHTS) for text in texts]
    assert str(readable).replace("Read@", "Hidden@") == str(hidden)


@pytest.mark.parametrize(
    ("rights", "email", "code"),
    [
        ({"create": ALL}, "new", None),
        ({"create": ALL}, "Own", "CONFLICT"),
        ({"update": ALL}, "Own", None),
        ({"update": ALL}, "new", "FORBIDDEN"),
        ({"create": {"allBut": ["jobTitle"]}, "update": ALL}, "Own", None),
        ({"create": {"allBut": ["jobTitle"]}, "update": ALL}, "new", "FORBIDDEN"),
        ({"create": ALL, "update": {"allBut": ["jobTitle"]}}, "Own", "FORBIDDEN"),
        ({"create": ALL, "update": {"allBut": ["jobTitle"]}}, "new", None),
        ({"create": ALL, "update": {"allBut": ["email"]}}, "Own", None),
        ({"create": {"allBut": ["company"]}, "update": {"only": ["company"]}}, "Own", "FORBIDDEN"),
    ],
)
async def test_the_branch_that_is_taken_needs_its_right(
    world: World, rights: dict[str, Any], email: str, code: str | None
) -> None:
    text = upsert(f'email: "{email}@x.org" jobTitle: "x" {NEW}')
    if code is not None:
        error = await refused(world, text, person={"read": ALL, **rights})
        assert error["extensions"]["code"] == code
        return
    rep = await world.rep(person={"read": ALL, **rights})
    assert (await rep.write(text))["upsertPerson"]["record"]["jobTitle"] == "x"


async def test_the_refusal_names_the_field_and_its_place(world: World) -> None:
    rights = {"read": ALL, "create": {"allBut": ["jobTitle"]}, "update": ALL}
    text = f'mutation {{ upsertPeople(data: [{{ email: "Own@x.org" {NEW} }} {{ email: "n@x.org" jobTitle: "x" {NEW} }}]'
    error = await refused(world, f"{text} onConflict: {{ fields: [email] }}) {{ created }} }}", person=rights)
    assert error["extensions"]["input"] == ["data", 1, "jobTitle"]
    assert error["path"] == ["upsertPeople"]


async def test_presets_of_either_branch(world: World) -> None:
    rep = await world.rep(
        person={
            "read": ALL,
            "create": {"preset": {"city": "$principal.city"}},
            "update": {"preset": {"jobTitle": "seen"}},
        }
    )
    made = (await rep.write(upsert(f'email: "new@x.org" {NEW}')))["upsertPerson"]["record"]
    assert (made["city"], made["jobTitle"]) == ("Berlin", None)
    changed = (await rep.write(upsert(f'email: "Read@x.org" {NEW}')))["upsertPerson"]["record"]
    assert (changed["city"], changed["jobTitle"]) == ("Paris", "seen")


@pytest.mark.parametrize(
    ("company", "email", "code"),
    [
        ({"read": ALL, "update": ALL}, "new", "FORBIDDEN"),
        ({"read": ALL, "update": ALL}, "Own", "FORBIDDEN"),
        ({"read": ALL, "create": {"check": {"name": {"eq": "New"}}}}, "Own", None),
        ({"read": ALL, "create": {"check": {"name": {"neq": "New"}}}}, "Own", "FORBIDDEN"),
    ],
)
async def test_the_records_of_relations_need_their_rights(
    world: World, company: dict[str, Any], email: str, code: str | None
) -> None:
    text, rights = upsert(f'email: "{email}@x.org" {NEW}'), {"person": WRITES, "company": company}
    if code is None:
        await (await world.rep(**rights)).write(text)
    else:
        assert (await refused(world, text, **rights))["extensions"]["code"] == code


async def test_without_changes_a_record_is_found_under_the_rule_of_updates(world: World) -> None:
    rep = await world.rep(person=RIGHTS)
    done = await rep.write(upsert(f'email: "Own@x.org" city: "Berlin" {NEW}', "update: []"))
    assert done["upsertPerson"] == {
        "created": False,
        "record": {"city": "Berlin", "jobTitle": None, "company": {"name": "Acme"}},
    }
    error = await refused(world, upsert(f'email: "Read@x.org" city: "Berlin" {NEW}', "update: []"), person=RIGHTS)
    assert error["extensions"]["code"] == "CONFLICT"


ACME_ONLY = {"name": {"eq": "Acme"}}


@pytest.mark.parametrize(
    ("company", "is_there", "code"),
    [
        ({"read": ALL}, True, None),
        ({"read": ALL}, False, "FORBIDDEN"),
        ({"read": ALL, "create": {"allBut": ["name"]}}, True, None),
        ({"read": ALL, "create": {"allBut": ["name"]}}, False, "FORBIDDEN"),
        ({"read": ALL, "create": {"check": ACME_ONLY}}, False, "FORBIDDEN"),
        ({"read": ALL, "create": {"check": {"name": {"eq": "New"}}}}, False, None),
        ({"read": {"rule": {"name": {"neq": "Acme"}}}, "create": ALL}, True, "CONFLICT"),
        ({"read": {"rule": {"name": {"neq": "Acme"}}}, "create": {"check": ACME_ONLY}}, True, "FORBIDDEN"),
    ],
    ids=[
        "found", "absent and never made", "found and its data not allowed", "absent and its data not allowed",
        "absent and against the check", "made", "hidden", "hidden and against the check",
    ],
)  # fmt: skip
async def test_connect_or_create_needs_the_right_to_create_where_it_creates(
    world: World, company: dict[str, Any], is_there: bool, code: str | None
) -> None:
    id_ = world.company if is_there else world.own
    one = f'connectOrCreate: {{ where: {{ id: "{id_}" }} create: {{ id: "{id_}" name: "New" }} }}'
    text = f'mutation {{ createPerson(data: {{ email: "n@x.org" company: {{ {one} }} }}) {{ company {{ name }} }} }}'
    if code is not None:
        assert (await refused(world, text, company=company))["extensions"]["code"] == code
        return
    rep = await world.rep(company=company)
    assert await rep.write(text) == {"createPerson": {"company": {"name": "Acme" if is_there else "New"}}}


@pytest.mark.parametrize(
    ("city", "expected"),
    [("Berlin", None), ("Paris", "CONFLICT"), ("Rome", "CONFLICT")],
    ids=["stays", "leaves the rule", "leaves the readable ones"],
)
async def test_a_record_that_another_client_changes_meanwhile(
    world: World, world_dsn: str, city: str, expected: str | None
) -> None:
    """The upsert has found its record, and waits for it."""
    rep = await world.rep(person=RIGHTS)
    asking = rep.outcome(upsert(f'email: "Own@x.org" city: "Berlin" {NEW}'))
    answer = await race(world_dsn, asking, "city = %s", city, email="Own@x.org")
    if expected is not None:
        assert answer == expected
        assert await take_events(world.apis) == []
        return
    assert answer["upsertPerson"]["created"] is False
