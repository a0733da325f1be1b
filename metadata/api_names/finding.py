"""The object and the role of a name of the GraphQL API, found by its structure."""

from fieldstone.metadata.api_names.names import DUPLICATES, ENDINGS, OF_MANY, enum_fields
from fieldstone.metadata.api_names.rights import lacking, may_ask
from fieldstone.metadata.api_names.roles import FieldTypeRole, QueryRole, TypeRole, Verb
from fieldstone.metadata.model import Field, Object, Snapshot, capitalised
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import MAXIMUM_BYTES


@frozen
class ObjectType:
    """A GraphQL type that belongs to an object."""

    object: Object
    role: TypeRole


@frozen
class FieldEnumType:
    """A GraphQL type that belongs to a SELECT field."""

    object: Object
    field: Field
    role: FieldTypeRole


@frozen
class QueryRoot:
    """A root field of Query."""

    object: Object
    role: QueryRole


@frozen
class MutationRoot:
    """A root field of Mutation; `many` where it takes a filter or a list."""

    object: Object
    verb: Verb
    many: bool


@frozen
class SubscriptionRoot:
    """A root field of Subscription: the write that a record must have had, any one without a verb."""

    object: Object
    verb: Verb | None


_ROLES = tuple((role.value, role) for role in TypeRole)


def find_type(snapshot: Snapshot, name: str) -> ObjectType | FieldEnumType | None:
    """Return the object and role of a GraphQL type by its name, None where it is no object's."""
    for ending, role in _ROLES:
        if name.endswith(ending) and (object_ := snapshot.by_type_name.get(name.removesuffix(ending))):
            return ObjectType(object=object_, role=role)
    for field_role in FieldTypeRole:
        stem = name.removesuffix(field_role.value)
        if stem == name:
            continue
        # No object's name is longer: a client's text may have a million letters.
        for place in range(1, min(len(stem), MAXIMUM_BYTES + 1)):
            object_ = snapshot.by_type_name.get(stem[:place])
            if object_ is None:
                continue
            for field in enum_fields(object_):
                if capitalised(field.name) == stem[place:]:
                    return FieldEnumType(object=object_, field=field, role=field_role)
    return None


_INPUT_ALIASES = ("CreateInput", "UpdateInput")
"""The endings with which Twenty's clients name the type of a record's data."""
_PLURAL_ALIASES = (TypeRole.FILTER, TypeRole.ORDER_BY)
"""The inputs that Twenty's clients of PyPI name by the plural of the object."""


def find_alias(snapshot: Snapshot, name: str) -> ObjectType | None:
    """Return the type that a variable may be declared to have by another name than its own.

    Such a name is in no list, and an object with a type of this name takes it: see `find_type` first.
    """
    for ending in _INPUT_ALIASES:
        if object_ := snapshot.by_type_name.get(name.removesuffix(ending)) if name.endswith(ending) else None:
            return ObjectType(object=object_, role=TypeRole.INPUT)
    for role in _PLURAL_ALIASES:
        if object_ := snapshot.by_plural.get(name.removesuffix(role.value)) if name.endswith(role.value) else None:
            return ObjectType(object=object_, role=role)
    return None


def find_query(snapshot: Snapshot, name: str) -> QueryRoot | None:
    """Return the object and work of a root field of Query, None if the role may not ask for it."""
    found = _find_query(snapshot, name)
    return found if found is not None and may_ask(found.object, found.role) else None


def _find_query(snapshot: Snapshot, name: str) -> QueryRoot | None:
    if object_ := snapshot.by_plural.get(name):
        return QueryRoot(object=object_, role=QueryRole.MANY)
    if object_ := snapshot.by_singular.get(name):
        return QueryRoot(object=object_, role=QueryRole.ONE)
    for ending, role in (("Aggregate", QueryRole.AGGREGATE), ("GroupBy", QueryRole.GROUP_BY)):
        if name.endswith(ending) and (object_ := snapshot.by_plural.get(name.removesuffix(ending))):
            return QueryRoot(object=object_, role=role)
    if name.endswith(DUPLICATES) and (object_ := snapshot.by_singular.get(name.removesuffix(DUPLICATES))):
        return QueryRoot(object=object_, role=QueryRole.DUPLICATES)
    return None


def find_mutation(snapshot: Snapshot, name: str) -> MutationRoot | None:
    """Return the object and work of a root field of Mutation, None if the role lacks a right."""
    for verb in Verb:
        rest = name.removeprefix(verb.value)
        if rest == name or not rest[:1].isupper():
            continue
        for many, names in ((False, snapshot.by_singular), (True, snapshot.by_plural)):
            object_ = names.get(rest[0].lower() + rest[1:]) if many or verb not in OF_MANY else None
            if object_ is not None and lacking(object_, verb) is None:
                return MutationRoot(object=object_, verb=verb, many=many)
    return None


def find_subscription(snapshot: Snapshot, name: str) -> SubscriptionRoot | None:
    """Return the object and write of a root field of Subscription, None if the role may not read the object."""
    for verb, ending in ENDINGS.items():
        if name.endswith(ending) and (object_ := snapshot.readable.get(name.removesuffix(ending))):
            return SubscriptionRoot(object=object_, verb=verb)
    return None
