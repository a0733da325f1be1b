"""The columns that a plan reads: none is forgotten, whichever element of a plan has it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import count
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from fieldstone.sql.plan import aggregates, elements, operands, outputs, read
from fieldstone.sql.plan.elements import And, Compare, Comparison, Hop, Link, Table
from fieldstone.sql.plan.operands import Column, Parameter, Sorted
from fieldstone.sql.plan.outputs import Connection, OrderKey, Page, Record, ToOne, Value
from fieldstone.sql.plan.read import One
from fieldstone.sql.plan.reads import columns_read
from fieldstone.sql.types import Encoding, SqlType

ELEMENTS = sorted(
    {
        one
        for module in (operands, elements, outputs, read, aggregates)
        for one in vars(module).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.__name__
    }
    - {Column, Table},
    key=lambda one: one.__name__,
)
"""All elements of plans: one that is added is here by itself."""

OUTER, INNER = Table(schema="s", name="outer"), Table(schema="s", name="inner")
_SHALLOW = 2
"""Levels below which the members of a union are those that hold nothing else."""


class Specimens:
    """Makes an instance of each type, each column and table with a name of its own."""

    def __init__(self) -> None:
        self._numbers = count()

    def make(self, hint: Any, depth: int = 0) -> Any:
        """Return an instance of a type hint, in which each member that can hold a column holds one."""
        origin = get_origin(hint)
        if origin in {Union, UnionType}:
            options = [one for one in get_args(hint) if one is not NoneType]
            named = [one for one in options if depth > _SHALLOW and one in {elements.IsNull, outputs.Value, Column}]
            return self.make((named or options)[0] if depth > _SHALLOW else options[-1], depth)
        if origin is tuple:
            return tuple(self.make(one, depth) for one in get_args(hint) if one is not ...)
        if hint is Column:
            return Column(name=f"c{next(self._numbers)}", type=SqlType.TEXT)
        if hint is Table:
            return Table(schema="s", name=f"t{next(self._numbers)}")
        if isinstance(hint, type) and issubclass(hint, Enum):
            return next(iter(hint))
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            made = {one.name: self.make(hints[one.name], depth + 1) for one in fields(hint)}
            return hint(**made)  # type: ignore[operator]  # it is a class
        return hint() if hint in {int, str, bool} else None


def held(node: Any, kind: type) -> Iterator[Any]:
    """Yield all instances of a type in a specimen."""
    if isinstance(node, kind):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from held(item, kind)
    elif is_dataclass(node):
        for one in fields(node):
            yield from held(getattr(node, one.name), kind)


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda one: one.__name__)
def test_no_column_of_an_element_is_forgotten(element: type) -> None:
    specimen = Specimens().make(element)
    condition: Any = specimen
    inner = Connection(table=INNER, condition=condition, order=(), page=Page(limit=1), cursor_tag="", entries=())
    reads = columns_read(One(table=OUTER, condition=And(terms=()), record=Record(entries=(("inner", inner),))))
    found = {name for names in reads.values() for name in names}
    assert found == {column.name for column in held(specimen, Column)}
    assert set(reads) == {OUTER, INNER, *held(specimen, Table)}


def column(name: str) -> Column:
    return Column(name=name, type=SqlType.TEXT)


def test_each_column_belongs_to_the_table_of_its_row() -> None:
    person, company = Table(schema="s", name="person"), Table(schema="s", name="company")
    hop = Hop(
        column=column("companyId"),
        table=company,
        key=column("id"),
        condition=elements.IsNull(column=column("deletedAt")),
    )
    inner = Connection(
        table=person,
        link=Link(column=column("companyId"), key=column("key")),
        condition=And(terms=()),
        order=(OrderKey(operand=column("age")),),
        page=Page(limit=1),
        cursor_tag="",
        entries=(),
    )
    plan = One(
        table=person,
        condition=Compare(
            left=Sorted(column=column("city")),
            comparison=Comparison.EQ,
            right=Parameter(slot=0, type=SqlType.TEXT),
        ),
        order=(OrderKey(hops=(hop,), operand=column("name")),),
        record=Record(
            entries=(
                ("a", Value(column=column("email"), encoding=Encoding.STRING)),
                ("b", ToOne(hop=hop, record=Record(entries=(("c", inner),)))),
            )
        ),
    )
    assert columns_read(plan) == {
        person: {"city", "email", "companyId", "age"},
        company: {"id", "deletedAt", "name", "key"},
    }
