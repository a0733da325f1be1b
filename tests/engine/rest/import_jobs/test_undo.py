"""Undoing imports whose records were written twice, and imports of roles that may not undo all."""

from typing import Any

import httpx
import pytest

from tests.engine.rest.asking import ask, create, emails
from tests.engine.rest.exports.exporting import add_field, add_manager, key_of_role, object_ids
from tests.engine.rest.import_jobs.jobs import act, end_of, new_job

pytestmark = pytest.mark.long

IDS = [f"00000000-0000-4000-a000-{number:012d}" for number in range(3)]


async def imported(client: httpx.AsyncClient, text: str, query: str, **options: Any) -> str:
    """The id of a job of lines of JSON that is done."""
    path = f"imports?object=people&format=jsonl&start=run{query}"
    job = (await ask(client, "POST", path, 201, content=text, **options))["data"]["import"]
    assert (await end_of(client, job["id"]))["status"] == "DONE"
    return str(job["id"])


async def undone(client: httpx.AsyncClient, id_: str, **options: Any) -> tuple[str, int, int]:
    await act(client, id_, "undo", **options)
    job = await end_of(client, id_)
    return job["status"], job["undone"], job["kept"]


async def test_a_record_that_another_row_of_its_batch_connects_is_given_back_once(client: httpx.AsyncClient) -> None:
    await add_manager(client)
    await create(client, "people", id=IDS[1], email="old@x", city="Bonn")
    text = (
        f'{{"id":"{IDS[0]}","email":"a@x"}}\n{{"id":"{IDS[1]}","email":"old@x","city":"Rome"}}\n'
        f'{{"id":"{IDS[2]}","email":"c@x","reports":{{"connect":["{IDS[0]}","{IDS[1]}"]}}}}\n'
    )
    id_ = await imported(client, text, "&on_conflict=id")
    assert len(await emails(client, f"filter=managerId[eq]:{IDS[2]}")) == 2
    assert await undone(client, id_) == ("UNDONE", 3, 0)
    (person,) = (await ask(client, "GET", "people"))["data"]["people"]
    assert (person["id"], person["city"], person["managerId"]) == (IDS[1], "Bonn", None)


async def test_a_record_that_the_role_may_not_delete_is_kept_and_counted(client: httpx.AsyncClient) -> None:
    grant = {"object": "person", "create": {}, "read": {}, "delete": {"rule": {"city": {"eq": "Rome"}}}}
    key = await key_of_role(client, grants=[grant])
    job = await new_job(client, "email,city\na@x,Rome\nb@x,Bonn\n", "start=run", headers=key)
    assert (await end_of(client, job["id"]))["created"] == 2
    assert await undone(client, job["id"], headers=key) == ("UNDONE", 1, 1)
    assert await emails(client, "") == ["b@x"]


async def test_a_record_whose_preset_cannot_be_taken_back_is_kept_with_the_reason(client: httpx.AsyncClient) -> None:
    for email, city in (("a@x", "Rome"), ("b@x", "Bonn")):
        await create(client, "people", email=email, city=city, jobTitle="Boss" if city == "Rome" else "Clerk")
    update = {"fields": {"only": ["city"]}, "preset": {"jobTitle": "Clerk"}}
    read = {"fields": {"allBut": ["jobTitle"]}}
    key = await key_of_role(client, grants=[{"object": "person", "create": {}, "read": read, "update": update}])
    job = await new_job(client, "email,city\na@x,Kiel\nb@x,Kiel\n", "start=run&on_conflict=email", headers=key)
    assert (await end_of(client, job["id"]))["updated"] == 2
    assert await undone(client, job["id"], headers=key) == ("UNDONE", 1, 1)
    error = (await ask(client, "GET", f"imports/{job['id']}", headers=key))["data"]["import"]["error"]
    assert (error["code"], "jobTitle" in error["message"]) == ("FORBIDDEN", False)
    # Presets are one reason of several: a field may have left the fields of the update as well.
    assert error["message"] == "The role may not write all fields that the import has changed."
    people = {one["email"]: one["city"] for one in (await ask(client, "GET", "people"))["data"]["people"]}
    assert people == {"a@x": "Kiel", "b@x": "Bonn"}


async def test_a_value_that_another_record_has_by_now_is_kept(client: httpx.AsyncClient) -> None:
    for number, id_ in enumerate(IDS):
        await create(client, "people", id=id_, email=f"old{number}@x")
    text = "".join(f'{{"id":"{id_}","email":"new{number}@x"}}\n' for number, id_ in enumerate(IDS))
    job = await imported(client, text, "&on_conflict=id")
    await create(client, "people", email="old1@x")
    assert await undone(client, job) == ("UNDONE", 2, 1)
    assert sorted(await emails(client, "")) == ["new1@x", "old0@x", "old1@x", "old2@x"]


async def add_runner(client: httpx.AsyncClient) -> str:
    """Let each company be run by one person, and return the id of a company."""
    company = (await object_ids(client))["company"]
    payload = {"type": "ONE_TO_ONE", "targetObjectMetadataId": company, "targetFieldLabel": "Boss"}
    await add_field(client, "person", "runs", "RELATION", relationCreationPayload=payload)
    return str((await create(client, "companies", name="Acme"))["id"])


