"""The documents of Twenty's clients on /metadata: names of types, `paging`, members that the schema does not list."""

from typing import Any

import pytest

from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.engine.schema.roots.twenty_names import OTHER_NAMES, UNLISTED_TYPES
from fieldstone.metadata.catalog.api_model.model import catalog_snapshot
from fieldstone.metadata.json_text import dumps, loads
from tests.apis import Apis

NAMES = {"nameSingular": "gizmo", "namePlural": "gizmos", "labelSingular": "Gizmo", "labelPlural": "Gizmos"}
WITHOUT_EFFECT = {
    "isLabelSyncedWithName": False,
    "isRemote": False,
    "shortcut": None,
    "color": "blue",
    "isUIReadOnly": True,
    "isSystem": False,
}


async def only_error(apis: Apis, text: str, **variables: Any) -> dict[str, Any]:
    """The only error of an answer."""
    answer = loads((await apis.send(text, variables, api=apis.metadata)).body)
    (error,) = answer["errors"]
    return dict(error)


async def refusal(apis: Apis, text: str, **variables: Any) -> tuple[str, str]:
    """The message and the code of the only error."""
    error = await only_error(apis, text, **variables)
    return error["message"], error["extensions"]["code"]


async def test_objects_with_all_their_fields(apis: Apis) -> None:
    found = await apis.change(
        """query ($objects: ObjectFilter!, $fields: FieldFilter) {
          objects(paging: { first: 1000 } filter: $objects) { edges { node {
            nameSingular
            fields(paging: { first: 1000 } filter: $fields) { edges { node { name } } }
            ordinary: fields { edges { node { name type } } }
            fieldsList { name type object { nameSingular } relation {
              type sourceObjectMetadata { nameSingular } sourceFieldMetadata { name }
              targetObjectMetadata { nameSingular } targetFieldMetadata { name } } }
            indexes { edges { node { name } } } indexMetadataList { __typename name } } } } }""",
        objects={"isActive": {"is": True}},
        fields={},
    )
    nodes = {edge["node"]["nameSingular"]: edge["node"] for edge in found["objects"]["edges"]}
    assert nodes.keys() == {"person", "company", "opportunity", "activity"}
    for name, node in nodes.items():
        fields = [edge["node"] for edge in node["ordinary"]["edges"]]
        assert [edge["node"]["name"] for edge in node["fields"]["edges"]] == [field["name"] for field in fields]
        assert [{"name": one["name"], "type": one["type"]} for one in node["fieldsList"]] == fields
        assert {one["object"]["nameSingular"] for one in node["fieldsList"]} == {name}
        indexes = [edge["node"]["name"] for edge in node["indexes"]["edges"]]
        assert node["indexMetadataList"] == [{"__typename": "Index", "name": index} for index in indexes]
    relations = {one["name"]: one["relation"] for one in nodes["person"]["fieldsList"] if one["relation"]}
    assert relations["company"] == {
        "type": "MANY_TO_ONE",
        "sourceObjectMetadata": {"nameSingular": "person"},
        "sourceFieldMetadata": {"name": "company"},
        "targetObjectMetadata": {"nameSingular": "company"},
        "targetFieldMetadata": {"name": "people"},
    }
    assert relations["activities"] == {
        "type": "ONE_TO_MANY",
        "sourceObjectMetadata": {"nameSingular": "person"},
        "sourceFieldMetadata": {"name": "activities"},
        "targetObjectMetadata": {"nameSingular": "activity"},
        "targetFieldMetadata": {"name": "person"},
    }


async def test_constant_members(apis: Apis) -> None:
    found = await apis.change(
        """{ objects(paging: { first: 1 }) { edges { node { id universalIdentifier isRemote isSearchable isUIReadOnly
          isUIEditable isUICreatable isLabelSyncedWithName labelIdentifierFieldMetadataId imageIdentifierFieldMetadataId
          shortcut color fields(paging: { first: 1 }) { edges { node { isUIReadOnly isUIEditable } } } } } } }"""
    )
    node = found["objects"]["edges"][0]["node"]
    assert node.pop("universalIdentifier") == node.pop("id")
    assert node == {
        "isRemote": False,
        "isSearchable": True,
        "isUIReadOnly": False,
        "isUIEditable": True,
        "isUICreatable": True,
        "isLabelSyncedWithName": False,
        "labelIdentifierFieldMetadataId": None,
        "imageIdentifierFieldMetadataId": None,
        "shortcut": None,
        "color": None,
        "fields": {"edges": [{"node": {"isUIReadOnly": False, "isUIEditable": True}}]},
    }


