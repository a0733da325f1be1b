"""Values within JSON documents: filters, orders and selections by a path."""

from collections.abc import Callable, Mapping
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, array_literal, bind_tree, listed
from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.operators import LIKE
from fieldstone.metadata.scalars import JSON, STRING, shown
from fieldstone.sql.plan.elements import Condition, JsonOperator, JsonTest
from fieldstone.sql.plan.operands import AtPath, Column, Parameter
from fieldstone.sql.types import SqlType

MOST_STEPS = 50
"""Steps that a path may have."""

_TYPES = {"TEXT": SqlType.TEXT, "NUMBER": SqlType.NUMERIC, "BOOLEAN": SqlType.BOOLEAN}
_EQUAL = {"eq": JsonOperator.EQ, "neq": JsonOperator.NE}
_COMPARED = {"gt": JsonOperator.GT, "gte": JsonOperator.GE, "lt": JsonOperator.LT, "lte": JsonOperator.LE}
_LISTED = {"in": JsonOperator.AMONG, "notIn": JsonOperator.NOT_AMONG}
_KEYS = {"hasAnyKeys": JsonOperator.HAS_ANY_KEY, "hasAllKeys": JsonOperator.HAS_ALL_KEYS}


def _escape(text: str) -> str:
    r"""Return a LIKE pattern that matches the text itself: `%`, `_` and `\` are literal."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_PATTERNS: Mapping[str, Callable[[str], str]] = {
    "startsWith": lambda text: f"{_escape(text)}%",
    "endsWith": lambda text: f"%{_escape(text)}",
    "ieq": _escape,
    "like": LIKE.pattern,
    "ilike": LIKE.pattern,
}
"""The patterns that texts at a path are compared with."""


def build_paths(context: PlanContext, column: Column, tree: Tree, blame: Blame) -> list[Condition]:
    """Return the conditions on the values at paths in a column; all of them must hold.

    Raises:
        BadUserInput: a path or an operator is null, or a value is of the wrong type.
    """
    found: list[Condition] = []
    for item in listed(tree):
        if isinstance(item, Absent):
            continue
        if not isinstance(item, dict):
            raise blame.error("'path' must not have null in its list.")
        given: dict[str, Tree] = {name: member for name, member in item.items() if not isinstance(member, Absent)}
        steps = given.pop("path", None)
        if not given:
            continue
        path = build_path(context, steps, blame.at("path"))
        for name, member in given.items():
            context.count_comparison()
            found += _Test(context, column, path, name, blame.at(name)).build(member)
    return found


def build_path(context: PlanContext, tree: Tree, blame: Blame) -> Parameter:
    """Return the parameter of a path."""
    if tree is None:
        raise blame.error("'path' must not be null.")
    return context.parameters.add(
        bind_tree(tree, lambda value: array_literal(_steps(value)), blame), SqlType.TEXT, array=True
    )


def order_path(tree: Tree, column: Column, blame: Blame) -> tuple[AtPath, Tree]:
    """Return the operand of an order by a path, and the tree of its direction; both are part of the shape.

    Raises:
        BadUserInput: a member is null or absent.
    """
    given = tree if isinstance(tree, dict) else {}
    for name in ("path", "direction", *(["type"] if "type" in given else [])):
        if given.get(name) is None or (isinstance(given[name], Absent) and name != "type"):
            raise blame.at(name).error(f"The order by '{blame.field}' needs a '{name}'.")
    kind = given.get("type")
    path = given["path"]
    values = [cast("Leaf", item).sample for item in path] if isinstance(path, list) else cast("Leaf", path).sample
    try:
        steps = tuple(_steps(values))
    except InvalidValue as error:
        raise blame.at("path").error(f"Field 'path' {error.message}.") from None
    name = kind.sample if isinstance(kind, Leaf) else "TEXT"
    return AtPath(column=column, steps=steps, type=_TYPES[str(name)]), given["direction"]


def _steps(value: JsonValue) -> list[str]:
    steps = value if isinstance(value, list) else [value]
    if None in steps:
        raise InvalidValue("must not have null in its list")
    if len(steps) > MOST_STEPS:
        raise InvalidValue(f"must have at most {MOST_STEPS} steps")
    return [str(STRING.coerce(step)) for step in steps]


class _Test:
    """One operator on the value at a path."""

    def __init__(self, context: PlanContext, column: Column, path: Parameter, name: str, blame: Blame) -> None:
        self.context, self.column, self.path, self.name, self.blame = context, column, path, name, blame

    def build(self, tree: Tree) -> list[Condition]:
        """Return the operator's conditions."""
        name = self.name
        if name in {"is", "isNot"} or (tree is None and name in _EQUAL):
            null = tree is None or cast("Leaf", tree).sample == "NULL"
            is_null = null is (name in {"is", "eq"})
            return [self._test(JsonOperator.IS_NULL if is_null else JsonOperator.IS_NOT_NULL)]
        if tree is None:
            raise self.blame.error(f"The operator '{name}' at a path must not be null.")
        if name == "isEmpty":
            is_empty = bool(cast("Leaf", tree).sample)
            return [self._test(JsonOperator.IS_EMPTY if is_empty else JsonOperator.HAS_MEMBERS)]
        if name in _EQUAL:
            return [self._test(_EQUAL[name], self._json(tree, _json))]
        if name in _COMPARED:
            return [self._test(_COMPARED[name], self._json(tree, _comparable))]
        if name == "between":
            ends = ((JsonOperator.GE, 0), (JsonOperator.LE, 1))
            return [self._test(operator, self._json(tree, _end(place))) for operator, place in ends]
        if name in _LISTED:
            return [self._test(_LISTED[name], self._add(tree, _jsons, SqlType.JSONB, array=True))]
        if name in _KEYS:
            return [self._test(_KEYS[name], self._add(tree, _texts, SqlType.TEXT, array=True))]
        if name == "hasKey":
            return [self._test(JsonOperator.HAS_KEY, self._add(tree, _text, SqlType.TEXT))]
        if name == "contains":
            value = self._json(tree, _json)
            return [self._test(JsonOperator.CONTAINS, value, self._add(tree, _part_of_text, SqlType.TEXT))]
        pattern = _PATTERNS[name]
        value = self._add(tree, lambda given: pattern(str(STRING.coerce(given))).encode(), SqlType.TEXT)
        return [self._test(JsonOperator.LIKE if name == "like" else JsonOperator.ILIKE, value)]

    def _test(
        self, operator: JsonOperator, value: Parameter | None = None, pattern: Parameter | None = None
    ) -> JsonTest:
        return JsonTest(column=self.column, path=self.path, operator=operator, value=value, pattern=pattern)

    def _json(self, tree: Tree, read: Callable[[JsonValue], JsonValue]) -> Parameter:
        return self._add(tree, lambda value: dumps(read(value)).encode(), SqlType.JSONB)

    def _add(
        self, tree: Tree, convert: Callable[[JsonValue], bytes], sql_type: SqlType, *, array: bool = False
    ) -> Parameter:
        return self.context.parameters.add(bind_tree(tree, convert, self.blame), sql_type, array=array)


