"""Variables that are declared by the names of Twenty's clients, and the values that they must have all the same."""

from typing import Any

import pytest

from tests.apis import Apis, Served
from tests.engine.records import NOBODY, create

PERSON_CREATE = (
    'mutation { createObject(input: { nameSingular: "personCreate" namePlural: "personCreates"'
    ' labelSingular: "A" labelPlural: "B" }) { id } }'
)
CREATE = "mutation ($d: PersonCreateInput!) { createPerson(data: $d) { email } }"


async def test_other_names_of_types(apis: Apis) -> None:
    company = await create(apis, "company", name="a")
    made = await apis.data(CREATE, d={"email": "a", "companyId": company})
    assert made == {"createPerson": {"email": "a"}}
    many = "mutation ($d: [PersonCreateInput]!) { createPeople(data: $d) { id } }"
    (other,) = (await apis.data(many, d=[{"email": "b"}]))["createPeople"]
    update = "mutation ($i: ID!, $d: PersonUpdateInput!) { updatePerson(id: $i, data: $d) { city } }"
    assert await apis.data(update, i=other["id"], d={"city": "x"}) == {"updatePerson": {"city": "x"}}
    for declared in ("[ID]", "[ID!]", "[UUID]", "[UUID]!", "[ID]!"):
        text = f"query ($i: {declared}) {{ people(filter: {{ id: {{ in: $i }} }}) {{ totalCount }} }}"
        assert await apis.data(text, i=[other["id"]]) == {"people": {"totalCount": 1}}
        assert await apis.send_warm(text, {"i": [other["id"], NOBODY]}) == b'{"data":{"people":{"totalCount":1}}}'
        assert await apis.data(text, i=other["id"]) == {"people": {"totalCount": 1}}
    connect = "mutation ($i: ID!, $c: ID!) { updatePerson(id: $i, data: { company: { connect: $c } }) { companyId } }"
    assert await apis.data(connect, i=other["id"], c=company) == {"updatePerson": {"companyId": company}}


async def test_an_operation_may_use_one_variable_in_several_places(apis: Apis) -> None:
    person = await create(apis, "person", email="a")
    text = """query ($i: ID!) { a: person(id: $i) { ...P } people(filter: { or: [{ id: { eq: $i } }] }) { totalCount } }
    fragment P on Person { activities(filter: { id: { eq: $i } }) { totalCount } }"""
    expected = {"a": {"activities": {"totalCount": 0}}, "people": {"totalCount": 1}}
    assert await apis.data(text, i=person) == expected
    two = "query A($i: ID!) { person(id: $i) { id } } query B($i: UUID!) { person(id: $i) { id } }"
    for name in "AB":
        answer = await apis.send(two, {"i": person}, operation_name=name)
        assert answer.body == b'{"data":{"person":{"id":"%s"}}}' % person.encode()


VALUES: dict[str, tuple[str, Any, str]] = {
    "an ID that is no UUID": (
        "query ($v: ID!) { person(id: $v) { id } }",
        "1",
        "Variable '$v' must be a UUID such as 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e, not \"1\".",
    ),
    "one in a list": (
        "query ($v: [ID]) { people(filter: {id: {in: $v}}) { totalCount } }",
        [NOBODY, "1"],
        "Variable '$v[1]' must be a UUID such as 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e, not \"1\".",
    ),
    "a null in a list": (
        "query ($v: [UUID]) { people(filter: {id: {in: $v}}) { totalCount } }",
        [NOBODY, None],
        "Variable '$v[1]' must not be null: it is of type 'UUID!'.",
    ),
    "a null among conditions": (
        "query ($v: [PersonFilterInput]) { people(filter: {and: $v}) { totalCount } }",
        [{}, None],
        "Variable '$v[1]' must not be null: it is of type 'PersonFilterInput!'.",
    ),
    "a null among records": (
        "mutation ($v: [PersonCreateInput]!) { createPeople(data: $v) { id } }",
        [None, {"email": "x"}],
        "Variable '$v[0]' must not be null: it is of type 'PersonInput!'.",
    ),
    "a field that is not there": (
        "mutation ($v: PersonUpdateInput!) { createPerson(data: $v) { id } }",
        {"nothing": 1},
        "Variable '$v' has the field \"nothing\", which 'PersonInput' does not define.",
    ),
    "a record to connect that is missing": (
        'mutation ($v: ID!) { createPerson(data: { email: "x" company: { connect: $v } }) { id } }',
        "1",
        "Variable '$v' must be a UUID such as 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e, not \"1\".",
    ),
}


