"""Which names are taken: by other objects and fields, and by the names that the API derives from them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from operator import attrgetter

from fieldstone.metadata import api_names
from fieldstone.metadata.api_names import QueryRole
from fieldstone.metadata.changes.rules.names import IMPORTS, claimed_names
from fieldstone.metadata.errors import NameTaken
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql.identifiers import MAXIMUM_BYTES

_OF_ONE = (QueryRole.ONE, QueryRole.DUPLICATES)
"""The queries whose names begin with the name of one record."""

_IS_WHOLLY_ACTIVE = attrgetter("is_wholly_active")


def check_object_names(snapshot: Snapshot, object_: Object) -> Iterator[NameTaken]:
    """Yield why a new object's names cannot be used, at most one refusal for each of the two."""
    everything = _with_inactive(snapshot)

    def singular_clash(name: str) -> str | None:
        return _singular_clash(everything, replace(object_, name_singular=name))

    def plural_clash(name: str) -> str | None:
        return _plural_clash(everything, replace(object_, name_plural=name))

    if reason := singular_clash(object_.name_singular):
        yield _taken("nameSingular", object_.name_singular, reason, singular_clash)
    if reason := plural_clash(object_.name_plural):
        yield _taken("namePlural", object_.name_plural, reason, plural_clash)


def check_field_name(
    snapshot: Snapshot, object_: Object, field: Field, *, holds_key: bool, argument: str = "name"
) -> NameTaken | None:
    """Return why a new field's name cannot be used in its object.

    Args:
        snapshot: the model that the object is in.
        object_: the object as it is before.
        field: the field as it would be.
        holds_key: whether it is the end of a relation that holds the key.
        argument: the input that the name was given in.
    """
    taken = {
        claimed: other
        for other in object_.fields
        for claimed in claimed_names(other.name, other.type, holds_key=bool(other.relation_id and other.column))
    }

    def clash(name: str) -> str | None:
        if name in api_names.FILTER_WORDS:
            return f"{name} combines the conditions of a filter"
        for claimed in claimed_names(name, field.type, holds_key=holds_key):
            if other := taken.get(claimed):
                return _field_clash(object_, name, claimed, other)
        renamed = replace(field, name=name)
        for enum in api_names.enum_type_names(object_, renamed):
            # Few fields have types: a look at every object for each field would make large models slow to build.
            if reason := _type_clash(_with_inactive(snapshot), enum):
                return reason
        return None

    reason = clash(field.name)
    return _taken(argument, field.name, reason, clash) if reason else None


def _field_clash(object_: Object, name: str, claimed: str, other: Field) -> str:
    whose = f"the {'system ' if other.is_system else ''}field {other.name} of {object_.name_singular}"
    if claimed == name == other.name:
        return f"{whose} has this name"
    if claimed == name:
        return f"{whose} comes with {claimed}"
    return (
        f"it comes with {claimed}, and so does {whose}"
        if claimed != other.name
        else f"it comes with {claimed}, and {whose} has this name"
    )


def _singular_clash(snapshot: Snapshot, object_: Object) -> str | None:
    if object_.name_singular == object_.name_plural:
        return "nameSingular and namePlural must differ"
    if other := snapshot.by_singular.get(object_.name_singular):
        return f"there is an object {other.name_singular}"
    for name in api_names.all_type_names(object_):
        if reason := _type_clash(snapshot, name):
            return reason
    roots = [api_names.query_name(object_, role) for role in _OF_ONE]
    mutations = api_names.mutation_names(object_, many=False)
    for name in api_names.all_subscription_names(object_):
        if query := api_names.find_query(snapshot, name):
            return f"the object {query.object.name_singular} has a query {name}, which is a subscription too"
    return _root_clash(snapshot, roots, mutations)


def _plural_clash(snapshot: Snapshot, object_: Object) -> str | None:
    if object_.name_plural == IMPORTS:
        return "it is the address of import jobs in REST"
    if other := snapshot.by_plural.get(object_.name_plural):
        return f"it is the plural of the object {other.name_singular}"
    roots = [api_names.query_name(object_, role) for role in QueryRole if role not in _OF_ONE]
    if object_.name_singular in roots and object_.name_singular != object_.name_plural:
        return f"the query {object_.name_singular} would stand for both names"
    if taken := set(roots).intersection(api_names.all_subscription_names(object_)):
        return f"the subscription {min(taken)} would stand for both names"
    mutations = api_names.mutation_names(object_, many=True)
    return _root_clash(snapshot, roots, mutations)


def _type_clash(snapshot: Snapshot, name: str) -> str | None:
    if name in api_names.SHARED_TYPE_NAMES:
        return f"its GraphQL type {name} is built in"
    if found := api_names.find_type(snapshot, name):
        return f"the object {found.object.name_singular} has a GraphQL type {name}"
    return None


def _root_clash(snapshot: Snapshot, queries: list[str], mutations: list[str]) -> str | None:
    if "search" in queries:
        return "the query search is built in"
    for name in queries:
        if query := api_names.find_query(snapshot, name):
            return f"the object {query.object.name_singular} has a query {name}"
        if event := api_names.find_subscription(snapshot, name):
            return f"the object {event.object.name_singular} has a subscription {name}"
    for name in mutations:
        if mutation := api_names.find_mutation(snapshot, name):
            return f"the object {mutation.object.name_singular} has a mutation {name}"
    return None


def _taken(argument: str, name: str, reason: str, clash: Callable[[str], str | None]) -> NameTaken:
    candidates = (f"{name}{number}" for number in count(2))
    free = next(candidate for candidate in candidates if clash(candidate) is None)
    is_short = len(free) <= MAXIMUM_BYTES
    advice = f"; {free} would pass" if is_short else "; choose another name"
    message = f'{argument} cannot be "{name}": {reason}{advice}'
    return NameTaken(message, field=argument, suggestion=free if is_short else None)


def _activated(field: Field) -> Field:
    return field if field.is_active else replace(field, is_active=True)


def _with_inactive(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with every object and field active: inactive ones keep their names."""
    if all(map(_IS_WHOLLY_ACTIVE, snapshot.objects.values())):
        return snapshot
    objects = {
        id_: replace(object_, is_active=True, fields=tuple(map(_activated, object_.fields)))
        for id_, object_ in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects)
