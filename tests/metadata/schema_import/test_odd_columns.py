"""Columns of a stranger's tables at which an import failed, or about which its report was silent."""

import psycopg
import pytest

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.odd_values import find_odd_values
from fieldstone.metadata.schema_import.plan import plan_import
from fieldstone.metadata.schema_import.source import read_source
from tests.apis import Apis, open_apis
from tests.metadata.schema_import.importing import carry_out
from tests.metadata.updates import execute

_LISTS = """
CREATE TABLE rental.grid (id int PRIMARY KEY, declared text[][], found varchar(9)[], flat text[], never text[]);
INSERT INTO rental.grid VALUES (1, '{a,b}', '{{a,NULL},{c,d}}', '{a,NULL}', NULL), (2, NULL, NULL, '{}', NULL)
"""
_CYCLE = """
CREATE TABLE rental.l (id int PRIMARY KEY);
CREATE TABLE rental.r (id int PRIMARY KEY, l_id int UNIQUE REFERENCES rental.l);
ALTER TABLE rental.l ADD r_id int UNIQUE REFERENCES rental.r;
INSERT INTO rental.l VALUES (1); INSERT INTO rental.r VALUES (2, 1); UPDATE rental.l SET r_id = 2
"""


async def plan_of(apis: Apis) -> ImportDraft:
    async with apis.database.session() as connection:
        source = await find_odd_values(connection, await read_source(connection, "rental"), with_rows=True)
    return plan_import(await apis.snapshot(), source, {})


async def test_lists_in_lists_are_kept_as_json(filled_dsn: str) -> None:
    execute(filled_dsn, _LISTS)
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        await carry_out(apis, plan)
        object_ = (await apis.snapshot()).by_singular["grid"]
        types = {name: object_.by_name[name].type for name in ("declared", "found", "flat", "never")}
        lists = dict.fromkeys(("flat", "never"), FieldType.ARRAY)
        assert types == dict.fromkeys(("declared", "found"), FieldType.RAW_JSON) | lists
        said = "grid: the column found: is of the type character varying(9)[] with lists in its lists: kept as JSON"
        assert said in plan.notes
        found = await apis.data("{ grids(orderBy: { sourceId: ASC }) { edges { node { declared found flat } } } }")
        assert [edge["node"] for edge in found["grids"]["edges"]] == [
            {"declared": ["a", "b"], "found": [["a", None], ["c", "d"]], "flat": ["a"]},
            {"declared": None, "found": None, "flat": []},
        ]


async def test_a_column_that_cannot_be_read_keeps_nobody_from_a_look_at_the_plan(filled_dsn: str) -> None:
    execute(filled_dsn, _LISTS)
    execute(filled_dsn, "CREATE ROLE stranger; GRANT USAGE ON SCHEMA rental TO stranger")
    try:
        async with await psycopg.AsyncConnection.connect(filled_dsn) as connection:
            await connection.execute("SET LOCAL ROLE stranger")
            source = await find_odd_values(connection, await read_source(connection, "rental"), with_rows=True)
        grid = next(table for table in source.tables if table.table.name == "grid")
        assert [column.is_nested for column in grid.columns] == [False, True, False, False, False]
    finally:
        execute(filled_dsn, "DROP OWNED BY stranger; DROP ROLE stranger")


