"""A root field of Mutation: the statements that write it, and those that read its answer."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.access.write_rights import FREE as UNRESTRICTED
from fieldstone.engine.planner.access.write_rights import admit_change, find_rights, judge, plan_deferred
from fieldstone.engine.planner.answer_size import written_bytes_to_count
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import (
    Blame,
    Tree,
    arguments_of,
    required_argument,
)
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.context import ParameterList, PlanContext, readable, readable_by
from fieldstone.engine.planner.cost import price_of_record
from fieldstone.engine.planner.price import FREE, affordable, limit_offsets
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.writes.creates import (
    CreateInput,
    build_create,
    build_create_one,
    is_known,
    left_out,
    marks_key,
)
from fieldstone.engine.planner.writes.events import ACTIONS, event_target, touched_at
from fieldstone.engine.planner.writes.faults import build_faults, key_fields
from fieldstone.engine.planner.writes.meant_records import Meant, find_expected, meant_by_filter, meant_by_name
from fieldstone.engine.planner.writes.nested.certain import plan_certain
from fieldstone.engine.planner.writes.nested.nodes import Records
from fieldstone.engine.planner.writes.nested.plan import PlannedNested, find_records
from fieldstone.engine.planner.writes.nested.updates import UPDATES, UpdatesInput, build_updates
from fieldstone.engine.planner.writes.nested.upserts import UpsertTree, plan_upsert_tree
from fieldstone.engine.planner.writes.planned import (
    PlannedWrite,
    compile_write,
    is_in_row,
    plan_read_back,
)
from fieldstone.engine.planner.writes.removal import plan_removal
from fieldstone.engine.planner.writes.upserts import OnConflict, build_upsert, find_on_conflict, upsert_record
from fieldstone.engine.planner.writes.values.assignments import build_assignments
from fieldstone.engine.planner.writes.values.column_changes import build_column_changes
from fieldstone.engine.planner.writes.values.connects import name_reference
from fieldstone.engine.schema.values.value_changes import Argument
from fieldstone.metadata.api_names import MutationRoot, Verb
from fieldstone.metadata.model import Field
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.write import WritePlan
from fieldstone.sql.plan.writes.apart import is_apart
from fieldstone.sql.plan.writes.changes import Delete, Expected, Update
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Now, Null, Reference
from fieldstone.sql.plan.writes.inserts import Insert, InsertOne
from fieldstone.sql.plan.writes.upserts import Upsert

RIGHTS = {
    Verb.CREATE: Action.CREATE,
    Verb.UPSERT: Action.CREATE,
    Verb.UPDATE: Action.UPDATE,
    Verb.DELETE: Action.DELETE,
    Verb.RESTORE: Action.RESTORE,
    Verb.DESTROY: Action.DESTROY,
}
"""The action that a role needs a right to; the update of an upsert's record needs another one."""


