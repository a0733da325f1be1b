"""Groups: their buckets, their conditions and pages, and the records of each."""

from typing import Any

import pytest

from tests.apis import Apis, Served
from tests.engine.records import create


async def ask(apis: Apis, text: str, **variables: Any) -> Any:
    found = await apis.data(text, **variables)
    (groups,) = found.values()
    return groups


def dates(groups: Any, name: str, member: str = "date") -> list[tuple[Any, int]]:
    return [(group["key"][name][member], group["count"]) for group in groups]


async def test_a_day_that_begins_at_one_is_a_day(apis: Apis) -> None:
    # In São Paulo, summer time of 2018 began at midnight of November 4th: that day has no 00:00.
    for moment in ("2018-11-04T02:59:00Z", "2018-11-04T03:00:00Z", "2018-11-04T12:00:00Z", "2018-11-05T01:59:59Z"):
        await create(apis, "activity", title="x", dueAt=moment)
    await create(apis, "activity", title="x")
    document = """query ($zone: String!) { activitiesGroupBy(groupBy: [{ dueAt: { bucket: DAY timeZone: $zone } }]) {
      key { dueAt { date dateTime } } count } }"""
    found = await ask(apis, document, zone="America/Sao_Paulo")
    assert dates(found, "dueAt") == [("2018-11-03", 1), ("2018-11-04", 3), (None, 1)]
    assert dates(found, "dueAt", "dateTime") == [(None, 1), (None, 3), (None, 1)]
    assert dates(await ask(apis, document, zone="UTC"), "dueAt") == [("2018-11-04", 3), ("2018-11-05", 1), (None, 1)]


async def test_the_two_hours_at_the_end_of_summer_are_two(apis: Apis) -> None:
    for moment in ("2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T01:59:00Z"):
        await create(apis, "activity", title="x", dueAt=moment)
    document = """{ activitiesGroupBy(groupBy: [{ dueAt: { bucket: HOUR timeZone: "Europe/Berlin" } }]) {
      key { dueAt { dateTime } } count } }"""
    expected = [("2024-10-27T00:00:00Z", 1), ("2024-10-27T01:00:00Z", 2)]
    assert dates(await ask(apis, document), "dueAt", "dateTime") == expected
    half = document.replace("Europe/Berlin", "Asia/Kathmandu")
    expected = [("2024-10-27T00:15:00Z", 1), ("2024-10-27T01:15:00Z", 2)]
    assert dates(await ask(apis, half), "dueAt", "dateTime") == expected


@pytest.mark.parametrize(
    ("first", "expected"), [("MONDAY", "2024-02-26"), ("SUNDAY", "2024-03-03"), ("SATURDAY", "2024-03-02")]
)
async def test_weeks_begin_on_the_day_that_is_said(apis: Apis, first: str, expected: str) -> None:
    await create(apis, "opportunity", name="x", closeDate="2024-03-03")
    document = f"""{{ opportunitiesGroupBy(groupBy: [{{ closeDate: {{ bucket: WEEK firstDayOfWeek: {first} }} }}]) {{
      key {{ closeDate {{ date }} }} count groupByDimensionValues }} }}"""
    (group,) = await ask(apis, document)
    assert (group["key"]["closeDate"]["date"], group["groupByDimensionValues"]) == (expected, [expected])


ENDS = {
    ("DAY", "America/New_York"): ["0001-01-01", "9999-12-31"],
    ("WEEK", "America/New_York"): ["0001-01-01", "9999-12-27"],
    ("YEAR", "America/New_York"): ["0001-01-01", "9999-01-01"],
    ("HOUR", "America/New_York"): ["0001-01-01T00:00:00Z", "9999-12-31T23:00:00Z"],
    ("DAY", "Asia/Tokyo"): ["0001-01-01", "9999-12-31"],
    ("YEAR", "Asia/Tokyo"): ["0001-01-01", "9999-01-01"],
    ("QUARTER_OF_YEAR", "Asia/Tokyo"): ["1", "1"],
}


