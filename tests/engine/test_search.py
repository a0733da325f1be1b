"""The search over the records of several objects."""

import re
from typing import Any

import psycopg
import pytest
from graphql import build_client_schema, get_introspection_query, parse, validate

from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.json_text import loads
from tests.apis import SCHEMA, Apis
from tests.engine.records import create

SEARCH = """query ($q: String!, $o: [String!], $first: Int, $after: String, $filter: JSON) {
  search(query: $q, objects: $o, first: $first, after: $after, filter: $filter) {
    __typename
    edges { __typename cursor node { __typename object rank snippet record { ...P ... on Company { name } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
fragment P on Person { __typename email company { name } }"""


async def search(apis: Apis, query: str, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await apis.data(SEARCH, q=query, **variables))["search"]
    return found


async def names(apis: Apis, query: str, **variables: Any) -> list[str]:
    found = await search(apis, query, **variables)
    records = [edge["node"]["record"] for edge in found["edges"]]
    return [record.get("email") or record.get("name") for record in records]


async def fill(apis: Apis) -> None:
    acme = await create(apis, "company", name="Acme Söhne")
    await create(apis, "person", email="zoe@acme.com", firstName="Zoë", lastName="Müller", companyId=acme)
    await create(apis, "person", email="max@else.org", firstName="Max", lastName="Zorn", city="Acmetown")
    await create(apis, "company", name="Zebra")


async def test_hits_of_several_objects(apis: Apis) -> None:
    await fill(apis)
    apis.database.log.steps.clear()
    found = await search(apis, "ACME")
    assert len(apis.database.log.steps) == 1
    assert found["__typename"] == "SearchConnection"
    nodes = [edge["node"] for edge in found["edges"]]
    assert {node["object"] for node in nodes} == {"company", "person"}
    assert [node["record"].get("name") for node in nodes if node["object"] == "company"] == ["Acme Söhne"]
    assert sorted(node["record"]["email"] for node in nodes if node["object"] == "person") == [
        "max@else.org",
        "zoe@acme.com",
    ]
    assert all(1 <= node["rank"] <= 2 for node in nodes)
    assert [node["rank"] for node in nodes] == sorted((node["rank"] for node in nodes), reverse=True)
    zoe = next(node for node in nodes if node["record"].get("email") == "zoe@acme.com")
    assert zoe["record"] == {"__typename": "Person", "email": "zoe@acme.com", "company": {"name": "Acme Söhne"}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("zoe", ["zoe@acme.com"]),
        ("ZOË müll", ["zoe@acme.com"]),
        ("muller zoe", ["zoe@acme.com"]),
        ("acme.com", ["zoe@acme.com"]),
        ("sohne", ["Acme Söhne"]),
        ("zoe zorn nothing", []),
        ("", []),
        ("  ", []),
        ("' & ! | :* \\ ( <->", []),
        ("'; DROP", []),
        ("100%", []),
    ],
)
async def test_words(apis: Apis, query: str, expected: list[str]) -> None:
    await fill(apis)
    assert await names(apis, query) == expected


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Foo\u2013Bar", "foo\u2013bar"),
        ("Foo \u2013 Bar", "foo\u2013bar"),
        ("12abc Ⅷ", "12AB"),
        ("1e5x", "1e"),
        ("\u212aelvin", "kel"),
        ("Straße 9", "STRASSE 9"),
        ("中文 ltd", "中 L"),
        ("-5.25", "5 25"),
    ],
)
async def test_no_pattern_keeps_back_a_record_with_the_words(apis: Apis, name: str, query: str) -> None:
    await create(apis, "company", name=name)
    assert await names(apis, query, o=["company"]) == [name]


