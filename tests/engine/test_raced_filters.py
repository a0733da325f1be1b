"""Bulk writes by related records, of which another client changes one meanwhile: the newest version is judged."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, SCHEMA, Apis
from tests.engine.racing import race

UPDATE = """mutation { updatePeople(filter: {company: {name: {startsWith: "Acme"}}}, data: {city: "Rome"}) {
    email } }"""
DESTROY = '{ destroyPeople(filter: {company: {name: {startsWith: "Acme"}}}) { email } }'


async def make(apis: Apis) -> dict[str, str]:
    names = ["Acme One", "Acme Two", "Other"]
    made = await apis.data(
        "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id name } }",
        data=[{"name": name} for name in names],
    )
    ids = {one["name"]: one["id"] for one in made["createCompanies"]}
    await apis.data(
        "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }",
        data=[{"email": "a", "companyId": ids["Acme One"]}, {"email": "b", "companyId": ids["Acme Two"]}],
    )
    return ids


CASES = {
    "moved to another company that fits": ('"companyId" = %s', "Acme Two", ["a", "b"]),
    "moved to one that does not": ('"companyId" = %s', "Other", ["b"]),
    "taken from its company": ('"companyId" = NULLIF(%s::uuid, "companyId")', "Acme One", ["b"]),
    "changed in another field": ('"jobTitle" = %s::text', "Acme One", ["a", "b"]),
}


@pytest.mark.parametrize("text", [UPDATE, f"mutation {DESTROY}"], ids=["update", "destroy"])
@pytest.mark.parametrize("name", CASES)
async def test_a_record_that_is_changed_meanwhile(apis: Apis, workspace_dsn: str, name: str, text: str) -> None:
    change, company, expected = CASES[name]
    ids = await make(apis)
    answer = await race(workspace_dsn, apis.ask(text), change, ids[company])
    ((_, written),) = answer["data"].items()
    assert sorted(one["email"] for one in written) == expected


RULE = {"or": [{"jobTitle": {"eq": "$principal.title"}}, {"company": {"name": {"in": "$principal.companies"}}}]}
ROLE: Any = {
    "name": "rep",
    "label": "Rep",
    "claims": [{"name": "title", "type": "TEXT"}, {"name": "companies", "type": "TEXT", "isList": True}],
    "grants": [{"object": "person", "read": {}, "update": {"rule": RULE, "check": {}}}],
}
ONE = 'mutation { updatePerson(where: {email: "a"}, data: {city: "Rome"}) { email } }'
MANY = 'mutation { updatePeople(filter: {id: {is: NOT_NULL}}, data: {city: "Rome"}) { email } }'

UNDER_RULE: dict[str, tuple[str, str, bool]] = {
    "moved between two that the rule allows": ('"companyId" = %s', "Acme Two", True),
    "moved away": ('"companyId" = %s', "Other", False),
    "moved away, but allowed by another term": ('"jobTitle" = \'chief\', "companyId" = %s', "Other", True),
}


@pytest.mark.parametrize("name", UNDER_RULE)
async def test_a_record_under_a_rule_that_is_changed_meanwhile(apis: Apis, workspace_dsn: str, name: str) -> None:
    change, company, is_allowed = UNDER_RULE[name]
    await apis.change("mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }", input=ROLE)
    ids = await make(apis)
    claims = {"title": "chief", "companies": ["Acme One", "Acme Two"]}
    principal = replace(PRINCIPAL, role="rep", claims=claims)

    async def ask(text: str) -> Any:
        request = GraphQLRequest(query=text, operation_name=None, variables={})
        return loads((await apis.core.execute(principal, request, allow_mutation=True)).body)

    many = await race(workspace_dsn, ask(MANY), change, ids[company])
    emails = sorted(one["email"] for one in many["data"]["updatePeople"])
    assert emails == (["a", "b"] if is_allowed else ["b"])
    back = ids["Acme One"]
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        reset = f'UPDATE {SCHEMA}.person SET "companyId" = %s, "jobTitle" = NULL WHERE email = \'a\''  # noqa: S608
        await connection.execute(reset.encode(), (back,))
    one = await race(workspace_dsn, ask(ONE), change, ids[company])
    if is_allowed:
        assert one == {"data": {"updatePerson": {"email": "a"}}}
    else:
        (error,) = one["errors"]
        assert error["extensions"]["code"] in {"FORBIDDEN", "NOT_FOUND"}
