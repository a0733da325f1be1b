"""Rights: a write takes the rows that a rule allows, and leaves no record that no way allows, before any key speaks."""

import json
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.sql.plan.elements import (
    And,
    Compare,
    Comparison,
    Condition,
    HasLinked,
    IsNull,
    Link,
    Not,
    Related,
)
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.changes import Hold, Update, UpdateRows
from fieldstone.sql.plan.writes.elements import Assignment, Now, Null
from fieldstone.sql.plan.writes.inserts import InsertOne
from fieldstone.sql.plan.writes.rights import AllowedWay, Rights
from fieldstone.sql.types import SqlType
from tests.sql.shop import (
    COMPANY,
    COMPANY_ID,
    DELETED_AT,
    EMAIL,
    EMPLOYER,
    ID,
    LIVE,
    NAME,
    PERSON,
    SCORE,
    UPDATED_AT,
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
    INSERT,
    NOBODY,
    RECORD,
    array,
    by_key,
    delete,
    events,
    given,
    people,
    update,
)

NAMED = IsNull(column=NAME, negated=True)
DEFAULTS = (Assignment(column=UPDATED_AT, value=Now()), Assignment(column=DELETED_AT, value=Null()))


def works_at(slot: int) -> Condition:
    """The rule that sees the people of the company with a name."""
    return Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=parameter(slot)))


def at_most(slot: int) -> Condition:
    return Compare(left=SCORE, comparison=Comparison.LE, right=parameter(slot, SqlType.INTEGER))


AT_ACME, SMALL = works_at(2), at_most(4)


def rights(*ways: tuple[Condition | None, Condition | None], **more: Any) -> Rights:
    return Rights(ways=tuple(AllowedWay(rule=rule, check=check) for rule, check in ways), **more)


def problem_of(found: str | None) -> tuple[Problem, Any] | None:
    if found is None:
        return None
    name, _, details = found.partition(":")
    return Problem(name), json.loads(details)


def score(rights_: Rights) -> Update:
    plan = update(Assignment(column=SCORE, value=parameter(3, SqlType.INTEGER)))
    return replace(plan, condition=And(terms=(LIVE, NAMED)), rights=rights_)


@pytest.mark.parametrize(
    ("id_", "points", "problem"),
    [
        (ANNA, "5", None),
        (ANNA, "11", (Problem.CHECK, [ANNA])),
        (ANNA, None, (Problem.CHECK, [ANNA])),
        (CLIO, "5", (Problem.FORBIDDEN, [CLIO])),
        (BELA, "5", (Problem.NOT_FOUND, [BELA])),
        (NOBODY, "5", (Problem.NOT_FOUND, [NOBODY])),
    ],
    ids=["allowed", "refused by the check", "unknown to the check", "readable", "not readable", "absent"],
)
def test_an_update_of_a_record_that_is_named(
    staffed: Shop, id_: str, points: str | None, problem: tuple[Problem, Any] | None
) -> None:
    before = people(staffed)
    found, ids, _ = staffed.write(score(rights((AT_ACME, SMALL))), array(id_), "me", "Acme", points, "10")
    assert problem_of(found) == problem
    assert ids == ([] if problem else [id_])
    assert (people(staffed) == before) is (problem is not None)
    assert len(events(staffed)) == (0 if problem else 1)


def test_an_update_by_a_filter_means_only_what_it_may_change(staffed: Shop) -> None:
    plan = replace(score(rights((AT_ACME, None))), ids=None, condition=update(ids=False).condition)
    found, ids, _ = staffed.write(plan, "%", "me", "Acme", "7")
    assert (found, ids) == (None, [ANNA])


def test_a_record_named_by_a_key_is_forbidden_if_it_is_readable_alone(staffed: Shop) -> None:
    named = Compare(left=EMAIL, comparison=Comparison.EQ, right=parameter(0))
    plan = replace(update(Assignment(column=SCORE, value=Null())), condition=And(terms=(NAMED, named)), ids=None)
    plan = replace(plan, must_match=True, rights=rights((AT_ACME, None)))
    assert problem_of(staffed.write(plan, "clio@y.org", "me", "Acme")[0]) == (Problem.FORBIDDEN, [])
    assert problem_of(staffed.write(plan, "bela@x.org", "me", "Acme")[0]) == (Problem.NOT_FOUND, [])
    assert staffed.write(plan, "anna@x.org", "me", "Acme")[1] == [ANNA]


