"""sql/compiler/writes/create_tree.py: the records of several places by one statement, their events and the answer."""

import json
from dataclasses import replace

from fieldstone.sql.plan.elements import Link
from fieldstone.sql.plan.outputs import Connection, Edges, Page, Record, ToOne
from fieldstone.sql.plan.writes.elements import Assignment, Reference
from fieldstone.sql.plan.writes.inserts import CreateTree, Insert, InsertOne
from fieldstone.sql.types import SqlType
from tests.sql.shop import (
    BY_ID,
    COMPANY,
    COMPANY_ID,
    EMAIL,
    EMPLOYER,
    ID,
    LIVE,
    NAME,
    PERSON,
    Shop,
    event,
    parameter,
    text,
)
from tests.sql.staff import ACME, ANNA, BELA, BOLT, CLIO, events

EMPLOYEES = Connection(
    table=PERSON,
    condition=LIVE,
    link=Link(column=COMPANY_ID, key=ID),
    order=(BY_ID,),
    page=Page(limit=9),
    cursor_tag="t",
    entries=(("edges", Edges(entries=(("node", Record(entries=(("email", text(EMAIL)),))),))),),
)
WHOLE = Record(entries=(("name", text(NAME)), ("employees", EMPLOYEES)))
KNOWN = Reference(column=COMPANY_ID, table=COMPANY, key=ID, lookup=ID, condition=None, source="company")
PEOPLE = Insert(
    table=PERSON,
    key=ID,
    columns=(ID, EMAIL),
    rows=parameter(3),
    references=(KNOWN,),
    event=event("created", 0),
    record=None,
)
OWN = InsertOne(
    table=COMPANY,
    key=ID,
    values=(
        Assignment(column=ID, value=parameter(1, SqlType.UUID)),
        Assignment(column=NAME, value=parameter(2)),
    ),
    event=event("created", 0),
    record=None,
)


def people(company: str, *given: tuple[str, str]) -> str:
    return json.dumps([{"id": id_, "email": email, "company": company} for id_, email in given])


def told(*emails: str) -> object:
    return {"edges": [{"node": {"email": email}} for email in emails]}


def test_the_answer_has_the_records_made_beside_and_no_others(shop: Shop) -> None:
    shop.fill(f"INSERT INTO shop.company (id, name) VALUES ('{BOLT}', 'Bolt')")  # noqa: S608 - an id of ours
    shop.fill(f"INSERT INTO shop.person (email, company_id) VALUES ('old', '{BOLT}')")  # noqa: S608 - as above
    plan = CreateTree(inserts=(OWN, PEOPLE), root=0, many=True, record=WHOLE)
    (answer,) = shop.run(plan, "me", ACME, "Acme", people(ACME, (BELA, "b"), (ANNA, "a")))
    assert json.loads(answer) == [{"name": "Acme", "employees": told("a", "b")}]
    stored = shop.rows(f"SELECT email FROM shop.person WHERE company_id = '{ACME}' ORDER BY 1")  # noqa: S608 - as above
    assert stored == [("a",), ("b",)]
    assert [(record, action, actor) for record, action, _, _, actor in events(shop)] == [
        (record, "created", "me") for record in (ACME, BELA, ANNA)
    ]
    assert events(shop)[0][3] == {"id": ACME, "name": "Acme", "vat": None, "deleted_at": None}


def test_no_rows_beside(shop: Shop) -> None:
    plan = CreateTree(inserts=(OWN, PEOPLE), root=0, many=True, record=WHOLE)
    (answer,) = shop.run(plan, "me", ACME, "Acme", "[]")
    assert json.loads(answer) == [{"name": "Acme", "employees": told()}]


def test_records_of_one_table_in_several_places_are_read_together(shop: Shop) -> None:
    companies = Insert(
        table=COMPANY, key=ID, columns=(ID, NAME), rows=parameter(1), event=event("created", 0), record=None
    )
    plan = CreateTree(
        inserts=(companies, replace(PEOPLE, rows=parameter(2)), PEOPLE),
        root=1,
        many=True,
        record=Record(entries=(("email", text(EMAIL)), ("company", ToOne(hop=EMPLOYER, record=WHOLE)))),
    )
    targets = json.dumps([{"id": BOLT, "name": "Bolt"}, {"id": ACME, "name": "Acme"}])
    own = json.loads(people(BOLT, (CLIO, "c"))) + json.loads(people(ACME, (ANNA, "a")))
    (answer,) = shop.run(plan, "me", targets, json.dumps(own), people(ACME, (BELA, "b")))
    assert json.loads(answer) == [
        {"email": "c", "company": {"name": "Bolt", "employees": told("c")}},
        {"email": "a", "company": {"name": "Acme", "employees": told("a", "b")}},
    ]
    assert [record for record, *_ in events(shop)] == [BOLT, ACME, CLIO, ANNA, BELA]