PAGES = (
    "query ($after: ConnectionCursor) { objects(paging: { first: 1 after: $after }) { ...P } }",
    "query ($paging: CursorPaging!) { objects(paging: $paging) { ...P } }",
)
PAGE = " fragment P on ObjectConnection { edges { node { nameSingular } } pageInfo { hasNextPage endCursor } }"


@pytest.mark.parametrize("text", PAGES)
async def test_pages_are_walked_by_one_plan(apis: Apis, text: str) -> None:
    names: list[str] = []
    after = None
    texts: set[str] = set()
    while len(names) < 5:
        variables: dict[str, Any] = {"after": after} if "$after" in text else {"paging": {"first": 1, "after": after}}
        found = (await apis.change(text + PAGE, **variables))["objects"]
        if after is not None:
            texts.add(apis.database.log.texts[-1])
        names += [edge["node"]["nameSingular"] for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert sorted(names) == ["activity", "company", "opportunity", "person"]
    assert len(texts) == 1


@pytest.mark.parametrize("paging", ["", "(paging: null)", "(paging: {})", "(paging: $none)", "(paging: { first: $n })"])
async def test_a_page_that_says_nothing(apis: Apis, paging: str) -> None:
    text = f"query ($none: CursorPaging, $n: Int) {{ objects{paging} {{ edges {{ node {{ id }} }} }} }}"
    text = text if "$" in paging else text.replace("query ($none: CursorPaging, $n: Int) ", "")
    text = text.replace(", $n: Int", "") if "$none)" in paging else text.replace("$none: CursorPaging, ", "")
    assert len((await apis.change(text))["objects"]["edges"]) == 4


REFUSED = {
    "a page that is too large": (
        "{ objects(paging: { first: 1001 }) { edges { node { id } } } }",
        "'first' must be from 0 to 1000, not 1001.",
    ),
    "an ordinary page that is too large": (
        "{ objects(first: 1000) { edges { node { id } } } }",
        "'first' must be from 0 to 200, not 1000.",
    ),
    "two pages": (
        "{ objects(paging: { first: 1 } first: 2) { edges { node { id } } } }",
        "'paging' and 'first' cannot be given together.",
    ),
    "both ends": (
        "{ objects(paging: { first: 1 last: 1 }) { edges { node { id } } } }",
        "'first' and 'last' cannot be given together.",
    ),
    "a cursor that is none": (
        '{ objects(paging: { after: "x" }) { edges { node { id } } } }',
        "The cursor in 'after' is not valid",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
async def test_refused_pages(apis: Apis, text: str, message: str) -> None:
    found, code = await refusal(apis, text)
    assert code == "BAD_USER_INPUT"
    assert found.startswith(message)


CONDITIONS = {
    "{ isActive: { is: true } }": 4,
    "{ isActive: { is: false } }": 0,
    "{ isActive: { isNot: true } }": 0,
    "{ isActive: { isNot: false } }": 4,
    "{ isActive: { is: NOT_NULL } }": 4,
    "{ isActive: { is: null } }": 0,
    "{ not: { isSystem: { is: true } } }": 4,
    "{ and: [{ isActive: { is: true } } { isCustom: { is: true } }] }": 0,
}


@pytest.mark.parametrize(("condition", "count"), CONDITIONS.items())
async def test_conditions_on_booleans(apis: Apis, condition: str, count: int) -> None:
    text = f"{{ objects(filter: {condition}) {{ totalCount }} }}"
    assert await apis.change(text) == {"objects": {"totalCount": count}}


async def test_conditions_in_variables(apis: Apis) -> None:
    for declared, place in (
        ("Boolean", "{ isActive: { is: $v } }"),
        ("Presence", "{ isActive: { is: $v } }"),
        ("BooleanFieldComparison", "{ isActive: $v }"),
        ("UUIDFilterComparison", "{ id: $v }"),
    ):
        text = f"query ($v: {declared}) {{ objects(filter: {place}) {{ totalCount }} }}"
        values: dict[str, list[tuple[Any, int]]] = {
            "Boolean": [(True, 4), (False, 0), (None, 0)],
            "Presence": [("NOT_NULL", 4), ("NULL", 0)],
            "BooleanFieldComparison": [({"is": True}, 4), ({"is": False}, 0), ({"is": "NOT_NULL"}, 4)],
            "UUIDFilterComparison": [({"in": []}, 0)],
        }
        for value, count in values[declared]:
            assert await apis.change(text, v=value) == {"objects": {"totalCount": count}}, (declared, value)
    message, code = await refusal(
        apis, "query ($v: BooleanFieldComparison) { objects(filter: { isActive: $v }) { totalCount } }", v={"is": 1}
    )
    assert (message, code) == (
        "Variable '$v.is' must be one of NULL, NOT_NULL, not 1.",
        "BAD_USER_INPUT",
    )


async def test_records_have_no_such_conditions(apis: Apis) -> None:
    made = "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }"
    found = await apis.change('{ objects(filter: { nameSingular: { eq: "company" } }) { edges { node { id } } } }')
    company = found["objects"]["edges"][0]["node"]["id"]
    given = {"objectMetadataId": company, "name": "isBig", "label": "Is big", "type": "BOOLEAN"}
    await apis.change(made, i=given)
    error = await apis.error("{ companies(filter: { isBig: { is: true } }) { totalCount } }")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    error = await apis.error("{ companies(paging: { first: 1 }) { totalCount } }")
    assert error["message"] == "Unknown argument 'paging' on field 'Query.companies'."


async def test_an_object_a_field_and_an_index_by_twentys_mutations(apis: Apis) -> None:
    object_ = "mutation ($i: CreateOneObjectInput!) { createOneObject(input: $i) { id isSystem fieldsList { name } } }"
    made = (await apis.change(object_, i={"object": {**NAMES, **WITHOUT_EFFECT}}))["createOneObject"]
    assert made["isSystem"] is False
    assert "name" in {field["name"] for field in made["fieldsList"]}
    field = """mutation ($i: CreateOneFieldMetadataInput!) { createOneField(input: $i) { id type isUIReadOnly } }"""
    budget = {"objectMetadataId": made["id"], "name": "budget", "label": "Budget", "type": "NUMBER", **WITHOUT_EFFECT}
    created = (await apis.change(field, i={"field": budget}))["createOneField"]
    assert created == {"id": created["id"], "type": "NUMBER", "isUIReadOnly": False}
    changed = await apis.change(
        """mutation ($i: UpdateOneFieldMetadataInput!, $id: UUID!, $o: UpdateObjectPayload!) {
          updateOneField(input: $i) { label } updateOneObject(input: { id: $id update: $o }) { labelSingular } }""",
        i={"id": created["id"], "update": {"label": "Money", **WITHOUT_EFFECT}},
        id=made["id"],
        o={"labelSingular": "Thing", "isLabelSyncedWithName": True},
    )
    assert changed == {"updateOneField": {"label": "Money"}, "updateOneObject": {"labelSingular": "Thing"}}
    index = "mutation ($i: CreateOneIndexInput!) { createOneIndex(input: $i) { id isUnique } }"
    given = {"index": {"objectMetadataId": made["id"], "fieldMetadataIds": [created["id"]], "isUnique": False}}
    indexed = (await apis.change(index, i=given))["createOneIndex"]
    gone = await apis.change(
        "mutation ($i: DeleteOneIndexInput!) { deleteOneIndex(input: $i) { id } }", i={"id": indexed["id"]}
    )
    assert gone == {"deleteOneIndex": {"id": indexed["id"]}}
    typed = (
        'query ($t: FieldMetadataType) { fields(filter: { type: { eq: $t } name: { eq: "budget" } }) { totalCount } }'
    )
    assert await apis.change(typed, t="NUMBER") == {"fields": {"totalCount": 1}}


FIELD = "mutation ($i: CreateOneFieldMetadataInput!) { createOneField(input: $i) { id defaultValue options settings } }"


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"type": "TEXT", "defaultValue": "''"}, {"defaultValue": ""}),
        ({"type": "TEXT", "defaultValue": "'it''s'", "settings": {"displayedMaxRows": 5}}, {"defaultValue": "it''s"}),
        ({"type": "TEXT", "defaultValue": "'"}, {"defaultValue": "'"}),
        (
            {
                "type": "SELECT",
                "defaultValue": "'GOLD'",
                "options": [{"id": "0b1ad3a1-5b9a-4a5b-8ad1-8f1c0a1b2c3d", "value": "GOLD", "label": "Gold"}],
            },
            {
                "defaultValue": "GOLD",
                "options": [{"value": "GOLD", "label": "Gold", "color": None, "position": 0}],
            },
        ),
        ({"type": "ARRAY", "defaultValue": ["'A'", "B"]}, {"defaultValue": ["A", "B"]}),
        (
            {"type": "CURRENCY", "defaultValue": {"amountMicros": None, "currencyCode": "'USD'"}},
            {"defaultValue": {"amountMicros": None, "currencyCode": "USD"}},
        ),
        (
            {"type": "NUMBER", "defaultValue": 1, "settings": {"dataType": "float", "decimals": 2, "type": "number"}},
            {"defaultValue": 1, "settings": {"dataType": "float"}},
        ),
        (
            {"type": "DATE", "defaultValue": "now", "settings": {"displayFormat": "RELATIVE"}},
            {"defaultValue": "now"},
        ),
    ],
    ids=["no text", "a text", "a quote", "an option", "items", "sub-fields", "settings", "a function"],
)
async def test_a_field_as_twenty_gives_it(apis: Apis, given: dict[str, Any], kept: dict[str, Any]) -> None:
    company = str((await apis.snapshot()).by_singular["company"].id)
    field = {"objectMetadataId": company, "name": "extra", "label": "Extra", **given}
    made = (await apis.change(FIELD, i={"field": field}))["createOneField"]
    assert made == {"id": made["id"], "options": None, "settings": None, **kept}
    update = """mutation ($i: UpdateOneFieldMetadataInput!) { updateOneField(input: $i) { defaultValue } }"""
    again = {name: value for name, value in given.items() if name in {"defaultValue", "options", "settings"}}
    changed = await apis.change(update, i={"id": made["id"], "update": again})
    assert changed == {"updateOneField": {"defaultValue": kept["defaultValue"]}}