async def test_the_report_names_each_relation_that_is_called_otherwise(filled_dsn: str) -> None:
    execute(filled_dsn, _CYCLE)
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        notes = [note for note in plan.notes if note.startswith(("l: ", "r: ")) and "_id" in note]
        assert notes == [
            "r: the column l_id is the relation l2, as l is taken",
            "r: the other end of the column l_id is l.r2, as r is taken",
        ]
        await carry_out(apis, plan)
        found = await apis.data("{ rs { edges { node { sourceId l { sourceId } l2 { sourceId r2 { sourceId } } } } } }")
        (edge,) = found["rs"]["edges"]
        assert edge["node"] == {"sourceId": 2, "l": {"sourceId": 1}, "l2": {"sourceId": 1, "r2": {"sourceId": 2}}}


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_records_say_that_they_were_imported(elsewhere: bool, filled_dsn: str, other_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        if elsewhere:
            async with await psycopg.AsyncConnection.connect(other_dsn) as source:
                await carry_out(apis, plan, source)
        else:
            await carry_out(apis, plan)
        found = await apis.data("{ actors { edges { node { createdBy { source name workspaceMemberId } } } } }")
        made = {"source": "IMPORT", "name": "fieldstone schema import", "workspaceMemberId": None}
        assert [edge["node"] for edge in found["actors"]["edges"]] == [{"createdBy": made}]


async def test_comments_and_options_that_are_no_texts_of_ours_are_made_to_fit(filled_dsn: str) -> None:
    statements = """
    CREATE TYPE rental.mood AS ENUM (E'good\\x1b[31m', 'bad');
    CREATE TABLE rental.odd (id int PRIMARY KEY, mood rental.mood);
    COMMENT ON TABLE rental.odd IS E'bell\\x07';
    """
    execute(filled_dsn, statements)
    execute(filled_dsn, f"COMMENT ON COLUMN rental.odd.mood IS '{'x' * 20_000}'")
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        await carry_out(apis, plan)
        odd = (await apis.snapshot()).by_singular["odd"]
        mood = odd.by_name["mood"]
        assert odd.description == "bell "
        assert mood.description == "x" * 9_997 + "..."
        assert [option.label for option in mood.options] == ["good [31m", "Bad"]
        said = "the comment on {} is shortened, or has blanks for its control characters"
        assert {f"odd: {said.format('odd')}", f"odd: {said.format('mood')}"} <= set(plan.notes)


_WITHOUT_COUNTERPART = """
CREATE TABLE rental.price (id int PRIMARY KEY, until timestamptz NOT NULL DEFAULT 'infinity', since date NOT NULL,
    data jsonb NOT NULL, factor numeric NOT NULL, names text[]);
INSERT INTO rental.price VALUES (1, 'infinity', '0001-01-01 BC', 'null', 1, '{a,NULL,b}')
"""


async def test_values_without_a_counterpart_make_their_column_optional(filled_dsn: str) -> None:
    execute(filled_dsn, _WITHOUT_COUNTERPART)
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        notes = [
            note.removeprefix("price: the column ") for note in plan.notes if note.startswith("price: the column ")
        ]
        optional = "is optional here, as some of its values become NULL"
        assert [f"{name} {optional}" for name in ("until", "since", "data")] == [
            one for one in notes if "optional" in one
        ]
        assert "names: the NULLs in its lists are left out" in notes
        await carry_out(apis, plan)
        price = (await apis.snapshot()).by_singular["price"]
        assert [price.by_name[name].is_nullable for name in ("until", "since", "data", "factor")] == [True] * 3 + [
            False
        ]
        found = await apis.data("{ prices { edges { node { until since data factor names } } } }")
        (edge,) = found["prices"]["edges"]
        assert edge["node"] == {"until": None, "since": None, "data": None, "factor": 1, "names": ["a", "b"]}


_EQUAL_KEYS = """
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE TABLE rental.tag (id public.citext PRIMARY KEY);
CREATE TABLE rental.use (id int PRIMARY KEY, tag_id public.citext REFERENCES rental.tag);
CREATE TABLE rental.rate (id numeric PRIMARY KEY);
CREATE TABLE rental.bill (id int PRIMARY KEY, rate_id numeric REFERENCES rental.rate);
INSERT INTO rental.tag VALUES ('abc'); INSERT INTO rental.use VALUES (1, 'ABC');
INSERT INTO rental.rate VALUES (1.0); INSERT INTO rental.bill VALUES (1, 1)
"""


async def test_keys_that_are_equal_in_other_letters_lead_to_their_record(filled_dsn: str) -> None:
    execute(filled_dsn, _EQUAL_KEYS)
    async with open_apis(filled_dsn) as apis:
        await carry_out(apis, await plan_of(apis))
        found = await apis.data(
            "{ uses { edges { node { tag { sourceId } } } } bills { edges { node { rate { sourceId } } } } }"
        )
        assert found["uses"]["edges"] == [{"node": {"tag": {"sourceId": "abc"}}}]
        assert found["bills"]["edges"] == [{"node": {"rate": {"sourceId": 1}}}]


@pytest.mark.parametrize("letters", [63, 60, 59, 58])
async def test_a_table_with_a_long_name_has_a_shorter_one_here(letters: int, filled_dsn: str) -> None:
    name = "a" * letters
    execute(filled_dsn, f"CREATE TABLE rental.{name} (id int PRIMARY KEY, n text)")
    execute(filled_dsn, f"CREATE TABLE rental.{name[:-1]}b (id int PRIMARY KEY, n text)")
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        await carry_out(apis, plan)
        snapshot = await apis.snapshot()
        made = [one for one in snapshot.by_singular if one.startswith("a" * 50)]
        assert len(made) == 2
        for one in made:
            assert len(snapshot.by_singular[one].name_plural) <= 63
        said = [note for note in plan.notes if note.startswith(name[:50]) and "its object is called" in note]
        assert (len(said) > 0) == (letters >= 59)


async def test_any_number_of_names_without_latin_letters_is_imported(filled_dsn: str) -> None:
    names = [f'"{chr(0x4E00 + number)}"' for number in range(105)]
    execute(filled_dsn, "; ".join(f"CREATE TABLE rental.{name} (id int PRIMARY KEY)" for name in names))
    execute(filled_dsn, f"CREATE TABLE rental.wide ({', '.join(f'{name} int' for name in names)})")
    keys = ", ".join(f"{name} int REFERENCES rental.film" for name in names)
    execute(filled_dsn, f"CREATE TABLE rental.linked ({keys})")
    async with open_apis(filled_dsn) as apis:
        after = (await plan_of(apis)).snapshot
        assert {"object", "object105"} <= after.by_singular.keys()
        assert {"field", "field105"} <= after.by_singular["wide"].by_name.keys()
        assert {"field", "field105"} <= after.by_singular["linked"].by_name.keys()


@pytest.mark.long
async def test_a_table_with_too_many_columns_is_refused_by_the_plan(filled_dsn: str) -> None:
    execute(filled_dsn, f"CREATE TABLE rental.wide ({', '.join(f'c{number} int' for number in range(1_596))})")
    async with open_apis(filled_dsn) as apis:
        with pytest.raises(InvalidChange, match=r"the object wide would have 1,60\d columns .+ takes 1,600; --skip"):
            await plan_of(apis)
