"""Every entry of a connection, alone and together, on every kind of page."""

import pytest

from fieldstone.sql.plan.aggregates import Count
from fieldstone.sql.plan.elements import Compare, Comparison
from fieldstone.sql.plan.outputs import Cursor, Edges, Literal, OrderKey, Page, PageFact, PageInfo
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.page_cursor import decode_cursor
from tests.sql.people import nodes, numbers, people, person, with_id
from tests.sql.shop import ALL_FACTS, BY_ID, EMAIL, SCORE, Shop, parameter


def test_entries_may_come_several_times(filled: Shop) -> None:
    root = people(
        ("a", nodes()),
        ("b", Edges(entries=(("cursor", Cursor()), ("__typename", Literal(text='"PersonEdge"'))))),
        ("c", PageInfo(entries=(("x", PageFact.HAS_NEXT), ("y", PageFact.HAS_NEXT), ("t", Literal(text="1"))))),
        ("d", PageInfo(entries=(("end", PageFact.END_CURSOR),))),
        ("e", Count()),
        ("f", Count()),
        ("g", Literal(text='"PersonConnection"')),
    )
    answer = filled.read(root)
    assert numbers(answer["a"]) == [1, 2, 3]
    assert [edge["__typename"] for edge in answer["b"]] == ["PersonEdge"] * 3
    assert answer["c"] == {"x": True, "y": True, "t": 1}
    assert answer["d"] == {"end": answer["b"][-1]["cursor"]}
    assert (answer["e"], answer["f"], answer["g"]) == (7, 7, "PersonConnection")


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (6, 6), (7, 7), (8, 7)])
def test_page_facts(filled: Shop, limit: int, count: int, backward: bool) -> None:
    entries = (("edges", nodes()), ("pageInfo", ALL_FACTS))
    answer = filled.read(people(*entries, page=Page(limit=limit, backward=backward)))
    shown = list(range(1, 8))[-count if backward else 0 :][:count] if count else []
    assert numbers(answer["edges"]) == shown
    info = answer["pageInfo"]
    assert info["hasNextPage"] is (not backward and limit < 7)
    assert info["hasPreviousPage"] is (backward and limit < 7)
    ends = [info["startCursor"], info["endCursor"]]
    decoded = [None if end is None else decode_cursor(end, "tag")[0] for end in ends]
    assert decoded == ([person(shown[0]), person(shown[-1])] if shown else [None, None])


@pytest.mark.parametrize("fact", list(PageFact), ids=lambda fact: fact.value)
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("limit", [0, 3, 7])
def test_each_page_fact_alone_is_what_it_is_among_all(filled: Shop, fact: PageFact, backward: bool, limit: int) -> None:
    page = Page(limit=limit, backward=backward)
    alone = filled.read(people(("p", PageInfo(entries=(("f", fact),))), page=page))
    together = filled.read(people(("edges", nodes()), ("p", ALL_FACTS), page=page))
    assert alone["p"]["f"] == together["p"][fact.value]


def test_an_empty_page(filled: Shop) -> None:
    entries = (("edges", nodes()), ("pageInfo", ALL_FACTS), ("totalCount", Count()))
    for backward in (False, True):
        page = Page(limit=2, backward=backward)
        assert filled.read(people(*entries, condition=with_id(), page=page), person(99)) == {
            "edges": [],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
            "totalCount": 0,
        }


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("offset", [0, 2, 6, 9])
def test_offset(filled: Shop, offset: int, backward: bool) -> None:
    page = Page(limit=2, backward=backward, offset=parameter(0, SqlType.INTEGER))
    answer = filled.read(people(("edges", nodes()), ("pageInfo", ALL_FACTS), page=page), str(offset))
    everyone = list(range(1, 8))
    shown = everyone[::-1][offset : offset + 2][::-1] if backward else everyone[offset : offset + 2]
    assert numbers(answer["edges"]) == shown
    behind, ahead = ("hasNextPage", "hasPreviousPage") if backward else ("hasPreviousPage", "hasNextPage")
    assert answer["pageInfo"][behind] is (offset > 0 and bool(shown))
    assert answer["pageInfo"][ahead] is (offset + 2 < 7)


@pytest.mark.parametrize("nulls_first", [False, True])
def test_offset_with_a_cursor_between_nulls(filled: Shop, nulls_first: bool) -> None:
    order = (OrderKey(operand=SCORE, nulls_first=nulls_first), BY_ID)
    everyone = numbers(filled.read(people(("edges", nodes()), order=order, page=Page(limit=9)))["edges"])
    page = Page(
        limit=2,
        seek=(parameter(0, SqlType.INTEGER), parameter(1, SqlType.UUID)),
        offset=parameter(2, SqlType.INTEGER),
    )
    answer = filled.read(people(("edges", nodes()), order=order, page=page), "2", person(2), "1")
    after = everyone.index(2) + 2
    assert numbers(answer["edges"]) == everyone[after : after + 2]


@pytest.mark.parametrize(
    "entries",
    [
        (("edges", nodes()),),
        (("totalCount", Count()),),
        (("pageInfo", PageInfo(entries=(("x", PageFact.HAS_PREVIOUS),))),),
        (("__typename", Literal(text='"PersonConnection"')),),
    ],
    ids=["edges", "totalCount", "hasPreviousPage", "__typename"],
)
def test_parameters_of_what_is_not_read_are_still_known(
    filled: Shop, entries: tuple[tuple[str, Edges | PageInfo | Count | Literal], ...]
) -> None:
    page = Page(limit=0, seek=(parameter(1, SqlType.UUID),), offset=parameter(2, SqlType.INTEGER))
    condition = Compare(left=EMAIL, comparison=Comparison.NE, right=parameter(0))
    answer = filled.read(people(*entries, page=page, condition=condition), "1@x", person(3), "1")
    assert answer == {
        key: {"edges": [], "totalCount": 6, "pageInfo": {"x": False}, "__typename": "PersonConnection"}[key]
        for key, _ in entries
    }
