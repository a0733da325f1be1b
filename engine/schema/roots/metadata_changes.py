"""The mutations of the Metadata API that change the model, derived from the table of kinds of change."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.engine.documents.allowances import ACCEPTS
from fieldstone.engine.schema.roots.model_plans import CHANGE, PLAN_MUTATIONS, PLAN_TYPES
from fieldstone.engine.schema.roots.mutation_notation import InputType, input_of, mutation
from fieldstone.engine.schema.roots.role_types import ROLE_SHAPES, ROLE_TYPES, NullableInput
from fieldstone.engine.schema.roots.twenty_names import IGNORED, IndexInput
from fieldstone.engine.schema.scope import FieldBuilders, TypeBuilders, TypeScope
from fieldstone.engine.schema.values.notation import JSON, UUID, InputMember, fixed
from fieldstone.engine.schema.values.scalars import SCALARS, build_scalar
from fieldstone.metadata import scalars
from fieldstone.metadata.changes.kinds.kind import Mutation, Subject
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.changes.members import Member, Shape
from fieldstone.metadata.scalars import STRING

MUTATIONS: Mapping[str, Mutation] = {kind.action: kind.mutation for kind in KINDS.values() if kind.mutation}
"""The mutations that ask for one change each."""

MODEL_NAME = build_scalar(
    "ModelName",
    "The id of an object, field or role, or its name: `project`, `project.budget`, `rep`. Changes before it in the"
    " request count.",
    STRING.coerce,
)
MODEL_NAME.extensions[ACCEPTS] = (GraphQLID.name, UUID.name, GraphQLString.name)

_TYPES: Mapping[Shape, NullableInput] = {
    **dict.fromkeys((Shape.NAME, Shape.LABEL, Shape.TEXT), GraphQLString),
    **dict.fromkeys((Shape.LIST, Shape.MAPPING, Shape.VALUE, Shape.RELATION, Shape.RELATIONS), JSON),
    **dict.fromkeys((Shape.OBJECT, Shape.FIELD, Shape.ROLE), MODEL_NAME),
    Shape.INDEX: UUID,
    Shape.FLAG: GraphQLBoolean,
    Shape.NUMBER: SCALARS[scalars.DOUBLE.name],
    Shape.FIELDS: GraphQLList(GraphQLNonNull(MODEL_NAME)),
    **ROLE_SHAPES,
}


def _members(asked: Mutation, scope: TypeScope) -> dict[str, InputMember]:
    return {member.name: _member(scope, member, is_create=asked.id_shape is None) for member in asked.members}


def _member(scope: TypeScope, member: Member, *, is_create: bool) -> InputMember:
    type_ = scope.enum_type("FieldTypeEnum") if member.shape is Shape.FIELD_TYPE else _TYPES[member.shape]
    described = (member.created if is_create else member.updated) or ""
    return (GraphQLNonNull(type_) if is_create and member.is_required else type_, described)


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
            unlisted = IGNORED.get(asked.answer, ()) if asked.has_alias else ()
            values = partial(_members, asked)
            yield name, input_of(name, values, asked.input_description, unlisted=unlisted)
        if asked.has_alias:
            wrapper = input_name(alias_of(action, asked))
            yield wrapper, _wrapper(wrapper, name, asked)


def _wrapper(wrapper: str, name: str, asked: Mutation) -> InputType:
    """Return the input of the other spelling: around the input, the id, or both."""
    subject = asked.answer.value

    def wrapped(scope: TypeScope) -> GraphQLInputType:
        listed = scope.input_type(name)
        return GraphQLNonNull(IndexInput(listed) if asked.answer is Subject.INDEX else listed)

    def created(scope: TypeScope) -> dict[str, InputMember]:
        return {subject: (wrapped(scope), f"The {subject} to create.")}

    if asked.id_shape is None:
        return input_of(wrapper, created, f"A wrapper around `{name}`.")
    id_type = GraphQLNonNull(_TYPES[asked.id_shape])

    def deleted(_scope: TypeScope) -> dict[str, InputMember]:
        return {"id": (id_type, "The record to delete.")}

    def updated(scope: TypeScope) -> dict[str, InputMember]:
        return {"id": (id_type, "The record to change."), "update": (wrapped(scope), "Its new values.")}

    if not asked.members:
        return input_of(wrapper, deleted, "A wrapper around an id.")
    return input_of(wrapper, updated, f"An id, and a wrapper around `{name}`.")


def _listed_types() -> Iterable[tuple[str, InputType]]:
    """Yield the input of a list's changes, `Change`, and those of its members."""

    def members(scope: TypeScope) -> dict[str, InputMember]:
        return {
            action: (scope.input_type(_listed_name(action)), asked.description) for action, asked in MUTATIONS.items()
        }

    described = "A change of the model: exactly one member, named like the mutation that makes this change alone."
    yield CHANGE, _json_too(input_of(CHANGE, members, described, is_one_of=True))
    for action, asked in MUTATIONS.items():
        yield from _listed_members(action, asked)


