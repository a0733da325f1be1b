"""The steps of a nested write: statements, each over all rows of one place in the data, and the rows of a request."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.access.write_rights import DeferredCheck
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.writes.creates import encode_rows
from fieldstone.engine.planner.writes.nested.places import InputPath
from fieldstone.engine.planner.writes.values.connects import ReferenceName
from fieldstone.engine.planner.writes.values.rows import RowWriter
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.writes.inserts import Insert, InsertOne
from fieldstone.sql.plan.writes.look_ups import Faults
from fieldstone.sql.statement import array_text


@dataclass(slots=True, kw_only=True)
class Found:
    """A record that is looked up while the request runs.

    Attributes:
        made: the id of the record that is created where none is found; None: one must be there.
        missing: the message of the error if none is there.
        is_asked: whether it was looked up yet.
        value: the id of the record that was found.
        absent_refusal: the error where none is there, because the role may not create it.
        found_refusal: the error where one is, because the role may not change it so.
    """

    made: str | None = None
    missing: str = ""
    is_asked: bool = False
    value: str | None = None
    absent_refusal: Forbidden | None = None
    found_refusal: Forbidden | None = None

    @property
    def id(self) -> str | None:
        """The id of the record that was found, or is created."""
        return self.value or self.made

    def forget(self) -> None:
        """Make it as it was before the request ran."""
        self.is_asked, self.value = False, None

    @property
    def refusal(self) -> Forbidden | None:
        """The error of the role's rights that the answer of the look-up means."""
        return self.absent_refusal if self.value is None else self.found_refusal


RowValue = ColumnValue | Found


class When(NamedTuple):
    """The condition of a row: it counts only if a record was found, or was not."""

    found: Found
    is_there: bool

    def holds(self) -> bool:
        """Return whether the row counts."""
        return self.found.is_asked and (self.found.value is not None) is self.is_there

    def refuse(self, error: Forbidden) -> None:
        """Refuse the request where the row counts: the error is that of the first row."""
        if self.is_there:
            self.found.found_refusal = self.found.found_refusal or error
        else:
            self.found.absent_refusal = self.found.absent_refusal or error


class InputRow(NamedTuple):
    """One row of a step: its values, the place in the data that it is made of, and its condition."""

    values: Sequence[RowValue]
    path: InputPath
    when: When | None = None

    def known(self, place: int) -> ColumnValue:
        """Return a value; in the place of a look-up the id that it has found."""
        value = self.values[place]
        return value.id if isinstance(value, Found) else value

    def founds(self) -> Iterator[Found]:
        """Yield the look-ups that the row depends on."""
        yield from (value for value in self.values if isinstance(value, Found))
        if self.when is not None:
            yield self.when.found


Encode = Callable[[Sequence[Sequence[ColumnValue]]], tuple[bytes | None, ...]]
"""Makes the values of a statement's rows."""


@frozen
class Certain:
    """An insertion that looks nothing up.

    Attributes:
        writer: makes its rows of data, short of the ids of known records.
        id: which value is the record's id.
        known: whether the records lead to others that the request makes.
        encode: makes the parameters that hold the rows.
    """

    insert: Insert | InsertOne
    writer: RowWriter
    id: int
    known: bool
    encode: Encode


@frozen
class Step:
    """A statement of a nested write.

    Attributes:
        encode: makes the parameters that hold the rows.
        object_: the object whose records it finds or writes.
        action: its effect on them, as an error says it: "update".
        among: the relation that the records must hang on, where they must hang on one.
        finds: whether it is a look-up, whose rows' Founds are the answer.
        is_root: whether it is the statement of the root field's own records, which answers their ids.
        identity: which value is the id of the record that a row changes; None where it changes none.
        references: the names of the statement's references.
        faults: the search for the rows that are to blame for a taken key; `keys` has the fields of its keys.
        deferred: the check of the records before the commit.
        written: which value is the id of the record that a row writes; None where the statement answers the ids, as
            it does beside ways.
        certain: its insertion alone, if no verdict can stand against it: the database writes all its rows, or fails.
    """

    bound: BoundStatement
    encode: Encode
    object_: Object
    action: str
    among: str | None = None
    finds: bool = False
    is_root: bool = False
    identity: int | None = None
    references: tuple[ReferenceName, ...] = ()
    faults: Faults | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    deferred: DeferredCheck | None = None
    written: int | None = None
    certain: Certain | None = None


class BoundStep(NamedTuple):
    """A step with the rows of a request.

    Attributes:
        founds: for a look-up, the result of each row; for a root, the record that it finds.
        given: the rows' parameters, where they depend on no look-up.
    """

    step: Step
    rows: Sequence[InputRow]
    founds: Sequence[Found] = ()
    given: tuple[bytes | None, ...] | None = None

    def parameters(self, given: tuple[bytes | None, ...], bindings: Bindings) -> list[bytes | None]:
        """Return the statement's parameters for rows that were encoded."""
        return self.step.bound.bind(bindings._replace(given=given))


def known_values(rows: Sequence[InputRow]) -> list[list[ColumnValue]]:
    """Return the values of rows whose look-ups are answered."""
    return [[value.id if isinstance(value, Found) else value for value in row.values] for row in rows]


def join_encoded(pieces: Sequence[tuple[bytes | None, ...]]) -> tuple[bytes, ...]:
    """Return the rows of several pieces as one: each piece is a list, in JSON or as PostgreSQL writes arrays."""
    columns = [[piece for piece in column if piece is not None] for column in zip(*pieces, strict=True)]
    return tuple(column[0][:1] + b",".join(piece[1:-1] for piece in column) + column[0][-1:] for column in columns)


def encode_objects(keys: Sequence[str]) -> Encode:
    """Return the encoder of rows as one JSON list of objects with these keys; a key that is absent means NULL."""
    return lambda rows: (encode_rows(keys, rows),)


def encode_columns(rows: Sequence[Sequence[ColumnValue]]) -> tuple[bytes, ...]:
    """Return the rows' values as arrays, one for each column."""
    return tuple(array_text(column).encode() for column in zip(*rows, strict=True))


def encode_values(rows: Sequence[Sequence[ColumnValue]]) -> tuple[bytes, ...]:
    """Return the values of the only row, each as a text of its own."""
    (row,) = rows
    return tuple(str(value).encode() for value in row)
