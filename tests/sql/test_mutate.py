"""Updates and deletes: what they answer, what they change, what events they leave, and what stops them."""

import json

import psycopg
import pytest

from sql.plan import Compare, Comparison
from sql.types import SqlType
from sql.write_plan import Assignment, Delete, Now, Null, Reference, Update
from tests.sql.shop import (
    COMPANY,
    COMPANY_ID,
    DELETED_AT,
    EMPLOYER,
    ID,
    LIVE,
    NAME,
    PERSON,
    SCORE,
    VAT,
    Shop,
    event,
    parameter,
)
from tests.sql.staff import (
    ACME,
    ANNA,
    BELA,
    BOLT,
    CLIO,
    DORA,
    GONE,
    INSERT,
    NOBODY,
    array,
    delete,
    events,
    given,
    people,
    update,
)


def test_update_by_ids(staffed: Shop) -> None:
    before = people(staffed)
    plan = update(Assignment(column=NAME, value=parameter(2)), Assignment(column=SCORE, value=Null()))
    problem, ids, answer = staffed.write(plan, array(CLIO, ANNA), "me", "Zoe")
    assert (problem, ids) == (None, [ANNA, CLIO])
    assert answer == [
        {"id": ANNA, "name": "Zoe", "score": None, "company": {"name": "Acme"}},
        {"id": CLIO, "name": "Zoe", "score": None, "company": {"name": "Bolt"}},
    ]
    after = people(staffed)
    assert after[BELA] == before[BELA]
    assert after[ANNA]["updated_at"] > before[ANNA]["updated_at"]
    assert events(staffed) == [(one, "updated", before[one], after[one], "me") for one in (ANNA, CLIO)]


def test_update_by_condition(staffed: Shop) -> None:
    plan = update(Assignment(column=SCORE, value=parameter(2, SqlType.INTEGER)), ids=False)
    problem, ids, _ = staffed.write(plan, "%@x.org", "me", "42")
    assert (problem, ids) == (None, [ANNA, BELA])
    assert {one: row["score"] for one, row in people(staffed).items()} == {ANNA: 42, BELA: 42, CLIO: 3}


def test_update_where_nothing_matches(staffed: Shop) -> None:
    before = people(staffed)
    plan = update(Assignment(column=NAME, value=Null()), ids=False)
    assert staffed.write(plan, "nobody", "me") == (None, [], [])
    assert people(staffed) == before
    assert events(staffed) == []


@pytest.mark.parametrize("write", [update(Assignment(column=NAME, value=Null())), delete()], ids=["update", "delete"])
def test_ids_that_are_not_there(staffed: Shop, write: Update | Delete) -> None:
    staffed.fill("UPDATE shop.person SET deleted_at = now() WHERE name = 'Clio'")
    before = people(staffed)
    problem, ids, answer = staffed.write(write, array(NOBODY, ANNA, CLIO), "me")
    assert problem is not None
    assert problem.startswith("not_found:")
    assert json.loads(problem.removeprefix("not_found:")) == [NOBODY, CLIO]
    assert (ids, answer) == ([], [])
    assert people(staffed) == before
    assert events(staffed) == []


@pytest.mark.parametrize("limit", [0, 1, 2])
@pytest.mark.parametrize("ids", [True, False], ids=["by ids", "by condition"])
@pytest.mark.parametrize("kind", ["update", "delete"])
def test_too_many(staffed: Shop, kind: str, ids: bool, limit: int) -> None:
    before = people(staffed)
    whom = array(ANNA, BELA, CLIO) if ids else "%"
    write = delete(ids=ids, limit=limit)
    if kind == "update":
        problem, *answer = staffed.write(
            update(Assignment(column=NAME, value=Null()), ids=ids, limit=limit), whom, "me"
        )
    else:
        problem, *answer = staffed.write(write, whom, "me")
    assert (problem, answer) == ("too_many", [[], []])
    assert people(staffed) == before
    assert events(staffed) == []


def test_as_many_as_the_limit(staffed: Shop) -> None:
    problem, ids, _ = staffed.write(delete(ids=False, limit=3), "%", "me")
    assert (problem, ids) == (None, [ANNA, BELA, CLIO])


def by_parameter(slot: int, lookup: bool = True) -> Reference:
    return Reference(
        column=COMPANY_ID,
        table=COMPANY,
        key=ID,
        lookup=ID if lookup else VAT,
        condition=LIVE,
        source=parameter(slot, SqlType.UUID if lookup else SqlType.TEXT),
    )


