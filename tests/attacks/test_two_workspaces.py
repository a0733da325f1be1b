"""Two workspaces with each other's ids, cursors, keys, documents and positions: nothing crosses."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from tests.attacks.owasp import ask, codes, data
from tests.engine.server.conftest import StartApp, client_of
from tests.engine.server.listening import listening
from tests.waiting import until_true

OURS = "ours-71f0"
CREATE_PERSON = "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }"
PAGE = (
    "query ($first: Int $after: String) { people(first: $first after: $after orderBy: { email: ASC })"
    " { edges { cursor node { id email } } totalCount } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Clients of two workspaces, and the ids of the first one's things."""

    app: Fieldstone
    ours: httpx.AsyncClient
    theirs: httpx.AsyncClient
    company: str
    person: str
    ids: dict[str, str]


@pytest.fixture
async def two(start_app: StartApp) -> AsyncIterator[Two]:
    """Two workspaces; the first one has records, a key, a webhook, an object of its own and a role."""
    async with start_app(webhook_allow="127.0.0.0/8") as (app, ours), client_of(app) as theirs:
        services = await app.runtime.ready()
        other = await services.foundation.workspaces.create("other", actor="test")
        key = await services.keys.create(other.workspace.id, "theirs")
        theirs.headers["Authorization"] = f"Bearer {key.token}"
        company = await data(ours, "mutation ($n: String) { createCompany(data: { name: $n }) { id } }", n=OURS)
        person = await data(
            ours,
            CREATE_PERSON,
            data={"email": f"{OURS}@example.com", "companyId": company["createCompany"]["id"]},
        )
        made = await data(ours, f'mutation {{ createApiKey(input: {{ name: "{OURS}" }}) {{ id }} }}', "/metadata")
        hook = await data(
            ours,
            'mutation { createWebhook(input: { targetUrl: "http://127.0.0.1:1/" operations: "*.*" }) { id } }',
            "/metadata",
        )
        role = await data(
            ours,
            'mutation { createRole(input: { name: "ours" label: "L" grants: [{ object: "*" read: {} }] }) { id } }',
            "/metadata",
        )
        objects = await data(
            ours,
            '{ objects(filter: { nameSingular: { eq: "person" } }) { edges { node { id fields(first: 1) { edges { node'
            " { id } } } } } } }",
            "/metadata",
        )
        node = objects["objects"]["edges"][0]["node"]
        yield Two(
            app=app,
            ours=ours,
            theirs=theirs,
            company=company["createCompany"]["id"],
            person=person["createPerson"]["id"],
            ids={
                "apiKey": made["createApiKey"]["id"],
                "webhook": hook["createWebhook"]["id"],
                "role": role["createRole"]["id"],
                "object": node["id"],
                "field": node["fields"]["edges"][0]["node"]["id"],
            },
        )


async def _same_as_made_up(client: httpx.AsyncClient, text: str, id_: str, path: str = "/graphql") -> None:
    """Fail unless another workspace's id is answered like one that never was."""
    made_up = str(uuid4())
    found, expected = [json.dumps(await ask(client, text, path, id=one)) for one in (id_, made_up)]
    assert found.replace(id_, "ID") == expected.replace(made_up, "ID"), text
    assert OURS not in found


@pytest.mark.long
async def test_ids_of_records(two: Two) -> None:
    for text in (
        "query ($id: UUID!) { person(id: $id) { email company { name } } }",
        "query ($id: UUID!) { people(filter: { id: { eq: $id } }) { totalCount } }",
        "query ($id: UUID!) { people(filter: { companyId: { eq: $id } }) { totalCount } }",
        "query ($id: UUID!) { people(filter: { company: { id: { in: [$id] } } }) { totalCount } }",
        'mutation ($id: UUID!) { updatePerson(id: $id data: { city: "x" }) { id } }',
        'mutation ($id: UUID!) { updatePeople(filter: { id: { eq: $id } } data: { city: "x" }) { id } }',
        "mutation ($id: UUID!) { deletePerson(id: $id) { id } }",
        "mutation ($id: UUID!) { deletePeople(filter: { id: { eq: $id } }) { id } }",
        "mutation ($id: UUID!) { destroyPerson(id: $id) { id } }",
        "mutation ($id: UUID!) { restorePerson(id: $id) { id } }",
        'mutation ($id: UUID!) { createPerson(data: { email: "b@example.com" companyId: $id }) { id } }',
        'mutation ($id: UUID!) { createPerson(data: { email: "b@example.com" company: { connect: $id } }) { id } }',
        'mutation ($id: UUID!) { createCompany(data: { name: "c" people: { connect: [$id] } }) { id } }',
        "subscription ($id: UUID!) { personUpdated(filter: { id: { eq: $id } }) { id } }",
    ):
        for id_ in (two.person, two.company):
            await _same_as_made_up(two.theirs, text, id_)
    found = await data(two.ours, PAGE)
    assert [edge["node"]["email"] for edge in found["people"]["edges"]] == [f"{OURS}@example.com"]


