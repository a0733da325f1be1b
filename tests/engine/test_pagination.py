"""Pages: walking them meets every record exactly once, in order, whatever the order, the size and the direction."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from fieldstone.sql.values.page_cursor import decode_cursor
from tests.apis import Served, serve
from tests.cursors import encode_cursor
from tests.databases import Databases
from tests.reference import Reference
from tests.specimens import specimen_template

DIRECTIONS = ("AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast")
SHORT = {"ASC": "AscNullsLast", "DESC": "DescNullsFirst"}
"""The directions that are others under a shorter name."""
LONG = {long: short for short, long in SHORT.items()}
SIZE = 13
"""The records of a page in the walks of every key, and in the comparison of two directions."""
FORWARD = (
    "query ($order: [SpecimenOrderByInput], $size: Int, $cursor: String) {"
    " specimens(orderBy: $order, first: $size, after: $cursor) {"
    " edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }"
)
BACKWARD = FORWARD.replace("first:", "last:").replace("after:", "before:")
EVERYTHING = (
    "query ($order: [SpecimenOrderByInput]) { specimens(orderBy: $order, first: 200) { edges { node { id } } } }"
)
WITHOUT_ID = (
    "query ($order: [SpecimenOrderByInput], $cursor: String) { specimens(orderBy: $order, first: 3, after: $cursor) {"
    " edges { node { aText } } pageInfo { hasNextPage endCursor } } }"
)

Order = list[dict[str, Any]]


def ids(page: Any) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


def read_all(asked: Served | Reference, order: Order) -> list[str]:
    return ids(asked.ask(EVERYTHING, {"order": order})["data"]["specimens"])


def walk(served: Served, order: Order, size: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = served.ask(FORWARD, {"order": order, "size": size, "cursor": cursor})["data"]["specimens"]
        check_page(page, cursor)
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        found += ids(page)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        assert len(page["edges"]) == size
        cursor = page["pageInfo"]["endCursor"]


def walk_back(served: Served, order: Order, size: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = served.ask(BACKWARD, {"order": order, "size": size, "cursor": cursor})["data"]["specimens"]
        check_page(page, cursor)
        assert page["pageInfo"]["hasNextPage"] is (cursor is not None)
        found = ids(page) + found
        if not page["pageInfo"]["hasPreviousPage"]:
            return found
        assert len(page["edges"]) == size
        cursor = page["pageInfo"]["startCursor"]


def check_page(page: Any, cursor: str | None) -> None:
    assert page["edges"], cursor
    assert page["totalCount"] > 30
    assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]


def check_walks(served: Served, reference: Reference, order: Order, sizes: tuple[int, ...]) -> None:
    expected = read_all(reference, order)
    assert len(expected) == len(set(expected)) > 30
    assert read_all(served, order) == expected
    for size in sizes:
        assert walk(served, order, size) == expected, size
        assert walk_back(served, order, size) == expected, size


def single_keys(of_type: GraphQLInputObjectType, direction: str, depth: int = 1) -> Iterator[dict[str, Any]]:
    """Every key that an order can have, through one relation at most."""
    for name, field in of_type.fields.items():
        named = get_named_type(field.type)
        if not isinstance(named, GraphQLInputObjectType):
            yield {name: direction}
        elif named.name == "JSONOrderByInput":
            kinds = ("TEXT", "NUMBER", "BOOLEAN")
            yield from ({name: {"path": ["a"], "direction": direction, "type": kind}} for kind in kinds)
        elif "id" not in named.fields or depth > 0:
            yield from ({name: below} for below in single_keys(named, direction, depth - 1))


def every_key(reference: Reference, direction: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every key of the object's own, and those through a relation."""
    of_type = reference.schema.type_map["SpecimenOrderByInput"]
    assert isinstance(of_type, GraphQLInputObjectType)
    own = list(single_keys(of_type, direction, depth=0))
    assert len(own) > 60
    related = [key for key in single_keys(of_type, direction) if key not in own]
    assert len(related) > 400
    return own, related


