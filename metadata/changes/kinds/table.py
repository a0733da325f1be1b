"""All kinds of change: the API, the history and the plans of changes are derived from this table."""

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.metadata.changes.kinds.create_object import CREATE_OBJECT
from fieldstone.metadata.changes.kinds.delete_field import DELETE_FIELD
from fieldstone.metadata.changes.kinds.delete_object import DELETE_OBJECT
from fieldstone.metadata.changes.kinds.fields.create_field import CREATE_FIELD
from fieldstone.metadata.changes.kinds.fields.update_field import UPDATE_FIELD
from fieldstone.metadata.changes.kinds.indexes.create_index import CREATE_INDEX
from fieldstone.metadata.changes.kinds.indexes.delete_index import DELETE_INDEX
from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.kinds.renew_texts import RENEW_TEXTS, RENEW_WORDS
from fieldstone.metadata.changes.kinds.retry_build import RETRY_BUILD
from fieldstone.metadata.changes.kinds.roles.create_role import CREATE_ROLE
from fieldstone.metadata.changes.kinds.roles.delete_role import DELETE_ROLE
from fieldstone.metadata.changes.kinds.roles.update_role import UPDATE_ROLE
from fieldstone.metadata.changes.kinds.settle import SETTLE_FIELD, SETTLE_INDEX
from fieldstone.metadata.changes.kinds.update_object import UPDATE_OBJECT
from fieldstone.metadata.changes.types import Change

_ALL: Final[tuple[Kind[Any], ...]] = (
    CREATE_OBJECT,
    CREATE_FIELD,
    CREATE_INDEX,
    UPDATE_OBJECT,
    UPDATE_FIELD,
    DELETE_OBJECT,
    DELETE_FIELD,
    DELETE_INDEX,
    RETRY_BUILD,
    SETTLE_FIELD,
    SETTLE_INDEX,
    RENEW_TEXTS,
    RENEW_WORDS,
    CREATE_ROLE,
    UPDATE_ROLE,
    DELETE_ROLE,
)

KINDS: Final[Mapping[str, Kind[Any]]] = {kind.action: kind for kind in _ALL}
"""The kinds of change by their actions."""

_BY_TYPE: Final[Mapping[type[Change], Kind[Any]]] = {kind.type: kind for kind in _ALL}


def kind_of(change: Change) -> Kind[Any]:
    """Return the kind of a change."""
    return _BY_TYPE[type(change)]
