"""The indexes of the objects' tables."""

from uuid import UUID

from fieldstone.metadata.model.fields import Status
from fieldstone.sql.frozen import frozen
from fieldstone.sql.text_order import VERSION as TEXT_ORDER


@frozen
class Index:
    """An index on a table; `fields` in the order of its columns. `name` is physical, unique in the schema.

    One that is unique, or partial, is of the live records alone. `sub_field` is the one of a composite that it is on,
    `text_order` the order of its texts (`sql/text_order.py`; 0 is the database's). `failure` tells why it is FAILED.
    """

    id: UUID
    object_id: UUID
    name: str
    field_ids: tuple[UUID, ...]
    is_unique: bool = False
    is_partial: bool = False
    method: str = "btree"
    sub_field: str | None = None
    text_order: int = TEXT_ORDER
    status: Status = Status.READY
    failure: str | None = None
