"""Texts of objects, each kept while its object and those that its relations lead to stay the same.

A change of the model makes new instances of the parts that it touches; the texts of the others stay valid. They are
kept compressed, and written in slices between which others are served.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from uuid import UUID

from fieldstone.engine.introspection.deflated import DeflatedPiece, deflate
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.frozen import frozen

MOST_BYTES = 32 << 20
"""Compressed bytes that are kept of all workspaces together: those of some 8,000 objects."""
MOST_TEXTS = 64
"""Texts of one object that are kept for roles that see it in different ways."""
_AT_ONCE = 4
"""Objects that are written before others are served: some two milliseconds."""

_COMMA = deflate(",")

Pieces = tuple[DeflatedPiece, ...]


@frozen
class _Fragment:
    """The text of one object.

    Attributes:
        depends: the object itself, and those that its relations lead to.
        further: all else that it depends on.
        pieces: the parts of the text.
    """

    depends: Dependencies
    further: Hashable
    pieces: Pieces

    @property
    def size(self) -> int:
        """Its compressed bytes."""
        return sum(len(piece.data) for piece in self.pieces)


@frozen
class Writer:
    """Writes the texts of a snapshot's objects.

    Attributes:
        write: the parts of an object's text.
        further: all that it depends on beside the object, its indexes, and those that its relations lead to.
    """

    write: Callable[[Object], Iterable[str]]
    further: Callable[[Object], Hashable]


class KeptTexts:
    """The texts of objects, by workspace and kind of text.

    Args:
        most_bytes: the size of all that is kept; the least recently used texts go.

    Attributes:
        written: how many objects were written so far.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.written = 0
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[UUID, Hashable], dict[UUID, list[_Fragment]]] = OrderedDict()
        self._sizes: dict[tuple[UUID, Hashable], int] = {}

    @property
    def bytes(self) -> int:
        """The compressed bytes that are kept."""
        return sum(self._sizes.values())

    async def get(self, kind: Hashable, snapshot: Snapshot, writer: Writer) -> list[Pieces]:
        """Return the pieces of each active object of a snapshot, those that are not kept written for it."""
        key = (snapshot.workspace.id, kind)
        kept = self._kept.setdefault(key, {})
        found: list[Pieces] = []
        fresh = 0
        try:
            for object_ in snapshot.by_singular.values():
                if fresh == _AT_ONCE:
                    fresh = 0
                    await asyncio.sleep(0)
                known = kept.setdefault(object_.id, [])
                further = writer.further(object_)
                one = next((one for one in known if one.further == further and one.depends.hold(snapshot)), None)
                if one is None:
                    fresh += 1
                    self.written += 1
                    one = _Fragment(
                        depends=Dependencies(
                            objects={object_.id: object_} | dict(_neighbours(snapshot, object_)),
                            # Its unique keys are those of its indexes.
                            indexes={object_.id: snapshot.indexes_of.get(object_.id, ())},
                        ),
                        further=further,
                        pieces=tuple(map(deflate, writer.write(object_))),
                    )
                    # Roles that see an object in another way have texts of their own, while the model has its objects.
                    known[:] = [*(one for one in known if _is_current(one, snapshot)), one][-MOST_TEXTS:]
                found.append(one.pieces)
        finally:
            # Texts that a cancelled request leaves uncounted would never be dropped.
            self._keep(key, kept, snapshot)
        return found

    def forget(self, workspace_id: UUID) -> None:
        """Drop the texts of a workspace."""
        for key in [key for key in self._kept if key[0] == workspace_id]:
            del self._kept[key]
            self._sizes.pop(key, None)

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


def separated(pieces: Iterable[DeflatedPiece]) -> Iterator[DeflatedPiece]:
    """Yield the pieces of a list with commas between them; where no members are asked for, they are empty."""
    for place, piece in enumerate(piece for piece in pieces if piece.length):
        if place:
            yield _COMMA
        yield piece


def column(fragments: Sequence[Pieces], place: int) -> Iterator[DeflatedPiece]:
    """Yield the same part of each object's text."""
    return (pieces[place] for pieces in fragments)


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