def dealt(related: list[dict[str, Any]], direction: str) -> list[dict[str, Any]]:
    """The keys through a relation that are walked in this direction.

    A direction is written for the key itself, wherever the key is: the ways to it take turns with the directions.
    """
    if "FIELDSTONE_TEST_EXAMPLES" in os.environ:
        return related
    return related[DIRECTIONS.index(direction) :: len(DIRECTIONS)]


def check_the_short_one(served: Served, short: dict[str, Any], long: dict[str, Any]) -> None:
    """See that both have the same pages with the same cursors, so that the walks of the one are those of the other."""
    cursor = None
    for document in (FORWARD, FORWARD, BACKWARD):
        pages = [
            served.ask(document, {"order": [order], "size": SIZE, "cursor": cursor})["data"]["specimens"]
            for order in (short, long)
        ]
        check_page(pages[0], cursor)
        assert pages[0] == pages[1], short
        cursor = pages[0]["pageInfo"]["endCursor"]


@pytest.mark.long
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_key(served: Served, reference: Reference, direction: str) -> None:
    """A short direction is compared behind the walks of its long one, which have made the plans of both."""
    short = LONG.get(direction)
    own, related = every_key(reference, direction)
    for key in own + dealt(related, direction):
        check_walks(served, reference, [key], (SIZE,))
        if short is not None:
            check_the_short_one(served, written(key, short), key)


@pytest.mark.long
@pytest.mark.parametrize(("short", "direction"), [("ASC", "AscNullsFirst"), ("DESC", "DescNullsLast")], ids=SHORT)
def test_a_short_direction_is_the_long_one(served: Served, reference: Reference, short: str, direction: str) -> None:
    """The keys are those whose walks have a direction without a short name."""
    for key in dealt(every_key(reference, direction)[1], direction):
        check_the_short_one(served, written(key, short), written(key, SHORT[short]))


def written(key: dict[str, Any], direction: str) -> dict[str, Any]:
    """Return a key in another direction."""
    if "path" in key:
        return {**key, "direction": direction}
    return {name: written(below, direction) if isinstance(below, dict) else direction for name, below in key.items()}


