"""The OWASP cheat sheet on GraphQL, requests: injection, verbose errors, forged requests, access to foreign records.

https://cheatsheetseries.owasp.org/cheatsheets/GraphQL_Cheat_Sheet.html
"""

from uuid import uuid4

import httpx
import pytest

from tests.attacks.owasp import ask, codes, data
from tests.engine.server.conftest import StartApp

HOSTILE = (
    "'; DROP TABLE person; --",
    "' OR '1'='1",
    '" OR ""="',
    "\\'; SELECT pg_sleep(10); --",
    "$$; SELECT 1; $$",
    "%' OR name LIKE '%",
    "{{7*7}} ${7*7}",
    "a\r\nSet-Cookie: x=1",
    "E'\\x27'",
    "1; COPY person TO PROGRAM 'id'",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "$1 %s {} :name ?",
)
INNARDS = ("psycopg", "Traceback", 'File "', "fieldstone.", "pg_", "SELECT ", "LINE 1", "/site-packages/", "asyncio")
CREATE = "mutation ($data: CompanyInput!) { createCompany(data: $data) { id name } }"
FIND = "query ($name: String) { companies(filter: { name: { eq: $name } }) { edges { node { name } } totalCount } }"


async def test_injection_by_values(client: httpx.AsyncClient) -> None:
    for text in HOSTILE:
        assert (await data(client, CREATE, data={"name": text}))["createCompany"]["name"] == text
        found = (await data(client, FIND, name=text))["companies"]
        assert found == {"edges": [{"node": {"name": text}}], "totalCount": 1}
        for operator in ("contains", "startsWith", "like", "ilike"):
            query = f"query ($v: String) {{ companies(filter: {{ name: {{ {operator}: $v }} }}) {{ totalCount }} }}"
            answer = await ask(client, query, v=text)
            if "errors" in answer:
                assert codes(answer) <= {"BAD_USER_INPUT"}
            else:
                assert answer["data"]["companies"]["totalCount"] <= len(HOSTILE)
        searched = "query ($q: String!) { search(query: $q) { edges { node { __typename } } } }"
        assert (
            codes(await ask(client, searched, q=text)) <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
            if ("errors" in await ask(client, searched, q=text))
            else True
        )
    assert (await data(client, "{ companies { totalCount } }"))["companies"]["totalCount"] == len(HOSTILE)


async def test_injection_by_names(client: httpx.AsyncClient) -> None:
    create = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
    for text in HOSTILE:
        given = {"nameSingular": text, "namePlural": f"{text}s", "labelSingular": "L", "labelPlural": "Ls"}
        assert codes(await ask(client, create, "/metadata", input=given)) == {"BAD_USER_INPUT"}
    # A label is no name, and is stored as it is.
    given = {"nameSingular": "thing", "namePlural": "things", "labelSingular": HOSTILE[0], "labelPlural": HOSTILE[1]}
    await data(client, create, "/metadata", input=given)
    assert (await data(client, "{ things { totalCount } }"))["things"]["totalCount"] == 0


async def test_injection_by_cursors_and_headers(client: httpx.AsyncClient) -> None:
    for text in HOSTILE:
        answer = await ask(client, "query ($a: String) { companies(after: $a) { totalCount } }", a=text)
        assert codes(answer) == {"BAD_USER_INPUT"}
        header = text.replace("\r", "").replace("\n", "").encode("ascii", "replace")
        answered = await client.post(
            "/graphql",
            json={"query": CREATE, "variables": {"data": {"name": "x"}}},
            headers=[(b"Idempotency-Key", header)],
        )
        assert "set-cookie" not in answered.headers
        assert answered.status_code in {200, 400}


