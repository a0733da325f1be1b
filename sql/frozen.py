"""The decorator of immutable data: a dataclass whose methods are compiled when its first instance is made.

A server makes instances of few of its classes before it is ready; to compile the methods of all was a sixth of a start.
The supervisor imports nothing of this package, and its few classes are plain dataclasses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from reprlib import recursive_repr
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Return the class as `dataclass(frozen=True, slots=True, kw_only=True)` makes it."""
    made = dataclass(slots=True, kw_only=True, init=False, repr=False, eq=False)(cls)

    def first(self: object, *arguments: object, **values: object) -> None:
        methods = _compile(made)
        _add(made, methods)
        methods["__init__"](self, *arguments, **values)

    _add(made, {"__init__": first, **_SHARED})
    return made


def _add(cls: type, methods: Mapping[str, Callable[..., Any]]) -> None:
    """Give a class methods; those that it has written itself stay."""
    for name, method in methods.items():
        if name == "__init__" or name not in vars(cls):
            setattr(cls, name, method)


def _compile(cls: type) -> dict[str, Callable[..., Any]]:
    """Return the methods of a class that name its fields."""
    members = fields(cls)
    given = [one for one in members if one.init]
    compared = [one for one in members if one.compare]
    hashed = [one for one in members if (one.compare if one.hash is None else one.hash)]
    # `__init__` is last: another thread that finds it may compare its instance.
    source = f"""
def __eq__(self, other):
    if other.__class__ is not self.__class__:
        return NotImplemented
    return {_tuple("self", compared)} == {_tuple("other", compared)}
def __hash__(self):
    return hash({_tuple("self", hashed)})
def __init__(self, {"*, " if given else ""}{", ".join(one.name for one in given)}):
    {"; ".join(f"__set_{one.name}(self, {_value(one)})" for one in given)}
    {"self.__post_init__()" if hasattr(cls, "__post_init__") else "pass"}
"""
    names: dict[str, Any] = {"MISSING": MISSING}
    for one in given:
        names |= {f"__set_{one.name}": getattr(cls, one.name).__set__, f"__new_{one.name}": one.default_factory}
    methods: dict[str, Any] = {}
    exec(source, names, methods)  # noqa: S102 - made of the names of fields
    for name, method in methods.items():
        method.__qualname__ = f"{cls.__qualname__}.{name}"
    methods["__init__"].__kwdefaults__ = {
        one.name: one.default for one in given if one.default is not MISSING or one.default_factory is not MISSING
    }
    return methods


def _value(one: Field[Any]) -> str:
    return (
        one.name if one.default_factory is MISSING else f"__new_{one.name}() if {one.name} is MISSING else {one.name}"
    )


def _tuple(owner: str, members: Iterable[Field[Any]]) -> str:
    return f"({''.join(f'{owner}.{one.name}, ' for one in members)})"


@recursive_repr()
def _show(self: Any) -> str:
    values = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(values)})"


def _refuse_value(_data: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_data: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, values: list[Any]) -> None:
    for one, value in zip(fields(self), values, strict=True):
        object.__setattr__(self, one.name, value)


_SHARED: Final[Mapping[str, Callable[..., Any]]] = {
    "__repr__": _show,
    "__setattr__": _refuse_value,
    "__delattr__": _refuse_deletion,
    "__getstate__": _values,
    "__setstate__": _restore,
}
