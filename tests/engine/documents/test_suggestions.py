"""Close names in messages, and the bounds of the search for them."""

from typing import Any

import pytest

from fieldstone.engine.documents.suggestions import MOST_SEARCHES
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.known_names import LONGEST_NAME, MOST_NAMES, find_close
from tests.apis import Apis
from tests.engine.metadata_api.roles import of_role


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{ people(filter: { city: { contain: "a" } }) { totalCount } }', "Did you mean 'contains'"),
        ('{ people(filtr: { city: { eq: "a" } }) { totalCount } }', "Did you mean 'filter'?"),
        ("{ people(orderBy: { city: DECS }) { totalCount } }", "Did you mean the enum value 'DESC'"),
        ("{ people(orderBy: { city: desc }) { totalCount } }", "Did you mean the enum value 'DESC'"),
        ('{ people(orderBy: { city: "DESC" }) { totalCount } }', "Did you mean the enum value 'DESC'"),
        ('{ opportunities(filter: { stage: { eq: "NEW" } }) { totalCount } }', "Did you mean the enum value 'NEW'?"),
        ("{ opportunities(filter: { stage: { eq: NWE } }) { totalCount } }", "Did you mean the enum value 'NEW'?"),
        ("mutation { createPerson(dat: {}) { id } }", "Did you mean 'data'?"),
        ('{ companies(filter: { people: { city: { eq: "a" } } }) { totalCount } }', "mean 'some: { city: .. }'?"),
        ("{ companies(filter: { people: { non: {} } }) { totalCount } }", "Did you mean 'none'?"),
        ("{ person(id: 1) { fristName } }", "Did you mean 'firstName' or 'lastName'?"),
        ("{ persons { totalCount } }", "Did you mean 'person'"),
        ("mutation { creatPerson(data: {}) { id } }", "Did you mean 'createPerson'"),
        ("{ people { firstName } }", "on type 'PersonConnection'. Did you mean 'edges { node { firstName } }'?"),
        ("{ people { nodes { id } } }", "Did you mean 'edges { node { .. } }'?"),
        ("{ person(id: 1) { activities { title } } }", "Did you mean 'edges { node { title } }'?"),
        ("{ people(where: {}) { totalCount } }", "Did you mean 'filter'?"),
        ("{ people(condition: {}) { totalCount } }", "Did you mean 'filter'?"),
        ('{ search(searchInput: "a") { edges { cursor } } }', "Did you mean 'query'?"),
        ("mutation { createPerson(input: {}) { id } }", "Did you mean 'data'?"),
        ("mutation { createPeople(objects: []) { id } }", "Did you mean 'data'?"),
        ("mutation { updatePerson(_set: {}) { id } }", "Did you mean 'data'?"),
        ("mutation { updateCompany(_inc: {}) { id } }", "Did you mean 'increment'?"),
        ('{ people(filter: { city: { equalTo: "a" } }) { totalCount } }', "Did you mean 'eq'?"),
        ("{ people(filter: { city: { isNull: true } }) { totalCount } }", "Did you mean 'is: NULL'?"),
        ("{ companies(filter: { employees: { greaterThan: 1 } }) { totalCount } }", "Did you mean 'gt'?"),
        (
            "mutation { createPerson(data: {}) { person { id } } }",
            "Did you mean the fields of 'Person' themselves, without 'person { .. }'?",
        ),
        (
            "mutation { createCompanies(data: []) { returning { id } } }",
            "Did you mean the fields of 'Company' themselves, without 'returning { .. }'?",
        ),
        (
            'mutation { createPerson(data: { updatedAt: "2026-01-01" }) { id } }',
            "Did you mean to leave it out? Only the server writes updatedAt and deletedAt.",
        ),
    ],
)
async def test_a_literal_gets_the_close_names(text: str, hint: str, apis: Apis) -> None:
    errors = loads((await apis.send(text)).body)["errors"]
    assert any(hint in error["message"] for error in errors), errors


@pytest.mark.parametrize(
    ("type_", "root", "argument", "value", "hint"),
    [
        ("PersonFilterInput", "people", "filter", {"city": {"contain": "a"}}, "Did you mean 'contains'"),
        ("[PersonOrderByInput!]", "people", "orderBy", [{"city": "DECS"}], "Did you mean 'DESC'"),
        ("CompanyFilterInput", "companies", "filter", {"people": {"city": {"eq": "a"}}}, "'some: { city: .. }'?"),
        ("PersonFilterInput", "people", "filter", {"city": {"isNull": True}}, "Did you mean 'is: NULL'?"),
        ("PersonFilterInput", "people", "filter", {"updatedat": {}}, "Did you mean 'updatedAt'"),
    ],
)
async def test_a_variable_gets_the_close_names(
    type_: str, root: str, argument: str, value: object, hint: str, apis: Apis
) -> None:
    text = f"query ($v: {type_}) {{ {root}({argument}: $v) {{ totalCount }} }}"
    (error,) = loads((await apis.send(text, {"v": value})).body)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert hint in error["message"]


