"""Every type of field, as a column and with a default value."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.sql.errors import UniqueViolation
from fieldstone.sql.sqlstate import translate_error
from tests.metadata.desk import Desk, columns_of, new_field, person


@dataclass(frozen=True, kw_only=True)
class Case:
    """A field with a default, its columns, and their values in a record that gives nothing."""

    type: FieldType
    default: Any
    columns: dict[str, str]
    values: list[Any]
    settings: dict[str, Any] | None = None
    options: list[dict[str, Any]] | None = None


CASES = [
    Case(
        type=FieldType.UUID,
        default="0191D2A4-7c1e-7b0a-9d2e-3f5a6b7c8d9e",
        columns={"extra": "uuid"},
        values=["0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"],
    ),
    Case(type=FieldType.TEXT, default="it's \\ ü", columns={"extra": "text"}, values=["it's \\ ü"]),
    Case(type=FieldType.NUMBER, default=Decimal("0.10"), columns={"extra": "numeric"}, values=["0.10"]),
    Case(type=FieldType.NUMBER, settings={"dataType": "int"}, default=-5, columns={"extra": "integer"}, values=["-5"]),
    Case(
        type=FieldType.NUMBER,
        settings={"dataType": "bigint"},
        default=str(2**63 - 1),
        columns={"extra": "bigint"},
        values=[str(2**63 - 1)],
    ),
    Case(
        type=FieldType.NUMBER,
        settings={"dataType": "float"},
        default=0.1,
        columns={"extra": "double precision"},
        values=["0.1"],
    ),
    Case(
        type=FieldType.NUMBER,
        settings={"dataType": "decimal"},
        default=10**30,
        columns={"extra": "numeric"},
        values=[str(10**30)],
    ),
    Case(
        type=FieldType.NUMERIC,
        default="1234567890.12345678901234567890",
        columns={"extra": "numeric"},
        values=["1234567890.12345678901234567890"],
    ),
    Case(type=FieldType.BOOLEAN, default=False, columns={"extra": "boolean"}, values=["false"]),
    Case(type=FieldType.DATE, default="2024-02-29", columns={"extra": "date"}, values=["2024-02-29"]),
    Case(
        type=FieldType.DATE_TIME,
        default="2024-02-29T12:00:00.5+02:00",
        columns={"extra": "timestamp with time zone"},
        values=["2024-02-29 10:00:00.5+00"],
    ),
    Case(
        type=FieldType.SELECT,
        options=[{"value": "A"}, {"value": "B"}],
        default="B",
        columns={"extra": "text"},
        values=["B"],
    ),
    Case(
        type=FieldType.MULTI_SELECT,
        options=[{"value": "A"}, {"value": "B"}, {"value": "C"}],
        default=["C", "A"],
        columns={"extra": "ARRAY"},
        values=["{C,A}"],
    ),
    Case(type=FieldType.RATING, default="RATING_3", columns={"extra": "text"}, values=["RATING_3"]),
    Case(
        type=FieldType.ARRAY,
        default=["it's", 'a "b"', "c\\d", ""],
        columns={"extra": "ARRAY"},
        values=['{it\'s,"a \\"b\\"","c\\\\d",""}'],
    ),
    Case(
        type=FieldType.RAW_JSON,
        default={"a": [1, Decimal("2.50"), "'"]},
        columns={"extra": "jsonb"},
        values=['{"a": [1, 2.50, "\'"]}'],
    ),
    Case(
        type=FieldType.CURRENCY,
        default={"amountMicros": "5", "currencyCode": "EUR"},
        columns={"extraAmountMicros": "bigint", "extraCurrencyCode": "text"},
        values=["5", "EUR"],
    ),
    Case(
        type=FieldType.ACTOR,
        default={"source": "IMPORT", "context": {"by": "hand"}},
        columns={
            "extraSource": "text",
            "extraWorkspaceMemberId": "uuid",
            "extraName": "text",
            "extraContext": "jsonb",
        },
        values=["IMPORT", None, None, '{"by": "hand"}'],
    ),
    Case(
        type=FieldType.FULL_NAME,
        default={"firstName": "Ada", "lastName": "O'Brien"},
        columns={"extraFirstName": "text", "extraLastName": "text"},
        values=["Ada", "O'Brien"],
    ),
    Case(
        type=FieldType.EMAILS,
        default={"primaryEmail": "a@example.com", "additionalEmails": ["b@example.com"]},
        columns={"extraPrimaryEmail": "text", "extraAdditionalEmails": "jsonb"},
        values=["a@example.com", '["b@example.com"]'],
    ),
    Case(
        type=FieldType.PHONES,
        default={"primaryPhoneNumber": "301234", "primaryPhoneCallingCode": "+49", "primaryPhoneCountryCode": "DE"},
        columns={
            "extraPrimaryPhoneNumber": "text",
            "extraPrimaryPhoneCountryCode": "text",
            "extraPrimaryPhoneCallingCode": "text",
            "extraAdditionalPhones": "jsonb",
        },
        values=["301234", "DE", "+49", None],
    ),
    Case(
        type=FieldType.LINKS,
        default={"primaryLinkUrl": "https://example.com", "secondaryLinks": [{"url": "https://example.org"}]},
        columns={"extraPrimaryLinkUrl": "text", "extraPrimaryLinkLabel": "text", "extraSecondaryLinks": "jsonb"},
        values=["https://example.com", None, '[{"url": "https://example.org"}]'],
    ),
    Case(
        type=FieldType.ADDRESS,
        default={"addressStreet1": "Weg 1", "addressCity": "Köln", "addressLat": Decimal("50.9413"), "addressLng": 7},
        columns={
            "extraAddressStreet1": "text",
            "extraAddressStreet2": "text",
            "extraAddressCity": "text",
            "extraAddressPostcode": "text",
            "extraAddressState": "text",
            "extraAddressCountry": "text",
            "extraAddressLat": "numeric",
            "extraAddressLng": "numeric",
        },
        values=["Weg 1", None, "Köln", None, None, None, "50.9413", "7"],
    ),
    Case(
        type=FieldType.RICH_TEXT,
        default={"markdown": "# Notes", "blocknote": "[]"},
        columns={"extraMarkdown": "text", "extraBlocknote": "text"},
        values=["# Notes", "[]"],
    ),
    Case(type=FieldType.POSITION, default=1, columns={"extra": "double precision"}, values=["1"]),
]


def test_every_type_that_takes_a_default_has_a_case() -> None:
    assert {case.type for case in CASES} == {kind for kind, entry in FIELD_TYPES.items() if entry.can_default}
    assert {case.settings["dataType"] for case in CASES if case.settings} == {
        variant for entry in FIELD_TYPES.values() for variant in entry.variants or {} if variant
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.type.value} {case.settings or ''}")
async def test_a_field_has_its_columns_and_its_default(case: Case, desk: Desk, model_dsn: str) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        old = connection.execute(
            "INSERT INTO workspace_default.person (id, email) VALUES (gen_random_uuid(), 'a@example.com')"
            " RETURNING ctid"
        ).fetchone()
        after = await desk.change(
            lambda snapshot: [
                new_field(
                    person(snapshot),
                    "extra",
                    case.type,
                    default=case.default,
                    settings=case.settings,
                    options=case.options,
                    is_nullable=False,
                )
            ]
        )
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(
            "INSERT INTO workspace_default.person (id, email) VALUES (gen_random_uuid(), 'b@example.com')"
        )
        listed = psycopg.sql.SQL(", ").join(
            psycopg.sql.SQL("{}::text").format(psycopg.sql.Identifier(name)) for name in case.columns
        )
        query = psycopg.sql.SQL("SELECT {} FROM workspace_default.person").format(listed)
        assert [list(row) for row in connection.execute(query).fetchall()] == [case.values] * 2
        # The rows that were there are not rewritten.
        kept = connection.execute("SELECT ctid FROM workspace_default.person WHERE email = 'a@example.com'")
        assert kept.fetchone() == old
    columns = columns_of(model_dsn, after.workspace.schema, "person")
    assert {name: columns[name][0] for name in case.columns} == case.columns
    first, *others = case.columns
    assert not columns[first][1]
    assert all(columns[name][1] for name in others)
    assert await desk.reload(after.workspace.id) == after


@pytest.mark.parametrize(
    ("type_", "function", "made"),
    [
        (FieldType.UUID, "uuid", "gen_random_uuid()"),
        (FieldType.DATE_TIME, "now", "now()"),
        (FieldType.DATE, "now", "((now() AT TIME ZONE 'UTC'::text))::date"),
    ],
)
async def test_a_default_may_be_made_for_each_record(
    desk: Desk, model_dsn: str, type_: FieldType, function: str, made: str
) -> None:
    after = await desk.change(lambda snapshot: [new_field(person(snapshot), "extra", type_, default=function)])
    found = columns_of(model_dsn, after.workspace.schema, "person")["extra"][2]
    assert (found or "").replace("fieldstone.moment()", "now()") == made  # the clock of a distributed table
    assert person(after).by_name["extra"].default == function


async def test_a_unique_key_binds_live_records_only(desk: Desk, model_dsn: str) -> None:
    after = await desk.change(lambda snapshot: [new_field(person(snapshot), "badge", is_unique=True)])
    assert after.constraints["person_badge_key"].field_ids == (person(after).by_name["badge"].id,)
    insert = (
        'INSERT INTO workspace_default.person (id, email, badge, "deletedAt")'
        " VALUES (gen_random_uuid(), gen_random_uuid()::text, 'x', {})"
    )
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        for deleted_at in ("now()", "now()", "NULL"):
            connection.execute(psycopg.sql.SQL(insert).format(psycopg.sql.SQL(deleted_at)))
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            connection.execute(psycopg.sql.SQL(insert).format(psycopg.sql.SQL("NULL")))
    refusal = translate_error(caught.value)
    assert isinstance(refusal, UniqueViolation)
    assert refusal.constraint == "person_badge_key"


@pytest.mark.parametrize(
    ("type_", "columns"),
    [
        (FieldType.FULL_NAME, ["extraFirstName", "extraLastName"]),
        (FieldType.EMAILS, ["extraPrimaryEmail"]),
        (FieldType.PHONES, ["extraPrimaryPhoneNumber", "extraPrimaryPhoneCallingCode"]),
        (FieldType.LINKS, ["extraPrimaryLinkUrl"]),
    ],
)
async def test_a_unique_composite_is_known_by_some_of_its_parts(
    desk: Desk, model_dsn: str, type_: FieldType, columns: list[str]
) -> None:
    after = await desk.change(lambda snapshot: [new_field(person(snapshot), "extra", type_, is_unique=True)])
    assert "person_extra_key" in after.constraints
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a"
            " WHERE a.attrelid = 'workspace_default.person_extra_key'::regclass"
        ).fetchone()
    assert found == (columns,)
