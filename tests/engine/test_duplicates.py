"""The records that resemble others, or data that is to become one."""

import json
from typing import Any

import pytest

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.whole_access import check_fields
from fieldstone.metadata.api_names import find_query
from fieldstone.metadata.json_text import loads
from tests.apis import Apis
from tests.engine.records import NOBODY, create
from tests.views import ask_as, granted, view

FIND = (
    "query ($ids: [UUID!], $data: [PersonInput!]) { personDuplicates(ids: $ids, data: $data) {"
    " __typename totalCount edges { cursor node { email company { name } } } pageInfo { hasNextPage } } }"
)


async def duplicates(apis: Apis, **variables: Any) -> list[list[str]]:
    found = (await apis.data(FIND, **variables))["personDuplicates"]
    assert [one["totalCount"] for one in found] == [len(one["edges"]) for one in found]
    return [sorted(edge["node"]["email"] for edge in one["edges"]) for one in found]


@pytest.fixture
async def people(apis: Apis) -> dict[str, str]:
    acme = await create(apis, "company", name="Acme")
    return {
        values["email"][0]: await create(apis, "person", **values)
        for values in (
            {"email": "a@x.org", "firstName": "Zoë", "lastName": "Müller", "phone": "+49 1", "companyId": acme},
            {"email": "b@x.org", "firstName": "zoe", "lastName": "MULLER"},
            {"email": "c@x.org", "firstName": "Zoë", "phone": "+49 1"},
            {"email": "d@x.org", "firstName": "Max", "lastName": "Müller"},
            {"email": "e@x.org", "firstName": "", "lastName": "Müller", "phone": ""},
            {"email": "f@x.org", "firstName": "", "lastName": "Müller", "phone": " "},
        )
    }


async def test_of_records(apis: Apis, people: dict[str, str]) -> None:
    ids = [people[name] for name in "abcdef"]
    apis.database.log.steps.clear()
    expected = [["b@x.org", "c@x.org"], ["a@x.org"], ["a@x.org"], [], [], []]
    assert await duplicates(apis, ids=ids) == expected
    assert len(apis.database.log.steps) == 1
    assert await duplicates(apis, ids=[people["d"], NOBODY, people["b"], people["b"]]) == [
        [],
        [],
        ["a@x.org"],
        ["a@x.org"],
    ]
    assert await duplicates(apis, ids=[]) == []


async def test_of_data(apis: Apis, people: dict[str, str]) -> None:
    given = [
        {"email": "D@X.org"},
        {"firstName": "ZOE", "lastName": "Müller", "jobTitle": "Head"},
        {"id": people["a"], "firstName": "ZOE", "lastName": "Müller"},
        {"lastName": "Müller", "firstName": None},
        {},
        {"phone": "+49 1", "email": None},
    ]
    assert await duplicates(apis, data=given) == [
        ["d@x.org"],
        ["a@x.org", "b@x.org"],
        ["b@x.org"],
        [],
        [],
        ["a@x.org", "c@x.org"],
    ]
    assert await duplicates(apis, data=[]) == []
    inline = "query ($p: PersonInput!, $n: String) { personDuplicates(data: [$p, { phone: $n }]) { totalCount } }"
    assert await apis.data(inline, p={"email": "d@x.org"}, n="+49 1") == {
        "personDuplicates": [{"totalCount": 1}, {"totalCount": 2}]
    }
    assert await apis.data(inline, p={"email": "d@x.org"}) == {
        "personDuplicates": [{"totalCount": 1}, {"totalCount": 0}]
    }


async def test_deleted_records_are_none(apis: Apis, people: dict[str, str]) -> None:
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=people["b"])
    assert await duplicates(apis, ids=[people["a"], people["b"]]) == [["c@x.org"], []]


async def test_pages_have_the_usual_size(apis: Apis) -> None:
    values = [{"email": f"{number:03}@x.org", "phone": "+49 1"} for number in range(62)]
    await apis.data("mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }", d=values)
    (found,) = (await apis.data(FIND, data=[{"phone": "+49 1"}]))["personDuplicates"]
    assert (found["totalCount"], len(found["edges"]), found["pageInfo"]) == (62, 60, {"hasNextPage": True})


async def test_labels_of_other_objects(apis: Apis) -> None:
    for name, website in (("Acme", "acme.com"), ("ACMÉ", None), ("Else", "ACME.com"), (None, None), (None, None)):
        await create(apis, "company", name=name, website=website)
    query = "query ($d: [CompanyInput!]) { companyDuplicates(data: $d) { edges { node { name } } } }"
    ((found,),) = (await apis.data(query, d=[{"name": "acme", "website": "acme.com"}])).values()
    assert [edge["node"]["name"] for edge in found["edges"]] == ["Acme", "ACMÉ", "Else"]
    # An activity has no name: nothing tells two of them from each other.
    query = "query ($d: [ActivityInput!]) { activityDuplicates(data: $d) { totalCount } }"
    await create(apis, "activity", title="Call")
    assert await apis.data(query, d=[{"title": "Call"}]) == {"activityDuplicates": [{"totalCount": 0}]}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("", "ids"),
        ("(ids: null)", "ids"),
        ("(ids: [] data: [])", "ids"),
        (f"(ids: {json.dumps([NOBODY] * 201)})", "ids"),
        ("(data: [{ email: 1 }])", None),
        ('(ids: ["x"])', None),
    ],
)
async def test_refusals(apis: Apis, arguments: str, field: str | None) -> None:
    answer = await apis.ask(f"{{ personDuplicates{arguments} {{ totalCount }} }}")
    (error,) = answer["errors"]
    code = error["extensions"]["code"]
    assert (code, error["extensions"].get("field")) == (
        ("BAD_USER_INPUT", field) if field else ("GRAPHQL_VALIDATION_FAILED", None)
    )


