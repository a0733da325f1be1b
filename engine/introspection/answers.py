"""The answers to ordinary introspections: the text of each object is kept while the object stays the same.

A change of the model makes new instances of the parts that it touches; the texts of the others stay valid. The
text of a thousand objects takes megabytes, compressed, and half a second: it is written in slices between which others
are served, and never stands in memory as a whole.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from graphql import GraphQLObjectType

from fieldstone.engine.documents.document import Operation
from fieldstone.engine.introspection.deflated import DeflatedPiece, DeflatedText, deflate
from fieldstone.engine.introspection.request import SchemaRequest, read_request
from fieldstone.engine.introspection.templates import ROOTS, ObjectTexts, Templates
from fieldstone.engine.introspection.type_writer import TypeWriter
from fieldstone.engine.schema.definitions import SHARED, is_shared
from fieldstone.engine.schema.lazy import LazySchema, lazy_schema
from fieldstone.engine.schema.roots.records import QUERY
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION
from fieldstone.engine.schema.scope import SEARCH
from fieldstone.metadata.api_names import SEARCH_TYPE_NAMES
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot, Workspace

MOST_BYTES = 32 << 20
"""Compressed bytes that are kept of all workspaces together: those of some 8,000 objects."""
MOST_REQUESTS = 16
"""Requests whose templates are kept. GraphiQL, codegen and their like ask in a handful of ways."""
MOST_TEXTS = 64
"""Texts of one object that are kept for roles that see it in different ways."""
_AT_ONCE = 4
"""Objects that are written before others are served: some two milliseconds."""

_COMMA = deflate(",")
_EMPTY = deflate("")
_NOTHING = Snapshot(
    workspace=Workspace(id=UUID(int=0), name="", schema=""), version=0, objects={}, relations={}, indexes={}
)
"""A snapshot without objects: its root types have no fields, and its other types are those of every schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fragment:
    """The text of one object.

    Attributes:
        depends: the object itself, and those that its relations lead to.
        is_led_to: which relations lead to it that it does not show.
        pieces: its types, and its fields of the root types.
    """

    depends: Dependencies
    is_led_to: tuple[bool, ...]
    pieces: tuple[DeflatedPiece, ...]

    @property
    def size(self) -> int:
        """Its compressed bytes."""
        return sum(len(piece.data) for piece in self.pieces)


@dataclass(slots=True)
class _Frame:
    """The same in every workspace's answer to a request: the text around the types, the root types, the shared types.

    Attributes:
        shared: the shared types, each by its name.
    """

    before: DeflatedPiece
    roots: Mapping[str, tuple[DeflatedPiece, DeflatedPiece]]
    shared: Mapping[str, DeflatedPiece]
    after: DeflatedPiece
    templates: Templates


