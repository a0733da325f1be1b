"""The flags of a role in a model file, whose reader takes `no` for a text."""

from typing import Any

import pytest

from fieldstone.metadata.access.role_reader import read_claims, read_grants, read_limits
from fieldstone.metadata.errors import InvalidChange
from tests.metadata.odd_values import every_type


@pytest.mark.parametrize("flag", ["no", "off", 0, 1, "true", []])
@pytest.mark.parametrize("name", ["isList", "mayLack"])
def test_a_claims_flags_are_true_or_false(name: str, flag: Any) -> None:
    with pytest.raises(InvalidChange, match=rf"claims\[0\]\.{name} must be true or false"):
        read_claims([{"name": "teams", "type": "UUID", "isList": True, name: flag}])


@pytest.mark.parametrize("flag", ["no", 0, 1])
def test_a_grants_aggregates_are_true_or_false(flag: Any) -> None:
    with pytest.raises(InvalidChange, match="aggregates must be true or false"):
        read_grants(every_type(), [{"object": "ship", "read": {}, "aggregates": flag}])


def test_a_limit_is_a_number() -> None:
    with pytest.raises(InvalidChange, match="must be a whole number"):
        read_limits({"maxPage": True})