async def test_words_begin_and_end_at_any_punctuation(apis: Apis) -> None:
    """With the locale C, PostgreSQL takes all characters beyond ASCII for letters."""
    texts = [
        "\u00abAcme\u00bb", "\u201eAcme\u201c", "\u201cAcme\u201d", "\u2018acme\u2019s", "d\u2019Acme", "x\u2014acme",
        "acme\u2026", "\u2022acme", "\u00a1Acme!", "\u20acacme", "x\u30fbacme", "\u3010acme\u3011", "x\u2192acme",
        "\U0001f680acme", "\u2764\ufe0facme", "\u200bacme", "x\u00a0acme", "x\uff0cacme", "x/acme", "x_acme",
        "\u1361acme", "acme\u104b", "x\u17d4acme", "x\u0f0bacme", "\u1680acme", "x\u060cacme",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007facme",
    ]  # fmt: skip
    for number, text in enumerate(texts):
        await create(apis, "company", name=f"{number}", website=f"before {text} behind")
    found = {query: await names(apis, query, o=["company"]) for query in ("acme", *texts)}
    assert sorted(found["acme"], key=int) == [f"{number}" for number in range(len(texts))]
    assert all(f"{number}" in found[text] for number, text in enumerate(texts))


async def test_the_joined_texts_of_many_fields_are_folded_inline(apis: Apis, workspace_dsn: str) -> None:
    """PostgreSQL calls a function for each record if its argument is long: the search of people took twice the time."""
    await fill(apis)
    apis.database.log.steps.clear()
    assert await names(apis, "acmetown zorn", o=["person"]) == ["max@else.org"]
    (step,) = apis.database.log.steps
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        values = [None if one is None else one.decode() for one in step[1]]
        connection.execute(b"PREPARE searched AS " + step[0].sql)
        call = psycopg.sql.SQL("EXPLAIN (VERBOSE) EXECUTE searched({})").format(psycopg.sql.SQL(",").join(values))
        lines = [row[0] for row in connection.execute(call)]
    assert any(re.search(r"\(SubPlan \w+\) ~~ ALL", line) for line in lines)
    assert any(re.search(r"text_fold_slow_1\(t\d+\.joined\)", line) for line in lines)


async def test_typing_errors_rank_behind_words(apis: Apis) -> None:
    await create(apis, "person", email="a@b.c", firstName="Johannes", lastName="Brinkmann")
    await create(apis, "person", email="d@e.f", firstName="Hans", lastName="Brinkman")
    assert await names(apis, "Brinkmann") == ["a@b.c", "d@e.f"]
    assert await names(apis, "Jhoannes") == []
    assert await names(apis, "Johanes") == ["a@b.c"]
    found = await search(apis, "Johanes")
    assert 0.6 <= found["edges"][0]["node"]["rank"] < 1


async def test_snippets_are_escaped(apis: Apis) -> None:
    await create(apis, "person", email="x@y.z", firstName="Zoë", lastName="<script>alert('1')</script> & \"co\"")
    found = await search(apis, "zoe")
    snippet = found["edges"][0]["node"]["snippet"]
    assert snippet == ("<b>Zoë</b> &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;co&quot; x@y.z")


