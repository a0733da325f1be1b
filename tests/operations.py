"""Hypothesis strategies over GraphQL: whatever valid query a client could write for a workspace.

An operation is drawn once and written in several ways: with every value in the document, with values lifted into
variables, and with other values for the same variables.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests import drawn_values
from tests.distinct_operations import draw_distinct
from tests.duplicate_operations import draw_given
from tests.group_operations import draw_groups
from tests.node_operations import draw_nodes
from tests.operation_writer import EnumValue, Lifted, Operation, Selection, Writer, write_set
from tests.specimens import BIGS, DATES, DECIMALS, DOCUMENTS, INTS, MOMENTS, TEXTS, UUIDS

TIMES = int(os.environ.get("FIELDSTONE_TEST_EXAMPLES", "1"))
"""How many times the usual number of examples is tried."""


def examples(count: int) -> settings:
    """Settings for so many examples.

    A failing operation is not made smaller: for operations that takes longer than to read them.
    """
    return settings(
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        max_examples=count * TIMES,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
        ],
    )


# GraphQL's object literals have names for keys, and these numbers are no literals of its own kind.
_WRITABLE_DOCUMENTS = [one for one in DOCUMENTS if not isinstance(one, dict) or "a" in one]

_SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "String": st.sampled_from(TEXTS),
    "Int": st.sampled_from(INTS),
    "Float": st.sampled_from([value for value in DECIMALS if abs(value) < 10**6]).map(float),
    "BigInt": st.sampled_from(BIGS).flatmap(lambda value: st.sampled_from([value, str(value)])),
    "BigFloat": st.sampled_from(DECIMALS).map(str),
    "Boolean": st.booleans(),
    "Date": st.sampled_from(DATES).map(lambda value: value.isoformat()),
    "DateTime": st.sampled_from(MOMENTS).map(lambda value: value.isoformat()),
    "UUID": st.sampled_from(UUIDS).flatmap(lambda value: st.sampled_from([str(value), str(value).upper()])),
    "JSON": st.sampled_from(_WRITABLE_DOCUMENTS),
}
_TEXT_OPERATORS = {"like", "ilike"}
_PATTERNS = st.lists(st.sampled_from(["%", "_", "a", "B", "\\%", "\\_", "\\\\", "é", "'"]), max_size=4).map("".join)
_NULLABLE_OPERATORS = {"eq", "neq", "is", "isNot"}


# To make a strategy, and to have hypothesis look it over, takes longer than to draw from it.
_PERCENT = st.integers(0, 99)
_one_of = lru_cache(maxsize=4096)(st.sampled_from)


@lru_cache(maxsize=4096)
def _some_of(names: tuple[str, ...], *, least: int = 0, most: int, unique: bool = True) -> st.SearchStrategy[list[str]]:
    return st.lists(_one_of(names), min_size=least, max_size=most, unique=unique)


class Values:
    """Draws the values of input types."""

    def __init__(self, draw: st.DrawFn, ids: Sequence[str]) -> None:
        self.draw = draw
        self.ids = ids
        self.id = st.sampled_from(ids)

    def chance(self, percent: int) -> bool:
        return self.draw(_PERCENT) < percent

    def liftable(self, of_type: str, draw: Callable[[], Any]) -> Any:
        """A value that is a variable's now and then."""
        value = draw()
        if not self.chance(30):
            return value
        as_default = not of_type.endswith("!") and value is not None and self.chance(15)
        return Lifted(of_type, value, value if as_default else draw(), as_default)

    def filter(self, of_type: GraphQLInputObjectType, depth: int = 2) -> dict[str, Any]:
        """A filter of an object's records."""
        names = tuple(of_type.fields)
        if depth <= 0:
            names = tuple(name for name in names if not _is_nested(of_type.fields[name].type))
        found: dict[str, Any] = {}
        for name in self.draw(_some_of(names, most=3)):
            member = of_type.fields[name].type
            found[name] = self._member(member, depth)
        return found

    def _member(self, member: GraphQLInputType, depth: int) -> Any:
        named = get_named_type(member)
        if isinstance(named, GraphQLEnumType | GraphQLScalarType):
            return self.liftable(named.name, lambda: self.leaf(named))
        assert isinstance(named, GraphQLInputObjectType)
        if isinstance(member, GraphQLList):
            return self.liftable(f"[{named.name}!]", lambda: self._filters(named, depth - 1))
        if "eq" in named.fields or ("is" in named.fields and "and" not in named.fields):
            return self.liftable(named.name, lambda: self.operators(named))
        # A quantifier is no level of its own.
        below = depth if "some" in named.fields else depth - 1
        return self.liftable(named.name, lambda: self.filter(named, below))

    def _filters(self, named: GraphQLInputObjectType, depth: int) -> list[Any]:
        return [self.filter(named, depth) for _ in range(self.draw(st.integers(0, 3)))]

    def operators(self, of_type: GraphQLInputObjectType) -> dict[str, Any]:
        """Some operators with their arguments."""
        found: dict[str, Any] = {}
        for name in self.draw(_some_of(tuple(of_type.fields), most=2)):
            declared = of_type.fields[name].type
            found[name] = self.liftable(str(declared), lambda n=name, d=declared: self._argument(of_type, n, d))  # type: ignore[misc]  # a lambda's defaults
        return found

    def _argument(self, of_type: GraphQLInputObjectType, name: str, declared: GraphQLInputType) -> Any:
        named = get_named_type(declared)
        if name in _NULLABLE_OPERATORS and self.chance(15):
            return None
        if name in _TEXT_OPERATORS:
            return self.draw(_PATTERNS)
        if isinstance(named, GraphQLInputObjectType):
            of_time = of_type.name == "DateTimeFilter"
            return drawn_values.period(self, of_time=of_time) if name == "within" else drawn_values.json_paths(self)
        if not isinstance(declared, GraphQLList):
            return self.leaf(named)
        size = 2 if name == "between" else self.draw(st.integers(0, 3))
        if size == 1 and self.chance(30):
            return self.leaf(named)
        return [self.leaf(named) for _ in range(size)]

    def unique_key(self, of_type: GraphQLInputObjectType) -> dict[str, Any]:
        """A unique key of one field, now and then too many or null."""
        names = tuple(of_type.fields)
        chosen = names if self.chance(10) else (self.draw(_one_of(names)),)
        found: dict[str, Any] = {}
        for name in chosen:
            named = get_named_type(of_type.fields[name].type)
            draw = lambda of=named: None if self.chance(5) else self.leaf(of)  # noqa: E731
            found[name] = self.liftable(named.name, draw)
        return found

    def leaf(self, named: GraphQLNamedType) -> Any:
        """A value of a scalar or an enum."""
        if isinstance(named, GraphQLEnumType):
            return EnumValue(self.draw(_one_of(tuple(named.values))))
        if named.name == "UUID" and self.chance(70):
            return self.draw(self.id)
        return self.draw(_SCALARS[named.name])

    def order(self, of_type: GraphQLInputObjectType, depth: int = 2) -> dict[str, Any]:
        """One key of an order."""
        names = tuple(
            name
            for name, member in of_type.fields.items()
            if name != "filter" and (depth > 0 or isinstance(get_named_type(member.type), GraphQLEnumType))
        )
        name = self.draw(_one_of(names))
        named = get_named_type(of_type.fields[name].type)
        if named.name == "JSONOrderByInput":
            return {name: drawn_values.json_order(self)}
        found: dict[str, Any] = {}
        if isinstance(named, GraphQLInputObjectType):
            found[name] = self.order(named, depth - 1)
        else:
            found[name] = self.liftable(named.name, lambda: self.leaf(named))
        if "filter" in of_type.fields and self.chance(40):
            beside = get_named_type(of_type.fields["filter"].type)
            assert isinstance(beside, GraphQLInputObjectType)
            found["filter"] = self.liftable(beside.name, lambda: self.filter(beside, 1))
        return found


