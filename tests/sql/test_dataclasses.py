"""Dataclasses whose methods wait for the first instance, beside those of the standard library."""

import dataclasses as standard
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import lt
from threading import Barrier
from typing import Any

import pytest

from fieldstone.sql.dataclasses import dataclass

Decorator = Callable[..., Any]


def _build(decorator: Decorator, **options: bool) -> tuple[Any, Any, Any]:
    """Return a class with defaults, one derived from it, and one with methods of its own."""

    @decorator(slots=True, **options)
    class Base:
        """A base."""

        a: int
        b: str = "b"
        c: list[int] = standard.field(default_factory=list)
        d: int = standard.field(default=4, repr=False, compare=False, kw_only=True)

        def sum(self) -> int:
            return self.a + self.d

        @classmethod
        def of(cls, a: int) -> "Base":
            return cls(a=a)  # type: ignore[call-arg]  # the decorator is a variable

    @decorator(slots=True, **options)
    class Derived(Base):
        b: str = "other"
        e: int = standard.field(init=False, default=0)
        f: int = 1

        def __post_init__(self) -> None:
            object.__setattr__(self, "e", self.a * 2)

    @decorator(slots=True, **options)
    class Own:  # noqa: PLW1641 - a dataclass makes the hash, or takes it away
        a: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self))

        def __repr__(self) -> str:
            return f"<{self.a}>"

    return Base, Derived, Own


def _attempt(act: Callable[[], Any]) -> Any:
    """Return the result of an act, or the kind and the words of its error."""
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return type(error).__name__, str(error)


def _facts(decorator: Decorator, **options: bool) -> list[Any]:
    """Return the visible facts of three classes and their instances."""
    kinds = base, derived, own = _build(decorator, **options)
    made = first, second, third = base(a=1), derived(a=1), own(a=1)
    return [
        *map(repr, (*made, base.of(2))),
        *(_attempt(partial(_hash_alike, one, standard.replace(one, a=1))) for one in made),
        _attempt(partial(_hash_alike, base(a=1, c=()), base(a=1, c=(), d=5))),
        (first == base(a=1, d=5), first == base(a=2), first == second, third == own(a=7)),
        (standard.replace(first, a=9).sum(), standard.asdict(first), first.c is base(a=1).c),
        *(_attempt(partial(setattr, one, "a", 3)) for one in made),
        *(_attempt(partial(delattr, one, "a")) for one in made),
        *(_attempt(partial(setattr, one, "unknown", 3)) for one in made),
        *(
            _attempt(partial(base, *given, **named))
            for given, named in (((), {}), ((), {"x": 2}), ((1, "b", [], 4), {}))
        ),
        _attempt(partial(lt, base(a=1, c=[1]), base(a=1, c=[2]))),
        *([(one.name, one.type, one.init, one.repr, one.kw_only) for one in standard.fields(kind)] for kind in kinds),
        *((one.__match_args__, one.__slots__, one.__name__, one.__qualname__, one.__module__) for one in kinds),
        (base.__doc__, hasattr(first, "__dict__"), standard.is_dataclass(own)),
    ]


def _hash_alike(one: object, other: object) -> bool:
    return hash(one) == hash(other)


@pytest.mark.parametrize(
    "options",
    [
        {"frozen": True, "kw_only": True},
        {"frozen": True},
        {"kw_only": True},
        {},
        {"frozen": True, "order": True},
        {"eq": False},
    ],
    ids=lambda options: " ".join(options) or "none",
)
def test_a_class_is_as_one_of_the_standard_library(options: dict[str, bool]) -> None:
    assert _facts(dataclass, **options) == _facts(standard.dataclass, **options)


def test_the_fields_are_there_before_an_instance() -> None:
    base, derived, _ = _build(dataclass, frozen=True)
    assert [field.name for field in standard.fields(derived)] == ["a", "b", "c", "d", "e", "f"]
    assert "__eq__" in vars(base)


def test_methods_wait_for_the_first_instance() -> None:
    base, derived, own = _build(dataclass, frozen=True, kw_only=True)
    generated = {"__eq__", "__hash__", "__repr__", "__setattr__"}
    assert [generated & vars(one).keys() for one in (base, derived)] == [set(), set()]
    base(a=1)
    assert [generated & vars(one).keys() for one in (base, derived)] == [generated, set()]
    derived(a=1)
    assert generated <= vars(derived).keys()
    assert "__setattr__" not in vars(own)


def test_a_class_may_have_its_own_constructor() -> None:
    @dataclass(slots=True)
    class Counted:
        count: int

        def __init__(self, words: str) -> None:
            self.count = len(words.split())

    assert [Counted("a b"), Counted("c")] == [Counted("d e"), Counted("f")]
    assert repr(Counted("a b c")).endswith("Counted(count=3)")


def test_first_instances_of_many_threads_are_equal() -> None:
    threads = 8
    for _ in range(20):
        base, derived, _ = _build(dataclass, frozen=True, kw_only=True)
        barrier = Barrier(threads)

        def begin(number: int, kinds: tuple[Any, Any] = (base, derived), barrier: Barrier = barrier) -> Any:
            barrier.wait()
            return kinds[number % 2](a=number % 2, c=())

        with ThreadPoolExecutor(threads) as pool:
            made = set(pool.map(begin, range(threads)))
        assert made == {base(a=0, c=()), derived(a=1, c=())}
