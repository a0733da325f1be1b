"""Values of every type: each comes out as it went in, whatever its digits, and one beyond the limits is named."""

from decimal import Decimal, localcontext
from hashlib import sha256
from typing import Any

import pytest

from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from tests.apis import Apis
from tests.engine.records import check_refused, count, create
from tests.specimens import field_name, specimen_fields

ID = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"


_TEXT_COMPOSITES: dict[str, dict[str, Any]] = {
    "aFullName": {"firstName": "Zoë", "lastName": "O'Brien"},
    "aEmails": {"primaryEmail": "a@example.com", "additionalEmails": ["b@example.com"]},
    "aPhones": {
        "primaryPhoneNumber": "123",
        "primaryPhoneCountryCode": "DE",
        "primaryPhoneCallingCode": "+49",
        "additionalPhones": [{"number": "4", "countryCode": "FR", "callingCode": "+33"}],
    },
    "aLinks": {"primaryLinkUrl": "https://x", "primaryLinkLabel": "x", "secondaryLinks": [{"url": "y", "label": "z"}]},
    "aAddress": {
        "addressStreet1": "1",
        "addressStreet2": "2",
        "addressCity": "3",
        "addressPostcode": "4",
        "addressState": "5",
        "addressCountry": "6",
        "addressLat": Decimal("51.25"),
        "addressLng": Decimal("-0.5"),
    },
    "aRichText": {"markdown": "# é", "blocknote": '[{"a": 1}]'},
}


def is_composite(name: str) -> bool:
    """Whether the specimen's field of this name has parts."""
    return name in {field_name(type_) for type_, entry in FIELD_TYPES.items() if entry.composite}


_DOCUMENTS: tuple[Any, ...] = (
    {}, [], {"b": 1, "a": [None, True, "é\"'\\"]}, "text", 0, False, [[{}]], Decimal("1.50"), 10**30, {"is": None},
    [{"a": 1}, 2],
)  # fmt: skip

