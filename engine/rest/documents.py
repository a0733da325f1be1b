"""The GraphQL documents of REST: one for each object, action and depth, so that requests share its plans.

An argument that a request may leave out is a variable: one that is absent is an argument that is absent. The root field
of a page gives its edges the name of the objects, and that of a removal has the name of a deletion, as REST answers.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple
from weakref import ref

from fieldstone.engine.rest.routes import VERBS, Action
from fieldstone.engine.rest.selection import PAGE_INFO, select_record
from fieldstone.metadata.api_names import QueryRole, TypeRole, Verb, mutation_name, query_name, type_name
from fieldstone.metadata.model import Object, Snapshot

_SAMPLE = 10
"""The most records of a group."""
_MOST_KEPT = 10_000
_MOST_CHARACTERS = 4_000_000


class Wish(NamedTuple):
    """All that decides about a document beside its object.

    Attributes:
        depth: the steps across relations.
        largest_page: the most records that a list may have.
        soft: whether a removal is one that can be undone.
        upserts: whether a record with the same unique key is changed.
        checks_time: whether a write is made only if the record has the `updatedAt` that is given.
        samples: whether groups have records.
        each: whether records are changed each by data of its own.
        by_ids: whether the records to delete are named by their ids.
        counts: whether a page has the number of all records, which are counted for it.
        aggregates: the names of the aggregates of groups.
    """

    action: Action
    depth: int
    largest_page: int
    soft: bool = False
    upserts: bool = False
    checks_time: bool = False
    samples: bool = False
    each: bool = False
    by_ids: bool = False
    counts: bool = True
    aggregates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    view: "ref[Snapshot]"
    text: str


class Documents:
    """The documents in use, the least recently used ones out."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int, str, Wish], _Kept] = OrderedDict()
        self._characters = 0

    def get(self, view: Snapshot, object_: Object, wish: Wish) -> str:
        """Return the document of a wish for an object, as a role sees the model."""
        role = 0 if view.role is None else view.role.id.int
        key = (view.workspace.id.int, role, object_.name_plural, wish)
        found = self._kept.get(key)
        if found is not None and found.view() is view:
            self._kept.move_to_end(key)
            return found.text
        if found is not None:
            self._drop(key)
        text = write_document(view, object_, wish)
        self._kept[key] = _Kept(ref(view), text)
        self._characters += len(text)
        while len(self._kept) > _MOST_KEPT or self._characters > _MOST_CHARACTERS:
            self._drop(next(iter(self._kept)))
        return text

    def _drop(self, key: tuple[int, int, str, Wish]) -> None:
        self._characters -= len(self._kept.pop(key).text)


def write_document(view: Snapshot, object_: Object, wish: Wish) -> str:
    """Return the document of a wish for an object, as a role sees the model."""
    if wish.action.reads:
        return _query(view, object_, wish)
    return _mutation(view, object_, wish)


def _query(view: Snapshot, object_: Object, wish: Wish) -> str:
    record = _record(view, object_, wish)
    many, filter_ = query_name(object_, QueryRole.MANY), type_name(object_, TypeRole.FILTER)
    # A role without the right to aggregates has no counts.
    total = "totalCount" if object_.rights.aggregates and wish.counts else ""
    match wish.action:
        case Action.FIND_ONE:
            return f"query($id:UUID!){{{query_name(object_, QueryRole.ONE)}(id:$id){record}}}"
        case Action.DUPLICATES:
            name, data = query_name(object_, QueryRole.DUPLICATES), type_name(object_, TypeRole.INPUT)
            page = f"{{{name}:edges{{node{record}}}{total} {PAGE_INFO}}}"
            return f"query($ids:[UUID!],$records:[{data}!]){{{name}(ids:$ids,data:$records){page}}}"
        case Action.GROUP_BY:
            name, one = query_name(object_, QueryRole.GROUP_BY), type_name(object_, TypeRole.GROUP_BY)
            declared = (
                f"$groupBy:[{one}!]!,$filter:{filter_},$having:{type_name(object_, TypeRole.HAVING)}"
                f",$orderBy:[{type_name(object_, TypeRole.GROUP_ORDER)}],$first:Int,$after:String"
            )
            given = "groupBy:$groupBy,filter:$filter,having:$having,orderBy:$orderBy,first:$first,after:$after"
            first = min(_SAMPLE, wish.largest_page)
            sample = ""
            if wish.samples:
                declared += f",$orderByForRecords:[{type_name(object_, TypeRole.ORDER_BY)}]"
                sample = f" records(first:{first},orderBy:$orderByForRecords){{edges{{node{record}}}}}"
            return f"query({declared}){{{name}({given}){{{' '.join((*_GROUP, *wish.aggregates))}{sample}}}}}"
        case _:
            declared = (
                f"$filter:{filter_},$orderBy:[{type_name(object_, TypeRole.ORDER_BY)}]"
                ",$first:Int,$after:String,$last:Int,$before:String"
            )
            given = "filter:$filter,orderBy:$orderBy,first:$first,after:$after,last:$last,before:$before"
            return f"query({declared}){{{many}({given}){{{many}:edges{{node{record}}}{PAGE_INFO}{total}}}}}"


_GROUP = ("groupByDimensionValues",)


def _mutation(view: Snapshot, object_: Object, wish: Wish) -> str:
    verb, is_many = VERBS[wish.action]
    key = name = mutation_name(object_, verb, many=is_many)
    record = _record(view, object_, wish)
    if verb is Verb.DELETE:
        name = name if wish.soft else mutation_name(object_, Verb.DESTROY, many=is_many)
        record = "{id}"
    declared: dict[str, str] = {}
    data, filter_ = type_name(object_, TypeRole.INPUT), type_name(object_, TypeRole.FILTER)
    match verb:
        case Verb.CREATE:
            declared["data"] = f"[{data}!]!" if is_many else f"{data}!"
            if wish.upserts:
                declared["upsert"] = "Boolean"
        case Verb.MERGE:
            declared |= {"ids": "[UUID!]!", "conflictPriorityIndex": "Int!", "dryRun": "Boolean"}
            if wish.checks_time:
                declared["ifUpdatedAt"] = "[DateTime!]"
        case _:
            if wish.each:
                declared["updates"] = f"[{type_name(object_, TypeRole.UPDATE_ITEM)}!]"
            elif wish.by_ids:
                declared["ids"] = "[UUID!]!"
            else:
                declared |= {"filter": f"{filter_}!"} if is_many else {"id": "UUID"}
            if verb is Verb.UPDATE and not wish.each:
                declared["data"] = f"{data}!"
            if wish.checks_time:
                declared["ifUpdatedAt"] = "DateTime"
    variables = ",".join(f"${one}:{type_}" for one, type_ in declared.items())
    arguments = "filter:{id:{in:$ids}}" if wish.by_ids else ",".join(f"{one}:${one}" for one in declared)
    return f"mutation({variables}){{{key}:{name}({arguments}){record}}}"


def _record(view: Snapshot, object_: Object, wish: Wish) -> str:
    return f"{{{select_record(view, object_, wish.depth, largest_page=wish.largest_page)}}}"