@pytest.mark.parametrize(("bucket", "zone"), ENDS)
async def test_a_zone_leads_to_no_date_beyond_the_calendar(apis: Apis, bucket: str, zone: str) -> None:
    """Dates were 0001-12-31 BC and 10000-01-01, which are none of the API."""
    await create(apis, "activity", title="first", dueAt="0001-01-01T00:00:00Z")
    await create(apis, "activity", title="last", dueAt="9999-12-31T23:59:59Z")
    await create(apis, "activity", title="none")
    group = f'{{ dueAt: {{ bucket: {bucket} timeZone: "{zone}" }} }}'
    text = f"{{ activitiesGroupBy(groupBy: [{group}]) {{ count groupByDimensionValues }} }}"
    groups = (await apis.data(text))["activitiesGroupBy"]
    found = [value for one in groups for value in one["groupByDimensionValues"] * one["count"]]
    assert found == [*ENDS[bucket, zone], None]


async def test_a_week_that_begins_before_the_first_date_begins_with_it(apis: Apis) -> None:
    """It began on 0001-12-31 BC, which is no date of the API."""
    for name, date in (("a", "0001-01-01"), ("b", "0001-01-06"), ("c", "0001-01-07"), ("none", None)):
        await create(apis, "opportunity", name=name, closeDate=date)
    document = """{ opportunitiesGroupBy(groupBy: [{ closeDate: { bucket: WEEK firstDayOfWeek: SUNDAY } }]) {
      key { closeDate { date } } count } }"""
    assert dates(await ask(apis, document), "closeDate") == [("0001-01-01", 2), ("0001-01-07", 1), (None, 1)]


@pytest.mark.parametrize("has_records", [False, True])
async def test_an_unknown_zone_is_refused_whatever_there_is(apis: Apis, *, has_records: bool) -> None:
    if has_records:
        await create(apis, "activity", title="x", dueAt="2024-01-01T00:00:00Z")
    for field, bucket in (("dueAt", "DAY"), ("dueAt", "HOUR"), ("dueAt", "NONE")):
        group = f'{{ {field}: {{ bucket: {bucket} timeZone: "Europe/Nowhere" }} }}'
        text = f"{{ activitiesGroupBy(groupBy: [{group}]) {{ count }} }}"
        answer = await apis.ask(text)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "timeZone"}
        assert "Europe/Nowhere" in error["message"]


