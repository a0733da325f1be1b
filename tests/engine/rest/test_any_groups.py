"""Any groups of REST have the keys and aggregates of the GraphQL request for them, with all of their digits."""

from typing import Any
from urllib.parse import urlencode

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.engine.errors import ApiError
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import read_parameters
from fieldstone.engine.rest.routes import Action
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.metadata.model import Object
from tests.apis import PRINCIPAL, Served
from tests.engine.rest.pages import prune, write_conditions
from tests.operation_writer import to_json
from tests.operations import Values, examples
from tests.reference import Reference

pytestmark = pytest.mark.long

MOST_DEEP = 1


_KEYS: dict[str, list[Any]] = {
    "Boolean": [True],
    "NumberGrouping": [True, {"width": 1}, {"width": 1000}],
    "DateGrouping": [True, {"bucket": "MONTH"}, {"bucket": "WEEK", "timeZone": "Asia/Tokyo"}],
}
"""By the type of a member of a group, values of it."""


def draw_key(draw: st.DrawFn, of_type: GraphQLNamedType, depth: int = MOST_DEEP) -> Any:
    """The value of one member of a group."""
    if of_type.name in _KEYS:
        return draw(st.sampled_from(_KEYS[of_type.name]))
    assert isinstance(of_type, GraphQLInputObjectType), of_type
    members = {name: get_named_type(field.type) for name, field in of_type.fields.items()}
    name = draw(st.sampled_from([name for name, inner in members.items() if depth or inner.name in _KEYS]))
    return {name: draw_key(draw, members[name], depth - 1)}


@st.composite
def said_groups(draw: st.DrawFn, reference: Reference, object_: Object) -> tuple[list[Any], list[str], Any]:
    """Groups of an object, aggregates of them, and a filter that REST can say."""
    name, schema = object_.type_name, reference.schema
    filter_type = schema.type_map[f"{name}FilterInput"]
    assert isinstance(filter_type, GraphQLInputObjectType)
    groups = [draw_key(draw, schema.type_map[f"{name}GroupByInput"]) for _ in range(draw(st.integers(1, 2)))]
    names = draw(st.lists(st.sampled_from(aggregates_of(schema, object_)), unique=True, max_size=6))
    values = Values(draw, sorted(id_ for rows in reference.rows.values() for id_ in rows))
    return groups, names, prune(to_json(values.filter(filter_type)))


def aggregates_of(schema: GraphQLSchema, object_: Object) -> list[str]:
    """The names of the aggregates of a group that are values by themselves."""
    result = schema.type_map[f"{object_.type_name}GroupByResult"]
    assert isinstance(result, GraphQLObjectType)
    return [
        name
        for name, field in result.fields.items()
        if is_leaf_type(get_named_type(field.type)) and name != "groupByDimensionValues"
    ]


def by_rest(served: Served, object_: Object, parameters: dict[str, Any]) -> Any:
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    asked = Asked(
        action=Action.GROUP_BY,
        plural=object_.name_plural,
        id=None,
        parameters=read_parameters(query.encode(), Action.GROUP_BY),
    )
    try:
        return loads(served.run(RestApi(served.apis.core).execute(PRINCIPAL, asked)).body)["data"]
    except ApiError as error:
        return error.code


@given(data=st.data())
@examples(80)
def test_any_groups(served: Served, reference: Reference, data: st.DataObject) -> None:
    object_ = data.draw(st.sampled_from(list(served.snapshot().by_plural.values())))
    name = object_.type_name
    groups, names, filter_ = data.draw(said_groups(reference, object_))
    limit = data.draw(st.sampled_from([None, 1, 3]))
    note(f"{object_.name_plural} {groups} {names} {filter_}")
    found = by_rest(
        served,
        object_,
        {
            "group_by": dumps(groups),
            "aggregate": dumps(names),
            "filter": ",".join(write_conditions(filter_)) or None,
            "limit": limit,
        },
    )
    field = f"{object_.name_plural}GroupBy"
    text = (
        f"query ($groupBy: [{name}GroupByInput!]!, $filter: {name}FilterInput, $first: Int)"
        f" {{ {field}(groupBy: $groupBy, filter: $filter, first: $first)"
        f" {{ groupByDimensionValues {' '.join(names)} }} }}"
    )
    given_variables = {"groupBy": groups, "filter": filter_ or None, "first": limit}
    answer = served.ask(text, {name: value for name, value in given_variables.items() if value is not None})
    expected = answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]
    assert found == expected
