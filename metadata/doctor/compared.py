"""A table of a workspace, as it was found and as the model has it, and a difference between the two."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.changes.tables.migration import is_primary_key
from fieldstone.metadata.doctor.tables import Tables
from fieldstone.metadata.model import Index, Object, Relation, Snapshot, Status
from fieldstone.metadata.sql_views.definition import SqlSchema
from fieldstone.metadata.sql_views.rules import CompileRules
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.frozen import frozen


@frozen
class Drift:
    """One difference between a table and the model.

    Attributes:
        finding: a sentence.
        repair: the statements that make it so, None where people must decide.
        table: the name of the table that it is about.
    """

    finding: str
    repair: str | None = None
    table: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelParts:
    """The model, with the parts of an object found at once."""

    snapshot: Snapshot
    trigram: TrigramClass | None
    schemas: tuple[SqlSchema, ...]
    compile_rules: CompileRules | None

    @cached_property
    def relations(self) -> Mapping[UUID, Sequence[Relation]]:
        """The relations whose keys each object holds."""
        found: defaultdict[UUID, list[Relation]] = defaultdict(list)
        for relation in self.snapshot.relations.values():
            found[relation.source_object_id].append(relation)
        return found

    def built(self, object_: Object) -> list[Index]:
        """Return the indexes that an object's table is to have by now."""
        return [index for index in self.snapshot.indexes_of[object_.id] if index.status is Status.READY]

    def primary_key(self, object_: Object) -> str:
        """Return the name of the primary key of an object's table."""
        return next(index.name for index in self.snapshot.indexes_of[object_.id] if is_primary_key(index, object_))


@frozen
class ComparedTable:
    """One object's table: as it was found, and as it is to be."""

    object_: Object
    parts: ModelParts
    found: Tables
    wanted: Tables

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.object_.table.name


def build_drift(object_: Object, finding: str, *statements: Composed) -> Drift:
    """Return a difference of an object's table, with the statements that end it; without one people must decide."""
    return Drift(finding=finding, repair=_joined(statements), table=object_.table.name)


def _joined(statements: Sequence[Composed]) -> str | None:
    return "; ".join(statement.as_string() for statement in statements) or None
