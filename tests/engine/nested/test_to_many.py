"""Nested writes of to-many relations: the records whose keys lead to a record."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import (
    briefs,
    check_refused,
    create,
    create_text,
    in_one,
    update,
    update_text,
    writes_of,
)
from tests.engine.records import NOBODY, check_unchanged, take_events

FIELDS = "id people(orderBy: { email: ASC }) { edges { node { id email city } } }"

FORM = "'connect' must be the id of a record, or { where: { <a unique field>: <its value> } }."


def people_of(company: Any) -> list[tuple[str, str | None]]:
    return [(edge["node"]["email"], edge["node"]["city"]) for edge in company["people"]["edges"]]


async def staffed(apis: Apis) -> tuple[str, dict[str, str]]:
    """A company with the people a, b and c, and somebody else, d; the ids."""
    rows = [{"email": email} for email in "abc"]
    acme = await create(apis, "company", FIELDS, people={"create": rows})
    ids = {edge["node"]["email"]: edge["node"]["id"] for edge in acme["people"]["edges"]}
    ids["d"] = (await create(apis, "person", email="d"))["id"]
    await take_events(apis)
    apis.database.log.steps.clear()
    return acme["id"], ids


async def test_create(apis: Apis) -> None:
    apis.database.log.steps.clear()
    rows = [{"email": "b", "city": "x"}, {"email": "a"}, {"email": "c"}]
    acme = await create(apis, "company", FIELDS, name="Acme", people={"create": rows})
    assert people_of(acme) == [("a", None), ("b", "x"), ("c", None)]
    assert writes_of(apis) == in_one("insert company", "insert person")
    found = await briefs(apis)
    assert found[0] == ("created", "company", acme["id"])
    assert [action for action, _, _ in found] == ["created"] * 4
    one = await update(apis, "company", acme["id"], FIELDS, people={"create": {"email": "d"}})
    assert [email for email, _ in people_of(one)] == ["a", "b", "c", "d"]


@pytest.mark.long
async def test_connect_takes_a_record_from_another(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    blue = await create(apis, "company", FIELDS, people={"connect": [ids["a"], ids["d"].upper()]})
    assert people_of(blue) == [("a", None), ("d", None)]
    assert writes_of(apis) == ["insert company", "update person", "read"]
    assert sorted(await briefs(apis)) == sorted(
        [("created", "company", blue["id"]), ("updated", "person", ids["a"]), ("updated", "person", ids["d"])]
    )
    # A record that hangs there already stays as it is.
    again = await update(apis, "company", acme, FIELDS, people={"connect": [ids["a"], ids["b"]]})
    assert [email for email, _ in people_of(again)] == ["a", "b", "c"]
    assert sorted(await briefs(apis)) == sorted([("updated", "company", acme), ("updated", "person", ids["a"])])


async def test_connect_and_set_by_a_unique_key(apis: Apis) -> None:
    _, ids = await staffed(apis)
    key: Any = lambda email: {"where": {"email": email}}  # noqa: E731
    blue = await create(apis, "company", FIELDS, people={"connect": [key("a"), ids["d"], {"where": {"id": ids["b"]}}]})
    assert [email for email, _ in people_of(blue)] == ["a", "b", "d"]
    assert writes_of(apis)[:4] == ["insert company", "find", "find", "update person"]
    await take_events(apis)
    again = await update(apis, "company", blue["id"], FIELDS, people={"set": [key("b"), key("c")]})
    assert [email for email, _ in people_of(again)] == ["b", "c"]
    touched = sorted(("updated", "person", ids[email]) for email in "acd")
    assert sorted(await briefs(apis)) == sorted([("updated", "company", blue["id"]), *touched])


async def test_records_named_by_unique_keys_that_are_refused(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    by_key: Any = lambda *emails: {"people": {"connect": [{"where": {"email": email}} for email in emails]}}  # noqa: E731
    for text, given in ((create_text("company"), {}), (update_text("company"), {"id": acme})):
        missing = "There is no Person to connect 'people' to."
        await check_refused(
            apis, text, "NOT_FOUND", missing, ["data", "people", "connect", 1], d=by_key("d", "nobody"), **given
        )
        await check_refused(
            apis,
            text,
            "BAD_USER_INPUT",
            "'email' must not be null in a unique key.",
            ["data", "people", "connect", 0, "where", "email"],
            d=by_key(None),
            **given,
        )
        path: list[str | int] = ["data", "people", "connect", "where"]
        no_key = {"people": {"connect": [{"where": {"city": "x"}}]}}
        keys = "'where' takes all fields of one unique key of Person, and no others: { id } or { email }."
        await check_refused(apis, text, "BAD_USER_INPUT", keys, path, d=no_key, **given)
        twice = f"The record with the id {ids['d']} is changed twice: name each record once."
        await check_refused(
            apis, text, "BAD_USER_INPUT", twice, ["data", "people", "connect", 1], d=by_key("d", "d"), **given
        )


@pytest.mark.parametrize(
    ("literal", "message", "path"),
    [
        ("{ id: $v }", FORM, []),
        ("{ where: { email: $v } more: 1 }", FORM, []),
        ("{ where: $v }", "'where' takes all fields of one unique key of Person, and no others: { id } or { email }.",
         ["where"]),
    ],
)  # fmt: skip
async def test_a_literal_with_a_variable_that_names_no_record(
    apis: Apis, literal: str, message: str, path: list[str]
) -> None:
    text = f"mutation ($v: ID!) {{ createCompany(data: {{ people: {{ connect: [{literal}] }} }}) {{ id }} }}"
    await check_refused(apis, text, "BAD_USER_INPUT", message, ["data", "people", "connect", *path], v="x")


async def test_ids_of_several_types_of_variables(apis: Apis) -> None:
    _, ids = await staffed(apis)
    for declared in ("[UUID!]", "[UUID]", "[ID!]", "[ConnectTarget!]"):
        text = f"""mutation ($c: {declared}) {{
          createCompany(data: {{ people: {{ connect: $c }} }}) {{ {FIELDS} }} }}"""
        answer = await apis.data(text, c=[ids["d"]])
        assert people_of(answer["createCompany"]) == [("d", None)]


async def test_disconnect(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    left = await update(apis, "company", acme, FIELDS, people={"disconnect": [ids["a"], ids["c"]]})
    assert people_of(left) == [("b", None)]
    assert writes_of(apis) == ["update company", "update person", "read"]
    assert sorted(await briefs(apis))[1:] == sorted([("updated", "person", ids["a"]), ("updated", "person", ids["c"])])
    for other in ("a", "d"):
        message = f"There is no Person with the id {ids[other]} among 'people' to disconnect."
        data = {"people": {"disconnect": [ids["b"], ids[other]]}}
        path: list[str | int] = ["data", "people", "disconnect", 1]
        await check_refused(apis, update_text("company"), "NOT_FOUND", message, path, id=acme, d=data)


@pytest.mark.parametrize("kept", ["", "a", "abc", "bd", "d"])
async def test_set_is_exactly_these(apis: Apis, kept: str) -> None:
    acme, ids = await staffed(apis)
    answer = await update(apis, "company", acme, FIELDS, people={"set": [ids[email] for email in kept]})
    assert [email for email, _ in people_of(answer)] == list(kept)
    touched = [("updated", "person", ids[email]) for email in "abcd" if (email in "abc") != (email in kept)]
    assert sorted(await briefs(apis)) == sorted([("updated", "company", acme), *touched])
    most = ["update company", "update person", "update person", "read"]
    assert writes_of(apis) == (most if kept else [*most[:2], "read"])


async def test_set_with_create_replaces_all(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    people: dict[str, Any] = {"set": [], "create": [{"email": "new"}], "connect": [ids["d"], ids["b"]]}
    answer = await update(apis, "company", acme, FIELDS, people=people)
    assert [email for email, _ in people_of(answer)] == ["b", "d", "new"]
    # A person that stays is not touched.
    assert ("updated", "person", ids["b"]) not in await briefs(apis)


async def test_set_of_a_record_to_create_connects(apis: Apis) -> None:
    _, ids = await staffed(apis)
    blue = await create(apis, "company", FIELDS, people={"set": [ids["a"]]})
    assert people_of(blue) == [("a", None)]


async def test_update_of_some_each_in_its_own_way(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    updates: list[Any] = [
        {"id": ids["a"], "data": {"city": "A", "firstName": "x"}},
        {"id": ids["b"].upper(), "data": {"email": "b2"}},
        {"id": ids["c"], "data": {"city": None, "company": {"update": {"name": "New"}}}},
    ]
    answer = await update(apis, "company", acme, f"name {FIELDS}", people={"update": updates})
    assert people_of(answer) == [("a", "A"), ("b2", None), ("c", None)]
    assert answer["name"] == "New"
    assert writes_of(apis) == ["update company", "update person", "find", "update company", "read"]
    found = await briefs(apis)
    assert sorted(found) == sorted(
        [*[("updated", "company", acme)] * 2, *[("updated", "person", ids[email]) for email in "abc"]]
    )


async def test_delete_is_soft(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    left = await update(apis, "company", acme, FIELDS, people={"delete": [ids["a"]]})
    assert [email for email, _ in people_of(left)] == ["b", "c"]
    assert await briefs(apis) == [("updated", "company", acme), ("deleted", "person", ids["a"])]
    back = await apis.data("mutation ($id: UUID!) { restorePerson(id: $id) { companyId } }", id=ids["a"])
    assert back == {"restorePerson": {"companyId": acme}}


@pytest.mark.parametrize("verb", ["disconnect", "update", "delete"])
@pytest.mark.parametrize("stranger", ["stranger", "deleted", "nobody"])
async def test_records_that_do_not_hang_on_it(apis: Apis, verb: str, stranger: str) -> None:
    acme, ids = await staffed(apis)
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ids["a"])
    id_ = {"stranger": ids["d"], "deleted": ids["a"], "nobody": NOBODY}[stranger]
    other = [{"id": one, "data": {"city": "x"}} if verb == "update" else one for one in (ids["b"], id_)]
    message = f"There is no Person with the id {id_} among 'people' to {verb}."
    path: list[str | int] = ["data", "people", verb, 1, *(["id"] if verb == "update" else [])]
    text = update_text("company")
    await check_refused(apis, text, "NOT_FOUND", message, path, id=acme, d={"name": "x", "people": {verb: other}})


async def test_each_parent_has_its_own(apis: Apis) -> None:
    """A record must hang on the parent that names it, not on another of the request."""
    acme, ids = await staffed(apis)
    blue = await create(apis, "company", people={"connect": [ids["d"]]})
    ada = await create(apis, "person", email="ada", company={"connect": acme})
    bob = await create(apis, "person", email="bob", company={"connect": blue["id"]})
    top = await create(apis, "opportunity", person={"connect": ada["id"]})
    text = update_text("person", "company { people(orderBy: {email: ASC}) { edges { node { email } } } }")
    right = {"company": {"update": {"people": {"disconnect": [ids["a"]]}}}}
    wrong = {"company": {"update": {"people": {"disconnect": [ids["d"]]}}}}
    answer = await apis.data(text, id=ada["id"], d=right)
    emails = [edge["node"]["email"] for edge in answer["updatePerson"]["company"]["people"]["edges"]]
    assert emails == ["ada", "b", "c"]
    path: list[str | int] = ["data", "company", "update", "people", "disconnect", 0]
    message = f"There is no Person with the id {ids['d']} among 'people' to disconnect."
    await check_refused(apis, text, "NOT_FOUND", message, path, id=ada["id"], d=wrong)
    both = {
        "opportunities": {"connect": [top["id"]]},
        "company": {
            "update": {
                "people": {
                    "update": [
                        {"id": ids["b"], "data": {"company": {"update": {"name": "b"}}}},
                        {"id": ids["c"], "data": {"company": {"update": {"name": "c"}}}},
                    ]
                }
            }
        },
    }
    acme_path: list[str | int] = ["data", "company", "update", "people", "update", 1, "data", "company", "update"]
    twice = f"The record with the id {acme} is changed twice: name each record once."
    await check_refused(apis, text, "BAD_USER_INPUT", twice, acme_path, id=ada["id"], d=both)
    assert bob["id"] != ada["id"]


TWICE: dict[str, tuple[Any, list[str | int]]] = {
    "connected twice": ({"connect": ["a", "a"]}, ["connect", 1]),
    "in two verbs": ({"disconnect": ["a"], "update": [{"id": "a", "data": {}}]}, ["update", 0]),
    "set and deleted": ({"set": ["a", "b"], "delete": ["b"]}, ["delete", 0]),
    "set and connected": ({"set": ["a"], "connect": ["d", "a"]}, ["connect", 1]),
}


@pytest.mark.parametrize(("people", "path"), TWICE.values(), ids=TWICE)
async def test_a_record_is_named_once(apis: Apis, people: dict[str, Any], path: list[str | int]) -> None:
    acme, ids = await staffed(apis)

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        return {**value, "id": ids[value["id"]]} if isinstance(value, dict) else ids[value]

    data = {"people": {verb: named(value) for verb, value in people.items()}}
    last = data["people"][str(path[0])][int(path[1])]
    id_ = last["id"] if isinstance(last, dict) else last
    message = f"The id {id_} stands there twice: name each record once."
    await check_refused(
        apis, update_text("company"), "BAD_USER_INPUT", message, ["data", "people", *path], id=acme, d=data
    )


@pytest.mark.parametrize("verb", ["disconnect", "update", "delete"])
async def test_a_record_to_create_has_none_yet(apis: Apis, verb: str) -> None:
    _, ids = await staffed(apis)
    given: list[Any] = [{"id": ids["a"], "data": {}}] if verb == "update" else [ids["a"]]
    message = f"'people' has nothing to {verb}: the record is only created."
    data = {"people": {verb: given}}
    await check_refused(apis, create_text("company"), "BAD_USER_INPUT", message, ["data", "people", verb], d=data)


@pytest.mark.parametrize("people", [{}, {"create": None}, {"connect": []}, {"create": [], "update": []}])
async def test_verbs_without_records_do_nothing(apis: Apis, people: dict[str, Any]) -> None:
    acme, _ = await staffed(apis)
    answer = await update(apis, "company", acme, FIELDS, people=people)
    assert [email for email, _ in people_of(answer)] == ["a", "b", "c"]
    assert await briefs(apis) == [("updated", "company", acme)]
    blue = await create(apis, "company", FIELDS, people=people)
    assert people_of(blue) == []


async def test_absent_variables_never_widen_a_write(apis: Apis) -> None:
    acme, ids = await staffed(apis)
    text = (
        "mutation ($id: UUID!, $s: [UUID!], $x: [UUID!]) {"
        f" updateCompany(id: $id, data: {{ people: {{ set: $s, disconnect: $x }} }}) {{ {FIELDS} }} }}"
    )
    for absent in ({}, {"s": None}, {"s": None, "x": None}):
        assert len(people_of((await apis.data(text, id=acme, **absent))["updateCompany"])) == 3
    assert len(people_of((await apis.data(text, id=acme, x=[ids["a"]]))["updateCompany"])) == 2
    assert people_of((await apis.data(text, id=acme, s=[]))["updateCompany"]) == []
    whole = (
        "mutation ($id: UUID!, $p: PersonRelationListInput) {"
        f" updateCompany(id: $id, data: {{ people: $p }}) {{ {FIELDS} }} }}"
    )
    assert len(people_of((await apis.data(whole, id=acme, p={"connect": [ids["a"]]}))["updateCompany"])) == 1
    assert len(people_of((await apis.data(whole, id=acme))["updateCompany"])) == 1
    assert len(people_of((await apis.data(whole, id=acme, p=None))["updateCompany"])) == 1


async def test_a_relation_that_the_nesting_gives(apis: Apis) -> None:
    message = "'company' is the record that 'people' is of: leave it out."
    path: list[str | int] = ["data", "people", "create", 0, "company"]
    given: list[dict[str, Any]] = [{"companyId": NOBODY}, {"company": {"connect": NOBODY}}, {"company": {"create": {}}}]
    for own in given:
        data = {"people": {"create": [{"email": "x", **own}]}}
        await check_refused(apis, create_text("company"), "BAD_USER_INPUT", message, path, d=data)


async def test_five_levels(apis: Apis) -> None:
    data: dict[str, Any] = {"name": "5"}
    data = {"name": "4", "opportunities": {"create": [data]}}
    data = {"email": "3", "company": {"create": data}}
    data = {"name": "2", "person": {"create": data}}
    data = {"name": "1", "opportunities": {"create": [data]}}
    answer = await create(apis, "person", "company { name }", email="0", company={"create": data})
    assert answer == {"company": {"name": "1"}}
    assert len(await take_events(apis)) == 6
    error = await apis.error(
        create_text("activity"), d={"person": {"create": {"email": "x", "company": {"create": data}}}}
    )
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["message"] == "The data is nested deeper than 5 levels of relations."
    assert await take_events(apis) == []


async def test_one_object_at_several_levels_is_written_level_by_level(apis: Apis) -> None:
    inner = {"name": "o", "company": {"create": {"name": "inner"}}}
    people = {"create": [{"email": "a", "opportunities": {"create": [inner]}}]}
    apis.database.log.steps.clear()
    fields = "people { edges { node { opportunities { edges { node { company { name } } } } } } }"
    outer = await create(apis, "company", fields, name="outer", people=people)
    (person,) = outer["people"]["edges"]
    assert person["node"]["opportunities"]["edges"] == [{"node": {"company": {"name": "inner"}}}]
    assert writes_of(apis) == in_one("insert company", "insert person", "insert company", "insert opportunity")


async def test_a_taken_key_names_its_rows(apis: Apis) -> None:
    """The rows to blame are looked for only when the write has failed."""
    await staffed(apis)
    emails = ["x", "a", "y", "x", "c"]
    data = {"name": "n", "people": {"create": [{"email": email} for email in emails]}}
    async with check_unchanged(apis):
        error = await apis.error(create_text("company"), d=data)
    assert error["message"] == "Another Person has this value of 'email'."
    assert error["extensions"]["code"] == "CONFLICT"
    assert error["extensions"]["field"] == "data.people.create[1].email"
    assert error["extensions"]["input"] == ["data", "people", "create", 1, "email"]
    found = [(row["field"], row["value"]) for row in error["extensions"]["rows"]]
    assert found == [(f"data.people.create[{n}].email", emails[n]) for n in (0, 1, 3, 4)]
    one = {"people": {"create": [{"email": "a"}]}}
    path: list[str | int] = ["data", "people", "create", 0, "email"]
    message = "Another Person has this value of 'email'."
    await check_refused(apis, create_text("company"), "CONFLICT", message, path, d=one)


async def test_a_key_that_two_rows_have(apis: Apis) -> None:
    """No other record has it, as the message once said."""
    people = {"create": [{"email": "a"}, {"email": "b"}, {"email": "a"}]}
    error = await apis.error(create_text("company"), d={"people": people})
    assert error["message"] == "The records 0 and 2 of 'data.people.create' have the same 'email'."
    assert error["extensions"]["field"] == "data.people.create[2].email"
    text = "mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { id } }"
    error = await apis.error(text, d=[{"people": {"create": [{"email": "a"}]}}] * 2)
    records = "'data[0].people.create[0]' and 'data[1].people.create[0]'"
    assert error["message"] == f"The records {records} have the same 'email'."
    assert error["extensions"]["input"] == ["data", 1, "people", "create", 0, "email"]


@pytest.mark.long
async def test_ten_thousand_records(apis: Apis) -> None:
    apis.database.log.steps.clear()
    rows = [{"email": f"{number:05}"} for number in range(9_999)]
    acme = await create(apis, "company", "people { totalCount }", people={"create": rows})
    assert acme["people"]["totalCount"] == 9_999
    assert writes_of(apis) == ["insert company", "insert person", "read"]
    message = "A request may write at most 10000 records, those of its relations included."
    rows = [{"email": f"x{number:05}"} for number in range(10_000)]
    path: list[str | int] = ["data", "people", "create", 0]
    data = {"people": {"create": rows}}
    await check_refused(apis, create_text("company"), "BAD_USER_INPUT", message, path, d=data)