def _is_nested(of_type: GraphQLInputType) -> bool:
    named = get_named_type(of_type)
    return isinstance(named, GraphQLInputObjectType) and not {"and", "some", "filter"}.isdisjoint(named.fields)


@lru_cache(maxsize=4)
def _times(schema: GraphQLSchema) -> set[str]:
    """The names of fields that have a time of the day."""
    return {
        name
        for of_type in schema.type_map.values()
        if isinstance(of_type, GraphQLObjectType)
        for name, one in of_type.fields.items()
        if str(one.type).rstrip("!") == "DateTime"
    }


_SEARCH = "SearchConnection"

_REFUSED = [
    ("first", "Int", 201),
    ("last", "Int", -1),
    ("offset", "Int", -1),
    ("after", "String", "no cursor"),
    ("before", "String", ""),
]
"""Arguments that every connection refuses: their names, types and values."""


class Selections:
    """Draws selection sets."""

    def __init__(
        self, draw: st.DrawFn, schema: GraphQLSchema, ids: Sequence[str], refused: int, nodes: Sequence[str] = ()
    ) -> None:
        self.draw = draw
        self.schema = schema
        self.refused = refused
        self.nodes = nodes
        self.values = Values(draw, ids)
        self.fragments: list[tuple[str, str, Sequence[Selection]]] = []
        self.aliases = 0

    @property
    def times(self) -> set[str]:
        """The names of fields that have a time of the day; to look for them builds all types of the schema."""
        return _times(self.schema)

    def of(self, parent: GraphQLObjectType, depth: int, *, aliased: bool = False) -> list[Selection]:
        """A selection set on this type; where it is `aliased`, no field has its own name as its key."""
        # The oracle has no text search: see `engine/test_search.py`.
        names = tuple(
            name
            for name, one in parent.fields.items()
            if (depth > 0 or is_leaf_type(get_named_type(one.type))) and get_named_type(one.type).name != _SEARCH
        )
        chosen = self.draw(_some_of((*names, "__typename"), least=1, most=4, unique=False))
        lines = [self.line(parent, name, depth, aliased=aliased) for name in chosen]
        if len(lines) > 1 and self.values.chance(25):
            lines = [*lines[:1], self.fragment(parent, lines[1:])]
        return lines

    def line(self, parent: GraphQLObjectType, name: str, depth: int, *, aliased: bool = False) -> Selection:
        """A field."""
        alias = self.alias(always=aliased)
        directive = self._directive()
        if name == "__typename":
            return Selection(lambda w: f"{alias}__typename{directive(w)}")
        one = parent.fields[name]
        if "groupBy" in one.args:
            return draw_groups(self, name, one, depth)
        if {"nodeId", "nodeIds"} & one.args.keys():
            return draw_nodes(self, name, one, depth)
        named = get_named_type(one.type)
        arguments = self.arguments(one)
        if arguments and not alias:
            alias = self.alias(always=True)
        below = self.of(named, depth - 1) if isinstance(named, GraphQLObjectType) else None

        def write(writer: Writer) -> str:
            given = ", ".join(f"{key}: {writer.value(value)}" for key, value in arguments.items())
            head = f"{alias}{name}" + (f"({given})" if given else "") + directive(writer)
            return head if below is None else f"{head} {write_set(writer, below)}"

        return Selection(write)

    def alias(self, *, always: bool = False) -> str:
        if not (always or self.values.chance(25)):
            return ""
        self.aliases += 1
        padding = self.draw(st.sampled_from(["", "", "", "_" * 61, "_" * 90]))
        return f"a{padding}{self.aliases}: "

    def _directive(self) -> Callable[[Writer], str]:
        if not self.values.chance(12):
            return lambda _: ""
        kind = self.draw(st.sampled_from(["skip", "include"]))
        flag = self.values.liftable("Boolean!", lambda: self.draw(st.booleans()))
        return lambda writer: f" @{kind}(if: {writer.value(flag)})"

    def fragment(self, parent: GraphQLNamedType, lines: Sequence[Selection], *, is_narrower: bool = False) -> Selection:
        """A spread of these lines; one on a type that `is_narrower` than that around it names the type."""
        directive = self._directive()
        if self.values.chance(50):
            name = f"F{len(self.fragments)}"
            self.fragments.append((name, parent.name, lines))
            return Selection(lambda w: f"...{name}{directive(w)}")
        on = self.draw(st.sampled_from(["", f" on {parent.name}"])) if not is_narrower else f" on {parent.name}"
        return Selection(lambda w: f"...{on}{directive(w)} {write_set(w, lines)}")

    def arguments(self, one: GraphQLField) -> dict[str, Any]:
        """Some of a field's arguments, which go together."""
        given: dict[str, Any] = {}
        values = self.values
        if "path" in one.args:
            return {"path": drawn_values.json_steps(values)} if values.chance(60) else {}
        if "ids" in one.args:
            return draw_given(values, one)
        if "id" in one.args and values.chance(50):
            return {"id": values.liftable("UUID", lambda: self.draw(values.id))}
        if "where" in one.args and values.chance(30):
            where = one.args["where"].type
            assert isinstance(where, GraphQLInputObjectType)
            return {"where": values.liftable(where.name, lambda: values.unique_key(where))}
        if "filter" in one.args and ("id" in one.args or values.chance(60)):
            of_type = one.args["filter"].type
            assert isinstance(of_type, GraphQLInputObjectType)
            given["filter"] = values.liftable(of_type.name, lambda: values.filter(of_type))
        if "orderBy" in one.args and values.chance(50):
            key = get_named_type(one.args["orderBy"].type)
            assert isinstance(key, GraphQLInputObjectType)
            given["orderBy"] = values.liftable(f"[{key.name}]", lambda: self._order(key))
        if "distinctOn" in one.args and values.chance(12):
            given |= draw_distinct(values, one, refused=self.refused > 0)
        if "first" in one.args:
            size = self.draw(st.sampled_from(["", *(name for name in ("first", "limit", "last") if name in one.args)]))
            if size:
                given[size] = values.liftable("Int", lambda: self.draw(st.sampled_from([0, 1, 2, 3, 7, 200])))
            if size != "last" and "offset" in one.args and values.chance(15):
                given["offset"] = values.liftable("Int", lambda: self.draw(st.sampled_from([0, 1, 5, 1000])))
            if "offset" in one.args and values.chance(self.refused):
                name, declared, value = self.draw(st.sampled_from(_REFUSED))
                given = {key: one for key, one in given.items() if key in {"filter", "orderBy"}}
                given[name] = values.liftable(declared, lambda: value)
        return given

    def _order(self, key: GraphQLInputObjectType) -> Any:
        keys = [self.values.order(key) for _ in range(self.draw(st.integers(0, 3)))]
        return keys[0] if len(keys) == 1 and self.values.chance(40) else keys


@st.composite
def queries(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    ids: Sequence[str],
    *,
    depth: int = 4,
    refused: int = 0,
    roots: str | tuple[str, ...] = "",
    nodes: Sequence[str] = (),
) -> Operation:
    """Valid queries.

    `ids` are those of the records, `nodes` their ids as nodes, `refused` the percentage of pages that cannot be; only
    root fields are drawn whose names end with `roots`, where it is given.
    """
    assert schema.query_type is not None
    selections = Selections(draw, schema, ids, refused, nodes)
    if roots:
        names = [name for name in schema.query_type.fields if name.endswith(roots)]
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        lines = [selections.line(schema.query_type, name, depth) for name in chosen]
    else:
        lines = selections.of(schema.query_type, depth)
    return Operation(lines, selections.fragments)