async def test_an_id_may_be_the_same_in_both(two: Two) -> None:
    made = await data(two.theirs, CREATE_PERSON, data={"id": two.person, "email": "same@example.com"})
    assert made["createPerson"]["id"] == two.person
    await data(two.theirs, "mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=two.person)
    found = await data(two.ours, "query ($id: UUID!) { person(id: $id) { email } }", id=two.person)
    assert found["person"] == {"email": f"{OURS}@example.com"}


@pytest.mark.long
async def test_ids_of_the_catalog(two: Two) -> None:
    for kind, texts in {
        "apiKey": (
            "query ($id: UUID!) { apiKey(id: $id) { name } }",
            "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }",
            "mutation ($id: UUID!) { revokeApiKey(id: $id withMade: true) { id } }",
            "query ($id: UUID!) { auditLog(filter: { subjectId: { eq: $id } }) { totalCount } }",
        ),
        "webhook": (
            "query ($id: UUID!) { webhook(id: $id) { targetUrl } }",
            "query ($id: UUID!) { webhookDeliveries(filter: { webhookId: { eq: $id } }) { totalCount } }",
            "mutation ($id: UUID!) { updateWebhook(id: $id input: { isActive: false }) { id } }",
            "mutation ($id: UUID!) { testWebhook(id: $id) { succeeded } }",
            "mutation ($id: UUID!) { deleteWebhook(id: $id) { id } }",
        ),
        "role": (
            "query ($id: UUID!) { role(id: $id) { name } }",
            'mutation ($id: UUID!) { updateRole(id: $id input: { label: "x" }) { id } }',
            "mutation ($id: UUID!) { deleteRole(id: $id) { id } }",
        ),
        "object": (
            "query ($id: UUID!) { object(id: $id) { nameSingular } }",
            'mutation ($id: UUID!) { updateObject(id: $id input: { labelSingular: "x" }) { id } }',
            "mutation ($id: UUID!) { deleteObject(id: $id) { id } }",
            (
                "mutation ($id: UUID!) { createField("
                'input: { objectMetadataId: $id name: "a" label: "A" type: TEXT }) { id } }'
            ),
        ),
        "field": (
            "query ($id: UUID!) { field(id: $id) { name } }",
            'mutation ($id: UUID!) { updateField(id: $id input: { label: "x" }) { id } }',
            "mutation ($id: UUID!) { deleteField(id: $id) { id } }",
        ),
    }.items():
        for text in texts:
            await _same_as_made_up(two.theirs, text, two.ids[kind], "/metadata")
    listed = await data(two.ours, "{ apiKeys { edges { node { name revokedAt } } } }", "/metadata")
    assert {"name": OURS, "revokedAt": None} in [edge["node"] for edge in listed["apiKeys"]["edges"]]


async def test_cursors(two: Two) -> None:
    cursor = (await data(two.ours, PAGE))["people"]["edges"][0]["cursor"]
    for email in ("a@example.com", "z@example.com"):
        await data(two.theirs, CREATE_PERSON, data={"email": email})
    found = await ask(two.theirs, PAGE, after=cursor)
    # A cursor holds values and no place in a table: it continues behind the value, among the reader's own records.
    if "errors" in found:
        assert codes(found) == {"BAD_USER_INPUT"}
    else:
        assert [edge["node"]["email"] for edge in found["data"]["people"]["edges"]] == ["z@example.com"]
    assert OURS not in json.dumps(found)


async def test_idempotency_keys_and_documents(two: Two) -> None:
    create = {"query": 'mutation { createCompany(data: { name: "once" }) { id } }'}
    ids = set()
    for client in (two.ours, two.theirs, two.ours, two.theirs):
        answer = (await client.post("/graphql", json=create, headers={"Idempotency-Key": "shared"})).json()
        ids.add(answer["data"]["createCompany"]["id"])
    assert len(ids) == 2
    text = "query Ours { companies { totalCount } }"
    reference = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    stored = await two.ours.post("/graphql", json={"query": text, "extensions": reference})
    assert "errors" not in stored.json()
    assert "errors" not in (await two.ours.post("/graphql", json={"extensions": reference})).json()
    unknown: Any = (await two.theirs.post("/graphql", json={"extensions": reference})).json()
    assert codes(unknown) == {"PERSISTED_QUERY_NOT_FOUND"}


async def test_positions_of_events(two: Two) -> None:
    """A position counts the events of all workspaces; a subscription behind it gets its own."""
    await data(two.theirs, CREATE_PERSON, data={"email": "theirs@example.com"})
    await data(two.ours, CREATE_PERSON, data={"email": f"{OURS}-2@example.com"})
    await data(two.theirs, CREATE_PERSON, data={"email": "last@example.com"})
    text = 'subscription { personCreated(after: "0") { email } }'
    async with (
        listening(two.app) as address,
        httpx.AsyncClient(base_url=address, headers=two.theirs.headers) as client,
        client.stream("GET", "/graphql/stream", params={"query": text}) as stream,
    ):
        found: list[str] = []
        async with asyncio.timeout(60):
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: "))["data"]["personCreated"]["email"])
                if len(found) == 2:
                    break
    assert found == ["theirs@example.com", "last@example.com"]


async def test_sealed_positions(two: Two) -> None:
    """The cursor of an event is one: it is nothing in another workspace, neither in its history nor in its streams."""
    pages = "query ($before: String) { events(first: 1 before: $before) { edges { cursor } pageInfo { endCursor } } }"
    found: Any = None

    async def is_logged() -> bool:
        nonlocal found
        found = (await data(two.ours, pages, "/metadata"))["events"]
        return bool(found["edges"])

    await until_true(is_logged)
    text = "subscription ($after: String) { personCreated(after: $after) { email } }"
    for position in (found["edges"][0]["cursor"], found["pageInfo"]["endCursor"]):
        assert "errors" not in await ask(two.ours, pages, "/metadata", before=position)
        refused = (await ask(two.theirs, pages, "/metadata", before=position))["errors"][0]["extensions"]
        assert (refused["code"], refused["reason"]) == ("BAD_USER_INPUT", "POSITION_UNKNOWN")
        asked = {"query": text, "variables": {"after": position}}
        streamed = await two.theirs.post("/graphql/stream", json=asked, headers={"accept": "text/event-stream"})
        assert '"reason":"POSITION_UNKNOWN"' in streamed.text
