"""The mutations of the Metadata API that change the model, derived from the table of kinds of change."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from fieldstone.engine.schema.roots.mutation_notation import InputType, input_member, input_of, mutation
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.changes.kinds.kind import Mutation
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.changes.members import Member, Shape

_UUID = SCALARS[scalars.UUID.name]
_BIG_INT = SCALARS[scalars.BIG_INT.name]
_JSON = SCALARS[scalars.JSON.name]

MUTATIONS: Mapping[str, Mutation] = {kind.action: kind.mutation for kind in KINDS.values() if kind.mutation}
"""The mutations that ask for one change each."""

_TYPES: Mapping[Shape, GraphQLScalarType | GraphQLList[GraphQLNonNull[GraphQLScalarType]]] = {
    **dict.fromkeys((Shape.NAME, Shape.LABEL, Shape.TEXT), GraphQLString),
    **dict.fromkeys((Shape.LIST, Shape.MAPPING, Shape.VALUE, Shape.RELATION, Shape.RELATIONS), _JSON),
    **dict.fromkeys((Shape.OBJECT, Shape.FIELD, Shape.INDEX), _UUID),
    Shape.FLAG: GraphQLBoolean,
    Shape.FIELDS: GraphQLList(GraphQLNonNull(_UUID)),
}


def _members(asked: Mutation, scope: TypeScope) -> dict[str, GraphQLInputField]:
    return {member.name: _member(scope, member, is_create=asked.id_shape is None) for member in asked.members}


def _member(scope: TypeScope, member: Member, *, is_create: bool) -> GraphQLInputField:
    type_ = scope.enum_type("FieldTypeEnum") if member.shape is Shape.FIELD_TYPE else _TYPES[member.shape]
    described = (member.created if is_create else member.updated) or ""
    return input_member(GraphQLNonNull(type_) if is_create and member.is_required else type_, described)


def input_name(action: str) -> str:
    """Return the name of the input of a mutation."""
    return f"{action[0].upper()}{action[1:]}Input"


def alias_of(action: str, asked: Mutation) -> str:
    """Return the other spelling of a mutation: `createOneObject` for `createObject`."""
    subject = asked.answer.value.title()
    return f"{action.removesuffix(subject)}One{subject}"


def _input_types() -> Iterable[tuple[str, InputType]]:
    for action, asked in MUTATIONS.items():
        name = input_name(action)
        if asked.members:
            yield name, input_of(name, partial(_members, asked), asked.input_description)
        if asked.has_alias:
            wrapper = input_name(alias_of(action, asked))
            yield wrapper, _wrapper(wrapper, name, asked)


def _wrapper(wrapper: str, name: str, asked: Mutation) -> InputType:
    """Return the input of the other spelling: around the input, the id, or both."""

    def member(described: str) -> Callable[[TypeScope], GraphQLInputField]:
        return lambda scope: input_member(GraphQLNonNull(scope.input_type(name)), described)

    subject = asked.answer.value
    if asked.id_shape is None:
        wrapped = member(f"The {subject} to create.")
        return input_of(wrapper, lambda scope: {subject: wrapped(scope)}, f"A wrapper around `{name}`.")
    if not asked.members:
        id_ = input_member(GraphQLNonNull(_UUID), "The id of the record to delete.")
        return input_of(wrapper, lambda _scope: {"id": id_}, "A wrapper around an id.")
    id_ = input_member(GraphQLNonNull(_UUID), "The id of the record to change.")
    wrapped = member("Its new values.")
    return input_of(
        wrapper, lambda scope: {"id": id_, "update": wrapped(scope)}, f"An id, and a wrapper around `{name}`."
    )


def _rollback(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(_JSON),
        args={
            "to": GraphQLArgument(GraphQLNonNull(_BIG_INT), description="A version of `metadataHistory`."),
            "dryRun": GraphQLArgument(GraphQLBoolean, description="True: nothing is changed, and no table locked."),
        },
        description=(
            "Undoes the changes after a version, as a new version. Answers like `applyChanges`, and with the losses in"
            " `lost`: `[{ kind name message }]`, of the kinds DELETED, COMES_BACK_EMPTY and STAYS_LOST."
        ),
    )


def _apply_changes(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(_JSON),
        args={
            "changes": GraphQLArgument(
                GraphQLNonNull(GraphQLList(GraphQLNonNull(_JSON))),
                description=(
                    "Each is an object with one member, named like a mutation, that holds its input:"
                    ' `{ createField: { objectMetadataId: "project", .. } }`, `{ updateField: { id: "project.budget",'
                    " update: { .. } } }`. Where an id is asked for, the name of an object, or of a field as"
                    " `object.field`, does as well, of those made by earlier changes too."
                ),
            ),
            "dryRun": GraphQLArgument(GraphQLBoolean, description="True: nothing is changed, and no table locked."),
        },
        description=(
            "Makes several changes, all or none, as one version. Answers with the plan `{ changes sql later locks"
            " conversions appears alters vanishes breaking operations }` and the `version`."
        ),
    )


def _fields(asked: Mapping[str, Mutation]) -> Iterable[tuple[str, Callable[[TypeScope], GraphQLField]]]:
    for action, one in asked.items():
        answer, is_create = one.answer.value.title(), one.id_shape is None
        given = "The values of the new record." if is_create and one.has_alias else "The input."
        name = input_name(action) if one.members else None
        yield action, mutation(answer, one.description, by_id=not is_create, input_name=name, input_description=given)
        if one.has_alias:
            alias, given = alias_of(action, one), "The values of the new record." if is_create else "The input."
            spelling = f"Another spelling of `{action}`."
            yield alias, mutation(answer, spelling, input_name=input_name(alias), input_description=given)


CHANGE_TYPES: Mapping[str, InputType] = dict(_input_types())
"""The types that only these mutations use."""

CHANGE_FIELDS: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    **dict(_fields({action: one for action, one in MUTATIONS.items() if one.has_alias})),
    **dict(_fields({action: one for action, one in MUTATIONS.items() if one.members and not one.has_alias})),
    "applyChanges": _apply_changes,
    "rollback": _rollback,
    **dict(_fields({action: one for action, one in MUTATIONS.items() if not (one.members or one.has_alias)})),
}
"""The root fields of these mutations."""
