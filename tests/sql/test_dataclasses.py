"""Dataclasses whose methods wait for the first instance, beside those of the standard library."""

import builtins
import dataclasses as standard
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from functools import partial
from operator import lt
from threading import Barrier
from typing import Any

import pytest

from fieldstone.sql.dataclasses import dataclass

Decorator = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Frozen:
    """A class that `pickle` finds."""

    a: Any
    b: str


@dataclass(slots=True, kw_only=True)
class Changing:
    """A class that `pickle` finds, whose instances change."""

    a: Any
    b: str


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
        *(isinstance(_attempt(partial(setattr, one, "unknown", 3)), tuple) for one in made),
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
    assert base.__dataclass_params__.frozen


def test_methods_wait_for_their_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each method of a dataclass is compiled from a text."""
    compiled: list[str] = []
    run = builtins.exec

    def note(text: str, *spaces: Any) -> None:
        compiled.append(text)
        run(text, *spaces)

    monkeypatch.setattr(builtins, "exec", note)
    base, derived, _ = _build(dataclass, frozen=True, kw_only=True)
    assert compiled == []
    first = base(a=1)
    base(a=2)
    assert [text.partition("(")[0] for text in compiled] == ["def __init__"]
    derived(a=1)
    assert len(compiled) == 2
    with pytest.raises(standard.FrozenInstanceError):
        first.a = 3
    assert len(compiled) == 2
    assert first == base(a=1)
    assert hash(base(a=1, c=())) == hash(base(a=1, c=()))
    assert len(compiled) > 5
    number = len(compiled)
    assert repr(first) == repr(base(a=1))
    assert len(compiled) == number


def test_instances_are_copied_and_pickled() -> None:
    for kind in (Frozen, Changing):
        one = kind(a=[1], b="x")
        for other in (copy(one), deepcopy(one), pickle.loads(pickle.dumps(one)), standard.replace(one)):  # noqa: S301
            assert (type(other), other) == (kind, one)
        assert (copy(one).a is one.a, deepcopy(one).a is one.a) == (True, False)


def test_instances_are_matched_by_place_and_by_name() -> None:
    match Frozen([1], "x"):
        case Frozen(found, b=name):
            assert (found, name) == ([1], "x")
    changing: object = Changing(a=1, b="x")
    match changing:
        case Frozen(a=_):
            pytest.fail("another class")
        case Changing(a=one):
            assert one == 1


def test_only_a_class_that_wants_them_has_weak_references() -> None:
    @dataclass(slots=True, weakref_slot=True)
    class Referred:
        a: int

    one = Referred(1)
    assert weakref.ref(one)() is one
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Frozen([1], "x"))


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
            one = kinds[number % 2](a=number % 2, c=())
            assert one == standard.replace(one)
            return one, hash(one), repr(one)

        with ThreadPoolExecutor(threads) as pool:
            made = set(pool.map(begin, range(threads)))
        assert made == {(one, hash(one), repr(one)) for one in (base(a=0, c=()), derived(a=1, c=()))}
