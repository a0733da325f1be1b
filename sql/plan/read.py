"""Read plans: which records an operation asks for, in which order, page and shape, as plain frozen data."""

from enum import Enum
from typing import Final

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import Measure
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.groups import Dimension
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import (
    AggregateRecord,
    Connection,
    Cursor,
    Edges,
    Literal,
    OrderKey,
    Page,
    PageInfo,
    Record,
    Sample,
    Value,
)
from fieldstone.sql.types import SqlType


@frozen
class One:
    """The first row under `condition` by `order`, or null. `sampled` is as in a Connection."""

    table: Table
    condition: Condition
    order: tuple[OrderKey, ...] = ()
    sampled: Sample | None = None
    record: Record


@frozen
class Aggregate:
    """Aggregates over all rows under `condition`."""

    table: Table
    condition: Condition
    record: AggregateRecord


@frozen
class DimensionTexts:
    """The texts of a group's values, as a JSON list."""

    values: tuple[Value, ...]


@frozen
class GroupRecords:
    """A connection to the first `limit` records of a group in `order`; Values and Records are of the group itself."""

    order: tuple[OrderKey, ...]
    limit: int
    cursor_tag: str
    entries: tuple[tuple[str, Edges | PageInfo | Value | Record | Literal], ...]


GroupOutput = Value | Record | Cursor | DimensionTexts | GroupRecords | Literal


@frozen
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


class EventColumns:
    """The columns of the event itself in the record of an EventFeed with several actions. No table has such columns.

    Attributes:
        CHANGED: the names, by `EventFeed.names`, of the columns that an update has changed.
    """

    ACTION: Final = Column(name=":action", type=SqlType.TEXT)
    AT: Final = Column(name=":at", type=SqlType.TIMESTAMP)
    ACTOR_KIND: Final = Column(name=":actor_kind", type=SqlType.TEXT)
    ACTOR_ID: Final = Column(name=":actor_id", type=SqlType.UUID)
    ACTOR: Final = Column(name=":actor", type=SqlType.TEXT)
    CHANGED: Final = Column(name=":changed", type=SqlType.TEXT)


@frozen
class EventFeed:
    """The events of an action on one object in a range of positions, for the parameter sets of subscribers.

    One row for each event, in log order, at most `limit`: its position; the numbers from 1 of the parameter sets that
    want it, with commas between them, NULL where none does; the JSON text of its record, NULL likewise, and where one
    of the `required` values is NULL. The record is the row as the write left it (as it was before, where the write
    removed it); values that `record` reads from other tables are as they are now. The log has the columns of the
    migration that makes it. The column of a guarded one has changed where the guard holds.

    Attributes:
        table: where such records are kept, for the types of their columns, with its guarded columns.
        action: that of the events, or the array of the actions.
        after: the position that the range begins behind; it ends with `upto`. An array: the positions themselves.
        sets: a JSON list of one object for each set, with the texts or nulls p0, p1 and so on, `set_size` of them.
        changed: the value in the sets of which columns an update must have changed one; NULL is any.
        condition: over the record; its parameters are `in_set`.
        names: arrays of columns and of the names that stand for them; None where the record does not have them.
        former: the names that columns have in older events, each with the column of the table.
        required: the values without which a record cannot be shown.
        most_bytes: as in `ReadPlan`, of the connections in all results.
        tells_changed: whether each row has the changed columns as a JSON list, too.
    """

    log: Table
    table: Table
    object_id: str
    action: str | Parameter
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
    names: tuple[Parameter, Parameter] | None = None
    former: tuple[tuple[str, str], ...] = ()
    required: tuple[Value, ...] = ()


@frozen
class NodeBranch:
    """The records of one object among nodes: those of `ids`, a uuid[] that is NULL in the places of other objects."""

    ids: Parameter
    table: Table
    key: Column
    condition: Condition
    record: Record


@frozen
class Nodes:
    """Records of several objects in the order of their ids, null where there is none: a list, or the only one.

    `places` is a uuid[] as long as that of each branch; `limit` is the most ids.
    """

    places: Parameter
    branches: tuple[NodeBranch, ...]
    is_list: bool
    limit: int


@frozen
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


@frozen
class HitRecord:
    """The hit's record: the one in this place among the `records` of its branch."""

    place: int


@frozen
class Hit:
    """A hit as a JSON object."""

    entries: tuple[tuple[str, HitFact | HitRecord | Literal], ...]


@frozen
class HitEdges:
    """The page's hits as a JSON list; each edge's entries are its node (a Hit), its cursor, or constants."""

    entries: tuple[tuple[str, Hit | Cursor | Literal], ...]


@frozen
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


@frozen
class Search:
    """A page of the records of several objects that have all words of a query, the best first.

    Attributes:
        query: its text.
        words: the same in the syntax of to_tsquery.
        patterns: an array of patterns that the folded texts of each record with these words match, for branches that
            are not indexed.
        page: forward; its seek has the digest of the query, the rank, the object's name, and the key.
    """

    query: Parameter
    words: Parameter
    patterns: Parameter | None
    branches: tuple[SearchBranch, ...]
    page: Page
    cursor_tag: str
    entries: tuple[tuple[str, HitEdges | PageInfo | Literal], ...]


Root = Connection | One | Aggregate | Groups | Nodes | Duplicates | Search | Literal


@frozen
class ReadPlan:
    """One SELECT whose single row and column is the JSON object with these root entries.

    Attributes:
        most_bytes: above which PostgreSQL ends the statement while it builds the answer; None where nothing is counted.
    """

    entries: tuple[tuple[str, Root], ...]
    most_bytes: int | None = None
