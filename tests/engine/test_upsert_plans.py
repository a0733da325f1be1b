"""How PostgreSQL runs upserts and changes by id among 100,000 records, in a generic plan too.

It finds the records by indexes, and looks at each row of the input a few times, however many there are.
"""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.plans import MODES, explain, last_step, looked_at, read_rows
from tests.views import RoleClient, granted, view


def upsert(conflict: str) -> str:
    given = f", onConflict: {conflict}" if conflict else ""
    return f"mutation ($d: [PersonInput!]!) {{ upsertPeople(data: $d{given}) {{ created record {{ id }} }} }}"


WAYS = {
    "by a field": "{fields: [email]}",
    "by the id": "{fields: [id]}",
    "by any key": "",
    "leaving the records as they are": "{fields: [email], update: []}",
    "with the trash": "{fields: [email], revive: true}",
}


@pytest.mark.parametrize("conflict", WAYS.values(), ids=WAYS)
async def test_an_upsert_reads_no_table(large: Apis, large_dsn: str, conflict: str) -> None:
    found = await large.data("{ people(first: 50) { edges { node { id email } } } }")
    there = [{**edge["node"], "city": "x"} for edge in found["people"]["edges"]]
    for rows in (there[:1], there):
        await check(large, large_dsn, upsert(conflict), d=rows)


async def test_an_upsert_of_new_records_reads_no_table(large: Apis, large_dsn: str) -> None:
    gone = 'mutation { destroyPeople(filter: {email: {startsWith: "new"}}) { id } }'
    for rows in ([{"email": "new"}], [{"email": f"new {number}"} for number in range(50)]):
        await check(large, large_dsn, upsert("{fields: [email]}"), before=gone, d=rows)


@pytest.mark.parametrize("conflict", WAYS.values(), ids=WAYS)
async def test_an_upsert_of_one_record_reads_no_table(large: Apis, large_dsn: str, conflict: str) -> None:
    found = await large.data("{ people(first: 1) { edges { node { id email } } } }")
    (edge,) = found["people"]["edges"]
    given = f", onConflict: {conflict}" if conflict else ""
    text = f"mutation ($d: PersonInput!) {{ upsertPerson(data: $d{given}) {{ created record {{ id }} }} }}"
    await check(large, large_dsn, text, d={**edge["node"], "city": "x"})


async def test_an_upsert_of_one_record_looks_for_it_twice_and_for_nothing_else(large: Apis, large_dsn: str) -> None:
    """By its key, and by its id to change it; the values are parameters, and no other key can be another record's."""
    text = """mutation ($d: PersonInput!) {
      upsertPerson(data: $d, onConflict: {fields: [email]}) { created record { id } } }"""
    found = await large.data("{ people(first: 1) { edges { node { email } } } }")
    step, _ = await last_step(large, text, d={**found["people"]["edges"][0]["node"], "city": "x"})
    plan = explain(large_dsn, step, "force_generic_plan")
    read = [one for one in plan if one.get("Relation Name") == "person" and "Scan" in one["Node Type"]]
    assert [one["Node Type"] for one in read] == ["Index Scan", "Index Scan"]
    assert [one["Node Type"] for one in plan].count("Function Scan") == 0
    assert sum(one["Node Type"] == "ModifyTable" for one in plan) == 3


async def test_changes_by_id_read_no_table(large: Apis, large_dsn: str) -> None:
    found = await large.data("{ people(first: 50) { edges { node { id } } } }")
    rows = [{"id": edge["node"]["id"], "data": {"city": "y"}} for edge in found["people"]["edges"]]
    text = "mutation ($u: [PersonUpdateItemInput!]!) { updatePeople(updates: $u) { id } }"
    await check(large, large_dsn, text, u=rows)


OWN = {"firstName": {"like": "First%"}}
CHECK = {"or": [{"firstName": {"like": "First%"}}, {"opportunities": {"isEmpty": False}}]}
"""A check that waits for the end of the mutation."""
RIGHTS: dict[str, Any] = {
    "one rule": {"rule": OWN},
    "several rules": [{"rule": OWN}, {"rule": {"city": {"eq": "Rome"}}}],
    "ways that are told": [{"rule": OWN, "check": CHECK}, {"rule": {"city": {"eq": "Rome"}}}],
}
MANY = {
    "each in its own way": ("updatePeople(updates: [ROWS])", '{{ id: "{id}" data: {{ jobTitle: "Engineer" }} }}'),
    "alike": ('updatePeople(filter: { id: { in: [ROWS] } } data: { jobTitle: "Engineer" })', '"{id}"'),
    "upserts": (
        "upsertPeople(data: [ROWS] onConflict: { fields: [email] })",
        '{{ email: "{email}" jobTitle: "Engineer" }}',
    ),
}


@pytest.mark.parametrize("write", MANY.values(), ids=MANY)
@pytest.mark.parametrize("updating", RIGHTS.values(), ids=RIGHTS)
async def test_many_changes_hold_no_row_against_each_other_one(
    large: Apis, large_dsn: str, updating: Any, write: tuple[str, str]
) -> None:
    """A regression: a role's 2,000 changes took seconds, as PostgreSQL expected to lock and to write one row."""
    found = await large.data("{ people(first: 200) { edges { node { id email } } } }")
    whole, one = write
    text = whole.replace("ROWS", " ".join(one.format(**edge["node"]) for edge in found["people"]["edges"]))
    snapshot = await large.snapshot()
    person = snapshot.by_singular["person"]
    rights = granted(snapshot, person, read=[{}], create=[{}], update=updating)
    rep = RoleClient(database=large.database, seen=view(snapshot, {person.id: rights}), claims={})
    large.database.log.steps.clear()
    assert isinstance(await rep.outcome(f"mutation {{ {text} {{ __typename }} }}"), dict)
    step = large.database.log.steps[0]
    for mode in MODES:
        plan = explain(large_dsn, step, mode)
        assert sum(one.get("CTE Name") == "locked" and one["Actual Rows"] == 200 for one in plan)
        assert looked_at(plan) < 100 * 200


async def check(apis: Apis, dsn: str, text: str, before: str | None = None, **variables: Any) -> None:
    """The first statement of a mutation finds its records by indexes; `before` is done before it is explained."""
    apis.database.log.steps.clear()
    await apis.data(text, **variables)
    step = apis.database.log.steps[0]
    for mode in MODES:
        if before is not None:
            await apis.data(before)
        read = [one for one in explain(dsn, step, mode) if one.get("Relation Name") == "person" and one["Actual Loops"]]
        assert read
        assert "Seq Scan" not in {one["Node Type"] for one in read}
        assert read_rows(read) < 1_000