ORDERS: dict[str, Order] = {
    "none": [],
    "ties": [{"aBoolean": "ASC"}],
    "ties of NULLs that come first": [{"aBoolean": "DESC"}],
    "the id": [{"id": "DESC"}],
    "the id before others": [{"aBoolean": "ASC"}, {"id": "DESC"}, {"aText": "ASC"}],
    "two, one way": [{"aBoolean": "ASC"}, {"aNumberInt": "ASC"}],
    "two, both ways": [{"aBoolean": "DescNullsLast"}, {"aNumberInt": "AscNullsFirst"}],
    "three, mixed": [{"aSelect": "DESC"}, {"aBoolean": "ASC"}, {"aText": "DescNullsLast"}],
    "three nullable, all NULLs first": [
        {"aBoolean": "AscNullsFirst"},
        {"aSelect": "AscNullsFirst"},
        {"aDate": "DescNullsFirst"},
    ],
    "composites": [{"aCurrency": {"currencyCode": "ASC"}}, {"aCurrency": {"amountMicros": "DescNullsFirst"}}],
    "a relation": [{"aRelation": {"name": "ASC"}}],
    "a relation to the same object": [{"parent": {"aText": "DESC"}}],
    "through two relations": [{"parent": {"aRelation": {"employees": "AscNullsFirst"}}}, {"aBoolean": "DESC"}],
    "a relation and its key": [{"aRelation": {"employees": "DESC"}}, {"aRelationId": "ASC"}],
    "one key twice": [{"aBoolean": "ASC"}, {"aBoolean": "DESC"}],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_orders(served: Served, reference: Reference, order: Order) -> None:
    check_walks(served, reference, order, (1, 2, 3, 7))


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_what_is_sorted_by_need_not_be_selected(served: Served, reference: Reference, order: Order) -> None:
    texts = {
        edge["node"]["id"]: edge["node"]["aText"]
        for edge in served.ask("{ specimens(first: 200) { edges { node { id aText } } } }")["data"]["specimens"][
            "edges"
        ]
    }
    found: list[str] = []
    cursor, is_more = None, True
    while is_more:
        page = served.ask(WITHOUT_ID, {"order": order, "cursor": cursor})["data"]["specimens"]
        found += [edge["node"]["aText"] for edge in page["edges"]]
        cursor, is_more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [texts[id_] for id_ in read_all(reference, order)]


def test_nested_pages(served: Served, reference: Reference) -> None:
    document = (
        "query ($id: UUID, $cursor: String) { company(id: $id) { specimens(first: 2, after: $cursor,"
        " orderBy: [{aText: DESC}]) { edges { cursor node { id } } pageInfo { hasNextPage } totalCount } } }"
    )
    big = document.replace("first: 2, after: $cursor", "first: 200").replace(", $cursor: String", "")
    companies = served.ask("{ companies(first: 200) { edges { node { id } } } }")["data"]["companies"]
    walked = 0
    for id_ in ids(companies):
        expected = ids(reference.ask(big, {"id": id_})["data"]["company"]["specimens"])
        found: list[str] = []
        cursor, is_more = None, True
        while is_more:
            page = served.ask(document, {"id": id_, "cursor": cursor})["data"]["company"]["specimens"]
            assert page["totalCount"] == len(expected)
            found += ids(page)
            cursor, is_more = (page["edges"] or [{"cursor": None}])[-1]["cursor"], page["pageInfo"]["hasNextPage"]
        assert found == expected
        walked += len(found)
    assert walked > 20


def test_a_walk_goes_on_from_where_records_have_gone(databases: Databases) -> None:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            order: Order = [{"aNumberInt": "DescNullsLast"}]
            expected = read_all(served, order)
            page = served.ask(FORWARD, {"order": order, "size": 5})["data"]["specimens"]
            served.ask("mutation ($id: UUID!) { destroySpecimen(id: $id) { id } }", {"id": ids(page)[-1]})
            cursor = page["pageInfo"]["endCursor"]
            rest = served.ask(FORWARD, {"order": order, "size": 200, "cursor": cursor})["data"]["specimens"]
            assert ids(rest) == expected[5:]


def test_an_empty_page(served: Served) -> None:
    for arguments in ("first: 0", "last: 0", 'filter: {aText: {eq: "no such text"}}'):
        page = served.ask(f"{{ specimens({arguments}) {{ edges {{ cursor }} pageInfo {{ startCursor endCursor }} }} }}")
        assert page["data"]["specimens"] == {"edges": [], "pageInfo": {"startCursor": None, "endCursor": None}}


def test_default_and_largest_page(databases: Databases) -> None:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            rows = [{"name": f"{number}"} for number in range(250)]
            served.ask("mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { id } }", {"d": rows})
            last = served.ask("{ companies(last: 1) { pageInfo { endCursor } } }")["data"]["companies"]["pageInfo"]
            before = f'(before: "{last["endCursor"]}")'
            for arguments, size in (("", 60), ("(first: null)", 60), ("(first: 200)", 200), (before, 60)):
                page = served.ask(f"{{ companies{arguments} {{ edges {{ node {{ id }} }} }} }}")["data"]["companies"]
                assert len(page["edges"]) == size


CONFLICTS = {
    "first and limit": "first: 1, limit: 1",
    "first and last": "first: 1, last: 1",
    "limit and last": "limit: 1, last: 1",
    "after and before": 'after: "x", before: "x"',
    "first and before": 'first: 1, before: "x"',
    "last and after": 'last: 1, after: "x"',
    "last and offset": "last: 1, offset: 1",
    "after and offset": 'after: "x", offset: 1',
    "a negative first": "first: -1",
    "a negative last": "last: -1",
    "a negative offset": "offset: -1",
    "an order of two keys": "orderBy: {aText: ASC, aDate: ASC}",
    "a composite order of two keys": "orderBy: [{aCurrency: {amountMicros: ASC, currencyCode: ASC}}]",
    "a null direction": "orderBy: {aText: null}",
}


@pytest.mark.parametrize("arguments", CONFLICTS.values(), ids=CONFLICTS)
def test_arguments_that_do_not_go_together(served: Served, arguments: str) -> None:
    answer = served.ask(f"{{ specimens({arguments}) {{ totalCount }} }}")
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["path"], answer["data"]) == ("BAD_USER_INPUT", ["specimens"], None)


