"""Values of the inputs that all objects share: periods relative to now, and paths in JSON documents."""

from collections.abc import Callable
from typing import Any, Protocol

from hypothesis import strategies as st

from tests.operation_writer import EnumValue

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "America/Havana", "Pacific/Kiritimati"]
STEPS = ["a", "b", "0", "1", "-1", "x", "is", "", "a.b", "é\"'", "{a}"]
VALUES: list[Any] = [1, 1.5, "a", "b", "", "NULL", True, False, {"b": [1, 2]}, [1, 2], {}]
COMPARABLE: list[Any] = [one for one in VALUES if not isinstance(one, dict | list)]


class Drawing(Protocol):
    """The interface of a source of drawn values."""

    draw: st.DrawFn

    def chance(self, percent: int) -> bool: ...

    def liftable(self, of_type: str, draw: Callable[[], Any]) -> Any: ...


def period(values: Drawing, *, of_time: bool) -> dict[str, Any]:
    """A period relative to now, of a date or of a date and time, which alone has the units of the clock."""
    kind = values.draw(st.sampled_from(["last", "next", "this"]))
    units = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
    unit = values.draw(st.sampled_from([*units, "MINUTE", "HOUR"] if of_time else units))
    count = values.liftable("Int", lambda: values.draw(st.sampled_from([1, 2, 7, 900])))
    found: dict[str, Any] = {kind: True if kind == "this" else count, "unit": EnumValue(unit)}
    if values.chance(40):
        found["timeZone"] = values.liftable("String", lambda: values.draw(st.sampled_from(ZONES)))
    if kind == "this" and unit == "WEEK" and values.chance(50):
        found["firstDayOfWeek"] = EnumValue(values.draw(st.sampled_from(["MONDAY", "SUNDAY", "SATURDAY"])))
    return found


def json_steps(values: Drawing) -> Any:
    """A path."""
    return values.liftable("[String!]!", lambda: values.draw(st.lists(st.sampled_from(STEPS), max_size=2)))


def json_paths(values: Drawing) -> list[dict[str, Any]]:
    """Conditions on the values at paths."""
    return [_json_path(values) for _ in range(values.draw(st.integers(0, 2)))]


def _json_path(values: Drawing) -> dict[str, Any]:
    names = [*_ARGUMENTS]
    chosen = values.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    return {"path": json_steps(values)} | {name: _argument(values, *_ARGUMENTS[name]) for name in chosen}


def _argument(values: Drawing, of_type: str, drawn: "st.SearchStrategy[Any]") -> Any:
    return values.liftable(of_type, lambda: values.draw(drawn))


_SOME = st.sampled_from(VALUES)
_TEXTS = st.sampled_from(["a", "b", "", "N", "%"])
_KEYS = st.lists(st.sampled_from(["a", "b", "is"]), max_size=2)
_ARGUMENTS: dict[str, tuple[str, "st.SearchStrategy[Any]"]] = {
    "eq": ("JSON", _SOME | st.none()),
    "neq": ("JSON", _SOME | st.none()),
    **{name: ("JSON", st.sampled_from(COMPARABLE)) for name in ("gt", "gte", "lt", "lte")},
    **{name: ("[JSON!]", st.lists(_SOME, max_size=3)) for name in ("in", "notIn")},
    "between": ("[JSON!]", st.lists(st.sampled_from(COMPARABLE), min_size=2, max_size=2)),
    "contains": ("JSON", _SOME),
    **dict.fromkeys(("startsWith", "endsWith", "like", "ilike", "ieq", "hasKey"), ("String", _TEXTS)),
    **dict.fromkeys(("hasAnyKeys", "hasAllKeys"), ("[String!]", _KEYS)),
    "isEmpty": ("Boolean", st.booleans()),
    **{name: ("Presence", st.sampled_from(["NULL", "NOT_NULL"]).map(EnumValue)) for name in ("is", "isNot")},
}


def json_order(values: Drawing) -> dict[str, Any]:
    """An order by a path."""
    directions = ["ASC", "DESC", "AscNullsFirst", "DescNullsLast"]
    found = {"path": json_steps(values), "direction": EnumValue(values.draw(st.sampled_from(directions)))}
    if values.chance(70):
        found["type"] = EnumValue(values.draw(st.sampled_from(["TEXT", "NUMBER", "BOOLEAN"])))
    return found
