"""Two writes of the same rows: the later one waits, then works on the newest version."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.sql.plan.elements import (
    And,
    Compare,
    Comparison,
    Condition,
    HasLinked,
    HasRelated,
    Link,
    Not,
    Or,
    Related,
    Untrue,
)
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import Assignment
from fieldstone.sql.plan.writes.rights import AllowedWay, Rights
from fieldstone.sql.types import SqlType
from tests.sql.shop import (
    CITY,
    COMPANY,
    COMPANY_ID,
    EMPLOYER,
    ID,
    LIVE,
    NAME,
    PERSON,
    SCORE,
    VAT,
    Shop,
    bare,
    event,
    open_shop,
    parameter,
    text,
)

ANNA, BELA = (f"00000000-0000-7000-8000-0000000000a{n}" for n in (1, 2))
ACME, SAME, BOLT = (f"00000000-0000-7000-8000-0000000000c{n}" for n in (1, 2, 3))
RECORD = Record(entries=(("name", text(NAME)), ("score", bare(SCORE))))
IDS = parameter(0, SqlType.UUID, array=True)
SCORED = Compare(left=SCORE, comparison=Comparison.EQ, right=parameter(0, SqlType.INTEGER))
NAMED = Compare(left=NAME, comparison=Comparison.EQ, right=parameter(0))
NOT_NAMED = Compare(left=NAME, comparison=Comparison.NE, right=parameter(0))
UNEMPLOYED = HasRelated(hop=EMPLOYER, negated=True)
EMPLOYED = Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=parameter(0)))


@pytest.fixture
def two(shop_dsn: str) -> Iterator[tuple[Shop, Shop]]:
    with open_shop(shop_dsn) as one, open_shop(shop_dsn) as other:
        companies = [(ACME, "Acme"), (SAME, "Acme"), (BOLT, "Bolt")]
        one.fill("INSERT INTO shop.company (id, name) VALUES (%s, %s)", companies)
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


def destroy(condition: Condition, *, by_ids: bool = True) -> Delete:
    return Delete(
        table=PERSON,
        key=ID,
        condition=condition,
        ids=IDS if by_ids else None,
        limit=10,
        event=event("destroyed", 1),
        record=RECORD,
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
        (EMPLOYED, "Acme", f"UPDATE shop.person SET company_id = '{BOLT}' WHERE email = 'a'"),  # noqa: S608 - a constant
        (And(terms=(EMPLOYED, LIVE)), "Acme", f"UPDATE shop.person SET company_id = '{BOLT}' WHERE email = 'a'"),  # noqa: S608
    ],
    ids=["no longer matches", "deleted", "no longer related", "related to another", "one of two conditions"],
)
def test_an_update_leaves_what_no_longer_matches(
    two: tuple[Shop, Shop], condition: Condition, argument: str, meanwhile: str
) -> None:
    plan = rename(condition, by_ids=False)
    problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(plan, argument, "New", "me"))
    assert (problem, ids, answer) == (None, [BELA], [{"name": "New", "score": 1}])
    assert events(two[0]) == [("Bela", "1", "New", "1")]


@pytest.mark.parametrize("kind", ["update", "delete"])
@pytest.mark.parametrize(
    "condition",
    [
        EMPLOYED,
        And(terms=(LIVE, EMPLOYED)),
        Or(terms=(EMPLOYED, NAMED)),
        Not(term=Not(term=EMPLOYED)),
        And(terms=(HasRelated(hop=EMPLOYER), EMPLOYED)),
    ],
    ids=["related", "beside another", "in a disjunction", "not not", "there is one"],
)
def test_what_moved_to_another_that_matches_is_written_too(
    two: tuple[Shop, Shop], condition: Condition, kind: str
) -> None:
    meanwhile = f"UPDATE shop.person SET company_id = '{SAME}', score = 10 WHERE email = 'a'"  # noqa: S608 - a constant
    if kind == "update":
        plan: Update | Delete = rename(condition, by_ids=False)
        problem, ids, _ = during(two, meanwhile, lambda shop: shop.write(plan, "Acme", "New", "me"))
        assert events(two[0]) == [("Anna", "10", "New", "10"), ("Bela", "1", "New", "1")]
    else:
        plan = destroy(condition, by_ids=False)
        problem, ids, _ = during(two, meanwhile, lambda shop: shop.write(plan, "Acme", "me"))
        assert events(two[0]) == [("Anna", "10", None, None), ("Bela", "1", None, None)]
    assert (problem, ids) == (None, [ANNA, BELA])


STAFF = HasLinked(table=PERSON, link=Link(column=COMPANY_ID, key=ID), live=LIVE, condition=NAMED)


@pytest.mark.parametrize(
    "condition",
    [
        STAFF,
        And(terms=(LIVE, STAFF, replace(STAFF, condition=Untrue(term=Not(term=NAMED))))),
        Or(terms=(STAFF, Compare(left=VAT, comparison=Comparison.EQ, right=parameter(0)))),
        Not(term=replace(STAFF, negated=True)),
    ],
    ids=["linked", "beside others", "in a disjunction", "not none"],
)
def test_what_changed_meanwhile_and_still_has_such_linked_rows_is_written(
    two: tuple[Shop, Shop], condition: Condition
) -> None:
    two[0].fill(f"UPDATE shop.person SET company_id = '{SAME}' WHERE email = 'b'")  # noqa: S608 - a constant
    two[0].fill("UPDATE shop.person SET name = 'x'")
    plan = replace(rename(condition, by_ids=False), table=COMPANY, record=Record(entries=(("name", text(NAME)),)))
    meanwhile = f"UPDATE shop.company SET vat = '1' WHERE id = '{ACME}'"  # noqa: S608 - a constant
    problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(plan, "x", "New", "me"))
    assert (problem, ids, answer) == (None, [ACME, SAME], [{"name": "New"}] * 2)
    assert two[0].rows("SELECT after->>'vat' FROM shop.event ORDER BY sequence") == [("1",), (None,)]


def test_what_has_a_company_meanwhile_is_not_written_as_one_without(two: tuple[Shop, Shop]) -> None:
    two[0].fill("UPDATE shop.person SET company_id = NULL")
    meanwhile = f"UPDATE shop.person SET company_id = '{ACME}' WHERE email = 'a'"  # noqa: S608 - a constant
    plan = rename(And(terms=(UNEMPLOYED, NOT_NAMED)), by_ids=False)
    problem, ids, _ = during(two, meanwhile, lambda shop: shop.write(plan, "nobody", "New", "me"))
    assert (problem, ids) == (None, [BELA])


def test_more_related_than_the_limit_are_too_many_though_one_of_them_moves_away(two: tuple[Shop, Shop]) -> None:
    one, other = two
    plan = replace(rename(EMPLOYED, by_ids=False), limit=1)
    with one.database.transaction():
        one.fill(f"UPDATE shop.person SET company_id = '{BOLT}' WHERE email = 'a'")  # noqa: S608 - a constant
        assert other.write(plan, "Acme", "New", "me") == ("too_many", [], [])


@pytest.mark.parametrize(
    "meanwhile",
    ["DELETE FROM shop.person WHERE email = 'a'", "UPDATE shop.person SET deleted_at = now() WHERE email = 'a'"],
    ids=["destroyed", "deleted"],
)
@pytest.mark.parametrize("kind", ["update", "delete"])
def test_what_went_meanwhile_is_not_found(two: tuple[Shop, Shop], kind: str, meanwhile: str) -> None:
    meant = f"{{{BELA},{ANNA}}}"
    if kind == "update":
        problem, ids, answer = during(
            two, meanwhile, lambda shop: shop.write(rename(LIVE, by_ids=True), meant, "New", "me")
        )
    else:
        problem, ids, answer = during(two, meanwhile, lambda shop: shop.write(destroy(LIVE), meant, "me"))
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


OWN = Compare(left=CITY, comparison=Comparison.EQ, right=parameter(0))
EITHER = Rights(ways=(AllowedWay(rule=Or(terms=(OWN, EMPLOYED))),))
CHECKED = Rights(ways=(AllowedWay(rule=EMPLOYED, check=EMPLOYED),))


@pytest.mark.parametrize("by", ["ids", "filter"])
@pytest.mark.parametrize("rights", [Rights(ways=(AllowedWay(rule=EMPLOYED),)), EITHER, CHECKED])
@pytest.mark.parametrize(
    ("meanwhile", "allows"),
    [
        ("UPDATE shop.person SET company_id = NULL WHERE email = 'a'", False),
        (f"UPDATE shop.person SET company_id = '{SAME}' WHERE email = 'a'", True),  # noqa: S608 - a constant
        (f"UPDATE shop.person SET company_id = '{BOLT}' WHERE email = 'a'", False),  # noqa: S608 - a constant
    ],
    ids=["taken away", "moved between two of mine", "moved away"],
)
def test_a_rule_holds_for_the_version_that_was_waited_for(
    two: tuple[Shop, Shop], by: str, rights: Rights, meanwhile: str, allows: bool
) -> None:
    plan = replace(rename(LIVE, by_ids=by == "ids"), rights=rights)
    ids = parameter(3, SqlType.UUID, array=True) if by == "ids" else None
    more = [f"{{{ANNA}}}"] if by == "ids" else []
    only = Compare(left=NAME, comparison=Comparison.EQ, right=parameter(3))
    plan = replace(plan, ids=ids, condition=LIVE if by == "ids" else And(terms=(LIVE, only)))
    more = more or ["Anna"]
    problem, written, _ = during(two, meanwhile, lambda shop: shop.write(plan, "Acme", "New", "me", *more))
    assert written == ([ANNA] if allows else [])
    assert (problem is not None) is (not allows and by == "ids")
    assert len(events(two[0])) == int(allows)


def test_a_right_that_is_revoked_while_a_write_waits_holds_from_the_next_statement_on(two: tuple[Shop, Shop]) -> None:
    """A write that waits sees related rows as they were when it began: the window is the time of one statement."""
    plan = replace(rename(LIVE, by_ids=True), rights=Rights(ways=(AllowedWay(rule=EMPLOYED),)))
    plan = replace(plan, ids=parameter(3, SqlType.UUID, array=True))
    meanwhile = (
        f"UPDATE shop.company SET name = 'Sold' WHERE id = '{ACME}';"  # noqa: S608 - a constant
        " UPDATE shop.person SET score = 10 WHERE email = 'a'"
    )
    arguments = ("Acme", "New", "me", f"{{{ANNA}}}")
    assert during(two, meanwhile, lambda shop: shop.write(plan, *arguments))[1] == [ANNA]
    assert two[1].write(plan, *arguments)[1] == []
