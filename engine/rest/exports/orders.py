"""The orders of exports: an order that no index serves has each page look through all records again."""

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.reads.measures import operand_of
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, indexed_values
from fieldstone.metadata.model import Object, Snapshot, Status
from fieldstone.sql.plan.operands import Operand

MOST_SORTED = 10_000_000
"""Records that all pages together may look through, a few seconds of the database."""


def is_served(view: Snapshot, object_: Object, order_by: str) -> bool:
    """Return whether each page in this order costs no more than its own records; a wrong order counts as one."""
    keys: list[Operand] = []
    directions = set()
    for item in order_by.split(","):
        path, _, direction = item.strip().partition("[")
        operand = _find_operand(object_, path)
        if operand is None:
            return False
        keys.append(operand)
        directions.add(direction)
        if operand == object_.key:
            break
    if keys[0] == object_.key:
        return True
    wanted = tuple(keys)
    return len(directions) == 1 and any(
        index.method == BTREE
        and index.status is Status.READY
        and indexed_values(object_, index)[: len(wanted)] == wanted
        for index in view.indexes_of.get(object_.id, ())
    )


def refuse_sorting(order_by: str, *, count: int | None, limit: int | None, page: int) -> None:
    """Refuse an export whose pages would look through too many records.

    Args:
        order_by: the order, which no index serves.
        count: the records under the filter; None if the role may not know.
        limit: the records of the export; None: all.
        page: the records of a page.

    Raises:
        BadUserInput: they would.
    """
    if limit is not None and limit <= page:
        return
    if count is not None:
        wanted = count if limit is None else min(count, limit)
        if -(-wanted // page) * count <= MOST_SORTED:
            return
    records = "all records" if count is None else f"all {count:,} records"
    raise BadUserInput(
        f"No index serves the order '{order_by[:80]}', so that each page of the export would look through {records}"
        " again: export in the order of the ids and sort the file, make an index of these fields, or export fewer"
        " records by 'filter' or 'limit'.",
        field="order_by",
    )


def _find_operand(object_: Object, path: str) -> Operand | None:
    """Return the value of a record that a path of an order leads to; None for one across a relation."""
    name, _, part = path.partition(".")
    field = object_.by_name.get(name) or object_.foreign_keys.get(name)
    if field is None or (field.relation_id is not None and name not in object_.foreign_keys):
        return None
    found = next((one for one in field.parts if (one.name or "") == part), None)
    return None if found is None else operand_of(found)
