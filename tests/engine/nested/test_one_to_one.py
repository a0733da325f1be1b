"""Nested writes of one-to-one relations, from the end that holds the key and from the other."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import (
    briefs,
    check_refused,
    create,
    create_text,
    in_one,
    relate,
    update,
    update_text,
    writes_of,
)
from tests.engine.records import NOBODY, take_events

BOSS = "id name boss { id email }"
RUNS = "id email runs { id name }"


@pytest.fixture
async def led(apis: Apis) -> Apis:
    """Each person may run one company, which has one boss."""
    await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    return apis


async def boss_of(apis: Apis, company: str) -> str | None:
    answer = await apis.data("query ($id: UUID!) { company(id: $id) { boss { email } } }", id=company)
    boss = answer["company"]["boss"]
    return boss and str(boss["email"])


async def test_create_from_both_ends(led: Apis) -> None:
    led.database.log.steps.clear()
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    assert acme["boss"]["email"] == "a"
    assert writes_of(led) == in_one("insert company", "insert person")
    bob = await create(led, "person", RUNS, email="b", runs={"create": {"name": "Blue"}})
    assert bob["runs"]["name"] == "Blue"
    assert writes_of(led) == in_one("insert company", "insert person")
    # The one that was there is released.
    await take_events(led)
    new = await update(led, "company", acme["id"], BOSS, boss={"create": {"email": "c"}})
    assert new["boss"]["email"] == "c"
    found = await briefs(led)
    assert found == [
        ("updated", "company", acme["id"]),
        ("updated", "person", acme["boss"]["id"]),
        ("created", "person", new["boss"]["id"]),
    ]


@pytest.mark.long
@pytest.mark.parametrize("way", ["id", "where"])
async def test_connect_takes_the_target_from_its_holder(led: Apis, way: str) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    blue = await create(led, "company", BOSS, name="Blue", boss={"create": {"email": "b"}})
    ada, bob = acme["boss"]["id"], blue["boss"]["id"]
    await take_events(led)
    target: Any = ada if way == "id" else {"where": {"email": "a"}}
    moved = await update(led, "company", blue["id"], BOSS, boss={"connect": target})
    assert moved["boss"]["id"] == ada
    assert await boss_of(led, acme["id"]) is None
    # The person that gave the place up, and the one that took it; nobody is written twice.
    assert sorted((await briefs(led))[1:]) == sorted([("updated", "person", bob), ("updated", "person", ada)])

    target = acme["id"] if way == "id" else {"where": {"id": acme["id"]}}
    first = await update(led, "person", bob, RUNS, runs={"connect": target})
    assert first["runs"]["name"] == "Acme"
    assert await briefs(led) == [("updated", "person", bob)]
    taken = await update(led, "person", ada, RUNS, runs={"connect": target})
    assert taken["runs"]["name"] == "Acme"
    assert await briefs(led) == [("updated", "person", bob), ("updated", "person", ada)]
    assert await boss_of(led, blue["id"]) is None
    made = await create(led, "person", RUNS, email="c", runs={"connect": target})
    assert made["runs"]["name"] == "Acme"
    assert await boss_of(led, acme["id"]) == "c"


@pytest.mark.parametrize("way", ["id", "where"])
@pytest.mark.parametrize("verb", ["upsertPerson", "createPerson"])
async def test_connect_of_an_upsert_takes_the_target_from_its_holder(led: Apis, way: str, verb: str) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    await create(led, "person", email="c")
    target: Any = acme["id"] if way == "id" else {"where": {"id": acme["id"]}}
    answer = f"record {{ {RUNS} }}" if verb == "upsertPerson" else RUNS
    text = f"mutation ($d: PersonInput!) {{ {verb}(data: $d, onConflict: {{ CHOICES }}) {{ {answer} }} }}"
    by_email = text.replace("CHOICES", "fields: [email]")
    for email in "bc":
        await led.data(by_email, d={"email": email, "runs": {"connect": target}})
        assert await boss_of(led, acme["id"]) == email
    # The record that is there keeps its relations, so none is taken.
    kept = text.replace("CHOICES", "fields: [email] update: [city]")
    await led.data(kept, d={"email": "a", "runs": {"connect": target}})
    assert await boss_of(led, acme["id"]) == "c"


async def test_an_upsert_that_is_found_in_other_ways_takes_nothing(led: Apis) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    text = "mutation ($d: PersonInput!) { upsertPerson(data: $d ARGUMENTS) { created } }"
    reviving = text.replace("ARGUMENTS", "onConflict: { fields: [email] revive: true }")
    error = await led.error(reviving, d={"email": "b", "runs": {"connect": acme["id"]}})
    assert error["extensions"]["code"] == "CONFLICT"
    # The relation is the unique key that the record is found by.
    for number, arguments in enumerate(("", "onConflict: { fields: [runs] }")):
        data = {"email": str(number), "runs": {"connect": acme["id"]}}
        found = await led.data(text.replace("ARGUMENTS", arguments), d=data)
        assert found == {"upsertPerson": {"created": False}}
        assert await boss_of(led, acme["id"]) == str(number)


async def test_connect_to_what_is_there_already(led: Apis) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    await take_events(led)
    same = await update(led, "company", acme["id"], BOSS, boss={"connect": acme["boss"]["id"]})
    assert same == acme
    assert await briefs(led) == [("updated", "company", acme["id"])]
    again = await update(led, "person", acme["boss"]["id"], RUNS, runs={"connect": acme["id"]})
    assert again["runs"]["name"] == "Acme"
    assert await briefs(led) == [("updated", "person", acme["boss"]["id"])]


async def test_the_key_itself_takes_nothing(led: Apis) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    error = await led.error(create_text("person"), d={"email": "b", "runsId": acme["id"]})
    assert error["extensions"]["code"] == "CONFLICT"


async def test_swap(led: Apis) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    blue = await create(led, "company", BOSS, name="Blue", boss={"create": {"email": "b"}})
    await update(led, "company", acme["id"], people={"connect": [acme["boss"]["id"], blue["boss"]["id"]]})
    swap = [
        {"id": acme["boss"]["id"], "data": {"runs": {"connect": blue["id"]}}},
        {"id": blue["boss"]["id"], "data": {"runs": {"connect": acme["id"]}}},
    ]
    await update(led, "company", acme["id"], people={"update": swap})
    assert (await boss_of(led, acme["id"]), await boss_of(led, blue["id"])) == ("b", "a")


async def test_disconnect_and_update(led: Apis) -> None:
    acme = await create(led, "company", BOSS, name="Acme", boss={"create": {"email": "a"}})
    await take_events(led)
    changed = await update(led, "company", acme["id"], BOSS, boss={"update": {"email": "a2"}})
    assert changed["boss"] == {"id": acme["boss"]["id"], "email": "a2"}
    gone = await update(led, "company", acme["id"], BOSS, boss={"disconnect": True})
    assert gone["boss"] is None
    for verb in ({"disconnect": True}, {"disconnect": False}, {}):
        assert (await update(led, "company", acme["id"], BOSS, boss=verb))["boss"] is None
    path: list[str | int] = ["data", "boss", "update"]
    message = "'boss' leads to no record to update."
    data: Any = {"boss": {"update": {"email": "x"}}}
    await check_refused(led, update_text("company"), "NOT_FOUND", message, path, id=acme["id"], d=data)
    missing = f"There is no Person with the id {NOBODY} to connect."
    data = {"boss": {"connect": NOBODY}}
    await check_refused(led, create_text("company"), "NOT_FOUND", missing, ["data", "boss", "connect"], d=data)


@pytest.mark.long
async def test_a_required_key_cannot_be_emptied(apis: Apis) -> None:
    required: Any = {"isNullable": False, "settings": {"onDelete": "CASCADE"}}
    await relate(apis, "activity", "chief", "person", "task", type="ONE_TO_ONE", **required)
    await relate(apis, "opportunity", "owner", "person", "owned", **required)
    rows: Any = {"task": {"create": {"title": "t"}}, "owned": {"create": [{"name": "o"}]}}
    ada = await create(apis, "person", "id task { id } owned { edges { node { id } } }", email="a", **rows)
    owned = ada["owned"]["edges"][0]["node"]["id"]
    text = update_text("person")
    message = "'{}' cannot be disconnected: each {} needs its '{}'. Use delete, or connect it to another record."
    chief, owner = message.format("task", "Activity", "chief"), message.format("owned", "Opportunity", "owner")
    data: Any
    path: list[str | int] = ["data", "task", "disconnect"]
    await check_refused(apis, text, "BAD_USER_INPUT", chief, path, id=ada["id"], d={"task": {"disconnect": True}})
    for verb in ("disconnect", "set"):
        data = {"owned": {verb: [owned]}}
        await check_refused(apis, text, "BAD_USER_INPUT", owner, ["data", "owned", verb], id=ada["id"], d=data)
    bob = await create(apis, "person", "id owned { totalCount }", email="b", owned={"connect": [owned]})
    assert bob["owned"]["totalCount"] == 1
    gone = "'owner' is required, so it cannot be disconnected: connect it to another record, or delete this one."
    data = {"owner": {"disconnect": True}, "company": {"create": {}}}
    await check_refused(apis, update_text("opportunity"), "BAD_USER_INPUT", gone, ["data", "owner"], id=owned, d=data)
    missing: list[str | int] = ["data", "opportunities", "create", 0, "owner"]
    data = {"opportunities": {"create": [{"name": "x"}]}}
    await check_refused(apis, text, "BAD_USER_INPUT", "Field 'owner' is required", missing, id=bob["id"], d=data)
    left = await update(apis, "person", bob["id"], "owned { totalCount }", owned={"delete": [owned]})
    assert left["owned"]["totalCount"] == 0
