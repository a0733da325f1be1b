"""An operation: parsed within limits, selected by name, its fields collected."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    ListTypeNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Source,
    VariableNode,
)
from graphql.language import DirectiveNode, ListValueNode, ObjectValueNode
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.language.parser import Parser

from fieldstone.engine.documents.quick_lexer import QuickLexer
from fieldstone.engine.errors import BadUserInput, ParseFailed, QueryTooComplex
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen

REPEATS = 100
"""Times that one response key may stand in one selection set."""

COMPARISONS = 1_000
"""Comparisons in all filters of an operation: each is a parameter, and PostgreSQL looks at all of them for each row."""

FILTER_MEMBERS = 4 * COMPARISONS
"""Members of the filters in an operation's variables, which are counted before they are planned."""

FRAGMENTS = 300
"""Fragments that a document may define."""

CHARACTERS = 1_000_000
"""The longest document: white space, comments and strings cost time, too, though they are few tokens."""

SPREAD_PARTS = 200_000
"""Parts of all fragments together times the operations of a document: validation looks for the variables of each
operation in all fragments that it spreads."""


@frozen
class DocumentLimits:
    """The limits of a document: `tokens` in its text, `depth` of nesting, `aliases`, `fields` when expanded.

    Attributes:
        introspection: False if no document may ask for the schema, and no message suggests a name of it.
    """

    tokens: int = 10_000
    depth: int = 100
    aliases: int = 500
    fields: int = 20_000
    introspection: bool = True


@frozen
class Operation:
    """One operation of a parsed document."""

    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation


@frozen
class Selected:
    """A response key with the field nodes that were merged under it (at least one; all of one field)."""

    key: str
    nodes: tuple[FieldNode, ...]

    @property
    def name(self) -> str:
        """The field's name."""
        return self.nodes[0].name.value

    @property
    def selection_sets(self) -> tuple[SelectionSetNode, ...]:
        """The selection sets below it."""
        return tuple(node.selection_set for node in self.nodes if node.selection_set)

    @property
    def location(self) -> tuple[tuple[int, int], ...]:
        """Where it stands in the document: line and column from 1."""
        return location_of(self.nodes[0])


def location_of(node: Node) -> tuple[tuple[int, int], ...]:
    """Return where a node stands in its document: line and column from 1."""
    if node.loc is None:
        return ()
    place = node.loc.source.get_location(node.loc.start)
    return ((place.line, place.column),)


def check_length(text: str) -> None:
    """Refuse a text that is too long to be looked at."""
    if len(text) > CHARACTERS:
        raise QueryTooComplex(f"The document has more than {CHARACTERS} characters: long values are sent as variables.")


def parse_operation(text: str, operation_name: str | None, limits: DocumentLimits) -> Operation:
    """Parse a document and pick the operation to execute.

    Raises:
        ParseFailed: it is not GraphQL.
        QueryTooComplex: it is past a limit.
        BadUserInput: there is no such operation, or several and no name.
    """
    document = parse_document(text, limits)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return Operation(document=document, definition=_pick(operations, operation_name), fragments=_fragments_of(document))


def parse_document(text: str, limits: DocumentLimits) -> DocumentNode:
    """Parse a document and refuse an expensive one.

    Raises:
        ParseFailed: it is not GraphQL.
        QueryTooComplex: it is past a limit.
    """
    check_length(text)
    try:
        source = Source(text)
        document = Parser(source, max_tokens=limits.tokens, lexer=QuickLexer(source)).parse_document()
    except GraphQLSyntaxError as error:
        if "Parsing aborted" in error.message:
            raise QueryTooComplex(f"The document has more than {limits.tokens} tokens.") from None
        raise ParseFailed(error.message, locations=locations_of(error)) from None
    except RecursionError:
        raise QueryTooComplex(f"The document is nested deeper than {limits.depth} levels.") from None
    _unchain(document)
    check_document(document, _fragments_of(document), limits)
    return document


def _unchain(document: DocumentNode) -> None:
    """Part the tokens of a document from each other: the chain is a cycle, which would outlive the document."""
    token = document.loc and document.loc.start_token
    while token:
        following, token.prev, token.next = token.next, None, None
        token = following


