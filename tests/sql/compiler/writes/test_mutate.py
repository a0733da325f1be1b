"""Updates and deletes: their answers, their changes, their events, and the reasons that stop them."""

import json

import pytest

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.aggregates import Count
from fieldstone.sql.plan.elements import Compare, Comparison, Link, Related
from fieldstone.sql.plan.outputs import Connection, Cursor, Edges, Page, Record
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import Assignment, Now, Null, Reference
from fieldstone.sql.types import SqlType
from tests.sql.shop import (
    BY_ID,
    COMPANY,
    COMPANY_ID,
    DELETED_AT,
    EMPLOYER,
    ID,
    IDENTITY,
    LIVE,
    NAME,
    NODE,
    PERSON,
    SCORE,
    UPDATED_AT,
    VAT,
    Shop,
    event,
    parameter,
    text,
)
from tests.sql.staff import (
    ACME,
    ANNA,
    BELA,
    BOLT,
    CLIO,
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
    meant = array(ANNA, BELA, CLIO) if ids else "%"
    write = delete(ids=ids, limit=limit)
    if kind == "update":
        problem, *answer = staffed.write(
            update(Assignment(column=NAME, value=Null()), ids=ids, limit=limit), meant, "me"
        )
    else:
        problem, *answer = staffed.write(write, meant, "me")
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


def test_soft_deletion_is_an_update(staffed: Shop) -> None:
    plan = update(Assignment(column=DELETED_AT, value=Now()))
    problem, ids, _ = staffed.write(plan, array(ANNA), "me")
    assert (problem, ids) == (None, [ANNA])
    assert staffed.write(plan, array(ANNA), "me")[0] == f'not_found:["{ANNA}"]'


@pytest.mark.long
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

    plan = Delete(
        table=PERSON,
        key=ID,
        condition=Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=parameter(0))),
        limit=5,
        event=event("destroyed", 1),
        record=None,
    )
    assert staffed.write(plan, "Bolt", "me") == (None, [CLIO], None)


def test_deleted_records_may_tell_of_what_was_around_them(staffed: Shop) -> None:
    staffed.fill("ALTER TABLE shop.person DROP CONSTRAINT person_company_id_fkey")
    employees = Connection(
        table=PERSON,
        condition=LIVE,
        link=Link(column=COMPANY_ID, key=ID),
        order=(BY_ID,),
        page=Page(limit=5),
        cursor_tag="people",
        entries=(("edges", Edges(entries=(("node", NODE), ("cursor", Cursor())))), ("totalCount", Count())),
    )
    plan = Delete(
        table=COMPANY,
        key=ID,
        condition=LIVE,
        limit=5,
        event=event("destroyed", 0),
        record=Record(entries=(("name", text(NAME)), ("people", employees))),
    )
    problem, ids, answer = staffed.write(plan, "me")
    assert (problem, ids) == (None, [ACME, BOLT])
    assert [one["name"] for one in answer] == ["Acme", "Bolt"]
    assert [one["people"]["totalCount"] for one in answer] == [1, 1]
    assert [one["people"]["edges"][0]["node"]["id"] for one in answer] == [ANNA, CLIO]


def test_the_text_of_an_update() -> None:
    plan = Update(
        table=PERSON,
        key=ID,
        condition=LIVE,
        ids=parameter(0, SqlType.UUID, array=True),
        limit=1,
        assignments=(Assignment(column=NAME, value=parameter(1)), Assignment(column=UPDATED_AT, value=Now())),
        references=(by_parameter(2),),
        event=event("updated", 3),
        record=Record(entries=(("id", IDENTITY),)),
    )
    assert compile_plan(plan).text == (
        """WITH locked AS (SELECT t0.* FROM "shop"."person" AS t0 WHERE t0."id" = ANY($1::uuid[])"""
        """ AND t0."deleted_at" IS NULL ORDER BY t0."id" LIMIT 2 FOR UPDATE) ,verdict AS (SELECT COALESCE("""
        """CASE WHEN (SELECT count(*) FROM locked AS t2) > 1 THEN 'too_many' END,"""
        """(SELECT 'not_found:' || json_agg(t3.id ORDER BY t3.position)::text"""
        """ FROM unnest($1::uuid[]) WITH ORDINALITY AS t3(id,position)"""
        """ FULL JOIN locked AS t4 ON t4."id" = t3.id WHERE t4."id" IS NULL),"""
        """CASE WHEN $3::uuid IS NOT NULL AND (SELECT t1."id" FROM "shop"."company" AS t1"""
        """ WHERE t1."id" = $3::uuid AND t1."deleted_at" IS NULL FOR KEY SHARE) IS NULL"""
        """ THEN 'target_not_found:[0,' || 0::text || ']' END) AS problem)"""
        """ ,written AS (UPDATE "shop"."person" AS t5 SET "name"=$2::text,"updated_at"=now(),"company_id"="""
        """(SELECT t1."id" FROM "shop"."company" AS t1 WHERE t1."id" = $3::uuid AND t1."deleted_at" IS NULL"""
        """ FOR KEY SHARE) WHERE t5."id" = ANY(ARRAY(SELECT t6."id" FROM locked AS t6))"""
        """ AND (SELECT t7.problem FROM verdict AS t7) IS NULL RETURNING t5.*)"""
        """ ,event AS (INSERT INTO "shop"."event" AS event """
        """("workspace_id","object_id","record_id","action","before","after","actor")"""
        """ SELECT '00000000-0000-7000-8000-000000000001'::uuid,'00000000-0000-7000-8000-000000000002'::uuid,"""
        """t8."id",'updated',to_jsonb(t9.*),to_jsonb(t8.*),$4::text"""
        """ FROM written AS t8 JOIN locked AS t9 ON t9."id" = t8."id" ORDER BY t8."id")"""
        """ SELECT (SELECT t11.problem FROM verdict AS t11) AS problem,"""
        """COALESCE(array_agg(t10."id" ORDER BY t10."id"),'{}'::uuid[]) AS ids,"""
        """'[' || COALESCE(string_agg('{"id":"' || t10."id"::text || '"}',',' ORDER BY t10."id"),'') || ']' AS answer"""
        """ FROM written AS t10"""
    )
