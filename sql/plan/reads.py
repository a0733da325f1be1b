"""The columns that a read plan reads, found by one walk over its dataclasses, whichever elements these have.

The walk knows no element by its name. A dataclass that holds a Table is about rows of that table; a Link and a Hop tie
such rows to the row at hand; one that holds hops is about the row that the last of them arrives at.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from fieldstone.sql.plan.elements import Condition, Hop, Link, Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.parts import parts_of

Reads = Mapping[Table, frozenset[str]]
"""The physical names of the columns that are read, by their table; a table whose rows are only counted has none."""
_ROW = Table(schema="", name="")
"""The table of the row at hand, whichever it is."""


def columns_read(plan: object) -> Reads:
    """Return the columns whose values decide about the answer of a plan, or of any element of one."""
    walk = _Walk()
    walk.visit(plan, None, None)
    return {table: frozenset(names) for table, names in walk.found.items()}


def columns_of_row(condition: Condition) -> tuple[str, ...]:
    """Return the physical names of the columns of the row at hand that a condition reads, in their order."""
    walk = _Walk()
    walk.visit(condition, _ROW, None)
    return tuple(walk.found[_ROW])


def tables_named(node: object) -> Iterator[Table]:
    """Return the tables that a plan, or an element of one, names, each as often as it does."""
    return (part for part in parts_of(node) if isinstance(part, Table))


class _Walk:
    """The walk: `here` is the table of the row at hand, `outer` that of the row which it is linked to."""

    def __init__(self) -> None:
        self.found: defaultdict[Table, dict[str, None]] = defaultdict(dict)

    def visit(self, node: object, here: Table | None, outer: Table | None) -> None:
        match node:
            case Column():
                if here is None:
                    msg = f"the column {node.name} belongs to no table"
                    raise LookupError(msg)
                self.found[here][node.name] = None
            case Link():
                self.visit(node.column, here, outer)
                self.visit(node.key, outer, None)
            case Hop():
                self.hop(node, here)
            case Table():
                self.found[node]
                self._visit_members(node, node, here)
            case tuple():
                for item in node:
                    self.visit(item, here, outer)
            case _ if is_dataclass(node):
                self._visit_members(node, here, outer)

    def hop(self, hop: Hop, here: Table | None) -> Table:
        """Visit a hop from the row at hand, and return the table that it arrives at."""
        self.visit(hop.column, here, None)
        self.found[hop.table]
        self.visit((hop.key, hop.condition), hop.table, here)
        return hop.table

    def _visit_members(self, node: object, here: Table | None, outer: Table | None) -> None:
        members = [getattr(node, field.name) for field in fields(node)]  # type: ignore[arg-type]  # it is a dataclass
        for table in members:
            if isinstance(table, Table):
                self.found[table]
                here, outer = table, here
        hops = [hop for member in members for hop in _hops(member)]
        for hop in hops:
            here, outer = self.hop(hop, here), here
        for member in members:
            if not isinstance(member, Table) and not any(True for _ in _hops(member)):
                self.visit(member, here, outer)


def _hops(member: object) -> Iterator[Hop]:
    """Yield the hops that a member is or lists."""
    if isinstance(member, Hop):
        yield member
    elif isinstance(member, tuple):
        yield from (item for item in member if isinstance(item, Hop))