def _json(value: JsonValue) -> JsonValue:
    checked: JsonValue = JSON.coerce(value)
    return checked


def _comparable(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, list | Mapping):
        raise InvalidValue(f"must be text, a number or a boolean, not {shown(value)}")
    return _json(value)


def _end(place: int) -> Callable[[JsonValue], JsonValue]:
    def read(value: JsonValue) -> JsonValue:
        if not isinstance(value, list) or len(value) != 2:
            raise InvalidValue("must have a list of two values for between")
        return _comparable(value[place])

    return read


def _jsons(value: JsonValue) -> bytes:
    items = value if isinstance(value, list) else [value]
    if None in items:
        raise InvalidValue("must not have null in its list")
    return array_literal([dumps(_json(item)) for item in items])


def _texts(value: JsonValue) -> bytes:
    items = value if isinstance(value, list) else [value]
    if None in items:
        raise InvalidValue("must not have null in its list")
    return array_literal([str(STRING.coerce(item)) for item in items])


def _text(value: JsonValue) -> bytes:
    return str(STRING.coerce(value)).encode()


def _part_of_text(value: JsonValue) -> bytes:
    """Return the pattern of a text within others; for any other value, which is no part of a text, nothing."""
    return f"%{_escape(str(STRING.coerce(value)))}%".encode() if isinstance(value, str) else b""
