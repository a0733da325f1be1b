"""The names that an object has in the GraphQL API, derived from its own."""

from collections.abc import Iterator, Mapping

from fieldstone.metadata.api_names.rights import lacking, may_ask
from fieldstone.metadata.api_names.roles import FieldTypeRole, QueryRole, TypeRole, Verb
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, capitalised

OF_MANY = frozenset({Verb.MERGE})
"""The verbs that stand before the names of several records alone."""

ENDINGS: Mapping[Verb | None, str] = {
    Verb.CREATE: "Created",
    Verb.UPDATE: "Updated",
    Verb.DELETE: "Deleted",
    Verb.RESTORE: "Restored",
    Verb.DESTROY: "Destroyed",
    None: "Changed",
}
"""The endings behind the object's name in a root field of Subscription; without a verb each write is meant. None ends
with another, so that two such names are equal only where their objects' names are."""

DUPLICATES = "Duplicates"


def type_name(object_: Object, role: TypeRole) -> str:
    """Return the name of an object's GraphQL type."""
    return object_.type_name + role.value


def enum_name(object_: Object, field: Field, role: FieldTypeRole = FieldTypeRole.ENUM) -> str:
    """Return the name of a SELECT field's GraphQL type."""
    return object_.type_name + capitalised(field.name) + role.value


def query_name(object_: Object, role: QueryRole) -> str:
    """Return the name of a root field of Query."""
    match role:
        case QueryRole.ONE:
            return object_.name_singular
        case QueryRole.MANY:
            return object_.name_plural
        case QueryRole.AGGREGATE:
            return f"{object_.name_plural}Aggregate"
        case QueryRole.GROUP_BY:
            return f"{object_.name_plural}GroupBy"
        case QueryRole.DUPLICATES:
            return f"{object_.name_singular}{DUPLICATES}"


def mutation_name(object_: Object, verb: Verb, *, many: bool) -> str:
    """Return the name of a root field of Mutation."""
    return verb.value + capitalised(object_.name_plural if many else object_.name_singular)


def mutation_names(object_: Object, *, many: bool) -> list[str]:
    """Return the names of the root fields of Mutation that begin behind the verb with the one or the other name."""
    verbs = [verb for verb in Verb if (many or verb not in OF_MANY) and lacking(object_, verb) is None]
    return [mutation_name(object_, verb, many=many) for verb in verbs]


def subscription_name(object_: Object, verb: Verb | None) -> str:
    """Return the name of a root field of Subscription."""
    return object_.name_singular + ENDINGS[verb]


def enum_fields(object_: Object) -> Iterator[Field]:
    """Yield the fields that a role knows of and that have a GraphQL enum of their own."""
    return (field for field in object_.known.values() if FIELD_TYPES[field.type].has_options)


def enum_type_names(object_: Object, field: Field) -> Iterator[str]:
    """Yield the names of the GraphQL types of a field: none unless it has options."""
    if FIELD_TYPES[field.type].has_options:
        yield from (enum_name(object_, field, role) for role in FieldTypeRole)


def all_type_names(object_: Object) -> Iterator[str]:
    """Yield the names of all GraphQL types of an object."""
    yield from (type_name(object_, role) for role in TypeRole)
    for field in enum_fields(object_):
        yield from enum_type_names(object_, field)


def all_query_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Query of an object."""
    return (query_name(object_, role) for role in QueryRole if may_ask(object_, role))


def all_mutation_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Mutation of an object."""
    yield from mutation_names(object_, many=False)
    yield from mutation_names(object_, many=True)


def all_subscription_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Subscription of an object."""
    return (subscription_name(object_, verb) for verb in ENDINGS if object_.rights.read)