class RootField:
    """The planning of one root field."""

    def __init__(self, context: PlanContext, root: MutationRoot, selected: Selected) -> None:
        self.context = context
        self.root = root
        self.selected = selected
        self.object_ = context.touch(root.object)
        self.path: AnswerPath = (selected.key,)
        self.price = FREE
        self.limit = context.limits.bulk
        self.key: tuple[str, ...] = ()
        self.changed: tuple[tuple[str, Argument], ...] = ()
        self.judged = self.judged_change = UNRESTRICTED

    def plan(self) -> PlannedWrite | PlannedNested:
        """Return the plan; raise ApiError where an argument is refused."""
        return self._nested() or self._flat()

    def _nested(self) -> PlannedNested | None:
        """Return the plan of a field whose data writes the records of relations too."""
        verb, is_update = self.root.verb, self.root.verb is Verb.UPDATE
        if verb not in {Verb.CREATE, Verb.UPSERT, Verb.UPDATE}:
            return None
        data: CreateInput | UpdatesInput
        tree: Records | UpsertTree | None
        root: PlannedWrite | None = None
        arguments = arguments_of(self.selected.nodes[0], self.context.variables)
        if is_update and self.root.many and self._names(UPDATES):
            data = UpdatesInput(tree=self._argument(UPDATES, whole=True), blame=self._blame(UPDATES))
            data.check_alone(arguments)
            tree = build_updates(self.context, self.object_, data)
        elif is_update and not self._names("data"):
            return None
        else:
            many = self.root.many and not is_update
            data = CreateInput(tree=self._argument("data", whole=True), many=many, blame=self._blame("data"))
            if not is_update and (conflict := self._find_conflict()) is not None:
                tree = plan_upsert_tree(self.context, self.object_, data, conflict, self.selected.name)
            else:
                found = find_records(self.context, self.object_, data, self._flat if is_update else None)
                tree, root = found or (None, None)
                self._check_nested(tree)
            if tree is None:
                return None
        read_back = self._read_back()
        certain = None
        if isinstance(tree, Records) and tree.creates and isinstance(data, CreateInput):
            certain = plan_certain(self.context, tree, data, self.price, self._record)
        return PlannedNested(
            key=self.selected.key,
            path=self.path,
            location=self.selected.location,
            object_=self.object_,
            verb=verb,
            many=self.root.many,
            tree=tree,
            data=data,
            root=root,
            target=arguments.get("id") if is_update else None,
            read_back=read_back,
            price=self.price,
            limit=self.context.limits.bulk,
            certain=certain,
        )

    def _names(self, name: str) -> bool:
        """Return whether the document gives an argument, if only by an absent variable."""
        return any(node.name.value == name for node in self.selected.nodes[0].arguments or ())

    def _find_conflict(self) -> OnConflict | None:
        always = self.root.verb is Verb.UPSERT
        return find_on_conflict(self.selected, self.context, self.path, always=always)

    def _check_nested(self, records: Records | None) -> None:
        """Check that the field may write records of relations."""
        blame, name = self._blame("data"), self.selected.name
        if records and self.root.many and self.root.verb is Verb.UPDATE and not records.is_shareable:
            raise blame.error(
                f"'{name}' changes many records alike: its data may connect them to one record, which it may create,"
                " and disconnect them, but do nothing that each of them needs records of its own for."
            )

    def _flat(self, known: Sequence[Field] | None = None) -> PlannedWrite:
        """Return the plan of one statement; `known`, in a nested write, are relations to records that it makes."""
        self.context.parameters = ParameterList()
        match self.root.verb:
            case Verb.CREATE | Verb.UPSERT:
                plan: WritePlan = self._insert()
            case Verb.DESTROY:
                plan = self._delete()
            case _:
                plan = self._update(known)
        if plan.record is not None:
            plan = replace(plan, most_bytes=self._most_bytes(plan.record))
        # A nested write runs the statement with others, and reads their rows itself.
        is_one = known is None and not self.root.many
        compiled = compile_write(plan, self.context.parameters, is_one=is_one)
        read_back = None if plan.record is not None or known is not None else self._read_back()
        references = () if isinstance(plan, Delete) else plan.references
        deferred = plan_deferred(self.context, self.object_, RIGHTS[self.root.verb], self.judged)
        deferred_change = plan_deferred(self.context, self.object_, Action.UPDATE, self.judged_change)
        faults = build_faults(self.context, self.object_, plan) if isinstance(plan, Insert | Upsert) else None
        return PlannedWrite(
            key=self.selected.key,
            path=self.path,
            location=self.selected.location,
            object_=self.object_,
            verb=self.root.verb,
            many=self.root.many,
            write=compiled.write,
            read_back=read_back,
            removal=plan_removal(self.context, self.object_) if isinstance(plan, Delete) else {},
            limit=self.limit,
            price=self.price,
            is_dear=not self.key and self.limit < self.context.limits.bulk,
            key_fields=self.key,
            references=tuple(name_reference(self.context.snapshot, self.object_, one) for one in references),
            keys=key_fields(self.object_, faults.keys if faults else ()),
            faults=faults,
            row=compiled.row,
            event=compiled.event,
            changed=tuple(name for name, _ in self.changed),
            deferred=deferred,
            deferred_change=deferred_change,
        )

    def _blame(self, field: str) -> Blame:
        return Blame(field=field, path=self.path)

    def _argument(self, name: str, *, whole: bool = False) -> Tree:
        if not self._names(name):
            raise self._blame(name).error(f"'{self.selected.name}' lacks the argument '{name}'{self._instead()}.")
        node, blame = self.selected.nodes[0], self._blame(name)
        tree = required_argument(node, self.context.variables, blame, whole=whole)
        if tree is None:
            raise blame.error(f"'{name}' must not be null.")
        return tree

    def _instead(self) -> str:
        return f", or '{UPDATES}'" if self.root.verb is Verb.UPDATE and self.root.many else ""

    def _record(self) -> Record:
        if self.root.verb is Verb.UPSERT:
            return upsert_record(self.context, self.object_, self.selected, self.path)
        return build_record(self.context, self.object_, self.selected, self.path)

    def _written_record(self, *, is_alone: bool = False) -> Record | None:
        """Return the record where it can be answered from the rows written, before anyone can read them.

        The statement that writes does not see its own rows: connections, and hops to the table itself, are read back;
        one that `is_alone` sees no other rows at all.
        """
        if self.object_.guarded:
            # The rows written have none of the guarded columns that reads compute.
            return None
        roll_back = self.context.parameters.savepoint()
        record = self._record()
        if is_in_row(record, self.object_.table, is_alone=is_alone):
            return record
        roll_back()
        return None

    def _read_back(self) -> BoundStatement:
        is_upsert, key = self.root.verb is Verb.UPSERT, self.selected.key
        bound, self.price, _ = plan_read_back(
            self.context, self.object_, key, self._record, times=self._times, tells_created=is_upsert
        )
        return bound

    @property
    def _times(self) -> int:
        """How many records the answer may have."""
        return self.limit if self.root.many else 1

    def _most_bytes(self, record: Record) -> int | None:
        return written_bytes_to_count(record, times=self._times, most=self.context.limits.response_bytes)

    def _event(self) -> EventTarget:
        return event_target(self.context, self.object_, ACTIONS[self.root.verb])

    def _insert(self) -> Insert | InsertOne | Upsert:
        data = CreateInput(tree=self._argument("data", whole=True), many=self.root.many, blame=self._blame("data"))
        if (conflict := self._find_conflict()) is not None:
            upsert, judged = build_upsert(self.context, self.object_, data, conflict, self._blame("onConflict"))
            self.judged, self.judged_change = judged.creation, judged.change
            return replace(upsert, record=self._written_record())
        context, object_ = self.context, self.object_
        rights = find_rights(context, object_, Action.CREATE, data.blame)
        if not self.root.many:
            values, references, marks = build_create_one(context, object_, data, rights)
            left = left_out(object_, [one.column for one in values], references)
            self.judged = judge(context, rights, marks=marks)
            insert = InsertOne(
                table=object_.table,
                key=object_.key,
                values=values,
                references=references,
                rights=self.judged.rights,
                defaults=left,
                is_whole=is_known(object_, left),
                event=self._event(),
                record=None,
            )
            # Its statement tells no id beside the record, and the check asks for one.
            is_read_back = self.judged.deferred
            return insert if is_read_back else replace(insert, record=self._written_record(is_alone=is_apart(insert)))
        columns, references, rows = build_create(context, object_, data, rights)
        self.judged = judge(context, rights, marks=marks_key(rights))
        return Insert(
            table=object_.table,
            key=object_.key,
            columns=columns,
            rows=rows,
            references=references,
            rights=self.judged.rights,
            defaults=left_out(object_, columns, references) if self.judged.rights else (),
            event=self._event(),
            record=self._written_record(),
        )

    def _update(self, known: Sequence[Field] | None) -> Update:
        verb = self.root.verb
        meant = self._meant(deleted=verb is Verb.RESTORE)
        rights = find_rights(self.context, self.object_, RIGHTS[verb], self._blame("data"))
        ways = None
        references: tuple[Reference, ...] = ()
        assignments: tuple[Assignment, ...] = ()
        if verb is Verb.UPDATE:
            blame = self._blame("data")
            changes = build_column_changes(self.context, self.object_, self.selected, self.path)
            data = self._argument("data") if self._names("data") or not changes.assignments else {}
            preset: Collection[UUID] = ()
            if rights is not None and rights.admission is not None:
                admitted = admit_change(self.context, rights.admission, data, [name for name, _ in changes.sources])
                data, ways, preset = admitted.complete(data), admitted.ways, admitted.preset_ids
            assignments, references = build_assignments(self.context, self.object_, data, blame, known or (), preset)
            changes.check_apart_from(assignments, self.object_, self.path)
            self.changed = changes.sources
            assignments = (*changes.assignments, *assignments)
        elif self.object_.deleted_at is not None:
            assignments = (Assignment(column=self.object_.deleted_at, value=Now() if verb is Verb.DELETE else Null()),)
        self.judged = judge(self.context, rights, ways=ways)
        return Update(
            table=readable_by(self.context, self.object_, meant.condition),
            key=self.object_.key,
            condition=meant.condition,
            ids=meant.ids,
            must_match=bool(self.key),
            limit=self.limit if self.root.many else 1,
            rights=self.judged.rights,
            assignments=(*assignments, *touched_at(self.object_)),
            references=references,
            expected=self._expected(),
            event=self._event(),
            record=self._written_record() if known is None else None,
        )

    def _expected(self) -> Expected | None:
        return None if self.root.many else find_expected(self.context, self.object_, self.selected, self.path)

    def _delete(self) -> Delete:
        meant = self._meant(deleted=None)
        expected = self._expected()
        self.judged = judge(self.context, find_rights(self.context, self.object_, Action.DESTROY, self._blame("id")))
        record = self._record()
        self.price = price_of_record(record, self.selected.key, self.context.parameters)
        cost = self.context.limits.cost
        if self.root.many:
            # The answer is read while the records are removed: how many they may be must be known beforehand.
            self.limit = affordable(self.price, cost, self.context.limits.bulk)
        limit_offsets(self.price, cost, self.context.parameters, times=self._times)
        return Delete(
            table=readable(self.context, self.object_),
            key=self.object_.key,
            condition=meant.condition,
            ids=meant.ids,
            must_match=bool(self.key),
            limit=self.limit if self.root.many else 1,
            rights=self.judged.rights,
            expected=expected,
            event=self._event(),
            record=record,
        )

    def _meant(self, *, deleted: bool | None) -> Meant:
        """Return the records that are meant; one that a key names is the only one."""
        if self.root.many:
            return meant_by_filter(
                self.context, self.object_, self._argument("filter"), self._blame("filter"), deleted=deleted
            )
        meant = meant_by_name(self.context, self.object_, self.selected, self.path, deleted=deleted)
        if meant.key:
            self.key, self.limit = meant.key, 1
        return meant