async def test_pages(apis: Apis) -> None:
    for number in range(7):
        await create(apis, "person", email=f"n{number}@same.org", firstName="Same")
        await create(apis, "company", name=f"Same {number}")
    whole = await names(apis, "same", first=200)
    assert len(whole) == 14
    walked: list[str] = []
    after = None
    while True:
        page = await search(apis, "same", first=4, after=after)
        records = [edge["node"]["record"] for edge in page["edges"]]
        walked += [record.get("email") or record["name"] for record in records]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        assert info["startCursor"] == page["edges"][0]["cursor"]
        assert info["endCursor"] == page["edges"][-1]["cursor"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert walked == whole
    error = await apis.error(SEARCH, q="other", after=after)
    assert error["message"] == "The cursor in 'after' is not valid: it belongs to another query."
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    error = await apis.error(SEARCH, q="same", after="x")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    page = await search(apis, "same", first=0)
    assert page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


async def test_a_filter_of_one_object(apis: Apis) -> None:
    await fill(apis)
    assert await names(apis, "acme", o=["person"], filter={"city": {"eq": "Acmetown"}}) == ["max@else.org"]
    assert await names(apis, "acme", o=["person"], filter={"city": {"is": "NULL"}}) == ["zoe@acme.com"]
    text = (
        '{ search(query: "acme", objects: "person", filter: { city: { is: NOT_NULL } }) { edges { node { object } } } }'
    )
    assert await apis.data(text) == {"search": {"edges": [{"node": {"object": "person"}}]}}
    for variables in (
        {"filter": {"city": {"eq": "x"}}},
        {"o": ["person", "company"], "filter": {"city": {"eq": "x"}}},
        {"o": ["person"], "filter": {"nothing": {"eq": "x"}}},
        {"o": ["person"], "filter": {"city": {"eq": 5}}},
        {"o": ["person"], "filter": {"city": "x"}},
        {"o": ["person"], "filter": [5]},
    ):
        error = await apis.error(SEARCH, q="acme", **variables)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "filter"}
    assert await names(apis, "acme", o=["person"], filter={"city": {"eq": "Acmetown"}}) == ["max@else.org"]
    error = await apis.error(SEARCH, q="acme", o=["person"], filter={"createdAt": {"gt": "x"}})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_objects(apis: Apis) -> None:
    await fill(apis)
    assert await names(apis, "acme", o=["company"]) == ["Acme Söhne"]
    assert sorted(await names(apis, "acme", o=["company", "person", "company"])) == [
        "Acme Söhne",
        "max@else.org",
        "zoe@acme.com",
    ]
    for objects in (["people"], ["nothing"], []):
        error = await apis.error(SEARCH, q="acme", o=objects)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "objects"}
    error = await apis.error(SEARCH, q="x" * 1001)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "query"}


async def test_deleted_records_are_no_hits(apis: Apis) -> None:
    await fill(apis)
    await apis.data('mutation { deletePerson(where: { email: "zoe@acme.com" }) { id } }')
    assert await names(apis, "zoe") == []


async def test_aliases_and_fragments(apis: Apis) -> None:
    await fill(apis)
    text = """{
        a: search(query: "zoe") { edges { node { r: record { ...N } s: record { ... on Person { lastName } } } } }
        b: search(query: "zebra", first: 1) { edges { cursor } more: edges { node { record {
        ... on Company { label: name } ... on Person { label: email } } } } } people { totalCount } }
        fragment N on SearchRecord { __typename ... on Person { firstName } }"""
    answer = await apis.data(text)
    expected = {"r": {"__typename": "Person", "firstName": "Zoë"}, "s": {"lastName": "Müller"}}
    assert answer["a"] == {"edges": [{"node": expected}]}
    assert answer["b"]["more"] == [{"node": {"record": {"label": "Zebra"}}}]
    assert answer["people"] == {"totalCount": 2}


async def test_a_long_text_is_written_and_its_beginning_found(apis: Apis) -> None:
    words = " ".join(f"w{number}" for number in range(100_000))
    await create(apis, "person", email="long@a.b", jobTitle=f"start {words}")
    assert await names(apis, "start w1") == ["long@a.b"]


async def test_new_objects_and_fields_are_searched_at_once(apis: Apis) -> None:
    await fill(apis)
    assert await names(apis, "gizmo") == []
    labels = 'labelSingular: "A" labelPlural: "B"'
    answer = await apis.change(
        f'mutation {{ createObject(input: {{ nameSingular: "gadget" namePlural: "gadgets" {labels} }}) {{ id }} }}'
    )
    await create(apis, "gadget", name="Gizmo")
    text = '{ search(query: "gizmo") { edges { node { object record { ... on Gadget { name } } } } } }'
    assert (await apis.data(text))["search"]["edges"] == [{"node": {"object": "gadget", "record": {"name": "Gizmo"}}}]
    object_id = answer["createObject"]["id"]
    await apis.change(
        f'mutation {{ createField(input: {{ objectMetadataId: "{object_id}" type: TEXT name: "notes" label: "N" }})'
        " { id } }"
    )
    await create(apis, "gadget", name="Other", notes="a gizmo too")
    assert len((await apis.data(text))["search"]["edges"]) == 2


