"""A record must fulfil the check of a way that took it, also if the check is asked at the end of the mutation."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.writes import insert, update_rows, write_guard
from fieldstone.sql.compiler.writes.merging import merge, repoint
from fieldstone.sql.compiler.writes.rights import compile_taking
from fieldstone.sql.compiler.writes.upserts import upsert_verdict
from tests.apis import open_apis, serve, workspace_template
from tests.citus_cluster import ON_CITUS
from tests.databases import Databases
from tests.engine.access.few_people import Bench
from tests.engine.access.ways_that_wait import (
    BY_CITY,
    BY_NONE,
    BY_PHONE,
    CHANGES,
    CREATIONS,
    OTHER,
    OWN,
    WAITS,
    outcome,
    ways_to_create,
    ways_to_update,
)
from tests.engine.relations import relate
from tests.engine.rest.asking import ask as send
from tests.specimens import golden_template
from tests.sql_layout import lay_out
from tests.views import RoleClient, granted, view

_JOBS = ["ab", "ba", "aa", "bb"]
_DATA = [*product([BY_CITY, BY_PHONE, BY_NONE], "abc")]


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    template = workspace_template(databases)
    with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for served in serve(dsn):
            served.run(relate(served.apis, "person", "manager", "person", "reports"))
            yield Bench(served, connection)


def changed(bench: Bench, name: str, never: Any = WAITS["to-many"]) -> list[Any]:
    """The outcomes of a change, for each of the jobs."""
    return [outcome(bench, CHANGES[name][0], jobs, never) for jobs in _JOBS]


def created(bench: Bench, name: str, never: Any = WAITS["to-many"]) -> list[Any]:
    """The outcomes of a creation, for each of the data."""
    texts = [CREATIONS[name].replace("DATA", f'email: "n" jobTitle: "{job}" {given}') for given, job in _DATA]
    return [outcome(bench, text, never=never) for text in texts]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_record_is_held_against_the_way_whose_rule_it_was_under(bench: Bench, name: str, wait: str) -> None:
    """A regression: all checks that wait had to hold, whichever way took the record."""
    taken = CHANGES[name][1]
    wanted = [{OWN: jobs[0] == "a", OTHER: jobs[1] == "b"} for jobs in _JOBS]
    expected = [None if all(one[id_] for id_ in taken) else "FORBIDDEN" for one in wanted]
    assert changed(bench, name, WAITS[wait]) == expected


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("name", CREATIONS)
def test_a_created_record_is_held_against_the_ways_that_admit_its_data(bench: Bench, name: str, wait: str) -> None:
    allowed = {(BY_CITY, "a"), (BY_PHONE, "b"), (BY_NONE, "a"), (BY_NONE, "b")}
    assert created(bench, name, WAITS[wait]) == [None if one in allowed else "FORBIDDEN" for one in _DATA]


def test_a_record_that_is_written_twice_has_a_check_for_each_writing(bench: Bench) -> None:
    """Moved to Paris by its first way, it is under the rule of the second one, and must fulfil the checks of both."""
    text = (
        f'a: updatePerson(id: "{OWN}" data: {{ city: "Paris" }}) {{ id }}'
        f' b: updatePerson(id: "{OWN}" data: {{ jobTitle: "JOB" }}) {{ id }}'
    )
    assert [outcome(bench, text.replace("JOB", job)) for job in "ab"] == ["FORBIDDEN", "FORBIDDEN"]
    assert outcome(bench, text.replace('"Paris"', '"Berlin"').replace("JOB", "a"), "ba") is None


@pytest.mark.parametrize("name", ["update", "update of another", "upsert", "disconnect"])
def test_a_change_whose_event_is_a_statement_of_its_own_tells_ways_too(bench: Bench, name: str) -> None:
    """On Citus the row of a change has the columns of its event behind those of the ways."""
    text, expected = CHANGES[name][0], changed(bench, name)
    assert None in expected
    assert [outcome(bench, text, jobs, is_distributed=True) for jobs in _JOBS] == expected


async def test_rest_holds_records_against_the_ways_that_took_them(client: httpx.AsyncClient) -> None:
    never = WAITS["to-many"]
    updates = [{name: way[name] for name in ("rule", "check")} for way in ways_to_update(never)]
    creates = [{"fields": {"only": way["only"]}, "check": way["check"]} for way in ways_to_create(never)]
    grants = [{"object": "person", "read": {}, "update": updates, "create": creates}, {"object": "*", "read": {}}]
    await send(client, "POST", "metadata/roles", 201, json={"name": "worker", "label": "Worker", "grants": grants})
    people = [{"email": name, "city": name[:-1], "jobTitle": name[-1]} for name in ("Berlina", "Berlinb", "Parisb")]
    made = (await send(client, "POST", "batch/people", 201, json=people))["data"]["createPeople"]
    worker = {"x-fieldstone-role": "worker"}
    for one, status in zip(made, (200, 403, 200), strict=True):
        await send(client, "PATCH", f"people/{one['id']}", status, json={"lastName": "x"}, headers=worker)
    await send(client, "PATCH", "people?filter=jobTitle[eq]:b", 403, json={"lastName": "x"}, headers=worker)
    await send(client, "PATCH", "people?filter=email[neq]:Berlinb", json={"lastName": "x"}, headers=worker)
    new = {"email": "n", "jobTitle": "b"}
    await send(client, "POST", "people", 403, json=new | {"city": "Rome"}, headers=worker)
    await send(client, "POST", "batch/people", 403, json=[new | {"city": "Rome"}], headers=worker)
    await send(client, "POST", "people?upsert=true", 403, json=new | {"city": "Rome"}, headers=worker)
    await send(client, "POST", "people", 201, json=new | {"phone": "1"}, headers=worker)


def _all(rights: Any, *_arguments: Any, **_more: Any) -> Any:
    return expressions.text_literal("1" * len(rights.ways))


def _none(rights: Any, *_arguments: Any, **_more: Any) -> Any:
    return expressions.text_literal("0" * len(rights.ways))


def _first(rights: Any, *arguments: Any, **more: Any) -> Any:
    marks = compile_taking(rights, *arguments, **more)
    return expressions.call("reverse", marks) if len(rights.ways) == 2 else _all(rights)


WRONG: dict[str, Callable[..., Any]] = {"all ways": _all, "none": _none, "other ways": _first}
SABOTAGE: dict[str, tuple[Any, dict[str, Callable[[Bench, str], list[Any]]]]] = {
    "update": (write_guard, {"update": changed, "updateMany": changed, "disconnect": changed}),
    "updates": (update_rows, {"updates": changed, "nested update": changed, "connect": changed}),
    "insert": (insert, {"create": created, "createMany": created, "nested create": created}),
    "upsert": (upsert_verdict, {"upsert": changed, "upsertMany": created}),
    "merge": (merge, {"merge": changed}),
    "repoint": (repoint, {"merge of companies": changed}),
}


@pytest.mark.long
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", SABOTAGE)
def test_a_wrong_mark_is_caught(bench: Bench, monkeypatch: pytest.MonkeyPatch, place: str, wrong: str) -> None:
    module, writes = SABOTAGE[place]
    expected = {name: run(bench, name) for name, run in writes.items()}
    monkeypatch.setattr(module, "compile_taking", WRONG[wrong])
    for name, run in writes.items():
        assert run(bench, name) != expected[name]


GOLDEN = Path(__file__).parents[2] / "golden" / "told_ways"
STATEMENTS = {
    "create": 'createPerson(data: { email: "n" jobTitle: "a" companyId: null }) { id }',
    "create_many": 'createPeople(data: [{ email: "n" jobTitle: "a" }]) { id }',
    "update": 'updatePeople(filter: { email: { eq: "n" } } data: { lastName: "x" }) { id }',
    "update_rows": f'updatePeople(updates: [{{ id: "{OWN}" data: {{ lastName: "x" }} }}]) {{ id }}',
    "upsert": 'upsertPerson(data: { email: "n" lastName: "x" } onConflict: { fields: [email] }) { created }',
    "upsert_many": 'upsertPeople(data: [{ email: "n" lastName: "x" }] onConflict: { fields: [email] }) { created }',
}


async def test_the_golden_statements(
    databases: Databases, clone_database: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    async with open_apis(clone_database(golden_template(databases))) as apis:
        snapshot = await apis.snapshot()
        person, never = snapshot.by_singular["person"], WAITS["to-many"]
        rights = granted(snapshot, person, read={}, create=ways_to_create(never), update=ways_to_update(never))
        rep = RoleClient(database=apis.database, seen=view(snapshot, {person.id: rights}), claims={})
        for name, text in STATEMENTS.items():
            apis.database.log.steps.clear()
            await rep.outcome(f"mutation {{ {text} }}")
            found = "".join(f"{lay_out(one)};\n" for one in apis.database.log.texts)
            path = GOLDEN / f"{name}.sql"
            if ON_CITUS:
                continue  # some statements are others there
            if request.config.getoption("--update-golden"):
                path.write_text(found, encoding="utf-8")
            else:
                assert found == path.read_text(encoding="utf-8")
