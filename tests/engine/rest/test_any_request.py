"""Nothing that a client of REST sends yields a 500, and every refusal has the form of REST."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.server.calling import Caller
from tests.engine.server.conftest import StartApp
from tests.operations import examples

pytestmark = pytest.mark.long

STATUSES = {200, 201, 400, 403, 404, 405, 406, 409, 412, 415}
ID = "018cc5ca-0000-7000-8000-000000000000"

_SEGMENTS = st.sampled_from(
    [
        "people",
        "companies",
        "person",
        "batch",
        "restore",
        "merge",
        "duplicates",
        "groupBy",
        "metadata",
        "x",
        "",
        ID,
        "%ff",
    ]
)
_PATHS = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join)
_VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "1", "true", "0", "-1", "2", "", "city[eq]:Bonn", "company.name[is]:NULL", "not(city[in]:[a,b])", "name",
            "createdAt[DescNullsLast],id", '[{"city":true}]', '["totalCount"]', '[{"createdAt":{"bucket":"DAY"}}]', ID,
            "people.some.city[eq]:a", '{"count":{"gt":1}}', "createdAt[within]:{}", "email[between]:[a]", "99999999999",
        ]
    ),
)  # fmt: skip
_PARAMETERS = st.dictionaries(
    st.sampled_from(
        [
            "filter", "order_by", "limit", "depth", "starting_after", "ending_before", "upsert", "soft_delete",
            "group_by", "aggregate", "having", "include_records_sample", "order_by_for_records", "total_count", "x",
        ]
    ),
    _VALUES,
    max_size=3,
)  # fmt: skip
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(ID), st.just("a@x.org"))
_BODIES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["id", "ids", "data", "email", "city", "company", "connect", "conflictPriorityIndex", "x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
_HEADERS = st.dictionaries(
    st.sampled_from(["accept", "content-type", "if-match", "if-none-match", "idempotency-key", "x-fieldstone-cost"]),
    st.sampled_from(["*", "*/*", "application/json", "application/problem+json", '"a"', "a b", "1", "k", "text/csv"]),
    max_size=2,
)


@pytest.fixture
def call(start_app: StartApp) -> Iterator[Caller]:
    with contextlib.closing(Caller(start_app)) as caller:
        yield caller


def test_any_request(call: Caller) -> None:
    @examples(400)
    @given(
        method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"]),
        path=_PATHS,
        parameters=_PARAMETERS,
        body=_BODIES,
        headers=_HEADERS,
    )
    def run(method: str, path: str, parameters: dict[str, str], body: Any, headers: dict[str, str]) -> None:
        answer = call(method, f"/rest/{path}", params=parameters, json=body, headers=headers)
        assert answer.status_code in STATUSES, answer.text
        if method in {"HEAD", "OPTIONS"} and not answer.content:
            return
        found = answer.json()
        if answer.status_code < 300:
            assert "data" in found
        elif answer.headers["content-type"] == "application/problem+json":
            assert found["status"] == answer.status_code
        else:
            assert found["statusCode"] == answer.status_code
            assert ("messages" in found) is (answer.status_code == 400)

    run()