def _fragments_of(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _pick(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(operations) == 1:
            return operations[0]
        raise BadUserInput(
            "The document has no operation."
            if not operations
            else "The document has several operations: operationName must say which one is meant.",
            field="operationName" if operations else "query",
        )
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise BadUserInput(f"The document has no operation named '{name}'.", field="operationName")


_NESTING = (SelectionSetNode, ListValueNode, ObjectValueNode, ListTypeNode)


def check_document(
    document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode], limits: DocumentLimits
) -> None:
    """Refuse an expensive document before its validation and execution start."""
    if len(fragments) > FRAGMENTS:
        raise QueryTooComplex(f"The document defines more than {FRAGMENTS} fragments.")
    _check_operations(document, fragments)
    aliases = 0
    pending: list[tuple[Node, int]] = [(node, 0) for node in document.definitions]
    while pending:
        node, depth = pending.pop()
        if depth > limits.depth:
            raise QueryTooComplex(f"The document is nested deeper than {limits.depth} levels.")
        if isinstance(node, FieldNode) and node.alias:
            aliases += 1
        if isinstance(node, SelectionSetNode):
            _check_repeats(node)
        deeper = depth + isinstance(node, _NESTING)
        pending += [(child, deeper) for child in children(node) if not isinstance(child, NameNode)]
    if aliases > limits.aliases:
        raise QueryTooComplex(f"The document has more than {limits.aliases} aliases.")
    expanded = _Expansion(fragments, limits)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            expanded.measure(definition.selection_set, 0)


def _check_operations(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    operations = len(document.definitions) - len(fragments)
    if operations > 1 and operations * sum(map(_count_parts, fragments.values())) > SPREAD_PARTS:
        raise QueryTooComplex(
            f"The document has {operations} operations and too many fragments for so many: send fewer operations at"
            " once."
        )


def _count_parts(root: Node) -> int:
    count, pending = 0, [root]
    while pending:
        count += 1
        pending += children(pending.pop())
    return count


def _check_repeats(selection_set: SelectionSetNode) -> None:
    keys: dict[str, int] = {}
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            key = (selection.alias or selection.name).value
        elif isinstance(selection, FragmentSpreadNode):
            key = f"...{selection.name.value}"
        else:
            key = "..."
        keys[key] = keys.get(key, 0) + 1
        if keys[key] > REPEATS:
            raise QueryTooComplex(f"'{key}' stands more than {REPEATS} times in one selection set.")


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes right below a node."""
    for part in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
        child = getattr(node, part)
        if isinstance(child, tuple):
            yield from child
        elif child is not None:
            yield child


class _Expansion:
    """Counts the fields and the depth of an operation with its fragments spread, each fragment measured once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], limits: DocumentLimits) -> None:
        self.fragments = fragments
        self.limits = limits
        self.measured: dict[str, tuple[int, int]] = {}
        self.spreading: set[str] = set()

    def measure(self, selection_set: SelectionSetNode | None, depth: int) -> tuple[int, int]:
        """Return how many fields stand below, and how many levels; `depth` levels stand above."""
        fields = levels = 0
        if depth > self.limits.depth:
            raise QueryTooComplex(f"The operation is nested deeper than {self.limits.depth} levels.")
        for selection in selection_set.selections if selection_set else ():
            match selection:
                case FieldNode():
                    below, height = self.measure(selection.selection_set, depth + 1)
                    below, height = below + 1, height + 1
                case FragmentSpreadNode():
                    below, height = self._fragment(selection.name.value, depth)
                case _:
                    below, height = self.measure(cast("InlineFragmentNode", selection).selection_set, depth)
            fields, levels = fields + below, max(levels, height)
        if fields > self.limits.fields:
            raise QueryTooComplex(f"The operation selects more than {self.limits.fields} fields.")
        if depth + levels > self.limits.depth:
            raise QueryTooComplex(f"The operation is nested deeper than {self.limits.depth} levels.")
        return fields, levels

    def _fragment(self, name: str, depth: int) -> tuple[int, int]:
        if name in self.measured:
            return self.measured[name]
        fragment = self.fragments.get(name)
        if fragment is None or name in self.spreading:
            return 0, 0  # an unknown fragment or a cycle: validation says so
        if len(self.spreading) > self.limits.depth:
            raise QueryTooComplex(f"Fragments spread each other more than {self.limits.depth} levels deep.")
        self.spreading.add(name)
        self.measured[name] = self.measure(fragment.selection_set, depth)
        self.spreading.remove(name)
        return self.measured[name]


def collect_fields(
    operation: Operation,
    selection_sets: Iterable[SelectionSetNode],
    variables: Mapping[str, JsonValue],
    *,
    applies: Callable[[str], bool] | None = None,
) -> list[Selected]:
    """Return the fields selected, in response order, merged by response key, with fragments spread.

    `applies` tells for the type of a fragment whether records of the object at hand are of it: a valid document spreads
    fragments of others there, too, by way of an interface or a union. Elsewhere each fragment applies.
    """
    found: dict[str, list[FieldNode]] = {}
    spread: set[str] = set()

    # Not a function that calls itself: that would be a cycle, which would keep the document.
    pending: list[Iterator[SelectionNode]] = [chain.from_iterable(one.selections for one in selection_sets)]
    while pending:
        for selection in pending[-1]:
            if selection.directives and not _included(selection.directives, variables):
                continue
            if isinstance(selection, FieldNode):
                found.setdefault((selection.alias or selection.name).value, []).append(selection)
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in spread:
                    continue
                spread.add(selection.name.value)
                fragment = operation.fragments[selection.name.value]
            else:
                fragment = cast("InlineFragmentNode", selection)
            condition = fragment.type_condition
            if applies is None or condition is None or applies(condition.name.value):
                pending.append(iter(fragment.selection_set.selections))
                break
        else:
            pending.pop()
    return [Selected(key=key, nodes=tuple(nodes)) for key, nodes in found.items()]


def _included(directives: Sequence[DirectiveNode], variables: Mapping[str, JsonValue]) -> bool:
    for directive in directives:
        name = directive.name.value
        if name not in {"skip", "include"}:
            continue
        node = (directive.arguments or ())[0].value
        value = variables.get(node.name.value) if isinstance(node, VariableNode) else getattr(node, "value", None)
        if not isinstance(value, bool):
            raise BadUserInput(f"The argument 'if' of @{name} must be true or false.", field="if")
        if value is (name == "skip"):
            return False
    return True


def locations_of(error: GraphQLError) -> list[tuple[int, int]]:
    """Return where an error stands in the document: lines and columns from 1."""
    return [(place.line, place.column) for place in error.locations or ()]
