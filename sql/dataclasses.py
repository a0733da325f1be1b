"""Dataclasses with slots whose methods are made for the first instance.

`dataclasses` writes and compiles the methods of a class at its definition, which takes half a millisecond. A server has
some four hundred dataclasses, and needs a quarter of them before it is ready.
"""

import dataclasses as standard
import inspect
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, slots: bool = False, **options: bool) -> Any:
        """Return the decorator that `dataclasses.dataclass` returns; a class without slots gets its methods at once."""
        if not slots or "weakref_slot" in options:
            return standard.dataclass(slots=slots, **options)
        return lambda plain: _postpone(plain, options)


__all__ = ["dataclass"]

_LOCK = RLock()
"""A class may be completed within the completion of a derived one."""

_UNSHARED = {"__dict__", "__weakref__"}
"""Attributes of a class that belong to it alone."""

_MISSING = object()


class _Fields:
    """The fields of a class that has no methods yet, for `dataclasses.fields` and for derived classes."""

    def __init__(self, complete: Any) -> None:
        self._complete = complete

    def __get__(self, _instance: object, _owner: type) -> Any:
        return self._complete().__dataclass_fields__


def _postpone(plain: Any, options: dict[str, bool]) -> Any:
    """Return `plain` as a class with slots; its first instance, or a look at its fields, completes it."""
    names = inspect.get_annotations(plain)
    taken = {name for base in plain.__mro__[1:] for name in getattr(base, "__slots__", ())}
    shared = {name: value for name, value in vars(plain).items() if name not in _UNSHARED | names.keys()}

    def complete() -> Any:
        with _LOCK:
            if vars(made)["__init__"] is begin:
                full = vars(standard.dataclass(**options)(plain))
                for name in full.keys() - names.keys() - _UNSHARED - {"__init__"}:
                    if shared.get(name, _MISSING) is not full[name]:
                        setattr(made, name, full[name])
                made.__init__ = full["__init__"]
        return made

    def begin(self: Any, *values: Any, **named: Any) -> None:
        complete().__init__(self, *values, **named)

    slots = tuple(name for name in names if name not in taken)
    waiting = {"__slots__": slots, "__init__": begin, "__dataclass_fields__": _Fields(complete)}
    made = type(plain)(plain.__name__, plain.__bases__, shared | waiting)
    made.__qualname__ = plain.__qualname__
    return made