async def test_the_price(apis: Apis) -> None:
    await make_index(apis, "person", "firstName", "email")
    one = await apis.send(
        '{ search(query: "a", objects: ["person"], first: 10) { pageInfo { endCursor } } }', tells_cost=True
    )
    two = await apis.send(
        '{ search(query: "a", objects: ["person", "company"], first: 10) { pageInfo { endCursor } } }', tells_cost=True
    )
    assert b'"cost":30' in bytes(one.body)
    assert b'"cost":130' in bytes(two.body)


@pytest.mark.long
async def test_the_schema(apis: Apis) -> None:
    schema = build_client_schema(await apis.data(get_introspection_query()))
    assert validate(schema, parse(SEARCH)) == []
    union = schema.type_map["SearchRecord"]
    assert {one.name for one in union.types} == {"Company", "Person", "Opportunity", "Activity"}  # type: ignore[attr-defined]  # it is a union
    for text in (
        '{ search(query: "x") { edges { node { record { email } } } } }',
        '{ search(query: "x") { edges { node { record { ... on PersonEdge { cursor } } } } } }',
        "{ search { edges { cursor } } }",
    ):
        answer = await apis.ask(text)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_names_are_reserved(apis: Apis) -> None:
    for singular, plural in (("search", "searches"), ("quest", "search"), ("searchRecord", "searchRecords")):
        text = f"""mutation {{ createObject(input: {{ nameSingular: "{singular}" namePlural: "{plural}"
            labelSingular: "A" labelPlural: "B" }}) {{ id }} }}"""
        answer = loads((await apis.send(text, api=apis.metadata)).body)
        assert answer["errors"][0]["extensions"]["code"] != "GRAPHQL_VALIDATION_FAILED", singular


async def make_index(apis: Apis, name: str, *fields: str) -> dict[str, Any]:
    object_ = (await apis.snapshot()).by_singular[name]
    text = """mutation ($of: UUID!, $fields: [UUID!]!) {
        createIndex(input: { objectMetadataId: $of, fieldMetadataIds: $fields, method: "search" }) { id name } }"""
    ids = [str(object_.by_name[field].id) for field in fields]
    made = await apis.change(text, of=str(object_.id), fields=ids)
    found: dict[str, Any] = made["createIndex"]
    return found


@pytest.mark.long
async def test_an_index_names_the_fields_and_serves_the_search(apis: Apis) -> None:
    await fill(apis)
    assert await names(apis, "acmetown", o=["person"]) == ["max@else.org"]
    index = await make_index(apis, "person", "firstName", "lastName", "email", "jobTitle")
    crowd = [{"email": f"{number}@crowd.org", "firstName": f"F{number}", "city": "X"} for number in range(3_000)]
    await apis.data("mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }", d=crowd)
    assert await names(apis, "acmetown", o=["person"]) == []
    assert await names(apis, "muller", o=["person"]) == ["zoe@acme.com"]
    assert await names(apis, "mueler", o=["person"]) == []
    assert await names(apis, "Mullre", o=["person"]) == await names(apis, "mullre", o=["person"])
    statement, parameters = apis.database.log.steps[-1]
    async with apis.database.session() as connection:
        await connection.execute(f"ANALYZE {SCHEMA}.person")
        await connection.execute("PREPARE s AS " + statement.text)
        texts = [(one or b"").decode().replace("'", "''") for one in parameters]
        values = ",".join([f"'{text}'" for text in texts])
        rows = await (await connection.execute(f"EXPLAIN EXECUTE s({values})")).fetchall()
        await connection.execute("DEALLOCATE s")
    plan = "\n".join(str(row[0]) for row in rows)
    # The table of a node, and so its index, has a number behind its name on Citus.
    assert len(re.findall(rf'Bitmap Index Scan on "{index["name"]}(_\d+)?"', plan)) == 2, plan
    deleted = await apis.change(f'mutation {{ deleteIndex(id: "{index["id"]}") {{ id }} }}')
    assert deleted
    assert await names(apis, "acmetown", o=["person"]) == ["max@else.org"]


