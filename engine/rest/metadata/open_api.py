"""The OpenAPI document of the model, keys, webhooks and roles: the operations that a role has the settings for.

The schemas are those of the Metadata API's types, as far as answers and bodies have them.
"""

from collections.abc import Callable
from typing import cast

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
)

from fieldstone.engine.rest.metadata.json_members import find_json_member
from fieldstone.engine.rest.metadata.resources import PAGE_PARAMETERS, RESOURCES, Mutation, Resource, find_methods
from fieldstone.engine.rest.open_api.components import other_components, shared_schemas
from fieldstone.engine.rest.open_api.documents import VERSION
from fieldstone.engine.rest.open_api.references import (
    ALWAYS,
    CONFLICT,
    OF_BODIES,
    TEXT,
    Part,
    answer,
    json_content,
    listed,
    members,
    nullable,
    parameter,
    refusals,
    schema,
)
from fieldstone.engine.rest.open_api.schemas import GIVEN
from fieldstone.engine.rest.routes import Action
from fieldstone.metadata.scalars import JSON

_SHARED = ("error", "invalidRequest", "problem", "pageInfo")
_VERBS = {
    Action.FIND_MANY: "findMany",
    Action.FIND_ONE: "findOne",
    Action.CREATE: "createOne",
    Action.UPDATE_ONE: "updateOne",
    Action.DELETE_ONE: "deleteOne",
}
_SAID = {
    Action.FIND_MANY: "Find",
    Action.FIND_ONE: "Find one of",
    Action.CREATE: "Create one of",
    Action.UPDATE_ONE: "Update one of",
    Action.DELETE_ONE: "Delete one of",
}
_ALL_FIELDS = "fieldsList"


