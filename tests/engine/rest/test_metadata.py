"""Objects, fields, webhooks, keys and roles over REST are those of the Metadata API, under its rights."""

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from fieldstone.engine.rest.metadata.resources import RESOURCES, find_methods
from tests.engine.metadata_api.roles import CREATE
from tests.engine.rest.asking import ask

pytestmark = pytest.mark.long

ID = "018cc5ca-0000-7000-8000-000000000000"
ROCKET = {"nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "Rocket", "labelPlural": "Rockets"}


async def test_objects(client: httpx.AsyncClient) -> None:
    made = (await ask(client, "POST", "metadata/objects", 201, json={**ROCKET, "isRemote": False}))["data"]
    rocket = made["createOneObject"]
    assert {name: rocket[name] for name in ROCKET} == ROCKET
    assert "position" in {field["name"] for field in rocket["fields"]}
    id_ = rocket["id"]
    for named in (id_, "rocket", "rockets"):
        assert await ask(client, "GET", f"metadata/objects/{named}") == {"data": {"object": rocket}}
    page = await ask(client, "GET", "metadata/objects")
    assert [*page] == ["data", "pageInfo", "totalCount"]
    assert rocket in page["data"]["objects"]
    assert page["totalCount"] == len(page["data"]["objects"])
    changed = await ask(client, "PATCH", "metadata/objects/rocket", json={"labelPlural": "All rockets"})
    assert changed["data"]["updateOneObject"]["labelPlural"] == "All rockets"
    await ask(client, "PUT", f"metadata/objects/{id_}", json={"isActive": False})
    assert await ask(client, "DELETE", f"metadata/objects/{id_}") == {"data": {"deleteOneObject": {"id": id_}}}
    await ask(client, "GET", "metadata/objects/rocket", 404)
    await ask(client, "DELETE", f"metadata/objects/{id_}", 404)


async def test_a_client_may_send_back_the_id_of_an_item(client: httpx.AsyncClient) -> None:
    person, other = [
        (await ask(client, "GET", f"metadata/objects/{name}"))["data"]["object"] for name in ("person", "company")
    ]
    for named in (person["id"], "person"):
        sent = {"id": person["id"], "labelPlural": "All"}
        changed = await ask(client, "PATCH", f"metadata/objects/{named}", json=sent)
        assert changed["data"]["updateOneObject"]["labelPlural"] == "All"
        refused = await ask(client, "PATCH", f"metadata/objects/{named}", 400, json=sent | {"id": other["id"]})
        (message,) = refused["messages"]
        assert message.startswith(f'The body has the id "{other["id"]}", and the path names {person["id"]}: leave')


async def test_relations_are_read(client: httpx.AsyncClient) -> None:
    found = (await ask(client, "GET", "metadata/relations"))["data"]["relations"]
    assert {one["type"] for one in found} == {"MANY_TO_ONE", "ONE_TO_MANY"}
    (field,) = (await ask(client, "GET", f"metadata/fields?filter=id[eq]:{found[0]['id']}"))["data"]["fields"]
    assert field["relation"] == found[0]
    assert await ask(client, "GET", f"metadata/relations/{found[0]['id']}") == {"data": {"relation": found[0]}}
    await ask(client, "POST", "metadata/relations", 405, json={})
    await ask(client, "DELETE", f"metadata/relations/{found[0]['id']}", 405)


async def test_pages(client: httpx.AsyncClient) -> None:
    whole = (await ask(client, "GET", "metadata/fields"))["data"]["fields"]
    assert len(whole) > 20
    first = await ask(client, "GET", "metadata/fields?limit=5")
    assert first["pageInfo"]["hasNextPage"] is True
    second = await ask(client, "GET", f"metadata/fields?limit=5&starting_after={first['pageInfo']['endCursor']}")
    assert first["data"]["fields"] + second["data"]["fields"] == whole[:10]
    before = await ask(client, "GET", f"metadata/fields?limit=3&ending_before={second['pageInfo']['startCursor']}")
    assert before["data"]["fields"] == whole[2:5]
    assert (await ask(client, "GET", "metadata/fields?limit=0"))["data"]["fields"] == []


async def test_fields(client: httpx.AsyncClient) -> None:
    company = (await ask(client, "GET", "metadata/objects/company"))["data"]["object"]["id"]
    data = {"objectMetadataId": company, "name": "size", "label": "Size", "type": "NUMBER"}
    made = (await ask(client, "POST", "metadata/fields", 201, json=data))["data"]["createOneField"]
    assert (made["name"], made["type"]) == ("size", "NUMBER")
    assert (await ask(client, "GET", "metadata/fields/size"))["data"]["field"] == made
    changed = await ask(client, "PATCH", f"metadata/fields/{made['id']}", json={"label": "Staff"})
    assert changed["data"]["updateOneField"]["label"] == "Staff"
    assert (await ask(client, "DELETE", "metadata/fields/createdAt", 400))["messages"] == [
        "Several fields are called 'createdAt': give the id."
    ]
    await ask(client, "PATCH", "metadata/fields/size", json={"isActive": False})
    gone = await ask(client, "DELETE", "metadata/fields/size")
    assert gone == {"data": {"deleteOneField": {"id": made["id"]}}}


async def test_keys_webhooks_and_roles(client: httpx.AsyncClient) -> None:
    key = (await ask(client, "POST", "metadata/apiKeys", 201, json={"name": "script"}))["data"]["createApiKey"]
    answer = await client.get("/rest/people", headers={"authorization": f"Bearer {key['token']}"})
    assert answer.status_code == 200
    shown = (await ask(client, "GET", "metadata/apiKeys/script"))["data"]["apiKey"]
    assert (shown["id"], "token" in shown) == (key["id"], False)
    refused = await client.patch("/rest/metadata/apiKeys/script", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, DELETE, HEAD, OPTIONS")
    assert (await ask(client, "DELETE", "metadata/apiKeys/script"))["data"] == {"revokeApiKey": {"id": key["id"]}}

    hook = {"targetUrl": "https://example.com/hook", "operations": ["*.*"]}
    made = (await ask(client, "POST", "metadata/webhooks", 201, json=hook))["data"]["createWebhook"]
    assert made["secret"]
    changed = await ask(client, "PATCH", f"metadata/webhooks/{made['id']}", json={"description": "d"})
    assert changed["data"]["updateWebhook"]["description"] == "d"
    assert "secret" not in (await ask(client, "GET", f"metadata/webhooks/{made['id']}"))["data"]["webhook"]
    assert (await ask(client, "DELETE", f"metadata/webhooks/{made['id']}"))["data"] == {
        "deleteWebhook": {"id": made["id"]}
    }

    role = {"name": "clerk", "label": "Clerk", "grants": [{"object": "company", "read": {}}]}
    made = (await ask(client, "POST", "metadata/roles", 201, json=role))["data"]["createOneRole"]
    assert (await ask(client, "GET", "metadata/roles/clerk"))["data"]["role"]["label"] == "Clerk"
    changed = await ask(client, "PATCH", "metadata/roles/clerk", json={"label": "Clerks"})
    assert changed["data"]["updateOneRole"]["label"] == "Clerks"
    assert (await ask(client, "DELETE", "metadata/roles/clerk"))["data"] == {"deleteOneRole": {"id": made["id"]}}


async def test_pages_are_filtered_and_ordered_as_those_of_records_are(client: httpx.AsyncClient) -> None:
    async def names(query: str, resource: str = "objects", member: str = "nameSingular") -> list[str]:
        found = await ask(client, "GET", f"metadata/{resource}?{query}")
        assert found["totalCount"] >= len(found["data"][resource])
        return [one[member] for one in found["data"][resource]]

    assert await names("order_by=nameSingular[DESC]") == ["person", "opportunity", "company", "activity"]
    assert await names("filter=or(nameSingular[eq]:person,namePlural[startsWith]:comp)&order_by=nameSingular") == [
        "company",
        "person",
    ]
    first = await ask(client, "GET", "metadata/objects?order_by=nameSingular&limit=3&filter=isActive[eq]:true")
    assert first["totalCount"] == 4
    after = f"order_by=nameSingular&filter=isActive[eq]:true&starting_after={first['pageInfo']['endCursor']}"
    assert await names(after) == ["person"]
    before = f"order_by=nameSingular&filter=isActive[eq]:true&limit=2&ending_before={first['pageInfo']['endCursor']}"
    assert await names(before) == ["activity", "company"]
    person = (await ask(client, "GET", "metadata/objects/person"))["data"]["object"]["id"]
    of_person = await names(f"filter=objectMetadataId[eq]:{person},type[eq]:TEXT&order_by=name", "fields", "name")
    assert of_person == ["city", "email", "firstName", "jobTitle", "lastName", "phone"]
    assert await names("filter=name[eq]:viewer", "roles", "name") == ["viewer"]
    assert await names("filter=revokedAt[is]:NULL", "apiKeys", "name") == ["test"]
    assert await names("filter=isActive[eq]:true&order_by=targetUrl", "webhooks", "targetUrl") == []


_REFUSED: list[tuple[str, str, int, Any, str]] = [
    ("GET", "metadata/nothing", 404, None, "There is nothing at /rest/metadata"),
    ("GET", "metadata/objects/nothing", 404, None, "There is nothing at /rest/metadata/objects/nothing."),
    ("GET", f"metadata/objects/{ID}", 404, None, "There is nothing at /rest/metadata/objects/"),
    ("GET", "metadata/webhooks/x", 400, None, "The id 'x' in the path is not a UUID."),
    ("GET", "metadata/objects?limit=1001", 400, None, "'limit' must be a number from 0 to 1000, not '1001'."),
    ("GET", "metadata/objects?filter=town[eq]:x", 400, None, "'filter' has 'town.eq', and there is no 'town' here."),
    ("GET", "metadata/objects?filter=isActive[eq]:x", 400, None, "'filter"),
    ("GET", "metadata/fields?order_by=town", 400, None, "'order_by' has 'town'"),
    ("GET", "metadata/objects/person?filter=isActive[eq]:true", 400, None, "There is no parameter 'filter' here"),
    ("GET", "metadata/objects?depth=1", 400, None, "There is no parameter 'depth' here."),
    ("GET", "metadata/objects?starting_after=x", 400, None, "The cursor in 'starting_after' is not valid"),
    ("POST", "metadata/objects", 400, [], "The body must be a JSON object."),
    ("POST", "metadata/objects", 400, {"nameSingular": 1}, "'nameSingular'"),
    ("POST", "metadata/objects", 400, {**ROCKET, "town": 1}, "town"),
    ("POST", "metadata/objects", 409, {**ROCKET, "nameSingular": "person"}, "person"),
    ("PATCH", "metadata/objects/nothing", 400, [], "The body must be a JSON object."),
    ("PATCH", f"metadata/objects/{ID}", 404, {"labelPlural": "x"}, ID),
    ("DELETE", "metadata/objects", 405, None, "The method DELETE is not allowed here"),
]


async def test_refusals(client: httpx.AsyncClient) -> None:
    for method, path, status, body, message in _REFUSED:
        answer = await client.request(method, f"/rest/{path}", json=body)
        error: Any = answer.json()
        assert answer.status_code == status, (path, answer.text)
        assert message in (error["messages"][0] if status == 400 else error["message"]), path
        assert "input" not in str(error), path
    for name in ("Idempotency-Key", "If-Match"):
        headers = {name: '"2026-01-01T00:00:00Z-0123456789abcdef"'}
        sent = await client.patch("/rest/metadata/objects/person", json={"labelPlural": "x"}, headers=headers)
        assert sent.status_code == 400
    assert (await client.get("/rest/metadata/objects", headers={"authorization": ""})).status_code == 401


async def test_rights_are_those_of_the_metadata_api(client: httpx.AsyncClient) -> None:
    role = {
        "name": "clerk",
        "label": "Clerk",
        "grants": [{"object": "company", "read": {"fields": {"only": ["name"]}}}],
    }
    await client.post("/metadata", json={"query": CREATE, "variables": {"input": role}})
    made = await ask(client, "POST", "metadata/apiKeys", 201, json={"name": "k", "role": "clerk"})
    options: Any = {"headers": {"authorization": f"Bearer {made['data']['createApiKey']['token']}"}}
    company = (await ask(client, "GET", "metadata/objects/company"))["data"]["object"]["id"]
    page = await client.get("/rest/metadata/objects", **options)
    asked = {"query": "{ objects { edges { node { nameSingular fieldsList { name } } } totalCount } }"}
    by_graphql = (await client.post("/metadata", json=asked, **options)).json()
    nodes = [edge["node"] for edge in by_graphql["data"]["objects"]["edges"]]
    found = [
        {"nameSingular": one["nameSingular"], "fieldsList": [{"name": field["name"]} for field in one["fields"]]}
        for one in page.json()["data"]["objects"]
    ]
    assert found == nodes == [{"nameSingular": "company", "fieldsList": [{"name": "id"}, {"name": "name"}]}]
    for method, path, body in [
        ("POST", "metadata/objects", ROCKET),
        ("PATCH", f"metadata/objects/{company}", {"labelPlural": "x"}),
        ("DELETE", f"metadata/objects/{company}", None),
        ("GET", "metadata/apiKeys", None),
        ("POST", "metadata/apiKeys", {"name": "x"}),
        ("GET", "metadata/webhooks", None),
        ("GET", "metadata/roles", None),
        ("DELETE", "metadata/roles/clerk", None),
    ]:
        await ask(client, method, path, 403, json=body, **options)


async def test_they_are_described(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/metadata")
    OpenAPIV31SpecValidator(document).validate()
    for name in RESOURCES:
        for path, of_one in ((name, False), (f"{name}/{{id}}", True)):
            item = document["paths"][f"/metadata/{path}"]
            assert {method.upper() for method in item} - {"PARAMETERS"} == {*find_methods(name, of_one=of_one)}
    assert len(document["paths"]) == 2 * len(RESOURCES)
    hook = {"targetUrl": "https://example.com", "operations": ["*.*"]}
    await ask(client, "POST", "metadata/webhooks", 201, json=hook)
    bodies: dict[str, Any] = {
        "objects": ROCKET,
        "apiKeys": {"name": "script"},
        "roles": {"name": "clerk", "label": "Clerk", "grants": [{"object": "company", "read": {}}]},
    }
    for name in RESOURCES:
        page = document["paths"][f"/metadata/{name}"]["get"]["responses"]["200"]
        found = await ask(client, "GET", f"metadata/{name}")
        assert found["data"][name]
        validate(document, page, found)
        if name in bodies:
            post = document["paths"][f"/metadata/{name}"]["post"]
            validate(document, post["requestBody"], bodies[name])
            made = await ask(client, "POST", f"metadata/{name}", 201, json=bodies[name])
            validate(document, post["responses"]["201"], made)


def validate(document: Any, described: Any, value: Any) -> None:
    schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(value)


async def test_a_role_is_told_what_it_has_the_settings_for(client: httpx.AsyncClient) -> None:
    role = {"name": "clerk", "label": "Clerk", "settings": ["WEBHOOKS"], "grants": [{"object": "company", "read": {}}]}
    await client.post("/metadata", json={"query": CREATE, "variables": {"input": role}})
    made = await ask(client, "POST", "metadata/apiKeys", 201, json={"name": "k", "role": "clerk"})
    options: Any = {"headers": {"authorization": f"Bearer {made['data']['createApiKey']['token']}"}}
    document = await ask(client, "GET", "open-api/metadata", **options)
    OpenAPIV31SpecValidator(document).validate()
    found = {path: {*item} - {"parameters"} for path, item in document["paths"].items()}
    assert found == {
        "/metadata/objects": {"get"},
        "/metadata/objects/{id}": {"get"},
        "/metadata/fields": {"get"},
        "/metadata/fields/{id}": {"get"},
        "/metadata/webhooks": {"get", "post"},
        "/metadata/webhooks/{id}": {"get", "patch", "put", "delete"},
        "/metadata/relations": {"get"},
        "/metadata/relations/{id}": {"get"},
    }
    assert {"Role", "ApiKey", "CreateRoleInput"} & {*document["components"]["schemas"]} == set()
    assert (await client.get("/rest/open-api/metadata", headers={"authorization": ""})).status_code == 401
