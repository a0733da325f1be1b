"""Any write of any role does what the oracle of its rights says, and nothing else."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.metadata.json_text import dumps
from tests.apis import Served, serve, workspace_template
from tests.databases import Databases
from tests.operations import examples
from tests.reference import load_rows
from tests.reference_role_writes import Refused, RoleWrites, WayOf
from tests.views import RoleClient, granted, view

ACME, BOLT = (str(UUID(int=number)) for number in (0xC1, 0xC2))
PEOPLE = [str(UUID(int=0xA0 + number)) for number in range(5)]
NOBODY = str(UUID(int=0xFF))
CITIES = ["Berlin", "Paris", None]
JOBS = ["dev", "ops", None]
CLAIMS = {"city": "Berlin", "company": "Acme", "jobs": ["dev", "ops"]}
FIELDS = ["email", "city", "jobTitle", "company"]

_LEAVES = st.sampled_from(
    [
        {},
        {"city": {"eq": "$principal.city"}},
        {"city": {"neq": "$principal.city"}},
        {"city": {"is": "NULL"}},
        {"jobTitle": {"in": "$principal.jobs"}},
        {"jobTitle": {"eq": "dev"}},
        {"company": {"name": {"eq": "$principal.company"}}},
        {"company": {"is": "NULL"}},
        {"companyId": {"eq": BOLT}},
    ]
)
RULES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda terms: {"or": terms}),
        st.lists(inner, min_size=1, max_size=2).map(lambda terms: {"and": terms}),
        inner.map(lambda term: {"not": term}),
    ),
    max_leaves=3,
).filter(lambda rule: rule == {} or "{}" not in json.dumps(rule))
PRESETS = st.sampled_from([{}, {}, {"city": "$principal.city"}, {"jobTitle": "ops"}, {"companyId": ACME}])


@st.composite
def ways(draw: st.DrawFn, *, writes: bool, least: int = 0) -> list[WayOf]:
    """The ways of an action: none, one or two."""
    found = []
    for _ in range(draw(st.sampled_from([least, 1, 1, 1, 2]))):
        rule = draw(st.none() | RULES)
        if not writes:
            found.append(WayOf(rule=rule))
            continue
        only = draw(st.none() | st.sets(st.sampled_from(FIELDS), min_size=1))
        preset = draw(PRESETS)
        fields = None if only is None else frozenset({*only, *(["email"] if draw(st.booleans()) else [])})
        found.append(WayOf(rule=rule, check=draw(st.none() | RULES), fields=fields, preset=preset))
    return found


@st.composite
def data(draw: st.DrawFn, *, names: Sequence[str] = ("city", "jobTitle", "companyId")) -> dict[str, Any]:
    values = {
        "city": st.sampled_from(CITIES),
        "jobTitle": st.sampled_from(JOBS),
        "companyId": st.sampled_from([ACME, BOLT, NOBODY, None]),
    }
    chosen = draw(st.sets(st.sampled_from(list(names)), max_size=2))
    return {name: draw(values[name]) for name in names if name in chosen}


def as_input(value: Any) -> str:
    """A value as GraphQL writes it."""
    match value:
        case dict():
            return "{ " + " ".join(f"{name}: {as_input(item)}" for name, item in value.items()) + " }"
        case list():
            return "[" + " ".join(map(as_input, value)) + "]"
        case "NULL":
            return "NULL"
        case _:
            return dumps(value)


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, str, tuple[Any, ...]]:
    """A mutation, with the method of the oracle and its arguments."""
    id_ = draw(st.sampled_from([*PEOPLE, NOBODY]))
    match draw(st.sampled_from(["update", "update", "update_all", "create", "create", "upsert", "remove"])):
        case "update":
            given_ = draw(data())
            return f'updatePerson(id: "{id_}" data: {as_input(given_)})', "update", (id_, given_)
        case "update_all":
            given_, condition = draw(data()), {"city": {"eq": draw(st.sampled_from(["Berlin", "Paris"]))}}
            text = f"updatePeople(filter: {as_input(condition)} data: {as_input(given_)})"
            return text, "update_all", (condition, given_)
        case "create":
            rows = [
                {"email": draw(st.sampled_from(["0", "new"])) + str(n or ""), **draw(data())}
                for n in range(draw(st.integers(1, 2)))
            ]
            made = [{**row, "id": str(UUID(int=0xB0 + n))} for n, row in enumerate(rows)]
            if len(rows) == 1:
                return f"createPerson(data: {as_input(rows[0])})", "create", (made,)
            return f"createPeople(data: {as_input(rows)})", "create", (made,)
        case "upsert":
            given_ = {"email": draw(st.sampled_from(["0", "1", "2", "new"])), **draw(data())}
            text = f"upsertPerson(data: {as_input(given_)} onConflict: {{ fields: [email] }})"
            return text, "upsert", ({**given_, "id": str(UUID(int=0xB0))},)
        case _:
            action = draw(st.sampled_from(["delete", "restore", "destroy"]))
            return f'{action}Person(id: "{id_}")', "remove", (action, id_)


class Bench:
    """The engine over a few records, which are the same before each example."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served, self.dsn, self.snapshot = served, dsn, served.snapshot()
        self.person, self.company = (self.snapshot.by_singular[name] for name in ("person", "company"))

    def fill(self) -> None:
        """Put the records back."""
        person, company = (sql.Identifier(one.table.schema, one.table.name) for one in (self.person, self.company))
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DELETE FROM {}; DELETE FROM {}").format(person, company))
            cursor = connection.cursor()
            cursor.executemany(
                sql.SQL("INSERT INTO {} (id, name) VALUES (%s, %s)").format(company),
                [(ACME, "Acme"), (BOLT, "Bolt")],
            )
            cursor.executemany(
                sql.SQL(
                    'INSERT INTO {} (id, email, city, "jobTitle", "companyId", "deletedAt")'
                    " VALUES (%s, %s, %s, %s, %s, %s)"
                ).format(person),
                [
                    (PEOPLE[0], "0", "Berlin", "dev", ACME, None),
                    (PEOPLE[1], "1", "Paris", "ops", BOLT, None),
                    (PEOPLE[2], "2", None, None, None, None),
                    (PEOPLE[3], "3", "Berlin", None, BOLT, None),
                    (PEOPLE[4], "4", "Berlin", "dev", ACME, "2020-01-01Z"),
                ],
            )

    def people(self) -> list[tuple[Any, ...]]:
        """The people as they are, without their ids."""
        rows = load_rows(self.dsn, self.snapshot)[self.person.id].values()
        return shown(rows)


