"""Arguments as the planner sees them: trees whose leaves are known by where they come from, not by their value.

A plan serves every request of the same shape, so the planner may look at keys, nulls and list ends, and at the value of
a leaf only where `engine/request/shape.py` makes it part of the shape. All other values are bound for each request.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, Self

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, read_decimal
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import array_text


class Bindings(NamedTuple):
    """The values that one request brings to a plan.

    Attributes:
        variables: the coerced variables.
        actor: the author's kind, id and name as one text, or the name alone.
        claims: the principal's values that rules and presets name, of the types that its role declares.
        ids: PostgreSQL's text of the uuid[] that an earlier statement of the request answered.
        created: the text of the boolean[] beside it, which an upsert answers.
        ways: the text of the text[] beside it, which a statement answers whose rights tell ways.
        given: the rows of a step of a nested write, as its statement takes them.
        role: the name of the principal's role, for messages.
    """

    variables: Mapping[str, JsonValue]
    actor: str
    claims: Mapping[str, JsonValue] = MappingProxyType({})
    ids: bytes = b"{}"
    created: bytes = b"{}"
    ways: bytes | None = None
    given: tuple[bytes | None, ...] = ()
    role: str = ""


class _AnyClaim(dict[str, JsonValue]):
    """A value for each of the principal's, where only the place of one counts."""

    def __missing__(self, name: str) -> JsonValue:
        return name


SAMPLE_CLAIMS: Mapping[str, JsonValue] = MappingProxyType(_AnyClaim())
"""The claims of a request being planned: a plan depends on none of them."""


Binder = Callable[[Bindings], bytes | None]
"""Yields a parameter's text for one request, None for NULL; raises BadUserInput."""

RowBinder = Callable[[Bindings], list[bytes | None]]
"""Yields the texts of several parameters, which one request's row is of; raises BadUserInput."""


@frozen
class Blame:
    """The names in an error: the input's field, and the response keys of the field that is executed."""

    field: str
    path: tuple[str | int, ...]

    def error(self, message: str) -> BadUserInput:
        """Return the error that says `message`."""
        return BadUserInput(message, field=self.field, path=self.path)

    def at(self, field: str) -> "Blame":
        """Return the blame of another field of the same path."""
        return Blame(field=field, path=self.path)


class PrincipalValueUnusable(ApiError):
    """A principal's value is of its type and yet does not fit into its place in the role's rules or presets.

    Attributes:
        detail: the fault, which would tell the principal of rules and fields that are hidden from it.
    """

    code = "FORBIDDEN"
    status = 403

    detail: str

    @classmethod
    def of(cls, claim: str, refusal: BadUserInput) -> Self:
        """Return the error in the place of the refusal of a value that the principal's `claim` is part of."""
        # An error is copied by its class's constructor, which takes the message.
        error = cls(
            f"The rules or presets of the role cannot use the principal's value '{claim}' as it was given.",
            path=refusal.path,
            extensions={"reason": "PRINCIPAL_VALUE", "name": claim},
        )
        error.detail = refusal.message
        return error


@frozen
class Absent:
    """A variable that has no value."""

    variable: str


@frozen
class Leaf:
    """A value: `sample` is that of the request being planned; `variable` and `steps` say where it comes from.

    Attributes:
        claim: the name of the principal's value that it is; such a value is never a part of a shape.
    """

    sample: JsonValue
    variable: str | None = None
    steps: tuple[str | int, ...] = ()
    claim: str | None = None

    def read(self, bindings: Bindings) -> JsonValue:
        """Return the value for a request."""
        if self.claim is not None:
            return bindings.claims[self.claim]
        if self.variable is None:
            return self.sample
        value = bindings.variables[self.variable]
        for step in self.steps:
            value = value[0 if step == 0 and not isinstance(value, list) else step]
        return value


Tree = None | Leaf | Absent | dict[str, "Tree"] | list["Tree"]


class VariableObject(dict[str, Tree]):
    """An input object in a variable: its members are those of the request being planned; `whole` is any request's."""

    def __init__(self, members: Mapping[str, Tree], whole: Leaf) -> None:
        super().__init__(members)
        self.whole = whole


class VariableList(list[Tree]):
    """A list in a variable, as a VariableObject is an object in one."""

    def __init__(self, items: Iterable[Tree], whole: Leaf) -> None:
        super().__init__(items)
        self.whole = whole


def arguments_of(field: FieldNode, variables: Mapping[str, JsonValue]) -> dict[str, Tree]:
    """Return a field's arguments; those whose variable is absent are left out."""
    found = {node.name.value: tree_of(node.value, variables) for node in field.arguments or ()}
    return {name: tree for name, tree in found.items() if not isinstance(tree, Absent)}


def required_argument(
    field: FieldNode, variables: Mapping[str, JsonValue], blame: Blame, *, whole: bool = False
) -> Tree:
    """Return the argument `blame.field`, which is of a non-null type; with `whole` a variable is one leaf.

    Raises:
        BadUserInput: it is a variable of a nullable type, and null was given for it.
    """
    node = next(node.value for node in field.arguments or () if node.name.value == blame.field)
    if not isinstance(node, VariableNode):
        return tree_of(node, variables)
    value = variables.get(node.name.value)
    if value is None:
        raise blame.error(f"'{blame.field}' must not be null.")
    return Leaf(sample=value, variable=node.name.value) if whole else tree_of(node, variables)


