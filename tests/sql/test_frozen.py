"""Immutable data by `@frozen` behaves as a frozen dataclass does."""

from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from fieldstone.sql.frozen import frozen


class _Page:
    first: int
    set_first: int = 0
    new_keys: int = 0
    keys: list[str] = field(default_factory=list, hash=False)
    name: str = field(default="page", repr=False)
    note: str = field(default="", compare=False)
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.keys))


class _Empty:
    pass


class _Hashed:
    value: int

    def __hash__(self) -> int:
        return 7


def _outcome(work: Callable[[Any], object], type_: Any) -> object:
    """Return the result or the refusal, as text."""
    try:
        return str(work(type_))
    except (TypeError, AttributeError) as error:
        return f"{type(error)}: {error}"


@pytest.mark.parametrize(
    ("plain", "work"),
    [
        (_Page, lambda made: made(first=1)),
        (_Page, lambda made: made(first=1, keys=["a"], name="b", note="c")),
        (_Page, lambda made: made()),
        (_Page, lambda made: made(first=1, last=2)),
        (_Page, lambda made: made(1)),
        (_Page, lambda made: asdict(replace(made(first=1), keys=["a"]))),
        (_Page, lambda made: [(one.name, one.type) for one in fields(made)]),
        (_Page, lambda made: made(first=1).keys is made(first=1).keys),
        (_Page, lambda made: [made(first=1) == made(first=one, note="x") for one in (1, 2)]),
        (_Page, lambda made: made(first=1) == 1),
        (_Page, lambda made: hash(made(first=1, keys=["a"])) == hash(made(first=1))),
        (_Page, lambda made: setattr(made(first=1), "name", "b")),
        (_Page, lambda made: delattr(made(first=1), "name")),
        (_Page, lambda made: vars(made(first=1))),
        (_Page, lambda made: copy(made(first=1, keys=["a"]))),
        (_Page, lambda made: deepcopy(made(first=1, keys=["a"]))),
        (_Page, lambda made: made(first=1, keys=[made(first=2)])),
        (_Empty, lambda made: (made(), made() == made(), hash(made()))),
        (_Hashed, lambda made: (hash(made(value=1)), made(value=1) == made(value=1))),
    ],
)
def test_frozen_data_is_a_frozen_dataclass(plain: type, work: Callable[[Any], object]) -> None:
    """Both classes are new, so that the work makes the first instance."""
    outcomes = [
        _outcome(work, make(type(plain.__name__, (), dict(vars(plain)))))
        for make in (frozen, dataclass(frozen=True, slots=True, kw_only=True))
    ]
    assert outcomes[0] == outcomes[1]


def test_a_member_is_no_more_set_in_an_instance_of_a_subclass() -> None:
    class Below(frozen(_Hashed)):  # type: ignore[misc]  # the base is made here
        """Made of it without the decorator."""

    below = Below(value=1)
    with pytest.raises(FrozenInstanceError):
        below.value = 2
    assert (below.value, below == Below(value=1)) == (1, True)