def _listed_members(action: str, asked: Mutation) -> Iterable[tuple[str, InputType]]:
    name = _listed_name(action)
    values = partial(_members, asked)
    if asked.id_shape is None:
        yield name, _json_too(input_of(name, values, asked.input_description), input_name(action))
        return
    id_ = (GraphQLNonNull(_TYPES[asked.id_shape]), "Its subject.")
    inner = f"{action[0].upper()}{action[1:]}Values"
    if asked.members:
        yield inner, _json_too(input_of(inner, values, asked.input_description), input_name(action))

    def members(scope: TypeScope) -> dict[str, InputMember]:
        if not asked.members:
            return {"id": id_}
        return {"id": id_, "update": (GraphQLNonNull(scope.input_type(inner)), "Its new values.")}

    yield name, _json_too(input_of(name, members, asked.description))


def _listed_name(action: str) -> str:
    return f"{action[0].upper()}{action[1:]}Change"


def _json_too(build: InputType, *others: str) -> InputType:
    """Return the function that builds a type in whose place variables of JSON and of other types may stand as well."""

    def built(scope: TypeScope) -> GraphQLInputObjectType:
        made = build(scope)
        made.extensions[ACCEPTS] = (JSON.name, *others)
        return made

    return built


def _fields(asked: Mapping[str, Mutation]) -> Iterable[tuple[str, Callable[[TypeScope], GraphQLField]]]:
    for action, one in asked.items():
        answer, is_create = one.answer.value.title(), one.id_shape is None
        id_type = _TYPES[one.id_shape] if one.id_shape else None
        given = "The values of the new record." if is_create and one.has_alias else "The input."
        name = input_name(action) if one.members else None
        yield action, mutation(answer, one.description, id_type=id_type, input_name=name, input_description=given)
        if one.has_alias:
            alias, given = alias_of(action, one), "The values of the new record." if is_create else "The input."
            spelling = f"Another spelling of `{action}`."
            yield alias, mutation(answer, spelling, input_name=input_name(alias), input_description=given)


CHANGE_TYPES: TypeBuilders = {
    **dict(_input_types()),
    **dict(_listed_types()),
    **fixed(MODEL_NAME),
    **ROLE_TYPES,
    **PLAN_TYPES,
}
"""The types that only these mutations use."""

CHANGE_FIELDS: FieldBuilders = {
    **dict(_fields({action: one for action, one in MUTATIONS.items() if one.has_alias})),
    **dict(_fields({action: one for action, one in MUTATIONS.items() if one.members and not one.has_alias})),
    **PLAN_MUTATIONS,
    **dict(_fields({action: one for action, one in MUTATIONS.items() if not (one.members or one.has_alias)})),
}
"""The root fields of these mutations."""
