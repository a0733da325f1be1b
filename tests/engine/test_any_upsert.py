"""Any sequence of upserts gives the oracle's answers and refusals, and an unbroken chain of events."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from tests.apis import Served, serve, workspace_template
from tests.databases import Databases
from tests.engine.records import take_events
from tests.engine.upserting import check_chain, make_codes
from tests.operations import examples
from tests.reference_upserts import KEYS, OrderDecides, Records, Refused

pytestmark = pytest.mark.long

_IDS = [str(UUID(int=number)) for number in range(1, 5)]
_ROW = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(_IDS),
        "code": st.sampled_from([None, "a", "a", "b"]),
        "country": st.sampled_from([None, "at", "ch"]),
        "place": st.sampled_from([None, 1, 2]),
        "name": st.sampled_from([None, "x", "y"]),
    },
)
_UPSERT = st.fixed_dictionaries(
    {
        "rows": st.lists(_ROW, max_size=4),
        "by": st.sampled_from([None, *KEYS]),
        "update": st.sampled_from([None, None, [], ["name"], ["code", "place"]]),
        "revive": st.sampled_from([False, False, True]),
    }
)
_STEPS = st.lists(st.one_of(_UPSERT, st.integers(0, 9)), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with databases.clone(workspace_template(databases)) as dsn:
        for one in serve(dsn):
            one.run(make_codes(one.apis))
            yield one


def ask(served: Served, step: dict[str, Any]) -> Any:
    """The answer to one upsert, in one of its spellings."""
    variables: dict[str, Any] = {"d": step["rows"]}
    arguments, head = "", "$d: [CodeInput!]!"
    if step["by"] is not None:
        conflict = {"fields": list(step["by"]), "revive": step["revive"]}
        if step["update"] is not None:
            conflict["update"] = step["update"]
        variables["c"] = conflict
        arguments, head = ", onConflict: $c", "$d: [CodeInput!]!, $c: CodeOnConflictInput!"
    result = "{ created record { id code country place name } }"
    return served.ask(f"mutation ({head}) {{ upsertCodes(data: $d{arguments}) {result} }}", variables)


@given(steps=_STEPS)
@examples(120)
def test_any_sequence(served: Served, steps: list[Any]) -> None:
    served.ask("mutation { destroyCodes(filter: {or: [{deletedAt: {is: NOT_NULL}}, {id: {is: NOT_NULL}}]}) { id } }")
    served.run(take_events(served.apis))
    records = Records()
    for step in steps:
        note(str(step))
        live = records.live()
        if isinstance(step, int):
            if live:
                id_ = live[step % len(live)]["id"]
                served.ask("mutation ($id: UUID!) { deleteCode(id: $id) { id } }", {"id": id_})
                records.delete(id_)
            continue
        asked = step | ({"update": None, "revive": False} if step["by"] is None else {})
        answer = ask(served, asked)
        note(str(answer))
        check(records, asked, answer)
        found = served.ask("{ codes { edges { node { id code country place name } } } }")["data"]["codes"]["edges"]
        expected = sorted(records.live(), key=lambda row: str(row["id"]))
        assert sorted((edge["node"] for edge in found), key=lambda row: row["id"]) == expected
    check_chain(served.run(take_events(served.apis)))


def check(records: Records, step: dict[str, Any], answer: Any) -> None:
    """Hold an answer against the oracle's; where it says which ids are new, the oracle is told."""
    told = (answer["data"] or {}).get("upsertCodes", [{}] * len(step["rows"]))
    rows = [
        {"id": one["record"]["id"] if one else f"new{place}", **row, ":given": set(row)}
        for place, (row, one) in enumerate(zip(step["rows"], told, strict=True))
    ]
    try:
        expected = records.upsert(rows, by=step["by"], update=step["update"], revive=step["revive"])
    except Refused as refused:
        assert answer["data"] is None, answer
        assert answer["errors"][0]["extensions"]["code"] == refused.code
    except OrderDecides:
        assume(False)
    else:
        assert answer["data"] is not None, answer
        assert [(one["created"], one["record"]) for one in told] == expected
