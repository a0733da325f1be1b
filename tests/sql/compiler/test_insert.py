"""Inserts: their answers, their rows, and the reasons that stop them."""

import json
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from fieldstone.sql.plan.outputs import Record, Value
from fieldstone.sql.plan.writes.elements import Assignment, Reference
from fieldstone.sql.plan.writes.inserts import Insert, InsertOne
from fieldstone.sql.plan.writes.look_ups import ReadBack
from fieldstone.sql.statement import array_text
from fieldstone.sql.types import Encoding, SqlType
from tests.sql.shop import (
    CITY,
    EMAIL,
    EXTRA,
    ID,
    NAME,
    OBJECT,
    PERSON,
    SCORE,
    TAGS,
    UPDATED_AT,
    WORKSPACE,
    Shop,
    bare,
    event,
    parameter,
    text,
)
from tests.sql.staff import (
    ACME,
    ANNA,
    DORA,
    GONE,
    INSERT,
    NOBODY,
    RECORD,
    array,
    by_key,
    by_vat,
    events,
    given,
    people,
)

NEW = "00000000-0000-7000-8000-0000000000b9"


def test_insert_answers_in_the_order_given(staffed: Shop) -> None:
    rows = [
        given("00000000-0000-7000-8000-0000000000b9", "9@z.org", name="Nine"),
        given("00000000-0000-7000-8000-0000000000b1", "1@z.org", score="-5", company=ACME),
        given("00000000-0000-7000-8000-0000000000b5", "5@z.org", **{"company.vat": "B1"}),
    ]
    problem, ids, answer = staffed.write(INSERT, json.dumps(rows), "me")
    assert problem is None
    assert ids == [row["id"] for row in rows]
    assert answer == [
        {"id": ids[0], "name": "Nine", "score": None, "company": None},
        {"id": ids[1], "name": None, "score": -5, "company": {"name": "Acme"}},
        {"id": ids[2], "name": None, "score": None, "company": {"name": "Bolt"}},
    ]
    stored = people(staffed)
    assert stored[ids[0]]["city"] == "Bern"
    assert [(record, action, before, actor) for record, action, before, _, actor in events(staffed)] == [
        (identifier, "created", None, "me") for identifier in ids
    ]
    assert [after for _, _, _, after, _ in events(staffed)] == [stored[identifier] for identifier in ids]
    assert staffed.rows("SELECT DISTINCT workspace_id::text, object_id::text FROM shop.event") == [(WORKSPACE, OBJECT)]


def test_insert_of_nothing(staffed: Shop) -> None:
    assert staffed.write(INSERT, "[]", "me") == (None, [], [])
    assert events(staffed) == []


def one_of(plan: Insert, *references: Reference) -> InsertOne:
    """The plan that inserts one row of the same columns, with these references."""
    columns = enumerate(plan.columns)
    return InsertOne(
        table=plan.table,
        key=plan.key,
        values=tuple(Assignment(column=column, value=parameter(place, column.type)) for place, column in columns),
        references=tuple(
            replace(reference, source=parameter(place, reference.lookup.type))
            for place, reference in enumerate(references, len(plan.columns))
        ),
        event=event("created", len(plan.columns) + len(references)),
        record=plan.record,
    )


BY_ID = by_key("company")
BY_VAT = by_vat("company.vat")
# Any column can be set by a found record: here a person's city, by a company's name.
CITY_BY_VAT = replace(BY_VAT, column=CITY, key=NAME)
ONE_ROWS: dict[str, tuple[tuple[Reference, ...], dict[str, str | None]]] = {
    "no reference": ((), given(ANNA, "9@z.org", name='N"in\\e, NULL', score="-5")),
    "by key": ((BY_ID,), given(ANNA, "9@z.org", company=ACME)),
    "by another column": ((BY_VAT,), given(ANNA, "9@z.org", **{"company.vat": "B1"})),
    "to nobody": ((BY_ID,), given(ANNA, "9@z.org", company=NOBODY)),
    "to a deleted record": ((BY_ID,), given(ANNA, "9@z.org", company=GONE)),
    "to nobody by another column": ((BY_VAT,), given(ANNA, "9@z.org", **{"company.vat": "?"})),
    "two": ((BY_ID, CITY_BY_VAT), given(ANNA, "9@z.org", company=ACME, **{"company.vat": "B1"})),
    "two, the first to nobody": ((BY_ID, CITY_BY_VAT), given(ANNA, "9@z.org", company=GONE, **{"company.vat": "B1"})),
    "two, the second to nobody": ((BY_ID, CITY_BY_VAT), given(ANNA, "9@z.org", company=ACME, **{"company.vat": "?"})),
    "two, both to nobody": ((BY_ID, CITY_BY_VAT), given(ANNA, "9@z.org", company=NOBODY, **{"company.vat": "?"})),
}


@pytest.mark.parametrize(("references", "row"), ONE_ROWS.values(), ids=ONE_ROWS)
def test_one_row_is_inserted_as_a_list_of_one(
    staffed: Shop, references: tuple[Reference, ...], row: dict[str, str | None]
) -> None:
    row = {**row, "id": NEW}
    many = replace(INSERT, references=references)
    one = one_of(many, *references)
    sources = [column.name for column in many.columns] + [str(reference.source) for reference in references]
    found = []
    for plan, parameters in ((many, [json.dumps([row])]), (one, [row[name] for name in sources])):
        problem, _, answer = staffed.write(plan, *parameters, "me")
        found.append((problem, answer if problem is None else None, people(staffed).get(NEW), events(staffed)))
        staffed.fill("DELETE FROM shop.event")
        staffed.fill(f"DELETE FROM shop.person WHERE id = '{NEW}'")  # noqa: S608 - an id of ours
    assert found[0] == found[1]


