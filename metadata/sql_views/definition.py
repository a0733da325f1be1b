"""The view that SQL roles have of an object: columns under the names of the API, without deleted records. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.view import find_view
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Part, Snapshot, capitalised
from fieldstone.metadata.roles.role import NO_LIMITS
from fieldstone.metadata.sql_views.rules import CompileRules, RowRules, limit_ways, rule_columns, typed_values
from fieldstone.sql.ddl import views
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import MAXIMUM_BYTES
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column

_UPPER = re.compile(r"[A-Z]")
_DIGEST = 8


@frozen
class SqlSchema:
    """The schema with the views of the SQL roles that have one role, the same values and one spelling of names.

    Attributes:
        name: the physical name.
        role_id: the role whose rights decide about the views.
        snake_case: whether names are written `first_name` instead of `firstName`.
        claims: the principal's values that the rules of the role may name.
        logins: the SQL roles that read it.
    """

    name: str
    role_id: UUID
    snake_case: bool
    claims: Mapping[str, JsonValue]
    logins: tuple[str, ...]


def read_schema(row: Sequence[Any]) -> SqlSchema:
    """Return the schema that a row of `model_version` tells of."""
    name, role_id, is_snake_case, claims, logins = row
    return SqlSchema(name=name, role_id=UUID(role_id), snake_case=is_snake_case, claims=claims, logins=tuple(logins))


@frozen
class ViewColumn:
    """A column of a view: its name there, and the table's column."""

    name: str
    column: Column
    comment: str


@frozen
class SqlView:
    """A view of an object's table.

    Attributes:
        view: the view's own name.
        live: the column that marks a record as deleted.
        is_barrier: whether the role may not read the other records in any way, so that its functions must not see them.
        rules: the conditions on its records and their columns; None: the role reads all of them.
        reads: the columns of all tables that the rules may need: it is dropped before one of them changes.
    """

    view: Table
    table: Table
    columns: tuple[ViewColumn, ...]
    live: Column | None
    is_barrier: bool
    comment: str
    rules: RowRules | None = None
    reads: frozenset[tuple[Table, Column]] = frozenset()

    @property
    def needs(self) -> frozenset[tuple[str, str]]:
        """The columns that it reads, each with its table, by their names."""
        live = () if self.live is None else (self.live,)
        own = ((self.table, column) for column in (*live, *(column.column for column in self.columns)))
        return frozenset((table.name, column.name) for table, column in (*own, *self.reads))

    def create(self, logins: tuple[str, ...] = ()) -> Iterator[Composed]:
        """Yield the statements that create it and let logins read it."""
        columns = [(column.name, column.column) for column in self.columns]
        source = views.ViewSource(table=self.table, live=self.live)
        if self.rules is not None:
            source = replace(source, alias=self.rules.alias, rows=self.rules.rows, guards=self.rules.guards)
        yield views.create_view(self.view, source, columns, is_barrier=self.is_barrier)
        yield views.describe_view(self.view, self.comment)
        for column in self.columns:
            yield views.describe_column(self.view, column.name, column.comment)
        if logins:
            yield views.grant_reading(self.view, logins)

    def drop(self) -> Composed:
        """Return the statement that drops it, where it exists."""
        return views.drop_views([self.view])


def visible_model(snapshot: Snapshot, schema: SqlSchema) -> Snapshot | None:
    """Return the model as the role of a schema sees it.

    None: the role is gone, or has limits of requests, which nothing in PostgreSQL would hold a statement to.
    """
    view = find_view(snapshot, schema.role_id)
    return view if view is not None and role_limits(snapshot, schema.role_id) == NO_LIMITS else None


def build_view(model: Snapshot, seen: Object, schema: SqlSchema, compile_rules: CompileRules | None) -> SqlView | None:
    """Return the view of an object as a role sees it.

    None: the object is not active, or no way of the role reads its records without a value that the schema lacks.

    Args:
        model: the role's view of the model.
        seen: the object in it.
        schema: the schema of the view.
        compile_rules: compiles the rules; None: ways that have a rule read nothing.
    """
    values = {} if model.role is None else typed_values(model, model.role, schema.claims)
    object_ = limit_ways(seen, values, has_rules=compile_rules is not None)
    if not (object_.is_active and object_.rights.read):
        return None
    rules = None
    if compile_rules is not None and any(way.rule is not None for way in object_.rights.read):
        rules = compile_rules(model, object_, values)
        if rules is None:
            return None
    spell = snake_case if schema.snake_case else str
    hides_deleted = object_.deleted_at is not None and "deletedAt" not in object_.by_name
    return SqlView(
        view=Table(schema=schema.name, name=spell(object_.name_plural)),
        table=object_.table,
        columns=tuple(
            ViewColumn(name=spell(name), column=part.column, comment=_describe_part(field, part))
            for name, field, part in _columns(object_)
        ),
        live=object_.deleted_at,
        is_barrier=hides_deleted or (rules is not None and rules.rows is not None),
        rules=rules,
        reads=frozenset() if rules is None else rule_columns(model, object_),
        comment=_describe(object_.label_plural, object_.description),
    )


def build_views(snapshot: Snapshot, schema: SqlSchema, compile_rules: CompileRules | None) -> Iterator[SqlView]:
    """Yield all views of a schema."""
    model = visible_model(snapshot, schema)
    if model is not None:
        views_of_objects = (build_view(model, object_, schema, compile_rules) for object_ in model.objects.values())
        yield from (view for view in views_of_objects if view is not None)


def snake_case(name: str) -> str:
    """Return `first_name` for `firstName`; names that differ stay different, and one that is too long is cut.

    Each capital letter gets its own underscore (`companyURL` is `company_u_r_l`): names of the API have no underscore,
    so no other name is spelled in the same way.
    """
    spelled = _UPPER.sub(lambda found: f"_{found[0].lower()}", name)
    if len(spelled) <= MAXIMUM_BYTES:
        return spelled
    return f"{spelled[: MAXIMUM_BYTES - _DIGEST - 1]}_{sha256(name.encode()).hexdigest()[:_DIGEST]}"


def _columns(object_: Object) -> Iterator[tuple[str, Field, Part]]:
    """Yield the columns by the names that the API gives them; `deletedAt`, which is always NULL here, is left out."""
    for name, field_ in object_.by_name.items():
        if name == "deletedAt" or field_.type is FieldType.TS_VECTOR:
            continue
        for part in object_.by_id[field_.id].parts:
            if field_.relation_id is not None:
                yield f"{name}Id", field_, part
            else:
                yield (f"{name}{capitalised(part.name)}" if part.name else name), field_, part


def _describe_part(field_: Field, part: Part) -> str:
    label = field_.label if part.name is None else f"{field_.label} ({part.name})"
    return _describe(label, field_.description)


def _describe(label: str, description: str | None) -> str:
    return f"{label}: {description}" if description else label
