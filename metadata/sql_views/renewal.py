"""The views that a transaction touches: dropped before their tables change, and made again at its end. Pure."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.model.shared_parts import find_differing
from fieldstone.metadata.sql_views.definition import SqlSchema, SqlView, build_view, visible_model
from fieldstone.metadata.sql_views.rules import CompileRules, fields_around, rule_fields, typed_values
from fieldstone.sql.identifiers import quote_table


class ViewRenewal:
    """The renewal of views in one transaction.

    PostgreSQL changes no type of a column that a view has, so a view is dropped before the statements of the first
    change that alters it, and is made again when all changes are known: once, whatever number of them touches it.

    Attributes:
        schemas: those with views of the workspace.
        compile_rules: compiles the rules of their roles; None: the views have nothing that is under a rule.
        dropped: the names, quoted, of the views that it has dropped.
    """

    def __init__(self, schemas: tuple[SqlSchema, ...] = (), *, compile_rules: CompileRules | None = None) -> None:
        self.schemas = schemas
        self.compile_rules = compile_rules
        self.dropped: set[str] = set()
        # For each schema the objects whose views are to be made at the end.
        self._touched: dict[str, set[UUID]] = {schema.name: set() for schema in schemas}

    def copy(self) -> "ViewRenewal":
        """Return a renewal that knows as much, for changes that will be undone."""
        copied = ViewRenewal(self.schemas, compile_rules=self.compile_rules)
        copied._touched = {name: set(touched) for name, touched in self._touched.items()}
        return copied

    def drop_changed(self, before: Snapshot, after: Snapshot) -> Iterator[Composed]:
        """Yield the statements that drop the views which a change alters, and note these views."""
        if not self.schemas:
            return
        changed = frozenset(id_ for id_, _, _ in find_differing(before.objects, after.objects))
        around = fields_around(before, changed) | fields_around(after, changed)
        for schema in self.schemas:
            was, is_ = visible_model(before, schema), visible_model(after, schema)
            ids = {id_ for id_, _, _ in find_differing(was.objects if was else {}, is_.objects if is_ else {})}
            has_other_values = _values(was, schema) != _values(is_, schema)
            for model in (was, is_):
                ids |= _with_rules(model, None if has_other_values else around)
            for id_ in ids:
                old = self._view(was, id_, schema)
                if old != self._view(is_, id_, schema):
                    yield from self._drop(schema, id_, old)

    def drop_views_of(self, snapshot: Snapshot, object_: Object) -> Iterator[Composed]:
        """Yield the statements that drop all views that read an object's table, which is replaced; note these views."""
        around = fields_around(snapshot, frozenset([object_.id]))
        for schema in self.schemas:
            model = visible_model(snapshot, schema)
            for id_ in {object_.id} | _with_rules(model, around):
                yield from self._drop(schema, id_, self._view(model, id_, schema))

    def make(self, snapshot: Snapshot) -> Iterator[Composed]:
        """Yield the statements that make the noted views as the last model of the transaction has them."""
        for schema in self.schemas:
            model = visible_model(snapshot, schema)
            for id_ in self._touched[schema.name]:
                view = self._view(model, id_, schema)
                if view is not None:
                    yield from view.create(schema.logins)

    def _drop(self, schema: SqlSchema, id_: UUID, old: SqlView | None) -> Iterator[Composed]:
        touched = self._touched[schema.name]
        if old is not None and id_ not in touched:
            self.dropped.add(quote_table(old.view))
            yield old.drop()
        touched.add(id_)

    def _view(self, model: Snapshot | None, id_: UUID, schema: SqlSchema) -> SqlView | None:
        object_ = model.objects.get(id_) if model else None
        if model is None or object_ is None:
            return None
        return build_view(model, object_, schema, self.compile_rules)


def _with_rules(model: Snapshot | None, named: frozenset[UUID] | None) -> set[UUID]:
    """Return the objects that a role reads under rules which name one of these fields, or any where it is None."""
    if model is None or model.role is None:
        return set()
    ruled = {
        id_: rule_fields(object_)
        for id_, object_ in model.objects.items()
        if any(way.rule is not None for way in object_.rights.read)
    }
    return {id_ for id_, fields in ruled.items() if named is None or not named.isdisjoint(fields)}


def _values(model: Snapshot | None, schema: SqlSchema) -> Mapping[str, JsonValue]:
    return {} if model is None or model.role is None else typed_values(model, model.role, schema.claims)
