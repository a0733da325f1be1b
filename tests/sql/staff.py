"""A small staff, and the writes that the tests ask of it."""

from typing import Any

from fieldstone.sql.plan.elements import Matches
from fieldstone.sql.plan.outputs import Record, ToOne
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import Assignment, Now, Reference
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.types import SqlType
from tests.sql.shop import (
    COMPANY,
    COMPANY_ID,
    EMAIL,
    EMPLOYER,
    ID,
    IDENTITY,
    LIVE,
    NAME,
    PERSON,
    SCORE,
    UPDATED_AT,
    VAT,
    Shop,
    bare,
    event,
    parameter,
    text,
)

ANNA, BELA, CLIO, DORA = (f"00000000-0000-7000-8000-0000000000a{n}" for n in range(1, 5))
ACME, BOLT, GONE = (f"00000000-0000-7000-8000-0000000000c{n}" for n in range(1, 4))
NOBODY = "00000000-0000-7000-8000-0000000000ff"

RECORD = Record(
    entries=(
        ("id", IDENTITY),
        ("name", text(NAME)),
        ("score", bare(SCORE)),
        ("company", ToOne(hop=EMPLOYER, record=Record(entries=(("name", text(NAME)),)))),
    )
)


def by_key(source: str) -> Reference:
    return Reference(column=COMPANY_ID, table=COMPANY, key=ID, lookup=ID, condition=LIVE, source=source)


def by_vat(source: str) -> Reference:
    return Reference(column=COMPANY_ID, table=COMPANY, key=ID, lookup=VAT, condition=LIVE, source=source)


INSERT = Insert(
    table=PERSON,
    key=ID,
    columns=(ID, EMAIL, NAME, SCORE),
    rows=parameter(0),
    references=(by_key("company"), by_vat("company.vat")),
    event=event("created", 1),
    record=RECORD,
)


def update(
    *assignments: Assignment, references: tuple[Reference, ...] = (), ids: bool = True, limit: int = 10
) -> Update:
    return Update(
        table=PERSON,
        key=ID,
        condition=LIVE if ids else Matches(column=EMAIL, pattern=parameter(0)),
        ids=parameter(0, SqlType.UUID, array=True) if ids else None,
        limit=limit,
        assignments=(*assignments, Assignment(column=UPDATED_AT, value=Now())),
        references=references,
        event=event("updated", 1),
        record=RECORD,
    )


def delete(*, ids: bool = True, limit: int = 10, record: Record = RECORD) -> Delete:
    return Delete(
        table=PERSON,
        key=ID,
        condition=LIVE if ids else Matches(column=EMAIL, pattern=parameter(0)),
        ids=parameter(0, SqlType.UUID, array=True) if ids else None,
        limit=limit,
        event=event("destroyed", 1),
        record=record,
    )


def array(*ids: str) -> str:
    return "{" + ",".join(ids) + "}"


def given(identifier: str, email: str, **values: str | None) -> dict[str, str | None]:
    blank = {"name": None, "score": None, "company": None, "company.vat": None}
    return {"id": identifier, "email": email, **blank, **values}


def events(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "SELECT record_id::text, action, before, after, actor FROM shop.event ORDER BY sequence",
    )


def people(shop: Shop) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for (row,) in shop.rows("SELECT to_jsonb(p) FROM shop.person p")}


def hire(shop: Shop) -> None:
    """Fill the shop."""
    shop.fill(
        "INSERT INTO shop.company (id, name, vat, deleted_at) VALUES (%s, %s, %s, %s)",
        [(ACME, "Acme", "A1", None), (BOLT, "Bolt", "B1", None), (GONE, "Gone", "G1", "2020-01-01")],
    )
    shop.fill(
        "INSERT INTO shop.person (id, email, name, score, company_id) VALUES (%s, %s, %s, %s, %s)",
        [
            (ANNA, "anna@x.org", "Anna", 1, ACME),
            (BELA, "bela@x.org", None, None, None),
            (CLIO, "clio@y.org", "Clio", 3, BOLT),
        ],
    )
