"""The statements of nested writes: records changed each in its own way, found by keys, and kept or left by pairs."""

import json
from dataclasses import replace
from typing import Any

from fieldstone.sql.plan.elements import AmongPairs, And
from fieldstone.sql.plan.writes.changes import Hold, UpdateRows
from fieldstone.sql.plan.writes.elements import Assignment, Now, Null
from fieldstone.sql.plan.writes.look_ups import Find
from fieldstone.sql.types import SqlType
from tests.sql.shop import COMPANY_ID, EMAIL, ID, LIVE, NAME, PERSON, SCORE, UPDATED_AT, Shop, event, parameter
from tests.sql.staff import ACME, ANNA, BELA, BOLT, CLIO, GONE, NOBODY, array, by_key, events, people, update

PLAN = UpdateRows(
    table=PERSON,
    key=ID,
    condition=LIVE,
    rows=parameter(0),
    columns=(NAME, SCORE),
    references=(by_key("company"),),
    assignments=(Assignment(column=UPDATED_AT, value=Now()),),
    event=event("updated", 1),
)
HELD = replace(PLAN, hold=Hold(column=COMPANY_ID), references=())
MOVED = replace(HELD, hold=Hold(column=COMPANY_ID, moves=True), columns=())


def row(id_: str, given: str, **values: str | None) -> dict[str, str | None]:
    return {"id": id_, "parent": None, "given": given, "v0": None, "v1": None, "company": None, **values}


def run(shop: Shop, plan: UpdateRows, *rows: dict[str, Any]) -> str | None:
    problem, ids, answer = shop.run(plan, json.dumps(rows), "me")
    assert answer is None
    assert (ids is not None) is (plan.hold is not None and plan.hold.moves)
    return problem if problem is None else str(problem)


def test_each_row_sets_its_own_columns(staffed: Shop) -> None:
    before = people(staffed)
    rows = [
        row(CLIO, "100", v0="C"),
        row(ANNA, "011", company=BOLT),
        row(BELA, "000", v0="not given", v1="7", company=ACME),
    ]
    assert run(staffed, PLAN, *rows) is None
    after = people(staffed)
    shown = {id_: (one["name"], one["score"], one["company_id"]) for id_, one in after.items()}
    assert shown == {ANNA: ("Anna", None, BOLT), BELA: (None, None, None), CLIO: ("C", 3, BOLT)}
    assert events(staffed) == [(one, "updated", before[one], after[one], "me") for one in (ANNA, BELA, CLIO)]


def test_the_first_row_without_its_record_or_target_is_told(staffed: Shop) -> None:
    before = people(staffed)
    assert run(staffed, PLAN, row(ANNA, "100"), row(NOBODY, "100")) == "not_found:[1]"
    assert (
        run(staffed, PLAN, row(ANNA, "001", company=ACME), row(CLIO, "001", company=GONE)) == "target_not_found:[0,1]"
    )
    staffed.fill("UPDATE shop.person SET deleted_at = '2020-01-01Z' WHERE name = 'Clio'")
    assert run(staffed, PLAN, row(CLIO, "100")) == "not_found:[0]"
    left = people(staffed)
    assert left[ANNA] == before[ANNA]
    assert events(staffed) == []


def test_a_record_must_hang_on_its_own_parent(staffed: Shop) -> None:
    right = [row(ANNA, "10", v0="A", parent=ACME), row(CLIO, "10", v0="C", parent=BOLT)]
    assert run(staffed, HELD, *right) is None
    assert {one["name"] for one in people(staffed).values()} == {"A", None, "C"}
    wrong = [row(ANNA, "10", parent=BOLT), row(CLIO, "10", parent=ACME)]
    assert run(staffed, HELD, *wrong) == "not_found:[0]"
    assert run(staffed, HELD, row(BELA, "10", parent=ACME)) == "not_found:[0]"


def test_a_record_is_moved_unless_it_is_there(staffed: Shop) -> None:
    rows = [row(one, "", parent=ACME) for one in (ANNA, BELA, CLIO)]
    problem, ids, _ = staffed.run(MOVED, json.dumps(rows), "me")
    assert (problem, [*map(str, ids)]) == (None, [BELA, CLIO])
    assert {one["company_id"] for one in people(staffed).values()} == {ACME}
    assert [record for record, *_ in events(staffed)] == [BELA, CLIO]
    assert run(staffed, MOVED, row(NOBODY, "", parent=ACME)) == "not_found:[0]"


def test_find(staffed: Shop) -> None:
    by_email = Find(table=PERSON, result=ID, lookups=((EMAIL,),), condition=LIVE, rows=parameter(0))
    asked = [{"v0": "clio@y.org"}, {"v0": "nobody"}, {"v0": None}, {"v0": "anna@x.org"}, {"v0": "clio@y.org"}]
    assert json.loads(staffed.run(by_email, json.dumps(asked))[0]) == [CLIO, None, None, ANNA, CLIO]
    pair = replace(by_email, lookups=((COMPANY_ID,), (EMAIL, NAME)), result=SCORE)
    both = [{"v0": BOLT, "v1": "Clio"}, {"v0": BOLT, "v1": "clio@y.org"}, {"v0": ACME, "v1": "Clio"}]
    assert json.loads(staffed.run(pair, json.dumps(both))[0]) == [3, 3, None]


def test_pairs(staffed: Shop) -> None:
    """A pair with a NULL is none, and a NULL in the columns is known not to be among the pairs."""
    arrays = (parameter(0, SqlType.UUID, array=True), parameter(2, SqlType.UUID, array=True))
    pairs = AmongPairs(columns=(COMPANY_ID, ID), values=arrays)
    plan = update(Assignment(column=NAME, value=Null()))
    firsts, seconds = array(ACME, BOLT, "NULL", ACME), array(ANNA, ANNA, BELA, "NULL")
    for negated, expected in ((False, [ANNA]), (True, [BELA, CLIO])):
        condition = And(terms=(LIVE, replace(pairs, negated=negated)))
        found = staffed.write(replace(plan, condition=condition, ids=None), firsts, "me", seconds)
        assert found[:2] == (None, expected)