EVERY_TYPE = Insert(
    table=PERSON,
    key=ID,
    columns=(ID, EMAIL, SCORE, TAGS, EXTRA, UPDATED_AT, CITY),
    rows=parameter(0),
    event=event("created", 1),
    record=Record(
        entries=(
            ("score", bare(SCORE)),
            ("tags", Value(column=TAGS, encoding=Encoding.ARRAY)),
            ("extra", Value(column=EXTRA, encoding=Encoding.JSON)),
            ("updatedAt", Value(column=UPDATED_AT, encoding=Encoding.INSTANT)),
            ("city", text(CITY)),
        )
    ),
)


@pytest.mark.parametrize("is_single", [False, True])
def test_insert_of_every_column_type(shop: Shop, is_single: bool) -> None:
    row: dict[str, Any] = {
        "id": ANNA,
        "email": "a",
        "score": "7",
        "tags": ["a,b", 'q"\\', ""],
        "extra": {"k": [1, None, "x"]},
        "updated_at": "2024-02-29T12:00:00.123456+02:00",
        "city": "Zürich ' \" \\ % $1",
    }
    if is_single:
        cells = {**row, "tags": array_text(row["tags"]), "extra": json.dumps(row["extra"])}
        problem, _, answer = shop.write(
            one_of(EVERY_TYPE), *[cells[column.name] for column in EVERY_TYPE.columns], None
        )
    else:
        problem, _, answer = shop.write(EVERY_TYPE, json.dumps([row]), None)
    assert (problem, answer) == (
        None,
        [
            {
                "score": 7,
                "tags": ["a,b", 'q"\\', ""],
                "extra": {"k": [1, None, "x"]},
                "updatedAt": "2024-02-29T10:00:00.123456Z",
                "city": "Zürich ' \" \\ % $1",
            }
        ],
    )
    assert [(record, actor) for record, *_, actor in events(shop)] == [(ANNA, None)]


def test_one_inserted_leaves_the_record_to_a_read_back(staffed: Shop) -> None:
    plan = replace(one_of(INSERT, BY_ID), record=None)
    assert staffed.write(plan, NEW, "9@z.org", None, None, ACME, "me") == (None, [NEW], None)
    problem, _, answer = staffed.write(plan, DORA, "8@z.org", None, None, GONE, "me")
    assert (problem, answer) == ("target_not_found:[0,0]", None)


def test_insert_leaves_the_record_to_a_read_back(staffed: Shop) -> None:
    plan = Insert(
        table=PERSON,
        key=ID,
        columns=(ID, EMAIL, NAME),
        rows=parameter(0),
        event=event("created", 1),
        record=None,
    )
    ids = [DORA, "00000000-0000-7000-8000-0000000000a0"]
    rows = [{"id": one, "email": one, "name": None} for one in ids]
    assert staffed.write(plan, json.dumps(rows), "me") == (None, ids, None)
    back = ReadBack(table=PERSON, key=ID, ids=parameter(0, SqlType.UUID, array=True), record=RECORD)
    (answer,) = staffed.run(back, array(*ids))
    assert [record["id"] for record in json.loads(answer)] == ids


def test_read_back_of_nothing(shop: Shop) -> None:
    back = ReadBack(table=PERSON, key=ID, ids=parameter(0, SqlType.UUID, array=True), record=RECORD)
    assert shop.run(back, "{}") == ("[]",)


@pytest.mark.parametrize(
    ("rows", "details"),
    [
        ([{"company": NOBODY}], [0, 0]),
        ([{"company": GONE}], [0, 0]),
        ([{}, {"company.vat": "none"}], [1, 1]),
        ([{"company": ACME}, {"company.vat": "G1"}, {"company": NOBODY}], [1, 1]),
    ],
    ids=["absent", "deleted", "absent by unique key", "the first row of several"],
)
def test_insert_with_a_missing_target_writes_nothing(
    staffed: Shop, rows: list[dict[str, str]], details: list[int]
) -> None:
    before = people(staffed)
    whole = [given(f"00000000-0000-7000-8000-0000000001{n:02}", f"{n}@z.org", **row) for n, row in enumerate(rows)]
    problem, ids, answer = staffed.write(INSERT, json.dumps(whole), "me")
    assert problem is not None
    kind, _, told = problem.partition(":")
    assert (kind, json.loads(told)) == ("target_not_found", details)
    assert (ids, answer) == ([], [])
    assert people(staffed) == before
    assert events(staffed) == []


def test_the_first_reference_with_an_input_counts(staffed: Shop) -> None:
    rows = [given(DORA, "dora@x.org", company=ACME, **{"company.vat": "none"})]
    _, _, answer = staffed.write(INSERT, json.dumps(rows), "me")
    assert answer[0]["company"] == {"name": "Acme"}


def test_a_taken_unique_key_is_the_servers_error_and_writes_nothing(staffed: Shop) -> None:
    rows = [given(DORA, "dora@x.org"), given(NOBODY, "anna@x.org")]
    with pytest.raises(psycopg.errors.UniqueViolation):
        staffed.write(INSERT, json.dumps(rows), "me")
    assert DORA not in people(staffed)
    assert events(staffed) == []
