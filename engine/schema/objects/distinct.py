"""The values that a connection can have one record for each of: an enum of an object's columns."""

from collections.abc import Mapping

from graphql import GraphQLEnumType, GraphQLEnumValue

from fieldstone.engine.schema.values.descriptions import describe_field, describe_key
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.changes.rules.options import NO_ENUM_VALUES
from fieldstone.metadata.model import Field, Object, Part, capitalised


def distinct_parts(object_: Object) -> Mapping[str, tuple[Field, Part]]:
    """Return the columns that records can be distinct on, by their names: a part of a composite follows its field."""
    return {
        _name(field, part): (field, part)
        for field in object_.by_name.values()
        if field.name not in NO_ENUM_VALUES
        for part in field.parts
        if part.scalar.is_comparable
    }


def _name(field: Field, part: Part) -> str:
    if field.relation_id is not None:
        return field.key_name
    return field.name + capitalised(part.name) if part.name else field.name


def build_distinct_on(object_: Object) -> GraphQLEnumType:
    """Return the enum of the columns that an object's records can be distinct on."""
    return GraphQLEnumType(
        type_name(object_, TypeRole.DISTINCT_ON),
        {
            name: GraphQLEnumValue(
                name, description=describe_field(field) if field.relation_id is None else describe_key(field)
            )
            for name, (field, _) in distinct_parts(object_).items()
        },
        description=f"A value that a connection can have one record of {object_.label_plural} for.",
    )
