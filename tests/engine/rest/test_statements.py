"""Requests of REST are projections: a read is one statement, and plans serve all requests of a shape."""

from typing import Any

import pytest

from fieldstone.engine.rest.api import RestApi
from tests.apis import Apis, Served
from tests.rest_requests import ask_rest


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "people?depth=2&limit=3&filter=company.name[ilike]:%25a%25,city[is]:NOT_NULL&order_by=city", None),
        ("GET", 'people/groupBy?group_by=[{"city":true}]&aggregate=["totalCount"]&include_records_sample=true', None),
        ("POST", "people/duplicates?depth=1", {"data": [{"email": "a"}, {"email": "b"}]}),
    ],
)
def test_a_read_is_one_statement(sample: Served, method: str, address: str, body: Any) -> None:
    api, log = RestApi(sample.apis.core), sample.apis.database.log
    for _ in range(2):
        before = len(log)
        sample.run(ask_rest(api, method, address, body))
        assert len(log) == before + 1


def test_one_record_is_one_statement_and_one_plan_for_all(sample: Served) -> None:
    api, log, plans = RestApi(sample.apis.core), sample.apis.database.log, sample.apis.core.compiler.plans
    page = sample.run(ask_rest(api, "GET", "people?limit=5"))
    ids = [person["id"] for person in page["data"]["people"]]
    sample.run(ask_rest(api, "GET", f"people/{ids[0]}?depth=1"))
    before, misses = len(log), plans.counters.misses
    for id_ in ids[1:]:
        found = sample.run(ask_rest(api, "GET", f"people/{id_}?depth=1"))
        assert found["data"]["person"]["id"] == id_
    assert (len(log), plans.counters.misses) == (before + 4, misses)
    assert len(set(log.texts[-4:])) == 1


async def test_new_fields_are_there_at_once_and_old_ones_gone(apis: Apis) -> None:
    api = RestApi(apis.core)
    made = await ask_rest(api, "POST", "companies", {"name": "Acme"})
    id_ = made["data"]["createCompany"]["id"]
    objects = await apis.change("{ objects { edges { node { id nameSingular } } } }")
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects["objects"]["edges"]}
    create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": ids["company"], "name": "motto", "label": "Motto", "type": "TEXT"}
    field = (await apis.change(create, input=given))["createField"]["id"]
    changed = await ask_rest(api, "PATCH", f"companies/{id_}", {"motto": "x"})
    assert changed["data"]["updateCompany"]["motto"] == "x"
    assert (await ask_rest(api, "GET", "companies?filter=motto[eq]:x"))["totalCount"] == 1
    await apis.change("mutation ($id: UUID!) { deleteField(id: $id) { id } }", id=field)
    assert "motto" not in (await ask_rest(api, "GET", f"companies/{id_}"))["data"]["company"]
    assert "motto" not in (await ask_rest(api, "GET", "companies"))["data"]["companies"][0]


async def test_a_model_that_plans_a_change_is_told_of_no_document_of_rest(apis: Apis) -> None:
    api = RestApi(apis.core)
    await ask_rest(api, "GET", "companies")
    await apis.ask("query Sites { companies { edges { node { website } } } }")
    text = "query ($changes: [Change!]!) { planChanges(changes: $changes) { operations { operation } } }"
    planned = await apis.change(
        text, changes=[{"updateField": {"id": "company.website", "update": {"isActive": False}}}]
    )
    assert planned["planChanges"]["operations"] == [{"operation": "Sites"}]
