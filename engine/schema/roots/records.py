"""The root fields of Query and Mutation for an object: their arguments and results."""

from collections.abc import Iterator
from typing import assert_never

from graphql import GraphQLBoolean, GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString

from fieldstone.engine.access.withheld import WITHHELD, withheld_members
from fieldstone.engine.schema.objects.duplicates import duplicates_field, merge_arguments
from fieldstone.engine.schema.objects.groups import group_by_field
from fieldstone.engine.schema.objects.nodes import node_field
from fieldstone.engine.schema.objects.records import connection_field
from fieldstone.engine.schema.objects.search import search_field
from fieldstone.engine.schema.scope import NODE_ROOTS, SEARCH, Members, TypeScope
from fieldstone.engine.schema.values.notation import InputMember, arguments_of, field_of
from fieldstone.engine.schema.values.paging import filter_argument
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.engine.schema.values.value_changes import ROLES, Argument, fields_of, withheld_fields
from fieldstone.metadata import api_names
from fieldstone.metadata.api_names import MutationRoot, QueryRole, QueryRoot, TypeRole, Verb
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import DATE_TIME, UUID

QUERY = "Query"
MUTATION = "Mutation"

_ID = SCALARS[UUID.name]

_EFFECTS = {
    Verb.CREATE: "Creates {}.",
    Verb.UPSERT: "Creates {}, or changes those that have their unique keys.",
    Verb.UPDATE: "Changes {}.",
    Verb.DELETE: "Deletes {}; deleted records can be restored.",
    Verb.RESTORE: "Restores {} that had been deleted.",
    Verb.DESTROY: "Removes {} for good.",
    Verb.MERGE: "Merges {} into one, which gets the values that it lacks and the records that point to the others.",
}


_CHANGES = {
    Argument.INCREMENT: "Numbers to add to fields; NULL stays NULL.",
    Argument.APPEND: "Items to put at the end of lists; an option that a list has already stays where it is.",
    Argument.REMOVE: "Items to take out of lists, each as often as it is there.",
    Argument.SET_PATH: "Values to set inside JSON documents; a missing object on the way is made.",
    Argument.DELETE_PATH: "Values to remove from JSON documents.",
}


def build_query(scope: TypeScope) -> GraphQLObjectType:
    """Return the type of the query operations' root."""
    members = Members(names=lambda: query_names(scope), find=lambda name: find_query_field(scope, name))
    return scope.build_object(QUERY, "The reads of the API.", members)


def find_query_field(scope: TypeScope, name: str) -> GraphQLField | None:
    """Return a root field of Query by its name."""
    if scope.mutations is not None and (build := scope.mutations.queries.get(name)):
        return build(scope)
    if name == SEARCH and scope.has_search:
        return search_field(scope)
    root = api_names.find_query(scope.snapshot, name)
    return _query_field(scope, root) if root else node_field(scope, name)


def query_names(scope: TypeScope) -> Iterator[str]:
    """Yield the names of the root fields of Query."""
    for object_ in scope.snapshot.by_singular.values():
        yield from _object_queries(scope, object_)
    if scope.has_nodes:
        yield from NODE_ROOTS
    if scope.has_search:
        yield SEARCH
    if scope.mutations is not None:
        yield from scope.mutations.queries


def _object_queries(scope: TypeScope, object_: Object) -> Iterator[str]:
    for role in QueryRole:
        # The data of duplicates has the type that only mutations derived from the objects have.
        is_left_out = role is QueryRole.DUPLICATES and scope.mutations is not None
        if not is_left_out and api_names.may_ask(object_, role):
            yield api_names.query_name(object_, role)


def build_mutation(scope: TypeScope) -> GraphQLObjectType:
    """Return the type of the mutation operations' root."""
    explicit = scope.mutations

    def find(name: str) -> GraphQLField | None:
        if explicit is not None:
            build = explicit.fields.get(name)
            return build(scope) if build else None
        root = api_names.find_mutation(scope.snapshot, name)
        return _mutation_field(scope, root) if root else None

    def names() -> Iterator[str]:
        if explicit is not None:
            yield from explicit.fields
            return
        for object_ in scope.snapshot.by_singular.values():
            yield from api_names.all_mutation_names(object_)

    return scope.build_object(MUTATION, "The writes of the API.", Members(names=names, find=find))