async def test_verbose_errors(client: httpx.AsyncClient) -> None:
    answers = [
        await ask(client, "{"),
        await ask(client, "{ nothing }"),
        await ask(client, "query ($id: UUID!) { company(id: $id) { id } }", id="no"),
        await ask(client, CREATE, data={"name": 5}),
        await ask(client, CREATE, data={"name": "a\x00b"}),
        await ask(client, "mutation { createCompany(data: { employees: 99999999999 }) { id } }"),
        await ask(client, "mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=str(uuid4())),
        await ask(client, "mutation { createPerson(data: { email: null }) { id } }"),
    ]
    for body in (b"{", b"\xff", b"[]", b"null", b'{"query": 1}', b'{"query": "{ __typename }", "variables": []}'):
        sent = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
        assert sent.status_code == 400
        answers.append(sent.json())
    paths = ("/.env", "/graphql/../etc", "/debug", "/console.php", "/graphql?query=%00")
    answers += [(await client.get(path)).json() for path in paths]
    for answer in answers:
        assert "errors" in answer, answer
        assert [word for word in INNARDS if word in str(answer)] == []
        for error in answer["errors"]:
            assert set(error) <= {"message", "path", "locations", "extensions"}
            assert "stacktrace" not in str(error).lower()


async def test_an_unexpected_error_tells_its_id_alone(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()

        async def fail(*_: object, **__: object) -> None:
            raise RuntimeError("the password is swordfish")

        monkeypatch.setattr(type(services.core), "execute", fail)
        answered = await client.post("/graphql", json={"query": "{ __typename }"})
        assert codes(answered.json()) == {"INTERNAL_SERVER_ERROR"}
        assert "swordfish" not in answered.text
        assert "RuntimeError" not in answered.text


async def test_forged_requests(client: httpx.AsyncClient) -> None:
    evil = {"Origin": "https://evil.example"}
    mutation = 'mutation { createCompany(data: { name: "forged" }) { id } }'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
        headers = {**evil, **({} if kind is None else {"Content-Type": kind})}
        body = '{"query": "' + mutation.replace('"', '\\"') + '"}'
        sent = await client.post("/graphql", content=body, headers=headers)
        assert sent.status_code == 415
        assert "access-control-allow-origin" not in sent.headers
    by_get = await client.get("/graphql", params={"query": mutation}, headers=evil)
    assert by_get.status_code == 405
    for path in ("/graphql", "/metadata", "/graphql/stream"):
        preflight = await client.options(
            path,
            headers={
                **evil,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert "access-control-allow-origin" not in preflight.headers
    assert (await data(client, "{ companies { totalCount } }"))["companies"]["totalCount"] == 0


async def test_a_visitor_without_a_key_may_not_send_a_simple_request(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (_, client):
        del client.headers["Authorization"]
        query = {"query": "{ __typename }"}
        refused = await client.get("/graphql", params=query)
        assert refused.status_code == 403
        assert "Apollo-Require-Preflight" in refused.json()["errors"][0]["message"]
        streamed = await client.get("/graphql/stream", params=query)
        assert streamed.status_code == 403
        for allowed in (
            await client.get("/graphql", params=query, headers={"Apollo-Require-Preflight": "1"}),
            await client.get("/graphql", params=query, headers={"Sec-Fetch-Site": "same-origin"}),
            await client.post("/graphql", json=query),
        ):
            assert "Apollo-Require-Preflight" not in allowed.text


async def test_records_of_others_by_their_id(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        other = await services.foundation.workspaces.create("other", actor="test")
        key = (await services.keys.create(other.workspace.id, "other")).token
        id_ = (await data(client, CREATE, data={"name": "ours"}))["createCompany"]["id"]
        client.headers["Authorization"] = f"Bearer {key}"
        unknown = str(uuid4())
        attempts = (
            "query ($id: UUID!) { company(id: $id) { name } }",
            "query ($id: UUID!) { companies(filter: { id: { eq: $id } }) { totalCount edges { node { name } } } }",
            'mutation ($id: UUID!) { updateCompany(id: $id data: { name: "x" }) { id } }',
            "mutation ($id: UUID!) { deleteCompany(id: $id) { id } }",
            "mutation ($id: UUID!) { destroyCompany(id: $id) { id } }",
            "mutation ($id: UUID!) { restoreCompany(id: $id) { id } }",
            'mutation ($id: UUID!) { createPerson(data: { email: "a@example.com" companyId: $id }) { id } }',
        )
        for text in attempts:
            ours, made_up = [str(await ask(client, text, id=one)) for one in (id_, unknown)]
            # An id of another workspace is answered like one that never was.
            assert ours.replace(id_, "ID") == made_up.replace(unknown, "ID")
