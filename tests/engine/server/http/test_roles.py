"""Roles over HTTP, from their creation to the answers of a key that has one, and while the role changes."""

from typing import Any

import httpx

from tests.engine.metadata_api.roles import CREATE, DELETE, REP, UPDATE

FIELDS = """mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }"""
OWNER = {
    "createField": {
        "objectMetadataId": "opportunity", "name": "owner", "label": "Owner", "type": "RELATION",
        "relationCreationPayload": {"targetObjectMetadataId": "person", "targetFieldLabel": "Owned"},
    }
}  # fmt: skip
KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token role } }"
MINE = "{ opportunities { edges { node { name } } } }"


async def ask(client: httpx.AsyncClient, path: str, query: str, token: str | None = None, **variables: Any) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = await client.post(path, json={"query": query, "variables": variables}, headers=headers)
    return answer.json()


async def names(client: httpx.AsyncClient, token: str) -> list[str]:
    answer = await ask(client, "/graphql", MINE, token)
    return sorted(edge["node"]["name"] for edge in answer["data"]["opportunities"]["edges"])


async def test_a_key_has_the_rights_of_its_role_while_the_role_changes(client: httpx.AsyncClient) -> None:
    await ask(client, "/metadata", FIELDS, changes=[OWNER])
    role = (await ask(client, "/metadata", CREATE, input={**REP, "parents": []}))["data"]["createRole"]["id"]
    people = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
    made = await ask(client, "/graphql", people, data=[{"email": "a@x.org"}, {"email": "b@x.org"}])
    me, other = (person["id"] for person in made["data"]["createPeople"])
    deals = "mutation ($data: [OpportunityInput!]!) { createOpportunities(data: $data) { id } }"
    data = [{"name": "mine", "owner": {"connect": me}}, {"name": "theirs", "owner": {"connect": other}}]
    await ask(client, "/graphql", deals, data=data)

    given = {"name": "k", "role": "rep", "claims": {"userId": me}}
    token = (await ask(client, "/metadata", KEY, input=given))["data"]["createApiKey"]["token"]
    for _ in range(3):  # cold, and on the fast path
        assert await names(client, token) == ["mine"]
    created = await ask(client, "/graphql", 'mutation { createOpportunity(data: { name: "new" }) { id } }', token)
    assert "errors" not in created, created
    assert await names(client, token) == ["mine", "new"]

    (error,) = (await ask(client, "/metadata", KEY, input={"name": "l", "role": "rep"}))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "claims")
    further = [*REP["claims"], {"name": "teamId", "type": "UUID"}]
    await ask(client, "/metadata", UPDATE, id=role, input={"claims": further})
    (error,) = (await ask(client, "/graphql", MINE, token))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["reason"]) == ("FORBIDDEN", "PRINCIPAL_VALUE")
    await ask(client, "/metadata", UPDATE, id=role, input={"claims": REP["claims"]})

    grants = [REP["grants"][0], {"object": "opportunity", "read": {}}]
    await ask(client, "/metadata", UPDATE, id=role, input={"grants": grants})
    assert await names(client, token) == ["mine", "new", "theirs"]
    await ask(client, "/metadata", UPDATE, id=role, input={"parents": [], "grants": []})
    (error,) = (await ask(client, "/graphql", MINE, token))["errors"]
    assert error["message"].startswith("Cannot query field 'opportunities'")
    (error,) = (await ask(client, "/metadata", DELETE, id=role))["errors"]
    assert error["message"].startswith('rep cannot be deleted: the API key "k" has this role')
