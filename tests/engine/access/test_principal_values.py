"""Values of a principal that are of their type and do not fit: the refusal names them, and no field of a rule."""

from dataclasses import replace
from typing import Any

import pytest

from tests.engine.access.world import ALL, World

UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "in a rule": (
        {"person": {"read": {"rule": {"city": {"like": "$principal.x"}}, "allBut": ["city"]}, "update": ALL}},
        'updatePeople(filter: { email: { neq: "x" } } data: { jobTitle: "x" })',
    ),
    "in a check": (
        {"person": {"create": {"check": {"city": {"in": ["Ulm", "$principal.x"]}}, "allBut": ["city"]}}},
        'createPerson(data: { email: "a" })',
    ),
    "in a preset of a create": (
        {"opportunity": {"create": {"preset": {"stage": "$principal.x"}}}}, 'createOpportunity(data: { name: "a" })',
    ),
    "in a preset of many creates": (
        {"opportunity": {"create": [{"preset": {"stage": "$principal.x"}}, {"only": []}]}},
        'createOpportunities(data: [{ name: "a" }])',
    ),
    "in a preset of an update": (
        {"opportunity": {"read": ALL, "update": {"preset": {"stage": "$principal.x"}}}},
        'updateOpportunities(filter: { name: { eq: "a" } } data: { name: "b" })',
    ),
    "in a preset of an upsert": (
        {"person": {"read": ALL, "update": ALL, "create": {"preset": {"firstName": "$principal.x"}}}},
        'upsertPerson(data: { email: "a" })',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rights", "text"), UNFIT.values(), ids=UNFIT.keys())
async def test_a_value_of_the_principal_that_does_not_fit_is_named_and_no_field_is(
    world: World, rights: dict[str, Any], text: str
) -> None:
    rep = replace(await world.rep(**rights), claims={"x": "a\x00\\"})
    refused = await rep.refusal(f"mutation {{ {text} {{ __typename }} }}")
    assert refused["message"].startswith("The rules or presets of the role cannot use the principal's value 'x'")
    assert refused["extensions"] == {"code": "FORBIDDEN", "reason": "PRINCIPAL_VALUE", "name": "x"}
