"""The elements of read and write plans: tables, columns, parameters, conditions and hops, as plain frozen data."""

from dataclasses import dataclass
from enum import Enum

from fieldstone.sql.types import SqlType


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table by its physical name, and the cells that are computed of each of its rows."""

    schema: str
    name: str
    cells: tuple["Cell", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the row at hand, by its physical name."""

    name: str
    type: SqlType
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """The statement's parameter number `slot + 1`, cast to `type` (to an array of it where `array` is set).

    With `in_set` it is the value number `slot` of the parameter set at hand: see `sql.read_plan.EventFeed`. With
    `unplanned` PostgreSQL is not to see its value when it plans.
    """

    slot: int
    type: SqlType
    array: bool = False
    in_set: bool = False
    unplanned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The position of the column's text among `values` (1-based), NULL where it is none of them.

    Of a text[] the list of its items' positions, which orders as lists do: item by item, the shorter first.
    """

    column: Column
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The key of the column's text in the order of texts: see `sql/text_order.py`."""

    column: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPath:
    """The value at a path in a jsonb column, as a `type`.

    TEXT is the text of any value, by code points; NUMERIC and BOOLEAN are NULL where the value is of another type.
    """

    column: Column
    steps: tuple[str, ...]
    type: SqlType


Operand = Column | Ranked | Sorted | AtPath


def column_of(operand: Operand) -> Column:
    """Return the column that an operand reads."""
    return operand if isinstance(operand, Column) else operand.column


def type_of(operand: Operand) -> SqlType:
    """Return the type of the values that an operand is compared with."""
    return operand.type if isinstance(operand, AtPath) else column_of(operand).type


class TimeUnit(Enum):
    """A unit of time, from the smallest; the value is PostgreSQL's name of it."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time that PostgreSQL computes from the transaction's, as the `type` DATE or TIMESTAMP.

    It is the transaction's own time without a `unit`. `moved` adds (subtracts, where it goes `back`) so many units, on
    the clock and calendar of the `zone`, which is UTC where none is given. `start` is the number of whole units from
    the start of the current one: 0 is that start. A week begins `first_day` days after Monday.
    """

    type: SqlType
    zone: Parameter | None = None
    unit: TimeUnit | None = None
    moved: Parameter | None = None
    back: bool = False
    start: int | None = None
    first_day: Parameter | None = None


class Comparison(Enum):
    """A binary comparison; the value is its SQL spelling."""

    EQ = "="
    NE = "<>"
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    CONTAINS = "@>"
    OVERLAPS = "&&"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All hold; with no terms: true."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """One holds; with no terms: false."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The term is false (not: unknown)."""

    term: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`left` compared with a parameter, a moment or another column; both sides are ranked, or keys, where `left` is."""

    left: Operand
    comparison: Comparison
    right: Parameter | Column | Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """The column is (or, negated, is not) an element of an array parameter; the keys of both, where it is Sorted.

    PostgreSQL compares nothing with an empty array, so that NULL is known not to be in it.
    """

    column: Column | Sorted
    values: Parameter
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongPairs:
    """The two columns are (negated: are not) one of the pairs that two arrays hold side by side.

    Never unknown: a pair with a NULL in it is none. PostgreSQL makes no join of it.
    """

    columns: tuple[Column, Column]
    values: tuple[Parameter, Parameter]
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The text matches a LIKE pattern, ILIKE unless `case_sensitive`; the backslash escapes.

    If it is `narrowed`, an index has the folded text, by which the rows are found that may match.
    """

    column: Column
    pattern: Parameter
    case_sensitive: bool = False
    narrowed: bool = False


