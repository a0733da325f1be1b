"""The draft of an import: each change is applied to the model at once, which finds free names."""

import re
from collections.abc import Callable, Mapping
from uuid import UUID

from fieldstone.metadata.changes import Change, CreateField, CreateIndex, CreateObject, NewRelation
from fieldstone.metadata.changes.rules.names import derive_label
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, Index, Object, OnDelete, RelationType, Snapshot
from fieldstone.metadata.schema_import.columns import ColumnPlan, plan_column
from fieldstone.metadata.schema_import.growing_model import GrowingModel
from fieldstone.metadata.schema_import.keys import is_counted, is_exact, is_record_id, is_surrogate, row_id
from fieldstone.metadata.schema_import.memory import Made
from fieldstone.metadata.schema_import.names import field_name, is_respelled, object_names
from fieldstone.metadata.schema_import.source import SourceColumn, SourceConstraint, SourceSchema, SourceTable
from fieldstone.metadata.shown_text import fit
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.ddl.import_rows import Term
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import MAXIMUM_BYTES
from fieldstone.sql.plan.elements import Table

_LONGEST_NAME = MAXIMUM_BYTES - 4
"""Letters of an object's singular: its plural and the numbers of its rivals have room behind it."""
_TIMES = frozenset({"createdAt", "updatedAt", "deletedAt"})
_MOMENTS = frozenset({"timestamp", "timestamptz"})
_ON_DELETE = {"c": OnDelete.CASCADE, "n": OnDelete.SET_NULL, "d": OnDelete.SET_NULL}
_CREATED_BY = {"source": import_rows.text("IMPORT"), "name": import_rows.text("fieldstone schema import")}


@frozen
class RowCopy:
    """The rows of a table, and the value of each column of the object's table.

    Attributes:
        is_new: whether the object was not there before, and so has no records.
        key: the columns of its key, by which a row that was copied already is known; none where it has none.
        origins: the column of the source for each column that comes from one.
        filled: the columns that were not there before: records that were there get their values.
    """

    source: Table
    only: bool
    object_id: UUID
    values: Mapping[str, Term]
    is_new: bool
    key: tuple[str, ...]
    origins: Mapping[str, str]
    filled: tuple[str, ...]