async def test_lists_with_null_are_refused(apis: Apis) -> None:
    for name, type_ in (("ids", "[UUID]"), ("data", "[PersonInput]")):
        text = f"query ($given: {type_}) {{ personDuplicates({name}: $given) {{ totalCount }} }}"
        for given in ([None], None):
            answer = await apis.ask(text, given=given)
            extensions = answer["errors"][0]["extensions"]
            assert extensions["code"] == "BAD_USER_INPUT", answer


async def test_the_number_of_records_is_priced(apis: Apis) -> None:
    text = "query ($ids: [UUID!]) { personDuplicates(ids: $ids) { edges { node { id } } } }"
    for count, cost in ((1, 160), (20, 3200)):
        answer = await apis.send(text, {"ids": [NOBODY] * count}, tells_cost=True)
        assert f'"cost":{cost}'.encode() in bytes(answer.body)


async def test_the_metadata_api_has_none(apis: Apis) -> None:
    answer = await apis.send("{ objectDuplicates(ids: []) { totalCount } }", api=apis.metadata)
    assert b"GRAPHQL_VALIDATION_FAILED" in bytes(answer.body)


async def test_an_object_cannot_take_the_name(apis: Apis) -> None:
    given = {"nameSingular": "personDuplicates", "namePlural": "x", "labelSingular": "X", "labelPlural": "Xs"}
    text = "mutation ($i: CreateObjectInput!) { createObject(input: $i) { id } }"
    answer = await apis.send(text, {"i": given}, api=apis.metadata)
    assert b"has a query personDuplicates" in bytes(answer.body)


async def test_chosen_criteria(apis: Apis, people: dict[str, str]) -> None:
    person = (await apis.snapshot()).by_singular["person"]
    text = """mutation ($id: UUID!, $criteria: JSON) {
      updateObject(id: $id, input: { duplicateCriteria: $criteria }) { duplicateCriteria } }"""
    assert await duplicates(apis, ids=[people["d"]]) == [[]]
    answer = await apis.send(text, {"id": str(person.id), "criteria": [["lastName"]]}, api=apis.metadata)
    assert loads(answer.body) == {
        "data": {"updateObject": {"duplicateCriteria": [[str(person.by_name["lastName"].id)]]}}
    }
    assert await duplicates(apis, ids=[people["d"], people["c"]]) == [["a@x.org", "b@x.org", "e@x.org", "f@x.org"], []]
    await apis.send(text, {"id": str(person.id), "criteria": []}, api=apis.metadata)
    assert await duplicates(apis, ids=[people["d"]]) == [[]]
    answer = await apis.send(text, {"id": str(person.id), "criteria": [["nothing"]]}, api=apis.metadata)
    (error,) = loads(answer.body)["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "duplicateCriteria")


async def test_a_role_finds_duplicates_among_the_records_that_it_reads(apis: Apis, people: dict[str, str]) -> None:
    snapshot = await apis.snapshot()
    person = snapshot.by_singular["person"]
    text = "personDuplicates({}) {{ totalCount edges {{ node {{ email company {{ name }} }} }} }}"
    ids = text.format(f"ids: {json.dumps([people[name] for name in 'abc'])}")
    data = text.format('data: [{ firstName: "zoe" lastName: "muller" }]')

    async def found(*rules: Any) -> list[list[str]]:
        ways = [{"rule": rule} for rule in rules]
        access = granted(snapshot, person, read=ways, update=[{"rule": {"email": {"eq": "none"}}}])
        seen, claims = view(snapshot, {person.id: access}), {"name": "b@x.org"}
        answer = await ask_as(apis.database, seen, claims, f"{{ a: {ids} b: {data} }}")
        return [
            [edge["node"]["email"] for edge in one["edges"]] for one in [*answer["data"]["a"], *answer["data"]["b"]]
        ]

    own = {"email": {"eq": "$principal.name"}}
    assert await found({}) == [["b@x.org", "c@x.org"], ["a@x.org"], ["a@x.org"], ["a@x.org", "b@x.org"]]
    assert await found(own) == [[], [], [], ["b@x.org"]]
    # A record that is not read is as one that is not there, and no record is a duplicate of it.
    assert await found(own, {"phone": {"is": "NOT_NULL"}, "firstName": {"eq": "Zoë"}}) == [
        ["b@x.org", "c@x.org"],
        ["a@x.org"],
        ["a@x.org"],
        ["a@x.org", "b@x.org"],
    ]
    assert await found({"email": {"in": ["b@x.org", "c@x.org"]}}) == [[], [], [], ["b@x.org"]]


@pytest.mark.parametrize(
    "rights",
    [
        {"read": [{"allBut": ["phone"]}], "update": [{}]},
        {"read": [{}, {"rule": {"city": {"eq": "x"}}, "allBut": ["phone"]}], "update": [{}]},
        {"read": [{}], "update": [{"allBut": ["phone"]}]},
        {"read": [{}], "update": [{"preset": {"city": "x"}}]},
        {"read": [{}]},
        {"update": [{}]},
    ],
)
async def test_a_role_without_all_fields_has_no_duplicates(apis: Apis, rights: dict[str, Any]) -> None:
    snapshot = await apis.snapshot()
    person = snapshot.by_singular["person"]
    seen = view(snapshot, {person.id: granted(snapshot, person, **rights)})
    assert find_query(seen, "personDuplicates") is None
    with pytest.raises(Forbidden, match="all fields of People"):
        check_fields(seen.objects[person.id], "personDuplicates")