def test_one_and_the_same_way_allows_the_record_before_and_after(staffed: Shop) -> None:
    """Those of Acme may be given few points, those elsewhere any number: nobody mixes the two."""
    elsewhere = Not(term=AT_ACME)
    plan = score(rights((AT_ACME, SMALL), (elsewhere, None)))
    assert staffed.write(plan, array(CLIO), "me", "Acme", "50", "10")[0] is None
    assert problem_of(staffed.write(plan, array(ANNA), "me", "Acme", "50", "10")[0]) == (Problem.CHECK, [ANNA])
    marked = score(rights((AT_ACME, SMALL), (elsewhere, None), admitted=parameter(5)))
    assert problem_of(staffed.write(marked, array(CLIO), "me", "Acme", "5", "10", "10")[0]) == (Problem.CHECK, [CLIO])
    assert staffed.write(marked, array(CLIO), "me", "Acme", "5", "10", "01")[0] is None


def test_the_check_sees_the_target_that_the_write_connects(staffed: Shop) -> None:
    reference = replace(by_key(""), source=parameter(3, SqlType.UUID))
    plan = replace(update(references=(reference,)), rights=rights((None, AT_ACME)))
    assert problem_of(staffed.write(plan, array(BELA), "me", "Acme", BOLT)[0]) == (Problem.CHECK, [BELA])
    assert staffed.write(plan, array(BELA), "me", "Acme", ACME)[0] is None


def test_a_record_that_is_meant_and_not_allowed_is_refused_where_that_is_asked(staffed: Shop) -> None:
    plan = replace(update(Assignment(column=SCORE, value=Null()), ids=False), rights=rights((AT_ACME, None)))
    assert staffed.write(plan, "%", "me", "Acme")[1] == [ANNA]
    strict = replace(plan, rights=rights((AT_ACME, None), refuses=True))
    assert problem_of(staffed.write(strict, "%", "me", "Acme")[0]) == (Problem.CHECK, [BELA])


@pytest.mark.parametrize(
    ("id_", "problem"),
    [(ANNA, None), (CLIO, (Problem.FORBIDDEN, [CLIO])), (NOBODY, (Problem.NOT_FOUND, [NOBODY]))],
)
def test_a_removal(staffed: Shop, id_: str, problem: tuple[Problem, Any] | None) -> None:
    found, ids, _ = staffed.write(replace(delete(), rights=rights((AT_ACME, None))), array(id_), "me", "Acme")
    assert (problem_of(found), ids) == (problem, [] if problem else [id_])
    assert (id_ in people(staffed)) is (problem is not None and id_ != NOBODY)


def insert_one(check: Condition | None, **more: Any) -> InsertOne:
    values = [(ID, SqlType.UUID), (EMAIL, SqlType.TEXT), (SCORE, SqlType.INTEGER)]
    return InsertOne(
        table=PERSON,
        key=ID,
        values=tuple(Assignment(column=one, value=parameter(n, kind)) for n, (one, kind) in enumerate(values)),
        rights=rights((None, check), **more),
        defaults=DEFAULTS,
        event=event("created", 3),
        record=RECORD,
    )


@pytest.mark.parametrize(
    ("email", "points", "problem"),
    [
        ("new@x.org", "5", None),
        ("new@x.org", "11", (Problem.CHECK, [0])),
        ("new@x.org", None, (Problem.CHECK, [0])),
        ("anna@x.org", "11", (Problem.CHECK, [0])),
    ],
    ids=["allowed", "refused", "unknown", "refused before its key is found taken"],
)
def test_the_creation_of_a_record(
    staffed: Shop, email: str, points: str | None, problem: tuple[Problem, Any] | None
) -> None:
    later = Compare(left=UPDATED_AT, comparison=Comparison.GT, right=parameter(5, SqlType.TIMESTAMP))
    plan = insert_one(And(terms=(SMALL, IsNull(column=DELETED_AT), later)))
    found, _, answer = staffed.write(plan, DORA, email, points, "me", "10", "2020-01-01Z")
    assert problem_of(found) == problem
    assert (DORA in people(staffed)) is (problem is None)
    assert (answer is None) is (problem is not None)


def test_a_missing_target_is_told_before_the_check(staffed: Shop) -> None:
    reference = replace(by_key(""), source=parameter(5, SqlType.UUID))
    plan = replace(insert_one(works_at(4)), references=(reference,))
    for company, problem in [(NOBODY, (Problem.TARGET_NOT_FOUND, [0, 0])), (BOLT, (Problem.CHECK, [0])), (ACME, None)]:
        found, _, _ = staffed.write(plan, DORA, "d@x.org", None, "me", "Acme", company)
        assert problem_of(found) == problem


