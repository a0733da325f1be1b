"""The tree of a nested write: the verbs of relations in a request's data, for every request of its shape."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from fieldstone.engine.errors import ApiError, Forbidden, QueryTooComplex
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.nested import statements
from fieldstone.engine.planner.writes.nested.nodes import Branch, KeyPart, Lookup, Records, ToMany, ToOne
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.engine.planner.writes.nested.statements import Rows
from fieldstone.engine.planner.writes.nested.steps import Step
from fieldstone.engine.planner.writes.nested.verbs import (
    CONNECT,
    CONNECT_OR_CREATE,
    CREATE,
    DELETE,
    DISCONNECT,
    SET,
    UPDATE,
    refusal,
    spoken,
)
from fieldstone.engine.planner.writes.values.connects import link_end
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, OnDelete, RelationEnd, relation_end

MOST_LEVELS = 5
"""Levels of relations below a record's data."""

MOST_PLACES = 100
"""Places of the data that records are written in: each is a statement or several, whatever the number of records."""


def is_nested(context: PlanContext, object_: Object, sample: Rows, *, takes_over: bool = True) -> bool:
    """Return whether the data of records says more of a relation than a statement of their own can do.

    Args:
        context: the operation.
        object_: the object of the records.
        sample: their data.
        takes_over: a record is taken from its holder if a one-to-one relation connects it; else that is a conflict.
    """
    for row in sample:
        for name, value in row.items():
            field = object_.active.get(name)
            if field is None or field.relation_id is None or not isinstance(value, dict):
                continue
            verbs = spoken(value)
            end = relation_end(context.snapshot, field)
            is_taken = takes_over and field.is_unique
            if verbs and (end is None or not end.holds_key or is_taken or verbs - {CONNECT, DISCONNECT}):
                return True
    return False


@dataclass(slots=True)
class TreeBuilder:
    """Builds the tree of one root field."""

    context: PlanContext
    blame: Blame
    places: int = 0

    def records(
        self,
        object_: Object,
        sample: Rows,
        path: InputPath,
        *,
        creates: bool,
        level: int = 0,
        parent: Field | None = None,
        among: str | None = None,
        root: Callable[[Sequence[Field]], Records] | None = None,
        found: Sequence[Field] = (),
        is_one: bool = False,
    ) -> Records:
        """Return the plan of the records of one place, for data such as this.

        Args:
            object_: their object.
            sample: their data in the request being planned.
            path: the place, without indexes.
            creates: they are created, else changed.
            level: how many relations lead to the place.
            parent: the field by which they hang on other records, for those that do.
            among: the relation that leads to them from there.
            root: plans the statement of a root field's own records; takes relations to records that the request makes.
            found: relations to records that the request looks up.
            is_one: there is one record.

        Raises:
            QueryTooComplex: the data is nested too deeply, or has too many places.
            BadUserInput: the data cannot be written, whatever its values.
        """
        self._count(level)
        self.context.writes_more = True
        self.context.touch(object_)
        known = [*found, *([parent] if creates and parent is not None else [])]
        to_one: list[ToOne] = []
        to_many: list[ToMany] = []
        try:
            for field, values in _relations(object_, sample):
                end = link_end(self.context, field, self.blame.at(field.name))
                below = _Below(self, object_, field, end, values, path, creates=creates, level=level + 1)
                if end.to_one and (one := below.to_one()):
                    to_one.append(one)
                    if end.holds_key and (one.create or one.lookups):
                        known.append(field)
                elif not end.to_one:
                    to_many.append(below.to_many())
            holder = None if parent is None else parent.parts[0].column
            if root is not None:
                records = root(known)
            elif creates:
                records = statements.plan_create(self.context, object_, sample, self.blame, known, is_one=is_one)
            else:
                records = statements.plan_update(
                    self.context, object_, sample, self.blame, known, holder=holder, among=among
                )
        except ApiError as error:
            raise error if "input" in error.extensions else place_error(error, path) from None
        return replace(records, to_one=tuple(to_one), to_many=tuple(to_many))

    def _count(self, level: int) -> None:
        self.places += 1
        if level > MOST_LEVELS:
            raise QueryTooComplex(f"The data is nested deeper than {MOST_LEVELS} levels of relations.")
        if self.places > MOST_PLACES:
            raise QueryTooComplex(f"The data writes records in more than {MOST_PLACES} places of relations.")


def branch(build: Callable[[], Records]) -> Branch:
    """Return the plan of records that a look-up decides about, or the error of the role that may not write them."""
    try:
        return build()
    except Forbidden as error:
        return error