class SchemaAnswers:
    """Answers introspections in the ordinary way.

    Args:
        most_bytes: the size of all that is kept; the least recently used texts go.

    Attributes:
        written: how many objects were written so far.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.written = 0
        self._most_bytes = most_bytes
        self._frames: OrderedDict[tuple[Hashable, frozenset[str]], _Frame] = OrderedDict()
        self._templates: dict[Hashable, Templates] = {}
        self._kept: OrderedDict[tuple[UUID, Hashable], dict[UUID, list[_Fragment]]] = OrderedDict()
        self._searches: OrderedDict[Hashable, tuple[Mapping[str, DeflatedPiece], DeflatedPiece]] = OrderedDict()
        self._sizes: dict[tuple[UUID, Hashable], int] = {}

    @property
    def bytes(self) -> int:
        """The compressed bytes that are kept."""
        return sum(self._sizes.values())

    async def answer(
        self, operation: Operation, variables: Mapping[str, JsonValue], schema: LazySchema
    ) -> DeflatedText | None:
        """Return the response to an operation; None unless it asks for the schema alone, and in the ordinary way.

        Raises:
            BadUserInput: a directive's condition is no Boolean.
        """
        request = None if schema.scope.mutations or schema.scope.has_nodes else read_request(operation, variables)
        if request is None:
            return None
        frame = self._frame(request, schema.scope.absent)
        snapshot = schema.scope.snapshot
        key = (snapshot.workspace.id, request.key)
        kept = self._kept.setdefault(key, {})
        fragments: list[_Fragment] = []
        fresh = 0
        for object_ in snapshot.by_singular.values():
            if fresh == _AT_ONCE:
                fresh = 0
                await asyncio.sleep(0)
            known = kept.setdefault(object_.id, [])
            found = next((one for one in known if _holds(one, object_, schema)), None)
            if found is None:
                fresh += 1
                found = self._write(frame.templates, schema, object_)
                # Roles that see an object in another way have texts of their own, while the model has its objects.
                known[:] = [*(one for one in known if _is_current(one, snapshot)), found][-MOST_TEXTS:]
            fragments.append(found)
        self._keep(key, kept, snapshot)
        search = self._search(request, schema) if schema.scope.has_search else ({}, _EMPTY)
        shared = [piece for name, piece in frame.shared.items() if is_shared(schema.scope, name)]
        return DeflatedText(_join(frame, shared, fragments, *search))

    def forget(self, workspace_id: UUID) -> None:
        """Drop the texts of a workspace."""
        for key in [key for key in self._kept if key[0] == workspace_id]:
            del self._kept[key]
            self._sizes.pop(key, None)

    def _write(self, templates: Templates, schema: LazySchema, object_: Object) -> _Fragment:
        self.written += 1
        texts: ObjectTexts = templates.write_object(schema, object_)
        snapshot = schema.scope.snapshot
        return _Fragment(
            depends=Dependencies(
                objects={object_.id: object_} | dict(_neighbours(snapshot, object_)),
                # Its unique keys are those of its indexes.
                indexes={object_.id: snapshot.indexes_of.get(object_.id, ())},
            ),
            is_led_to=schema.scope.is_led_to(object_),
            pieces=tuple(map(deflate, texts)),
        )

    def _search(self, request: SchemaRequest, schema: LazySchema) -> tuple[Mapping[str, DeflatedPiece], DeflatedPiece]:
        """Return the search's fields of the root types, and its types, which have the names of all objects."""
        key = (request.key, tuple(one.type_name for one in schema.scope.snapshot.readable.values()))
        found = self._searches.get(key)
        if found is None:
            writer = TypeWriter(request, schema)
            fields: dict[str, DeflatedPiece] = {}
            for root in {QUERY, SUBSCRIPTION} - schema.scope.absent:
                own = GraphQLObjectType(root, {SEARCH: schema.scope.object_type(root).fields[SEARCH]})
                fields[root] = deflate(",".join(text for _, text in writer.write(own).members))
            types = ",".join(writer.write(schema.type_map[name]).text for name in SEARCH_TYPE_NAMES)
            found = self._searches[key] = (fields, deflate(types))
            if len(self._searches) > MOST_REQUESTS:
                self._searches.popitem(last=False)
        self._searches.move_to_end(key)
        return found

    def _frame(self, request: SchemaRequest, absent: frozenset[str]) -> _Frame:
        key = (request.key, absent)
        found = self._frames.get(key)
        if found is None:
            templates = self._templates.setdefault(request.key, Templates(request))
            found = self._frames[key] = _make_frame(request, templates, absent)
            if len(self._frames) > MOST_REQUESTS:
                (oldest, _), _ = self._frames.popitem(last=False)
                if all(one[0] != oldest for one in self._frames):
                    del self._templates[oldest]
        self._frames.move_to_end(key)
        return found

    def _keep(self, key: tuple[UUID, Hashable], kept: dict[UUID, list[_Fragment]], snapshot: Snapshot) -> None:
        """Count the texts that are kept; drop those of objects that are gone, and those beyond the limit."""
        for id_ in kept.keys() - snapshot.objects.keys():
            del kept[id_]
        self._kept[key] = kept
        self._kept.move_to_end(key)
        self._sizes[key] = sum(fragment.size for known in kept.values() for fragment in known)
        while len(self._sizes) > 1 and self.bytes > self._most_bytes:
            oldest = next(one for one in self._kept if one in self._sizes)
            del self._kept[oldest], self._sizes[oldest]


def _make_frame(request: SchemaRequest, templates: Templates, absent: frozenset[str]) -> _Frame:
    schema = lazy_schema(_NOTHING, absent=absent)
    writer = TypeWriter(request, schema)
    before, after = writer.around()
    roots = {root: writer.write(schema.type_map[root]) for root in ROOTS if root not in absent}
    return _Frame(
        before=deflate(before),
        roots={root: (deflate(text.head), deflate(text.tail + ",")) for root, text in roots.items()},
        shared={name: deflate(writer.write(shared).text) for name, shared in SHARED.items()},
        after=deflate(after),
        templates=templates,
    )


def _join(
    frame: _Frame,
    shared: list[DeflatedPiece],
    fragments: list[_Fragment],
    search: Mapping[str, DeflatedPiece],
    search_types: DeflatedPiece,
) -> Iterator[DeflatedPiece]:
    yield frame.before
    for place, root in enumerate(ROOTS, start=1):
        if root not in frame.roots:
            continue
        head, tail = frame.roots[root]
        yield head
        yield from _separated([*(fragment.pieces[place] for fragment in fragments), search.get(root, _EMPTY)])
        yield tail
    yield from _separated([*shared, *(fragment.pieces[0] for fragment in fragments), search_types])
    yield frame.after


def _separated(pieces: Iterable[DeflatedPiece]) -> Iterator[DeflatedPiece]:
    """Yield the pieces of a list; where no members are asked for, they are empty."""
    for place, piece in enumerate(piece for piece in pieces if piece.length):
        if place:
            yield _COMMA
        yield piece


def _neighbours(snapshot: Snapshot, object_: Object) -> Iterator[tuple[UUID, Object]]:
    for field in object_.known.values():
        if field.relation_id is not None:
            relation = snapshot.relations[field.relation_id]
            other = relation.target_object_id if field.id == relation.source_field_id else relation.source_object_id
            yield other, snapshot.objects[other]


def _is_current(fragment: _Fragment, view: Snapshot) -> bool:
    """Return whether the model still has the objects of a text, for whatever role."""
    objects = view.whole.objects
    return all(objects.get(id_) is object_.whole for id_, object_ in fragment.depends.objects.items())


def _holds(fragment: _Fragment, object_: Object, schema: LazySchema) -> bool:
    scope = schema.scope
    return fragment.is_led_to == scope.is_led_to(object_) and fragment.depends.hold(scope.snapshot)