class Place(Enum):
    """Where in a text another one is."""

    ANYWHERE = "anywhere"
    START = "at its start"
    END = "at its end"
    WHOLE = "the whole of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resembles:
    """The text has another one in this place, whatever the case and, unless `keeps_accents`, the accents.

    If it is `narrowed`, an index has the folded text, by which the rows are found that may keep the accents.
    """

    column: Column
    text: Parameter
    place: Place
    keeps_accents: bool = False
    narrowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """The key is in the range of the texts that start with another one, or are that one, folded.

    The range is wide enough for all of them; for the longest it is wider.
    """

    column: Column
    text: Parameter
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IsNull:
    """The column is NULL (negated: is not)."""

    column: Column
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IsEmpty:
    """The array column is not NULL and has no elements (negated: has some)."""

    column: Column
    negated: bool = False


class JsonOperator(Enum):
    """A test of a JSON value, which is unknown where the value is not there or is JSON's null."""

    EQ = "="
    NE = "<>"
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    AMONG = "= ANY"
    NOT_AMONG = "<> ALL"
    CONTAINS = "@>"
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    HAS_KEY = "?"
    HAS_ANY_KEY = "?|"
    HAS_ALL_KEYS = "?&"
    IS_EMPTY = "IN"
    HAS_MEMBERS = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonTest:
    """A test of the value at a `path` (a text[]; None: of the whole) in a jsonb column.

    GT and the like compare texts, numbers and booleans with a `value` of their own type, and are unknown for another.
    LIKE and ILIKE are unknown for a value that is no text. CONTAINS compares texts by the `pattern`.
    """

    column: Column
    path: Parameter | None = None
    operator: JsonOperator
    value: Parameter | None = None
    pattern: Parameter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """The text search vector matches a query, given as text in the syntax of to_tsquery."""

    column: Column
    query: Parameter


class Finding(Enum):
    """How the related rows that a condition asks for are found."""

    PLANNED = "as PostgreSQL decides, by the rows at hand"
    GATHERED = "all at once, as an array of keys: for conditions that few related rows fulfil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The row across a to-one hop fulfils `condition`.

    Where there is no such row it is unknown, or (in a position where unknown and false are the same, that is not below
    a Not) false: the compiler picks EXISTS there and a scalar sub-select elsewhere.
    """

    hop: "Hop"
    condition: "Condition"
    finding: Finding = Finding.PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class HasRelated:
    """There is a row across the to-one hop (negated: there is none). Never unknown."""

    hop: "Hop"
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Untrue:
    """The term is false or unknown. Never unknown."""

    term: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class HasLinked:
    """There is a row of `table` that is linked to the row at hand and fulfils `condition` (negated: there is none).

    Only rows under `live` count. Never unknown: a row about which `condition` is unknown does not fulfil it.
    """

    table: Table
    link: "Link"
    live: "Condition"
    condition: "Condition" = And(terms=())
    negated: bool = False
    finding: Finding = Finding.PLANNED


class Measured:
    """A value that is computed from many rows: see sql/plan/aggregates.py."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HasTotals:
    """The measures over the rows of `table` that are linked to the row at hand and fulfil `condition` fulfil `having`.

    Only rows under `live` count. `having` is over a row whose columns are the measures, called m0, m1 and so on; it may
    be unknown, since the sum of no rows is NULL.
    """

    table: Table
    link: "Link"
    live: "Condition"
    condition: "Condition" = And(terms=())
    measures: tuple[Measured, ...]
    having: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value of each row, which is read as `column`: that of the column `of` where the `guard` holds, else NULL."""

    column: Column
    of: Column
    guard: "Condition"


# Conditions are over the row at hand and follow SQL's three-valued logic.
Test = Compare | Among | Matches | Resembles | KeyRange | IsNull | IsEmpty | JsonTest | Searches
Condition = And | Or | Not | Untrue | AmongPairs | Test | Related | HasRelated | HasLinked | HasTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Ties rows of another table to the row at hand: those whose `column` equals the row's `key`."""

    column: Column
    key: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A step from the row at hand to at most one row of `table`: where its `key` equals our `column`.

    `condition` is over the row arrived at (it is not deleted, say). Where `is_unique` is not set, the key alone may
    have several rows (deleted ones), and only `condition` makes it one; a Related condition then means any of them.
    """

    column: Column
    table: Table
    key: Column
    condition: Condition
    is_unique: bool = True