def shown(rows: Any) -> list[tuple[Any, ...]]:
    names = ("email", "city", "jobTitle", "companyId")
    return sorted([(*(row[name] for name in names), row["deletedAt"] is not None) for row in rows], key=repr)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(workspace_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


def written(way: WayOf) -> dict[str, Any]:
    """A way as clients give it."""
    found: dict[str, Any] = {}
    if way.rule is not None:
        found["rule"] = way.rule
    if way.check is not None:
        found["check"] = way.check
    if way.fields is not None:
        found["only"] = sorted(way.fields)
    if way.preset:
        found["preset"] = way.preset
    return found


@given(
    actions=st.fixed_dictionaries(
        {
            "read": ways(writes=False, least=1),
            "create": ways(writes=True),
            "update": ways(writes=True),
            "delete": ways(writes=False),
            "restore": ways(writes=False),
            "destroy": ways(writes=False),
        }
    ),
    write=writes(),
    reads_bolt=st.booleans(),
)
@examples(300)
def test_any_write_of_any_role(
    bench: Bench, actions: dict[str, list[WayOf]], write: tuple[str, str, tuple[Any, ...]], reads_bolt: bool
) -> None:
    text, method, arguments = write
    bench.fill()
    note(f"{actions}\n{text}")
    snapshot, person, company = bench.snapshot, bench.person, bench.company
    company_rights = {} if reads_bolt else {"rule": {"name": {"eq": "$principal.company"}}}
    rights = {
        person.id: granted(snapshot, person, **{name: list(map(written, ways_)) for name, ways_ in actions.items()}),
        company.id: granted(snapshot, company, read=company_rights),
    }
    rep = RoleClient(database=bench.served.apis.database, seen=view(snapshot, rights), claims=CLAIMS)
    oracle = RoleWrites(
        snapshot=snapshot,
        object_=person,
        rows={id_: dict(rows) for id_, rows in load_rows(bench.dsn, snapshot).items()},
        ways=actions,
        claims=CLAIMS,
        targets=frozenset({ACME, BOLT} if reads_bolt else {ACME}),
    )
    before = bench.people()
    try:
        getattr(oracle, method)(*arguments)
    except Refused as refused:
        error = bench.served.run(rep.refusal(f"mutation {{ {text} {{ __typename }} }}"))
        assert error["extensions"]["code"] == refused.code, error
        assert bench.people() == before
        return
    bench.served.run(rep.write(f"mutation {{ {text} {{ __typename }} }}"))
    assert bench.people() == shown(oracle.own.values())
