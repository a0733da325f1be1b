"""Filters: every operator of every column against the oracle, and the contract's sentences one by one."""

from collections.abc import Iterator
from functools import cache, partial
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from fieldstone.metadata.model import Object, Part
from fieldstone.metadata.operators import Argument, Operator
from tests.apis import Apis, Served
from tests.engine.filters import PER_REQUEST, columns, nested
from tests.reference import Reference
from tests.reference_values import write_value
from tests.specimens import TEXTS, values_of

PATTERNS = ("", "%", "_", "a%", "%b", "A_", "\\%%", "%\\_%", "%é%", "\\\\%")


def arguments(part: Part, operator: Operator) -> Iterator[Any]:
    """Values for an operator: null where that means something, and values that the records have."""
    if operator.when_null is not None:
        yield None
    known = [str(value) if isinstance(value, UUID) else write_value(part, value) for value in values_of(part)]
    match operator.argument:
        case Argument.VALUE:
            yield from known[:8]
        case Argument.TEXT if operator.name in {"like", "ilike"}:
            yield from PATTERNS
        case Argument.TEXT:
            yield from TEXTS
        case Argument.VALUES:
            items = known if not part.scalar.element else [item for value in known for item in value]
            yield from ([], items[:1], items[:3], items[1:2] * 2)
        case Argument.RANGE:
            yield from ([known[0], known[1]], [known[1], known[0]], [known[2], known[2]])
        case Argument.PRESENCE:
            yield from ("NULL", "NOT_NULL")
        case Argument.FLAG:
            yield from (True, False)


