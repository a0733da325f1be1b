"""Writes of roles through the whole path, with variables: cold and warm, and two roles in turn."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.roles import REP, add_owner, create_role
from tests.engine.records import NOBODY, create, take_events

CREATE = "mutation ($data: PersonInput!) { createPerson(data: $data) { id city jobTitle } }"
UPDATE = "mutation ($id: UUID!, $data: PersonInput!) { updatePerson(id: $id, data: $data) { city jobTitle } }"
BERLIN = {"city": {"eq": "$principal.city"}}


async def send(apis: Apis, role: str, text: str, *, city: str = "Berlin", **variables: Any) -> Any:
    principal = replace(PRINCIPAL, role=role, claims={"city": city})
    request = GraphQLRequest(query=text, operation_name=None, variables=variables)
    return loads((await apis.core.execute(principal, request, allow_mutation=True)).body)


async def code_of(apis: Apis, role: str, text: str, *, city: str = "Berlin", **variables: Any) -> Any:
    answer = await send(apis, role, text, city=city, **variables)
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


@pytest.fixture
async def roles(apis: Apis) -> Apis:
    """A role that works in its city, and one that works in any but is given the city."""
    claims = [{"name": "city", "type": "TEXT"}]
    rule = {"rule": BERLIN}
    own = {"read": rule, "create": {"check": BERLIN}, "update": rule, "delete": rule}
    given = {
        "read": {},
        "create": {"preset": {"city": "$principal.city"}, "fields": {"allBut": ["city"]}},
        "update": {},
    }
    for name, rights in (("own", own), ("given", given)):
        await create_role(apis, name=name, label=name, claims=claims, grants=[{"object": "person", **rights}])
    return apis


async def test_a_plan_serves_every_principal_of_a_role(roles: Apis) -> None:
    ids: dict[str, str] = {}
    for city in ("Berlin", "Paris", "Berlin"):
        made = await send(roles, "own", CREATE, city=city, data={"email": f"{len(ids)}{city}", "city": city})
        ids[city] = made["data"]["createPerson"]["id"]
        assert await code_of(roles, "own", CREATE, city=city, data={"email": "x", "city": "Rome"}) == "FORBIDDEN"
    compiled = len(roles.core.compiler.plans)
    for city, other in (("Berlin", "Paris"), ("Paris", "Berlin")):
        changed = await send(roles, "own", UPDATE, city=city, id=ids[city], data={"jobTitle": "x"})
        assert changed["data"] == {"updatePerson": {"city": city, "jobTitle": "x"}}
        assert await code_of(roles, "own", UPDATE, city=city, id=ids[other], data={"jobTitle": "x"}) == "NOT_FOUND"
    assert len(roles.core.compiler.plans) == compiled + 1


async def test_two_roles_in_turn(roles: Apis) -> None:
    for number in range(3):
        data = {"email": f"a{number}", "city": "Paris"}
        assert await code_of(roles, "own", CREATE, data=data) == "FORBIDDEN"
        assert await code_of(roles, "given", CREATE, data=data) == "FORBIDDEN"
        made = await send(roles, "given", CREATE, city="Oslo", data={"email": f"b{number}", "jobTitle": "x"})
        assert made["data"]["createPerson"]["city"] == "Oslo"
        assert await code_of(roles, "own", CREATE, data={"email": f"c{number}", "city": "Berlin"}) is None
        whole = await send(roles, "admin", CREATE, data={"email": f"d{number}", "city": "Paris"})
        assert whole["data"]["createPerson"]["city"] == "Paris"


async def test_a_warm_write_of_a_role_is_one_statement(roles: Apis) -> None:
    principal = replace(PRINCIPAL, role="own", claims={"city": "Berlin"})
    await send(roles, "own", CREATE, data={"email": "a", "city": "Berlin"})
    for number, (city, is_allowed) in enumerate([("Berlin", True), ("Rome", False)]):
        request = GraphQLRequest(
            query=CREATE, operation_name=None, variables={"data": {"email": f"w{number}", "city": city}}
        )
        ready = roles.core.ready.find(principal, request, request.variables)
        assert ready is not None
        (row,) = await roles.database.write(ready.run.bound.statement, ready.parameters, share=None)
        assert (ready.run.tell(row) is not None) is is_allowed
    assert [event.after and event.after["email"] for event in await take_events(roles)] == ["a", "w0"]


async def test_an_action_or_a_field_that_a_role_has_not(roles: Apis) -> None:
    made = await send(roles, "given", CREATE, data={"email": "a"})
    id_ = made["data"]["createPerson"]["id"]
    for text, message in [
        (f'mutation {{ deletePerson(id: "{id_}") {{ id }} }}', "delete"),
        (f'mutation {{ destroyPerson(id: "{id_}") {{ id }} }}', "destroy"),
        ('mutation { createPerson(data: { email: "b", city: "x" }) { id } }', "city"),
    ]:
        answer = await send(roles, "given", text)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "given" in answer["errors"][0]["message"]
        assert message in answer["errors"][0]["message"]
    assert len(await take_events(roles)) == 1


async def test_many_records_name_the_first_that_is_refused(roles: Apis) -> None:
    text = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { city } }"
    data = [{"email": "a", "city": "Berlin"}, {"email": "b", "city": "Rome"}]
    (error,) = (await send(roles, "own", text, data=data))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["input"]) == ("FORBIDDEN", ["data", 1])
    data[1]["city"] = "Berlin"
    made = await send(roles, "own", text, data=data)
    assert made == {"data": {"createPeople": [{"city": "Berlin"}] * 2}}
    text = 'mutation ($f: PersonFilterInput!) { updatePeople(filter: $f, data: { city: "Rome" }) { id } }'
    assert await code_of(roles, "own", text, f={"email": {"eq": "a"}}) == "FORBIDDEN"
    text = "mutation ($f: PersonFilterInput!) { deletePeople(filter: $f) { city } }"
    gone = await send(roles, "own", text, f={"email": {"in": ["a", "b"]}})
    assert gone == {"data": {"deletePeople": [{"city": "Berlin"}] * 2}}


async def test_the_role_of_a_sales_rep(apis: Apis) -> None:
    """A rep creates opportunities of its own, changes their amounts up to a million, and deletes none."""
    await add_owner(apis)
    rep, other = [await create(apis, "person", email=email) for email in ("rep@x.org", "other@x.org")]
    foreign = await create(apis, "opportunity", name="Foreign", ownerId=other)
    await create_role(apis, **REP)
    principal = replace(PRINCIPAL, role="rep", claims={"userId": rep})

    async def ask(text: str) -> Any:
        request = GraphQLRequest(query=text, operation_name=None, variables={})
        answer = loads((await apis.core.execute(principal, request, allow_mutation=True)).body)
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]

    made = await ask('mutation { createOpportunity(data: { name: "Own" amount: 5 }) { id ownerId owner { email } } }')
    own = made["createOpportunity"].pop("id")
    assert made == {"createOpportunity": {"ownerId": rep, "owner": {"email": "rep@x.org"}}}
    update = 'mutation {{ updateOpportunity(id: "{id}" data: {{ {data} }}) {{ amount stage }} }}'
    assert await ask(update.format(id=own, data="amount: 1000000 stage: NEW")) == {
        "updateOpportunity": {"amount": 1000000, "stage": "NEW"}
    }
    for id_, data, code in [
        (own, "amount: 1000001", "FORBIDDEN"),
        (own, 'name: "x"', "FORBIDDEN"),
        (own, f'ownerId: "{other}"', "FORBIDDEN"),
        (foreign, "amount: 1", "FORBIDDEN"),
        (NOBODY, "amount: 1", "NOT_FOUND"),
    ]:
        assert await ask(update.format(id=id_, data=data)) == code, data
    assert (
        await ask(f'mutation {{ createOpportunity(data: {{ name: "x" ownerId: "{other}" }}) {{ id }} }}') == "FORBIDDEN"
    )
    assert await ask(f'mutation {{ deleteOpportunity(id: "{own}") {{ id }} }}') == "FORBIDDEN"
