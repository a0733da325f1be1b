"""How the catalog's tables are described as objects, fields and relations of a model."""

from collections.abc import Callable, Iterable
from uuid import UUID, uuid5

from fieldstone.metadata.changes.members import snake_case
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Access, Field, Object, Option, Relation
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType

_NAMESPACE = UUID("6f1f4f0e-0a35-4d56-9b0c-1d1c0c2f7a11")
_SCHEMA = "fieldstone"
_OWNER = Column(name="workspace_id", type=SqlType.UUID, nullable=False)


def catalog_id(*path: str) -> UUID:
    """Return the id of a part of this model, the same in every process."""
    return uuid5(_NAMESPACE, ".".join(path))


FieldOf = Callable[[str], Field]
"""Makes the field of the object that it is told the name of."""


def catalog_field(
    name: str,
    type_: FieldType,
    description: str,
    *,
    column: str | None = None,
    required: bool = True,
    unique: bool = False,
    options: Iterable[str] = (),
    relation: str | None = None,
    data_type: str | None = None,
) -> FieldOf:
    """Return the maker of a field that no client writes; its column has its name in snake_case unless given."""
    choices = tuple(Option(value=value, label=value, position=place) for place, value in enumerate(options))
    return lambda owner: Field(
        id=catalog_id(owner, name),
        object_id=catalog_id(owner),
        name=name,
        type=type_,
        label=name,
        description=description,
        column=snake_case(name) if column is None else column,
        is_nullable=not required,
        is_unique=unique,
        is_custom=False,
        is_system=True,
        options=choices,
        relation_id=catalog_id("relation between", relation) if relation else None,
        settings={"dataType": data_type} if data_type else {},
        access=Access.READ_ONLY,
    )


def catalog_object(singular: str, plural: str, table: str, description: str, fields: Iterable[FieldOf]) -> Object:
    """Return an object whose records are a table or view of the catalog, shared by all workspaces."""
    return Object(
        id=catalog_id(singular),
        name_singular=singular,
        name_plural=plural,
        label_singular=singular,
        label_plural=plural,
        description=description,
        table=Table(schema=_SCHEMA, name=table),
        is_custom=False,
        is_system=True,
        fields=tuple(make(singular) for make in fields),
        owner=_OWNER,
    )


def catalog_relation(source: str, name: str, target: str, inverse: str = "id") -> Relation:
    """Return a relation; one that is shown at its source alone ends at the target's id."""
    return Relation(
        id=catalog_id("relation between", f"{source}.{name}"),
        source_object_id=catalog_id(source),
        source_field_id=catalog_id(source, name),
        target_object_id=catalog_id(target),
        target_field_id=catalog_id(target, inverse),
    )