@pytest.mark.parametrize(("holder", "taker"), [(0, 1), (1, 0)])
async def test_a_record_that_was_taken_from_its_holder_is_given_back(
    client: httpx.AsyncClient, holder: int, taker: int
) -> None:
    acme = await add_runner(client)
    await create(client, "people", id=IDS[holder], email="holder@x", runsId=acme)
    await create(client, "people", id=IDS[taker], email="taker@x")
    job = await imported(
        client, f'{{"id":"{IDS[taker]}","runs":{{"connect":"{acme}"}},"email":"t@x"}}\n', "&on_conflict=id"
    )
    assert await emails(client, f"filter=runsId[eq]:{acme}") == ["t@x"]
    assert await undone(client, job) == ("UNDONE", 2, 0)
    assert await emails(client, f"filter=runsId[eq]:{acme}") == ["holder@x"]
    assert sorted(await emails(client, "")) == ["holder@x", "taker@x"]


@pytest.mark.parametrize("query", ["", "&on_conflict=email"])
async def test_rows_that_connect_the_same_record_of_a_one_to_one_relation_are_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    acme = await add_runner(client)
    text = "".join(f'{{"email":"{number}@x","runs":{{"connect":"{acme}"}}}}\n' for number in range(4))
    path = f"imports?object=people&format=jsonl&start=run{query}"
    job = (await ask(client, "POST", path, 201, content=text))["data"]["import"]
    assert (await end_of(client, job["id"]))["failed"] == 3
    assert await emails(client, f"filter=runsId[eq]:{acme}") == ["0@x"]


async def test_records_of_other_objects_stay_and_are_counted_with_the_reason(client: httpx.AsyncClient) -> None:
    await create(client, "people", id=IDS[0], email="moved@x")
    people = f'{{"connect":["{IDS[0]}"],"create":[{{"id":"{IDS[1]}","email":"new@x"}}]}}'
    path = "imports?object=companies&format=jsonl&start=run"
    text = f'{{"id":"{IDS[1]}","name":"Acme","people":{people}}}\n'
    job = (await ask(client, "POST", path, 201, content=text))["data"]["import"]["id"]
    assert (await end_of(client, job))["status"] == "DONE"
    assert await undone(client, job) == ("UNDONE", 1, 2)
    assert sorted(await emails(client, f"filter=companyId[eq]:{IDS[1]}")) == ["moved@x", "new@x"]
    error = (await ask(client, "GET", f"imports/{job}"))["data"]["import"]["error"]
    assert error == {
        "code": "CONFLICT",
        "message": "The records of other objects stay, which the import has written besides Companies.",
    }


async def test_a_record_that_several_batches_wrote_is_counted_once(client: httpx.AsyncClient) -> None:
    await create(client, "people", id=IDS[2], email="moved@x")
    ends = [
        f'{{"id":"{IDS[0]}","name":"{name}","people":{{"connect":["{IDS[2]}"]}}}}\n{{"id":"{IDS[1]}","name":"{name}"}}\n'
        for name in ("first", "last")
    ]
    between = "".join(f'{{"name":"{number}"}}\n' for number in range(500))
    path = "imports?object=companies&format=jsonl&start=run&on_conflict=id"
    job = (await ask(client, "POST", path, 201, content=between.join(ends)))["data"]["import"]["id"]
    assert (await end_of(client, job))["created"] == 502
    # Both batches wrote this record of Companies, and the one of another object.
    await ask(client, "PATCH", f"companies/{IDS[1]}", json={"name": "since"})
    assert await undone(client, job) == ("UNDONE", 501, 2)


@pytest.mark.parametrize(
    ("change", "kept"), [({"type": "RAW_JSON"}, 1), ({"isActive": False}, 1), ({"label": "Town"}, 0), (None, 0)]
)
async def test_a_field_that_has_changed_since_keeps_the_record(
    client: httpx.AsyncClient, change: dict[str, Any] | None, kept: int
) -> None:
    await add_field(client, "person", "town", "TEXT")
    await create(client, "people", id=IDS[0], email="a@x", town="Bonn")
    await create(client, "people", id=IDS[1], email="b@x", town="Bonn")
    job = await imported(
        client,
        f'{{"id":"{IDS[0]}","town":"Rome","email":"a@x"}}\n{{"id":"{IDS[1]}","email":"c@x"}}\n',
        "&on_conflict=id",
    )
    fields = '{ fields(filter: { name: { eq: "town" } }) { edges { node { id } } } }'
    found = (await client.post("/metadata", json={"query": fields})).json()["data"]["fields"]["edges"]
    variables = {"id": found[0]["node"]["id"], "input": change}
    query = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"
    if change is None:
        query = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
    assert "errors" not in (await client.post("/metadata", json={"query": query, "variables": variables})).json()
    assert await undone(client, job) == ("UNDONE", 2 - kept, kept)
    assert sorted(await emails(client, "")) == ["a@x", "b@x"]
    error = (await ask(client, "GET", f"imports/{job}"))["data"]["import"]["error"]
    assert (error and error["code"]) == ("CONFLICT" if kept else None)


@pytest.mark.parametrize("name", ["nickname", "to"])
async def test_a_field_that_was_deleted_keeps_no_record_whatever_fields_have_come_since(
    client: httpx.AsyncClient, name: str
) -> None:
    await add_field(client, "person", "town", "TEXT")
    await create(client, "people", id=IDS[0], email="a@x", town="Bonn")
    job = await imported(client, f'{{"id":"{IDS[0]}","town":"Rome","email":"b@x"}}\n', "&on_conflict=id")
    fields = '{ fields(filter: { name: { eq: "town" } }) { edges { node { id } } } }'
    found = (await client.post("/metadata", json={"query": fields})).json()["data"]["fields"]["edges"]
    delete = f'mutation {{ deleteField(id: "{found[0]["node"]["id"]}") {{ id }} }}'
    assert "errors" not in (await client.post("/metadata", json={"query": delete})).json()
    await add_field(client, "person", name, "TEXT")
    assert await undone(client, job) == ("UNDONE", 1, 0)
    assert await emails(client, "") == ["a@x"]