def _query_field(scope: TypeScope, root: QueryRoot) -> GraphQLField | None:
    object_ = root.object
    match root.role:
        case QueryRole.MANY:
            return connection_field(scope, object_, f"A page of {object_.label_plural}.")
        case QueryRole.ONE:
            filter_ = filter_argument(scope.input_of(object_, TypeRole.FILTER))
            return field_of(
                scope.output_of(object_, TypeRole.RECORD),
                f"A record of {object_.label_plural}, null where there is none.",
                {**_one_arguments(scope, object_), "filter": filter_},
            )
        case QueryRole.AGGREGATE:
            return field_of(
                GraphQLNonNull(scope.output_of(object_, TypeRole.AGGREGATE)),
                f"The aggregates of {object_.label_plural}.",
                {"filter": filter_argument(scope.input_of(object_, TypeRole.FILTER))},
            )
        case QueryRole.GROUP_BY:
            return group_by_field(scope, object_)
        case QueryRole.DUPLICATES:
            return None if scope.mutations else duplicates_field(scope, object_)
        case _:
            assert_never(root.role)


def _one_arguments(scope: TypeScope, object_: Object) -> dict[str, InputMember]:
    """Return the arguments of which one names a record."""
    id_: InputMember = (_ID, "The record's id.")
    if scope.mutations is None:
        key = scope.input_of(object_, TypeRole.UNIQUE_KEY)
        return {"id": id_, "where": (key, "A unique key of the record, in place of its id.")}
    unique = (name for name, field in object_.by_name.items() if field.is_unique)
    return {"id": id_, **dict.fromkeys(unique, (GraphQLString, "The record's name, in the place of its id."))}


def _mutation_field(scope: TypeScope, root: MutationRoot) -> GraphQLField:
    object_ = root.object
    role = TypeRole.UPSERT_RESULT if root.verb is Verb.UPSERT else TypeRole.RECORD
    record = GraphQLNonNull(scope.output_of(object_, role))
    withheld = _withheld_arguments(scope, root)
    return GraphQLField(
        GraphQLNonNull(GraphQLList(record)) if root.many and root.verb is not Verb.MERGE else record,
        args=arguments_of(merge_arguments() if root.verb is Verb.MERGE else _mutation_arguments(scope, root)),
        extensions={WITHHELD: withheld} if withheld else None,
        description=_EFFECTS[root.verb].format(
            f"records of {object_.label_plural}" if root.many else f"a record of {object_.label_plural}"
        ),
    )


def _withheld_arguments(scope: TypeScope, root: MutationRoot) -> dict[str, tuple[str, str]]:
    """Return the arguments that the role may use for no field it reads: each with such a field, and the refusal."""
    object_ = root.object
    if object_.access is None or root.verb is not Verb.UPDATE:
        return {}
    refusals = withheld_members(scope.snapshot.role, object_)
    found = {}
    for argument, role in ROLES.items():
        fields = sorted(withheld_fields(object_, role).values(), key=lambda field: field.is_system)
        if fields and not fields_of(object_, role) and fields[0].name in refusals:
            found[argument.value] = (fields[0].name, refusals[fields[0].name])
    return found


def _mutation_arguments(scope: TypeScope, root: MutationRoot) -> dict[str, InputMember]:
    object_ = root.object
    arguments: dict[str, InputMember] = {}
    creates = root.verb in {Verb.CREATE, Verb.UPSERT}
    if not creates:
        if root.many:
            is_required = root.verb is not Verb.UPDATE
            arguments["filter"] = filter_argument(scope.input_of(object_, TypeRole.FILTER), required=is_required)
        else:
            expected = "The `updatedAt` that the record must have, to the digits given; else CONFLICT."
            arguments |= {**_one_arguments(scope, object_), "ifUpdatedAt": (SCALARS[DATE_TIME.name], expected)}
    if creates or root.verb is Verb.UPDATE:
        data = scope.input_of(object_, TypeRole.INPUT)
        if not creates:
            arguments["data"] = (data, "The fields to change.")
        elif root.many:
            listed = GraphQLNonNull(GraphQLList(GraphQLNonNull(data)))
            arguments["data"] = (listed, "The records to create, in the order of the answer.")
        else:
            arguments["data"] = (GraphQLNonNull(data), "The record to create.")
    if root.verb is Verb.UPDATE:
        arguments |= {
            argument.value: (scope.input_of(object_, role), _CHANGES[argument])
            for argument, role in ROLES.items()
            if fields_of(object_, role)
        }
    if root.verb is Verb.UPDATE and root.many:
        items = GraphQLList(GraphQLNonNull(scope.input_of(object_, TypeRole.UPDATE_ITEM)))
        described = "The records to change with data of their own, in place of `filter` and `data`."
        arguments["updates"] = (items, described)
    if creates and api_names.lacking(object_, Verb.UPSERT) is None:
        described = "Change the record that has the same unique key, where there is one."
        arguments["onConflict"] = (scope.input_of(object_, TypeRole.ON_CONFLICT), described)
    if root.verb is Verb.CREATE and api_names.lacking(object_, Verb.UPSERT) is None:
        described = "True: change the record that has the id given, or another unique key given."
        arguments["upsert"] = (GraphQLBoolean, described)
    return arguments
