"""Texts in the order that people expect, and found whatever their case and accents."""

from hashlib import sha256
from typing import Any

import pytest

from tests.apis import Apis
from tests.cursors import encode_cursor

pytestmark = pytest.mark.long

NAMES = [
    "Zoe",
    "adam",
    "Ökostrom",
    "Zoë",
    "Adamson",
    "Ádám",
    "Oz",
    "Adam",
    "Łódź",
    "Lodz",
    "Straße",
    "100\uff05",
    "100%",
]
SORTED = [
    "100%",
    "100\uff05",
    "Adam",
    "adam",
    "Ádám",
    "Adamson",
    "Lodz",
    "Łódź",
    "Ökostrom",
    "Oz",
    "Straße",
    "Zoe",
    "Zoë",
]

CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
PAGE = """query ($after: String, $order: [CompanyOrderByInput]) {
  companies(first: 4, after: $after, orderBy: $order) { edges { node { name } cursor } pageInfo { endCursor } } }"""
FIND = """query ($filter: CompanyFilterInput) {
  companies(filter: $filter, orderBy: { name: ASC }, first: 100) { edges { node { name } } } }"""
KEEP = """mutation ($id: UUID!, $keep: Boolean) {
  updateField(id: $id, input: { settings: { keepAccents: $keep } }) { settings } }"""


async def fill(apis: Apis, names: list[str] | None = None) -> None:
    await apis.data(CREATE, data=[{"name": name} for name in names or NAMES])


async def found(apis: Apis, **name: Any) -> list[str]:
    data = await apis.data(FIND, filter={"name": name})
    return [edge["node"]["name"] for edge in data["companies"]["edges"]]


@pytest.mark.parametrize(("direction", "expected"), [("ASC", SORTED), ("DESC", SORTED[::-1])])
async def test_pages_by_a_text(apis: Apis, direction: str, expected: list[str]) -> None:
    await fill(apis)
    names: list[str] = []
    after = None
    while len(names) < len(NAMES):
        page = (await apis.data(PAGE, after=after, order=[{"name": direction}]))["companies"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert names == expected


FOUND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "contains": ({"contains": "zoe"}, ["Zoe", "Zoë"]),
    "contains an accent": ({"contains": "ZOË"}, ["Zoe", "Zoë"]),
    "contains a letter of two": ({"contains": "STRASSE"}, ["Straße"]),
    "startsWith": ({"startsWith": "lod"}, ["Lodz", "Łódź"]),
    "endsWith": ({"endsWith": "ODZ"}, ["Lodz", "Łódź"]),
    "ieq": ({"ieq": "ádam"}, ["Adam", "adam", "Ádám"]),
    "a wildcard that folding makes": ({"endsWith": "0\uff05"}, ["100%", "100\uff05"]),
    "a wildcard is itself": ({"contains": "1%%"}, []),
    "eq is exact": ({"eq": "Adam"}, ["Adam"]),
    "eq of other accents": ({"eq": "Zoé"}, []),
    "in is exact": ({"in": ["adam", "zoë", "Zoë"]}, ["adam", "Zoë"]),
    "neq is exact": ({"neq": "Adam", "ieq": "adam"}, ["adam", "Ádám"]),
    "like is raw": ({"like": "Zo_"}, ["Zoe", "Zoë"]),
    "like keeps the case": ({"like": "zo%"}, []),
    "ilike keeps accents": ({"ilike": "zoë"}, ["Zoë"]),
    "ilike of any": ({"ilike": "a_am%"}, ["Adam", "adam", "Adamson"]),
    "gt": ({"gt": "ozz"}, ["Straße", "Zoe", "Zoë"]),
    "gte": ({"gte": "Zoë"}, ["Zoë"]),
    "lt": ({"lt": "adam"}, ["100%", "100\uff05", "Adam"]),
    "lte": ({"lte": "adam"}, ["100%", "100\uff05", "Adam", "adam"]),
    "from one to another": ({"gte": "Lodz", "lte": "ökostrom"}, ["Lodz", "Łódź", "Ökostrom"]),
}


@pytest.mark.parametrize(("condition", "expected"), FOUND.values(), ids=FOUND)
async def test_found(apis: Apis, condition: dict[str, Any], expected: list[str]) -> None:
    await fill(apis)
    assert await found(apis, **condition) == expected


@pytest.mark.long
async def test_a_field_may_keep_accents(apis: Apis) -> None:
    await fill(apis)
    name = (await apis.snapshot()).by_singular["company"].by_name["name"]
    kept = await apis.change(KEEP, id=str(name.id), keep=True)
    assert kept == {"updateField": {"settings": {"keepAccents": True}}}
    assert await found(apis, contains="ZOË") == ["Zoë"]
    assert await found(apis, startsWith="lod") == ["Lodz"]
    assert await found(apis, ieq="ádám") == ["Ádám"]
    assert await found(apis, endsWith="m") == ["Adam", "adam", "Ádám", "Ökostrom"]
    await apis.change(KEEP, id=str(name.id), keep=False)
    assert await found(apis, contains="ZOË") == ["Zoe", "Zoë"]