REFUSED = {
    "nothing": ("groupBy: []", "'groupBy' must name at least one value"),
    "two keys": ("groupBy: [{ stage: true, name: true }]", "An object of 'groupBy' takes one key: use a list"),
    "no key": ("groupBy: [{}]", "An object of 'groupBy' takes one key"),
    "false": ("groupBy: [{ stage: false }]", "'stage' must be true to be grouped by."),
    "width 0": ("groupBy: [{ amount: { width: 0 } }]", "Field 'width' must be a number greater than 0, not 0."),
    "width -1": ("groupBy: [{ amount: { width: -1 } }]", "Field 'width' must be a number greater than 0, not -1."),
    "width null": ("groupBy: [{ amount: { width: null } }]", "'width' must not be null: leave it out."),
    "hours of dates": ("groupBy: [{ closeDate: { bucket: HOUR } }]", "'closeDate' is a date: its bucket must be DAY"),
    "bucket": ("groupBy: [{ closeDate: { bucket: FORTNIGHT } }]", "'bucket' must be one of MINUTE HOUR DAY"),
    "first day": (
        "groupBy: [{ closeDate: { bucket: WEEK firstDayOfWeek: NODAY } }]",
        "'firstDayOfWeek' must be one of",
    ),
    "first day of months": (
        "groupBy: [{ closeDate: { bucket: MONTH firstDayOfWeek: SUNDAY } }]",
        "'firstDayOfWeek' goes with the bucket WEEK alone.",
    ),
    "offset as a zone": ('groupBy: [{ createdAt: { timeZone: "+02:00" } }]', "must be the name of a time zone"),
    "too many groups": ("groupBy: [{ id: true }] first: 1001", "'first' must be from 0 to 1000, not 1001."),
    "first and limit": ("groupBy: [{ id: true }] first: 1 limit: 1", "'first' and 'limit' cannot be given together."),
    "order by another value": (
        "groupBy: [{ stage: true }] orderBy: [{ key: { name: ASC } }]",
        "'name' cannot be ordered by: it is not in 'groupBy'.",
    ),
    "two orders in one object": (
        "groupBy: [{ stage: true }] orderBy: [{ count: ASC, sum: { amount: ASC } }]",
        "An orderBy object takes one key, since the order of several is lost",
    ),
    "two aggregates in one object": (
        "groupBy: [{ stage: true }] orderBy: [{ min: { amount: ASC, name: ASC } }]",
        "An orderBy object takes one key, since the order of several is lost",
    ),
    "null in having": (
        "groupBy: [{ stage: true }] having: { count: { gt: null } }",
        "'gt' of 'count' must not be null",
    ),
    "a blank cursor": ('groupBy: [{ stage: true }] after: ""', "The cursor in 'after' is not valid"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refusals(apis: Apis, name: str) -> None:
    arguments, message = REFUSED[name]
    error = await apis.error(f"{{ opportunitiesGroupBy({arguments}) {{ count }} }}")
    assert message in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_width_fits_the_numbers(apis: Apis) -> None:
    await create(apis, "company", name="x", employees=7)
    await create(apis, "company", name="x", employees=-7)
    await create(apis, "company", name="x", employees=-(2**31))
    document = (
        "query ($w: Float) { companiesGroupBy(groupBy: [{ employees: { width: $w } }]) { key { employees } count } }"
    )
    found = await ask(apis, document, w=5)
    assert [group["key"]["employees"] for group in found] == [-(2**31), -10, 5]
    answer = await apis.ask(document, w=2.5)
    assert answer["errors"][0]["message"] == "Field 'width' must be a whole number, as the field is, not 2.5."
    found = await ask(apis, document)
    assert [group["key"]["employees"] for group in found] == [-(2**31), -7, 7]


async def test_what_is_not_grouped_by_is_not_in_the_key(apis: Apis) -> None:
    group = "opportunitiesGroupBy(groupBy: [{ company: { name: true } }, { closeDate: { bucket: YEAR } }, "
    group += "{ closeDate: { bucket: MONTH } }])"
    for key, message in {
        "stage": "The groups have no 'stage': it is not in 'groupBy'.",
        "company { website }": "The groups have no 'company.website': it is not in 'groupBy'.",
        "createdBy { name }": "The groups have no 'createdBy.name': it is not in 'groupBy'.",
        "closeDate { date }": "'closeDate' is grouped by several buckets: say which one",
        "closeDate(bucket: DAY) { date }": "'closeDate' is not grouped by this bucket.",
    }.items():
        error = await apis.error(f"{{ {group} {{ key {{ {key} }} }} }}")
        assert message in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_deleted_target_is_no_target(apis: Apis) -> None:
    made = [await create(apis, "company", name="a"), await create(apis, "company", name="b")]
    for company in (*made, None):
        await create(apis, "opportunity", name="x", companyId=company)
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=made[1])
    document = "{ opportunitiesGroupBy(groupBy: [{ company: { name: true } }]) { key { company { name } } count } }"
    found = await ask(apis, document)
    assert [(group["key"]["company"]["name"], group["count"]) for group in found] == [("a", 1), (None, 2)]
    by_key = await ask(apis, "{ opportunitiesGroupBy(groupBy: [{ companyId: true }]) { key { companyId } count } }")
    assert [(group["key"]["companyId"], group["count"]) for group in by_key] == [*((id_, 1) for id_ in made), (None, 1)]


async def test_equal_numbers_are_one_group_with_all_records(apis: Apis) -> None:
    for amount in ("1.0", "1.00", "1"):
        await apis.data(f'mutation {{ createOpportunity(data: {{ name: "x" amount: {amount} }}) {{ id }} }}')
    document = "{ opportunitiesGroupBy(groupBy: [{ amount: true }]) { count records { edges { node { name } } } } }"
    (group,) = await ask(apis, document)
    assert (group["count"], len(group["records"]["edges"])) == (3, 3)


async def test_texts_with_the_same_beginning_are_groups_of_their_own_pages(apis: Apis) -> None:
    names = {"é" * 250 + end for end in "abc"}
    for name in names:
        await create(apis, "company", name=name)
    found, place = [], ""
    while groups := await ask(
        apis, f"{{ companiesGroupBy(groupBy: {{ name: true }} first: 1 {place}) {{ cursor key {{ name }} }} }}"
    ):
        (group,) = groups
        found.append(group["key"]["name"])
        place = f'after: "{group["cursor"]}"'
    assert sorted(found) == sorted(names)


PAGES = """query ($after: String, $first: Int, $order: [OpportunityGroupByOrderByInput]) {
  opportunitiesGroupBy(
    groupBy: [{ company: { name: true } }, { stage: true }] first: $first after: $after orderBy: $order
  ) { cursor key { stage company { name } } count sum { amount } } }"""


@pytest.mark.parametrize(
    "order",
    [
        [],
        [{"count": "DESC"}],
        [{"sum": {"amount": "DescNullsLast"}}, {"key": {"stage": "DESC"}}],
        [{"key": {"company": {"name": "AscNullsFirst"}}}, {"min": {"stage": "DESC"}}],
        [{"avg": {"amount": "ASC"}}],
    ],
    ids=str,
)
def test_pages_have_every_group_once(sample: Served, order: Any) -> None:
    whole = sample.ask(PAGES, {"order": order, "first": 1000})["data"]["opportunitiesGroupBy"]
    found: list[Any] = []
    after = None
    while True:
        page = sample.ask(PAGES, {"order": order, "first": 137, "after": after})["data"]["opportunitiesGroupBy"]
        found += page
        if len(found) >= 1000 or not page:
            break
        after = page[-1]["cursor"]
    assert found[:1000] == whole[:1000]
    assert len({group["cursor"] for group in found}) == len(found)


def test_a_cursor_belongs_to_its_groups(sample: Served) -> None:
    group = "opportunitiesGroupBy(groupBy: [{ %s }] first: 1) { cursor }"
    (found,) = sample.ask("{ " + group % "stage: true" + " }")["data"]["opportunitiesGroupBy"]
    other = f'{{ opportunitiesGroupBy(groupBy: [{{ name: true }}] after: "{found["cursor"]}") {{ count }} }}'
    (error,) = sample.ask(other)["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}


ORDERS = [
    "sum: { amount: DESC }",
    "avg: { amount: DESC }",
    "max: { amount: DESC }",
    "min: { amount: DESC }",
    "min: { closeDate: DESC }",
    "count: DESC",
]
GROUPS = "opportunitiesGroupBy(groupBy: [{ stage: true }] first: 2 orderBy: [{ %s }] %s) { cursor }"


@pytest.mark.parametrize("order", ORDERS)
def test_a_cursor_belongs_to_the_aggregate_that_its_groups_are_ordered_by(sample: Served, order: str) -> None:
    """It knew the number of the aggregate, which another one has in another order, and in this one under a having."""
    (_, found) = sample.ask(f"{{ {GROUPS % (order, '')} }}")["data"]["opportunitiesGroupBy"]
    after = f'after: "{found["cursor"]}"'
    for other in ORDERS:
        answer = sample.ask(f"{{ {GROUPS % (other, after)} }}")
        assert ("errors" not in answer) is (other == order), other
        if other != order:
            assert answer["errors"][0]["message"].startswith("The cursor in 'after' is not valid")
    beside = f"having: {{ stddev: {{ amount: {{ gt: 0 }} }} }} {after}"
    assert (
        sample.ask(f"{{ {GROUPS % (order, beside)} }}")["data"]
        == sample.ask(f"{{ {GROUPS % (order, after)} }}")["data"]
    )


@pytest.mark.parametrize(
    "said", ["count: $d", "sum: { amount: $d }", "key: { stage: $d }", "sum: { }", "key: { }", "key: { company: { } }"]
)
def test_an_order_of_groups_that_says_nothing(sample: Served, said: str) -> None:
    groups = "opportunitiesGroupBy(groupBy: [{ stage: true }, { company: { name: true } }] orderBy: [%s]) { count }"
    declared = "query ($d: OrderByDirection) " if "$" in said else ""
    answer = sample.ask(f"{declared}{{ {groups % f'{{ {said} }}, {{ count: DESC }}'} }}")
    assert answer["data"] == sample.ask(f"{{ {groups % '{ count: DESC }'} }}")["data"]


def test_having_leaves_out_groups(sample: Served) -> None:
    document = """query ($least: Int, $having: [OpportunityHavingInput!]) {
      opportunitiesGroupBy(groupBy: [{ stage: true }], having: { count: { gte: $least } and: $having }) { count }
    }"""
    every = [group["count"] for group in sample.ask(document)["data"]["opportunitiesGroupBy"]]
    assert len(every) == 6
    for variables, kept in (
        ({"least": 470}, [one for one in every if one >= 470]),
        ({"having": {}}, every),
        ({"having": {"not": {"count": {"gte": 470}}}}, [one for one in every if one < 470]),
        (
            {"having": {"or": [{"max": {"stage": {"eq": "NEW"}}}, {"max": {"stage": {"is": "NULL"}}}]}},
            [every[0], every[5]],
        ),
        ({"least": 470, "having": {"min": {"stage": {"gt": "MEETING"}}}}, [every[3]]),
    ):
        for warm in (False, True):
            ask = sample.ask_warm if warm else sample.ask
            found = ask(document, variables)
            assert "errors" not in found, found
            found = found["data"]["opportunitiesGroupBy"]
            assert [group["count"] for group in found] == kept


RECORDS = """query ($first: Int, $order: [PersonOrderByInput]) {
  peopleGroupBy(groupBy: [{ city: true }, { company: { name: true } }], first: 40, having: { count: { gt: 1 } }) {
    key { city company { name } }
    count
    records(first: $first, orderBy: $order) {
      totalCount aggregate { max { lastName } }
      edges { cursor node { lastName company { name } activities(first: 1) { totalCount } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}"""


@pytest.mark.parametrize("first", [0, 1, 2, 60])
def test_the_records_of_a_group_are_those_of_a_connection(sample: Served, first: int) -> None:
    order = [{"lastName": "DESC"}, {"createdAt": "ASC"}]
    log = sample.apis.database.log
    log.steps.clear()
    groups = sample.ask(RECORDS, {"first": first, "order": order})["data"]["peopleGroupBy"]
    assert len(log) == 1
    connection = RECORDS[RECORDS.index("totalCount") : RECORDS.index("}\n  }\n}")] + "}"
    for group in groups[:5]:
        city, company = group["key"]["city"], group["key"]["company"]["name"]
        filter_ = {
            "city": {"eq": city},
            "company": {"is": "NULL"} if company is None else {"name": {"eq": company}},
        }
        text = f"""query ($first: Int, $order: [PersonOrderByInput], $filter: PersonFilterInput) {{
          people(first: $first, orderBy: $order, filter: $filter) {{ {connection} }}"""
        expected = sample.ask(text, {"first": first, "order": order, "filter": filter_})
        assert expected["data"]["people"] == group["records"]


def test_names_of_twenty_are_found_in_groups(sample: Served) -> None:
    document = (
        "{ opportunitiesGroupBy(groupBy: [{ stage: true }] first: 1) { totalCount count sumAmount sum { amount } } }"
    )
    (group,) = sample.ask(document)["data"]["opportunitiesGroupBy"]
    assert (group["totalCount"], group["sumAmount"]) == (group["count"], group["sum"]["amount"])


def test_zones_and_widths_share_a_plan(sample: Served) -> None:
    document = (
        """query ($groups: [ActivityGroupByInput!]!) { activitiesGroupBy(groupBy: $groups, first: 3) { count } }"""
    )
    log = sample.apis.database.log
    log.steps.clear()
    for zone in ("UTC", "Europe/Berlin"):
        groups = [{"dueAt": {"bucket": "DAY", "timeZone": zone}}, {"position": {"width": 10 if zone == "UTC" else 20}}]
        assert "errors" not in sample.ask(document, {"groups": groups})
    assert len(set(log.texts)) == 1
    other = [{"dueAt": {"bucket": "WEEK", "timeZone": "UTC"}}, {"position": {"width": 10}}]
    assert "errors" not in sample.ask(document, {"groups": other})
    assert len(set(log.texts)) == 2


async def test_the_cursor_of_a_group_is_the_same_whichever_records_are_in_it(apis: Apis) -> None:
    """The lower end of 5.5 has a zero behind its point, and that of 5 has none."""
    for amount in (5.5, 5):
        await create(apis, "opportunity", amount=amount)
    text = """query ($f: OpportunityFilterInput) {
      opportunitiesGroupBy(groupBy: [{ amount: { width: 5 } }], filter: $f) { cursor key { amount } } }"""
    found = [await ask(apis, text, f={"amount": {"in": amounts}}) for amounts in ([5], [5.5], [5, 5.5])]
    assert found == [found[0]] * 3
    assert [group["key"] for group in found[0]] == [{"amount": 5}]
