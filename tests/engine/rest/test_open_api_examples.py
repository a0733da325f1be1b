"""The examples of the OpenAPI document, which pages and collections that are made of it send unchanged."""

import httpx

from tests.engine.rest.asking import ask, create
from tests.engine.rest.described import document_for, operations


async def test_the_examples_of_parameters_are_valid_for_every_object(client: httpx.AsyncClient) -> None:
    """Postman sends the example of a parameter, and the word "string" for one without: the request was refused."""
    document = await ask(client, "GET", "open-api/core")
    shown = document["components"]["parameters"]
    examples = {name: part["example"] for name, part in shown.items() if "example" in part}
    writes = {"write_filter", "required_filter"}
    assert examples.keys() == {"filter", "order_by", "group_by", "aggregate"} | writes
    for plural in ("people", "companies", "activities"):
        page = {name: examples[name] for name in ("filter", "order_by")}
        await ask(client, "GET", plural, params=page)
        groups = {name: examples[name] for name in ("filter", "group_by", "aggregate")}
        await ask(client, "GET", f"{plural}/groupBy", params=groups)
        await ask(client, "PATCH", f"restore/{plural}", params={"filter": examples["required_filter"]})


async def test_the_example_of_a_write_of_several_records_finds_none(client: httpx.AsyncClient) -> None:
    """An unchanged `DELETE` of a page or a collection that is made of the document destroyed the records."""
    await create(client, "people", email="a")
    document = await ask(client, "GET", "open-api/core")
    shown = document["components"]["parameters"]
    writes = [
        shown[reference.rpartition("/")[2]]
        for path, method, operation in operations(document)
        for reference in (part["$ref"] for part in operation.get("parameters", ()))
        if method != "GET" and shown[reference.rpartition("/")[2]]["name"] == "filter"
    ]
    assert len(writes) == 4 * 4
    examples = {one["example"] for one in writes}
    for example in examples:
        for sent in ({}, {"soft_delete": True}):
            removed = await ask(client, "DELETE", "people", params={"filter": example} | sent)
            assert [*removed["data"].values()] == [[]]
        changed = await ask(client, "PATCH", "people", params={"filter": example}, json={"city": "Bonn"})
        assert changed["data"] == {"updatePeople": []}
    assert (await ask(client, "GET", "people"))["totalCount"] == 1


async def test_examples_name_no_field_that_a_role_may_not_see(client: httpx.AsyncClient) -> None:
    document, options = await document_for(client, {"object": "person", "read": {"fields": {"only": ["city"]}}})
    shown = document["components"]["parameters"]
    params = {name: shown[name]["example"] for name in ("filter", "order_by")}
    await ask(client, "GET", "people", params=params, **options)
    groups = {name: shown[name]["example"] for name in ("group_by", "filter")}
    await ask(client, "GET", "people/groupBy", params=groups, **options)
