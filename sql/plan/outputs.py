"""The outputs of a read: records with their values and relations, and the connections that list them."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import Measure
from fieldstone.sql.plan.elements import Condition, Hop, Link, Table
from fieldstone.sql.plan.operands import Column, Operand, Parameter
from fieldstone.sql.types import Encoding


@frozen
class Totals:
    """A measure over the rows of `table` that are linked to the row at hand and fulfil `condition`.

    Only rows under `live` count. The measure is the column m0. `name` is the same for the same measure, whatever the
    values in `condition`.
    """

    table: Table
    link: Link
    live: Condition
    condition: Condition
    measure: Measure
    name: str


@frozen
class OrderKey:
    """One key of a total order; the last key of an order is unique and not nullable.

    Its operand is of the row that the hops lead to, or where there are `totals`, of theirs for that row.
    """

    hops: tuple[Hop, ...] = ()
    totals: Totals | None = None
    operand: Operand
    descending: bool = False
    nulls_first: bool = False
    nullable: bool = True


@frozen
class Page:
    """Which rows of the ordered set: `limit` from the start, or from the end where `backward`.

    `seek` holds one entry for each order key, the values of a cursor (None: the key is NULL there): only rows behind it
    (before it, where `backward`) are meant. A Ranked key's value is the text that is ranked, a Sorted one's the
    beginning of the text. The limit is a literal in SQL; everything else is a parameter. `offset` rows are passed over,
    from the end where `backward`. The price of the page is that of `priced` rows, if it is not that of its limit.
    """

    limit: int
    backward: bool = False
    seek: tuple[Parameter | None, ...] | None = None
    offset: Parameter | None = None
    priced: int | None = None


# Output: the text that is written for the row at hand. Keys are response keys. The empty one, which no client can give,
# is BARE: the only entry under it is written by itself, without an object around it.
BARE = ""


@frozen
class Literal:
    """Constant JSON text."""

    text: str


@frozen
class Value:
    """A column's value, or the value at a `path` (a text[]) in a jsonb column.

    With `allowed`, the column is of texts or lists of them, and others than these are left out: NULL, or no item.
    `fallback` stands in the place of NULL.
    """

    column: Column
    encoding: Encoding
    path: Parameter | None = None
    allowed: tuple[str, ...] | None = None
    fallback: Parameter | None = None


@frozen
class Record:
    """A JSON object with these keys in this order (keys are response keys of any length; unique)."""

    entries: tuple[tuple[str, "Output"], ...]


@frozen
class ToOne:
    """The row across a hop, or null."""

    hop: Hop
    record: Record


@frozen
class Cursor:
    """The row's cursor text: see `Connection.cursor_tag`."""


@frozen
class Edges:
    """The page's rows as a JSON list; each edge's entries are its node (a Record), its cursor, or constants."""

    entries: tuple[tuple[str, "Record | Cursor | Literal"], ...]


class PageFact(Enum):
    """A fact about the page."""

    HAS_NEXT = "hasNextPage"
    HAS_PREVIOUS = "hasPreviousPage"
    START_CURSOR = "startCursor"
    END_CURSOR = "endCursor"


@frozen
class PageInfo:
    """Facts about the page, as a JSON object."""

    entries: tuple[tuple[str, PageFact | Literal], ...]


@frozen
class AggregateRecord:
    """A JSON object of aggregates over all rows under a condition, nested as deep as asked."""

    entries: tuple[tuple[str, "Measure | Literal | AggregateRecord"], ...]


@frozen
class Likeness:
    """A column whose values are alike in two rows: texts that are equal when folded and not empty, or equal values.

    With `has_index` an index has the values, or the keys of the texts.
    """

    column: Column
    is_text: bool
    has_index: bool = False


@frozen
class Alike:
    """Ties rows to another row at hand, with the same columns: all values of one of the `criteria` are alike.

    A row is not tied to the one with its own `key`.
    """

    key: Column
    criteria: tuple[tuple[Likeness, ...], ...]


@frozen
class Sample:
    """The choice of a page between its order, which an index serves, and its condition, which others do.

    Attributes:
        unfound: the tables of related rows that no index finds, so that all of them are read to follow the condition.
    """

    unfound: tuple[Table, ...] = ()


@frozen
class Connection:
    """A page of `table`'s rows under `condition` in `order`, tied by `link` to the row at hand where there is one.

    Its cursors are made under `cursor_tag`, as sql/values/page_cursor.py writes and reads them. Where it is `sampled`,
    its first rows decide whether it follows its order or its condition. The measures
    among the entries are over all rows meant, whatever the page: a count of them is the total count. Where columns are
    `distinct`, which are those of the first order keys, only the first row in order is meant of all rows with the same
    values in them.
    """

    table: Table
    condition: Condition
    link: Link | Alike | None = None
    order: tuple[OrderKey, ...]
    page: Page
    cursor_tag: str
    sampled: Sample | None = None
    distinct: tuple[Column, ...] = ()
    entries: tuple[tuple[str, "Edges | PageInfo | Measure | AggregateRecord | Literal"], ...]


@frozen
class NodeId:
    """The id of the row among the records of all objects: base64url of the object's id and the key."""

    object_id: bytes
    key: Column


Output = Literal | Value | NodeId | Record | ToOne | Connection
