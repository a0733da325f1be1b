"""Pages that choose between their order and their condition answer as those that do not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.compiler.reads.pages import sampled_page, sampling
from fieldstone.sql.compiler.reads.pages.sampling import ENOUGH, SAMPLE
from fieldstone.sql.plan.elements import (
    And,
    Compare,
    Comparison,
    Condition,
    HasLinked,
    Hop,
    Link,
    Matches,
    Not,
    Or,
    Related,
)
from fieldstone.sql.plan.outputs import Connection, OrderKey, Page, Sample
from fieldstone.sql.plan.read import ReadPlan
from fieldstone.sql.types import SqlType
from tests.databases import Databases
from tests.sql.shop import (
    BY_ID,
    CITY,
    COMPANY,
    COMPANY_ID,
    EMAIL,
    ID,
    LIVE,
    NAME,
    PERSON,
    SCORE,
    Shop,
    connection,
    make_schema,
    open_shop,
    parameter,
)

# In the order of the score, the sample is full of "near" and "far" lies behind it.
_FILL = f"""
INSERT INTO shop.person (id, email, name, score, city, deleted_at)
SELECT md5(n::text)::uuid, n || CASE WHEN n <= {SAMPLE} THEN '@near' ELSE '@far' END, CASE WHEN n % 3 > 0 THEN 'x' END,
    CASE WHEN n <= {ENOUGH - 1} THEN 0 ELSE n END, CASE WHEN n <= {ENOUGH - 1} THEN 'few' ELSE 'many' END,
    CASE WHEN n % 7 = 0 THEN now() END
