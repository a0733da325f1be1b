"""The text around the variables makes a body known: it means then as much as the ordinary path reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.fast_path import known_bodies
from fieldstone.engine.server.fast_path.known_bodies import KnownBodies, Read
from fieldstone.engine.server.http.requests.body import decode_json
from fieldstone.engine.server.http.requests.operations import build_request

pytestmark = pytest.mark.long

_TEXTS = st.sampled_from(["{ a }", 'query ($x: Int) { b(c: "\\"variables\\":") }', '"variables":', "é", "\\", "\\u"])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["variables", "x", "é"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_NAMES = st.sampled_from(["query", "variables", "variables", "operationName", "extensions", "x"])
_MEMBERS = st.lists(st.tuples(_NAMES, _VALUES | _TEXTS), min_size=1, max_size=5)


def write(members: list[tuple[str, Any]], *, is_ascii: bool, colon: str) -> str:
    """The text of an object, in which a name may stand twice."""
    written = [json.dumps(name) + colon + json.dumps(value, ensure_ascii=is_ascii) for name, value in members]
    return "{" + ",".join(written) + "}"


def meaning(read: Read | None) -> Read | None:
    """The operation that was read, with its variables in one place alone."""
    return read and (read[0]._replace(variables={}), read[1])


def read_plainly(body: bytes) -> Read | None:
    """The operation of a body as the ordinary path reads it."""
    try:
        request = build_request(decode_json(body), max_batch=0)
    except ApiError:
        return None
    assert isinstance(request, GraphQLRequest)
    return request._replace(variables={}), request.variables


@given(
    _MEMBERS,
    st.lists(_VALUES, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([":", ": ", " : ", ":\n"]),
    st.sampled_from(["", " ", "}", "x"]),
)
def test_a_body_means_the_same_whether_it_is_known_or_not(
    members: list[tuple[str, Any]], values: list[Any], is_ascii: bool, colon: str, tail: str
) -> None:
    bodies = KnownBodies()
    others = [[(name, value if name == "variables" else was) for name, was in members] for value in values]
    for one in (members, *others):
        body = (write(one, is_ascii=is_ascii, colon=colon) + tail).encode()
        assert meaning(bodies.read(body)) == read_plainly(body)


@pytest.mark.parametrize(
    "text",
    [
        '{"query": "{ a }", "variables": {"x": 1}}',
        '{"query":"{ a }","variables":{"x":1},"operationName":null}',
        '{"operationName":"A","variables":{"x":1},"extensions":{},"query":"query A { a }"}',
        '{"query":"{ a }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}},"variables":{"x":1}}',
    ],
)
def test_a_known_body_is_read_but_for_its_variables_no_more(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    bodies, whole = KnownBodies(), []

    def note(body: bytes) -> Read | None:
        whole.append(body)
        return read_plainly(body)

    monkeypatch.setattr(known_bodies, "_read", note)
    assert meaning(bodies.read(text.encode())) == read_plainly(text.encode())
    whole.clear()
    for number in range(2, 9):
        other = text.replace('"x":1', f'"x":{number}').replace('"x": 1', f'"x": {number}').encode()
        assert meaning(bodies.read(other)) == read_plainly(other)
    assert whole == []


@pytest.mark.parametrize(
    "variables",
    [
        "null",
        "[]",
        '"x"',
        '{"x":"\\ud800"}',
        '{"x":' + "[" * 200 + "]" * 200 + "}",
        '{"x":' + "[" * 100_000,
        "{'x':1}",
        "",
    ],
)
def test_variables_that_are_none_are_refused_or_read_as_before(variables: str) -> None:
    bodies = KnownBodies()
    assert bodies.read(b'{"query":"{ a }","variables":{"x":1}}') is not None
    body = f'{{"query":"{{ a }}","variables":{variables}}}'.encode()
    assert meaning(bodies.read(body)) == read_plainly(body)


def test_the_known_bodies_are_bounded_and_hold_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_bodies, "_MOST", 8)
    bodies = KnownBodies()
    for number in range(40):
        assert bodies.read(b'{"query":"{ a%d }","variables":{"secret":%d}}' % (number, number))
    assert len(bodies._known) == 8
    assert all(not one.variables for one in bodies._known.values())
    bodies.read(b'{"query":"{ %s }","variables":{}}' % (b"a " * 4_096))
    bodies.read('{"query":"{ é }","variables":{}}'.encode())
    assert [one.query for one in bodies._known.values()] == [f"{{ a{number} }}" for number in range(32, 40)]