def every_filter(object_: Object) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Every filter on one column, with the column."""
    for names, part in columns(object_):
        for operator in part.operators:
            if operator.name == "search":
                continue  # the matches of text search are PostgreSQL's own
            for argument in arguments(part, operator):
                plain = nested((*names, operator.name), argument)
                yield part, plain
                yield part, {"not": plain}


class Selecting:
    """The oracle of filters on one column, asked once for the records of one value."""

    def __init__(self, reference: Reference, object_: Object) -> None:
        self._selects = partial(reference.filters.selects, object_)
        self._is_live = partial(reference.filters.is_live, object_)
        self._rows = reference.rows[object_.id]
        self._alike = cache(self._find_alike)

    def ids(self, part: Part, given: dict[str, Any]) -> list[str]:
        """The ids of the records that the filter selects, in order."""
        alike = self._alike(part.column.name).values()
        return sorted(id_ for ids in alike if self._selects(self._rows[ids[0]], given) for id_ in ids)

    def _find_alike(self, column: str) -> dict[tuple[str, bool], list[str]]:
        """The ids of the records, by their value in a column, and by whether they are live."""
        found: dict[tuple[str, bool], list[str]] = {}
        for id_, row in self._rows.items():
            found.setdefault((repr(row[column]), self._is_live(row)), []).append(id_)
        return found


@pytest.mark.long
def test_every_operator_of_every_column(served: Served, reference: Reference) -> None:
    object_ = served.snapshot().by_singular["specimen"]
    selecting = Selecting(reference, object_)
    filters = list(every_filter(object_))
    assert len(filters) > 2_000
    shown = 0
    for start in range(0, len(filters), PER_REQUEST):
        batch = filters[start : start + PER_REQUEST]
        declared = ", ".join(f"$f{place}: SpecimenFilterInput" for place in range(len(batch)))
        selected = " ".join(
            f"a{place}: specimens(filter: $f{place}, first: 200) {{ edges {{ node {{ id }} }} }}"
            for place in range(len(batch))
        )
        variables = {f"f{place}": one for place, (_, one) in enumerate(batch)}
        actual = served.ask(f"query ({declared}) {{ {selected} }}", variables)
        assert "errors" not in actual, actual["errors"]
        for place, (part, one) in enumerate(batch):
            found = [edge["node"]["id"] for edge in actual["data"][f"a{place}"]["edges"]]
            assert found == selecting.ids(part, one), one
            shown += len(found)
    assert shown > 10_000


def test_no_column_is_left_out(served: Served, reference: Reference) -> None:
    """The schema has no operator that the other test does not know."""
    object_ = served.snapshot().by_singular["specimen"]
    known = {(*names, operator.name) for names, part in columns(object_) for operator in part.operators}
    of_type = reference.schema.type_map["SpecimenFilterInput"]
    assert isinstance(of_type, GraphQLInputObjectType)
    assert set(_paths(of_type, ())) == known


def _paths(of_type: GraphQLInputObjectType, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in of_type.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType) and name not in {"within", "path"}:
            if {"and", "some", "filter"}.isdisjoint(named.fields):
                yield from _paths(named, (*names, name))
        else:
            yield (*names, name)


EQUIVALENT = {
    "eq: null is IS NULL": ("{aText: {eq: null}}", "{aText: {is: NULL}}"),
    "neq: null is IS NOT NULL": ("{aText: {neq: null}}", "{aText: {is: NOT_NULL}}"),
    "isNot: null is IS NOT NULL": ("{aText: {isNot: null}}", "{aText: {is: NOT_NULL}}"),
    "is: null is IS NULL": ("{aText: {is: null}}", "{aText: {is: NULL}}"),
    "in: [] matches nothing": ("{aText: {in: []}}", "{id: {is: NULL}}"),
    "notIn: [] matches all that is there": ("{aText: {notIn: []}}", "{aText: {is: NOT_NULL}}"),
    "not in: [] matches all that is there": ("{not: {aText: {in: []}}}", "{aText: {is: NOT_NULL}}"),
    "not notIn: [] matches nothing": ("{not: {aText: {notIn: []}}}", "{id: {is: NULL}}"),
    "a single value is a list": ('{aText: {in: "a"}}', '{aText: {in: ["a"]}}'),
    "several operators are AND-ed": ('{aText: {gt: "a", lt: "b"}}', '{and: [{aText: {gt: "a"}}, {aText: {lt: "b"}}]}'),
    "several fields are AND-ed": (
        '{aText: {gt: "a"}, aBoolean: {eq: true}}',
        '{and: [{aText: {gt: "a"}}, {aBoolean: {eq: true}}]}',
    ),
    "an empty filter": ("{}", "null"),
    "an empty and": ("{and: []}", "{}"),
    "an empty or": ("{or: []}", "{}"),
    "an empty not": ("{not: {}}", "{}"),
    "an empty disjunct is left out": ('{or: [{}, {aText: {eq: "a"}}]}', '{aText: {eq: "a"}}'),
    "an empty conjunct is left out": ('{and: [{aText: {}}, {aText: {eq: "a"}}]}', '{aText: {eq: "a"}}'),
    "deep empties are left out": ('{or: [{not: {and: [{}]}}, {aText: {eq: "a"}}]}', '{aText: {eq: "a"}}'),
    "a relation that says nothing": ("{parent: {}}", "{}"),
    "and takes one": ('{and: {aText: {eq: "a"}}}', '{aText: {eq: "a"}}'),
    "a relation that is there": ("{parent: {is: NOT_NULL}}", "{parent: {id: {is: NOT_NULL}}}"),
    "not not": ('{not: {not: {aText: {eq: "a"}}}}', '{aText: {eq: "a"}}'),
    "De Morgan": (
        '{not: {or: [{aText: {eq: "a"}}, {aBoolean: {eq: true}}]}}',
        '{and: [{not: {aText: {eq: "a"}}}, {not: {aBoolean: {eq: true}}}]}',
    ),
    "between is both included": ("{aNumberInt: {between: [1, 3]}}", "{aNumberInt: {gte: 1, lte: 3}}"),
    "contains takes % as it is": ('{aText: {contains: "0%"}}', '{aText: {like: "%0\\\\%%"}}'),
    "ieq takes _ as it is": ('{aText: {ieq: "_"}}', '{aText: {eq: "_"}}'),
}


@pytest.mark.parametrize(("one", "other"), EQUIVALENT.values(), ids=EQUIVALENT)
def test_two_ways_to_say_one_thing(served: Served, one: str, other: str) -> None:
    answer = served.ask(
        f"{{ one: specimens(filter: {one}) {{ edges {{ node {{ id }} }} totalCount }}"
        f" other: specimens(filter: {other}) {{ edges {{ node {{ id }} }} totalCount }} }}"
    )
    assert answer["data"]["one"] == answer["data"]["other"]


def test_a_null_matches_neither_a_condition_nor_its_opposite(served: Served) -> None:
    answer = served.ask(
        '{ all: specimens { totalCount } yes: specimens(filter: {aText: {contains: "a"}}) { totalCount }'
        ' no: specimens(filter: {not: {aText: {contains: "a"}}}) { totalCount }'
        " unknown: specimens(filter: {aText: {is: NULL}}) { totalCount } }"
    )["data"]
    totals = {key: page["totalCount"] for key, page in answer.items()}
    assert totals["yes"] + totals["no"] + totals["unknown"] == totals["all"]
    assert totals["unknown"] > 0


def test_an_absent_variable_is_an_operator_that_is_not_there(served: Served) -> None:
    filter_ = "{aText: {eq: $v}, and: [{not: {aText: {neq: $v}}}], parent: {and: []}}"
    text = (
        f"query ($v: String, $w: SpecimenFilterInput) {{ specimens(filter: {filter_}) {{ totalCount }}"
        " all: specimens(filter: $w) { totalCount } }"
    )
    answer = served.ask(text)["data"]
    assert answer["specimens"] == answer["all"]
    assert served.ask(text, {"v": "a"})["data"]["specimens"]["totalCount"] < answer["all"]["totalCount"]


REFUSED = {
    "{aText: {gt: null}}": "The operator 'gt' of 'aText' must not be null.",
    "{aText: {contains: null}}": "The operator 'contains' of 'aText' must not be null.",
    "{aText: {in: null}}": "The operator 'in' of 'aText' must not be null.",
    "{aNumberInt: {between: null}}": "The operator 'between' of 'aNumberInt' must not be null.",
    "{aNumberInt: {between: [1]}}": "Field 'aNumberInt' must have a list of two values for between.",
    "{aNumberInt: {between: [1, 2, 3]}}": "Field 'aNumberInt' must have a list of two values for between.",
    "{aText: null}": "The filter of 'aText' must not be null; for NULL itself write { aText: { is: NULL } }.",
    "{not: null}": "The filter of 'not' must not be null; for NULL itself write { not: { is: NULL } }.",
    '{aText: {like: "a\\\\"}}': "Field 'aText' must not end with a backslash that escapes nothing.",
    '{aText: {eq: "\\u0000"}}': "Field 'aText' must not contain the NUL character.",
    '{aCurrency: {currencyCode: {contains: "\\u0000"}}}': "Field 'currencyCode' must not contain the NUL character.",
}


@pytest.mark.parametrize(("filter_", "message"), REFUSED.items())
def test_what_is_no_condition(served: Served, filter_: str, message: str) -> None:
    answer = served.ask(f"{{ specimens(filter: {filter_}) {{ totalCount }} }}")
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert (error["message"], error["path"]) == (message, ["specimens"])
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    answer = served.ask(f"{{ specimen(filter: {filter_}) {{ id }} }}")
    assert answer["data"] == {"specimen": None}
    assert answer["errors"][0]["path"] == ["specimen"]


async def total(apis: Apis, plural: str, filter_: str) -> int:
    answer = await apis.data(f"{{ {plural}(filter: {filter_}) {{ totalCount }} }}")
    return int(answer[plural]["totalCount"])


async def test_deleted_records_come_back_for_a_filter_that_names_deleted_at(apis: Apis) -> None:
    made = await apis.data(
        'mutation { a: createCompany(data: {name: "a"}) { id } b: createCompany(data: {name: "b"}) { id } }'
    )
    gone = made["b"]["id"]
    await apis.data('mutation ($id: UUID!) { createPerson(data: {email: "x", companyId: $id}) { id } }', id=gone)
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=gone)
    expected = {
        "{}": 1,
        "{deletedAt: {is: NOT_NULL}}": 1,
        "{deletedAt: {is: NULL}}": 1,
        "{deletedAt: {}}": 1,
        '{or: [{deletedAt: {is: NOT_NULL}}, {name: {eq: "a"}}]}': 2,
        "{not: {deletedAt: {is: NULL}}}": 1,
        '{and: [{name: {in: ["a", "b"]}}, {or: [{deletedAt: {gt: "2000-01-01"}}]}]}': 1,
    }
    assert {filter_: await total(apis, "companies", filter_) for filter_ in expected} == expected
    across = {
        '{company: {name: {eq: "b"}}}': 0,
        '{company: {name: {eq: "b"}, deletedAt: {is: NOT_NULL}}}': 1,
        "{company: {is: NULL}}": 1,
        "{company: {is: NOT_NULL}}": 0,
        "{companyId: {is: NOT_NULL}}": 1,
        '{deletedAt: {is: NULL}, company: {name: {eq: "b"}}}': 0,
    }
    assert {filter_: await total(apis, "people", filter_) for filter_ in across} == across
    one = await apis.data(
        "query ($id: UUID) { company(filter: {id: {eq: $id}, deletedAt: {is: NOT_NULL}}) { name } }", id=gone
    )
    assert one == {"company": {"name": "b"}}
    assert await apis.data("query ($id: UUID) { company(id: $id) { name } }", id=gone) == {"company": None}


async def test_filters_on_nested_connections_and_counts(specimens: Apis) -> None:
    answer = await specimens.data(
        "{ companies(first: 200) { edges { node { all: specimens(first: 200) { edges { node { aBoolean } } }"
        " some: specimens(first: 0, filter: {aBoolean: {eq: true}}) { totalCount edges { cursor } } } } } }"
    )
    counted = 0
    for edge in answer["companies"]["edges"]:
        company = edge["node"]
        expected = sum(one["node"]["aBoolean"] is True for one in company["all"]["edges"])
        assert company["some"] == {"totalCount": expected, "edges": []}
        counted += expected
    assert counted > 5


async def test_one_record_is_asked_for_by_its_id_or_by_a_filter(apis: Apis) -> None:
    await apis.data('mutation { createCompanies(data: [{name: "a"}, {name: "a"}]) { id } }')
    first = (await apis.data("{ companies { edges { node { id } } } }"))["companies"]["edges"][0]["node"]
    assert await apis.data('{ company(filter: {name: {eq: "a"}}) { id } }') == {"company": first}
    assert await apis.data('{ company(filter: {name: {eq: "b"}}) { id } }') == {"company": None}
    for arguments in (
        "",
        '(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", filter: {})',
        "(id: null)",
        "(id: null, filter: null)",
    ):
        answer = await apis.ask(f"{{ company{arguments} {{ id }} other: companies {{ totalCount }} }}")
        assert answer["data"] == {"company": None, "other": {"totalCount": 2}}
        (error,) = answer["errors"]
        assert error == {
            "message": "'company' takes either 'id', 'where' or 'filter'.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["company"],
            "extensions": {"code": "BAD_USER_INPUT", "field": "id"},
        }


BLAMED = {
    "an operator's value": ({"email": {"eq": 5}}, "email"),
    "an operator that is none": ({"email": {"equals": "a"}}, "equals"),
    "in a list": ({"and": [{"or": [{"email": {"in": ["a", None]}}]}]}, "email"),
    "of a composite": ({"createdBy": {"name": {"contains": 5}}}, "name"),
    "across a relation": ({"company": {"employees": {"between": [1, "x"]}}}, "employees"),
    "the relation itself": ({"company": {"is": "MAYBE"}}, "company"),
}


@pytest.mark.parametrize(("filter_", "field"), BLAMED.values(), ids=BLAMED)
def test_a_value_in_a_variable_is_blamed_on_its_field(sample: Served, filter_: Any, field: str) -> None:
    """The operator was named instead."""
    (error,) = sample.ask("query ($f: PersonFilterInput) { people(filter: $f) { totalCount } }", {"f": filter_})[
        "errors"
    ]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}