FROM generate_series(1, {2 * SAMPLE}) AS n
"""  # noqa: S608 - numbers of ours


@pytest.fixture(scope="module")
def crowd(databases: Databases) -> Iterator[Shop]:
    with databases.clone(databases.template("shop", make_schema)) as dsn, open_shop(dsn) as opened:
        opened.fill(_FILL)
        yield opened


def like(slot: int = 0) -> Condition:
    return And(terms=(LIVE, Matches(column=EMAIL, pattern=parameter(slot))))


BY_SCORE = (OrderKey(operand=replace(SCORE, nullable=False), nullable=False), BY_ID)
PATTERNS = ("%near", "%far", "%@%", "1%", "25%", "51%", "%none%", f"{2 * SAMPLE - 1}%")
SEEK = (parameter(1, SqlType.INTEGER), parameter(2, SqlType.UUID))
SOMEONE = "00000000-0000-0000-0000-000000000000"
PAGES: dict[str, tuple[Page, tuple[str, ...]]] = {
    "first": (Page(limit=10), ()),
    "one": (Page(limit=1), ()),
    "last": (Page(limit=10, backward=True), ()),
    "after": (Page(limit=10, seek=SEEK), (str(SAMPLE - 5), SOMEONE)),
    "before": (Page(limit=10, backward=True, seek=SEEK), (str(SAMPLE + 5), SOMEONE)),
    "all": (Page(limit=2 * SAMPLE), ()),
    "offset": (Page(limit=10, offset=parameter(1, SqlType.BIGINT)), ("3",)),
}


def read_both(crowd: Shop, plain: Connection, *parameters: str) -> None:
    assert crowd.read(replace(plain, sampled=Sample()), *parameters) == crowd.read(plain, *parameters)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(("page", "more"), PAGES.values(), ids=PAGES)
def test_the_answer_is_the_same(crowd: Shop, page: Page, more: tuple[str, ...], pattern: str) -> None:
    for order in (BY_SCORE, tuple(replace(key, descending=True) for key in BY_SCORE)):
        read_both(crowd, connection(PERSON, like(), order=order, page=page), pattern, *more)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(("page", "more"), PAGES.values(), ids=PAGES)
def test_a_longer_sample_is_the_same(
    crowd: Shop, page: Page, more: tuple[str, ...], pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "LARGE", 0)
    monkeypatch.setattr(sampling, "SAMPLE", sampling.SMALLEST_SAMPLE)
    monkeypatch.setattr(sampled_page, "LONGER", 3)
    plain = connection(PERSON, like(), order=BY_SCORE, page=page)
    sampled = replace(plain, sampled=Sample(unfound=(PERSON,)))
    assert crowd.read(sampled, pattern, *more) == crowd.read(plain, pattern, *more)


def test_an_order_over_nulls_is_the_same(crowd: Shop) -> None:
    for nulls_first in (False, True):
        order = (OrderKey(operand=NAME, nulls_first=nulls_first), BY_ID)
        for backward in (False, True):
            page = Page(limit=10, backward=backward)
            read_both(crowd, connection(PERSON, like(), order=order, page=page), "%near")


def test_a_condition_of_several_terms(crowd: Shop) -> None:
    condition = And(
        terms=(
            LIVE,
            Or(terms=(Matches(column=EMAIL, pattern=parameter(0)), Matches(column=CITY, pattern=parameter(1)))),
            Not(term=Matches(column=EMAIL, pattern=parameter(2))),
            Compare(left=SCORE, comparison=Comparison.GT, right=parameter(3, SqlType.INTEGER)),
        )
    )
    for patterns in (("%near", "few", "1%"), ("%none", "few", "1%"), ("%far", "many", "%5%")):
        read_both(crowd, connection(PERSON, condition, order=BY_SCORE, page=Page(limit=5)), *patterns, "-1")


# Of the six people of a company one is live and has a score: the first of every other company, else the last.
_STAFF = """
INSERT INTO shop.company (id) SELECT md5(n::text)::uuid FROM generate_series(1, 300) AS n;
INSERT INTO shop.person (email, score, company_id, deleted_at)
SELECT n || '-' || k, CASE WHEN is_one THEN 200 ELSE 0 END, md5(n::text)::uuid, CASE WHEN NOT is_one THEN now() END
FROM generate_series(1, 300) AS n, generate_series(1, 6) AS k, LATERAL (SELECT k = 1 + n % 2 * 5 AS is_one) AS chosen
ORDER BY n, k;
CREATE INDEX ON shop.person (company_id);
"""
_COLLEAGUE = HasLinked(table=PERSON, link=Link(column=COMPANY_ID, key=COMPANY_ID), live=And(terms=()))
_SCORED = Compare(left=SCORE, comparison=Comparison.GT, right=parameter(0, SqlType.INTEGER))
_THE_LIVE_ONE = Hop(column=ID, table=PERSON, key=COMPANY_ID, condition=LIVE, is_unique=False)
LINKED: dict[str, Condition] = {
    "linked rows of which those with linked ones count": HasLinked(
        table=PERSON, link=Link(column=COMPANY_ID, key=ID), live=_COLLEAGUE, condition=_SCORED
    ),
    "linked rows of the one related row that is not deleted": Related(
        hop=_THE_LIVE_ONE, condition=replace(_COLLEAGUE, condition=_SCORED)
    ),
}


@pytest.fixture(scope="module")
def staff(databases: Databases) -> Iterator[Shop]:
    with databases.clone(databases.template("shop", make_schema)) as dsn, open_shop(dsn) as opened:
        opened.fill(_STAFF)
        yield opened


@pytest.mark.parametrize("page", ["first", "last", "all"])
@pytest.mark.parametrize("condition", LINKED.values(), ids=LINKED)
def test_a_sample_whose_rows_are_shown_is_asked_about_all_related_rows(
    staff: Shop, condition: Condition, page: str
) -> None:
    read_both(staff, connection(COMPANY, condition, page=PAGES[page][0]), "100")


@pytest.mark.parametrize(
    ("pattern", "read"),
    [
        ("%near", [False, False]),
        ("25%", [True, False]),
        ("%far", [False, True]),
        ("1@%", [False, True]),
    ],
    ids=["the sample is the page", "the order goes on behind it", "none of it matches", "too few of it match"],
)
def test_what_the_first_rows_hold_decides(crowd: Shop, pattern: str, read: list[bool]) -> None:
    root = replace(connection(PERSON, like(), order=BY_SCORE, page=Page(limit=10)), sampled=Sample())
    statement = compile_plan(ReadPlan(entries=(("root", root),))).text
    query = "EXPLAIN (ANALYZE, FORMAT JSON) " + statement
    row = psycopg.RawCursor(crowd.database).execute(query.encode(), [pattern]).fetchone()
    assert row is not None
    ways = [node for node in nodes_of(row[0][0]["Plan"]) if "One-Time Filter" in node]
    assert [any(node["Actual Loops"] for node in scans_of(way)) for way in ways] == read


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from nodes_of(inner)


def scans_of(way: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in nodes_of(way) if "Relation Name" in node]
