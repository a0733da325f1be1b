"""The arguments increment, append, remove, setPath and deletePath: changes of values by the values before."""

from collections.abc import Callable, Iterator, Mapping

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.column_values import build_value_reader
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree, arguments_of, array_literal, bind_tree
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.schema.values.value_changes import ARGUMENTS, Argument, changeable
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import JSON
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.writes.elements import Assignment, Change, ChangeKind

_LONGEST_PATH = 100
"""Steps of a path into a JSON document."""


@frozen
class ColumnChanges:
    """The assignments, and the field and the argument of each."""

    assignments: tuple[Assignment, ...] = ()
    sources: tuple[tuple[str, Argument], ...] = ()

    def check_apart_from(self, others: tuple[Assignment, ...], object_: Object, path: AnswerPath) -> None:
        """Check that no column is changed twice.

        Raises:
            BadUserInput: a column is among the others as well, or there twice.
        """
        seen = {assignment.column.name: "data" for assignment in others}
        for assignment, (name, argument) in zip(self.assignments, self.sources, strict=True):
            other = seen.setdefault(assignment.column.name, argument.value)
            if other != argument.value:
                raise Blame(field=name, path=path).error(
                    f"'{name}' of {object_.type_name} stands in '{other}' and in '{argument.value}': a field is changed"
                    " in one way."
                )


def build_column_changes(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> ColumnChanges:
    """Return the changes that the arguments of an update ask for.

    Raises:
        BadUserInput: a value is null, or of another type.
    """
    given = arguments_of(selected.nodes[0], context.variables)
    found: list[tuple[Assignment, tuple[str, Argument]]] = []
    for argument in ARGUMENTS:
        members = given.get(argument.value)
        if members is None:
            continue
        for name, member in _members(members):
            blame = Blame(field=name, path=path)
            if member is None:
                raise blame.error(f"'{argument.value}': '{name}' must not be null.")
            field = object_.active[changeable(object_, argument)[name].name]
            found.append((_assignment(context, field, argument, member, blame), (name, argument)))
    return ColumnChanges(
        assignments=tuple(assignment for assignment, _ in found), sources=tuple(source for _, source in found)
    )


def _members(tree: Tree) -> Iterator[tuple[str, Tree]]:
    if isinstance(tree, dict):
        yield from ((name, member) for name, member in tree.items() if not isinstance(member, Absent))


def _assignment(context: PlanContext, field: Field, argument: Argument, tree: Tree, blame: Blame) -> Assignment:
    (part,) = field.parts
    read = build_value_reader(field, part, blame)
    converters: Mapping[Argument, Callable[[JsonValue], bytes]] = {
        Argument.INCREMENT: lambda value: str(read(value)).encode(),
        Argument.APPEND: lambda value: array_literal(read(value)),
        Argument.REMOVE: lambda value: array_literal(read(value)),
        Argument.SET_PATH: _read_settings,
        Argument.DELETE_PATH: _read_paths,
    }
    binder = bind_tree(tree, converters[argument], blame)
    kind = _KINDS[argument]
    if kind is ChangeKind.APPEND and part.options is not None:
        kind = ChangeKind.APPEND_NEW
    operand = context.parameters.add(binder, part.column.type)
    return Assignment(column=part.column, value=Change(kind=kind, operand=operand))


_KINDS = {
    Argument.INCREMENT: ChangeKind.ADD,
    Argument.APPEND: ChangeKind.APPEND,
    Argument.REMOVE: ChangeKind.REMOVE,
    Argument.SET_PATH: ChangeKind.SET_PATHS,
    Argument.DELETE_PATH: ChangeKind.DELETE_PATHS,
}


def _read_settings(value: JsonValue) -> bytes:
    settings = value if isinstance(value, list) else [value]
    found = []
    for one in settings:
        if one is None:
            raise InvalidValue("must not have null in its list")
        if "value" not in one:
            # That of an absent variable is not there, either.
            raise InvalidValue("must have a 'value' for each path: null is JSON's null")
        found.append({"path": _read_path(one["path"]), "value": JSON.coerce(one["value"])})
    return dumps(found).encode()


def _read_paths(value: JsonValue) -> bytes:
    paths = value if isinstance(value, list) else [value]
    if paths and not any(isinstance(path, list) for path in paths):
        # GraphQL coerces one path, or one step, to a list of them.
        paths = [paths]
    return dumps([_read_path(path) for path in paths]).encode()


def _read_path(value: JsonValue) -> list[str]:
    steps = value if isinstance(value, list) else [value]
    if not 0 < len(steps) <= _LONGEST_PATH or not all(isinstance(step, str) for step in steps):
        raise InvalidValue(f"must have paths of 1 to {_LONGEST_PATH} steps, each a text")
    for step in steps:
        JSON.coerce(step)
    return steps
