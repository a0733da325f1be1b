"""The elements of read and write plans: tables, conditions and hops, as plain frozen data."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column, Moment, Operand, Parameter, Sorted


@frozen
class Table:
    """A table by its physical name, and the guarded columns that are computed of each of its rows.

    Attributes:
        is_distributed: whether it lies in a schema that Citus distributes.
    """

    schema: str
    name: str
    guarded: tuple["GuardedColumn", ...] = ()
    is_distributed: bool = False


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


@frozen
class And:
    """All hold; with no terms: true."""

    terms: tuple["Condition", ...]


@frozen
class Or:
    """One holds; with no terms: false."""

    terms: tuple["Condition", ...]


@frozen
class Not:
    """The term is false (not: unknown)."""

    term: "Condition"


@frozen
class Compare:
    """`left` compared with a parameter, a moment or another column; both sides are ranked, or keys, where `left` is.

    If it is `singly`, rows that are looked at in order are compared one by one, and found by no index.
    """

    left: Operand
    comparison: Comparison
    right: Parameter | Column | Moment
    singly: bool = False


@frozen
class Among:
    """The column is (or, negated, is not) an element of an array parameter; the keys of both, where it is Sorted.

    PostgreSQL compares nothing with an empty array, so that NULL is known not to be in it.
    """

    column: Column | Sorted
    values: Parameter
    negated: bool = False


@frozen
class AmongPairs:
    """The two columns are (negated: are not) one of the pairs that two arrays hold side by side.

    Never unknown: a pair with a NULL in it is none. PostgreSQL makes no join of it.
    """

    columns: tuple[Column, Column]
    values: tuple[Parameter, Parameter]
    negated: bool = False


@frozen
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


@frozen
class Resembles:
    """The text has another one in this place, whatever the case and, unless `keeps_accents`, the accents.

    If it is `narrowed`, an index has the folded text, by which the rows are found that may keep the accents.
    """

    column: Column
    text: Parameter
    place: Place
    keeps_accents: bool = False
    narrowed: bool = False


@frozen
class KeyRange:
    """The key is in the range of the texts that start with another one, or are that one, folded.

    The range is wide enough for all of them; for the longest it is wider.
    """

    column: Column
    text: Parameter
    whole: bool


@frozen
class IsNull:
    """The column is NULL (negated: is not)."""

    column: Column
    negated: bool = False


@frozen
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


@frozen
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


@frozen
class Searches:
    """The text search vector matches a query, given as text in the syntax of to_tsquery."""

    column: Column
    query: Parameter


class Finding(Enum):
    """How the related rows that a condition asks for are found."""

    PLANNED = "as PostgreSQL decides, by the rows at hand"
    GATHERED = "all at once, as an array of keys: for conditions that few related rows fulfil"


@frozen
class Related:
    """The row across a to-one hop fulfils `condition`.

    Where there is no such row it is unknown, or (in a position where unknown and false are the same, that is not below
    a Not) false: the compiler picks EXISTS there and a scalar sub-select elsewhere.
    """

    hop: "Hop"
    condition: "Condition"
    finding: Finding = Finding.PLANNED


@frozen
class HasRelated:
    """There is a row across the to-one hop (negated: there is none). Never unknown."""

    hop: "Hop"
    negated: bool = False


@frozen
class Untrue:
    """The term is false or unknown. Never unknown."""

    term: "Condition"


@frozen
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


@frozen
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


@frozen
class GuardedColumn:
    """A value of each row, which is read as `column`: that of the column `of` where the `guard` holds, else NULL."""

    column: Column
    of: Column
    guard: "Condition"


# Conditions are over the row at hand and follow SQL's three-valued logic.
Test = Compare | Among | Matches | Resembles | KeyRange | IsNull | IsEmpty | JsonTest | Searches
Condition = And | Or | Not | Untrue | AmongPairs | Test | Related | HasRelated | HasLinked | HasTotals


@frozen
class Link:
    """Ties rows of another table to the row at hand: those whose `column` equals the row's `key`."""

    column: Column
    key: Column


@frozen
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
