"""Rules through the whole path: the principals of a role share its plans, and each reads its own records."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.access.served_role import Client
from tests.engine.metadata_api.roles import UPDATE, create_role

PEOPLE = "{ people(orderBy: [{email: ASC}]) { totalCount edges { node { email city } } } }"
MINE: dict[str, Any] = {"city": {"eq": "$principal.city"}}


class Reader(Client):
    """A client that reads people."""

    async def people(self) -> list[str]:
        """The beginnings of the addresses of the people that it reads."""
        page = (await self.data(PEOPLE))["people"]
        found = [edge["node"]["email"].partition("@")[0] for edge in page["edges"]]
        assert page["totalCount"] == len(found)
        return found


@pytest.fixture
async def filled(apis: Apis) -> Apis:
    """Two people in Rome, one in Oslo, one with an unknown city, and a company with one of each."""
    data = [
        {"email": "ada@x.example", "city": "Rome"},
        {"email": "bob@x.example", "city": "Rome"},
        {"email": "cid@x.example", "city": "Oslo"},
        {"email": "dot@x.example"},
    ]
    await apis.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=data)
    return apis


async def make(apis: Apis, *grants: dict[str, Any], name: str = "rep", **more: Any) -> str:
    claims = [{"name": "city", "type": "TEXT"}]
    return await create_role(apis, name=name, label=name, grants=list(grants), claims=claims, **more)


async def test_the_principals_of_a_role_read_their_own_records_by_one_plan(filled: Apis) -> None:
    await make(filled, {"object": "person", "read": {"rule": MINE}, "aggregates": True})
    rome, oslo = Reader(filled, "rep", {"city": "Rome"}), Reader(filled, "rep", {"city": "Oslo"})
    filled.database.log.steps.clear()
    for _ in range(4):
        assert await rome.people() == ["ada", "bob"]
        assert await oslo.people() == ["cid"]
    assert len(set(filled.database.log.texts)) == 1
    assert rome.is_warm(PEOPLE)
    assert oslo.is_warm(PEOPLE)
    assert await Reader(filled, "rep", {"city": "Paris"}).people() == []
    assert len((await filled.data(PEOPLE))["people"]["edges"]) == 4


@pytest.mark.parametrize(
    ("rule", "of_none", "of_rome"),
    [
        ({"city": {"in": "$principal.cities"}}, [], ["ada", "bob"]),
        ({"city": {"notIn": "$principal.cities"}}, ["ada", "bob", "cid"], ["cid"]),
        ({"not": {"city": {"in": "$principal.cities"}}}, ["ada", "bob", "cid"], ["cid"]),
        ({"not": {"city": {"notIn": "$principal.cities"}}}, [], ["ada", "bob"]),
        ({"not": {"not": {"city": {"in": "$principal.cities"}}}}, [], ["ada", "bob"]),
    ],
)
async def test_a_missing_city_matches_no_list(rule: Any, of_none: list[str], of_rome: list[str], filled: Apis) -> None:
    """An empty list of a principal was compared with nothing, so that NULL was among the cities that are not in it."""
    await create_role(
        filled,
        name="rep",
        label="rep",
        grants=[{"object": "person", "read": {"rule": rule}, "aggregates": True}],
        claims=[{"name": "cities", "type": "TEXT", "isList": True}],
    )
    for _ in range(2):
        assert await Reader(filled, "rep", {"cities": []}).people() == of_none
        assert await Reader(filled, "rep", {"cities": ["Rome"]}).people() == of_rome


async def test_a_value_is_a_text_and_no_pattern_or_filter(filled: Apis) -> None:
    await make(filled, {"object": "person", "read": {"rule": MINE}, "aggregates": True})
    for value in ("", "%", "' OR true --", "$principal.city", "NULL", "rome"):
        assert await Reader(filled, "rep", {"city": value}).people() == []


@pytest.mark.parametrize("claims", [{}, {"city": None}, {"city": 1}, {"city": ["Rome"]}], ids=str)
async def test_a_missing_or_ill_typed_value_is_refused(filled: Apis, claims: dict[str, Any]) -> None:
    none = {"not": {"city": {"eq": "$principal.city"}}}
    await make(filled, {"object": "person", "read": {"rule": none}, "aggregates": True})
    (error,) = (await Reader(filled, "rep", claims).send(PEOPLE))[1]["errors"]
    assert error["extensions"] == {
        "code": "FORBIDDEN", "reason": "PRINCIPAL_VALUE", "name": "city", "type": "TEXT",
    }  # fmt: skip


async def test_a_changed_rule_holds_for_the_next_request(filled: Apis) -> None:
    id_ = await make(filled, {"object": "person", "read": {"rule": MINE}, "aggregates": True})
    rome = Reader(filled, "rep", {"city": "Rome"})
    assert await rome.people() == ["ada", "bob"]
    other = [{"object": "person", "read": {"rule": {"city": {"neq": "$principal.city"}}}, "aggregates": True}]
    await filled.change(UPDATE, id=id_, input={"grants": other})
    assert await rome.people() == ["cid"]


async def test_records_of_others_are_none_in_any_place(filled: Apis) -> None:
    await make(
        filled,
        {"object": "*", "read": {}},
        {"object": "person", "read": {"rule": MINE}, "aggregates": True},
    )
    rome = Reader(filled, "rep", {"city": "Rome"})
    people = await filled.data("{ people { edges { node { id email } } } }")
    ids = {edge["node"]["email"][:3]: edge["node"]["id"] for edge in people["people"]["edges"]}
    for email, is_read in (("ada", True), ("cid", False), ("dot", False)):
        one = "query ($id: UUID!) { person(id: $id) { id } }"
        assert ((await rome.data(one, id=ids[email]))["person"] is not None) is is_read
        where = f'{{ person(where: {{email: "{email}@x.example"}}) {{ id }} }}'
        assert ((await rome.data(where))["person"] is not None) is is_read
        task = 'mutation ($id: UUID!) { createActivity(data: {title: "call", personId: $id}) { id } }'
        await filled.data(task, id=ids[email])
    activities = await rome.data(
        "{ activities(orderBy: [{createdAt: ASC}]) { edges { node { personId person { email } } } }"
        " without: activities(filter: {person: {is: NULL}}) { edges { node { id } } } }"
    )
    nodes = [edge["node"] for edge in activities["activities"]["edges"]]
    # The key is a value of the activity itself, which may be read.
    assert [node["personId"] for node in nodes] == [ids["ada"], ids["cid"], ids["dot"]]
    assert [node["person"] and node["person"]["email"] for node in nodes] == ["ada@x.example", None, None]
    assert len(activities["without"]["edges"]) == 2


@pytest.mark.parametrize(
    ("quantifier", "of_rome"), [("every: {}", 2), ("some: {email: {eq: $absent}}", 2), ("some: {}", 1), ("none: {}", 1)]
)
async def test_a_filter_that_says_nothing_sends_no_rule_of_its_records(
    quantifier: str, of_rome: int, filled: Apis
) -> None:
    await make(
        filled,
        {"object": "*", "read": {}, "aggregates": True},
        {"object": "person", "read": {"rule": MINE}, "aggregates": True},
    )
    ada = {"where": {"email": "ada@x.example"}}
    for given in ({"name": "Mill"}, {"name": "Yard", "people": {"connect": [ada]}}):
        await filled.data("mutation ($data: CompanyInput!) { createCompany(data: $data) { id } }", data=given)
    rome = Reader(filled, "rep", {"city": "Rome"})
    declared = "query ($absent: String) " if "$absent" in quantifier else ""
    text = f"{declared}{{ companiesAggregate(filter: {{people: {{{quantifier}}}}}) {{ count }} }}"
    assert (await rome.data(text))["companiesAggregate"]["count"] == of_rome


async def test_a_search_finds_the_records_of_the_role(filled: Apis) -> None:
    await make(filled, {"object": "person", "read": {"rule": MINE}, "aggregates": True})
    rome = Reader(filled, "rep", {"city": "Rome"})
    text = '{ search(query: "x.example", objects: ["person"]) { edges { cursor } } }'
    everybody = len((await filled.data(text))["search"]["edges"])
    assert everybody == 4
    assert len((await rome.data(text))["search"]["edges"]) == 2


async def test_a_role_of_two_ways_reads_a_field_where_the_way_that_has_it_holds(filled: Apis) -> None:
    """All people without their city by one parent, those of the principal's city by the other."""
    await make(filled, {"object": "person", "read": {"rule": MINE}, "aggregates": True}, name="own")
    hidden = {"fields": {"allBut": ["city"]}}
    await make(filled, {"object": "person", "read": hidden, "aggregates": True}, name="all")
    await make(filled, name="both", parents=["own", "all"])
    rome = Reader(filled, "both", {"city": "Rome"})
    page = (await rome.data(PEOPLE))["people"]
    assert [edge["node"]["city"] for edge in page["edges"]] == ["Rome", "Rome", None, None]
    found = await rome.data(
        '{ oslo: people(filter: {city: {eq: "Oslo"}}) { totalCount }'
        " none: people(filter: {city: {is: NULL}}) { totalCount }"
        " peopleAggregate { countDistinct { city } max { city } }"
        " peopleGroupBy(groupBy: [{city: true}], orderBy: [{count: ASC}]) { count key { city } } }"
    )
    assert found["oslo"]["totalCount"] == 0
    assert found["none"]["totalCount"] == 2
    assert found["peopleAggregate"] == {"countDistinct": {"city": 1}, "max": {"city": "Rome"}}
    assert sorted(str(group["key"]["city"]) for group in found["peopleGroupBy"]) == ["None", "Rome"]
    # Cursors hold the cell and not the value.
    seek = "query ($after: String) { people(first: 3, after: $after, orderBy: [{city: AscNullsLast}, {email: ASC}])"
    seek += " { edges { node { email } } pageInfo { endCursor } } }"
    first = (await rome.data(seek))["people"]
    rest = (await rome.data(seek, after=first["pageInfo"]["endCursor"]))["people"]
    emails = [edge["node"]["email"][:3] for edge in (*first["edges"], *rest["edges"])]
    assert emails == ["ada", "bob", "cid", "dot"]
