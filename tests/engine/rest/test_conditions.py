"""Entity tags and Idempotency-Keys of REST."""

import httpx
import pytest

from tests.engine.rest.asking import ask, create, emails

pytestmark = pytest.mark.long

JSON = "application/json; charset=utf-8"


async def test_a_tag_stands_for_the_record_as_shown(client: httpx.AsyncClient) -> None:
    company = await create(client, "companies", name="Acme")
    person = await create(client, "people", email="a", companyId=company["id"])
    path = f"/rest/people/{person['id']}"
    plain, deep = (await client.get(path)).headers["etag"], (await client.get(f"{path}?depth=1")).headers["etag"]
    assert plain.startswith(f'"{person["updatedAt"]}-')
    assert plain != deep
    for header in (plain, f"W/{plain}", f'"x", {plain}', "*"):
        same = await client.get(path, headers={"if-none-match": header})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", plain)
        assert same.headers["cache-control"] == "private, no-cache"
    assert (await client.get(path, headers={"if-none-match": deep})).status_code == 200

    await ask(client, "PATCH", f"companies/{company['id']}", json={"name": "Emca"})
    assert (await client.get(path, headers={"if-none-match": plain})).status_code == 304
    assert (await client.get(f"{path}?depth=1", headers={"if-none-match": deep})).status_code == 200


@pytest.mark.long
async def test_a_write_of_a_changed_record_is_refused(client: httpx.AsyncClient) -> None:
    made = await client.post("/rest/people", json={"email": "a"})
    path, tag = f"people/{made.json()['data']['createPerson']['id']}", made.headers["etag"]
    changed = await client.patch(f"/rest/{path}", json={"city": "Bonn"}, headers={"if-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] == (await client.get(f"/rest/{path}")).headers["etag"]
    for method, more in [("PATCH", ""), ("DELETE", ""), ("DELETE", "?soft_delete=true")]:
        refused = await client.request(method, f"/rest/{path}{more}", json={"city": "x"}, headers={"if-match": tag})
        assert (refused.status_code, refused.json()["error"]) == (412, "Precondition Failed")
        assert "which the header If-Match does not say" in refused.json()["message"]
    for header in ('"something"', f'"{made.json()["data"]["createPerson"]["id"]}"'):
        await ask(client, "PATCH", path, 412, json={"city": "x"}, headers={"if-match": header})
    for header in ("something", f"{tag}, {tag}", ""):
        error = await ask(client, "PATCH", path, 400, json={"city": "x"}, headers={"if-match": header})
        assert error["messages"][0].startswith("If-Match takes one entity tag")
    assert (await ask(client, "PATCH", path, json={"city": "x"}, headers={"if-match": "*"}))["data"]
    now = (await client.get(f"/rest/{path}")).headers["etag"]
    # The tags of former releases end with more digits.
    former = f'{now.rpartition("-")[0]}-0123456789abcdef"'
    assert (await ask(client, "PATCH", path, json={"city": "y"}, headers={"if-match": former}))["data"]
    await ask(client, "PATCH", path, 412, json={"city": "z"}, headers={"if-match": former})
    now = (await client.get(f"/rest/{path}")).headers["etag"]
    gone = await client.delete(f"/rest/{path}?soft_delete=true", headers={"if-match": f"W/{now}"})
    assert gone.status_code == 200


async def test_conditions_are_for_one_record(client: httpx.AsyncClient) -> None:
    for method, path in [("POST", "people"), ("PATCH", "people?filter=city[eq]:x"), ("PATCH", "people/merge")]:
        error = await ask(client, method, path, 400, json={}, headers={"if-match": "*"})
        assert error["messages"] == ["If-Match is for the write of one record, which the path names."]
        error = await ask(client, method, path, 400, json={}, headers={"if-none-match": "*"})
        assert error["messages"] == ["If-None-Match is for GET and HEAD: a write takes If-Match."]


@pytest.mark.long
async def test_a_write_with_a_key_is_made_once(client: httpx.AsyncClient) -> None:
    sent = {"json": {"email": "a"}, "headers": {"idempotency-key": "k1"}}
    first = await client.post("/rest/people", **sent)  # type: ignore[arg-type]  # the two go together
    again = await client.post("/rest/people", **sent)  # type: ignore[arg-type]  # as above
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    told = await client.post(
        "/rest/people", json={"email": "a"}, headers={"idempotency-key": "k1", "x-fieldstone-cost": "1"}
    )
    assert told.content == first.content
    for path, body in [
        ("people", {"email": "b"}),
        ("people?depth=1", {"email": "a"}),
        ("batch/people", [{"email": "a"}]),
    ]:
        error = await ask(client, "POST", path, 409, json=body, headers={"idempotency-key": "k1"})
        assert error["message"].startswith("This Idempotency-Key was used for another operation")
    assert await emails(client, "") == ["a"]
    bad = await ask(client, "POST", "people", 400, json={"email": "c"}, headers={"idempotency-key": "a b"})
    assert bad["messages"][0].startswith("The header Idempotency-Key must have 1 to 255 visible ASCII characters")


async def test_a_key_outlives_a_new_field(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "k2"}
    first = await client.post("/rest/companies", json={"name": "Acme"}, headers=headers)
    objects = await client.post("/metadata", json={"query": "{ objects { edges { node { id nameSingular } } } }"})
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects.json()["data"]["objects"]["edges"]}
    text = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": ids["company"], "name": "motto", "label": "Motto", "type": "TEXT"}
    await client.post("/metadata", json={"query": text, "variables": {"input": given}})
    again = await client.post("/rest/companies", json={"name": "Acme"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await ask(client, "GET", "companies"))["totalCount"] == 1
