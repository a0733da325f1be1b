"""The model of one workspace, immutable: objects, fields, relations, indexes and the snapshot that holds them."""

from fieldstone.metadata.model.fields import MORPH_SETTING, Access, Field, Option, Part, Status, capitalised
from fieldstone.metadata.model.indexes import Index
from fieldstone.metadata.model.objects import Object
from fieldstone.metadata.model.relation_ends import RelationEnd, relation_end
from fieldstone.metadata.model.relations import OnDelete, Relation, RelationType
from fieldstone.metadata.model.snapshots import Seen, Snapshot, Workspace

__all__ = [
    "MORPH_SETTING",
    "Access",
    "Field",
    "Index",
    "Object",
    "OnDelete",
    "Option",
    "Part",
    "Relation",
    "RelationEnd",
    "RelationType",
    "Seen",
    "Snapshot",
    "Status",
    "Workspace",
    "capitalised",
    "relation_end",
]