class ImportDraft:
    """An import as far as it is planned.

    Attributes:
        notes: sentences about tables and columns that are left out or differ from their source.
        made: the object or field of each table and column, by this import or an earlier one.
    """

    def __init__(self, snapshot: Snapshot, source: SourceSchema, made: Made, *, with_keys: bool = False) -> None:
        self._model = GrowingModel(snapshot)
        self.made: dict[tuple[str, str], UUID] = {}
        self._before = snapshot
        self._with_keys = with_keys
        self._made_before = made
        self.notes: list[str] = []
        self._tables = {table.oid: table for table in source.tables}
        self._objects: dict[int, UUID] = {}
        self._values: dict[int, dict[str, Term]] = {}
        self._fields: dict[tuple[int, str], str] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The model after the changes."""
        return self._model.snapshot

    @property
    def changes(self) -> list[Change]:
        """The changes of the model, one after the other."""
        return self._model.changes

    def add_object(self, table: SourceTable) -> None:
        """Make the object of a table, or find it."""
        self._values[table.oid] = {"id": row_id(table)}
        made_before = self._made_before.get((table.table.name, ""))
        known = self._before.objects.get(made_before) if made_before else None
        if known is not None:
            self._objects[table.oid] = self.made[table.table.name, ""] = known.id
            self._note(table, f"is there already, as the object {known.name_singular}")
            return
        singular, plural = object_names(table.table.name, longest=_LONGEST_NAME)

        def build(number: int) -> CreateObject:
            return CreateObject(
                name_singular=_numbered(singular, number),
                name_plural=_numbered(plural, number),
                label_singular=derive_label(singular),
                label_plural=derive_label(plural),
                description=self._description(table, table.table.name, table.comment),
                skip_name_field=True,
            )

        made = self._model.apply_first(build)
        if made.name_singular != singular:
            self._note(table, f"the name {singular} is taken here, so that its object is called {made.name_singular}")
        elif is_respelled(table.table.name) or len(singular) == _LONGEST_NAME:
            self._note(table, f"its object is called {singular}")
        self._objects[table.oid] = self.made[table.table.name, ""] = made.id
        if not table.key:
            self._note(table, "has no primary key, so that the ids of its records are made up")

    def add_columns(self, table: SourceTable) -> None:
        """Make the fields of the columns that lead to no other table."""
        keys = {name for key in self._relations(table) for name in key.columns}
        for column in table.columns:
            if column.name not in keys and column.name not in table.left_out and not is_record_id(table, column):
                self._add_column(table, column)
        for constraint in table.constraints:
            if table.left_out.intersection(constraint.columns):
                continue
            if constraint.kind != "f":
                self._note(table, f"the constraint {constraint.name} is not taken over")
            elif constraint not in self._relations(table):
                self._note(table, f"the foreign key {constraint.name} {self._why_not(constraint)}")

    def add_relations(self, table: SourceTable) -> None:
        """Make the relations of the foreign keys."""
        for key in self._relations(table):
            self._add_relation(table, key)

    def add_indexes(self, table: SourceTable) -> None:
        """Make the indexes over several columns, and those that are not unique."""
        covered = {key.columns for key in self._relations(table)}
        for index in table.indexes:
            names = [self._fields.get((table.oid, name)) for name in index.columns]
            is_single = len(index.columns) == 1
            if index.is_plain and (index.columns in covered or (is_single and index.is_unique)):
                continue
            object_ = self._object(table)
            by_name = {field.name: field for field in object_.fields}
            fields = [by_name[name] for name in names if name is not None]
            if not index.is_plain or len(fields) < len(index.columns):
                if not index.is_primary:
                    self._note(table, f"the index {index.name} is not taken over")
                continue
            change = CreateIndex(
                object_id=object_.id, field_ids=tuple(field.id for field in fields), is_unique=index.is_unique
            )
            if any(_is_same(known, change) for known in self._before.indexes_of.get(object_.id, ())):
                continue
            try:
                self._model.apply(change)
            except InvalidChange as error:
                self._note(table, f"the index {index.name} is not taken over: {error.message}")

    @property
    def copies(self) -> list[RowCopy]:
        """The rows to copy, once the model is changed."""
        return list(map(self._copy_of, self._tables.values()))

    def _copy_of(self, table: SourceTable) -> RowCopy:
        object_ = self._object(table)
        fields = {field.name: field for field in object_.fields}
        values_of = self._values[table.oid]
        values = {fields[name].parts[0].column.name: value for name, value in values_of.items()}
        values |= {
            part.column.name: _CREATED_BY[part.name] for part in fields["createdBy"].parts if part.name in _CREATED_BY
        }
        before = self._before.objects.get(object_.id)
        new = [fields[name] for name in values_of if before and fields[name].id not in before.by_id]
        origins = [(column.name, self._fields.get((table.oid, column.name))) for column in table.columns]
        return RowCopy(
            source=table.table,
            only=table.has_children,
            object_id=object_.id,
            values=values,
            is_new=before is None,
            key=tuple(column.name for column in table.key),
            origins={fields[field].parts[0].column.name: name for name, field in origins if field in values_of},
            filled=tuple(field.parts[0].column.name for field in new),
        )

    def _add_column(self, table: SourceTable, column: SourceColumn) -> None:
        plan = plan_column(column)
        if plan is None:
            self._note(table, f"the column {column.name} is left out: there is nothing here for the type {column.type}")
            return
        if (known := self._known_field(table, column)) is not None:
            self._take_up(table, column, known, self._known_values(table, column, known, plan), fits=_fits(known, plan))
            return
        if is_surrogate(table, column) and not self._with_keys:
            self._note(
                table, f"the key {column.name} is left out, as it only counts; the ids of records are made of it"
            )
            return
        name = field_name(column.name)
        for note in plan.notes:
            self._note(table, f"the column {column.name}: {note}")
        is_time = name in _TIMES and column.base in _MOMENTS and not column.is_array
        if is_time and name not in self._values[table.oid]:
            value = plan.value if name == "deletedAt" else import_rows.or_now(plan.value)
            self._values[table.oid][name] = value
            self._fields[table.oid, column.name] = name
            return
        # The old key stays a field, as other systems may refer to records by it; new records need none.
        is_old_key = table.key == (column,)
        made = self._create_field(table, column, name, plan, is_nullable=is_old_key or is_counted(column))
        if made is not None:
            self._set(table, column, made, plan.value)

    def _create_field(
        self, table: SourceTable, column: SourceColumn, name: str, plan: ColumnPlan, *, is_nullable: bool
    ) -> CreateField | None:
        object_ = self._object(table)
        first = "sourceId" if name == "id" else name
        is_unique = table.is_unique([column.name]) and FIELD_TYPES[plan.type].can_be_unique
        is_required = not is_nullable and self._is_required(table, column, has_default=plan.default is not None)
        is_function = plan.default in FIELD_TYPES[plan.type].functions if isinstance(plan.default, str) else False

        def build(number: int) -> CreateField:
            called = _numbered(first, number)
            return CreateField(
                object_id=object_.id,
                name=called,
                label=derive_label(called),
                type=plan.type,
                description=self._description(table, column.name, column.comment),
                options=plan.options,
                settings=plan.settings,
                default=plan.default if not is_unique or (is_function and plan.type is FieldType.UUID) else None,
                is_nullable=not is_required,
                is_unique=is_unique,
            )

        made = self._try_field(table, column, build)
        if made is not None and made.name != name:
            self._note(table, f"the column {column.name} is the field {made.name}, as {name} is taken")
        elif made is not None and is_respelled(column.name):
            self._note(table, f"the column {column.name} is the field {name}")
        return made

    def _add_relation(self, table: SourceTable, key: SourceConstraint) -> None:
        (name,), target = key.columns, self._tables[key.target]
        column = table.column(name)
        object_, other = self._object(table), self._object(target)
        short = field_name(re.sub(r"(_id|_fk|Id|ID)$", "", name) or name)
        is_one_to_one = table.is_unique([name])
        on_delete = _ON_DELETE.get(key.on_delete, OnDelete.RESTRICT)
        value = import_rows.column(name)
        if [one.name for one in target.key] == list(key.target_columns) and is_exact(target.key[0]):
            found = row_id(target, [value])
        else:
            sought, type_ = key.target_columns[0], target.column(key.target_columns[0]).type
            # The operators of an extension's type stand beside it, maybe outside of the search path.
            beside = type_.rpartition(".")[0] if type_.endswith(".citext") else None
            found = import_rows.look_up(
                target.table, row_id(target, of="t"), sought, value, only=target.has_children, beside=beside
            )
        carried = import_rows.when_given(value, found)
        if (known := self._known_field(table, column)) is not None:
            ends = self.snapshot.relations.get(known.relation_id) if known.relation_id and known.parts else None
            self._take_up(table, column, known, carried, fits=ends is not None and ends.target_object_id == other.id)
            return
        is_required = self._is_required(table, column)
        if is_required and on_delete is OnDelete.SET_NULL:
            on_delete = OnDelete.RESTRICT
        rivals = [one for one in self._relations(table) if one.target == key.target]
        back = object_.name_singular if is_one_to_one else object_.name_plural
        inverse = back if len(rivals) == 1 else f"{back}By{short[0].upper()}{short[1:]}"

        def build(own: int, others: int) -> CreateField:
            return CreateField(
                object_id=object_.id,
                name=_numbered(short, own),
                label=derive_label(short),
                type=FieldType.RELATION,
                description=self._description(table, column.name, column.comment),
                settings={"onDelete": on_delete.value},
                is_nullable=not is_required,
                relation=NewRelation(
                    target_object_id=other.id,
                    target_field_label=derive_label(inverse),
                    target_field_name=_numbered(inverse, others),
                    type=RelationType.ONE_TO_ONE if is_one_to_one else RelationType.MANY_TO_ONE,
                ),
            )

        try:
            made = self._model.apply_first_relation(build)
        except InvalidChange as error:
            self._note(table, f"the column {column.name} is left out: {error.message}")
            return
        self._set(table, column, made, carried)
        if made.name != short:
            self._note(table, f"the column {column.name} is the relation {made.name}, as {short} is taken")
        elif is_respelled(name):
            self._note(table, f"the column {column.name} is the relation {short}")
        called = made.relation.target_field_name if made.relation else inverse
        if called != inverse:
            back = f"{other.name_singular}.{called}, as {inverse} is taken"
            self._note(table, f"the other end of the column {column.name} is {back}")

    def _set(self, table: SourceTable, column: SourceColumn, field: CreateField | Field, value: Term | None) -> None:
        """Note the field of a column, and the value copied into it."""
        self.made[table.table.name, column.name] = field.id
        self._fields[table.oid, column.name] = field.name
        if value is not None:
            self._values[table.oid][field.name] = value

    def _take_up(self, table: SourceTable, column: SourceColumn, known: Field, value: Term, *, fits: bool) -> None:
        """Have an existing field get the values of the rows to copy, if it still takes them."""
        self._set(table, column, known, value if fits else None)
        if not fits:
            self._note(table, f"the column {column.name} is the field {known.name}, which takes other values by now")

    def _known_field(self, table: SourceTable, column: SourceColumn) -> Field | None:
        made = self._made_before.get((table.table.name, column.name))
        return self._object(table).by_id.get(made) if made else None

    def _known_values(self, table: SourceTable, column: SourceColumn, known: Field, plan: ColumnPlan) -> Term:
        """Return the value for a field, NULL in the place of options that it has not got."""
        there = {option.value for option in known.options}
        missing = [option["value"] for option in plan.options or () if option["value"] not in there]
        if not missing or known.type is not plan.type:
            return plan.value
        end = "become NULL" if known.is_nullable else "are refused"
        said = f"the field {known.name} lacks the options {', '.join(missing)}, so that such values {end}"
        self._note(table, f"the column {column.name}: {said}; they come once it has them")
        return import_rows.unless(import_rows.is_one_of(plan.value, missing), plan.value)

    def _is_required(self, table: SourceTable, column: SourceColumn, *, has_default: bool = False) -> bool:
        """Return whether the field of a column can be required like the column: not if a record may be without it."""
        if column.becomes_null:
            self._note(table, f"the column {column.name} is optional here, as some of its values become NULL")
            return False
        if column.is_required and not has_default and self._objects[table.oid] in self._before.objects:
            self._note(table, f"the column {column.name} is optional here, as there may be records already")
            return False
        return column.is_required

    def _try_field(
        self, table: SourceTable, column: SourceColumn, build: Callable[[int], CreateField]
    ) -> CreateField | None:
        try:
            return self._model.apply_first(build)
        except InvalidChange as error:
            self._note(table, f"the column {column.name} is left out: {error.message}")
            return None

    def _relations(self, table: SourceTable) -> list[SourceConstraint]:
        """Return the foreign keys that become relations: of one column each, of which each column has one."""
        found: dict[str, SourceConstraint] = {}
        for one in table.constraints:
            is_chosen = not table.left_out.intersection(one.columns)
            if one.kind == "f" and len(one.columns) == 1 and one.target in self._tables and is_chosen:
                found.setdefault(one.columns[0], one)
        return list(found.values())

    def _why_not(self, key: SourceConstraint) -> str:
        if len(key.columns) > 1:
            return f"is of several columns ({', '.join(key.columns)}), which stay plain fields"
        return "leads to a table that is not imported" if key.target not in self._tables else "is one too many"

    def _object(self, table: SourceTable) -> Object:
        return self.snapshot.objects[self._objects[table.oid]]

    def _description(self, table: SourceTable, name: str, comment: str | None) -> str | None:
        fitted = None if comment is None else fit(comment, is_description=True)
        if fitted != comment:
            self._note(table, f"the comment on {name} is shortened, or has blanks for its control characters")
        return fitted

    def _note(self, table: SourceTable, text: str) -> None:
        self.notes.append(f"{table.table.name}: {text}")


def _is_same(index: Index, change: CreateIndex) -> bool:
    names = ("field_ids", "is_unique", "is_partial", "method", "sub_field")
    return all(getattr(index, name) == getattr(change, name) for name in names)


def _fits(field: Field, plan: ColumnPlan) -> bool:
    """Return whether a field can hold the values of a column."""
    return (field.type, field.settings.get("dataType")) == (plan.type, (plan.settings or {}).get("dataType"))


def _numbered(name: str, number: int) -> str:
    """Return a name that others than the first one get a number behind, cut to the length of names."""
    suffix = "" if number == 1 else str(number)
    return name[: MAXIMUM_BYTES - len(suffix)] + suffix