def _relations(object_: Object, sample: Rows) -> Iterator[tuple[Field, list[dict[str, JsonValue]]]]:
    """Yield the relations that the data has verbs for, each with its values."""
    for name, field in object_.active.items():
        if field.relation_id is not None:
            values = [row[name] for row in sample if isinstance(row.get(name), dict) and spoken(row[name])]
            if values:
                yield field, values


@dataclass(slots=True)
class _Below:
    """The building of the plan of one relation."""

    builder: TreeBuilder
    object_: Object
    field: Field
    end: RelationEnd
    values: Sequence[dict[str, JsonValue]]
    path: InputPath
    creates: bool
    level: int

    @property
    def context(self) -> PlanContext:
        """The operation."""
        return self.builder.context

    def given(self, verb: str) -> list[JsonValue]:
        """Return the values of a verb, of all records together."""
        found = [value[verb] for value in self.values if value.get(verb) not in (None, False)]
        items = [item for value in found for item in (value if isinstance(value, list) else [value])]
        return [item for item in items if item is not None]

    def says(self, *verbs: str) -> bool:
        """Return whether some record's data has one of these verbs."""
        return any(verb in spoken(value) for value in self.values for verb in verbs)

    def _records(
        self, verb: str, sample: Rows, *, creates: bool, parent: Field | None = None, found: Sequence[Field] = ()
    ) -> Records:
        return self.builder.records(
            self.end.target,
            sample,
            (*self.path, self.field.name, verb),
            creates=creates,
            level=self.level,
            parent=parent,
            among=self.field.name,
            found=found,
        )

    def to_one(self) -> ToOne | None:
        """Return the plan of a to-one relation; None where the record's own statement does all."""
        end, holds_key = self.end, self.end.holds_key
        connects = self.says(CONNECT) and (not holds_key or self.field.is_unique)
        if not connects and holds_key and not self.says(CREATE, CONNECT_OR_CREATE, UPDATE):
            return None
        child = None if holds_key else end.target_field
        missing = [value["create"] for value in self.given(CONNECT_OR_CREATE)]
        updates = self.given(UPDATE) if not self.creates else []
        if updates and holds_key:
            self._check_read(self.object_, self.field)
        return ToOne(
            field=self.field,
            key_name=self.field.key_name,
            end=end,
            create=self._records(CREATE, self.given(CREATE), creates=True, parent=child) if self.says(CREATE) else None,
            create_missing=branch(lambda: self._records(CONNECT_OR_CREATE, missing, creates=True, parent=child))
            if missing
            else None,
            lookups=self._lookups(end.target, *([CONNECT] if connects else []), CONNECT_OR_CREATE),
            finds_connected=connects,
            seek=self._seek() if updates else None,
            update=self._records(UPDATE, updates, creates=False, parent=child) if updates else None,
            release=self._release(),
            move=statements.plan_move(self.context, end.target, end.target_field)
            if child is not None and self.says(CONNECT, CONNECT_OR_CREATE)
            else None,
        )

    def _lookups(self, target: Object, *verbs: str) -> dict[tuple[str, ...], Lookup]:
        """Return the look-ups by unique keys that the data of these verbs asks for."""
        found: dict[tuple[str, ...], Lookup] = {}
        keyed = [(verb, one) for verb in verbs for one in self.given(verb) if isinstance(one, dict)]
        for verb, one in keyed:
            if "where" not in one or (verb != CONNECT_OR_CREATE and len(one) > 1):
                # The scalar does not look into a literal that holds a variable.
                form = "must be the id of a record, or { where: { <a unique field>: <its value> } }"
                raise refusal(f"'{verb}' {form}.", (*self.path, self.field.name, verb))
            where = one["where"]
            names = tuple(sorted(where)) if isinstance(where, dict) else ()
            if names not in found:
                found[names] = self._lookup(target, names, (*self.path, self.field.name, verb, "where"))
        return found

    def _lookup(self, target: Object, names: tuple[str, ...], path: InputPath) -> Lookup:
        self.context.indexes[target.id] = self.context.snapshot.indexes_of.get(target.id, ())
        known = unique_keys(self.context.snapshot, target)
        key = next((key for key in known if sorted(field.member_name for field in key) == [*names]), None)
        if key is None:
            listed = " or ".join(f"{{ {' '.join(field.member_name for field in one)} }}" for one in known)
            raise refusal(
                f"'where' takes all fields of one unique key of {target.type_name}, and no others: {listed}.", path
            )
        parts = [(field, part) for field in key for part in field.unique_parts]
        step = statements.plan_find(self.context, target, [(part.column,) for _, part in parts], action=CONNECT)
        return Lookup(
            step=step,
            parts=tuple(
                KeyPart(field.member_name, part.name if field.is_composite else None, part.scalar.coerce)
                for field, part in parts
            ),
        )

    def _check_read(self, holder: Object, key: Field) -> None:
        """Check that the role reads the key by which a verb finds records, in all records that hold it.

        Raises:
            Forbidden: it does not, and the records written would tell it.
        """
        if not holder.shows(key):
            raise Forbidden(
                f"The role '{self.context.role_name}' does not read '{key.name}' in all {holder.label_plural}, and may"
                f" not write records by '{self.field.name}'.",
                field=self.field.name,
                path=self.builder.blame.path,
            )

    def _seek(self) -> Step:
        if self.end.holds_key:
            column = self.end.foreign_key.column
            return statements.plan_find(self.context, self.object_, [(self.object_.key,)], result=column)
        return statements.plan_find(self.context, self.end.target, [(self.end.foreign_key.column,)])

    def _release(self) -> Step | None:
        """Return the step that empties the keys in the way of a one-to-one relation's new link."""
        end = self.end
        holder, key = (self.object_, self.field) if end.holds_key else (end.target, end.target_field)
        if not key.is_nullable:
            return None
        if end.holds_key:
            if not (self.field.is_unique and self.says(CONNECT, CONNECT_OR_CREATE)):
                return None
            if not self.object_.shows(self.field):
                # The record that loses its key would tell the role that it held it: the database refuses a taken one.
                return None
        elif self.creates:
            return None
        try:
            return statements.plan_keep(self.context, holder, key, holder.key, deletes=False)
        except Forbidden:
            if not end.holds_key and self.says(DISCONNECT):
                raise
            # Nothing may be in the way, and the database refuses a key that is taken.
            return None

    def to_many(self) -> ToMany:
        """Return the plan of a to-many relation."""
        end, context, target = self.end, self.context, self.end.target
        holder, child = end.foreign_key.column, end.target_field
        far = _far_field(context, end)
        if far is not None and not self.creates and self.says(CONNECT, SET, DISCONNECT, UPDATE, DELETE):
            self._check_read(target, far)
        named = target if far is None else link_end(context, far, self.builder.blame.at(far.name)).target
        lookups = self._lookups(named, CONNECT, SET)
        changes = not self.creates
        moves = self.says(CONNECT, SET)
        links = [{far.key_name: "id"}] if far is not None else []
        updates = [value["data"] for value in self.given(UPDATE)] if changes else []
        kept = target.key if far is None else far.parts[0].column
        can_leave = child.is_nullable or far is not None
        leaves = self.says(DISCONNECT) or (far is not None and self.says(DELETE))
        return ToMany(
            field=self.field,
            end=end,
            named=named,
            lookups=lookups,
            far=far,
            find=statements.plan_find(context, target, [(holder,), (kept, target.key)])
            if far is not None and (changes or lookups)
            else None,
            detach=statements.plan_leave(context, target, child, among=self.field.name, deletes=far is not None)
            if changes and leaves and can_leave
            else None,
            keep=statements.plan_keep(context, target, child, kept, deletes=far is not None)
            if changes and self.says(SET) and can_leave
            else None,
            update=self._records(UPDATE, updates, creates=False, parent=child) if updates else None,
            remove=statements.plan_leave(context, target, child, among=self.field.name, deletes=True)
            if changes and self.says(DELETE) and far is None
            else None,
            move=statements.plan_move(context, target, child) if moves and far is None else None,
            connect=self._records(CONNECT, links, creates=True, parent=child, found=[far] if lookups else ())
            if moves and far is not None
            else None,
            create=self._records(CREATE, self.given(CREATE), creates=True, parent=child) if self.says(CREATE) else None,
        )


def _far_field(context: PlanContext, end: RelationEnd) -> Field | None:
    """Return the other relation of an object that links two others, None where the target is no such object.

    Its two keys are required, unique together, and its records go with either of those that they link.
    """
    target, near = end.target, end.target_field
    context.indexes[target.id] = context.snapshot.indexes_of.get(target.id, ())
    for index in context.indexes[target.id]:
        if not index.is_unique or len(index.field_ids) != 2 or near.id not in index.field_ids:
            continue
        (other_id,) = {*index.field_ids} - {near.id}
        other = target.by_id[other_id]
        if _is_link(context, near) and _is_link(context, other) and other.is_active:
            return other
    return None


def _is_link(context: PlanContext, field: Field) -> bool:
    if field.relation_id is None or field.is_nullable:
        return False
    return context.snapshot.relations[field.relation_id].on_delete is OnDelete.CASCADE
