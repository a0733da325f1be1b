"""Two writes of the same rows: the later one waits, then works on the newest version."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from sql.plan import Compare, Comparison, Condition, Related
from sql.read_plan import Record
from sql.types import SqlType
from sql.write_plan import Assignment, Delete, Update
from tests.sql.shop import EMPLOYER, ID, LIVE, NAME, PERSON, SCORE, Shop, bare, event, open_shop, parameter, text

ANNA, BELA = (f"00000000-0000-7000-8000-0000000000a{n}" for n in (1, 2))
ACME = "00000000-0000-7000-8000-0000000000c1"
RECORD = Record(entries=(("name", text(NAME)), ("score", bare(SCORE))))
IDS = parameter(0, SqlType.UUID, array=True)
SCORED = Compare(left=SCORE, comparison=Comparison.EQ, right=parameter(0, SqlType.INTEGER))
EMPLOYED = Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=parameter(0)))


@pytest.fixture
def two(shop_dsn: str) -> Iterator[tuple[Shop, Shop]]:
    with open_shop(shop_dsn) as one, open_shop(shop_dsn) as other:
        one.fill("INSERT INTO shop.company (id, name) VALUES (%s, 'Acme')", [(ACME,)])
        one.fill(
            "INSERT INTO shop.person (id, email, name, score, company_id) VALUES (%s, %s, %s, 1, %s)",
            [(ANNA, "a", "Anna", ACME), (BELA, "b", "Bela", ACME)],
        )
        yield one, other


def rename(condition: Condition, *, by_ids: bool) -> Update:
    return Update(
        table=PERSON,
        key=ID,
        condition=condition,
        ids=IDS if by_ids else None,
        limit=10,
        assignments=(Assignment(column=NAME, value=parameter(1)),),
        event=event("updated", 2),
        record=RECORD,
    )


def destroy(condition: Condition) -> Delete:
    return Delete(
        table=PERSON, key=ID, condition=condition, ids=IDS, limit=10, event=event("destroyed", 1), record=RECORD
    )


def during(two: tuple[Shop, Shop], meanwhile: str, write: Callable[[Shop], Any]) -> Any:
    """The answer to a write that had to wait for `meanwhile` to commit."""
    one, other = two
    (pid,) = other.rows("SELECT pg_backend_pid()")[0]
    with ThreadPoolExecutor(1) as pool:
        with one.database.transaction():
            one.fill(meanwhile)
            future = pool.submit(write, other)
            wait_for_lock(one, pid, future)
        return future.result()


def wait_for_lock(watcher: Shop, pid: int, future: Future[Any]) -> None:
    deadline = time.monotonic() + 60
    query = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"  # noqa: S608 - a number
    while watcher.rows(query) != [(1,)]:
        assert not future.done(), future.result()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def events(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "SELECT before->>'name', before->>'score', after->>'name', after->>'score' FROM shop.event ORDER BY sequence"
    )


def test_an_update_builds_on_what_it_waited_for(two: tuple[Shop, Shop]) -> None:
    meanwhile = f"UPDATE shop.person SET score = 10 WHERE id = '{ANNA}'"  # noqa: S608 - a constant
    write = lambda shop: shop.write(rename(LIVE, by_ids=True), f"{{{ANNA},{BELA}}}", "New", "me")  # noqa: E731
    problem, ids, answer = during(two, meanwhile, write)
    assert (problem, ids) == (None, [ANNA, BELA])
    assert answer == [{"name": "New", "score": 10}, {"name": "New", "score": 1}]
    assert events(two[0]) == [("Anna", "10", "New", "10"), ("Bela", "1", "New", "1")]
    assert two[0].rows("SELECT name, score FROM shop.person ORDER BY id") == [("New", 10), ("New", 1)]


@pytest.mark.parametrize(
    ("condition", "argument", "meanwhile"),
    [
        (SCORED, "1", "UPDATE shop.person SET score = 10 WHERE email = 'a'"),
        (SCORED, "1", "DELETE FROM shop.person WHERE email = 'a'"),
        (EMPLOYED, "Acme", "UPDATE shop.person SET company_id = NULL WHERE email = 'a'"),
    ],
    ids=["no longer matches", "deleted", "no longer related"],
)
def test_an_update_leaves_what_no_longer_matches(
    two: tuple[Shop, Shop], condition: Condition, argument: str, meanwhile: str
) -> None:
    plan = rename(condition, by_ids=False)
    problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(plan, argument, "New", "me"))
    assert (problem, ids, answer) == (None, [BELA], [{"name": "New", "score": 1}])
    assert events(two[0]) == [("Bela", "1", "New", "1")]


@pytest.mark.parametrize(
    "meanwhile",
    ["DELETE FROM shop.person WHERE email = 'a'", "UPDATE shop.person SET deleted_at = now() WHERE email = 'a'"],
    ids=["destroyed", "deleted"],
)
@pytest.mark.parametrize("kind", ["update", "delete"])
def test_what_went_meanwhile_is_not_found(two: tuple[Shop, Shop], kind: str, meanwhile: str) -> None:
    whom = f"{{{BELA},{ANNA}}}"
    if kind == "update":
        problem, ids, answer = during(
            two, meanwhile, lambda shop: shop.write(rename(LIVE, by_ids=True), whom, "New", "me")
        )
    else:
        problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(destroy(LIVE), whom, "me"))
    assert problem is not None
    kind_of_problem, _, details = problem.partition(":")
    assert (kind_of_problem, json.loads(details)) == ("not_found", [ANNA])
    assert (ids, answer) == ([], [])
    assert events(two[0]) == []
    assert two[0].rows("SELECT name FROM shop.person WHERE email = 'b'") == [("Bela",)]


def test_a_delete_tells_the_version_it_waited_for(two: tuple[Shop, Shop]) -> None:
    meanwhile = "UPDATE shop.person SET score = 10 WHERE email = 'a'"
    problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(destroy(LIVE), f"{{{ANNA}}}", "me"))
    assert (problem, ids, answer) == (None, [ANNA], [{"name": "Anna", "score": 10}])
    assert events(two[0]) == [("Anna", "10", None, None)]
    assert two[0].rows("SELECT email FROM shop.person") == [("b",)]