def test_the_first_of_many_records_that_is_not_allowed(staffed: Shop) -> None:
    allowed = rights((None, AT_ACME), (None, at_most(3)), admitted=":ways")
    plan = replace(INSERT, rights=allowed, defaults=DEFAULTS)
    rows = [
        given(DORA, "d@x.org", company=ACME, **{":ways": "10"}),
        given(NOBODY, "anna@x.org", score="5", **{":ways": "01"}),
    ]
    refused = [rows[0], {**rows[1], ":ways": "10"}]
    assert problem_of(staffed.write(plan, json.dumps(refused), "me", "Acme", "10")[0]) == (Problem.CHECK, [1])
    free = [rows[0], {**rows[1], "email": "n@x.org"}]
    assert staffed.write(plan, json.dumps(free), "me", "Acme", "10")[1] == [DORA, NOBODY]


ROWS = UpdateRows(
    table=PERSON,
    key=ID,
    condition=NAMED,
    rows=parameter(0),
    columns=(NAME, SCORE),
    references=(by_key("company"),),
    assignments=(Assignment(column=UPDATED_AT, value=Now()),),
    rights=rights((AT_ACME, at_most(3))),
    event=event("updated", 1),
)


def change(id_: str, marks: str, **values: str | None) -> dict[str, str | None]:
    return {"id": id_, "parent": None, "given": marks, "v0": None, "v1": None, "company": None, **values}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (change(ANNA, "010", v1="3"), None),
        (change(ANNA, "010", v1="30"), (Problem.CHECK, [0])),
        (change(ANNA, "000", v1="30"), None),
        (change(CLIO, "010", v1="3"), (Problem.FORBIDDEN, [0])),
        (change(BELA, "010", v1="3"), (Problem.NOT_FOUND, [0])),
    ],
    ids=["allowed", "refused", "not given", "readable", "not readable"],
)
def test_changes_of_their_own(staffed: Shop, row: dict[str, str | None], problem: tuple[Problem, Any] | None) -> None:
    assert problem_of(staffed.run(ROWS, json.dumps([row]), "me", "Acme", "10")[0]) == problem
    assert len(events(staffed)) == (0 if problem else 1)


def test_a_record_that_is_moved_is_judged_where_it_arrives(staffed: Shop) -> None:
    moving = replace(ROWS, columns=(), references=(), hold=Hold(column=COMPANY_ID, moves=True))
    plan = replace(moving, rights=rights((None, AT_ACME)))
    row = {"id": ANNA, "parent": BOLT, "given": ""}
    assert problem_of(staffed.run(plan, json.dumps([row]), "me", "Acme")[0]) == (Problem.CHECK, [0])
    back = [{"id": CLIO, "parent": ACME, "given": ""}, {"id": ANNA, "parent": ACME, "given": ""}]
    assert staffed.run(plan, json.dumps(back), "me", "Acme")[0] is None
    assert [one[0] for one in events(staffed)] == [CLIO]


def test_a_record_that_is_not_moved_is_not_judged(staffed: Shop) -> None:
    moving = replace(ROWS, columns=(), references=(), hold=Hold(column=COMPANY_ID, moves=True))
    plan = replace(moving, rights=rights((AT_ACME, None)))

    def move(*rows: tuple[str, str]) -> Any:
        given = [{"id": id_, "parent": parent, "given": ""} for id_, parent in rows]
        problem, ids, _ = staffed.run(plan, json.dumps(given), "me", "Acme")
        return problem_of(problem) or [*map(str, ids)]

    assert move((CLIO, BOLT)) == []
    assert move((CLIO, ACME)) == (Problem.FORBIDDEN, [0])
    assert move((CLIO, BOLT), (BELA, BOLT)) == (Problem.NOT_FOUND, [1])
    assert move((CLIO, BOLT), (ANNA, BOLT)) == [ANNA]


def test_rules_over_linked_rows_hold_for_a_company(staffed: Shop) -> None:
    mine = HasLinked(table=PERSON, link=Link(column=COMPANY_ID, key=ID), live=LIVE, condition=NAMED)
    named = Assignment(column=NAME, value=parameter(2))
    plan = replace(update(named), table=COMPANY, condition=LIVE, assignments=(named,), rights=rights((mine, None)))
    plan = replace(plan, record=None)
    assert staffed.write(plan, array(ACME), "me", "New")[1] == [ACME]
    staffed.fill("UPDATE shop.person SET name = NULL")
    assert problem_of(staffed.write(plan, array(ACME), "me", "Newer")[0]) == (Problem.FORBIDDEN, [ACME])