async def test_our_own_mutation_keeps_the_quotes_of_a_default(apis: Apis) -> None:
    company = str((await apis.snapshot()).by_singular["company"].id)
    text = "mutation ($i: CreateFieldInput!) { createField(input: $i) { defaultValue } }"
    given = {"objectMetadataId": company, "name": "motto", "label": "Motto", "type": "TEXT"}
    assert await apis.change(text, i={**given, "defaultValue": "'x'"}) == {"createField": {"defaultValue": "'x'"}}
    _, code = await refusal(apis, text, i={**given, "name": "memo", "settings": {"displayedMaxRows": 5}})
    assert code == "BAD_USER_INPUT"


INDEX = "mutation ($i: CreateOneIndexInput!) { createOneIndex(input: $i) { id method subField isUnique } }"


async def test_an_index_as_twenty_gives_it(apis: Apis) -> None:
    person = (await apis.snapshot()).by_singular["person"]
    city, name = (str(person.by_name[one].id) for one in ("city", "createdBy"))
    given = {"objectMetadataId": str(person.id), "fields": [{"fieldMetadataId": city}], "indexType": "BTREE"}
    made = (await apis.change(INDEX, i={"index": given}))["createOneIndex"]
    assert made == {"id": made["id"], "method": "btree", "subField": None, "isUnique": False}
    given = {"objectMetadataId": str(person.id), "fields": [{"fieldMetadataId": name, "subFieldName": "name"}]}
    made = (await apis.change(INDEX, i={"index": given}))["createOneIndex"]
    assert (made["method"], made["subField"]) == ("btree", "name")
    literal = f"""mutation {{ createOneIndex(input: {{ index: {{ objectMetadataId: "{person.id}"
        fields: [{{ fieldMetadataId: "{person.by_name["jobTitle"].id}" }}] indexType: BTREE }} }}) {{ method }} }}"""
    assert await apis.change(literal) == {"createOneIndex": {"method": "btree"}}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "fields"),
        ({"fields": None}, "fields"),
        ({"fields": "x"}, "fields"),
        ({"fields": [1]}, "fields"),
        ({"fields": [{"fieldMetadataId": "x", "order": "ASC"}]}, "fields"),
        ({"fields": [{}]}, "fieldMetadataId"),
        ({"fields": [{"fieldMetadataId": "x"}]}, "fieldMetadataId"),
        ({"fields": [{"fieldMetadataId": "CITY", "subFieldName": 1}]}, "subFieldName"),
        ({"fields": [{"fieldMetadataId": "CITY"}], "fieldMetadataIds": ["CITY"]}, "fields"),
        ({"fields": [{"fieldMetadataId": "CITY"}], "indexType": "HASH"}, "indexType"),
        ({"fields": [{"fieldMetadataId": "CITY"}], "indexType": "BTREE", "method": "btree"}, "indexType"),
        ({"fields": []}, "fieldMetadataIds"),
    ],
)
async def test_indexes_of_another_form_are_refused(apis: Apis, given: Any, field: str) -> None:
    person = (await apis.snapshot()).by_singular["person"]
    values = loads(dumps(given).replace("CITY", str(person.by_name["city"].id)))
    error = await only_error(apis, INDEX, i={"index": {"objectMetadataId": str(person.id), **values}})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


