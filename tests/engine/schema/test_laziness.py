"""A query pays for the types that it touches, whatever the size of the workspace."""

from threading import Barrier, Thread

import pytest
from graphql import GraphQLNamedType, parse, validate

from fieldstone.engine.schema.lazy import LazyMap, LazySchema, built_types, lazy_schema
from fieldstone.metadata.model import Snapshot
from tests.eager_schema import eager_schema
from tests.models import large_snapshot, standard_snapshot

QUERY = parse(
    """
    query ($filter: Object3FilterInput) {
      object3s(filter: $filter, orderBy: [{ next: { text1: DESC } }, { createdBy: { name: ASC } }], first: 10) {
        edges { node { id text0 next { text1 previous(filter: { text2: { ilike: "a%" } }) { totalCount } } } }
      }
      object900sAggregate(filter: { next: { is: NULL } }) { count max { text3 createdAt } }
    }
    """
)
MUTATION = parse('mutation { updateObject7(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", data: {}) { id } }')


@pytest.fixture(scope="module")
def thousand() -> Snapshot:
    """1,000 objects of 20 fields."""
    return large_snapshot(1_000)


def types_built_by(snapshot: Snapshot) -> int:
    schema = lazy_schema(snapshot)
    assert validate(schema, QUERY) == []
    return built_types(schema)


def test_a_query_among_a_thousand_objects_builds_few_types(thousand: Snapshot) -> None:
    assert len(thousand.objects) == 1_000
    assert all(len(object_.fields) == 20 for object_ in thousand.objects.values())
    assert types_built_by(thousand) < 60


def test_the_size_of_the_workspace_makes_no_difference(thousand: Snapshot) -> None:
    assert types_built_by(thousand) == types_built_by(large_snapshot(902))


def test_a_refusal_builds_few_types_either(thousand: Snapshot) -> None:
    schema = lazy_schema(thousand)
    wrong = parse("{ object1s { edges { node { nothing } } } objects { id } ... on Nothing { id } }")
    assert len(validate(schema, wrong, hide_suggestions=True)) == 3
    assert built_types(schema) < 60


def test_a_new_schema_has_only_its_roots(thousand: Snapshot) -> None:
    assert built_types(lazy_schema(thousand)) == 3


def test_roots_build_their_fields_one_by_one(thousand: Snapshot) -> None:
    schema = lazy_schema(thousand)
    assert validate(schema, MUTATION) == []
    mutation = schema.mutation_type
    assert mutation is not None
    assert isinstance(mutation.fields, LazyMap)
    assert mutation.fields.made == 1
    assert len(mutation.fields) == 13 * 1_000


def test_an_eager_schema_has_built_all() -> None:
    schema = eager_schema(standard_snapshot())
    assert built_types(schema) == len(lazy_schema(standard_snapshot()).type_map) == len(schema.type_map)


def test_names_are_known_before_they_are_built() -> None:
    schema = lazy_schema(standard_snapshot())
    assert "PersonFilterInput" in schema.type_map
    assert "PersonNothing" not in schema.type_map
    assert schema.type_map.get("PersonNothing") is None
    with pytest.raises(KeyError):
        schema.type_map["PersonNothing"]


def test_types_that_would_be_empty_are_not_there() -> None:
    schema = lazy_schema(standard_snapshot())
    # No field of an activity but its position can be added up; nothing of the standard objects leads to an activity.
    assert schema.get_type("ActivityAggregateSum") is not None
    assert schema.get_type("ActivityRelationFilterInput") is None
    assert schema.get_type("ActivityRelationInput") is None


def test_a_name_of_any_length_is_refused_at_once() -> None:
    assert lazy_schema(standard_snapshot()).get_type("A" * 1_000_000 + "Enum") is None


def test_threads_share_one_instance_of_each_type() -> None:
    schema = lazy_schema(standard_snapshot())
    names = list(schema.type_map)
    start = Barrier(8)
    seen: list[list[GraphQLNamedType]] = []

    def look_up(fresh: LazySchema) -> None:
        start.wait()
        seen.append([fresh.type_map[name] for name in names])

    fresh = lazy_schema(standard_snapshot())
    threads = [Thread(target=look_up, args=(fresh,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert all(all(one is other for one, other in zip(seen[0], later, strict=True)) for later in seen)


def test_a_lazy_mapping_is_a_whole_dict() -> None:
    schema = lazy_schema(standard_snapshot())
    query = schema.query_type
    assert query is not None
    fields = query.fields
    assert fields
    assert isinstance(fields, dict)
    assert list(fields) == list(fields.keys()) == list(fields.copy()) == list(dict(fields)) == list({**fields})
    assert list(fields.values()) == list(fields.copy().values())
    assert list(fields.items()) == list(fields.copy().items())
    assert type(fields.copy()) is dict
    assert "people" in fields
    assert fields.get("nobody") is None
    assert fields["people"] is fields["people"]
