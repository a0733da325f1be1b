"""Any page of REST has the records of the GraphQL request for the same filter, order and page."""

import pytest
from graphql import GraphQLInputObjectType
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.filter_syntax import read_filter
from fieldstone.metadata.json_text import dumps
from tests.apis import Served
from tests.engine.rest.pages import Pages, said_by_rest, write_conditions, write_order
from tests.operations import examples
from tests.reference import Reference

pytestmark = pytest.mark.long


@given(data=st.data())
@examples(120)
def test_any_page(served: Served, reference: Reference, data: st.DataObject) -> None:
    pages = Pages(served, reference.schema)
    object_ = data.draw(st.sampled_from(list(pages.snapshot.by_plural.values())))
    filter_, orders = data.draw(said_by_rest(reference, object_))
    depth = data.draw(st.sampled_from([0, 0, 1, 2]))
    limit = data.draw(st.sampled_from([None, 0, 1, 3, 60]))
    text = ",".join(write_conditions(filter_)) or None
    note(f"{object_.name_plural} {filter_}\n{text}\n{orders}")
    parameters = {"filter": text, "order_by": write_order(orders) or None, "limit": limit, "depth": depth}
    given_variables = {"filter": filter_ or None, "orderBy": orders or None, "first": limit}
    found = pages.by_rest(object_, parameters)
    expected = pages.by_graphql(object_, depth, **given_variables)
    assert found == expected
    if isinstance(found, dict) and (end := found["pageInfo"]["endCursor"]):
        second = pages.by_rest(object_, {**parameters, "starting_after": end})
        assert second == pages.by_graphql(object_, depth, **given_variables, after=pages.cursors.get(end, end))
        # Backward from the last record of the first page.
        last = {**given_variables, "first": None, "last": 60 if limit is None else limit}
        before = pages.by_rest(object_, {**parameters, "ending_before": end})
        assert before == pages.by_graphql(object_, depth, **last, before=pages.cursors.get(end, end))


_PIECES = st.sampled_from(
    [
        "and(", "or(", "not(", ")", "[", "]", "[eq]:", "[in]:[", ":", ",", ".", '"', "'", "\\", "city", "company", " ",
        "{", "}", '{"a":1}', "null", "1", "é", "\x00", "[is]:NULL", "name", "some", "createdAt[within]:",
    ]
)  # fmt: skip


@given(pieces=st.lists(_PIECES, max_size=14))
@examples(400)
def test_any_text_is_a_filter_or_refused(reference: Reference, pieces: list[str]) -> None:
    type_ = reference.schema.type_map["PersonFilterInput"]
    assert isinstance(type_, GraphQLInputObjectType)
    try:
        found = read_filter("".join(pieces), type_)
    except BadUserInput as error:
        assert error.field == "filter"
    else:
        dumps(found).encode()