@pytest.mark.parametrize(
    ("key", "vat", "company"),
    [(BOLT, None, BOLT), (None, "A1", ACME), (None, None, None), (BOLT, "none", BOLT)],
)
def test_update_connects(staffed: Shop, key: str | None, vat: str | None, company: str | None) -> None:
    plan = update(references=(by_parameter(2), by_parameter(3, lookup=False)))
    problem, ids, answer = staffed.write(plan, array(ANNA), "me", key, vat)
    assert (problem, ids) == (None, [ANNA])
    assert people(staffed)[ANNA]["company_id"] == company
    names = {ACME: {"name": "Acme"}, BOLT: {"name": "Bolt"}, None: None}
    assert answer[0]["company"] == names[company]


@pytest.mark.parametrize(
    ("key", "vat", "details"), [(NOBODY, None, [0, 0]), (GONE, "A1", [0, 0]), (None, "G1", [1, 0])]
)
def test_update_with_a_missing_target(staffed: Shop, key: str | None, vat: str | None, details: list[int]) -> None:
    before = people(staffed)
    plan = update(references=(by_parameter(2), by_parameter(3, lookup=False)))
    problem, ids, answer = staffed.write(plan, array(ANNA), "me", key, vat)
    assert problem is not None
    assert problem.startswith("target_not_found:")
    assert json.loads(problem.partition(":")[2]) == details
    assert (ids, answer) == ([], [])
    assert people(staffed) == before
    assert events(staffed) == []


def test_delete_answers_the_records_as_they_were(staffed: Shop) -> None:
    before = people(staffed)
    problem, ids, answer = staffed.write(delete(), array(CLIO, ANNA), "me")
    assert (problem, ids) == (None, [ANNA, CLIO])
    assert answer == [
        {"id": ANNA, "name": "Anna", "score": 1, "company": {"name": "Acme"}},
        {"id": CLIO, "name": "Clio", "score": 3, "company": {"name": "Bolt"}},
    ]
    assert list(people(staffed)) == [BELA]
    assert events(staffed) == [(one, "destroyed", before[one], None, "me") for one in (ANNA, CLIO)]


def test_delete_where_nothing_matches(staffed: Shop) -> None:
    assert staffed.write(delete(ids=False), "nobody", "me") == (None, [], [])
    assert events(staffed) == []


def test_an_update_that_assigns_nothing_is_refused(staffed: Shop) -> None:
    plan = Update(
        table=PERSON,
        key=ID,
        condition=LIVE,
        limit=1,
        assignments=(),
        event=event("updated", 0),
        record=None,
    )
    with pytest.raises(ValueError, match="assigns nothing"):
        staffed.run(plan, "me")


def test_a_taken_unique_key_is_the_servers_error_and_writes_nothing(staffed: Shop) -> None:
    rows = [given(DORA, "dora@x.org"), given(NOBODY, "anna@x.org")]
    with pytest.raises(psycopg.errors.UniqueViolation):
        staffed.write(INSERT, json.dumps(rows), "me")
    assert DORA not in people(staffed)
    assert events(staffed) == []


def test_soft_deletion_is_an_update(staffed: Shop) -> None:
    plan = update(Assignment(column=DELETED_AT, value=Now()))
    problem, ids, _ = staffed.write(plan, array(ANNA), "me")
    assert (problem, ids) == (None, [ANNA])
    assert staffed.write(plan, array(ANNA), "me")[0] == f'not_found:["{ANNA}"]'


def test_ten_thousand_rows(staffed: Shop) -> None:
    count = 10_000
    rows = [given(f"00000000-0000-7000-9000-{count - n:012}", f"{n}@bulk") for n in range(count)]
    problem, ids, answer = staffed.write(INSERT, json.dumps(rows), "me")
    assert (problem, ids) == (None, [row["id"] for row in rows])
    assert [one["id"] for one in answer] == ids
    plan = update(Assignment(column=SCORE, value=parameter(2, SqlType.INTEGER)), ids=False, limit=count)
    problem, ids, answer = staffed.write(plan, "%@bulk", "me", "9")
    assert (problem, ids) == (None, sorted(ids))
    assert {one["score"] for one in answer} == {9}
    problem, ids, answer = staffed.write(delete(ids=False, limit=count), "%@bulk", "me")
    assert (problem, len(ids), len(answer)) == (None, count, count)
    assert staffed.rows("SELECT action, count(*) FROM shop.event GROUP BY action ORDER BY action") == [
        ("created", count),
        ("destroyed", count),
        ("updated", count),
    ]


def test_conditions_of_a_write_may_cross_relations(staffed: Shop) -> None:
    from sql.plan import Related

    plan = Delete(
        table=PERSON,
        key=ID,
        condition=Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=parameter(0))),
        limit=5,
        event=event("destroyed", 1),
        record=None,
    )
    assert staffed.write(plan, "Bolt", "me") == (None, [CLIO], None)
