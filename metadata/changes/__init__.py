"""Changes of the model as data, with their effects on snapshots and tables. All pure."""

from fieldstone.metadata.changes.apply import always, apply, describe
from fieldstone.metadata.changes.kinds.create_object import CreateObject
from fieldstone.metadata.changes.kinds.delete_field import DeleteField
from fieldstone.metadata.changes.kinds.delete_object import DeleteObject
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewJunction, NewRelation
from fieldstone.metadata.changes.kinds.fields.update_field import UpdateField
from fieldstone.metadata.changes.kinds.indexes.create_index import CreateIndex
from fieldstone.metadata.changes.kinds.indexes.delete_index import DeleteIndex
from fieldstone.metadata.changes.kinds.retry_build import RetryBuild
from fieldstone.metadata.changes.kinds.roles.create_role import CreateRole
from fieldstone.metadata.changes.kinds.roles.delete_role import DeleteRole
from fieldstone.metadata.changes.kinds.roles.update_role import UpdateRole
from fieldstone.metadata.changes.kinds.settle import SettleField, SettleIndex
from fieldstone.metadata.changes.kinds.update_object import UpdateObject
from fieldstone.metadata.changes.types import Applied, Change

__all__ = [
    "Applied",
    "Change",
    "CreateField",
    "CreateIndex",
    "CreateObject",
    "CreateRole",
    "DeleteField",
    "DeleteIndex",
    "DeleteObject",
    "DeleteRole",
    "NewJunction",
    "NewRelation",
    "RetryBuild",
    "SettleField",
    "SettleIndex",
    "UpdateField",
    "UpdateObject",
    "UpdateRole",
    "always",
    "apply",
    "describe",
]
