"""The lazy schema is the eager one, seen through every window that graphql-core has."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    introspection_from_schema,
    is_introspection_type,
    print_schema,
    validate_schema,
)
from hypothesis import given, settings

from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.engine.schema.scope import MutationSet
from fieldstone.metadata import api_names
from fieldstone.metadata.model import Object, Snapshot
from tests.eager_schema import eager_schema
from tests.engine.schema.printing import sorted_print
from tests.models import all_types_snapshot, metadata_snapshot, standard_snapshot
from tests.strategies import snapshots

pytestmark = pytest.mark.long

WORKSPACES: dict[str, tuple[Snapshot, MutationSet | None]] = {
    "standard": (standard_snapshot(), None),
    "every field type": (all_types_snapshot(), None),
    "metadata": (metadata_snapshot(), METADATA_MUTATIONS),
}

workspaces = pytest.mark.parametrize(("snapshot", "mutations"), WORKSPACES.values(), ids=WORKSPACES)
generated = settings(max_examples=40)


def check_is_valid(schema: GraphQLSchema) -> None:
    """The definitions are legal GraphQL: graphql-core says so once it is not told to assume it."""
    unchecked = schema.to_kwargs()
    unchecked["assume_valid"] = False
    assert validate_schema(GraphQLSchema(**unchecked)) == []


@workspaces
def test_prints_the_same(snapshot: Snapshot, mutations: MutationSet | None) -> None:
    eager = eager_schema(snapshot, mutations)
    check_is_valid(eager)
    assert sorted_print(lazy_schema(snapshot, mutations)) == sorted_print(eager)


@pytest.mark.long
@given(snapshots())
@generated
def test_prints_the_same_for_any_workspace(snapshot: Snapshot) -> None:
    eager = eager_schema(snapshot)
    check_is_valid(eager)
    assert sorted_print(lazy_schema(snapshot)) == sorted_print(eager)


@workspaces
def test_introspection_is_the_same(snapshot: Snapshot, mutations: MutationSet | None) -> None:
    def by_name(schema: GraphQLSchema) -> dict[str, object]:
        found = introspection_from_schema(schema, input_value_deprecation=True)["__schema"]
        types = {type_["name"]: type_ for type_ in found["types"]}
        return {**found, "types": types}

    assert by_name(lazy_schema(snapshot, mutations)) == by_name(eager_schema(snapshot, mutations))


@workspaces
def test_a_client_rebuilds_it_from_introspection(snapshot: Snapshot, mutations: MutationSet | None) -> None:
    lazy = lazy_schema(snapshot, mutations)
    assert sorted_print(build_client_schema(introspection_from_schema(lazy))) == sorted_print(lazy)


@pytest.mark.long
@given(snapshots())
@generated
def test_a_client_rebuilds_any_workspace(snapshot: Snapshot) -> None:
    lazy = lazy_schema(snapshot)
    assert sorted_print(build_client_schema(introspection_from_schema(lazy))) == sorted_print(lazy)


def test_a_client_rebuilds_it_from_its_text() -> None:
    lazy = lazy_schema(standard_snapshot())
    assert sorted_print(build_schema(print_schema(lazy))) == sorted_print(lazy)


@workspaces
def test_only_shared_types_are_out_of_reach(snapshot: Snapshot, mutations: MutationSet | None) -> None:
    eager = eager_schema(snapshot, mutations)
    reached = GraphQLSchema(query=eager.query_type, mutation=eager.mutation_type, subscription=eager.subscription_type)
    assert set(reached.type_map) <= set(eager.type_map)
    assert set(eager.type_map) - set(reached.type_map) <= api_names.SHARED_TYPE_NAMES


@pytest.mark.parametrize("name", ["standard", "every field type"])
def test_every_type_is_in_reach(name: str) -> None:
    eager = eager_schema(WORKSPACES[name][0])
    reached = GraphQLSchema(query=eager.query_type, mutation=eager.mutation_type, subscription=eager.subscription_type)
    assert set(eager.type_map) - set(reached.type_map) == set()


def test_types_that_only_some_fields_lead_to_are_there_with_them() -> None:
    """An object without addresses has no types of addresses; the one with every field has all that fields lead to."""
    standard, everything = (
        set(eager_schema(WORKSPACES[name][0]).type_map) for name in ("standard", "every field type")
    )
    assert {"AddressValueFilterInput", "CurrencyValueAggregateSum", "TSVectorFilter", "JSONOrderByInput"} <= everything
    assert {
        name for name in standard if name.startswith(("AddressValue", "CurrencyValue", "TSVector", "JSONOrder"))
    } == set()
    assert "ActorValue" in standard


def test_the_names_of_shared_types_are_reserved() -> None:
    snapshot, _ = WORKSPACES["every field type"]
    schema = eager_schema(snapshot)
    own = {name for object_ in snapshot.objects.values() for name in api_names.all_type_names(object_)}
    shared = {name for name, type_ in schema.type_map.items() if not is_introspection_type(type_)} - own
    assert shared <= api_names.SHARED_TYPE_NAMES


@pytest.mark.long
@given(snapshots())
@generated
def test_what_is_found_by_name_is_what_is_listed(snapshot: Snapshot) -> None:
    lazy, eager = lazy_schema(snapshot), eager_schema(snapshot)
    everything = replace(snapshot, objects={id_: _activated(object_) for id_, object_ in snapshot.objects.items()})
    for object_ in everything.objects.values():
        for name in api_names.all_type_names(object_):
            assert (name in lazy.type_map) == (name in eager.type_map), name
        record, listed = lazy.type_map[object_.type_name], eager.type_map[object_.type_name]
        assert isinstance(record, GraphQLObjectType)
        assert isinstance(listed, GraphQLObjectType)
        for name in (*object_.by_name, *(f"{name}Id" for name in object_.by_name)):
            assert (name in record.fields) == (name in listed.fields), name


def _activated(object_: Object) -> Object:
    return replace(object_, fields=tuple(replace(field, is_active=True) for field in object_.fields))


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    """Yield the coordinates of the elements without a description."""
    for name, type_ in schema.type_map.items():
        if is_introspection_type(type_):
            continue
        if not type_.description:
            yield name
        members = {}
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            members = {**type_.fields}
            for field_name, field in type_.fields.items():
                yield from (
                    f"{name}.{field_name}({argument_name}:)"
                    for argument_name, argument in field.args.items()
                    if not argument.description
                )
        if isinstance(type_, GraphQLInputObjectType):
            members = {**type_.fields}
        if isinstance(type_, GraphQLEnumType):
            members = {**type_.values}
        yield from (f"{name}.{member_name}" for member_name, member in members.items() if not member.description)


@workspaces
def test_everything_is_described(snapshot: Snapshot, mutations: MutationSet | None) -> None:
    assert list(undescribed(lazy_schema(snapshot, mutations))) == []


@given(snapshots())
@generated
def test_everything_is_described_in_any_workspace(snapshot: Snapshot) -> None:
    assert list(undescribed(eager_schema(snapshot))) == []
