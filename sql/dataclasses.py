"""Dataclasses with slots whose methods are made when they are needed: the constructor for the first instance.

`dataclasses` writes and compiles six methods of a class at its definition, which takes half a millisecond. A server has
some four hundred dataclasses. Until it is ready it makes instances of a quarter, and compares and shows those of few.
"""

import dataclasses as standard
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, slots: bool = False, **options: bool) -> Any:
        """Return the decorator that `dataclasses.dataclass` returns; a class without slots gets its methods at once."""
        if not slots or "weakref_slot" in options:
            return standard.dataclass(slots=slots, **options)
        return lambda plain: _postpone(plain, options)


__all__ = ["dataclass"]

_UNSHARED = {"__dict__", "__weakref__"}
"""Attributes of a class that belong to it alone."""

_GIVEN = object()
"""The default of a parameter whose value a factory makes."""


class _Fields:
    """The fields of a class that has no constructor yet, for `dataclasses.fields` and for derived classes."""

    def __init__(self, complete: Any) -> None:
        self._complete = complete

    def __get__(self, _instance: object, _owner: type) -> Any:
        return self._complete().__dataclass_fields__


def _postpone(plain: Any, options: Mapping[str, bool]) -> Any:
    """Return `plain` as a class with slots, whose methods are made at their first uses.

    Threads that use one for the first time at once make it twice, and both are the same.
    """
    names = inspect.get_annotations(plain)
    taken = {name for base in plain.__mro__[1:] for name in getattr(base, "__slots__", ())}
    members = {name: value for name, value in vars(plain).items() if name not in _UNSHARED}
    shared = {name: value for name, value in members.items() if name not in names}
    is_frozen = options.get("frozen", False)

    def complete() -> Any:
        """Give the class its constructor, and return it."""
        _find_fields(made, members, options)
        made.__init__ = members.get("__init__") or _build_constructor(made, is_frozen)
        return made

    def begin(self: Any, *values: Any, **named: Any) -> None:
        complete().__init__(self, *values, **named)

    def postpone(name: str) -> Any:
        def first(self: Any, *others: Any) -> Any:
            full = vars(standard.dataclass(**options)(type(plain)(plain.__name__, plain.__bases__, dict(members))))
            for other in waiting:
                setattr(made, other, full[other])
            return vars(made)[name](self, *others)

        return first

    waiting = {name: postpone(name) for name in _names_of_comparison(members, options)}
    given: dict[str, Any] = {"__slots__": tuple(name for name in names if name not in taken)}
    if is_frozen:
        given |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        given |= {"__getstate__": _state_of, "__setstate__": _set_state}
    made = type(plain)(
        plain.__name__,
        plain.__bases__,
        {**given, **shared, **waiting, "__init__": begin, "__dataclass_fields__": _Fields(complete)},
    )
    made.__qualname__ = plain.__qualname__
    return made


def _names_of_comparison(members: Mapping[str, Any], options: Mapping[str, bool]) -> set[str]:
    """Return the methods that `dataclasses` would make beside those of construction."""
    is_compared = options.get("eq", True)
    names = {
        name for name, is_wanted in (("__repr__", options.get("repr", True)), ("__eq__", is_compared)) if is_wanted
    }
    names |= {"__lt__", "__le__", "__gt__", "__ge__"} if options.get("order") else set()
    names -= members.keys()
    # A class with an `__eq__` of its own has a `__hash__` that is None.
    if is_compared and options.get("frozen") and members.get("__hash__") is None:
        names.add("__hash__")
    return names


def _find_fields(made: Any, members: Mapping[str, Any], options: Mapping[str, bool]) -> None:
    """Give a class the fields of its bases, and its own ones, which `dataclasses` finds for a class without methods."""
    names = members.get("__annotations__", {})
    own = {name: value for name, value in members.items() if name in names}
    # Without a docstring, `dataclasses` would write one, which takes as long as all else.
    bare: Any = type("Fields", (), {"__annotations__": names, "__module__": made.__module__, "__doc__": "-", **own})
    found = standard.dataclass(init=False, repr=False, eq=False, kw_only=options.get("kw_only", False))(bare)
    all_fields: dict[str, Any] = {}
    for base in reversed(made.__mro__[1:]):
        all_fields |= getattr(base, "__dataclass_fields__", {})
    all_fields |= found.__dataclass_fields__
    for option in ("init", "repr", "eq", "order", "frozen"):
        setattr(found.__dataclass_params__, option, options.get(option, option in {"init", "repr", "eq"}))
    made.__dataclass_params__ = found.__dataclass_params__
    places = tuple(field.name for field in all_fields.values() if field.init and not field.kw_only)
    setattr(made, "__match_args__", places)  # noqa: B010 - mypy knows it as a part of the class's text
    made.__dataclass_fields__ = all_fields


def _build_constructor(made: Any, is_frozen: bool) -> Any:
    """Return the `__init__` of a class whose fields are known; a frozen one is filled by the setters of its slots."""
    space: dict[str, Any] = {"_given": _GIVEN, "_set": object.__setattr__}
    parameters: dict[bool, list[str]] = {False: [], True: []}
    body = []
    for name, field in made.__dataclass_fields__.items():
        value = name
        if field.default_factory is not standard.MISSING:
            space[f"_make_{name}"] = field.default_factory
            default = "=_given"
            value = f"_make_{name}() if {name} is _given else {name}" if field.init else f"_make_{name}()"
        elif field.default is not standard.MISSING:
            space[f"_default_{name}"] = field.default
            default = f"=_default_{name}"
            value = name if field.init else f"_default_{name}"
        else:
            default = ""
            if not field.init:
                continue
        if field.init:
            parameters[field.kw_only].append(f"{name}{default}")
        if not is_frozen:
            body.append(f"self.{name} = {value}")
        elif inspect.ismemberdescriptor(slot := getattr(made, name, None)):
            space[f"_set_{name}"] = slot.__set__
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    listed = ", ".join(["self", *parameters[False], *(["*", *parameters[True]] if parameters[True] else ())])
    exec(f"def __init__({listed}):\n " + "\n ".join(body or ["pass"]), space)  # noqa: S102 - as `dataclasses` does
    constructor = space["__init__"]
    constructor.__qualname__ = f"{made.__qualname__}.__init__"
    return constructor


def _refuse_to_set(_self: object, name: str, _value: object) -> Never:
    raise standard.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> Never:
    raise standard.FrozenInstanceError(f"cannot delete field {name!r}")


def _state_of(self: Any) -> list[Any]:
    """Return the values of the fields, for `copy` and `pickle`."""
    return [getattr(self, field.name) for field in standard.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(standard.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
