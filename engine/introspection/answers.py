"""The answers to ordinary introspections: the text of each object is kept while the object stays the same.

The text of a thousand objects takes megabytes, compressed, and half a second: it never stands in memory as a whole.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from graphql import GraphQLID, GraphQLObjectType

from fieldstone.engine.documents.document import Operation
from fieldstone.engine.introspection.deflated import DeflatedPiece, DeflatedText, deflate
from fieldstone.engine.introspection.kept_texts import MOST_BYTES, KeptTexts, Pieces, Writer, column, separated
from fieldstone.engine.introspection.request import SchemaRequest, read_request
from fieldstone.engine.introspection.templates import ROOTS, Templates
from fieldstone.engine.introspection.type_writer import TypeWriter
from fieldstone.engine.schema.definitions import SHARED, is_shared
from fieldstone.engine.schema.lazy import LazySchema, lazy_schema
from fieldstone.engine.schema.roots.records import QUERY
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION
from fieldstone.engine.schema.scope import NODE, NODE_ROOTS, SEARCH
from fieldstone.metadata.api_names import EVENTS, SEARCH_TYPE_NAMES, TAIL_TYPE_NAMES
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.sql.concurrency.newest import keep

MOST_REQUESTS = 16
"""Requests whose templates are kept. GraphiQL, codegen and their like ask in a handful of ways."""

_TYPES = {SEARCH: SEARCH_TYPE_NAMES, EVENTS: TAIL_TYPE_NAMES, NODE_ROOTS[0]: (NODE, GraphQLID.name)}
_EMPTY = deflate("")
_NOTHING = Snapshot(
    workspace=Workspace(id=UUID(int=0), name="", schema=""), version=0, objects={}, relations={}, indexes={}
)
"""A snapshot without objects: its root types have no fields, and its other types are those of every schema."""


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
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._texts = KeptTexts(most_bytes)
        self._frames: OrderedDict[tuple[Hashable, frozenset[str]], _Frame] = OrderedDict()
        self._templates: dict[Hashable, Templates] = {}
        self._extra: OrderedDict[Hashable, tuple[Mapping[str, DeflatedPiece], DeflatedPiece]] = OrderedDict()

    @property
    def written(self) -> int:
        """How many objects were written so far."""
        return self._texts.written

    @property
    def bytes(self) -> int:
        """The compressed bytes that are kept."""
        return self._texts.bytes

    async def answer(
        self, operation: Operation, variables: Mapping[str, JsonValue], schema: LazySchema
    ) -> DeflatedText | None:
        """Return the response to an operation; None unless it asks for the schema alone, and in the ordinary way.

        Raises:
            BadUserInput: a directive's condition is no Boolean.
        """
        scope = schema.scope
        request = None if scope.mutations else read_request(operation, variables)
        if request is None:
            return None
        frame = self._frame(request, scope.absent)
        writer = Writer(
            write=lambda object_: frame.templates.write_object(schema, object_),
            further=lambda object_: (scope.is_led_to(object_), scope.is_node(object_)),
        )
        fragments = await self._texts.get(request.key, scope.snapshot, writer)
        extras = self._extras(request, schema)
        shared = [piece for name, piece in frame.shared.items() if is_shared(scope, name)]
        return DeflatedText(_join(frame, shared, fragments, *extras))

    def forget(self, workspace_id: UUID) -> None:
        """Drop the texts of a workspace."""
        self._texts.forget(workspace_id)

    def _extras(self, request: SchemaRequest, schema: LazySchema) -> tuple[Mapping[str, DeflatedPiece], DeflatedPiece]:
        """Return the root fields over all objects, by their root types, and their types: some have all names."""
        scope = schema.scope
        roots = {SEARCH: scope.has_search, EVENTS: scope.has_events, **dict.fromkeys(NODE_ROOTS, scope.has_nodes)}
        names = [name for name, is_there in roots.items() if is_there]
        objects = tuple((one.type_name, scope.is_node(one)) for one in scope.snapshot.readable.values())
        key = (request.key, *names, objects)
        found = self._extra.get(key)
        if found is None:
            writer = TypeWriter(request, schema)
            fields: dict[str, DeflatedPiece] = {}
            for root in {QUERY, SUBSCRIPTION} - scope.absent:
                there = scope.object_type(root).fields
                own = GraphQLObjectType(root, {name: there[name] for name in names if (root, name) != (QUERY, EVENTS)})
                fields[root] = deflate(",".join(text for _, text in writer.write(own).members))
            types = [schema.type_map[name] for field in names for name in _TYPES.get(field, ())]
            found = (fields, deflate(",".join(writer.write(one).text for one in types)))
        keep(self._extra, key, found, MOST_REQUESTS)
        return found

    def _frame(self, request: SchemaRequest, absent: frozenset[str]) -> _Frame:
        key = (request.key, absent)
        found = self._frames.get(key)
        if found is None:
            templates = self._templates.setdefault(request.key, Templates(request))
            found = _make_frame(request, templates, absent)
        for (oldest, _), _ in keep(self._frames, key, found, MOST_REQUESTS):
            if all(one[0] != oldest for one in self._frames):
                del self._templates[oldest]
        return found


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
    fragments: list[Pieces],
    extras: Mapping[str, DeflatedPiece],
    extra_types: DeflatedPiece,
) -> Iterator[DeflatedPiece]:
    yield frame.before
    for place, root in enumerate(ROOTS, start=1):
        if root not in frame.roots:
            continue
        head, tail = frame.roots[root]
        yield head
        yield from separated([*column(fragments, place), extras.get(root, _EMPTY)])
        yield tail
    yield from separated([*shared, *column(fragments, 0), extra_types])
    yield frame.after
