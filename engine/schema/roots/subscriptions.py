"""The root fields of Subscription: the writes of an object's records, each with a filter, and the live queries."""

from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.roots.activity.events import build_tail_field
from fieldstone.engine.schema.roots.activity.record_events import RECORD_EVENT_ACTION
from fieldstone.engine.schema.roots.records import find_query_field, query_names
from fieldstone.engine.schema.scope import Members, TypeScope
from fieldstone.engine.schema.values.descriptions import describe_field
from fieldstone.engine.schema.values.notation import InputMember, field_of
from fieldstone.metadata import api_names
from fieldstone.metadata.api_names import SubscriptionRoot, TypeRole, Verb, type_name
from fieldstone.metadata.changes.rules.options import NO_ENUM_VALUES
from fieldstone.metadata.model import Field, Object

SUBSCRIPTION = "Subscription"

_HAPPENINGS = {
    Verb.CREATE: "A record of {} was created.",
    Verb.UPDATE: "A record of {} was changed.",
    Verb.DELETE: "A record of {} was deleted; it can be restored.",
    Verb.RESTORE: "A record of {} that had been deleted was restored.",
    Verb.DESTROY: "A record of {} was removed for good; it is as it was before.",
    None: "A record of {} was created, changed, deleted, restored or removed for good.",
}

_MATCHES = {
    Verb.DESTROY: "Only records that matched before.",
    None: "Only records that match after the write; removed ones as they were before.",
}

_INTERVAL = GraphQLArgument(
    GraphQLInt,
    description="The least milliseconds between a write and the next answer: 100 at least, 250 unless given.",
)


def build_subscription(scope: TypeScope) -> GraphQLObjectType:
    """Return the type of the subscription operations' root."""
    if (stand_in := scope.mutations) is not None:
        own = stand_in.subscriptions
        members = Members(names=lambda: own, find=lambda name: own[name](scope) if name in own else None)
        return scope.build_object(SUBSCRIPTION, "The changes of the model, as they happen.", members)

    def find(name: str) -> GraphQLField | None:
        if root := api_names.find_subscription(scope.snapshot, name):
            return _subscription_field(scope, root)
        if name == api_names.EVENTS and scope.has_events:
            return build_tail_field()
        query = find_query_field(scope, name)
        return _live_field(query) if query else None

    def names() -> Iterator[str]:
        for object_ in scope.snapshot.by_singular.values():
            yield from api_names.all_subscription_names(object_)
        yield from query_names(scope)
        if scope.has_events:
            yield api_names.EVENTS

    description = "The writes of records, as they happen, and the queries, answered again when their answers change."
    return scope.build_object(SUBSCRIPTION, description, Members(names=names, find=find))


def _live_field(field: GraphQLField) -> GraphQLField:
    """Return a root field of Query as one of Subscription."""
    return GraphQLField(field.type, args={**field.args, "interval": _INTERVAL}, description=field.description)


def _subscription_field(scope: TypeScope, root: SubscriptionRoot) -> GraphQLField:
    object_, verb = root.object, root.verb
    after = "The `extensions.position` of the last result received; the events since then come first."
    filter_ = scope.input_of(object_, TypeRole.FILTER)
    arguments: dict[str, InputMember] = {
        "filter": (filter_, _MATCHES.get(verb, "Only records that match after the write.")),
        "after": (GraphQLString, after),
    }
    if verb in {Verb.UPDATE, None}:
        names = scope.enum_type(type_name(object_, TypeRole.FIELD_NAME))
        changed = "Only updates that changed the value of one of these fields"
        described = f"{changed}." if verb else f"{changed}; other writes as well."
        arguments["changed"] = (GraphQLList(GraphQLNonNull(names)), described)
    if verb is None:
        actions = GraphQLList(GraphQLNonNull(RECORD_EVENT_ACTION))
        arguments["actions"] = (actions, "Only these writes; all of them unless given.")
    return field_of(
        GraphQLNonNull(scope.output_of(object_, TypeRole.RECORD if verb else TypeRole.RECORD_EVENT)),
        _HAPPENINGS[verb].format(object_.label_plural),
        arguments,
    )


def build_field_names(object_: Object) -> GraphQLEnumType:
    """Return the enum of the names of an object's fields that hold values, to-one relations among them."""
    return GraphQLEnumType(
        type_name(object_, TypeRole.FIELD_NAME),
        {
            field.name: GraphQLEnumValue(field.name, description=describe_field(field))
            for field in named_fields(object_)
        },
        description=f"The fields of {object_.label_plural} that a write can change.",
    )


def named_fields(object_: Object) -> Iterator[Field]:
    """Yield the fields whose change a subscription can ask for."""
    return (field for field in object_.known.values() if field.parts and field.name not in NO_ENUM_VALUES)
