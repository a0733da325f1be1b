"""Trusted documents in the Metadata API: imported, listed and removed, with the setting DOCUMENTS."""

from contextlib import AsyncExitStack
from hashlib import sha256
from typing import Any

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from fieldstone.sql.pool_settings import PoolSettings
from tests.engine.server.conftest import StartApp

COUNT = "query Count { companies { totalCount } }"
IMPORT = (
    "mutation ($client: String!, $manifest: JSON!, $replace: Boolean) {"
    " importDocuments(input: { client: $client manifest: $manifest replace: $replace })"
    " { __typename written removed } }"
)
LIST = (
    "{ trustedDocuments(orderBy: { documentId: ASC }) { totalCount edges { node { client documentId operationName text"
    " } } } }"
)
REMOVE = 'mutation ($ids: [String!]) { removeDocuments(client: "web" ids: $ids) { removed } }'


async def ask(http: httpx.AsyncClient, text: str, **variables: Any) -> Any:
    return (await http.post("/metadata", json={"query": text, "variables": variables})).json()


@pytest.mark.long
async def test_documents_are_imported_listed_and_removed(start_app: StartApp) -> None:
    async with start_app(documents="trusted") as (_, client):
        manifest = {"a": COUNT, "b": "{ people { totalCount } }"}
        for written in (2, 0):
            answer = await ask(client, IMPORT, client="web", manifest=manifest)
            assert answer["data"]["importDocuments"] == {
                "__typename": "ImportedDocuments",
                "written": written,
                "removed": 0,
            }
        assert (await client.post("/graphql", json={"documentId": "a"})).json()["data"]
        listed = (await ask(client, LIST))["data"]["trustedDocuments"]
        assert listed["totalCount"] == 2
        assert listed["edges"][0]["node"] == {
            "client": "web",
            "documentId": "a",
            "operationName": "Count",
            "text": COUNT,
        }
        answer = await ask(client, IMPORT, client="web", manifest={"c": COUNT}, replace=True)
        assert answer["data"]["importDocuments"]["removed"] == 2
        assert (await ask(client, REMOVE, ids=["c", "d"]))["data"]["removeDocuments"] == {"removed": 1}
        assert (await ask(client, REMOVE))["data"]["removeDocuments"] == {"removed": 0}
        assert (await ask(client, LIST))["data"]["trustedDocuments"]["edges"] == []
        log = '{ auditLog(filter: { subjectName: { eq: "web" } }) { edges { node { action subjectId details } } } }'
        noted = [edge["node"] for edge in (await ask(client, log))["data"]["auditLog"]["edges"]]
        assert sorted(one["action"] for one in noted) == ["DOCUMENTS_IMPORTED"] * 3 + ["DOCUMENTS_REMOVED"] * 2
        assert {one["subjectId"] for one in noted} == {None}
        assert {"inputs": ["client", "manifest", "replace"]} in [one["details"] for one in noted]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"client": "web", "manifest": {}}, "BAD_USER_INPUT", "it has no document"),
        ({"client": "web", "manifest": {"a": "{"}}, "BAD_USER_INPUT", "the document of the id a cannot be served"),
        ({"client": " ", "manifest": {"a": COUNT}}, "BAD_USER_INPUT", "client must have 1 to 100 characters"),
        ({"client": "web", "manifest": {"x": "{ a }"}}, "CONFLICT", "the id x stands for another document"),
    ],
)
async def test_a_refused_import_imports_nothing(
    start_app: StartApp, given: dict[str, Any], code: str, message: str
) -> None:
    async with start_app() as (_, client):
        await ask(client, IMPORT, client="ios", manifest={"x": COUNT})
        (error,) = (await ask(client, IMPORT, **given))["errors"]
        assert error["extensions"]["code"] == code
        assert message in error["message"]
        assert (await ask(client, LIST))["data"]["trustedDocuments"]["totalCount"] == 1


async def keep_key(app: Fieldstone, client: httpx.AsyncClient, *settings: str, read: str = "*") -> None:
    """Let the client have a key of a role that reads all, or one object, and has these settings."""
    made = await ask(
        client,
        'mutation ($settings: [RoleSetting!]) { createRole(input: { name: "some" label: "Some" settings: $settings'
        f' grants: [{{ object: "{read}" read: {{}} }}] }}) {{ id }} }}',
        settings=list(settings),
    )
    assert "errors" not in made, made
    foundation = (await app.runtime.ready()).foundation
    key = await foundation.keys.create(foundation.default.workspace.id, "some", role="some")
    client.headers["authorization"] = f"Bearer {key.token}"


