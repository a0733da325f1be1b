"""Values of a principal that are of their type and do not fit: the refusal names them, and no field of a rule."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.trees import PrincipalValueUnusable
from fieldstone.engine.rest.errors import rename_inputs
from tests.engine.access.world import ALL, OWN, World
from tests.views import ask_as

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


UNFIT_READS: dict[str, tuple[dict[str, Any], Any, str, list[Any]]] = {
    "a pattern": ({"city": {"like": "$principal.x"}}, "a\\", f'person(id: "{OWN}") {{ email }}', ["person"]),
    "a range": (
        {"position": {"between": "$principal.x"}}, [1], "companies { edges { node { people { totalCount } } } }",
        ["companies", "edges", 0, "node", "people"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "text", "path"), UNFIT_READS.values(), ids=UNFIT_READS.keys())
async def test_a_read_that_a_value_of_the_principal_does_not_fit_has_its_error(
    world: World, rule: Any, value: Any, text: str, path: list[Any]
) -> None:
    """The error of a field is copied for each record; the copy failed, and the answer was 500."""
    rep = replace(await world.rep(person={"read": {"rule": rule}}, company={"read": ALL}), claims={"x": value})
    answer = await ask_as(rep.database, rep.seen, rep.claims, f"{{ {text} }}")
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["reason"]) == (path, "PRINCIPAL_VALUE")


def test_rest_has_the_error_of_a_value_of_the_principal() -> None:
    refusal = BadUserInput("Field 'city' must not end with a backslash.", field="city", path=["person"])
    renamed = rename_inputs(PrincipalValueUnusable.of("x", refusal))
    assert isinstance(renamed, PrincipalValueUnusable)
    assert (renamed.status, renamed.detail, renamed.path) == (403, refusal.message, ["person"])
    assert renamed.extensions == {"reason": "PRINCIPAL_VALUE", "name": "x"}