def test_an_order_of_two_keys_says_what_would_be_right(served: Served) -> None:
    (error,) = served.ask("{ specimens(orderBy: {aText: ASC, aDate: ASC}) { totalCount } }")["errors"]
    assert error["message"] == (
        "An orderBy object takes one key, since the order of several is lost:"
        " use a list, [{ aText: .. }, { aDate: .. }]."
    )


def genuine(served: Served, order: Order) -> tuple[str, list[Any]]:
    """A cursor that was given out, and its tag and keys."""
    page = served.ask(FORWARD, {"order": order, "size": 3})["data"]["specimens"]
    cursor = page["pageInfo"]["endCursor"]
    place = bytes.fromhex(cursor)
    tag = place[1 : 1 + place[0]].decode()
    return cursor, [tag, *decode_cursor(cursor, tag)]


def refused(served: Served, cursor: Any, order: Order) -> None:
    for document, argument in ((FORWARD, "after"), (BACKWARD, "before")):
        answer = served.ask(document, {"order": order, "size": 3, "cursor": cursor})
        assert answer["data"] is None
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", error
        assert error["path"] == ["specimens"]
        assert error["extensions"].get("field", argument) == argument


@pytest.mark.parametrize("cursor", ["", " ", "x", "WyJhIl0", "é", "=", "bnVsbA", "e30", "W10", "a" * 10_000])
def test_cursors_that_were_never_given_out(served: Served, cursor: str) -> None:
    refused(served, cursor, [])
    refused(served, cursor, [{"aText": "ASC"}])


def test_altered_cursors(served: Served) -> None:
    order: Order = [{"aText": "AscNullsLast"}]
    cursor, _ = genuine(served, order)
    for place in range(0, len(cursor), 7):
        other = "b" if cursor[place] == "a" else "a"
        refused(served, cursor[:place] + other + cursor[place + 1 :], order)
    for altered in (cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor + "\n", cursor * 2, cursor.upper()):
        refused(served, altered, order)


def test_cursors_of_another_order_or_object(served: Served) -> None:
    orders: list[Order] = [[], [{"aText": "ASC"}], [{"aText": "DESC"}], [{"aText": "AscNullsFirst"}], [{"name": "ASC"}]]
    for made in orders:
        cursor, _ = genuine(served, made)
        for other in orders:
            if other != made:
                refused(served, cursor, other)
    company = served.ask("{ companies(first: 1) { pageInfo { endCursor } } }")["data"]["companies"]["pageInfo"]
    refused(served, company["endCursor"], [])


GARBAGE = ["", "abc", "NaN", "Infinity", "9" * 400, "-", "2024-02-30", "\0", "\ud800", "'", "{", "null", "\u0660"]
GARBLED_KEYS = ["aNumberInt", "aNumberBigint", "aNumber", "aNumberFloat", "aNumeric", "aBoolean", "aDate", "aDateTime",
                "aUuid", "aText", "aSelect"]  # fmt: skip


@pytest.mark.parametrize("key", GARBLED_KEYS)
def test_forged_cursors_are_answered_or_refused(served: Served, key: str) -> None:
    """The check is no secret: a forger gets rows that a filter could give, or an error, but no fault of ours."""
    order: Order = [{key: "ASC"}]
    _, (tag, *_) = genuine(served, order)
    some_id = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
    for value in [*GARBAGE, None]:
        answer = served.ask(FORWARD, {"order": order, "size": 3, "cursor": encode_cursor(tag, [value, some_id])})
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (value, error)
            assert error["path"] == ["specimens"]
    for keys in ([], [some_id], [None, some_id, some_id], [None, None], [None, "abc"], [None, ""]):
        refused(served, encode_cursor(tag, keys), order)