@pytest.mark.parametrize("settings", [["DOCUMENTS"], ["ROLES", "API_KEYS", "WEBHOOKS", "HISTORY", "DATA_MODEL"]])
async def test_the_setting_documents_guards_them(start_app: StartApp, settings: list[str]) -> None:
    async with start_app() as (app, client):
        await keep_key(app, client, *settings)
        for text, variables in (
            (IMPORT, {"client": "web", "manifest": {"a": COUNT}}),
            (LIST, {}),
            (REMOVE, {"ids": ["a"]}),
            ("{ brokenDocuments { unchecked } }", {}),
        ):
            answer = await ask(client, text, **variables)
            if "DOCUMENTS" in settings:
                assert "errors" not in answer, answer
            else:
                assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
                assert "lacks the setting DOCUMENTS" in answer["errors"][0]["message"]


GUESSES = {
    "hidden": "{ people { edges { node { email } } } }",
    "none": "{ peopel { edges { node { email } } } }",
    "own": "{ companies { edges { node { nmae } } } }",
}
IMPORT_FOR = """mutation ($manifest: JSON!, $role: String) {
    importDocuments(input: { client: "web" manifest: $manifest role: $role }) { written } }"""
BROKEN = "{ brokenDocuments { documents { documentId reasons } unchecked } }"


@pytest.mark.long
async def test_broken_documents_tell_no_more_of_the_model_than_the_role_sees(start_app: StartApp) -> None:
    """Documents without a role, or with one that sees all, told which names and values a hidden part of it has."""
    async with start_app() as (app, client):
        assert (await ask(client, IMPORT_FOR, manifest=GUESSES))["data"] == {"importDocuments": {"written": 3}}
        await keep_key(app, client, "DOCUMENTS", read="company")
        for role in ("admin", "nobody"):
            (error,) = (await ask(client, IMPORT_FOR, manifest=GUESSES, role=role))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert "lacks the setting ROLES, which a role or claims other than its own needs" in error["message"]
        assert (await ask(client, BROKEN))["data"]["brokenDocuments"] == {"documents": [], "unchecked": 3}
        assert (await ask(client, IMPORT, client="ios", manifest=GUESSES))["data"]["importDocuments"]["written"] == 3
        found = (await ask(client, BROKEN))["data"]["brokenDocuments"]
        reasons = {one["documentId"]: one["reasons"] for one in found["documents"]}
        assert reasons.keys() == GUESSES.keys()
        assert reasons["own"] == ["Cannot query field 'nmae' on type 'Company'. Did you mean 'name'?"]
        assert reasons["hidden"] == ["Cannot query field 'people' on type 'Query'."]
        assert reasons["none"] == ["Cannot query field 'peopel' on type 'Query'."]
        assert found["unchecked"] == 3


