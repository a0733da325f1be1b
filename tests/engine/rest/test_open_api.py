"""The OpenAPI document is valid, has every route, and says of the part of a role no more than is answered."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from fieldstone.engine.rest.export_addresses import IMPORT_PARAMETERS, PARAMETERS, Format
from fieldstone.engine.rest.import_addresses import find_job_address
from fieldstone.engine.rest.open_api.documents import OpenApiDocuments
from fieldstone.engine.rest.open_api.paths import write_paths
from fieldstone.engine.rest.routes import Action, find_place, routes_of
from fieldstone.metadata.changes import CreateField, apply
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import loads
from tests.engine.rest.asking import ask, create
from tests.engine.rest.described import document_for, operations
from tests.engine.rest.import_jobs.jobs import end_of
from tests.engine.server.conftest import StartApp
from tests.models import large_snapshot

ID = "018cc5ca-0000-7000-8000-000000000000"


def names_in(document: Any) -> set[str]:
    return set(re.findall(r"(?<=['/])[A-Za-z]+", str(document["paths"]) + str(document["components"]["schemas"])))


def parts_of(document: Any) -> Iterator[dict[str, Any]]:
    """All objects within a document."""
    if isinstance(document, dict):
        yield document
    if isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from parts_of(part)


@pytest.mark.long
async def test_it_is_valid_and_has_every_route(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/core")
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.1"
    for plural in ("people", "companies", "opportunities", "activities"):
        for path, actions in routes_of(plural):
            item = document["paths"][f"/{path}"]
            assert {method.upper() for method in item} - {"PARAMETERS"} == {*actions}
    found = {(path, method) for path, method, _ in operations(document)}
    jobs = {(path[1:].replace("{id}", ID), method) for path, method in found if path.startswith("/imports")}
    for address, method in jobs:
        job = find_job_address(address)
        assert job is not None
        job.require(method)
    assert (len(jobs), len(found)) == (10, 1 + 10 + 4 * (16 + 4))
    rest = {(path[1:].replace("{id}", ID), method) for path, method in found} - jobs
    assert {find_place(path).action(method) for path, method in rest if "." not in path} == {*Action}
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["core", "metadata"])
async def test_generators_of_clients_find_what_they_need(client: httpx.AsyncClient, name: str) -> None:
    document = await ask(client, "GET", f"open-api/{name}")
    assert all(operation.get("summary") for _, _, operation in operations(document))
    # A parameter with a schema of its own is one text, and never several parameters.
    shown = [one for one in document["components"]["parameters"].values() if one["in"] == "query"]
    assert {one["schema"]["type"] for one in shown} <= {"string", "integer", "boolean"}
    assert [part for part in parts_of(document) if part.get("type") == "array" and "items" not in part] == []


async def test_generated_types_are_exact(client: httpx.AsyncClient) -> None:
    """A create had two types of answers, groups had no aggregates, and the data of changes by a filter had an id."""
    document = await ask(client, "GET", "open-api/core")
    schemas, paths = document["components"]["schemas"], document["paths"]

    def body(path: str, method: str) -> Any:
        return paths[path][method]["requestBody"]["content"]["application/json"]["schema"]

    def data(path: str, method: str, status: str) -> Any:
        shown = paths[path][method]["responses"][status]["content"]["application/json"]["schema"]
        return shown["properties"]["data"]

    person = {"$ref": "#/components/schemas/Person"}
    assert body("/people", "post") == {"$ref": "#/components/schemas/Person.create"}
    assert data("/people", "post", "201")["properties"] == {"createPerson": person}
    assert body("/batch/people", "post")["items"] == body("/people", "post")
    one, many = body("/people", "patch")["oneOf"]
    assert one == {"$ref": "#/components/schemas/Person.update"}
    assert many == {"type": "array", "items": {"$ref": "#/components/schemas/Person.updateItem"}}
    change, item = schemas["Person.update"], schemas["Person.updateItem"]
    identified = change["properties"] | {"id": {"type": "string", "format": "uuid"}}
    assert item == change | {"properties": identified, "required": ["id"]}
    assert "id" not in change["properties"]
    assert item["additionalProperties"] is False
    group = data("/people/groupBy", "get", "200")["properties"]["peopleGroupBy"]["items"]
    assert group["additionalProperties"]["description"] == "An aggregate that the request names."


def schemas_of(document: Any) -> Iterator[Any]:
    """All schemas of a document, those within others too."""
    waiting = [*document["components"]["schemas"].values()]
    waiting += [part["schema"] for part in parts_of(document) if isinstance(part.get("schema"), dict)]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.get("properties", {}).values()
        waiting += [inner for name in ("anyOf", "oneOf", "allOf") for inner in one.get(name, ())]
        waiting += [one[name] for name in ("items", "additionalProperties") if isinstance(one.get(name), dict)]


@pytest.mark.parametrize("kind", ["core", "metadata"])
async def test_every_schema_has_a_type(client: httpx.AsyncClient, kind: str) -> None:
    """Values of JSON had empty schemas, of which some generators make types that take nothing."""
    document = await ask(client, "GET", f"open-api/{kind}")
    schemas = [*schemas_of(document)]
    assert len(schemas) > 300
    assert [one for one in schemas if not one.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf"}] == []
    assert [
        one for one in schemas if isinstance(one.get("type"), list) and len({*one["type"]}) < len(one["type"])
    ] == []


async def test_summaries_read_as_names_of_requests(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/core")
    summaries = [document["paths"][path]["delete"]["summary"] for path in ("/people/{id}", "/people")]
    assert summaries == [
        "Destroy one of People, or with soft_delete=true delete it",
        "Destroy several of People, or with soft_delete=true delete them",
    ]
    assert document["paths"]["/people"]["get"]["summary"] == "Find People"


async def test_it_is_at_the_path_of_twenty_as_well(client: httpx.AsyncClient) -> None:
    first = await client.get("/rest/open-api/core")
    second = await client.get("/open-api/core")
    assert (second.status_code, second.json()) == (200, first.json())
    head = await client.head("/open-api/core", headers={"accept-encoding": "identity"})
    assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
    for path in ("/rest/open-api/core", "/open-api/core"):
        assert (await client.post(path)).headers["allow"] == "GET, HEAD, OPTIONS"
        assert (await client.get(f"{path}?depth=1")).json()["messages"] == [
            "There is no parameter 'depth' here: this address takes none."
        ]
        assert (await client.get(path, headers={"authorization": ""})).status_code == 401


_BODIES: dict[Action, Any] = {
    Action.CREATE: {"email": "a@example.com"},
    Action.CREATE_MANY: [{"email": "b@example.com"}],
    Action.UPDATE_ONE: {"city": "Bonn"},
    Action.UPDATE_MANY: {"city": "Bonn"},
    Action.DUPLICATES: {"data": [{"email": "a@example.com"}]},
    Action.MERGE: {"ids": [ID, ID], "conflictPriorityIndex": 0},
}


@pytest.mark.long
async def test_each_operation_is_answered_as_it_says(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/core")
    acme = await create(client, "companies", name="Acme", employees=5)
    person = await create(client, "people", email="c@example.com", companyId=acme["id"])
    asked = 0
    for path, method, operation in operations(document):
        if "people" not in path or "." in path:
            continue
        action = find_place(path.removeprefix("/").replace("{id}", person["id"])).action(method)
        query: dict[str, Any] = {}
        if any("depth" in one["$ref"] for one in operation["parameters"]):
            query["depth"] = 1
        if any("filter" in one["$ref"] for one in operation["parameters"]):
            query["filter"] = "city[eq]:Bonn"
        if action is Action.GROUP_BY:
            query |= {"group_by": '[{"city":true}]', "aggregate": '["totalCount"]', "include_records_sample": "true"}
            query |= {"limit": 5, "depth": 0}
        if action in {Action.DELETE_ONE, Action.DELETE_MANY}:
            query["soft_delete"] = "true"
        address = f"/rest{path.replace('{id}', person['id'])}"
        answer = await client.request(method, address, params=query, json=_BODIES.get(action))
        told = operation["responses"].get(str(answer.status_code))
        assert told is not None, (method, path, answer.text)
        refused = answer.status_code >= 400
        # The records are the same one twice, and no longer deleted.
        assert not refused or action in {Action.MERGE, Action.RESTORE_ONE}, (method, path, answer.text)
        resolved = document["components"]["responses"][str(answer.status_code)] if refused else told
        schema = {**resolved["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())
        asked += 1
    assert asked == 16


async def test_exports(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/core")
    await create(client, "people", email="c@example.com")
    for format_ in Format:
        operation = document["paths"][f"/people.{format_.value}"]["get"]
        named = [one["$ref"].rpartition("/")[2].removeprefix("export_") for one in operation["parameters"]]
        assert named == [*PARAMETERS]
        (told,) = operation["responses"]["200"]["content"]
        answer = await client.get(f"/rest/people.{format_.value}", params={"limit": 1, "order_by": "email"})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, told)


async def test_imports(client: httpx.AsyncClient) -> None:
    document = await ask(client, "GET", "open-api/core")
    files = {Format.CSV: "email\na@x\n,\n", Format.JSONL: '{"email": "b@x"}\n[]\n'}
    for format_, text in files.items():
        operation = document["paths"][f"/people.{format_.value}"]["post"]
        assert [one["$ref"].rpartition("/")[2] for one in operation["parameters"]] == [*IMPORT_PARAMETERS]
        body = document["components"]["requestBodies"][operation["requestBody"]["$ref"].rpartition("/")[2]]
        told, plain = body["content"]
        assert plain == "text/plain"
        answer = await client.post(
            f"/rest/people.{format_.value}?upsert=true", content=text, headers={"content-type": told}
        )
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        schema = {**schema, "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())
        assert answer.json()["data"]["importPeople"]["errors"]


async def test_import_jobs(client: httpx.AsyncClient) -> None:
    """Each of their operations is answered as the document says."""
    document = await ask(client, "GET", "open-api/core")
    (told, *_) = document["paths"]["/imports"]["post"]["requestBody"]["content"]
    made = await client.post("/rest/imports?object=people", content="email,x\na@x,1\n", headers={"content-type": told})
    assert made.status_code == 201, made.text
    id_, options = made.json()["data"]["import"]["id"], {"mapping": {"x": None}, "onConflict": ["email"]}
    sent = [("GET", "", None), ("GET", "/{id}", None), ("PATCH", "/{id}", options), ("POST", "/{id}/check", None)]
    sent += [("POST", "/{id}/stop", None), ("POST", "/{id}/run", options), ("POST", "/{id}/undo", None)]
    answers = [("/imports", "POST", made)]
    for method, path, body in sent:
        given: dict[str, Any] = {} if body is None else {"json": body}
        answers.append(
            (f"/imports{path}", method, await client.request(method, f"/rest/imports{path.format(id=id_)}", **given))
        )
        await end_of(client, id_)
    answers.append(("/imports/{id}", "DELETE", await client.delete(f"/rest/imports/{id_}")))
    for path, method, answer in answers:
        operation = document["paths"][path][method.lower()]
        told = operation["responses"][str(answer.status_code)]
        if answer.status_code >= 400:
            assert (path, answer.status_code) == ("/imports/{id}/stop", 409)
            told = document["components"]["responses"]["409"]
        schema = {**told["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())


async def test_a_role_that_creates_nothing_imports_nothing(client: httpx.AsyncClient) -> None:
    document, _ = await document_for(client, {"object": "*", "read": {}, "update": {}})
    assert "/people" in document["paths"]
    assert not [path for path in document["paths"] if path.startswith("/imports")]


def test_an_object_with_the_name_of_import_jobs_is_found_elsewhere() -> None:
    """A workspace may have one from before the name was reserved."""
    object_ = replace(large_snapshot(1).by_singular["object0"], name_plural="imports")
    paths = loads(f"{{{write_paths(object_)}}}")
    assert {path for path in paths if path.startswith("/imports")} == {"/imports.csv", "/imports.jsonl"}
    assert {"/batch/imports", "/restore/imports"} <= paths.keys()


async def test_a_role_sees_its_part(client: httpx.AsyncClient) -> None:
    document, options = await document_for(
        client,
        {"object": "opportunity", "read": {"fields": {"only": ["name"]}}, "delete": {}, "aggregates": False},
        {"object": "activity", "read": {}, "create": {"fields": {"only": ["title"]}}},
    )
    OpenAPIV31SpecValidator(document).validate()
    named = names_in(document)
    assert named & {"companies", "Company", "company", "companyId", "people", "Person", "amount", "stage"} == set()
    found = [(path, method) for path, method, _ in operations(document)]
    assert {one for one in found if not one[0].startswith("/imports")} == {
        ("/open-api/core", "GET"),
        ("/opportunities", "GET"),
        ("/opportunities", "DELETE"),
        ("/opportunities.csv", "GET"),
        ("/opportunities.jsonl", "GET"),
        ("/activities.csv", "GET"),
        ("/activities.jsonl", "GET"),
        ("/activities.csv", "POST"),
        ("/activities.jsonl", "POST"),
        ("/opportunities/{id}", "GET"),
        ("/opportunities/{id}", "DELETE"),
        ("/activities", "GET"),
        ("/activities", "POST"),
        ("/activities/groupBy", "GET"),
        ("/activities/{id}", "GET"),
        ("/batch/activities", "POST"),
    }
    schemas = document["components"]["schemas"]
    assert [*schemas["Opportunity"]["properties"]] == ["id", "name"]
    assert [*schemas["Activity.create"]["properties"]] == ["title"]
    assert "Activity.update" not in schemas
    parameters = document["paths"]["/opportunities/{id}"]["delete"]["parameters"]
    assert {"$ref": "#/components/parameters/only_soft_delete"} in parameters
    page = document["paths"]["/opportunities"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert "totalCount" not in page["properties"]
    await ask(client, "POST", "activities", 201, json={"title": "a"}, **options)
    await ask(client, "POST", "activities", 403, json={"body": "a"}, **options)
    # Another role's part is its own.
    assert "amount" in names_in(await ask(client, "GET", "open-api/core"))


async def test_trusted_documents_alone_are_no_way_for_it(start_app: StartApp) -> None:
    async with start_app(documents="trusted") as (_, client):
        assert (await ask(client, "GET", "open-api/core", 403))["error"] == "Forbidden"


async def test_it_has_a_limit(start_app: StartApp) -> None:
    async with start_app(max_response_bytes=1_000) as (_, client):
        error = await ask(client, "GET", "open-api/core", 400)
        assert error["messages"] == ["The answer is too large: the answer has more than 4000 bytes."]


async def test_it_is_sent_as_it_is_kept(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/open-api/core", headers={"accept-encoding": "deflate"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "deflate"
    assert loads(zlib.decompress(raw)) == (await client.get("/open-api/core")).json()


async def test_it_follows_the_model(client: httpx.AsyncClient) -> None:
    sent = """mutation { createOneObject(input: { object: {
        nameSingular: "rocket" namePlural: "rockets" labelSingular: "Rocket" labelPlural: "Rockets" } }) { id } }"""
    before = await ask(client, "GET", "open-api/core")
    made = (await client.post("/metadata", json={"query": sent})).json()["data"]["createOneObject"]["id"]
    field = """mutation ($id: UUID!) { createOneField(input: { field: {
        objectMetadataId: $id name: "price" label: "Price" type: CURRENCY } }) { id } }"""
    assert "errors" not in (await client.post("/metadata", json={"query": field, "variables": {"id": made}})).json()
    after = await ask(client, "GET", "open-api/core")
    assert "/rockets" not in before["paths"]
    assert after["paths"]["/rockets/{id}"]["get"]["operationId"] == "findOneRocket"
    assert after["components"]["schemas"]["Rocket.create"]["properties"]["price"] == {
        "anyOf": [{"$ref": "#/components/schemas/currencyValueInput"}, {"type": "null"}]
    }
    rocket = await create(client, "rockets", price={"amountMicros": 5, "currencyCode": "EUR"})
    schema = {"$ref": "#/components/schemas/Rocket", "components": after["components"]}
    Draft202012Validator(schema).validate(rocket)


async def test_a_change_costs_what_it_touches() -> None:
    count = 200
    documents, snapshot = OpenApiDocuments(), large_snapshot(count)
    text = await documents.get(snapshot, "/rest", largest_page=200, default_page=60)
    assert documents.written == count
    assert len(loads(bytes(text))["paths"]) == 1 + 7 + 12 * count
    await documents.get(snapshot, "/rest", largest_page=100, default_page=60)
    assert documents.written == count
    object_ = snapshot.by_singular["object7"]
    change = CreateField(object_id=object_.id, name="extra", label="Extra", type=FieldType.TEXT)
    after = apply(snapshot, change).snapshot
    changed = loads(bytes(await documents.get(after, "/rest", largest_page=200, default_page=60)))
    # The object itself, and the two that have a relation to it.
    assert documents.written == count + 3
    assert "extra" in changed["components"]["schemas"]["Object7"]["properties"]
    assert len(text) / count < 29_000
    assert text.encoded_length / count < 3_000
