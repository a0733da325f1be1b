"""Nothing that a client sends yields a 500, and every answer is JSON with errors or data."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.server.calling import Caller
from tests.engine.server.conftest import StartApp
from tests.operations import examples

pytestmark = pytest.mark.long

_WORDS = st.sampled_from(
    [
        "query", "mutation", "subscription", "fragment", "on", "people", "companies", "createCompany", "updatePeople",
        "deletePeople", "filter", "first", "orderBy", "edges", "node", "id", "name", "__schema", "__type",
        "__typename", "null", "true", "$a", "@skip", "@include", "if", "data", "eq", "in", "not", "or",
    ]
)  # fmt: skip
_PUNCTUATION = st.sampled_from(
    ["{", "}", "(", ")", "[", "]", ":", "!", "=", "...", "&", "|", '"', '"""', "#", "\n", " "]
)
_LITERALS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False).map(str),
    st.text(max_size=5).map(json.dumps),
    st.text(max_size=5),
)
_DOCUMENTS = st.one_of(
    st.text(max_size=100),
    st.lists(st.one_of(_WORDS, _PUNCTUATION, _LITERALS), max_size=40).map(" ".join),
)
_TYPED = st.sampled_from(
    [
        "query ($a: PersonFilterInput) { people(filter: $a) { totalCount } }",
        "query ($a: [PersonOrderByInput]) { people(orderBy: $a) { edges { cursor } } }",
        "query ($a: String) { people(after: $a) { totalCount } }",
        "query ($a: Int) { people(first: $a) { totalCount } }",
        "query ($a: UUID!) { person(id: $a) { id } }",
        "mutation ($a: PersonInput!) { createPerson(data: $a) { id } }",
        "mutation ($a: PersonFilterInput!) { destroyPeople(filter: $a) { id } }",
    ]
)
_KEYS = (
    "id", "email", "firstName", "createdAt", "position", "company", "companyId", "connect", "createdBy", "source",
    "context", "eq", "neq", "in", "is", "like", "contains", "between", "gt", "and", "or", "not",
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=5), st.sampled_from(_KEYS)),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)
_VARIABLES = st.one_of(st.dictionaries(st.sampled_from(["a", "b", ""]), _JSON, max_size=2), _JSON)
_REQUESTS = st.fixed_dictionaries(
    {"query": st.one_of(_DOCUMENTS, _TYPED, _JSON)},
    optional={
        "variables": _VARIABLES,
        "operationName": st.one_of(st.none(), st.text(max_size=5), _JSON),
        "extensions": _JSON,
    },
)
_BODIES = st.one_of(
    st.binary(max_size=60),
    st.one_of(_REQUESTS, st.lists(_REQUESTS, max_size=4), _JSON).map(lambda body: json.dumps(body).encode()),
)
_HEADERS = st.dictionaries(
    st.sampled_from(["accept", "content-type", "content-length", "x-other", "origin", "accept-encoding"]),
    st.one_of(
        st.binary(max_size=30).filter(lambda value: not set(value) & set(b"\r\n\0")),
        st.sampled_from([b"application/json", b"*/*;q=x", b"application/json;charset=utf-8;q=1", b"text/html"]),
    ),
    max_size=3,
)
_STATUSES = {200, 307, 400, 401, 404, 405, 406, 413, 415}


@pytest.fixture
def hostile(start_app: StartApp) -> Iterator[Caller]:
    with contextlib.closing(Caller(start_app, environment="development")) as caller:
        yield caller


def check(response: httpx.Response) -> None:
    assert response.status_code in _STATUSES, response.text
    if response.status_code == 307:
        # A browser is led to the console's pages.
        assert response.headers["location"].startswith("/console/")
        return
    if response.headers.get("content-type", "").startswith(("text/html", "text/event-stream")):
        assert "INTERNAL_SERVER_ERROR" not in response.text
        return
    for answer in response.json() if isinstance(response.json(), list) else [response.json()]:
        assert answer.keys() & {"errors", "data"}
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", error


def test_documents_and_variables_never_yield_a_500(hostile: Caller) -> None:
    @examples(300)
    @given(
        path=st.sampled_from(["/graphql", "/metadata"]),
        query=_DOCUMENTS,
        variables=_VARIABLES,
    )
    def run(path: str, query: str, variables: Any) -> None:
        check(hostile("POST", path, json={"query": query, "variables": variables}))

    run()


def test_values_of_every_kind_never_yield_a_500(hostile: Caller) -> None:
    @examples(300)
    @given(query=_TYPED, value=_JSON)
    def run(query: str, value: Any) -> None:
        check(hostile("POST", "/graphql", json={"query": query, "variables": {"a": value}}))

    run()


def test_bodies_and_headers_never_yield_a_500(hostile: Caller) -> None:
    @examples(300)
    @given(
        path=st.sampled_from(["/graphql", "/metadata", "/graphql/stream"]),
        body=_BODIES,
        headers=st.one_of(st.just({"content-type": b"application/json"}), _HEADERS),
    )
    def run(path: str, body: bytes, headers: Mapping[str, bytes]) -> None:
        check(hostile("POST", path, content=body, headers=dict(headers)))

    run()


def test_query_strings_never_yield_a_500(hostile: Caller) -> None:
    @examples(300)
    @given(
        method=st.sampled_from(["GET", "PUT", "OPTIONS", "DELETE"]),
        params=st.dictionaries(
            st.sampled_from(["query", "variables", "operationName", "extensions", "a"]),
            st.one_of(_DOCUMENTS, _JSON.map(json.dumps)).filter(lambda text: text.isprintable()),
        ),
        headers=_HEADERS,
    )
    def run(method: str, params: Mapping[str, str], headers: Mapping[str, bytes]) -> None:
        response = hostile(method, "/graphql", params=dict(params), headers=dict(headers))
        if method == "OPTIONS":
            assert response.status_code == 200
        else:
            check(response)

    run()


def test_keys_and_paths_never_yield_a_500(hostile: Caller) -> None:
    @examples(300)
    @given(
        path=st.text(max_size=20).map(
            lambda text: "/" + "".join(c for c in text if c.isprintable() and c not in "?#/\\")
        ),
        key=st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\0")),
    )
    def run(path: str, key: bytes) -> None:
        assert hostile("POST", "/graphql", headers={"authorization": key}, json={}).status_code == 401
        assert hostile("GET", path, headers={"authorization": key}).status_code in {200, 401, 404}

    run()