def tree_of(node: ValueNode, variables: Mapping[str, JsonValue]) -> Tree:
    """Return the tree of a value in the document."""
    match node:
        case VariableNode():
            name = node.name.value
            return _variable_tree(variables[name], name, ()) if name in variables else Absent(variable=name)
        case NullValueNode():
            return None
        case ObjectValueNode():
            return {field.name.value: tree_of(field.value, variables) for field in node.fields}
        case ListValueNode():
            return [tree_of(item, variables) for item in node.values]
        case _:
            return Leaf(sample=literal(node))


def literal(node: ValueNode) -> JsonValue:
    """Return the value of a scalar or enum literal; numbers keep their digits."""
    match node:
        case IntValueNode(value=digits):
            return int(digits) if len(digits) < 20 else Decimal(digits)
        case FloatValueNode(value=digits):
            try:
                return read_decimal(digits)
            except ValueError as error:
                raise BadUserInput(f"A number in the document cannot be read: {error}.") from None
        case BooleanValueNode(value=flag):
            return flag
        case StringValueNode(value=text) | EnumValueNode(value=text):
            return text
    msg = f"{type(node).__name__} is not a leaf"
    raise TypeError(msg)


def _variable_tree(value: JsonValue, name: str, steps: tuple[str | int, ...]) -> Tree:
    if value is None:
        return None
    leaf = Leaf(sample=value, variable=name, steps=steps)
    match value:
        case dict():
            return VariableObject({key: _variable_tree(item, name, (*steps, key)) for key, item in value.items()}, leaf)
        case list() if not value or isinstance(value[0], dict):
            return VariableList([_variable_tree(item, name, (*steps, place)) for place, item in enumerate(value)], leaf)
        case _:
            return leaf


def value_of(tree: Tree, bindings: Bindings) -> JsonValue:
    """Return the JSON value of a tree for a request; absent members of objects are left out, absent items are null."""
    match tree:
        case Leaf():
            return tree.read(bindings)
        case VariableObject() | VariableList():
            return tree.whole.read(bindings)
        case dict():
            return {name: value_of(item, bindings) for name, item in tree.items() if not isinstance(item, Absent)}
        case list():
            return [value_of(item, bindings) for item in tree]
        case _:
            return None


def constant_value(node: ValueNode) -> JsonValue:
    """Return the JSON value of a value in the document that holds no variables; numbers keep their digits."""
    return value_of(tree_of(node, {}), _NO_BINDINGS)


def is_constant(tree: Tree) -> bool:
    """Return whether the tree has the same value in every request."""
    match tree:
        case Leaf():
            return tree.variable is None and tree.claim is None
        case VariableObject() | VariableList():
            return False
        case dict():
            return all(map(is_constant, tree.values()))
        case list():
            return all(map(is_constant, tree))
        case _:
            return tree is None


def listed(tree: Tree) -> list[Tree]:
    """Return the items of a list, or the one item that stands for a list."""
    return tree if isinstance(tree, list) else [tree]


def bind_tree(tree: Tree, convert: Callable[[JsonValue], bytes | None], blame: Blame) -> Binder:
    """Return a binder of the tree's converted value; a constant is converted once, here.

    `convert` raises InvalidValue ("must be ...") for a value that it cannot read. The binder then raises BadUserInput,
    or PrincipalValueUnusable for one of the principal's values.
    """

    def bind(bindings: Bindings) -> bytes | None:
        try:
            return convert(value_of(tree, bindings))
        except InvalidValue as error:
            refusal = blame.error(f"Field '{blame.field}' {error.message}.")
        except BadUserInput as error:
            refusal = error
        raise blame_claim(tree, refusal)

    def bind_variable(bindings: Bindings) -> bytes | None:
        try:
            return convert(bindings.variables[variable])
        except InvalidValue as error:
            raise blame.error(f"Field '{blame.field}' {error.message}.") from None

    match tree:
        # The commonest by far, read without walking.
        case Leaf(variable=str(variable), steps=()):
            return bind_variable
        case _ if is_constant(tree):
            return constant(bind(_NO_BINDINGS))
    return bind


def blame_claim(tree: Tree, refusal: BadUserInput) -> ApiError:
    """Return the error of a refused value: that of a principal's value if its tree has one, else the refusal."""
    claim = find_claim(tree)
    return refusal if claim is None else PrincipalValueUnusable.of(claim, refusal)


def find_claim(tree: Tree) -> str | None:
    """Return the name of the first of the principal's values in a tree, None if it has none."""
    match tree:
        case Leaf():
            return tree.claim
        case dict():
            return next(filter(None, map(find_claim, tree.values())), None)
        case list():
            return next(filter(None, map(find_claim, tree)), None)
        case _:
            return None


_NO_BINDINGS = Bindings(variables={}, actor="")


def constant(text: bytes | None) -> Binder:
    """Return a binder of this text."""
    return lambda _bindings: text


def array_literal(items: Sequence[str]) -> bytes:
    """Return PostgreSQL's text of an array of texts without NULLs."""
    return array_text(items).encode()
