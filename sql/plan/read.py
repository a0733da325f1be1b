"""Read plans: which records an operation asks for, in which order, page and shape, as plain frozen data."""

from dataclasses import dataclass
from enum import Enum

from fieldstone.sql.plan.aggregates import Measure
from fieldstone.sql.plan.elements import Column, Condition, Hop, Link, Operand, Parameter, Table
from fieldstone.sql.plan.groups import Dimension
from fieldstone.sql.types import Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """Constant JSON text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A column's value, or the value at a `path` (a text[]) in a jsonb column."""

    column: Column
    encoding: Encoding
    path: Parameter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A JSON object with these keys in this order (keys are response keys of any length; unique)."""

    entries: tuple[tuple[str, "Output"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToOne:
    """The row across a hop, or null."""

    hop: Hop
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The row's cursor text: see `Connection.cursor_tag`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The page's rows as a JSON list; each edge's entries are its node (a Record), its cursor, or constants."""

    entries: tuple[tuple[str, "Record | Cursor | Literal"], ...]


class PageFact(Enum):
    """A fact about the page."""

    HAS_NEXT = "hasNextPage"
    HAS_PREVIOUS = "hasPreviousPage"
    START_CURSOR = "startCursor"
    END_CURSOR = "endCursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """Facts about the page, as a JSON object."""

    entries: tuple[tuple[str, PageFact | Literal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateRecord:
    """A JSON object of aggregates over all rows under a condition, nested as deep as asked."""

    entries: tuple[tuple[str, "Measure | Literal | AggregateRecord"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A column whose values are alike in two rows: texts that are equal when folded and not empty, or equal values.

    With `has_index` an index has the values, or the keys of the texts.
    """

    column: Column
    is_text: bool
    has_index: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Ties rows to another row at hand, with the same columns: all values of one of the `criteria` are alike.

    A row is not tied to the one with its own `key`.
    """

    key: Column
    criteria: tuple[tuple[Likeness, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A page of `table`'s rows under `condition` in `order`, tied by `link` to the row at hand where there is one.

    Its cursors are made under `cursor_tag`, as sql/page_cursor.py writes and reads them. Where it is `sampled`, an
    index serves the order, others the condition, and its first rows decide which of them is followed. The measures
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
    sampled: bool = False
    distinct: tuple[Column, ...] = ()
    entries: tuple[tuple[str, "Edges | PageInfo | Measure | AggregateRecord | Literal"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """The first row under `condition` by `order`, or null. `sampled` is as in a Connection."""

    table: Table
    condition: Condition
    order: tuple[OrderKey, ...] = ()
    sampled: bool = False
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Aggregates over all rows under `condition`."""

    table: Table
    condition: Condition
    record: AggregateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionTexts:
    """The texts of a group's values, as a JSON list."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecords:
    """A connection to the first `limit` records of a group in `order`; Values and Records are of the group itself."""

    order: tuple[OrderKey, ...]
    limit: int
    cursor_tag: str
    entries: tuple[tuple[str, Edges | PageInfo | Value | Record | Literal], ...]


GroupOutput = Value | Record | Cursor | DimensionTexts | GroupRecords | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """A page of the groups of `table`'s rows under `condition`, as a JSON list.

    Attributes:
        dimensions: the values that the rows of a group have in common; NULL is one.
        measures: computed for each group, the first of them the Count.
        having: a condition on the groups: on the columns of dimensions and measures, as `order` and `entries` are.
    """

    table: Table
    condition: Condition
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    having: Condition
    order: tuple[OrderKey, ...]
    page: Page
    cursor_tag: str
    entries: tuple[tuple[str, GroupOutput], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFeed:
    """The events of one action on one object in a range of positions, for the parameter sets of subscribers.

    One row for each event, in log order, at most `limit`: its position; the numbers from 1 of the parameter sets that
    want it, with commas between them, NULL where none does; the JSON text of its record, NULL likewise. The record is
    the row as the write left it (as it was before, where the write removed it); values that `record` reads from other
    tables are as they are now. The log has the columns of the migration that makes it. A column of which a cell is
    computed has changed where the guard of the cell holds.

    Attributes:
        table: where such records are kept, for the types of their columns, with the cells of the record.
        after: the position that the range begins behind; it ends with `upto`.
        sets: a JSON list of one object for each set, with the texts or nulls p0, p1 and so on, `set_size` of them.
        changed: the value in the sets of which columns an update must have changed one; NULL is any.
        condition: over the record; its parameters are `in_set`.
        most_bytes: as in `ReadPlan`, of the connections in all results.
        tells_changed: whether each row has the changed columns as a JSON list, too.
    """

    log: Table
    table: Table
    object_id: str
    action: str
    after: Parameter
    upto: Parameter
    sets: Parameter
    set_size: int
    changed: Parameter | None
    condition: Condition
    limit: int
    record: Record
    most_bytes: int | None = None
    tells_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeId:
    """The id of the row among the records of all objects: base64url of the object's id and the key."""

    object_id: bytes
    key: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBranch:
    """The records of one object among nodes: those of `ids`, a uuid[] that is NULL in the places of other objects."""

    ids: Parameter
    table: Table
    key: Column
    condition: Condition
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Records of several objects in the order of their ids, null where there is none: a list, or the only one.

    `places` is a uuid[] as long as that of each branch; `limit` is the most ids.
    """

    places: Parameter
    branches: tuple[NodeBranch, ...]
    is_list: bool
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """A connection for each of some given records, in their order: a JSON list.

    The records are those with the `ids` (a uuid[]), of which one that is not there, or not under `condition`, has no
    duplicates; or the objects of the JSON list `rows`, whose keys are the physical names of the columns. The link of
    the connection is an Alike. `count` is the number of records that the plan is priced for.
    """

    table: Table
    ids: Parameter | None = None
    rows: Parameter | None = None
    condition: Condition
    connection: Connection
    count: int


class HitFact(Enum):
    """A fact about a hit of a search: its object's name, its rank, and its text with the words marked in it."""

    OBJECT = "object"
    RANK = "rank"
    SNIPPET = "snippet"


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRecord:
    """The hit's record: the one in this place among the `records` of its branch."""

    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A hit as a JSON object."""

    entries: tuple[tuple[str, HitFact | HitRecord | Literal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitEdges:
    """The page's hits as a JSON list; each edge's entries are its node (a Hit), its cursor, or constants."""

    entries: tuple[tuple[str, Hit | Cursor | Literal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBranch:
    """The records of one object, called `name`, in which a search looks: `texts` have the words, `label` resembles.

    If it is `indexed`, an index has the words, else all records are read.
    """

    name: str
    table: Table
    key: Column
    label: tuple[Column, ...]
    texts: tuple[Column, ...]
    indexed: bool
    condition: Condition
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A page of the records of several objects that have all words of a query, the best first.

    Attributes:
        query: its text.
        words: the same in the syntax of to_tsquery.
        page: forward; its seek has the digest of the query, the rank, the object's name, and the key.
    """

    query: Parameter
    words: Parameter
    branches: tuple[SearchBranch, ...]
    page: Page
    cursor_tag: str
    entries: tuple[tuple[str, HitEdges | PageInfo | Literal], ...]


Output = Literal | Value | NodeId | Record | ToOne | Connection
Root = Connection | One | Aggregate | Groups | Nodes | Duplicates | Search | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """One SELECT whose single row and column is the JSON object with these root entries.

    Attributes:
        most_bytes: above which PostgreSQL ends the statement while it builds the answer; None where nothing is counted.
    """

    entries: tuple[tuple[str, Root], ...]
    most_bytes: int | None = None