def build_metadata_document(types: GraphQLSchema, may: Callable[[str], bool], root: str, most: int) -> Part:
    """Return the document.

    Args:
        types: the schema of the Metadata API.
        may: returns whether the role may ask for a root field.
        root: the path of REST.
        most: the most items of a page.
    """
    schemas: Part = {name: part for name, part in shared_schemas().items() if name in _SHARED}
    paths: Part = {}
    writer = _Types(types, schemas)
    for name, resource in RESOURCES.items():
        for path, of_one in ((name, False), (f"{name}/{{id}}", True)):
            item: Part = {}
            for method, action in find_methods(name, of_one=of_one).items():
                mutation = resource.mutations.get(action)
                if may(resource.many if mutation is None else mutation.name):
                    verb = "changeOne" if method == "PUT" else _VERBS[action]
                    item[method.lower()] = _operation(writer, resource, action, mutation, verb)
            if item:
                paths[f"/metadata/{path}"] = ({"parameters": [parameter("id")]} if of_one else {}) | item
    others = other_components(largest_page=most, default_page=most)
    named = {"name": "id", "in": "path", "required": True, "description": "The id or the name.", "schema": TEXT}
    others["parameters"] = {"id": named, **{one: others["parameters"][one] for one in PAGE_PARAMETERS}}
    return {
        "openapi": VERSION,
        "info": {"title": "Fieldstone metadata", "version": "1", "description": "The model, keys, webhooks and roles."},
        "servers": [{"url": root}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": schemas, **others},
    }


def _operation(writer: "_Types", resource: Resource, action: Action, mutation: Mutation | None, verb: str) -> Part:
    if mutation is not None:
        shape = members(data=members(**{mutation.name: writer.answer(mutation.selection, resource, mutation)}))
    elif action is Action.FIND_ONE:
        shape = members(data=members(**{resource.one: writer.record(resource)}))
    else:
        page = members(**{resource.many: listed(writer.record(resource))})
        shape = members(data=page, pageInfo=schema("pageInfo"), totalCount={"type": "integer"})
    statuses = [*ALWAYS, *(OF_BODIES if action.has_body else ()), *(() if mutation is None else (CONFLICT,))]
    found: Part = {
        "operationId": f"{verb}{resource.type}",
        "summary": f"{_SAID[action]} {resource.many}",
        "tags": [resource.many],
        "parameters": [parameter(name) for name in PAGE_PARAMETERS] if action is Action.FIND_MANY else [],
        "responses": {
            "201" if action is Action.CREATE else "200": answer(shape),
            **refusals(statuses),
        },
    }
    if mutation is not None and action.has_body:
        found["requestBody"] = {"required": True, "content": json_content(writer.body(mutation))}
    return found


class _Types:
    """Writes types of the Metadata API as schemas."""

    def __init__(self, types: GraphQLSchema, schemas: Part) -> None:
        self._types = types
        self._schemas = schemas

    def record(self, resource: Resource) -> Part:
        """Return the reference to the schema of a resource as it is read."""
        if resource.type not in self._schemas:
            self._schemas[resource.type] = self._select(resource.selection, resource.type)
        return schema(resource.type)

    def answer(self, selection: str, resource: Resource, mutation: Mutation) -> Part:
        """Return the schema of the answer to a mutation."""
        if selection == resource.selection:
            return self.record(resource)
        root = cast("GraphQLObjectType", self._types.mutation_type).fields[mutation.name]
        return self._select(selection, get_named_type(root.type).name)

    def body(self, mutation: Mutation) -> Part:
        """Return the schema of the body of a mutation."""
        holder = cast("GraphQLInputObjectType", self._types.type_map[mutation.input])
        type_ = holder.fields[mutation.wraps].type if mutation.wraps else GraphQLNonNull(holder)
        return self._value(type_, given=True)

    def _select(self, selection: str, type_name: str) -> Part:
        operation = cast("OperationDefinitionNode", parse(f"{{{selection}}}", no_location=True).definitions[0])
        return self._selected(operation.selection_set, cast("GraphQLObjectType", self._types.type_map[type_name]))

    def _selected(self, selections: SelectionSetNode, type_: GraphQLObjectType) -> Part:
        found: Part = {}
        for node in selections.selections:
            if not isinstance(node, FieldNode):
                continue
            key = node.alias.value if node.alias else node.name.value
            if node.name.value == _ALL_FIELDS:
                found[key] = listed(self.record(RESOURCES["fields"]))
                continue
            of_type: GraphQLOutputType = type_.fields[node.name.value].type
            if node.selection_set is None:
                found[key] = self._member(type_, node.name.value, of_type, given=False)
                continue
            inner = self._selected(node.selection_set, cast("GraphQLObjectType", get_named_type(of_type)))
            found[key] = inner if isinstance(of_type, GraphQLNonNull) else nullable(inner)
        return members(**found)

    def _member(self, holder: GraphQLNamedType, name: str, type_: GraphQLType, *, given: bool) -> Part:
        """Return the schema of a member of a type."""
        if get_named_type(type_).name != JSON.name:
            return self._value(type_, given=given)
        found = find_json_member(holder.name, name)
        return found if isinstance(type_, GraphQLNonNull) else nullable(found)

    def _value(self, type_: object, *, given: bool) -> Part:
        """Return the schema of the values of a type, as they are read or as they are given."""
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, given=given)
        return nullable(self._present(type_, given=given))

    def _present(self, type_: object, *, given: bool) -> Part:
        match type_:
            case GraphQLList():
                item = self._value(type_.of_type, given=given)
                # One value is a list of it, as in GraphQL.
                return {"anyOf": [listed(item), item]} if given else listed(item)
            case GraphQLEnumType():
                return {"type": "string", "enum": [*type_.values]}
            case GraphQLInputObjectType():
                if type_.name not in self._schemas:
                    self._schemas[type_.name] = {}
                    self._schemas[type_.name] = self._input(type_)
                return schema(type_.name)
            case _:
                return GIVEN.get(getattr(type_, "name", ""), TEXT)

    def _input(self, type_: GraphQLInputObjectType) -> Part:
        found: Part = {"type": "object", "properties": {}}
        for name, field in type_.fields.items():
            member = self._member(type_, name, field.type, given=True)
            described = {"description": field.description} if field.description else {}
            found["properties"][name] = member | described
        required = [name for name, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)]
        return found | ({"required": required} if required else {})
