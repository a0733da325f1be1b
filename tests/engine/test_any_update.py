"""Any update of one record or of many does as the oracle does: to the rows, and in the events that it leaves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import psycopg
import pytest
from graphql import GraphQLInputObjectType
from hypothesis import given, note
from hypothesis import strategies as st
from psycopg import sql

from tests.apis import Served, serve
from tests.databases import Databases
from tests.operation_writer import EnumValue, Lifted, Writer, to_json
from tests.operations import Values, examples
from tests.reference import Reference, read_rows
from tests.reference_updates import Refused, Row, updated
from tests.specimens import (
    BIGS,
    DATES,
    DECIMALS,
    DOUBLES,
    INTS,
    MOMENTS,
    OPTIONS,
    TEXTS,
    UUIDS,
    specimen_template,
)

pytestmark = pytest.mark.long

_STEPS = st.sampled_from(["a", "b", "0", "1", "-1", "7", "é", "", "a.b", "{}", "-0", "+1"])
_PATHS = st.lists(_STEPS, min_size=1, max_size=3)
_ITEMS = st.lists(st.sampled_from(["", "a", "A", "é", "'", "NULL", "{a,b}", '"', "\\"]), max_size=3)
_CHOICES = st.lists(st.sampled_from([EnumValue(one) for one in OPTIONS]), max_size=3, unique=True)
_DOCUMENTS = st.sampled_from([None, 1, "x", True, [], {}, {"a": 1}, [1, {"b": 2}]])
_TEXT = st.none() | st.sampled_from(TEXTS)
_OTHER_MOMENTS = ["2024-03-31T02:30:00.5+01:00", "2023-12-31T23:59:59.999999-11:30", "2024-01-01"]

_DATA: Mapping[str, tuple[str, st.SearchStrategy[Any]]] = {
    "aText": ("String", _TEXT),
    "aBoolean": ("Boolean", st.none() | st.booleans()),
    "aNumberInt": ("Int", st.none() | st.sampled_from(INTS)),
    "aNumberBigint": ("BigInt", st.none() | st.sampled_from([*BIGS, *map(str, BIGS)])),
    "aNumeric": ("BigFloat", st.none() | st.sampled_from(DECIMALS).map(str)),
    "aNumberFloat": ("Float", st.none() | st.sampled_from(DOUBLES)),
    "aDate": ("Date", st.none() | st.sampled_from(DATES).map(date.isoformat)),
    "aDateTime": ("DateTime", st.none() | st.sampled_from([*map(datetime.isoformat, MOMENTS), *_OTHER_MOMENTS])),
    "aUuid": ("UUID", st.none() | st.sampled_from([*map(str, UUIDS), str(UUIDS[0]).upper()])),
    "aSelect": ("SpecimenASelectEnum", st.none() | st.sampled_from(OPTIONS).map(EnumValue)),
    "aMultiSelect": ("[SpecimenAMultiSelectEnum!]", st.none() | _CHOICES),
    "aRawJson": ("JSON", _DOCUMENTS),
    "aArray": ("[String!]", st.none() | _ITEMS),
    "aCurrency": (
        "CurrencyValueInput",
        st.none() | st.fixed_dictionaries({}, optional={"amountMicros": st.sampled_from(BIGS), "currencyCode": _TEXT}),
    ),
    "aFullName": (
        "FullNameValueInput",
        st.none() | st.fixed_dictionaries({}, optional={"firstName": _TEXT, "lastName": _TEXT}),
    ),
    "aRichText": ("RichTextValueInput", st.none() | st.fixed_dictionaries({}, optional={"markdown": _TEXT})),
}
_CHANGES: Mapping[str, tuple[str, Mapping[str, tuple[str, st.SearchStrategy[Any]]]]] = {
    "increment": (
        "SpecimenIncrementInput",
        {
            "aNumberInt": ("Int", st.sampled_from([0, 1, -1, 5])),
            "aNumberFloat": ("Float", st.sampled_from([0.5, -1e100, 1e308])),
            "aNumberBigint": ("BigInt", st.sampled_from([0, 1, -1, *BIGS[3:5]])),
            "aNumber": ("Float", st.sampled_from([0, 1, -3])),
            "aNumeric": ("BigFloat", st.sampled_from(["0.5", "-12.25", "1000000"])),
        },
    ),
    "append": ("SpecimenListItemsInput", {"aArray": ("[String!]", _ITEMS), "aMultiSelect": ("", _CHOICES)}),
    "remove": ("SpecimenListItemsInput", {"aArray": ("[String!]", _ITEMS), "aMultiSelect": ("", _CHOICES)}),
    "setPath": (
        "SpecimenSetPathInput",
        {"aRawJson": ("", st.lists(st.fixed_dictionaries({"path": _PATHS, "value": _DOCUMENTS}), max_size=3))},
    ),
    "deletePath": ("SpecimenDeletePathInput", {"aRawJson": ("", st.lists(_PATHS, max_size=3))}),
}


class Bench:
    """The engine and the oracle over the same records, and the way back to them."""

    def __init__(self, served: Served, connection: psycopg.Connection) -> None:
        self.served = served
        self.connection = connection
        snapshot = served.snapshot()
        self.object_ = snapshot.by_singular["specimen"]
        self.table = sql.Identifier(self.object_.table.schema, self.object_.table.name)
        connection.execute(sql.SQL("CREATE TABLE public.kept AS SELECT * FROM {}").format(self.table))
        self.reference = Reference(snapshot, read_rows(connection, snapshot.objects.values()))
        self.rows: dict[str, Row] = {id_: dict(row) for id_, row in self.reference.rows[self.object_.id].items()}

    def load(self) -> dict[str, Row]:
        """The rows at present."""
        found = read_rows(self.connection, [self.object_])[self.object_.id]
        return {id_: dict(row) for id_, row in found.items()}

    def reset(self) -> None:
        """Bring the records back, and take the events away."""
        with self.connection.transaction():
            self.connection.execute(sql.SQL("TRUNCATE {}, fieldstone.event_staging").format(self.table))
            self.connection.execute("SET LOCAL session_replication_role = replica")
            self.connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM public.kept").format(self.table))

    def events(self) -> list[str]:
        """The ids of the records that events tell of."""
        return [id_ for (id_,) in self.connection.execute("SELECT record_id::text FROM fieldstone.event_staging")]


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    template = specimen_template(databases)
    with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for served in serve(dsn):
            yield Bench(served, connection)


def draw_data(values: Values) -> dict[str, Any]:
    """New values of some fields, some of them variables."""
    names = values.draw(st.lists(st.sampled_from(sorted(_DATA)), max_size=3, unique=True))
    return {name: values.liftable(_DATA[name][0], lambda n=name: values.draw(_DATA[n][1])) for name in names}  # type: ignore[misc]  # a lambda's defaults


def draw_changes(values: Values, taken: Sequence[str]) -> dict[str, Any]:
    """Changes by the values before, of fields that are not taken."""
    used = set(taken)
    found: dict[str, Any] = {}
    for argument in values.draw(st.lists(st.sampled_from(sorted(_CHANGES)), max_size=2, unique=True)):
        of_type, members = _CHANGES[argument]
        free = sorted(set(members) - used)
        names = values.draw(st.lists(st.sampled_from(free), max_size=2, unique=True)) if free else []
        used.update(names)

        def draw(names: Sequence[str] = names, members: Any = members) -> dict[str, Any]:
            return {name: values.draw(members[name][1]) for name in names}

        if names:
            found[argument] = values.liftable(of_type, draw)
    return found


def plain(drawn: Any, *, take_other: bool) -> Any:
    """A drawn value as the client gives it."""
    match drawn:
        case Lifted():
            return to_json(drawn.other if take_other and not drawn.as_default else drawn.value)
        case dict():
            return {name: plain(item, take_other=take_other) for name, item in drawn.items()}
        case list():
            return [plain(item, take_other=take_other) for item in drawn]
        case _:
            return to_json(drawn)


@given(data=st.data())
@examples(60)
def test_any_update(bench: Bench, data: st.DataObject) -> None:
    values = Values(cast("st.DrawFn", data.draw), sorted(bench.rows))
    kind = data.draw(st.sampled_from(["one", "filter", "filter", "each"]))
    arguments: dict[str, Any] = {}
    if kind == "each":
        ids = data.draw(st.lists(st.sampled_from(values.ids), max_size=5, unique=True))
        arguments["updates"] = [{"id": id_, "data": draw_data(values)} for id_ in ids]
    else:
        given_data = draw_data(values)
        arguments = {"data": given_data, **draw_changes(values, list(given_data))}
        if len(arguments) > 1 and values.chance(30):
            del arguments["data"]
        if kind == "one":
            arguments["id"] = values.liftable("UUID!", lambda: data.draw(st.sampled_from(values.ids)))
        else:
            of_type = bench.reference.schema.type_map["SpecimenFilterInput"]
            assert isinstance(of_type, GraphQLInputObjectType)
            arguments["filter"] = values.liftable("SpecimenFilterInput!", lambda: values.filter(of_type, 1))
    root = "updateSpecimen" if kind == "one" else "updateSpecimens"
    for lift, take_other in ((True, False), (False, False), (True, True), (True, False)):
        writer = Writer(lift=lift, take_other=take_other)
        body = ", ".join(f"{name}: {writer.value(value)}" for name, value in arguments.items())
        head = f"({', '.join(writer.definitions)})" if writer.definitions else ""
        text = f"mutation {head} {{ {root}({body}) {{ id }} }}"
        note(f"{text}\n{writer.variables}")
        check(bench, kind, root, plain(arguments, take_other=take_other), text, writer.variables)


def check(
    bench: Bench, kind: str, root: str, arguments: Mapping[str, Any], text: str, variables: Mapping[str, Any]
) -> None:
    """Hold one request against the oracle."""
    bench.reset()
    answer = bench.served.ask(text, variables)
    after = bench.load()
    try:
        expected, codes = expect(bench, kind, arguments), set[str]()
    except Refused as refused:
        expected, codes = {}, {str(refused) or "BAD_USER_INPUT"}
    if codes:
        assert {error["extensions"]["code"] for error in answer.get("errors", ())} == codes, answer
        assert (after, bench.events()) == (bench.rows, [])
        return
    assert "errors" not in answer, answer
    found = answer["data"][root]
    ids = [record["id"] for record in ([found] if kind == "one" else found)]
    assert sorted(ids) == sorted(expected)
    assert sorted(bench.events()) == sorted(expected)
    stamp = bench.object_.by_name["updatedAt"].parts[0].column.name
    for id_, row in after.items():
        wanted = expected.get(id_, bench.rows[id_])
        assert alike({**row, stamp: None}, {**wanted, stamp: None}), (id_, row, wanted)


def expect(bench: Bench, kind: str, arguments: Mapping[str, Any]) -> dict[str, Row]:
    """The rows that are changed, as they are afterwards."""
    live = {id_: row for id_, row in bench.rows.items() if row["deletedAt"] is None}
    if kind == "each":
        for one in arguments["updates"]:
            if one["id"] not in live:
                raise Refused("NOT_FOUND")
        return {one["id"]: updated(bench.object_, live[one["id"]], one) for one in arguments["updates"]}
    if kind == "one":
        if arguments["id"] not in live:
            raise Refused("NOT_FOUND")
        return {arguments["id"]: updated(bench.object_, live[arguments["id"]], arguments)}
    filters = bench.reference.filters
    meant = {id_: filters.truth(bench.object_, row, arguments["filter"]) for id_, row in bench.rows.items()}
    if any(not isinstance(one, bool | None) for one in meant.values()):
        raise Refused
    return {id_: updated(bench.object_, row, arguments) for id_, row in live.items() if meant[id_] is True}


def alike(found: Any, wanted: Any) -> bool:
    """Whether two values of a row are the same, whatever the type of a number."""
    match wanted:
        case dict():
            return (
                isinstance(found, dict)
                and found.keys() == wanted.keys()
                and all(alike(found[key], value) for key, value in wanted.items())
            )
        case list() | tuple():
            return len(found) == len(wanted) and all(map(alike, found, wanted))
        case bool() | None:
            return found is wanted
        case int() | float() | Decimal():
            return type(found) is not bool and Decimal(str(found)) == Decimal(str(wanted))
        case _:
            return bool(found == wanted)
