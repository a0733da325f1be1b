"""A saved view as it is kept: its content names fields by their ids."""

from collections.abc import Mapping
from enum import Enum
from typing import Final
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.frozen import frozen

LONGEST_NAME: Final = 200
"""Characters of a view's name."""
MOST_COLUMNS: Final = 500
"""Columns of a view."""
MOST_OF_OWNER: Final = 200
"""Views of one key or user."""
MOST_SHARED: Final = 2_000
"""Shared views of a workspace."""
WIDEST: Final = 10_000
"""Pixels of a column."""


class ViewKind(Enum):
    """The kinds of a view."""

    TABLE = "TABLE"
    KANBAN = "KANBAN"


@frozen
class ViewColumn:
    """A column of a view; its width is in pixels, None: as the client likes."""

    field_id: UUID
    width: int | None = None
    is_visible: bool = True


@frozen
class ViewContent:
    """The part of a view that names fields.

    Attributes:
        columns: in their order.
        filter: with ids in the place of the fields' names, as `Stored.text` has them; None: all records.
        order: the same of the order, a list; None: that of the API.
        board: the field whose options are the columns of a board.
        names: the name that each field had when the view was saved.
    """

    columns: tuple[ViewColumn, ...] = ()
    filter: JsonValue = None
    order: JsonValue = None
    board: UUID | None = None
    names: Mapping[UUID, str]

    def text(self) -> str:
        """Return it as JSON text."""
        return dumps(
            {
                "columns": [[str(one.field_id), one.width, one.is_visible] for one in self.columns],
                "filter": self.filter,
                "order": self.order,
                "board": None if self.board is None else str(self.board),
                "names": {str(id_): name for id_, name in self.names.items()},
            }
        )


@frozen
class SavedView:
    """A saved view. Times are ISO 8601 in UTC, to the second."""

    id: UUID
    object_id: UUID
    kind: ViewKind
    name: str
    content: ViewContent
    is_shared: bool
    owner_id: UUID
    owner_name: str
    created_at: str
    updated_at: str

    def is_of(self, principal: Principal) -> bool:
        """Return whether it is a principal's own."""
        return self.owner_id == principal.subject_id


def read_views(text: bytes | str) -> tuple[SavedView, ...]:
    """Return the views of a JSON list of rows."""
    return tuple(map(_read_view, loads(text)))


def _read_view(row: Mapping[str, JsonValue]) -> SavedView:
    content = row["content"]
    return SavedView(
        id=UUID(row["id"]),
        object_id=UUID(row["objectId"]),
        kind=ViewKind(row["kind"]),
        name=row["name"],
        content=ViewContent(
            columns=tuple(
                ViewColumn(field_id=UUID(id_), width=width, is_visible=is_visible)
                for id_, width, is_visible in content["columns"]
            ),
            filter=content["filter"],
            order=content["order"],
            board=None if content["board"] is None else UUID(content["board"]),
            names={UUID(id_): name for id_, name in content["names"].items()},
        ),
        is_shared=row["isShared"],
        owner_id=UUID(row["ownerId"]),
        owner_name=row["ownerName"],
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
    )
