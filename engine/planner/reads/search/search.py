"""The root field `search` becomes a page of hits among the records of several objects."""

import hashlib
from collections.abc import Callable, Sequence
from typing import cast

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import (
    Bindings,
    Blame,
    Leaf,
    Tree,
    arguments_of,
    array_literal,
    bind_tree,
    is_constant,
    value_of,
)
from fieldstone.engine.planner.context import PlanContext, readable, type_literal
from fieldstone.engine.planner.reads.filters.conditions import select_condition
from fieldstone.engine.planner.reads.filters.operators import encoder
from fieldstone.engine.planner.reads.pages import build_page, read_cursor
from fieldstone.engine.planner.reads.search.filter_types import filter_check
from fieldstone.engine.planner.reads.selection import build_page_info, build_record
from fieldstone.engine.schema.scope import SEARCH_CONNECTION, SEARCH_EDGE, SEARCH_RESULT
from fieldstone.metadata.changes.rules.indexes.searched import is_served, label_parts, searched_fields, searched_parts
from fieldstone.metadata.dependencies import UNSERVED_SEARCH
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import STRING, shown
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Cursor, Literal, OrderKey, PageInfo
from fieldstone.sql.plan.read import Hit, HitEdges, HitFact, HitRecord, Search, SearchBranch
from fieldstone.sql.plan.text_search import patterns_of, words_of
from fieldstone.sql.types import SqlType

MOST_OBJECTS = 100
"""Objects that are searched at once."""
LONGEST_QUERY = 1_000
"""Bytes of a query."""

_TAG = "search"
_ORDER = tuple(
    OrderKey(operand=Column(name=name, type=type_), nullable=False)
    for name, type_ in (
        ("query", SqlType.TEXT),
        ("rank", SqlType.NUMERIC),
        ("object", SqlType.TEXT),
        ("key", SqlType.UUID),
    )
)
"""The keys of a cursor: the query's digest, and those of the order of the hits."""

_SelectedRecord = tuple[Selected, AnswerPath]


def build_search(context: PlanContext, selected: Selected, path: AnswerPath) -> Search:
    """Return the plan of the root field `search`."""
    arguments = arguments_of(selected.nodes[0], context.variables)
    blame = Blame(field="query", path=path)
    tree = arguments.get("query")
    if tree is None:
        raise blame.error("'query' must not be null.")
    objects = _find_objects(context, arguments.get("objects"), Blame(field="objects", path=path))
    said = arguments.get("filter")
    check = None if said is None else _filter_check(context, objects, arguments, Blame(field="filter", path=path))
    text = context.parameters.add(bind_tree(tree, _read_query, blame), SqlType.TEXT)
    words = context.parameters.add(
        bind_tree(tree, lambda value: words_of(_read_query(value).decode()).encode(), blame), SqlType.TEXT
    )
    page = build_page(context, arguments, _ORDER, _TAG, path)
    if (after := arguments.get("after")) is not None:
        _guard(context, text, _same_query(cast("Leaf", after), Blame(field="after", path=path)))
    if check is not None:
        check(value_of(said, context.sample))
        if not is_constant(said):
            _guard(context, text, lambda bindings, _: check(value_of(said, bindings)))
    records: list[_SelectedRecord] = []
    entries = tuple(
        (field.key, _facet(context, field, (*path, field.key), records)) for field in context.selected_below(selected)
    )
    branches = [
        _branch(context, object_, said, records, Blame(field="filter", path=path))
        for object_ in objects
        if _is_searched(context, object_)
    ]
    patterns = None
    if not all(branch.indexed for branch in branches):
        encode = bind_tree(tree, lambda value: array_literal(patterns_of(_read_query(value).decode())), blame)
        patterns = context.parameters.add(encode, SqlType.TEXT, array=True)
    return Search(
        query=text,
        words=words,
        patterns=patterns,
        branches=tuple(branches),
        page=page,
        cursor_tag=_TAG,
        entries=entries,
    )


def _read_query(value: JsonValue) -> bytes:
    text = encoder(STRING)(value)
    if len(text) > LONGEST_QUERY:
        raise InvalidValue(f"must have at most {LONGEST_QUERY} bytes")
    return text


def _is_searched(context: PlanContext, object_: Object) -> bool:
    return bool(searched_parts(object_, searched_fields(context.snapshot, object_)))


