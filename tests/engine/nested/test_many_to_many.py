"""Nested writes of many-to-many relations, of fields of the records that link, and of morph relations."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import (
    briefs,
    check_refused,
    create,
    create_text,
    relate,
    relate_to_several,
    update,
    update_text,
    writes_of,
)
from tests.engine.records import NOBODY, take_events

FIELDS = "id advisers(orderBy: { person: { email: ASC } }) { edges { node { id note person { id email city } } } }"


@pytest.fixture
async def advised(apis: Apis) -> Apis:
    """Companies have advisers, which are people; the record that links two has a note."""
    await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY")
    link = (await apis.snapshot()).by_singular["companyPerson"]
    await apis.change(
        "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }",
        i={"objectMetadataId": str(link.id), "name": "note", "label": "Note", "type": "TEXT"},
    )
    return apis


def advisers_of(company: Any) -> list[tuple[str, str | None]]:
    return [(edge["node"]["person"]["email"], edge["node"]["note"]) for edge in company["advisers"]["edges"]]


async def people(apis: Apis, emails: str) -> dict[str, str]:
    return {email: (await create(apis, "person", email=email))["id"] for email in emails}


async def test_create_with_fields_of_the_link(advised: Apis) -> None:
    ids = await people(advised, "a")
    advised.database.log.steps.clear()
    links: list[Any] = [
        {"note": "old", "person": {"connect": ids["a"]}},
        {"note": "new", "person": {"create": {"email": "b", "city": "x"}}},
        {"person": {"connectOrCreate": {"where": {"email": "c"}, "create": {"email": "c"}}}},
    ]
    acme = await create(advised, "company", FIELDS, name="Acme", advisers={"create": links})
    assert advisers_of(acme) == [("a", "old"), ("b", "new"), ("c", None)]
    assert writes_of(advised) == [
        "insert company", "insert person", "find", "insert person", "insert companyPerson", "read",
    ]  # fmt: skip


async def test_connect_and_set_by_a_unique_key_of_the_other_end(advised: Apis) -> None:
    ids = await people(advised, "abc")
    key: Any = lambda email: {"where": {"email": email}}  # noqa: E731
    acme = await create(advised, "company", FIELDS, advisers={"connect": [key("a"), ids["b"], key("a")]})
    assert advisers_of(acme) == [("a", None), ("b", None)]
    await take_events(advised)
    again = await update(advised, "company", acme["id"], FIELDS, advisers={"connect": [key("b"), key("c")]})
    assert [email for email, _ in advisers_of(again)] == ["a", "b", "c"]
    created = [brief for brief in await briefs(advised) if brief[0] == "created"]
    assert len(created) == 1
    left = await update(advised, "company", acme["id"], FIELDS, advisers={"set": [key("c")]})
    assert [email for email, _ in advisers_of(left)] == ["c"]
    wrong = {"advisers": {"connect": [key("nobody")]}}
    message = "There is no Person to connect 'advisers' to."
    path: list[str | int] = ["data", "advisers", "connect", 0]
    await check_refused(advised, update_text("company"), "NOT_FOUND", message, path, id=acme["id"], d=wrong)


async def test_connect_follows_the_changes_of_links(advised: Apis) -> None:
    """Links are looked for where all other verbs have done their work."""
    ids = await people(advised, "abc")
    fields = "id advisers(orderBy: { person: { email: ASC } }) { edges { node { id note person { id email } } } }"
    acme = await create(advised, "company", fields, advisers={"connect": [ids["a"]]})
    (link,) = [edge["node"]["id"] for edge in acme["advisers"]["edges"]]
    moved: Any = {"update": [{"id": link, "data": {"person": {"connect": ids["b"]}}}], "connect": [ids["a"]]}
    answer = await update(advised, "company", acme["id"], fields, advisers=moved)
    assert advisers_of(answer) == [("a", None), ("b", None)]
    link = answer["advisers"]["edges"][1]["node"]["id"]
    there: Any = {
        "update": [{"id": link, "data": {"note": "x", "person": {"connect": ids["c"]}}}],
        "connect": [ids["c"]],
    }
    answer = await update(advised, "company", acme["id"], fields, advisers=there)
    assert advisers_of(answer) == [("a", None), ("c", "x")]
    again: Any = {"disconnect": [link], "connect": [ids["c"]]}
    answer = await update(advised, "company", acme["id"], fields, advisers=again)
    assert advisers_of(answer) == [("a", None), ("c", None)]


async def test_connect_names_the_other_end(advised: Apis) -> None:
    ids = await people(advised, "abc")
    advised.database.log.steps.clear()
    acme = await create(advised, "company", FIELDS, advisers={"connect": [ids["a"], ids["b"].upper()]})
    assert advisers_of(acme) == [("a", None), ("b", None)]
    assert writes_of(advised) == ["insert company", "insert companyPerson", "read"]
    await take_events(advised)
    more = await update(advised, "company", acme["id"], FIELDS, advisers={"connect": [ids["b"], ids["c"]]})
    assert [email for email, _ in advisers_of(more)] == ["a", "b", "c"]
    assert writes_of(advised) == ["update company", "find", "insert companyPerson", "read"]
    made = more["advisers"]["edges"][2]["node"]["id"]
    assert await briefs(advised) == [("updated", "company", acme["id"]), ("created", "companyPerson", made)]
    other = "id advises { edges { node { company { id } } } }"
    person = await update(advised, "person", ids["a"], other, advises={"connect": [acme["id"]]})
    assert person["advises"]["edges"] == [{"node": {"company": {"id": acme["id"]}}}]


@pytest.mark.parametrize("verb", ["disconnect", "delete"])
async def test_a_link_is_deleted_softly_and_made_again(advised: Apis, verb: str) -> None:
    ids = await people(advised, "ab")
    acme = await create(advised, "company", FIELDS, advisers={"connect": list(ids.values())})
    links = {edge["node"]["person"]["email"]: edge["node"]["id"] for edge in acme["advisers"]["edges"]}
    await take_events(advised)
    # By the other end, or by the record that links.
    left = await update(advised, "company", acme["id"], FIELDS, advisers={verb: [ids["a"]]})
    assert [email for email, _ in advisers_of(left)] == ["b"]
    none = await update(advised, "company", acme["id"], FIELDS, advisers={verb: [links["b"]]})
    assert advisers_of(none) == []
    gone = [event for event in await briefs(advised) if event[1] == "companyPerson"]
    assert gone == [("deleted", "companyPerson", links["a"]), ("deleted", "companyPerson", links["b"])]
    assert (await advised.data("{ people { totalCount } }"))["people"]["totalCount"] == 2
    back = await update(advised, "company", acme["id"], FIELDS, advisers={"connect": [ids["a"]]})
    assert back["advisers"]["edges"][0]["node"]["id"] != links["a"]


async def test_set_and_update(advised: Apis) -> None:
    ids = await people(advised, "abcd")
    acme = await create(advised, "company", FIELDS, advisers={"connect": [ids["a"], ids["b"]]})
    blue = await create(advised, "company", FIELDS, advisers={"connect": [ids["a"], ids["c"]]})
    await take_events(advised)
    advised.database.log.steps.clear()
    answer = await update(advised, "company", acme["id"], FIELDS, advisers={"set": [ids["b"], ids["d"]]})
    assert [email for email, _ in advisers_of(answer)] == ["b", "d"]
    assert writes_of(advised) == ["update company", "update companyPerson", "find", "insert companyPerson", "read"]
    found = [(action, name) for action, name, _ in await briefs(advised)]
    assert found == [("updated", "company"), ("deleted", "companyPerson"), ("created", "companyPerson")]
    link = answer["advisers"]["edges"][0]["node"]["id"]
    updates: list[Any] = [
        {"id": ids["d"], "data": {"note": "d"}},
        {"id": link, "data": {"note": "b", "person": {"update": {"city": "x"}}}},
    ]
    changed = await update(advised, "company", acme["id"], FIELDS, advisers={"update": updates})
    assert advisers_of(changed) == [("b", "b"), ("d", "d")]
    assert changed["advisers"]["edges"][0]["node"]["person"]["city"] == "x"
    empty = await update(advised, "company", acme["id"], FIELDS, advisers={"set": []})
    assert advisers_of(empty) == []
    # Those of others stay.
    read = f"query ($id: UUID!) {{ company(id: $id) {{ {FIELDS} }} }}"
    assert advisers_of((await advised.data(read, id=blue["id"]))["company"]) == [("a", None), ("c", None)]


async def test_links_that_are_not_there(advised: Apis) -> None:
    ids = await people(advised, "ab")
    acme = await create(advised, "company", advisers={"connect": [ids["a"]]})
    text = update_text("company")
    for verb, given in (
        ("disconnect", ids["b"]),
        ("delete", NOBODY),
        ("update", {"id": ids["b"], "data": {"note": "x"}}),
    ):
        id_ = given["id"] if isinstance(given, dict) else given
        message = f"There is no record with the id {id_} among 'advisers' to {verb}."
        path: list[str | int] = ["data", "advisers", verb, 0]
        data = {"advisers": {verb: [given]}}
        await check_refused(advised, text, "NOT_FOUND", message, path, id=acme["id"], d=data)
    missing = "There is no Person to connect 'person' to."
    data = {"advisers": {"connect": [NOBODY]}}
    below: list[str | int] = ["data", "advisers", "connect", 0]
    await check_refused(advised, text, "NOT_FOUND", missing, [*below, "person"], id=acme["id"], d=data)
    await check_refused(advised, create_text("company"), "NOT_FOUND", missing, [*below, "person"], d=data)


@pytest.mark.long
async def test_morph_relations(apis: Apis) -> None:
    await relate_to_several(apis, "activity", "owner", ("person", "company"))
    fields = "id ownerPerson { email } ownerCompany { name }"
    call = await create(apis, "activity", fields, title="c", ownerPerson={"create": {"email": "a"}})
    assert (call["ownerPerson"], call["ownerCompany"]) == ({"email": "a"}, None)
    # To create an owner of the other kind is to leave the first.
    moved = await update(apis, "activity", call["id"], fields, ownerCompany={"create": {"name": "Acme"}})
    assert (moved["ownerPerson"], moved["ownerCompany"]) == (None, {"name": "Acme"})
    owned = "id ownedActivities { edges { node { id title ownerCompanyId } } }"
    bob = await create(
        apis, "person", owned, email="b", ownedActivities={"connect": [call["id"]], "create": [{"title": "d"}]}
    )
    assert [edge["node"]["title"] for edge in bob["ownedActivities"]["edges"]] == ["c", "d"]
    assert [edge["node"]["ownerCompanyId"] for edge in bob["ownedActivities"]["edges"]] == [None, None]
    blue = await create(apis, "company", name="Blue")
    changes = {"update": [{"id": call["id"], "data": {"ownerCompany": {"connect": blue["id"]}}}]}
    left = await update(apis, "person", bob["id"], owned, ownedActivities=changes)
    assert [edge["node"]["title"] for edge in left["ownedActivities"]["edges"]] == ["d"]
    two = "'ownerPerson' and 'ownerCompany' cannot both be set: they are one relation."
    data: Any = {"ownerPerson": {"create": {"email": "x"}}, "ownerCompany": {"create": {"name": "x"}}}
    await check_refused(apis, create_text("activity"), "BAD_USER_INPUT", two, ["data", "ownerCompany"], d=data)
    data = {"ownedActivities": {"create": [{"ownerCompanyId": blue["id"]}]}}
    path: list[str | int] = ["data", "ownedActivities", "create", 0, "ownerCompany"]
    await check_refused(apis, update_text("person"), "BAD_USER_INPUT", two, path, id=bob["id"], d=data)
