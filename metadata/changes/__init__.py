"""Changes of the model: what they are, what they make of a snapshot, what they mean for the tables. All pure."""

from fieldstone.metadata.changes.apply import Change, apply, describe
from fieldstone.metadata.changes.types import (
    Applied,
    CreateField,
    CreateIndex,
    CreateObject,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    NewJunction,
    NewRelation,
    RetryBuild,
    SettleField,
    SettleIndex,
    UpdateField,
    UpdateObject,
)

__all__ = [
    "Applied",
    "Change",
    "CreateField",
    "CreateIndex",
    "CreateObject",
    "DeleteField",
    "DeleteIndex",
    "DeleteObject",
    "NewJunction",
    "NewRelation",
    "RetryBuild",
    "SettleField",
    "SettleIndex",
    "UpdateField",
    "UpdateObject",
    "apply",
    "describe",
]