async def test_our_own_mutation_takes_no_index_as_twenty_gives_it(apis: Apis) -> None:
    person = (await apis.snapshot()).by_singular["person"]
    own = "mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }"
    error = await only_error(apis, own, i={"objectMetadataId": str(person.id), "fields": []})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.long
@pytest.mark.parametrize("member", WITHOUT_EFFECT)
async def test_our_own_mutations_take_no_members_without_effect(apis: Apis, member: str) -> None:
    text = "mutation ($i: CreateObjectInput!) { createObject(input: $i) { id } }"
    message, code = await refusal(apis, text, i={**NAMES, member: WITHOUT_EFFECT[member]})
    assert code == "BAD_USER_INPUT"
    assert message.startswith(f"'createObject' does not take '{member}'")
    message, code = await refusal(
        apis,
        "mutation ($i: UpdateFieldInput!) { updateField(id: $id input: $i) { id } }".replace(
            "$id", '"0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"'
        ),
        i={member: WITHOUT_EFFECT[member]},
    )
    assert (code, member in message) == ("BAD_USER_INPUT", True)


async def test_other_unknown_members_are_refused_everywhere(apis: Apis) -> None:
    text = "mutation ($i: CreateOneObjectInput!) { createOneObject(input: $i) { id } }"
    message, code = await refusal(apis, text, i={"object": {**NAMES, "dataSourceId": "x"}})
    assert code == "BAD_USER_INPUT"
    assert "dataSourceId" in message


@pytest.mark.long
async def test_the_schema_lists_none_of_it(apis: Apis) -> None:
    names = (*OTHER_NAMES, *UNLISTED_TYPES)
    asked = " ".join(f't{place}: __type(name: "{name}") {{ name }}' for place, name in enumerate(names))
    assert set((await apis.change(f"{{ {asked} }}")).values()) == {None}
    text = """{ __schema { types { name fields { name args { name } } inputFields { name } } } }"""
    types = {one["name"]: one for one in (await apis.change(text))["__schema"]["types"]}
    assert types.keys().isdisjoint(names)
    members = {member["name"] for one in types.values() for member in one["fields"] or one["inputFields"] or ()}
    assert members.isdisjoint({"fieldsList", "isRemote", "sourceObjectMetadata", "isLabelSyncedWithName", "shortcut"})
    arguments = {argument["name"] for one in types.values() for f in one["fields"] or () for argument in f["args"]}
    assert "paging" not in arguments


async def test_every_name_leads_to_a_type(apis: Apis) -> None:
    schema = lazy_schema(catalog_snapshot((await apis.snapshot()).workspace), METADATA_MUTATIONS)
    for name in OTHER_NAMES:
        assert schema.get_type(name) is not None, name
