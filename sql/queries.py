"""Named SQL text: each room keeps its statements in a file `queries.sql`, below a line `-- name: x` each.

Parameters are written as psycopg has them: `%(name)s`, and `%%` is a percent sign. A fragment that several statements
of a file share stands above them, below a line `-- fragment: x`, and as `<<x>>` in them and in further fragments.
Comments between name and text are not sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Statement, Step, array_text

_HEADING = re.compile(rb"^-- (name|fragment): (\w+)\n(?:--.*\n)*", re.MULTILINE)
_FRAGMENT = re.compile(rb"<<(\w+)>>")
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")

Value = bytes | str | int | float | UUID | Sequence[str | int | UUID] | None
"""A parameter's value; a sequence is an array."""


@cache
def read_queries(module: str) -> Mapping[str, bytes]:
    """Return the texts in the file `queries.sql` beside a module, by their names."""
    pieces = _HEADING.split(files(module.rpartition(".")[0]).joinpath("queries.sql").read_bytes())
    fragments: dict[bytes, bytes] = {}
    queries: dict[str, bytes] = {}
    for kind, name, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        whole = _FRAGMENT.sub(lambda found: fragments[found[1]], text.strip())
        if kind == b"fragment":
            fragments[name] = whole
        else:
            queries[name.decode()] = whole
    return queries


@cache
def attributes_of(kind: Any) -> tuple[str, ...]:
    """Return the attributes that a dataclass is made of, in their order."""
    return tuple(one.name for one in fields(kind) if one.init)


def read_row(kind: Any, row: Sequence[Any]) -> dict[str, Any]:
    """Return a row's columns by the attributes of a dataclass that begins with them, in this order."""
    return dict(zip(attributes_of(kind), row, strict=False))


@frozen
class NamedStatement:
    """A statement whose parameters have names.

    Attributes:
        statement: the same with numbered parameters.
        names: the parameters' names in the order of their numbers.
    """

    statement: Statement
    names: tuple[str, ...]

    def bind(self, **values: Value) -> Step:
        """Return the statement with the values of its parameters.

        Raises:
            TypeError: `values` has not the names of the parameters.
        """
        if values.keys() != set(self.names):
            raise TypeError(f"the parameters are {', '.join(self.names)}, not {', '.join(values)}")
        return self.statement, [_encode(values[name]) for name in self.names]


def named_statement(module: str, name: str) -> NamedStatement:
    """Return a query of the file `queries.sql` beside a module as a statement for `Database.read` and its like."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        parameter = found[1]
        return "%" if parameter is None else f"${names.setdefault(parameter, len(names) + 1)}"

    text = _PARAMETER.sub(number, read_queries(module)[name].decode().removesuffix(";"))
    return NamedStatement(statement=Statement(text=text), names=tuple(names))


def _encode(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str | int | float | UUID):
        return str(value).encode()
    return array_text([str(item) for item in value]).encode()