async def test_documents_of_other_roles_need_the_setting_for_roles(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        await ask(client, IMPORT_FOR, manifest={"none": COUNT})
        await ask(client, IMPORT_FOR, manifest={"viewers": COUNT}, role="viewer")
        await keep_key(app, client, "DOCUMENTS")
        for id_ in ("none", "viewers"):
            for text, variables in (
                (IMPORT, {"client": "web", "manifest": {"own": COUNT, id_: "mutation { destroyPeople { id } }"}}),
                (IMPORT, {"client": "web", "manifest": {"own": COUNT}}),
                (IMPORT, {"client": "web", "manifest": {"own": COUNT}, "replace": True}),
                (REMOVE, {"ids": [id_]}),
                (REMOVE, {}),
            ):
                (error,) = (await ask(client, text, **variables))["errors"]
                assert error["extensions"]["code"] == "FORBIDDEN"
                assert "lacks the setting ROLES, which the document " in error["message"]
        assert (await ask(client, LIST))["data"]["trustedDocuments"] == {"totalCount": 0, "edges": []}
        for written in (1, 0):
            answer = await ask(client, IMPORT, client="mine", manifest={"own": COUNT})
            assert answer["data"]["importDocuments"]["written"] == written
        (listed,) = (await ask(client, "{ trustedDocuments { edges { node { documentId role } } } }"))["data"][
            "trustedDocuments"
        ]["edges"]
        assert listed["node"] == {"documentId": "own", "role": "some"}
        removed = await ask(client, REMOVE.replace('"web"', '"mine"'), ids=["own"])
        assert removed["data"]["removeDocuments"] == {"removed": 1}


@pytest.mark.long
async def test_with_the_setting_for_roles_the_documents_of_all_are_listed(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        for id_, role in (("none", None), ("viewers", "viewer")):
            await ask(client, IMPORT_FOR, manifest={id_: COUNT}, role=role)
        await keep_key(app, client, "DOCUMENTS", "ROLES", read="company")
        assert (await ask(client, LIST))["data"]["trustedDocuments"]["totalCount"] == 2
        assert (await ask(client, IMPORT_FOR, manifest={"none": COUNT}, role="viewer"))["data"]
        assert (await ask(client, REMOVE))["data"]["removeDocuments"] == {"removed": 2}


@pytest.mark.long
async def test_a_named_document_tells_no_more_of_the_model_than_the_role_sees(start_app: StartApp) -> None:
    """A document of another client is not valid for the role: its errors named the fields that it asks for."""
    async with start_app() as (app, client):
        await ask(client, IMPORT, client="web", manifest={**GUESSES, "count": COUNT})
        (error,) = (await client.post("/graphql", json={"documentId": "own"})).json()["errors"]
        assert error["message"] == "Cannot query field 'nmae' on type 'Company'. Did you mean 'name'?"
        await keep_key(app, client, "EXPLAIN", read="company")
        for headers in ({}, {"x-fieldstone-explain": "1"}):
            answers = [
                (await client.post("/graphql", json={"documentId": id_}, headers=headers)).json()
                for id_ in ("hidden", "own", "nobodys")
            ]
            assert answers[0] == answers[1] == answers[2]
            assert [error["extensions"]["code"] for error in answers[0]["errors"]] == ["PERSISTED_QUERY_NOT_FOUND"]
            assert "data" in (await client.post("/graphql", json={"documentId": "count"}, headers=headers)).json()
        (error,) = (await client.post("/graphql", json={"query": GUESSES["own"]})).json()["errors"]
        assert error["message"] == "Cannot query field 'nmae' on type 'Company'. Did you mean 'name'?"
        # By its hash, which is a way to name it as well.
        for text in (GUESSES["own"], "{ nobodys }"):
            persisted = {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}
            answer = (await client.post("/graphql", json={"extensions": {"persistedQuery": persisted}})).json()
            assert [error["message"] for error in answer["errors"]] == ["PersistedQueryNotFound"]


async def test_with_the_setting_for_roles_all_broken_documents_are_told(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        await keep_key(app, client, "DOCUMENTS", "ROLES", read="company")
        for role in (None, "viewer"):
            await ask(client, IMPORT_FOR, manifest=GUESSES, role=role)
            found = (await ask(client, BROKEN))["data"]["brokenDocuments"]
            assert {one["documentId"] for one in found["documents"]} == {"none", "own"}
        (error,) = (await ask(client, IMPORT_FOR, manifest=GUESSES, role="nobody"))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "role"}


async def test_queries_about_documents_and_tokens_take_no_session_from_the_changes_of_models(
    start_app: StartApp,
) -> None:
    """A client that asked again and again kept all sessions, which have no shares, from all other workspaces."""
    async with start_app() as (app, client), AsyncExitStack() as held:
        await ask(client, IMPORT, client="web", manifest={"a": COUNT})
        deny = 'mutation { denyTokens(input: { issuer: "https://a.example" jwtId: "1" }) { jwtId } }'
        assert (await ask(client, deny))["data"]
        database = (await app.runtime.ready()).foundation.database
        for _ in range(PoolSettings().sessions):
            await held.enter_async_context(database.session())
        text = "{ deniedTokens { jwtId expiresAt } brokenDocuments { documents { documentId } unchecked } }"
        assert (await ask(client, text))["data"] == {
            "deniedTokens": [{"jwtId": "1", "expiresAt": None}],
            "brokenDocuments": {"documents": [], "unchecked": 0},
        }


async def test_documents_with_more_bytes_than_an_answer_may_have_are_compared_with_the_model(
    start_app: StartApp,
) -> None:
    """Their text, which is not in the answer, was refused as too large an answer."""
    async with start_app(max_response_bytes=10_000) as (_, client):
        manifest = {str(number): COUNT + " " * number + "#" * 1_000 for number in range(20)}
        assert (await ask(client, IMPORT, client="web", manifest=manifest))["data"]["importDocuments"]["written"] == 20
        found = await ask(client, "{ brokenDocuments { documents { documentId } unchecked } }")
        assert found == {"data": {"brokenDocuments": {"documents": [], "unchecked": 0}}}
