"""Each action of REST on records, over HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.engine.rest.asking import ask, create, emails


async def test_one_record(client: httpx.AsyncClient) -> None:
    made = await create(client, "people", email="a@x.org", city="Berlin")
    assert made["createdBy"]["name"] == "test"
    assert await ask(client, "GET", f"people/{made['id']}") == {"data": {"person": made}}
    assert await ask(client, "GET", f"people/{made['id']}/") == {"data": {"person": made}}
    for method in ("PATCH", "PUT"):
        changed = await ask(client, method, f"people/{made['id']}", json={"city": method})
        assert list(changed["data"]) == ["updatePerson"]
        assert (changed["data"]["updatePerson"]["city"], changed["data"]["updatePerson"]["email"]) == (
            method,
            "a@x.org",
        )
    missing = f"people/{made['id'][:-4]}0000"
    assert await ask(client, "GET", missing, 404) == {
        "statusCode": 404,
        "message": f"There is no Person with the id {made['id'][:-4]}0000.",
        "error": "Not Found",
    }
    assert (await ask(client, "PATCH", missing, 404, json={"city": "x"}))["error"] == "Not Found"
    assert (await ask(client, "DELETE", missing, 404))["error"] == "Not Found"


async def test_a_page(client: httpx.AsyncClient) -> None:
    for name in "abcd":
        await create(client, "people", email=name)
    first = await ask(client, "GET", "people?order_by=email[DescNullsLast]&limit=3")
    assert [*first] == ["data", "pageInfo", "totalCount"]
    assert [person["email"] for person in first["data"]["people"]] == ["d", "c", "b"]
    assert [*first["pageInfo"]] == ["hasNextPage", "startCursor", "endCursor"]
    assert (first["pageInfo"]["hasNextPage"], first["totalCount"]) == (True, 4)
    end = first["pageInfo"]["endCursor"]
    rest = f"order_by=email[DescNullsLast]&limit=3&starting_after={end}&ending_before="
    second = await ask(client, "GET", f"people?{rest}")
    assert [person["email"] for person in second["data"]["people"]] == ["a"]
    assert second["pageInfo"]["hasNextPage"] is False
    assert await emails(client, f"order_by=email[DescNullsLast]&limit=1&ending_before={end}") == ["c"]
    assert await emails(client, f"order_by=email[DescNullsLast]&ending_before={end}") == ["d", "c"]
    assert "totalCount" not in await ask(client, "GET", "people?total_count=false")
    empty = await ask(client, "GET", "people?limit=0")
    assert empty == {
        "data": {"people": []},
        "pageInfo": {"hasNextPage": True, "startCursor": None, "endCursor": None},
        "totalCount": 4,
    }


async def test_depth_brings_relations(client: httpx.AsyncClient) -> None:
    company = await create(client, "companies", name="Acme")
    person = await create(client, "people", email="a@x.org", companyId=company["id"])
    activity = await create(client, "activities", title="Call", personId=person["id"])
    assert "company" not in person
    assert person["companyId"] == company["id"]

    (found,) = (await ask(client, "GET", "people?depth=1"))["data"]["people"]
    assert found == {**person, "company": company, "activities": [activity], "opportunities": []}
    one = (await ask(client, "GET", f"companies/{company['id']}?depth=2"))["data"]["company"]
    assert one["people"] == [
        {**person, "company": company, "activities": [activity], "opportunities": []},
    ]
    changed = await ask(client, "PATCH", f"people/{person['id']}?depth=1", json={"city": "Bonn"})
    assert changed["data"]["updatePerson"]["company"] == company


async def test_several_records_are_written(client: httpx.AsyncClient) -> None:
    for path in ("batch/people", "people"):
        made = await ask(client, "POST", path, 201, json=[{"email": f"{path} 1"}, {"email": f"{path} 2"}])
        assert [person["email"] for person in made["data"]["createPeople"]] == [f"{path} 1", f"{path} 2"]
    changed = await ask(client, "PATCH", "people?filter=email[like]:batch%", json={"city": "Bonn"})
    assert [person["city"] for person in changed["data"]["updatePeople"]] == ["Bonn", "Bonn"]
    gone = await ask(client, "DELETE", "people?filter=email[eq]:people 1&soft_delete=true")
    assert [[*person] for person in gone["data"]["deletePeople"]] == [["id"]]
    assert len(await emails(client, "")) == 3
    back = await ask(client, "PATCH", "restore/people?filter=email[eq]:people 1")
    assert [person["email"] for person in back["data"]["restorePeople"]] == ["people 1"]
    destroyed = await ask(client, "DELETE", "people?filter=email[eq]:people 1")
    assert destroyed == gone
    assert (await ask(client, "PATCH", "restore/people?filter=email[eq]:people 1"))["data"]["restorePeople"] == []
    for method, body in (("PATCH", {"city": "x"}), ("DELETE", None)):
        refused = await ask(client, method, "people", 400, json=body)
        assert refused["messages"] == [
            "The parameter 'filter' is missing: it says which records are meant, for instance filter=city[eq]:Berlin."
        ]


async def test_several_records_are_named_by_the_body(client: httpx.AsyncClient) -> None:
    made = await ask(client, "POST", "people", 201, json=[{"email": "a"}, {"email": "b"}, {"email": "c"}])
    a, b, _ = (person["id"] for person in made["data"]["createPeople"])
    changed = await ask(client, "PATCH", "people", json=[{"id": b, "city": "Bonn"}, {"id": a, "city": "Ulm"}])
    assert [person["city"] for person in changed["data"]["updatePeople"]] == ["Bonn", "Ulm"]
    refused = await ask(client, "PATCH", "people", 400, json=[{"id": b, "city": 1}])
    assert refused["messages"] == ["'[0].city' must be text, not 1."]
    refused = await ask(client, "PATCH", "people", 400, json=[{"city": "Bonn"}])
    assert refused["messages"] == ["'[0]' must be a JSON object with the 'id' of its record."]
    both: list[tuple[str, Any]] = [("PATCH", [{"id": a}]), ("DELETE", {"ids": [a]})]
    for method, body in both:
        refused = await ask(client, method, "people?filter=city[eq]:x", 400, json=body)
        assert refused["messages"] == ["The records are named by 'filter' or by the body, not by both."]
    wrong: list[tuple[Any, str]] = [
        ({"ids": None}, "'ids' "),
        ({}, "'ids' "),
        ({"ids": ["x"]}, "'ids[0]' "),
        ({"id": a}, "The body has 'id'"),
        ([a], "The body must be a JSON object."),
    ]
    for body, message in wrong:
        refused = await ask(client, "DELETE", "people", 400, json=body)
        assert refused["messages"][0].startswith(message), body

    async def pieces() -> AsyncIterator[bytes]:
        yield json.dumps({"ids": [a]}).encode()

    # A body in chunks has no length.
    sent = {"content": pieces(), "headers": {"content-type": "application/json"}}
    refused = await ask(client, "DELETE", "people?filter=city[is]:NULL", 400, **sent)
    assert refused["messages"] == ["The records are named by 'filter' or by the body, not by both."]
    gone = await ask(client, "DELETE", "people?soft_delete=true", json={"ids": [a, b]})
    assert {person["id"] for person in gone["data"]["deletePeople"]} == {a, b}
    assert await emails(client, "") == ["c"]


async def test_cursors_of_ids_are_ids(client: httpx.AsyncClient) -> None:
    made = await ask(client, "POST", "people", 201, json=[{"email": name} for name in "abcd"])
    ids = [person["id"] for person in made["data"]["createPeople"]]
    first = await ask(client, "GET", "people?limit=2")
    assert (first["pageInfo"]["startCursor"], first["pageInfo"]["endCursor"]) == (ids[0], ids[1])
    assert await emails(client, f"starting_after={ids[1].upper()}&limit=1") == ["c"]
    assert await emails(client, f"ending_before={ids[2]}&limit=1") == ["b"]
    assert await emails(client, f"order_by=id[DESC]&starting_after={ids[1]}") == ["a"]
    by_email = (await ask(client, "GET", "people?order_by=email&limit=1"))["pageInfo"]["endCursor"]
    for query in (f"order_by=email&starting_after={ids[1]}", f"starting_after={by_email}", "starting_after=x"):
        error = await ask(client, "GET", f"people?{query}", 400)
        assert error["messages"][0].startswith("The cursor in 'starting_after' is not valid")


@pytest.mark.parametrize("path", ["restore/people/{}", "people/{}/restore"])
async def test_a_deletion_is_for_good_unless_it_is_soft(client: httpx.AsyncClient, path: str) -> None:
    id_ = (await create(client, "people", email="a"))["id"]
    assert await ask(client, "DELETE", f"people/{id_}?soft_delete=true") == {"data": {"deletePerson": {"id": id_}}}
    await ask(client, "GET", f"people/{id_}", 404)
    back = await ask(client, "PATCH", path.format(id_))
    assert back["data"]["restorePerson"]["id"] == id_
    assert await ask(client, "DELETE", f"people/{id_}") == {"data": {"deletePerson": {"id": id_}}}
    await ask(client, "PATCH", path.format(id_), 404)


async def test_an_upsert(client: httpx.AsyncClient) -> None:
    made = await create(client, "people", email="a", city="Bonn")
    again = await create(client, "people?upsert=true", email="a", jobTitle="x")
    assert (again["id"], again["city"], again["jobTitle"]) == (made["id"], "Bonn", "x")
    both = await ask(client, "POST", "batch/people?upsert=true", 201, json=[{"email": "b"}, {"email": "a"}])
    assert both["data"]["createPeople"][1]["id"] == made["id"]
    refused = await ask(client, "POST", "people", 409, json={"email": "a"})
    assert refused == {"statusCode": 409, "message": "Another Person has this value of 'email'.", "error": "Conflict"}


async def test_duplicates_and_a_merge(client: httpx.AsyncClient) -> None:
    one = await create(client, "people", email="Ann@x.org", firstName="Ann", lastName="Lee")
    two = await create(client, "people", email="ann2@x.org", firstName="ann", lastName="lee", city="Bonn")
    found = (await ask(client, "POST", "people/duplicates", json={"ids": [one["id"], two["id"]]}))["data"]
    assert [[*item] for item in found] == [["personDuplicates", "totalCount", "pageInfo"]] * 2
    assert [item["personDuplicates"] for item in found] == [[two], [one]]
    of_data = await ask(client, "POST", "people/duplicates?depth=1", json={"data": [{"email": "ANN@x.org"}]})
    assert [person["id"] for person in of_data["data"][0]["personDuplicates"]] == [one["id"]]
    given = {"ids": [one["id"], two["id"]], "conflictPriorityIndex": 0}
    tried = await ask(client, "PATCH", "people/merge", json={**given, "dryRun": True})
    assert tried["data"]["mergePeople"]["city"] == "Bonn"
    assert len(await emails(client, "")) == 2
    late = {"ifUpdatedAt": ["2024-01-31T09:30:00Z"] * 2}
    conflict = await ask(client, "PATCH", "people/merge", 409, json={**given, **late})
    assert "which 'ifUpdatedAt' does not say" in str(conflict)
    merged = await ask(client, "PATCH", "people/merge", json=given)
    assert (merged["data"]["mergePeople"]["id"], merged["data"]["mergePeople"]["city"]) == (one["id"], "Bonn")
    assert await emails(client, "") == ["Ann@x.org"]
    refused = await ask(client, "PATCH", "people/merge", 400, json={**given, "id": 1})
    assert refused["messages"] == ["The body has 'id', and may have ids, conflictPriorityIndex, dryRun, ifUpdatedAt."]


async def test_groups(client: httpx.AsyncClient) -> None:
    for name, city in [("a", "Bonn"), ("b", "Berlin"), ("c", "Bonn"), ("d", None)]:
        await create(client, "people", email=name, city=city)
    query = 'group_by=[{"city":true}]&aggregate=["countNotEmptyId","countUniqueValuesEmail"]'
    found = await ask(client, "GET", f'people/groupBy?{query}&order_by=[{{"count":"DESC"}},{{"key":{{"city":"ASC"}}}}]')
    assert found == {
        "data": {
            "peopleGroupBy": [
                {"groupByDimensionValues": ["Bonn"], "countNotEmptyId": 2, "countUniqueValuesEmail": 2},
                {"groupByDimensionValues": ["Berlin"], "countNotEmptyId": 1, "countUniqueValuesEmail": 1},
                {"groupByDimensionValues": [None], "countNotEmptyId": 1, "countUniqueValuesEmail": 1},
            ]
        }
    }
    paged = 'group_by=[{"city":true}]&aggregate=["cursor"]&order_by=city[DescNullsLast]'
    (first,) = (await ask(client, "GET", f"people/groupBy?{paged}&limit=1"))["data"]["peopleGroupBy"]
    rest = await ask(client, "GET", f"people/groupBy?{paged}&starting_after={first['cursor']}")
    assert [group["groupByDimensionValues"] for group in rest["data"]["peopleGroupBy"]] == [["Berlin"], [None]]
    sample = await ask(
        client, "GET", f"people/groupBy?{query}&include_records_sample=true&filter=city[eq]:Bonn&limit=1"
    )
    (group,) = sample["data"]["peopleGroupBy"]
    assert [person["email"] for person in group["records"]] == ["a", "c"]
    backward = f'people/groupBy?{query}&filter=city[eq]:Bonn&limit=1&order_by_for_records=[{{"email":"DescNullsLast"}}]'
    ordered = await ask(client, "GET", f"{backward}&include_records_sample=true")
    (group,) = ordered["data"]["peopleGroupBy"]
    assert [person["email"] for person in group["records"]] == ["c", "a"]
    assert (await ask(client, "GET", backward, 400))["messages"] == [
        "'order_by_for_records' orders the records of 'include_records_sample=true'."
    ]
    wrong = f'people/groupBy?{query}&include_records_sample=true&order_by_for_records=[{{"town":"ASC"}}]'
    assert (await ask(client, "GET", wrong, 400))["messages"][0].startswith("'order_by_for_records[0]' has the field")
    for order, cities in (
        ("city[DescNullsLast]", ["Bonn", "Berlin", None]),
        ("count[DESC],key.city[AscNullsLast]", ["Bonn", "Berlin", None]),
        ('[{"key":{"city":"AscNullsLast"}}]', ["Berlin", "Bonn", None]),
    ):
        groups = (await ask(client, "GET", f'people/groupBy?group_by=[{{"city":true}}]&order_by={order}'))["data"]
        assert [one["groupByDimensionValues"][0] for one in groups["peopleGroupBy"]] == cities, order
    wrong = await ask(client, "GET", 'people/groupBy?group_by=[{"city":true}]&order_by=town', 400)
    assert wrong["messages"][0].startswith("'order_by' has 'key.town', and there is no 'town' in 'key'.")
    by_year = 'people/groupBy?group_by=[{"createdAt":{"granularity":"YEAR"}}]'
    (year,) = (await ask(client, "GET", f'{by_year}&aggregate=["totalCount"]'))["data"]["peopleGroupBy"]
    assert (len(year["groupByDimensionValues"]), year["totalCount"]) == (1, 4)
    deep = "[" * 400 + "]" * 400
    await ask(client, "GET", f"people/groupBy?group_by={deep}", 400)
    for wrong in ("sum", "countDistinctCity", "sumCity", "records", "emailsum"):
        refused = await ask(client, "GET", f'people/groupBy?group_by=[{{"city":true}}]&aggregate=["{wrong}"]', 400)
        assert refused["messages"][0].startswith(
            f"'aggregate' has '{wrong}', which is no aggregate of people: right are totalCount, count, cursor, and"
            " countUniqueValues, countEmpty,"
        )
    for wrong in ("[]", '[{"city":true,"email":true}]'):
        refused = await ask(client, "GET", f"people/groupBy?group_by={wrong}", 400)
        assert "'group_by'" in refused["messages"][0]
    refused = await ask(client, "GET", 'people/groupBy?group_by=[{"city":true}]&aggregate=["a{b}"]', 400)
    assert refused["messages"][0].startswith("'aggregate' must be a JSON list of at most 50 names")
    assert (await ask(client, "GET", "people/groupBy", 400))["messages"] == [
        "The parameter 'group_by' is missing: it is a JSON list such as [{\"city\":true}]."
    ]


async def test_amounts_are_numbers(client: httpx.AsyncClient) -> None:
    query = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    objects = await client.post("/metadata", json={"query": "{ objects { edges { node { id nameSingular } } } }"})
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects.json()["data"]["objects"]["edges"]}
    given = {"objectMetadataId": ids["company"], "name": "price", "label": "Price", "type": "CURRENCY"}
    made = await client.post("/metadata", json={"query": query, "variables": {"input": given}})
    assert "errors" not in made.json()
    price = {"amountMicros": 9007199254740993, "currencyCode": "EUR"}
    company = await create(client, "companies", name="Acme", price=price)
    assert company["price"] == price
    await create(client, "people", email="a", companyId=company["id"])
    (person,) = (await ask(client, "GET", "people?depth=1"))["data"]["people"]
    assert person["company"]["price"] == price
    found = await ask(client, "GET", "companies?filter=price.amountMicros[gte]:9007199254740993")
    assert found["data"]["companies"] == [company]
    assert (await ask(client, "GET", "companies?filter=price.amountMicros[is]:NULL"))["totalCount"] == 0


async def test_a_client_may_send_back_the_id_of_the_record(client: httpx.AsyncClient) -> None:
    made, other = [await create(client, "people", email=email) for email in ("a", "b")]
    id_ = made["id"]
    for method, sent in (("PATCH", id_), ("PUT", id_), ("PATCH", id_.upper())):
        changed = await ask(client, method, f"people/{id_}", json={"id": sent, "city": "Bonn", "position": 2})
        assert changed["data"]["updatePerson"]["city"] == "Bonn"
    for wrong, shown in ((other["id"], f'"{other["id"]}"'), (None, "null"), ("x", '"x"')):
        refused = await ask(client, "PATCH", f"people/{id_}", 400, json={"id": wrong, "city": "Ulm"})
        assert refused["messages"] == [
            f"The body has the id {shown}, and the path names {id_}: leave 'id' out of the body, or send the same one."
        ]
    assert await emails(client, "filter=city[eq]:Ulm") == []


async def test_a_refused_update_names_all_fields_that_no_update_changes(client: httpx.AsyncClient) -> None:
    made = await create(client, "people", email="a")
    fixed = "updatedAt, createdAt, deletedAt, createdBy: no update changes those fields, leave them out."
    refused = await ask(client, "PATCH", f"people/{made['id']}", 400, json=made)
    assert refused["messages"] == [f"The body has {fixed}"]
    refused = await ask(client, "PATCH", "people", 400, json=[made])
    assert refused["messages"] == [f"'[0]' has {fixed}"]
    refused = await ask(client, "PATCH", "people?filter=email[eq]:a", 400, json={"id": made["id"]})
    assert refused["messages"] == ["The body has id: no update changes that field, leave it out."]
    problem = await client.patch(
        f"/rest/people/{made['id']}", json=made, headers={"accept": "application/problem+json"}
    )
    assert problem.json()["field"] == "updatedAt"
    rest = {name: made[name] for name in made if name not in fixed}
    assert await ask(client, "PATCH", f"people/{made['id']}", json=rest)