@pytest.mark.long
async def test_a_long_text_does_not_make_an_indexed_write_fail(apis: Apis) -> None:
    await make_index(apis, "person", "firstName", "jobTitle")
    words = " ".join(f"{number}\u00e4-\u00f6.\ufdfa" for number in range(100_000))
    await create(apis, "person", email="long@a.b", jobTitle=f"start {words}")
    assert await names(apis, "start", o=["person"]) == ["long@a.b"]


async def test_the_doctor_finds_no_fault_with_the_index_and_misses_one_that_is_gone(apis: Apis) -> None:
    index = await make_index(apis, "person", "firstName", "email")
    async with apis.database.session() as connection:
        catalog = await Catalog.migrate(apis.database)
        assert await find_drift(connection, await apis.snapshot(), trigram=catalog.trigram) == []
        await connection.execute(f'DROP INDEX {SCHEMA}."{index["name"]}"')
        (drift,) = await find_drift(connection, await apis.snapshot(), trigram=catalog.trigram)
    assert str(index["name"]) in drift.finding


async def test_refused_indexes(apis: Apis) -> None:
    object_ = (await apis.snapshot()).by_singular["company"]
    text = """mutation ($of: UUID!, $fields: [UUID!]!) {
        createIndex(input: { objectMetadataId: $of, fieldMetadataIds: $fields, method: "search" %s }) { id } }"""
    employees, name = (str(object_.by_name[field].id) for field in ("employees", "name"))
    for more, ids in (("", [employees]), ("", [name, name]), ("isPartial: true", [name]), ("isUnique: true", [name])):
        sent = await apis.send(text % more, {"of": str(object_.id), "fields": ids}, api=apis.metadata)
        answer = loads(sent.body)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_index_follows_its_fields(apis: Apis) -> None:
    object_ = (await apis.snapshot()).by_singular["person"]
    ids = {}
    for name in ("nick", "motto"):
        made = await apis.change(
            f'mutation {{ createField(input: {{ objectMetadataId: "{object_.id}" type: TEXT name: "{name}"'
            ' label: "N" }) { id } }'
        )
        ids[name] = made["createField"]["id"]
    await make_index(apis, "person", "firstName", "nick", "motto")
    await create(apis, "person", email="a@b.c", firstName="Ada", nick="12", motto="onward")
    assert await names(apis, "onward", o=["person"]) == ["a@b.c"]
    await apis.change(f'mutation {{ updateField(id: "{ids["motto"]}", input: {{ isActive: false }}) {{ id }} }}')
    assert await names(apis, "onward", o=["person"]) == []
    assert await names(apis, "ada", o=["person"]) == ["a@b.c"]
    await apis.change(f'mutation {{ updateField(id: "{ids["motto"]}", input: {{ isActive: true }}) {{ id }} }}')
    sent = await apis.send(
        f'mutation {{ updateField(id: "{ids["nick"]}", input: {{ type: NUMBER }}) {{ id }} }}', api=apis.metadata
    )
    assert "INTERNAL" not in sent.body.decode()
    await apis.change(f'mutation {{ deleteField(id: "{ids["motto"]}") {{ id }} }}')
    assert await names(apis, "onward", o=["person"]) == []
    assert await names(apis, "ada", o=["person"]) == ["a@b.c"]
    async with apis.database.session() as connection:
        catalog = await Catalog.migrate(apis.database)
        assert await find_drift(connection, await apis.snapshot(), trigram=catalog.trigram) == []
