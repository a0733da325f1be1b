"""`objectStats`: the numbers of the records of objects, estimated where a table is large, and the bytes they take."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.engine.errors import BadUserInput, Forbidden, NotFound
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import WHOLLY
from fieldstone.metadata.scalars import shown
from fieldstone.sql.ddl import column_rows
from fieldstone.sql.executor import Database
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Statement

_SIZES = named_statement(__name__, "table_sizes")
_DISTRIBUTED_SIZES = named_statement(__name__, "distributed_table_sizes")

MOST_OBJECTS = 200
"""Objects of one question."""
SMALL = 1 << 18
"""Bytes of a table up to which its rows are counted."""
MOST_COUNTED = 10_000
"""Rows that are counted of a table: PostgreSQL has no figure of one that it has never looked through."""


async def count_objects(
    database: Database, model: Snapshot, principal: Principal, names: Sequence[str], *, time_limit: float
) -> JsonValue:
    """Return the members of each `ObjectStats`, in the order of the names or ids.

    Raises:
        BadUserInput: there are too many.
        NotFound: the role sees no such object.
        Forbidden: the role may not count its records.
        DatabaseError: the database fails.
    """
    view = view_of(model, principal.role)
    objects = find_seen(view, names)
    for one in objects:
        if one.rights.read != WHOLLY or not one.rights.aggregates:
            raise Forbidden(f"The role of this request may not count the records of {one.name_singular}.")
    share = principal.share
    marks = [object_.deleted_at.name if object_.deleted_at else "" for object_ in objects]
    sizes = _DISTRIBUTED_SIZES if model.workspace.is_distributed else _SIZES
    step = sizes.bind(tables=[quote_table(object_.table) for object_ in objects], columns=marks)
    ((text,),) = await database.read(*step, timeout=time_limit, share=share)
    found = [_Size(*row) for row in loads((text or b"[]").decode())]
    counted = [place for place, size in enumerate(found) if size.is_counted]
    steps = [(_count(objects[place]), ()) for place in counted]
    answers = await database.pipeline(steps, timeout=time_limit, share=share) if steps else []
    exact = {place: [int(value or b"0") for value in rows[0]] for place, rows in zip(counted, answers, strict=True)}
    return [
        {
            "object": object_.name_singular,
            "objectMetadataId": str(object_.id),
            **size.show(exact.get(place), shows_deleted=bool(object_.rights.restore or object_.rights.destroy)),
        }
        for place, (object_, size) in enumerate(zip(objects, found, strict=True))
    ]


class _Size:
    """PostgreSQL's figures of a table; `rows` is negative where it has never looked through it."""

    __slots__ = ("_bytes", "_nulls", "_pages", "_rows", "_table_bytes")

    def __init__(
        self, rows: float | None, pages: int | None, table_bytes: int | None, bytes_: int | None, nulls: float | None
    ) -> None:
        self._rows = -1.0 if rows is None else float(rows)
        self._pages = pages or 0
        self._table_bytes = table_bytes or 0
        self._bytes = bytes_ or 0
        self._nulls = 1.0 if nulls is None else float(nulls)

    @property
    def is_counted(self) -> bool:
        """Whether the rows are counted."""
        return self._table_bytes <= SMALL or self._rows < 0 or not self._pages

    def show(self, exact: Sequence[int] | None, *, shows_deleted: bool) -> Mapping[str, Any]:
        """Return the figures as the API shows them.

        Args:
            exact: the counted rows, and the deleted ones among them.
            shows_deleted: whether the reader's role may read deleted records; else there are none for it.
        """
        if exact is not None:
            rows, deleted = exact
            is_estimated = rows >= MOST_COUNTED and self._table_bytes > SMALL
        else:
            # As PostgreSQL's planner does: the rows of a page, times the pages that there are by now.
            rows = round(self._rows / self._pages * (self._table_bytes / _PAGE))
            deleted, is_estimated = round(rows * (1 - self._nulls)), True
        return {
            "records": str(rows - deleted),
            "deleted": str(deleted if shows_deleted else 0),
            "bytes": str(self._bytes),
            "estimated": is_estimated,
        }


_PAGE = 8192


def find_seen(view: Snapshot, names: Sequence[str]) -> list[Object]:
    """Return the objects with these nameSingulars or ids.

    Raises:
        BadUserInput: there are too many.
        NotFound: the role sees no such object.
    """
    if len(names) > MOST_OBJECTS:
        raise BadUserInput(f"objects must have at most {MOST_OBJECTS} items, not {len(names)}.", field="objects")
    known = {**{str(one.id): one for one in view.by_singular.values()}, **view.by_singular}
    if absent := [name for name in names if name not in known]:
        raise NotFound(f"There is no object {shown(absent[0])}.", field="objects")
    return [known[name] for name in names]


def _count(object_: Object) -> Statement:
    return Statement(text=column_rows.count_deleted(object_.table, object_.deleted_at, limit=MOST_COUNTED).as_string())