# The value sent, and the value that comes back.
KEPT: dict[str, list[tuple[Any, Any]]] = {
    "aUuid": [(ID.upper(), ID), (None, None)],
    "aText": [
        (text, text) for text in ("", " ", "'", '"', "\\", "$1", "{}", "é\u0301😀", "\u2028", "\x01", "x" * 5_000)
    ],
    "aNumberInt": [(2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (Decimal("3.0"), 3), (Decimal("1e3"), 1000)],
    "aNumberBigint": [
        (2**63 - 1, "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
    ],
    "aNumberFloat": [
        (Decimal("0.1"), Decimal("0.1")),
        (1, 1),
        (Decimal("1.7976931348623157e308"), Decimal("1.7976931348623157e308")),
        (Decimal("5e-324"), Decimal("5e-324")),
        (Decimal("-0.0"), 0),
    ],
    "aNumber": [
        (Decimal("12.50"), Decimal("12.50")),
        (Decimal("0.1234567890123456789012345678901234567890"), Decimal("0.1234567890123456789012345678901234567890")),
        (12345678901234567890123, 12345678901234567890123),
    ],
    "aNumberDecimal": [(Decimal("12.50"), Decimal("12.50")), (0, 0)],
    "aNumeric": [
        ("12.50", "12.50"),
        (7, "7"),
        (Decimal("1.10"), "1.10"),
        ("1e3", "1000"),
        ("9" * 500 + "." + "1" * 500, "9" * 500 + "." + "1" * 500),
    ],
    "aBoolean": [(True, True), (False, False)],
    "aDate": [("2024-02-29", "2024-02-29"), ("0001-01-01", "0001-01-01"), ("9999-12-31", "9999-12-31")],
    "aDateTime": [
        ("2024-01-31T09:30:00Z", "2024-01-31T09:30:00Z"),
        ("2024-01-31T09:30:00+02:00", "2024-01-31T07:30:00Z"),
        ("2024-01-31T09:30:00.123456Z", "2024-01-31T09:30:00.123456Z"),
        ("2024-01-31T09:30:00.120Z", "2024-01-31T09:30:00.12Z"),
        ("2024-01-31T09:30", "2024-01-31T09:30:00Z"),
        ("2024-01-31", "2024-01-31T00:00:00Z"),
    ],
    "aSelect": [("ZULU", "ZULU"), ("mike", "mike")],
    "aRawJson": [(value, value) for value in _DOCUMENTS],
    "aCurrency": [
        ({"amountMicros": 1, "currencyCode": "EUR"}, {"amountMicros": "1", "currencyCode": "EUR"}),
        ({"amountMicros": str(2**63 - 1)}, {"amountMicros": str(2**63 - 1), "currencyCode": None}),
        ({}, {"amountMicros": None, "currencyCode": None}),
        (None, {"amountMicros": None, "currencyCode": None}),
    ],
    "aActor": [
        (
            {"source": "X", "name": "n", "workspaceMemberId": ID, "context": {"a": 1}},
            {"source": "X", "name": "n", "workspaceMemberId": ID, "context": {"a": 1}},
        ),
    ],
    "aPosition": [(Decimal("-1.5"), Decimal("-1.5")), (3, 3)],
    "aMultiSelect": [([], []), (["mike", "ZULU"], ["mike", "ZULU"]), ("Bravo", ["Bravo"]), (None, None)],
    "aRating": [("RATING_1", "RATING_1"), ("RATING_5", "RATING_5"), (None, None)],
    "aArray": [
        ([], []),
        (["b", "a", "a"], ["b", "a", "a"]),
        ("one", ["one"]),
        (["", "'", '"', "\\", "a,b", "{}", "NULL", "é😀"], ["", "'", '"', "\\", "a,b", "{}", "NULL", "é😀"]),
        (None, None),
    ],
    **{name: [(parts, parts), ({}, dict.fromkeys(parts))] for name, parts in _TEXT_COMPOSITES.items()},
}
CASES = [(name, sent, kept) for name, pairs in KEPT.items() for sent, kept in pairs]
PARTS = {
    name: f"{name} {{ {' '.join(kept)} }}"
    for name, pairs in KEPT.items()
    for _, kept in pairs[:1]
    if is_composite(name)
}


def test_every_type_has_cases() -> None:
    assert set(KEPT) == {field_name(type_, variant) for type_, variant in specimen_fields()}
    assert {field_type for field_type, _ in specimen_fields()} == set(FieldType) - {
        FieldType.RELATION,
        FieldType.MORPH_RELATION,
        FieldType.TS_VECTOR,
    }
    for name in PARTS:
        assert set(KEPT[name][0][1]) == {
            part.name for type_, entry in FIELD_TYPES.items() if field_name(type_) == name for part in entry.subfields
        }


@pytest.mark.long
async def test_what_goes_in_comes_out(specimens: Apis) -> None:
    for name, sent, kept in CASES:
        shown = PARTS.get(name, name)
        text = f"mutation ($d: SpecimenInput!) {{ createSpecimen(data: $d) {{ id {shown} }} }}"
        made = (await specimens.data(text, d={name: sent}))["createSpecimen"]
        assert made[name] == kept, (name, sent)
        if isinstance(kept, Decimal):
            assert str(made[name]) == str(kept) or name != "aNumber"
        read = await specimens.data(f"query ($id: UUID) {{ specimen(id: $id) {{ {shown} }} }}", id=made["id"])
        assert read == {"specimen": {name: kept}}
        other = await create(specimens, "specimen")
        text = f"mutation ($id: UUID!, $d: SpecimenInput!) {{ updateSpecimen(id: $id, data: $d) {{ {shown} }} }}"
        assert await specimens.data(text, id=other, d={name: sent}) == {"updateSpecimen": {name: kept}}, (name, sent)


async def test_a_composite_is_changed_part_by_part(specimens: Apis) -> None:
    id_ = await create(specimens, "specimen", aCurrency={"amountMicros": 5, "currencyCode": "EUR"})
    text = (
        "mutation ($id: UUID!, $d: CurrencyValueInput) { updateSpecimen(id: $id, data: {aCurrency: $d})"
        " { aCurrency { amountMicros currencyCode } } }"
    )
    for sent, kept in (
        ({"amountMicros": 6}, {"amountMicros": "6", "currencyCode": "EUR"}),
        ({"currencyCode": None}, {"amountMicros": "6", "currencyCode": None}),
        ({}, {"amountMicros": "6", "currencyCode": None}),
        (None, {"amountMicros": None, "currencyCode": None}),
    ):
        assert await specimens.data(text, id=id_, d=sent) == {"updateSpecimen": {"aCurrency": kept}}


REFUSED: dict[str, list[Any]] = {
    "aUuid": ["", "x", ID[:-1], "{" + ID + "}", 1, True, [], {}],
    "aText": ["\0", "a\0", "\ud800", 1, True, [], {}],
    "aNumberInt": [2**31, -(2**31) - 1, Decimal("1.5"), "1", True, 10**400, [], {}],
    "aNumberBigint": [2**63, "9223372036854775808", Decimal("1.5"), "x", "", True, "1e400", [], {}],
    "aNumberFloat": [Decimal("1e309"), Decimal("-1e309"), "1", "NaN", True, [], {}],
    "aNumber": [Decimal("1e1001"), Decimal("1e-1001"), "1", True, [], {}],
    "aNumeric": ["NaN", "Infinity", "x", "", "1e1001", True, [], {}],
    "aBoolean": [0, 1, "true", [], {}],
    "aDate": ["2024-02-30", "2024-1-1", "24-01-01", "2024-01-01T00:00:00Z", "10000-01-01", "now", "", 1, [], {}],
    "aDateTime": ["2024-02-30T00:00:00Z", "x", "", "now", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00.1234567Z",
                  "0001-01-01T00:00:00+10:00", 1, [], {}],
    "aSelect": ["zulu", "", "NOBODY", 1, [], {}],
    "aRawJson": ["\0", {"a": ["\0"]}, {"\0": 1}, ["\ud800"], Decimal("1e1001")],
    "aCurrency": [{"amountMicros": 2**63}, {"amountMicros": "x"}, {"currencyCode": "\0"}, {"nothing": 1}, "EUR", []],
    "aActor": [{"workspaceMemberId": "x"}, {"context": ["\0"]}, {"name": 1}],
    "aPosition": ["1", Decimal("1e309"), [], {}],
    "aMultiSelect": ["zulu", ["ZULU", "ZULU"], [None], [["ZULU"]], {}, 1],
    "aRating": ["RATING_0", "RATING_6", 3, "", [], {}],
    "aArray": [[None], [1], ["\0"], ["\ud800"], {}, [["a"]]],
    "aFullName": [{"firstName": 1}, {"lastName": "\0"}, "x", {"name": "x"}],
    "aEmails": [{"primaryEmail": ["x"]}, {"additionalEmails": ["\0"]}],
    "aPhones": [{"primaryPhoneNumber": 1}],
    "aLinks": [{"primaryLinkUrl": {}}],
    "aAddress": [{"addressLat": "1"}, {"addressLng": Decimal("1e1001")}],
    "aRichText": [{"markdown": "\ud800"}],
    "aRelationId": ["x", "", 1, [], {}],
    "aRelation": [{"connect": "x"}, {"connect": {}}, {"connect": {"where": {}}}, {"connect": {"where": {"id": 1}}}],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_held_is_named(specimens: Apis, name: str) -> None:
    before = await count(specimens, "specimens")
    id_ = await create(specimens, "specimen")
    documents = (
        "mutation ($d: SpecimenInput!) { createSpecimen(data: $d) { id } }",
        "mutation ($d: [SpecimenInput!]!) { createSpecimens(data: [{}, $d]) { id } }".replace(
            "[SpecimenInput!]!", "SpecimenInput!"
        ),
        f'mutation ($d: SpecimenInput!) {{ updateSpecimen(id: "{id_}", data: $d) {{ id }} }}',
    )
    for value in REFUSED[name]:
        for text in documents:
            answer = await specimens.ask(text, d={name: value})
            (error,) = answer["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (value, error)
            assert name in error["message"], error
            assert answer.get("data") is None
    assert await count(specimens, "specimens") == before + 1


async def test_text_of_a_unique_field_is_not_too_long(apis: Apis) -> None:
    await create(apis, "person", email="é" * 1_000)
    message = "Field 'email' must have at most 2000 bytes, since it is unique."
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="email", d={"email": "x" * 2_001})
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="email", d={"email": "é" * 1_001})


INDEX = """mutation ($of: UUID!, $fields: [UUID!]!, $method: String) {
    createIndex(input: { objectMetadataId: $of, fieldMetadataIds: $fields, method: $method }) { id } }"""


LISTS = """mutation ($of: UUID!, $name: String!) {
    createField(input: { objectMetadataId: $of, name: $name, label: $name, type: ARRAY }) { id } }"""


async def make_lists(apis: Apis, *names: str) -> None:
    object_ = (await apis.snapshot()).by_singular["person"]
    for name in names:
        await apis.change(LISTS, of=str(object_.id), name=name)


async def make_index(apis: Apis, *names: str, method: str = "btree") -> None:
    object_ = (await apis.snapshot()).by_singular["person"]
    ids = [str(object_.by_name[name].id) for name in names]
    await apis.change(INDEX, of=str(object_.id), fields=ids, method=method)


def incompressible(length: int) -> str:
    return "".join(sha256(str(n).encode()).hexdigest() for n in range(length // 64 + 1))[:length]


@pytest.mark.parametrize("length", [6_000, 60_000], ids=["index row", "index row beyond a page"])
@pytest.mark.parametrize("several", [False, True], ids=["one write", "one of several"])
async def test_text_that_is_too_long_for_an_index_is_refused_with_its_field(
    apis: Apis, length: int, several: bool
) -> None:
    await make_lists(apis, "tags")
    await make_index(apis, "tags")
    message = "The value of 'tags' is too long: an index on it takes 2,704 bytes of a record at most."
    made = "createPerson(data: $d) { id }"
    text = f"mutation ($d: PersonInput!) {{ {made} {'createCompany(data: {}) { id }' if several else ''} }}"
    data = {"email": "a", "tags": [incompressible(length)], "jobTitle": incompressible(length)}
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="tags", d=data)
    await create(apis, "person", email="a", tags=["ab" * length])


async def test_no_text_is_too_long_for_an_index_on_it(apis: Apis) -> None:
    await make_index(apis, "city")
    await make_index(apis, "phone", "jobTitle", "position")
    for length in (6_000, 60_000):
        for text in (incompressible(length), "".join(chr(0x1F300 + n * 7919 % 700) for n in range(length))):
            await create(apis, "person", email=text[:100] + str(length), city=text, phone=text, jobTitle=text)


async def test_text_that_is_too_long_for_one_of_several_indexes(apis: Apis) -> None:
    await make_lists(apis, "tags", "titles", "phones")
    await make_index(apis, "tags")
    await make_index(apis, "titles", "phones")
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }"
    message = "The value of {} is too long: an index on it takes 2,704 bytes of a record at most."
    data: list[dict[str, Any]] = [{"email": "a"}, {"email": "b", "phones": [incompressible(6_000)]}]
    # PostgreSQL names the index, which is of both.
    await check_refused(apis, text, "BAD_USER_INPUT", message.format("'titles' or 'phones'"), d=data)
    data[1]["phones"] = [incompressible(60_000)]
    await check_refused(apis, text, "BAD_USER_INPUT", message.format("'tags' or 'titles' or 'phones'"), d=data)


@pytest.mark.long
async def test_a_record_with_more_values_than_a_row_holds_is_refused(apis: Apis) -> None:
    names = [f"address{n}" for n in range(80)]
    fields = [
        {"createField": {"objectMetadataId": "person", "name": name, "label": name, "type": "ADDRESS"}}
        for name in names
    ]
    await apis.change("mutation ($c: [Change!]!) { applyChanges(changes: $c) { version } }", c=fields)
    parts = ("addressStreet1", "addressStreet2", "addressCity", "addressState", "addressPostcode", "addressCountry")
    address = {part: incompressible(19)[:19] for part in parts}
    message = (
        "The record has too many values: together they take at most 8,160 bytes of a row, in which a text counts with"
        " 24 bytes at most. Leave some of them empty, or keep them in a related object."
    )
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    await check_refused(apis, text, "BAD_USER_INPUT", message, d={"email": "a", **dict.fromkeys(names, address)})
    await create(apis, "person", email="b", **dict.fromkeys(names[:50], address))


@pytest.mark.long
async def test_texts_that_are_too_long_for_a_search_are_refused_with_its_field(apis: Apis) -> None:
    object_ = (await apis.snapshot()).by_singular["person"]
    await apis.change(
        """mutation ($of: UUID!) { createField(input: { objectMetadataId: $of, name: "words", label: "Words",
        type: TS_VECTOR, settings: { fields: ["city"] } }) { id } }""",
        of=str(object_.id),
    )
    message = (
        "The texts that 'words' is computed from are too long: a TS_VECTOR takes 1,048,575 bytes of words at most."
    )
    data = {"email": "a", "city": " ".join(f"word{n}" for n in range(200_000))}
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="words", d=data)


async def test_the_option_that_is_none_is_refused_with_those_that_are(apis: Apis) -> None:
    text = "mutation ($d: OpportunityInput!) { createOpportunity(data: $d) { id } }"
    answer = await apis.ask(text, d={"stage": "WON"})
    (error,) = answer["errors"]
    assert error["message"] == (
        "Variable '$d.stage' must be one of NEW, SCREENING, MEETING, PROPOSAL, CUSTOMER, not \"WON\"."
    )
    (error,) = (await apis.ask("mutation { createOpportunity(data: {stage: WON}) { id } }"))["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "OpportunityStageEnum" in error["message"]


async def test_sums_of_floats_are_exact_and_do_not_overflow(specimens: Apis) -> None:
    """In double precision the first two sums were refused as a bad input, and the last was 0.30000000000000004."""
    selection = "sum { aNumberFloat } avg { aNumberFloat }"
    text = f"query ($f: SpecimenFilterInput) {{ specimensAggregate(filter: $f) {{ {selection} }} }}"
    cases = {
        "big": ([1.7e308, 1.7e308], Decimal("3.4e308"), Decimal("1.7e308")),
        "small beside big": ([1e200, 1e200, 4e-9, 0.0], Decimal(f"2{'0' * 200}.000000004"), None),
        "tenths": ([0.1, 0.2], Decimal("0.3"), Decimal("0.15")),
    }
    with localcontext() as context:
        context.prec = 2_000
        for name, (values, total, average) in cases.items():
            for value in values:
                await create(specimens, "specimen", aText=name, aNumberFloat=value)
            found = (await specimens.data(text, f={"aText": {"eq": name}}))["specimensAggregate"]
            assert found["sum"]["aNumberFloat"] == total
            assert found["avg"]["aNumberFloat"] == (total / 4 if average is None else average)
