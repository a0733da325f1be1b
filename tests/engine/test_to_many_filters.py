"""Filters over to-many relations: `some`, `every`, `none` and `isEmpty`, which are true or false, never unknown."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.apis import Apis, filled_template, open_apis
from tests.databases import Databases
from tests.engine.records import check_refused, create, take_events
from tests.engine.relations import CREATE, relate

NAMES = (
    "query ($f: CompanyFilterInput) { companiesAggregate(filter: $f) { count }"
    " companies(filter: $f, orderBy: { name: ASC }) { totalCount edges { node { name } } } }"
)


async def fill(apis: Apis) -> None:
    for name, amounts in (("none", ()), ("null", (None,)), ("some", (None, 5)), ("all", (5, 10)), ("gone", (10,))):
        company = await create(apis, "company", name=name)
        for amount in amounts:
            id_ = await create(apis, "opportunity", amount=amount, name=f"{name} {amount}", companyId=company)
            if name == "gone":
                await apis.data("mutation ($id: UUID!) { deleteOpportunity(id: $id) { id } }", id=id_)


@pytest.fixture
def firms_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(filled_template(databases, "companies by opportunities", fill))


@pytest.fixture
async def firms(firms_dsn: str) -> AsyncIterator[Apis]:
    """Companies by how much their opportunities are worth: none, NULL alone, NULL and 5, 5 and 10, a deleted 10."""
    async with open_apis(firms_dsn) as opened:
        yield opened


async def found(apis: Apis, given: Any) -> set[str]:
    """The names of the companies under a filter, which pages, counts and the warm path agree on."""
    data = await apis.data(NAMES, f=given)
    names = [edge["node"]["name"] for edge in data["companies"]["edges"]]
    assert names == sorted(names)
    assert data["companies"]["totalCount"] == data["companiesAggregate"]["count"] == len(names)
    assert await apis.send_warm(NAMES, {"f": given}) == (await apis.send(NAMES, {"f": given})).body
    return set(names)


ALL = {"none", "null", "some", "all", "gone"}
MORE = {"amount": {"gte": 5}}
CASES: dict[str, tuple[Any, set[str]]] = {
    "some": ({"some": MORE}, {"some", "all"}),
    "some of two": ({"some": {"amount": {"gt": 5}}}, {"all"}),
    "none, a NULL being none": ({"none": MORE}, {"none", "null", "gone"}),
    "every, a NULL being none": ({"every": MORE}, {"none", "all", "gone"}),
    "every, a NULL being one": ({"every": {"or": [MORE, {"amount": {"is": "NULL"}}]}}, ALL),
    "a not inside follows SQL": ({"some": {"not": MORE}}, set()),
    "every with a not inside": ({"every": {"not": MORE}}, {"none", "gone"}),
    "has any": ({"some": {}}, {"null", "some", "all"}),
    "has none": ({"none": {}}, {"none", "gone"}),
    "every of nothing says nothing": ({"every": {}}, ALL),
    "is empty": ({"isEmpty": True}, {"none", "gone"}),
    "is not empty": ({"isEmpty": False}, {"null", "some", "all"}),
    "several are AND-ed": ({"some": {"amount": {"eq": 5}}, "every": MORE}, {"all"}),
    "the deleted are had by name": ({"some": {"deletedAt": {"is": "NOT_NULL"}}}, {"gone"}),
    "the deleted among all": ({"some": {"amount": {"eq": 10}, "or": [{"deletedAt": {"is": "NOT_NULL"}}]}}, {"gone"}),
    "none, the deleted too": ({"none": {"deletedAt": {"is": "NOT_NULL"}}}, ALL - {"gone"}),
    "every, the deleted too": ({"every": {"deletedAt": {"is": "NULL"}}}, ALL - {"gone"}),
    "empty conditions inside": ({"some": {"and": [], "or": [{}], "name": {}}}, {"null", "some", "all"}),
    "across and back": ({"some": {"company": {"opportunities": {"some": {"amount": {"gt": 5}}}}}}, {"all"}),
    "a relation inside": ({"some": {"person": {"is": "NULL"}}}, {"null", "some", "all"}),
    "no relation inside": ({"some": {"person": {"email": {"eq": "x"}}}}, set()),
    "a list": ({"some": {"amount": {"in": [10, 11]}}}, {"all"}),
    "an empty list": ({"some": {"amount": {"in": []}}}, set()),
    "none of an empty list": ({"none": {"amount": {"in": []}}}, ALL),
}


@pytest.mark.long
@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES)
async def test_a_quantifier(firms: Apis, given: Any, expected: set[str]) -> None:
    assert await found(firms, {"opportunities": given}) == expected
    if given != {"every": {}}:
        # Never unknown: a record that is not in the one is in the other.
        assert await found(firms, {"not": {"opportunities": given}}) == ALL - expected
        named = {"name": {"eq": "none"}}
        assert await found(firms, {"or": [{"opportunities": given}, named]}) == expected | {"none"}
        assert await found(firms, {"and": [{"opportunities": given}, {"not": named}]}) == expected - {"none"}


async def test_a_parent_by_its_place_below_another(firms: Apis) -> None:
    for place, name in enumerate(("none", "all")):
        company = await firms.data("query ($n: String) { company(filter: { name: { eq: $n } }) { id } }", n=name)
        await create(firms, "person", email=f"{place}", companyId=company["company"]["id"])
    text = "query ($f: PersonFilterInput) { people(filter: $f, orderBy: { email: ASC }) { edges { node { email } } } }"

    async def emails(given: Any) -> list[str]:
        return [edge["node"]["email"] for edge in (await firms.data(text, f=given))["people"]["edges"]]

    await create(firms, "person", email="alone")
    assert await emails({"company": {"opportunities": {"some": MORE}}}) == ["1"]
    assert await emails({"company": {"opportunities": {"isEmpty": True}}}) == ["0"]
    # A person without a company is in neither half, as with any condition across a to-one relation.
    assert await emails({"not": {"company": {"opportunities": {"some": MORE}}}}) == ["0"]
    nested = await firms.data(
        "query ($f: PersonFilterInput) { companies(filter: { people: { some: $f } }, orderBy: { name: ASC }) {"
        " edges { node { name people(filter: $f) { totalCount } } } } }",
        f={"opportunities": {"isEmpty": True}},
    )
    assert nested["companies"]["edges"] == [
        {"node": {"name": name, "people": {"totalCount": 1}}} for name in ("all", "none")
    ]


async def test_one_record_is_found_by_its_related_records(firms: Apis) -> None:
    text = "query ($f: CompanyFilterInput) { company(filter: $f) { name } }"
    given = {"opportunities": {"some": {"amount": {"gt": 5}}}}
    assert await firms.data(text, f=given) == {"company": {"name": "all"}}
    assert await firms.data(text, f={"opportunities": {"some": {"amount": {"gt": 99}}}}) == {"company": None}
    (refused,) = (await firms.ask(text, f={"opportunities": {"every": {}}}))["errors"]
    assert refused["extensions"] == {"code": "BAD_USER_INPUT", "field": "filter"}


ABSENT: dict[str, tuple[str, set[str]]] = {
    "some": ("{ opportunities: { some: { amount: { gt: $v } } } }", ALL),
    "every": ("{ opportunities: { every: { amount: { gt: $v } } } }", ALL),
    "none": ("{ opportunities: { none: { amount: { gt: $v } } } }", ALL),
    "a quantifier as a whole": ("{ opportunities: { some: $f, isEmpty: false } }", {"null", "some", "all"}),
    "a flag": ("{ opportunities: { isEmpty: $b, some: { amount: { eq: 5 } } } }", {"some", "all"}),
    "all of them": ("{ opportunities: $m }", ALL),
    "beside an operand": ("{ opportunities: { some: { amount: { gt: $v, eq: 10 } } } }", {"all"}),
    "within another": (
        "{ opportunities: { none: { company: { opportunities: { some: { amount: { gt: $v } } } } } } }",
        ALL,
    ),
    "a disjunct": ('{ or: [{ opportunities: { none: { amount: { gt: $v } } } }, { name: { eq: "all" } }] }', {"all"}),
}
DECLARED = {"v": "Float", "f": "OpportunityFilterInput", "b": "Boolean", "m": "OpportunityConnectionFilterInput"}


def declared(filter_: str) -> str:
    (name,) = [name for name in DECLARED if f"${name}" in filter_]
    return f"${name}: {DECLARED[name]}"


@pytest.mark.parametrize(("given", "expected"), ABSENT.values(), ids=ABSENT)
async def test_a_condition_emptied_by_absent_variables_says_nothing(
    firms: Apis, given: str, expected: set[str]
) -> None:
    text = f"query ({declared(given)}) {{ companies(filter: {given}) {{ edges {{ node {{ name }} }} }} }}"
    data = await firms.data(text)
    assert {edge["node"]["name"] for edge in data["companies"]["edges"]} == expected


@pytest.mark.parametrize("given", [given for given, _ in ABSENT.values()], ids=ABSENT)
async def test_a_bulk_write_refuses_an_absent_variable(firms: Apis, given: str) -> None:
    (name,) = [name for name in DECLARED if f"${name}" in given]
    message = f"The variable '${name}' is absent: every variable in a bulk write's filter must have a value."
    for verb, data in (("update", ', data: { website: "x" }'), ("delete", ""), ("destroy", ""), ("restore", "")):
        text = f"mutation ({declared(given)}) {{ {verb}Companies(filter: {given}{data}) {{ id }} }}"
        await check_refused(firms, text, "BAD_USER_INPUT", message, field="filter")


async def test_a_bulk_write_means_what_a_read_means(firms: Apis) -> None:
    await take_events(firms)
    text = 'mutation ($f: CompanyFilterInput!) { updateCompanies(filter: $f, data: { website: "x" }) { name } }'
    written = 0
    for given, expected in CASES.values():
        if given == {"every": {}}:
            hint = "The filter says nothing; to mean all records write { id: { is: NOT_NULL } }."
            await check_refused(firms, text, "BAD_USER_INPUT", hint, field="filter", f={"opportunities": given})
            continue
        for filter_, names in (
            ({"opportunities": given}, expected),
            ({"not": {"opportunities": given}}, ALL - expected),
        ):
            data = await firms.data(text, f=filter_)
            assert {row["name"] for row in data["updateCompanies"]} == names, filter_
            written += len(names)
    assert len(await take_events(firms)) == written
    gone = await firms.data("mutation { deleteCompanies(filter: { opportunities: { isEmpty: true } }) { name } }")
    assert {row["name"] for row in gone["deleteCompanies"]} == {"none", "gone"}
    back = await firms.data("mutation { restoreCompanies(filter: { opportunities: { none: {} } }) { name } }")
    assert {row["name"] for row in back["restoreCompanies"]} == {"none", "gone"}


REFUSED = {
    "null for all": ("{ opportunities: null }", "The filter of 'opportunities' must not be null; for no records write"),
    "null for some": ("{ opportunities: { some: null } }", "The operator 'some' of 'opportunities' must not be null."),
    "null for isEmpty": ("{ opportunities: { isEmpty: null } }", "The operator 'isEmpty' of 'opportunities' must not"),
    "null inside": ("{ opportunities: { every: { amount: null } } }", "The filter of 'amount' must not be null"),
    "a wrong list inside": (
        "{ opportunities: { none: { amount: { between: [1] } } } }",
        "Field 'amount' must have a list of two values for between",
    ),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_a_quantifier_cannot_take(firms: Apis, given: str, message: str) -> None:
    text = f"{{ companies(filter: {given}) {{ totalCount }} }}"
    error = await firms.error(text)
    assert error["message"].startswith(message)
    assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["companies"])
    assert error["extensions"]["field"] in {"opportunities", "amount"}


async def test_a_variable_of_another_type_is_named_with_its_place(firms: Apis) -> None:
    error = await firms.error(NAMES, f={"opportunities": {"isEmpty": 1}})
    assert error["message"] == "Variable '$f.opportunities.isEmpty' must be true or false, not 1."
    error = await firms.error(NAMES, f={"opportunities": {"most": {}}})
    assert "'OpportunityConnectionFilterInput' does not define" in error["message"]


async def test_shapes_of_one_text_do_not_cross(firms: Apis) -> None:
    text = "query ($e: Boolean) { companies(filter: { opportunities: { isEmpty: $e } }) { totalCount } }"
    for _ in range(2):
        for flag, expected in ((True, 2), (False, 3), (None, None), (True, 2)):
            if flag is None:
                assert await firms.data(text) == {"companies": {"totalCount": len(ALL)}}
            else:
                assert await firms.data(text, e=flag) == {"companies": {"totalCount": expected}}


async def test_pages_hold_under_every_order_and_cursor(firms: Apis) -> None:
    for number in range(40):
        company = await create(firms, "company", name=f"c{number % 7}", website=None if number % 3 else "w")
        for amount in range(number % 4):
            await create(firms, "opportunity", amount=amount, companyId=company)
    text = (
        "query ($o: [CompanyOrderByInput], $after: String, $f: CompanyFilterInput) {"
        " companies(filter: $f, orderBy: $o, first: 3, after: $after) {"
        " edges { node { id } } pageInfo { hasNextPage endCursor } } }"
    )
    whole = "query ($o: [CompanyOrderByInput], $f: CompanyFilterInput) { companies(filter: $f, orderBy: $o, first: 200) { edges { node { id } } } }"  # noqa: E501
    for given in ({"some": {"amount": {"gte": 2}}}, {"none": {"amount": {"gte": 1}}}, {"some": {"amount": {"gt": 9}}}):
        for order in ([], [{"createdAt": "DESC"}], [{"name": "ASC"}], [{"website": "AscNullsFirst"}, {"name": "DESC"}]):
            filter_ = {"opportunities": given}
            at_once = await firms.data(whole, o=order, f=filter_)
            walked: list[Any] = []
            after = None
            while True:
                page = (await firms.data(text, o=order, f=filter_, after=after))["companies"]
                walked += page["edges"]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert walked == at_once["companies"]["edges"]
            assert walked


async def test_through_a_junction_and_by_its_own_fields(apis: Apis) -> None:
    await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY")
    junction = (await apis.snapshot()).by_singular["companyPerson"]
    weight = {"objectMetadataId": str(junction.id), "name": "weight", "label": "Weight", "type": "NUMBER"}
    await apis.change(CREATE, input=weight)
    companies = {name: await create(apis, "company", name=name) for name in ("a", "b", "c")}
    people = {name: await create(apis, "person", email=name) for name in ("x", "y")}
    links = {
        (company, person): await create(
            apis, "companyPerson", companyId=companies[company], personId=people[person], weight=weight
        )
        for company, person, weight in (("a", "x", 1), ("a", "y", 5), ("b", "x", 5))
    }
    by_person: Any = {"advisers": {"some": {"person": {"email": {"eq": "y"}}}}}
    heavy: Any = {"advisers": {"some": {"weight": {"gt": 3}, "person": {"email": {"eq": "x"}}}}}
    assert await found(apis, by_person) == {"a"}
    assert await found(apis, heavy) == {"b"}
    assert await found(apis, {"advisers": {"every": {"weight": {"gt": 3}}}}) == {"b", "c"}
    assert await found(apis, {"advisers": {"isEmpty": True}}) == {"c"}
    assert await found(apis, {"not": by_person}) == {"b", "c"}
    back = "query ($f: PersonFilterInput) { people(filter: $f, orderBy: { email: ASC }) { edges { node { email } } } }"
    data = await apis.data(back, f={"advises": {"some": {"company": {"name": {"eq": "a"}}, "weight": {"lt": 3}}}})
    assert [edge["node"]["email"] for edge in data["people"]["edges"]] == ["x"]
    # A deleted link or target is not there.
    await apis.data("mutation ($id: UUID!) { deleteCompanyPerson(id: $id) { id } }", id=links["b", "x"])
    assert await found(apis, heavy) == set()
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=people["y"])
    assert await found(apis, by_person) == set()
    assert await found(apis, {"not": by_person}) == {"a", "b", "c"}


async def test_the_inverse_of_a_morph_relation(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    targets = [
        {"targetObjectMetadataId": str(snapshot.by_singular[name].id), "targetFieldLabel": "Owned activities"}
        for name in ("person", "company")
    ]
    owner = {
        "objectMetadataId": str(snapshot.by_singular["activity"].id),
        "name": "owner",
        "label": "Owner",
        "type": "MORPH_RELATION",
        "morphRelationsCreationPayload": targets,
    }
    await apis.change(CREATE, input=owner)
    acme, blue = [await create(apis, "company", name=name) for name in ("acme", "blue")]
    ada = await create(apis, "person", email="ada", companyId=blue)
    await create(apis, "activity", title="x", ownerCompanyId=acme)
    await create(apis, "activity", title="y", ownerPersonId=ada)
    owns = {"ownedActivities": {"some": {"title": {"in": ["x", "y"]}}}}
    assert await found(apis, owns) == {"acme"}
    assert await found(apis, {"or": [owns, {"people": {"some": owns}}]}) == {"acme", "blue"}
    assert await found(apis, {"ownedActivities": {"isEmpty": True}}) == {"blue"}


async def test_an_object_related_to_itself(apis: Apis) -> None:
    await relate(apis, "company", "parent", "company", "children")
    top = await create(apis, "company", name="top")
    middle = await create(apis, "company", name="middle", parentId=top)
    await create(apis, "company", name="leaf", parentId=middle)
    assert await found(apis, {"children": {"some": {"children": {"some": {"name": {"eq": "leaf"}}}}}}) == {"top"}
    assert await found(apis, {"children": {"none": {}}, "parent": {"children": {"isEmpty": False}}}) == {"leaf"}
    assert await found(apis, {"children": {"every": {"children": {"none": {}}}}}) == {"middle", "leaf"}


async def test_the_metadata_api_filters_objects_by_their_fields(apis: Apis) -> None:
    text = '{ objects(filter: { fields: { some: { name: { eq: "jobTitle" } } } }) { edges { node { nameSingular } } } }'
    assert await apis.change(text) == {"objects": {"edges": [{"node": {"nameSingular": "person"}}]}}


async def test_quantifiers_count_among_the_comparisons(apis: Apis) -> None:
    many = ", ".join(["{ people: { isEmpty: true } }"] * 1_001)
    error = await apis.error(f"{{ companies(filter: {{ and: [{many}] }}) {{ totalCount }} }}")
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