@pytest.mark.parametrize(("text", "value", "message"), VALUES.values(), ids=VALUES)
def test_values_are_of_the_type_of_their_place(sample: Served, text: str, value: Any, message: str) -> None:
    (error,) = sample.ask(text, {"v": value})["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == message


def test_a_default_value_is_of_the_type_of_its_place(sample: Served) -> None:
    text = 'query ($v: ID = "1") { person(id: $v) { id } }'
    (error,) = sample.ask(text)["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "v"}
    (error,) = sample.ask("query ($v: [ID] = [null]) { people(filter: {id: {in: $v}}) { totalCount } }")["errors"]
    assert error["message"] == "Variable '$v[0]' must not be null: it is of type 'UUID!'."


REFUSED = {
    "text for an id": (
        "query ($v: String) { person(id: $v) { id } }",
        "'String' used in position expecting type 'UUID'",
    ),
    "an ID for text": (
        "query ($v: ID) { people(filter: {email: {eq: $v}}) { totalCount } }",
        "'ID' used in position expecting type 'String'",
    ),
    "an ID for a list": (
        "query ($v: ID) { people(filter: {id: {in: $v}}) { totalCount } }",
        "'ID' used in position expecting type '[UUID!]'",
    ),
    "an input of another object": (
        "mutation ($v: CompanyCreateInput!) { createPerson(data: $v) { id } }",
        "'CompanyInput!' used in position expecting type 'PersonInput!'",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_other_types_stay_refused(sample: Served, text: str, message: str) -> None:
    (error,) = sample.ask(text, {"v": NOBODY})["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"] == f"Variable '$v' of type {message}."


async def test_inputs_may_be_named_by_the_plural(apis: Apis) -> None:
    await apis.data(CREATE, d={"email": "a"})
    text = """query ($f: peopleFilterInput, $o: [peopleOrderByInput]) {
        people(filter: $f, orderBy: $o) { edges { node { email } } } }"""
    for filter_, found in (({"email": {"eq": "a"}}, ["a"]), ({"email": {"eq": "b"}}, [])):
        answer = await apis.data(text, f=filter_, o=[{"email": "ASC"}])
        assert [edge["node"]["email"] for edge in answer["people"]["edges"]] == found
    error = await apis.error("query ($f: companiesFilterInput) { people(filter: $f) { totalCount } }")
    assert "expecting type 'PersonFilterInput'" in error["message"]


async def test_the_schema_does_not_show_them(apis: Apis) -> None:
    await apis.data(CREATE, d={"email": "a"})
    answer = await apis.data("""{ a: __type(name: "PersonCreateInput") { name } b: __type(name: "PersonInput") { name }
        __schema { types { name } } }""")
    assert (answer["a"], answer["b"]) == (None, {"name": "PersonInput"})
    names = {one["name"] for one in answer["__schema"]["types"]}
    assert "PersonInput" in names
    assert names & {"ID", "PersonCreateInput", "PersonUpdateInput"} == set()
    for name in ("PersonNothingInput", "NothingCreateInput", "CreateInput"):
        answer = await apis.ask(f"query ($v: {name}) {{ people(filter: $v) {{ totalCount }} }}")
        assert answer["errors"][0]["message"] == f"Unknown type '{name}'."


async def test_an_object_of_that_name_takes_it(apis: Apis) -> None:
    """A kept operation would have gone on to write the person."""
    await apis.data(CREATE, d={"email": "a"})
    await apis.change(PERSON_CREATE)
    error = await apis.error(CREATE, d={"email": "b"})
    assert error["message"] == (
        "Variable '$d' of type 'PersonCreateInput!' used in position expecting type 'PersonInput!'."
    )
    made = await apis.data(
        "mutation ($d: PersonCreateInput!) { createPersonCreate(data: $d) { name } }", d={"name": "a"}
    )
    assert made == {"createPersonCreate": {"name": "a"}}
    update = "mutation ($d: PersonUpdateInput!) { createPerson(data: $d) { email } }"
    assert await apis.data(update, d={"email": "b"}) == {"createPerson": {"email": "b"}}


async def test_an_operation_does_not_outlive_the_object_of_its_variable(apis: Apis) -> None:
    await apis.data(CREATE, d={"email": "a"})
    person = (await apis.snapshot()).by_singular["person"].id
    hide = f'mutation {{ updateObject(id: "{person}", input: {{ isActive: false }}) {{ id }} }}'
    await apis.change(hide)
    answer = await apis.ask(CREATE, d={"email": "b"})
    assert answer["errors"][0]["message"] == "Unknown type 'PersonCreateInput'."
