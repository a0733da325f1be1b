"""Events of roles agree with reads: a role is told of a write if, and as, it reads the record behind the write."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.planner import subscriptions
from fieldstone.engine.planner.context import readable
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL
from tests.engine.access.lifting import lift_guards
from tests.engine.access.subscribers import Rep
from tests.engine.events.desk import Desk
from tests.engine.metadata_api.roles import CREATE

RULES: dict[str, Any] = {
    "a column": {"city": {"eq": "$principal.city"}},
    "its absence": {"not": {"city": {"eq": "$principal.city"}}},
    "one of many values": {"city": {"in": "$principal.cities"}},
    "none of many values": {"city": {"notIn": "$principal.cities"}},
    "no value": {"or": [{"city": {"is": "NULL"}}, {"jobTitle": {"startsWith": "$principal.city"}}]},
    "a sub-field's absence": {"lastName": {"is": "NULL"}},
    "a relation": {"company": {"name": {"eq": "$principal.city"}}},
    "no relation": {"or": [{"companyId": {"is": "NULL"}}, {"company": {"name": {"neq": "$principal.city"}}}]},
    "others beside it": {"company": {"people": {"some": {"jobTitle": {"eq": "$principal.city"}}}}},
    "none beside it": {"company": {"people": {"none": {"jobTitle": {"eq": "$principal.city"}}}}},
    "the moment": {"createdAt": {"within": {"last": 7, "unit": "DAY", "timeZone": "Europe/Berlin"}}},
}
SHOWN = "id firstName city jobTitle company { name people { totalCount } }"
WRITES: list[dict[str, Any]] = [
    {"city": "Berlin"},
    {"city": "Rome", "jobTitle": "Berlin"},
    {"city": None, "companyId": "Berlin"},
    {"city": "Bonn", "lastName": "Lovelace"},
    {"companyId": "Rome", "jobTitle": None},
    {"city": "Berlin", "lastName": None, "jobTitle": "Berlin chief"},
    {"companyId": None},
]


async def make_rep(desk: Desk, *ways: Any) -> Rep:
    """A principal of Berlin and Bonn, whose role reads people in these ways, and companies."""
    grants = [
        {"object": "person", "read": list(ways), "aggregates": True},
        {"object": "company", "read": {}},
    ]
    claims = [{"name": "city", "type": "TEXT"}, {"name": "cities", "type": "TEXT", "isList": True}]
    given = {"name": "rep", "label": "Rep", "claims": claims, "grants": grants}
    made = await desk.data(CREATE, api=desk.metadata, input=given)
    values = {"city": "Berlin", "cities": ["Berlin", "Bonn"]}
    principal = replace(PRINCIPAL, subject_id=uuid4(), role="rep", claims=values)
    return Rep(desk=desk, principal=principal, role_id=made["createRole"]["id"])


async def read(one: Rep, id_: str) -> Any:
    """The record as the role reads it."""
    request = GraphQLRequest(
        query=f"query ($id: UUID!) {{ person(id: $id) {{ {SHOWN} }} }}", operation_name=None, variables={"id": id_}
    )
    answer = loads((await one.desk.core.execute(one.principal, request, allow_mutation=True)).body)
    assert "errors" not in answer, answer
    return answer["data"]["person"]


async def play(one: Rep) -> list[Any]:
    """Write, and return the records as the role read them after each write, without those that it did not read."""
    desk, seen, count = one.desk, [], 2
    companies = {}
    for name in ("Berlin", "Rome"):
        made = await desk.data("mutation ($n: String!) { createCompany(data: { name: $n }) { id } }", n=name)
        companies[name] = made["createCompany"]["id"]

    def given(values: dict[str, Any]) -> dict[str, Any]:
        return {key: companies.get(value) if key == "companyId" else value for key, value in values.items()}

    for number, first in enumerate(WRITES):
        id_ = await desk.person(f"{number}@x.org", **given(first), firstName=str(number))
        for values in WRITES:
            count += 1
            await desk.delivered(count)
            seen.append(await read(one, id_))
            await desk.update(id_, **given(values), firstName=str(count))
        count += 1
        await desk.delivered(count)
        seen.append(await read(one, id_))
    return [record for record in seen if record is not None]


async def agrees(desk: Desk, ways: list[Any]) -> bool:
    """Whether the events that the role is told of are the records that it reads."""
    one = await make_rep(desk, *ways)
    created = await one.subscribe(f"subscription {{ personCreated {{ {SHOWN} }} }}")
    updated = await one.subscribe(f"subscription {{ personUpdated {{ {SHOWN} }} }}")
    expected = await play(one)
    told = sorted([*created.results, *updated.results], key=lambda record: (record["firstName"] or "", record["id"]))
    assert expected, "the role reads some of the records"
    return told == sorted(expected, key=lambda record: (record["firstName"] or "", record["id"]))


@pytest.mark.parametrize("rule", RULES)
async def test_a_write_is_told_of_if_the_record_behind_it_is_read(desk: Desk, rule: str) -> None:
    assert await agrees(desk, [{"rule": RULES[rule]}])


@pytest.mark.parametrize("rule", RULES)
async def test_a_field_is_told_if_it_is_read(desk: Desk, rule: str) -> None:
    assert await agrees(desk, [{"fields": {"allBut": ["jobTitle", "company"]}}, {"rule": RULES[rule]}])


@pytest.mark.parametrize(
    ("place", "ways"),
    [
        ("seen_image", [{"rule": RULES["a column"]}]),
        ("readable", [{"fields": {"allBut": ["jobTitle"]}}, {"rule": RULES["a relation"]}]),
    ],
)
async def test_without_its_place_an_event_is_told_that_is_not_read(
    desk: Desk, place: str, ways: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, place, lift_guards(readable) if place == "readable" else lambda *_: [])
    assert not await agrees(desk, ways)