async def test_a_record_may_have_fields_with_the_names_of_a_connection(apis: Apis) -> None:
    """The message of an unknown field of such a record was an internal error."""
    payload = {"targetObjectMetadataId": "company", "targetFieldLabel": "Graphs"}
    usual = {"objectMetadataId": "person", "label": "x"}
    changes: list[Any] = [
        {"createField": {**usual, "name": "edges", "type": "RELATION", "relationCreationPayload": payload}},
        {"createField": {**usual, "name": "pageInfo", "type": "TEXT"}},
    ]
    await apis.change("mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }", changes=changes)
    for name, hint in (("fristName", "Did you mean 'firstName' or 'lastName'?"), ("nodes", "on type 'Person'.")):
        errors = loads((await apis.send(f"{{ person {{ {name} }} }}")).body)["errors"]
        assert any(error["message"].endswith(hint) for error in errors), errors


async def test_the_names_of_a_large_model_are_searched(apis: Apis) -> None:
    """A root type with more than a hundred fields got no suggestions."""
    names = [f"thing{number:02}" for number in range(20)]
    made = [
        {"createObject": {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": name}}
        for name in names
    ]
    await apis.change("mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }", changes=made)
    for text, hint in (
        ("{ poeple { totalCount } }", "Did you mean 'people'"),
        ("{ persons { totalCount } }", "Did you mean 'person'"),
        ("{ thing7s { totalCount } }", "'thing07s'"),
        ("mutation { creatPerson(data: {}) { id } }", "Did you mean 'createPerson'"),
        ("mutation { updtaeThing17(data: {}) { id } }", "Did you mean 'updateThing17'"),
        ("mutation { createPersn(data: {}) { id } }", "Did you mean 'createPerson'"),
    ):
        errors = loads((await apis.send(text)).body)["errors"]
        assert any(hint in error["message"] for error in errors), errors
    (error, *_) = loads((await apis.send(f"{{ {'people' * 9} {{ totalCount }} }}")).body)["errors"]
    assert "Did you mean" not in error["message"]


async def test_a_field_that_the_server_writes_is_named_to_roles_that_read_it(apis: Apis) -> None:
    grants = [{"object": "person", "read": {"fields": {"allBut": ["updatedAt"]}}, "update": {}}]
    principal = await of_role(apis, grants=grants)
    for name, hint in (
        ("deletedAt", "Did you mean to leave it out? Only the server writes deletedAt."),
        ("updatedAt", "unknown field 'updatedAt'"),
    ):
        text = f'mutation {{ updatePerson(id: 1, data: {{ {name}: "2026-01-01" }}) {{ id }} }}'
        request = GraphQLRequest(query=text, operation_name=None, variables={})
        errors = loads((await apis.core.execute(principal, request, allow_mutation=True)).body)["errors"]
        assert any(hint in error["message"] for error in errors), errors
        assert not any("writes updatedAt" in error["message"] for error in errors)


async def test_no_name_is_suggested_that_a_role_does_not_see(apis: Apis) -> None:
    grants = [{"object": "person", "read": {"fields": {"allBut": ["phone"]}}}]
    principal = await of_role(apis, grants=grants)
    for text in (
        "{ person(id: 1) { phon } }",
        "{ people { phone } }",
        '{ people(filter: { phon: { eq: "a" } }) { edges { cursor } } }',
        "{ companys { edges { cursor } } }",
    ):
        request = GraphQLRequest(query=text, operation_name=None, variables={})
        errors = loads((await apis.core.execute(principal, request, allow_mutation=True)).body)["errors"]
        hints = [error["message"].partition("Did you mean")[2] for error in errors]
        assert not any("phone" in hint or "compan" in hint for hint in hints), errors


async def test_only_the_first_errors_of_a_document_are_searched_for(apis: Apis) -> None:
    wrong = " ".join(f"a{place}: people(filtr: {{}}) {{ totalCount }}" for place in range(10))
    errors = loads((await apis.send(f"{{ {wrong} }}")).body)["errors"]
    assert len(errors) == 10
    assert sum("Did you mean" in error["message"] for error in errors) == MOST_SEARCHES


async def test_an_argument_that_the_field_takes_itself_is_not_suggested_for_another(apis: Apis) -> None:
    text = "{ person(condition: {}) { id } }"
    (error,) = loads((await apis.send(text)).body)["errors"]
    assert error["message"].endswith("Did you mean 'filter'?")
    (error, *_) = loads((await apis.send("mutation { deletePerson(_set: {}) { id } }")).body)["errors"]
    assert "Did you mean" not in error["message"]


def test_long_names_and_lists_are_not_searched() -> None:
    longest = "n" * LONGEST_NAME
    assert find_close(longest, [longest]) == [longest]
    assert find_close(longest + "n", [longest]) == []
    names = [f"name{place}" for place in range(MOST_NAMES)]
    assert find_close("name1", names)[0] == "name1"
    assert find_close("name1", [*names, "more"]) == []