def _guard(context: PlanContext, query: Parameter, check: Callable[[Bindings, bytes], None]) -> None:
    """Have each request checked, the one being planned at once, before its query is bound."""
    bind = context.parameters.binders[query.slot]

    def guarded(bindings: Bindings) -> bytes:
        text = bind(bindings) or b""
        check(bindings, text)
        return text

    guarded(context.sample)
    context.parameters.binders[query.slot] = guarded


def _same_query(after: Leaf, blame: Blame) -> Callable[[Bindings, bytes], None]:
    """Return the check that refuses the cursor of another query."""

    def check(bindings: Bindings, text: bytes) -> None:
        digest = read_cursor(after.read(bindings), _ORDER, _TAG, blame)[0]
        if digest != hashlib.md5(text, usedforsecurity=False).hexdigest():
            raise blame.error(f"The cursor in '{blame.field}' is not valid: it belongs to another query.")

    return check


def _find_objects(context: PlanContext, tree: Tree, blame: Blame) -> Sequence[Object]:
    """Return the objects that are searched, in the order of their names."""
    known = context.snapshot.readable
    names = value_of(tree, Bindings(variables=context.variables, actor=""))
    if names is None:
        # The plan holds as long as there are just these objects.
        context.roster = tuple(known)
        found = [object_ for object_ in known.values() if _is_searched(context, object_)]
    else:
        given = names if isinstance(names, list) else [names]
        for name in given:
            if name not in known:
                raise blame.error(f"'objects' cannot have {shown(name)}: no object has this nameSingular.")
        if not given:
            raise blame.error("'objects' must name one or more objects; leave it out to search all.")
        found = [known[name] for name in dict.fromkeys(given)]
        context.roster = context.roster or ()
    if len(found) > MOST_OBJECTS:
        raise blame.error(
            f"A search is over at most {MOST_OBJECTS} objects, and there are {len(found)}; name some in 'objects'."
        )
    return sorted((context.touch(object_) for object_ in found), key=lambda object_: object_.name_singular)


def _filter_check(
    context: PlanContext, objects: Sequence[Object], arguments: dict[str, Tree], blame: Blame
) -> Callable[[JsonValue], None]:
    if len(objects) != 1 or arguments.get("objects") is None:
        raise blame.error("'filter' is for the search in one object; name it in 'objects'.")
    return filter_check(context.snapshot, objects[0], blame, context.document)


def _branch(
    context: PlanContext, object_: Object, said: Tree, records: Sequence[_SelectedRecord], blame: Blame
) -> SearchBranch:
    context.indexes[object_.id] = context.snapshot.indexes_of.get(object_.id, ())
    searched = searched_fields(context.snapshot, object_)
    is_indexed = is_served(context.snapshot, object_, searched)
    if not is_indexed:
        context.unserved[object_.name_singular, UNSERVED_SEARCH] = None
    return SearchBranch(
        name=object_.name_singular,
        table=readable(context, object_),
        key=object_.key,
        label=tuple(part.column for part in label_parts(object_, searched)),
        texts=tuple(part.column for part in searched_parts(object_, searched)),
        indexed=is_indexed,
        condition=select_condition(context, object_, said, blame),
        records=tuple(build_record(context, object_, field, path) for field, path in records),
    )


def _facet(
    context: PlanContext, selected: Selected, path: AnswerPath, records: list[_SelectedRecord]
) -> HitEdges | PageInfo | Literal:
    match selected.name:
        case "edges":
            below = context.selected_below(selected)
            edges = tuple((field.key, _edge(context, field, (*path, field.key), records)) for field in below)
            return HitEdges(entries=edges)
        case "pageInfo":
            return build_page_info(context, selected)
        case _:
            return type_literal(SEARCH_CONNECTION)


def _edge(
    context: PlanContext, selected: Selected, path: AnswerPath, records: list[_SelectedRecord]
) -> Hit | Cursor | Literal:
    match selected.name:
        case "node":
            below = context.selected_below(selected)
            return Hit(entries=tuple((field.key, _fact(field, (*path, field.key), records)) for field in below))
        case "cursor":
            return Cursor()
        case _:
            return type_literal(SEARCH_EDGE)


def _fact(selected: Selected, path: AnswerPath, records: list[_SelectedRecord]) -> HitFact | HitRecord | Literal:
    match selected.name:
        case "record":
            records.append((selected, path))
            return HitRecord(place=len(records) - 1)
        case "__typename":
            return type_literal(SEARCH_RESULT)
        case name:
            return HitFact(name)
