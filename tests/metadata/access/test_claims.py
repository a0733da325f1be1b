"""The principal's values: of the types that a role declares, none of them null, or refused by name and type."""

import pytest

from fieldstone.metadata import scalars
from fieldstone.metadata.access.claims import coerce_claims
from fieldstone.metadata.errors import PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.role import Claim
from fieldstone.metadata.scalars import Scalar

ID = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
USER = Claim(name="userId", scalar=scalars.UUID)
TEAMS = Claim(name="teams", scalar=scalars.UUID, is_list=True)
OPTIONAL = Claim(name="teams", scalar=scalars.UUID, is_list=True, may_lack=True)


def test_the_values_of_the_role_are_kept_and_no_others() -> None:
    given = {"userId": ID, "teams": [ID, ID], "more": 1}
    assert coerce_claims((USER, TEAMS), given) == {"userId": ID, "teams": [ID, ID]}
    assert coerce_claims((), given) == {}


def test_an_item_stands_for_a_list_of_one() -> None:
    assert coerce_claims((TEAMS,), {"teams": ID}) == {"teams": [ID]}


@pytest.mark.parametrize("given", [{}, {"teams": None}, {"teams": []}], ids=["missing", "null", "empty"])
def test_a_list_that_may_be_missing_is_empty(given: JsonValue) -> None:
    assert coerce_claims((OPTIONAL,), given) == {"teams": []}


def test_a_list_that_may_be_missing_must_still_be_of_its_type() -> None:
    with pytest.raises(PrincipalValueRefused):
        coerce_claims((OPTIONAL,), {"teams": [""]})


WRONG: dict[str, tuple[Claim, JsonValue]] = {
    "missing": (USER, {}),
    "null": (USER, {"userId": None}),
    "an empty text for a UUID": (USER, {"userId": ""}),
    "a list for one value": (USER, {"userId": [ID]}),
    "a missing list": (TEAMS, {}),
    "null in a list": (TEAMS, {"teams": [ID, None]}),
    "a list in a list": (TEAMS, {"teams": [[ID]]}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_missing_or_ill_typed_value_is_refused_by_name_and_type(name: str) -> None:
    claim, given = WRONG[name]
    with pytest.raises(PrincipalValueRefused, match=f"'{claim.name}'") as caught:
        coerce_claims((claim,), given)
    assert caught.value.name == claim.name
    assert caught.value.type == ("[UUID]" if claim.is_list else "UUID")


@pytest.mark.parametrize(
    ("scalar", "value", "wrong"),
    [
        (scalars.STRING, "x", 1),
        (scalars.INT, 3, "3"),
        (scalars.INT, -(2**31), 2**31),
        (scalars.BOOLEAN, False, "false"),
        (scalars.DATE, "2024-02-29", "2023-02-29"),
        (scalars.DATE_TIME, "2024-01-31T09:30:00Z", "now"),
        (scalars.DECIMAL, 1.5, "1.5"),
    ],
    ids=lambda one: getattr(one, "name", str(one)),
)
def test_values_are_of_their_scalar(scalar: Scalar, value: JsonValue, wrong: JsonValue) -> None:
    claim = Claim(name="one", scalar=scalar)
    assert coerce_claims((claim,), {"one": value}) == {"one": value}
    with pytest.raises(PrincipalValueRefused, match="must"):
        coerce_claims((claim,), {"one": wrong})
