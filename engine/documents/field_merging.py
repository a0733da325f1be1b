"""Field merging: fields of one response key must be the same field with the same arguments.

https://spec.graphql.org/draft/#sec-Field-Selection-Merging

graphql-core compares each pair of such fields, and for each pair their selections again: 300 fragments of 90 characters
take it seconds. Two habits make it linear here. All fields of one response key that a record of one object type has are
of that type, or the document is invalid anyway: to be mergeable is then an equivalence, and each field is compared with
the first one only. And the selections below all fields of a key are merged before they are looked at, as
in execution; a merged selection that occurs again is not looked at again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
)
from graphql.language import ListValueNode, ObjectValueNode, ValueNode

from fieldstone.engine.errors import ApiError, QueryTooComplex, ValidationFailed

MOST_MERGED = 100_000
"""Selections that may be looked at, some 0.1 s: no operation within the limit of fields gets there by itself."""

NODE = "Node"
"""The interface of all records."""
SEARCH_RECORD = "SearchRecord"
"""The union of all records."""
_ABSTRACT = frozenset({NODE, SEARCH_RECORD})
_DETAIL = 1_000
"""Characters of a response key that a message repeats."""


def find_conflicts(
    document: DocumentNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    *,
    most_errors: int,
    most_merged: int = MOST_MERGED,
) -> list[ApiError]:
    """Return the conflicts of a document's fields, at most `most_errors`.

    Args:
        document: whose operations are looked at; a fragment that none of them spreads is not.
        fragments: by their names.
        most_errors: conflicts that are reported.
        most_merged: selections that are looked at; past them the only error is QueryTooComplex.
    """
    merging = _Merging(fragments=fragments, most_errors=most_errors, most_merged=most_merged)
    try:
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                merging.visit(definition.selection_set)
    except _EnoughErrors:
        pass
    except QueryTooComplex as refused:
        return [refused]
    return merging.errors


_Typed = tuple[FieldNode, str]
"""A field, and the object type that the fragments around it demand; "" for any."""


def _concrete(condition: NamedTypeNode | None, outer: str) -> str:
    return outer if condition is None or condition.name.value in _ABSTRACT else condition.name.value


def _by_type(fields: Sequence[_Typed]) -> list[list[FieldNode]]:
    """Return the fields that the records of each object type have together: those of different ones do not meet."""
    types = dict.fromkeys(on for _, on in fields if on) or {"": None}
    return [[node for node, on in fields if on in {"", wanted}] for wanted in types]


class _EnoughErrors(Exception):
    """As many conflicts were found as are reported."""


@dataclass(frozen=True, slots=True)
class _Merged:
    """Selection sets that are executed as one, and the response keys that lead to them."""

    sets: tuple[SelectionSetNode, ...]
    path: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Merging:
    fragments: Mapping[str, FragmentDefinitionNode]
    most_errors: int
    most_merged: int
    errors: list[ApiError] = field(default_factory=list)
    looked_at: int = 0
    _seen: set[frozenset[int]] = field(default_factory=set)
    _arguments: dict[int, frozenset[tuple[str, object]]] = field(default_factory=dict)
    _reported: set[tuple[int, int]] = field(default_factory=set)

    def visit(self, root: SelectionSetNode) -> None:
        """Look for conflicts below the selection set of an operation."""
        pending = [_Merged((root,), ())]
        while pending:
            merged = pending.pop()
            identity = frozenset(map(id, merged.sets))
            if identity in self._seen:
                continue
            self._seen.add(identity)
            pending += self._below(merged)

    def _below(self, merged: _Merged) -> Iterator[_Merged]:
        for key, found in self._collect(merged.sets).items():
            for nodes in _by_type(found):
                first, *others = nodes
                for other in others:
                    self._compare(merged.path, key, first, other)
                sets = tuple(node.selection_set for node in nodes if node.selection_set)
                if sets:
                    yield _Merged(sets, (*merged.path, key))

    def _collect(self, sets: Sequence[SelectionSetNode]) -> dict[str, list[_Typed]]:
        """Return the fields that the selection sets have together by their response keys, with fragments spread."""
        found: dict[str, list[_Typed]] = {}
        spread: set[str] = set()
        pending: list[tuple[SelectionSetNode, str]] = [(one, "") for one in reversed(sets)]
        while pending:
            selection_set, on = pending.pop()
            selections = selection_set.selections
            self.looked_at += len(selections)
            if self.looked_at > self.most_merged:
                raise QueryTooComplex(
                    f"The document takes more than {self.most_merged} comparisons to find out whether the fields of"
                    " the same response key can be merged: spread fewer fragments in one another, or send fewer"
                    " operations at once."
                )
            inner: list[tuple[SelectionSetNode, str]] = []
            for selection in selections:
                if isinstance(selection, FieldNode):
                    found.setdefault((selection.alias or selection.name).value, []).append((selection, on))
                elif isinstance(selection, FragmentSpreadNode):
                    name = selection.name.value
                    if name not in spread and name in self.fragments:
                        spread.add(name)
                        fragment = self.fragments[name]
                        inner.append((fragment.selection_set, _concrete(fragment.type_condition, on)))
                elif isinstance(selection, InlineFragmentNode):
                    inner.append((selection.selection_set, _concrete(selection.type_condition, on)))
            pending += reversed(inner)
        return found

    def _compare(self, path: tuple[str, ...], key: str, first: FieldNode, other: FieldNode) -> None:
        if first.name.value != other.name.value:
            reason = f"'{_short(first.name.value)}' and '{_short(other.name.value)}' are different fields"
        elif (first.arguments or other.arguments) and self._values(first) != self._values(other):
            reason = "they have differing arguments"
        else:
            return
        if (id(first), id(other)) in self._reported:
            return
        self._reported.add((id(first), id(other)))
        if len(self.errors) >= self.most_errors:
            raise _EnoughErrors
        where = f"'{_short('.'.join((*path, key)))}'"
        self.errors.append(
            ValidationFailed(
                f"Fields {where} conflict because {reason}. Use different aliases on the fields to fetch both if this"
                " was intentional.",
                locations=[*_location(first), *_location(other)],
            )
        )

    def _values(self, node: FieldNode) -> frozenset[tuple[str, object]]:
        found = self._arguments.get(id(node))
        if found is None:
            found = frozenset((one.name.value, _identity(one.value)) for one in node.arguments or ())
            self._arguments[id(node)] = found
        return found


def _identity(value: ValueNode) -> object:
    """Return a value that is equal for literals that differ in the order of an object's members alone."""
    match value:
        case ObjectValueNode(fields=members):
            return frozenset((one.name.value, _identity(one.value)) for one in members)
        case ListValueNode(values=items):
            return tuple(map(_identity, items))
        case VariableNode(name=name):
            return ("$", name.value)
        case StringValueNode():
            return (value.value, value.block is True)
        case _:
            return (type(value), getattr(value, "value", None))


def _location(node: FieldNode) -> list[tuple[int, int]]:
    if node.loc is None:
        return []
    place = node.loc.source.get_location(node.loc.start)
    return [(place.line, place.column)]


def _short(text: str) -> str:
    return text if len(text) <= _DETAIL else f"{text[:_DETAIL]}..."