@pytest.mark.long
async def test_the_smallest_and_the_largest(apis: Apis) -> None:
    beginning = "Zz" * 100
    await fill(apis, ["b", "Á", "a", f"{beginning}b", f"{beginning}ä", f"{beginning}á"])
    data = await apis.data("{ companiesAggregate { min { name } max { name } } }")
    # Behind the key's 200 characters texts are in the order of code points.
    assert data == {"companiesAggregate": {"min": {"name": "a"}, "max": {"name": f"{beginning}ä"}}}


@pytest.mark.long
async def test_the_smallest_of_none(apis: Apis) -> None:
    data = await apis.data("{ companiesAggregate { min { name } max { name } } }")
    assert data == {"companiesAggregate": {"min": {"name": None}, "max": {"name": None}}}


@pytest.mark.long
async def test_a_cursor_holds_the_beginning_of_a_text(apis: Apis) -> None:
    beginning = "é" * 200
    await fill(apis, [f"{beginning}{ending}" * 2 for ending in "cab"])
    page = (await apis.data(PAGE, order=[{"name": "ASC"}]))["companies"]
    assert len(page["edges"][0]["cursor"]) < 1_000
    # Ties in these characters are broken by the id.
    rest = (await apis.data(PAGE, order=[{"name": "ASC"}], after=page["edges"][0]["cursor"]))["companies"]
    assert [edge["node"] for edge in rest["edges"]] == [edge["node"] for edge in page["edges"][1:]]


async def test_a_cursor_of_an_older_order_is_refused(apis: Apis) -> None:
    await fill(apis)
    page = (await apis.data(PAGE, order=[{"name": "ASC"}]))["companies"]
    tag = bytes.fromhex(page["pageInfo"]["endCursor"][:-32])[1:9].decode()
    company = (await apis.snapshot()).by_singular["company"]
    older = older_tag(f"{company.id}|>name False False|>id False False")
    assert tag != older
    assert tag == older_tag(f"{company.id}|>name False False 1|>id False False")
    cursor = encode_cursor(older, ["Adam", "00000000-0000-7000-8000-000000000000"])
    error = await apis.error(PAGE, order=[{"name": "ASC"}], after=cursor)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "cursor in 'after' is not valid" in error["message"]


def older_tag(names: str) -> str:
    """The tag that an older version gave the cursors of an order."""
    return sha256(names.encode()).hexdigest()[:8]


async def test_parts_of_composites_are_texts_too(apis: Apis) -> None:
    company = (await apis.snapshot()).by_singular["company"]
    create = """mutation ($id: UUID!) { createField(input: {
        objectMetadataId: $id name: "address" label: "Address" type: ADDRESS }) { id } }"""
    made = await apis.change(create, id=str(company.id))
    index = """mutation ($object: UUID!, $field: UUID!) { createIndex(input: {
        objectMetadataId: $object fieldMetadataIds: [$field] subField: "addressCity" }) { name subField status } }"""
    created = await apis.change(index, object=str(company.id), field=made["createField"]["id"])
    assert created == {
        "createIndex": {"name": "company_addressAddressCity_sort", "subField": "addressCity", "status": "READY"}
    }
    cities = ["Zürich", "zug", "Århus", "Bern"]
    await apis.data(CREATE, data=[{"name": city, "address": {"addressCity": city}} for city in cities])
    data = await apis.data("{ companies(orderBy: { address: { addressCity: ASC } }) { edges { node { name } } } }")
    assert [edge["node"]["name"] for edge in data["companies"]["edges"]] == ["Århus", "Bern", "zug", "Zürich"]
    data = await apis.data(FIND, filter={"address": {"addressCity": {"startsWith": "zur"}}})
    assert [edge["node"]["name"] for edge in data["companies"]["edges"]] == ["Zürich"]


async def test_the_metadata_api_has_the_same_order(apis: Apis) -> None:
    for name, label in (("beta", "Äpfel"), ("gamma", "zebra"), ("delta", "Apfel")):
        create = """mutation ($name: String!, $label: String!) { createObject(input: {
            nameSingular: $name namePlural: $plural labelSingular: $label labelPlural: $label }) { id } }"""
        text = create.replace("$name: String!,", "$name: String!, $plural: String!,")
        await apis.change(text, name=name, plural=f"{name}s", label=label)
    asked = """{ objects(filter: { nameSingular: { in: ["beta", "gamma", "delta"] } }, orderBy: { labelSingular: ASC })
        { edges { node { labelSingular } } } }"""
    edges = (await apis.change(asked))["objects"]["edges"]
    assert [edge["node"]["labelSingular"] for edge in edges] == ["Apfel", "Äpfel", "zebra"]
