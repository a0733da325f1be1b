"""The owners of import jobs, and the others that see them."""

from typing import Any

import httpx
import pytest

from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import key_of_role
from tests.engine.rest.import_jobs.jobs import act, end_of, new_job

pytestmark = pytest.mark.long

READER = {"object": "company", "read": {}}
OWNER = [{"object": "*", "read": {}}, {"object": "person", "read": {}, "create": {}, "delete": {}}]
NARROW = {"object": "person", "read": {"fields": {"only": ["email"]}}, "create": {}, "delete": {}}
RULED = {"object": "person", "read": {"rule": {"city": {"eq": "Rome"}}}, "create": {}, "delete": {}}
ACTS = [("POST", "/check"), ("POST", "/run"), ("POST", "/stop"), ("POST", "/undo"), ("PATCH", ""), ("DELETE", "")]


async def ids(client: httpx.AsyncClient, **options: Any) -> list[str]:
    return [one["id"] for one in (await ask(client, "GET", "imports", **options))["data"]["imports"]]


@pytest.mark.long
@pytest.mark.parametrize("grants", [[READER], [READER, NARROW], [READER, RULED]])
async def test_a_job_is_nobody_elses_whose_role_does_not_read_all_of_its_object(
    client: httpx.AsyncClient, grants: list[Any]
) -> None:
    job = await new_job(client, "email\na@x\nb\n", "start=run&on_conflict=email")
    await end_of(client, job["id"])
    key = await key_of_role(client, settings=["API_KEYS"], grants=grants)
    assert await ids(client, headers=key) == []
    for method, path in [("GET", ""), ("GET", "/errors.csv"), *ACTS]:
        sent: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        await ask(client, method, f"imports/{job['id']}{path}", 404, headers=key, **sent)
    shown = (await ask(client, "GET", f"imports/{job['id']}"))["data"]["import"]
    assert (shown["status"], shown["sample"]) == ("DONE", [["a@x"], ["b"]])


async def test_a_job_stays_its_owners_when_another_works_on_it(client: httpx.AsyncClient) -> None:
    owner = await key_of_role(client, name="owner", grants=OWNER)
    job = await new_job(client, "email\na@x\nb\n", headers=owner)
    other = await key_of_role(client, name="other", settings=["API_KEYS"], grants=OWNER)
    await act(client, job["id"], "check", headers=other)
    checked = await end_of(client, job["id"])
    assert (checked["status"], checked["createdBy"]) == ("CHECKED", job["createdBy"])
    assert [await ids(client, headers=headers) for headers in (owner, other, {})] == [[job["id"]]] * 3
    await act(client, job["id"], "run", headers=other)
    await end_of(client, job["id"])
    person, _ = (await ask(client, "GET", "people"))["data"]["people"]
    assert person["createdBy"]["context"]["id"] != job["createdBy"]["id"]
    await act(client, job["id"], "undo", headers=owner)
    assert (await end_of(client, job["id"]))["status"] == "UNDONE"


async def test_the_owner_of_a_job_is_shown_no_object_that_its_role_has_lost(client: httpx.AsyncClient) -> None:
    owner = await key_of_role(client, name="owner", grants=OWNER)
    job = await new_job(client, "email\na@x\n", headers=owner)
    query = 'mutation ($input: UpdateRoleInput!) { updateRole(id: "owner", input: $input) { id } }'
    sent = {"query": query, "variables": {"input": {"grants": [READER]}}}
    assert "errors" not in (await client.post("/metadata", json=sent)).json()
    (shown,) = (await ask(client, "GET", "imports", headers=owner))["data"]["imports"]
    assert (shown["id"], shown["object"]) == (job["id"], None)
