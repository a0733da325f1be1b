"""No document, and no variables, within the limits hold up the event loop: long work is done in the work thread.

Counted are the lines of Python that the loop's thread runs in one callback: a neighbour's load adds none.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.documents.document import FRAGMENTS, REPEATS, DocumentLimits
from fieldstone.engine.request.compile import LIGHT_TEXT
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.http.requests.operations import read_request
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Snapshot
from tests.access_roles import READ_ONLY, make_role, with_roles
from tests.apis import PRINCIPAL, WORKSPACE_ID, Served, serve, workspace_template
from tests.databases import Databases
from tests.engine.callback_lines import Longest
from tests.engine.long_documents import ID, ONE, doubling, many
from tests.models import large_snapshot

pytestmark = pytest.mark.long

MOST_LINES = 450_000
"""Some 40 ms of a processor of 2023."""

TOKENS = DocumentLimits().tokens
QUOTED = json.dumps(ID)
IMPORT = 'mutation ($manifest: JSON!) { importDocuments(input: { client: "web" manifest: $manifest }) { written } }'
LEVELS = "people { edges { node { company { id name } } } }"


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with databases.clone(workspace_template(databases)) as dsn:
        yield from serve(dsn)


HEAVY = {
    "fragments that select the same": ONE % many(FRAGMENTS, "...F#")
    + many(FRAGMENTS, f"fragment F# on Company {{ {LEVELS} }}"),
    "fragments that spread the same": ONE % many(60, "...F#")
    + many(60, f"fragment F# on Company {{ {many(20, '...G#').replace('G', 'H')} }}")
    + many(20, f"fragment H# on Company {{ {LEVELS} }}"),
    "a root again and again": f"{{ {f'companies {{ edges {{ node {{ {LEVELS} }} }} }} ' * REPEATS} }}",
    "few words that mean twenty thousand fields": ONE % "...F0" + doubling(10),
    "aliases": f"{{ {many(450, 'a#: companies(first: 1) { edges { node { id name } } }')} }}",
    "a list of ids": f"{{ companies(filter: {{id: {{in: [{many(TOKENS - 100, QUOTED)}]}}}}) {{ totalCount }} }}",
    "a list of filters": f"{{ companies(filter: {{or: [{many(1_000, '{employees: {eq: #}}')}]}}) {{ totalCount }} }}",
    "variables": f"query ({many(1_000, '$v#: String')}) {{ companies(filter: {{or: ["
    f"{many(400, '{name: {eq: $v#}}')}]}}) {{ totalCount }} }}",
    "directives": ONE % many(REPEATS, "name @include(if: true) @skip(if: false)"),
    "directives that are repeated": ONE % f"name {'@include(if: true) ' * 1_200}",
    "unknown fields": f"{{ {many(9_000, 'x#')} }}",
    "unknown arguments": f"{{ {many(450, 'a#: companies(unknown#: 1) { totalCount }')} }}",
    "unknown types": f"query ({many(1_500, '$v#: Unknown#')}) {{ __typename }}",
    "fields that conflict": ONE % many(REPEATS, "a: name a: employees"),
    "operations that spread the same": many(20, "query q#($n: Int) { ...F }")
    + f" fragment F on Query {{ {many(400, 'a#: companies(first: $n) { totalCount }')} }}",
    "a long string": f'{{ companies(filter: {{name: {{eq: "{"x" * 900_000}"}}}}) {{ totalCount }} }}',
    "white space": f"{{ companies {' ' * 900_000} {{ totalCount }} }}",
    "a comment": f"{{ companies #{'x' * 900_000}\n {{ totalCount }} }}",
    "writes": f"mutation {{ {many(200, 'a#: createCompany(data: {employees: #}) { id }')} }}",
    "an odd introspection": "{ __schema { types { name fields { name args { name type { name ofType { name } } }"
    " type { name fields { name type { name } } } } } } }",
}


@pytest.mark.long
@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
def test_a_heavy_document_is_left_to_the_work_thread(served: Served, longest: Longest, text: str) -> None:
    served.snapshot()
    before = served.apis.work.counters.calls
    name = "q1" if "query q1(" in text else None
    served.ask(text, operation_name=name)
    assert served.apis.work.counters.calls > before
    assert longest.lines < MOST_LINES


def padded(part: str) -> str:
    """As often as there is room for in a light document."""
    return f"{{ {many((LIGHT_TEXT - 10) // (len(part) + 3), part)} }}"


LIGHT = {
    "a filter within a filter": f"{{ companies(filter: {'{not: ' * 95}{{}}{'}' * 95}) {{ totalCount }} }}",
    "fields": padded("x#:__typename"),
    "roots": padded("a#:companies{totalCount}"),
    "unknown fields": padded("x#"),
    "filters": padded("a#:companies(filter:{not:{name:{eq:1}}}){totalCount}"),
    "a list": f"{{companies(filter:{{id:{{in:[{'1,' * 460}]}}}}){{totalCount}}}}",
    "writes": "mutation " + padded("a#:createCompany(data:{}){id}")[:-20].rsplit(" ", 1)[0] + "}",
    "tokens": "{" * 100 + "a " * 350 + "}" * 100,
}


@pytest.mark.parametrize("text", LIGHT.values(), ids=LIGHT)
def test_a_light_document_is_not_worth_it(served: Served, longest: Longest, text: str) -> None:
    assert len(text) <= LIGHT_TEXT
    served.snapshot()
    before = served.apis.work.counters.calls
    served.ask(text)
    assert served.apis.work.counters.calls == before
    assert longest.lines < MOST_LINES


def selections(depth: int) -> st.SearchStrategy[str]:
    names = st.sampled_from(["id", "name", "unknown", "a: name", "...F0", "...F1", "name @skip(if: $c)"])
    leaves = st.tuples(st.integers(1, 60), names).map(lambda drawn: f"{drawn[1]} " * drawn[0])
    if depth == 0:
        return leaves
    inner = st.lists(selections(depth - 1), min_size=1, max_size=2).map(" ".join)
    nested = st.tuples(st.integers(1, 15), inner).map(
        lambda drawn: f"people {{ edges {{ node {{ company {{ {drawn[1]} }} }} }} }} " * drawn[0]
    )
    return st.one_of(leaves, nested, nested)


@pytest.mark.long
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(root=selections(3), first=selections(2), second=selections(1), roots=st.integers(1, 20))
def test_no_document_holds_up_the_loop(
    served: Served, longest: Longest, root: str, first: str, second: str, roots: int
) -> None:
    text = (
        f"query ($c: Boolean!) {{ {f'companies {{ edges {{ node {{ {root} }} }} }} ' * roots} }}"
        f" fragment F0 on Company {{ {first.replace('...F0', 'id')} }}"
        f" fragment F1 on Company {{ {second.replace('...F0', 'id').replace('...F1', 'id')} }}"
    )
    longest.lines = 0
    served.ask(text, {"c": False})
    assert longest.lines < MOST_LINES


CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
FIND = "query ($ids: [UUID!]) { companies(filter: {id: {in: $ids}}) { totalCount } }"
VARIABLES = {
    "records": (CREATE, {"data": [{"name": f"Company {n}", "employees": n} for n in range(10_000)]}),
    "ids": (FIND, {"ids": [ID] * 150_000}),
    "no ids": (FIND, {"ids": ["x"] * 200_000}),
    "numbers": (FIND, {"ids": [1] * 400_000}),
    "lists": (FIND, {"ids": [[]] * 400_000}),
}


FILTER = "query ($f: CompanyFilterInput) { companies(filter: $f) { totalCount } }"
PAGE = "query ($f: CompanyFilterInput, $first: Int) { companies(filter: $f, first: $first) { totalCount } }"
WIDE_VARIABLES = {
    "empty filters": (FILTER, {"f": {"or": [{}] * 3_900}}),
    "filters": (FILTER, {"f": {"or": [{"name": {"eq": "a"}}] * 700}}),
    "a refused page": (PAGE, {"f": {"or": [{"name": {"eq": "a"}}] * 600}, "first": -1}),
}


@pytest.mark.parametrize(("text", "variables"), WIDE_VARIABLES.values(), ids=WIDE_VARIABLES)
def test_a_plan_for_many_parts_is_left_to_the_work_thread(
    served: Served, longest: Longest, text: str, variables: dict[str, object]
) -> None:
    assert len(json.dumps({"query": text, "variables": variables}, separators=(",", ":"))) < LARGE
    served.snapshot()
    before = served.apis.work.counters.calls
    served.ask(text, variables)
    assert served.apis.work.counters.calls > before
    assert longest.lines < MOST_LINES


SMALL_VARIABLES = {
    "filters": (FILTER, {"f": {"or": [{"name": {"eq": "a"}}] * 120}}),
    "records": (CREATE, {"data": [{"name": "a"}] * 1_100}),
    "ids": (FIND, {"ids": [ID] * 400}),
}


@pytest.mark.parametrize(("text", "variables"), SMALL_VARIABLES.values(), ids=SMALL_VARIABLES)
def test_small_variables_are_not_worth_it(
    served: Served, longest: Longest, text: str, variables: dict[str, object]
) -> None:
    assert len(json.dumps({"query": text, "variables": variables}, separators=(",", ":"))) < LARGE
    served.snapshot()
    before = served.apis.work.counters.calls
    assert "errors" not in served.ask(text, variables)
    assert served.apis.work.counters.calls == before
    assert longest.lines < MOST_LINES


@pytest.mark.parametrize(("text", "variables"), VARIABLES.values(), ids=VARIABLES)
def test_large_variables_are_left_to_the_work_thread(
    served: Served, longest: Longest, text: str, variables: dict[str, object]
) -> None:
    body = json.dumps({"query": text, "variables": variables}).encode()
    assert len(body) > LARGE
    apis = served.apis
    served.snapshot()
    before = apis.work.counters.calls

    async def send() -> bytes:
        request = await read_request(body, max_batch=1, work=apis.work, workspace_id=WORKSPACE_ID)
        assert isinstance(request, GraphQLRequest)
        assert request.is_large
        return (await apis.core.execute(PRINCIPAL, request, allow_mutation=True)).body

    answer = served.run(send())
    assert len(loads(answer).get("data", {}).get("createCompanies", ())) in {0, 10_000}
    assert apis.work.counters.calls > before
    assert longest.lines < MOST_LINES


def test_a_manifest_is_left_to_the_work_thread(served: Served, longest: Longest) -> None:
    manifest = {f"id{n}": f"query Q{n} {{ {LEVELS} }}" for n in range(4_000)}
    served.snapshot()
    before, longest.lines = served.apis.work.counters.calls, 0
    sent = served.apis.send(IMPORT, {"manifest": manifest}, api=served.apis.metadata)
    assert loads(served.run(sent).body) == {"data": {"importDocuments": {"written": 4_000}}}
    assert served.apis.work.counters.calls > before + 3
    assert longest.lines < MOST_LINES


async def _look(served: Served, snapshot: Snapshot, *roles: str) -> None:
    """Look at a model as several principals at once."""
    looking = (served.apis.core.look(snapshot, replace(PRINCIPAL, role=role)) for role in roles)
    seen = await asyncio.gather(*looking)
    assert {one.view.role.name for one in seen if one.view.role} == {*roles}


def test_the_view_of_a_role_on_a_large_model_is_left_to_the_work_thread(served: Served, longest: Longest) -> None:
    snapshot = large_snapshot(300)
    snapshot = with_roles(snapshot, *(make_role(snapshot, name, {"*": READ_ONLY}) for name in ("reader", "other")))
    before, longest.lines = served.apis.work.counters.calls, 0
    served.run(_look(served, snapshot, "reader", "reader", "other"))
    assert served.apis.work.counters.calls == before + 2
    assert longest.lines < 10 * len(snapshot.objects), "a view takes some hundred lines for each object"
    served.run(_look(served, snapshot, "reader"))
    assert served.apis.work.counters.calls == before + 2, "the view is at hand"
