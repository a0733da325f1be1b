"""Values within JSON documents: filters, orders and selections by a path."""

from collections.abc import Callable, Mapping
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, array_literal, bind_tree, listed
from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.operators import AT_PATH, Argument, PathOperator
from fieldstone.metadata.scalars import JSON, STRING, shown
from fieldstone.sql.plan.elements import Condition, JsonOperator, JsonTest
from fieldstone.sql.plan.operands import AtPath, Column, Parameter
from fieldstone.sql.types import SqlType

MOST_STEPS = 50
"""Steps that a path may have."""

_TYPES = {"TEXT": SqlType.TEXT, "NUMBER": SqlType.NUMERIC, "BOOLEAN": SqlType.BOOLEAN}
_OPERATORS = {operator.name: operator for operator in AT_PATH}


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
            found += _tests(context, column, path, _OPERATORS[name], member, blame.at(name))
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
    return [_text(step) for step in steps]


def _tests(
    context: PlanContext, column: Column, path: Parameter, operator: PathOperator, tree: Tree, blame: Blame
) -> list[Condition]:
    """Return the conditions that one operator means for the value at a path."""

    def test(kind: JsonOperator, *given: Parameter) -> JsonTest:
        value, pattern = (*given, None, None)[:2]
        return JsonTest(column=column, path=path, operator=kind, value=value, pattern=pattern)

    def add(convert: Callable[[JsonValue], bytes], sql_type: SqlType, *, array: bool = False) -> Parameter:
        return context.parameters.add(bind_tree(tree, convert, blame), sql_type, array=array)

    if tree is None:
        if operator.when_null is None:
            raise blame.error(f"The operator '{operator.name}' at a path must not be null.")
        return [test(operator.when_null)]
    kind, *others = operator.tests
    read = _comparable if operator.is_typed else _json
    match operator.argument:
        case Argument.FLAG | Argument.PRESENCE:
            return [test(kind if cast("Leaf", tree).sample in {True, "NULL"} else others[0])]
        case Argument.RANGE:
            return [test(one, add(_end(place), SqlType.JSONB)) for place, one in enumerate(operator.tests)]
        case Argument.VALUES:
            return [test(kind, add(_list_of(lambda item: dumps(_json(item))), SqlType.JSONB, array=True))]
        case Argument.TEXTS:
            return [test(kind, add(_list_of(_text), SqlType.TEXT, array=True))]
        case Argument.TEXT:
            pattern = operator.pattern or str
            return [test(kind, add(lambda value: pattern(_text(value)).encode(), SqlType.TEXT))]
    value = add(lambda value: dumps(read(value)).encode(), SqlType.JSONB)
    return [
        test(kind, value)
        if operator.pattern is None
        else test(kind, value, add(_part_of(operator.pattern), SqlType.TEXT))
    ]


def _json(value: JsonValue) -> JsonValue:
    checked: JsonValue = JSON.coerce(value)
    return checked


def _comparable(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, list | Mapping):
        raise InvalidValue(f"must be text, a number or a boolean, not {shown(value)}")
    return _json(value)


def _end(place: int) -> Callable[[JsonValue], bytes]:
    def convert(value: JsonValue) -> bytes:
        if not isinstance(value, list) or len(value) != 2:
            raise InvalidValue("must have a list of two values for between")
        return dumps(_comparable(value[place])).encode()

    return convert


def _list_of(read: Callable[[JsonValue], str]) -> Callable[[JsonValue], bytes]:
    def convert(value: JsonValue) -> bytes:
        items = value if isinstance(value, list) else [value]
        if None in items:
            raise InvalidValue("must not have null in its list")
        return array_literal([read(item) for item in items])

    return convert


def _text(value: JsonValue) -> str:
    return str(STRING.coerce(value))


def _part_of(pattern: Callable[[str], str]) -> Callable[[JsonValue], bytes]:
    """Return the conversion of a text to its pattern; of any other value, which is no part of a text, to nothing."""
    return lambda value: pattern(_text(value)).encode() if isinstance(value, str) else b""
