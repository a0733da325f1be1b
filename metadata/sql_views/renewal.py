"""The views that a transaction touches: dropped before their tables change, and made again at its end. Pure."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.changes.shared_parts import find_differing
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.sql_views.definition import SqlSchema, SqlView, build_view, visible_model
from fieldstone.sql.identifiers import quote_table

_NOTHING: Mapping[UUID, Object] = {}


class ViewRenewal:
    """The renewal of views in one transaction.

    PostgreSQL changes no type of a column that a view has, so a view is dropped before the statements of the first
    change that alters it, and is made again when all changes are known: once, whatever number of them touches it.

    Attributes:
        schemas: those with views of the workspace.
        dropped: the names, quoted, of the views that it has dropped.
    """

    def __init__(self, schemas: tuple[SqlSchema, ...] = ()) -> None:
        self.schemas = schemas
        self.dropped: set[str] = set()
        # For each schema the objects whose views are to be made at the end.
        self._touched: dict[str, set[UUID]] = {schema.name: set() for schema in schemas}

    def copy(self) -> "ViewRenewal":
        """Return a renewal that knows as much, for changes that will be undone."""
        copied = ViewRenewal(self.schemas)
        copied._touched = {name: set(touched) for name, touched in self._touched.items()}
        return copied

    def drop_changed(self, before: Snapshot, after: Snapshot) -> Iterator[Composed]:
        """Yield the statements that drop the views which a change alters, and note these views."""
        for schema in self.schemas:
            for id_, was, is_ in find_differing(_objects(before, schema), _objects(after, schema)):
                old = _view(was, schema)
                if old != _view(is_, schema):
                    yield from self._drop(schema, id_, old)

    def drop_views_of(self, snapshot: Snapshot, object_: Object) -> Iterator[Composed]:
        """Yield the statements that drop all views of an object whose table is replaced, and note these views."""
        for schema in self.schemas:
            yield from self._drop(schema, object_.id, _view(_objects(snapshot, schema).get(object_.id), schema))

    def make(self, snapshot: Snapshot) -> Iterator[Composed]:
        """Yield the statements that make the noted views as the last model of the transaction has them."""
        for schema in self.schemas:
            objects = _objects(snapshot, schema)
            for id_ in self._touched[schema.name]:
                view = _view(objects.get(id_), schema)
                if view is not None:
                    yield from view.create(schema.logins)

    def _drop(self, schema: SqlSchema, id_: UUID, old: SqlView | None) -> Iterator[Composed]:
        touched = self._touched[schema.name]
        if old is not None and id_ not in touched:
            self.dropped.add(quote_table(old.view))
            yield old.drop()
        touched.add(id_)


def _objects(snapshot: Snapshot, schema: SqlSchema) -> Mapping[UUID, Object]:
    model = visible_model(snapshot, schema)
    return _NOTHING if model is None else model.objects


def _view(object_: Object | None, schema: SqlSchema) -> SqlView | None:
    return None if object_ is None else build_view(object_, schema)
