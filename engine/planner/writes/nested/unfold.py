"""The rows of a nested write: a request's data, taken apart into the steps of its plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.planner.access.admission import MadeId
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.nested.nodes import Branch, Item, Records, ToMany, ToOne
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.engine.planner.writes.nested.steps import BoundStep, Found, InputRow, RowValue, Step, When
from fieldstone.engine.planner.writes.nested.targets import Sought, Target, check_once, read_targets
from fieldstone.engine.planner.writes.nested.verbs import (
    CONNECT,
    CONNECT_OR_CREATE,
    CREATE,
    DELETE,
    DISCONNECT,
    NEEDS_RECORD,
    SET,
    UPDATE,
    Said,
    read_id,
    read_to_many,
    read_to_one,
    refusal,
)
from fieldstone.metadata.ids import new_id_text
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field


@dataclass(slots=True, kw_only=True)
class Unfolding:
    """The unfolding of one root field's data.

    Attributes:
        most: how many records it may name.
        steps: the steps so far.
    """

    bindings: Bindings
    most: int
    steps: list[BoundStep] = field(default_factory=list)
    _named: int = 0

    def records(self, plan: Branch | None, items: Sequence[Item]) -> None:
        """Add the steps that write records of one place, and those that they are related to.

        Raises:
            BadUserInput: a value is refused, or there are too many records; `extensions.input` is the place.
            Forbidden: the role may not write one of them, whatever a look-up says; likewise.
        """
        if plan is None or not items:
            return
        self._count(len(items), items[0].path)
        if isinstance(plan, Forbidden):
            for item in items:
                _refuse(item, Forbidden(plan.message))
            return
        for one in plan.to_one:
            _UnfoldingToOne(self, plan, one).find_targets(items)
        items, rows = self._write(plan, items)
        founds = [item.id for item in items if isinstance(item.id, Found)] if plan.step.is_root else ()
        written = [InputRow(row, item.path, item.when) for row, item in zip(rows, items, strict=True)]
        self.add(plan.step, written, founds)
        for one in plan.to_one:
            _UnfoldingToOne(self, plan, one).write_targets(items)
        for many in plan.to_many:
            _UnfoldingToMany(self, plan, many).write(items)

    def _write(self, plan: Records, items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Sequence[RowValue]]]:
        """Return the rows of records, each behind its own, without those that are refused if a look-up says so."""
        try:
            return items, plan.write(items, self.bindings)
        except (BadUserInput, Forbidden) as error:
            item = items[error.extensions.pop("index")]
            if isinstance(error, BadUserInput) or item.when is None:
                raise place_error(error, item.path) from None
            if len(items) == 1:
                _refuse(item, error)
                return (), ()
        written = [self._write(plan, [item]) for item in items]
        return [item for kept, _ in written for item in kept], [row for _, rows in written for row in rows]

    def add(self, step: Step | None, rows: Sequence[InputRow], founds: Sequence[Found] = ()) -> None:
        """Add a step with these rows, if there are any."""
        if step is None or not rows:
            return
        given = None
        if not any(True for row in rows for _ in row.founds()):
            given = step.encode([[*row.values] for row in rows])
        self.steps.append(BoundStep(step, rows, founds, given))

    def look_up(self, sought: Sought) -> None:
        """Add the steps that look records up."""
        for step, rows, founds in sought.steps():
            self.add(step, rows, founds)

    def _count(self, number: int, path: InputPath) -> None:
        self._named += number
        if self._named > self.most:
            raise refusal(f"A request may write at most {self.most} records, those of its relations included.", path)

    def count_named(self, rows: Sequence[object], path: InputPath) -> None:
        """Count records that are named without data of their own.

        Raises:
            BadUserInput: there are too many.
        """
        if rows:
            self._count(len(rows), path)


def new_item(data: Mapping[str, JsonValue], path: InputPath, when: When | None = None) -> Item:
    """Return a record to create, whose id is made here unless its data has one."""
    given = data.get("id")
    is_made = given is None or isinstance(given, MadeId)
    id_ = given or MadeId(new_id_text()) if is_made else read_id(given, (*path, "id"))
    return Item(id=id_, data={**data, "id": id_}, path=path, when=when)


def _refuse(item: Item, error: Forbidden) -> None:
    """Refuse a record: at once, or where the look-up that it depends on says that it is written."""
    place_error(error, item.path)
    if item.when is None:
        raise error
    item.when.refuse(error)


@dataclass(slots=True)
class _UnfoldingToOne:
    """The verbs of one to-one relation."""

    unfolding: Unfolding
    plan: Records
    relation: ToOne

    def find_targets(self, items: Sequence[Item]) -> None:
        """Find or make the targets that the records then lead to by a key of their own."""
        if not self.relation.end.holds_key:
            return
        said = self._read(items)
        created = [(item, new_item(one.value, one.path, item.when)) for item, one in _with(said, CREATE)]
        for item, target in created:
            item.links[self.relation.field.name] = target.id
        self.unfolding.records(self.relation.create, [target for _, target in created])
        releases = [
            InputRow((read_id(one.value, one.path), item.id), one.path, item.when)
            for item, one in _with(said, CONNECT)
            if isinstance(one.value, str) and self.relation.release
        ]
        for item, one, found in self._look_up(said):
            item.links[self.relation.field.name] = found
            releases.append(InputRow((found, item.id), one.path, item.when))
        self.unfolding.add(self.relation.release, releases)

    def write_targets(self, items: Sequence[Item]) -> None:
        """Update the targets, and write those that hold the key."""
        said = self._read(items)
        if not self.relation.end.holds_key:
            self._hang(said)
        updated: list[Item] = []
        sought: list[tuple[InputRow, Found]] = []
        for item, one in _with(said, UPDATE):
            if self.plan.creates:
                raise refusal(f"'{self.relation.field.name}' cannot be updated: the record is only created.", one.path)
            found = Found(missing=f"'{self.relation.field.name}' leads to no record to update.")
            sought.append((InputRow((item.id,), one.path, item.when), found))
            parent = None if self.relation.end.holds_key else item.id
            updated.append(Item(id=found, data=one.value, path=one.path, parent=parent, when=item.when))
        self.unfolding.add(self.relation.seek, [row for row, _ in sought], [found for _, found in sought])
        self.unfolding.records(self.relation.update, updated)

    def _hang(self, said: Sequence[tuple[Item, Said]]) -> None:
        """Make targets that hold the key hang on the records, in the place of those that do."""
        relation, unfolding = self.relation, self.unfolding
        child = relation.end.target_field
        released: list[InputRow] = []
        moved: list[InputRow] = []
        for item, one in said:
            match one:
                case Said(verb="create" | "disconnect"):
                    if one.verb == DISCONNECT and not child.is_nullable:
                        raise _required(relation.field.name, child.name, relation.end.target.label_singular, one.path)
                    released.append(InputRow((item.id, None), one.path, item.when))
                case Said(verb="connect", value=str()):
                    id_ = read_id(one.value, one.path)
                    released.append(InputRow((item.id, id_), one.path, item.when))
                    moved.append(InputRow((id_, item.id, ""), one.path, item.when))
        missing: list[tuple[Item, Said, Found]] = []
        for item, one, found in self._look_up(said, hangs=missing):
            released.append(InputRow((item.id, found), one.path, item.when))
            when = When(found, is_there=True) if one.verb == CONNECT_OR_CREATE else item.when
            moved.append(InputRow((found, item.id, ""), one.path, when))
        unfolding.add(relation.release, released)
        unfolding.add(relation.move, moved)
        created = [
            _child(relation, item, new_item(one.value, one.path, item.when)) for item, one in _with(said, CREATE)
        ]
        unfolding.records(relation.create, created)
        unfolding.records(
            relation.create_missing,
            [_child(relation, item, self._missing_item(one, found)) for item, one, found in missing],
        )

    def _look_up(
        self, said: Sequence[tuple[Item, Said]], *, hangs: "list[tuple[Item, Said, Found]] | None" = None
    ) -> list[tuple[Item, Said, Found]]:
        """Look up the records that are named by a unique key, and make those that must be made.

        Where the target holds the key, those to make are noted in `hangs`.
        """
        name, lookups = self.relation.field.name, self.relation.lookups
        sought = Sought(lookups)
        found: list[tuple[Item, Said, Found]] = []
        missing: list[tuple[Item, Said, Found]] = []
        for item, one in said:
            if one.verb == CONNECT_OR_CREATE:
                where, made = one.value["where"], one.value["create"].get("id")
                target = Found(
                    made=MadeId(new_id_text()) if made is None else read_id(made, (*one.path, "create", "id"))
                )
                missing.append((item, one, target))
            elif one.verb == CONNECT and isinstance(one.value, dict) and self.relation.finds_connected:
                where = one.value["where"]
                label = self.relation.end.target.label_singular
                target = Found(missing=f"There is no {label} to connect '{name}' to.")
            else:
                continue
            sought.add(where, target, one.path, item.when)
            found.append((item, one, target))
        self.unfolding.look_up(sought)
        if hangs is None:
            created = [self._missing_item(one, target) for _, one, target in missing]
            self.unfolding.records(self.relation.create_missing, created)
        else:
            hangs += missing
        return found

    def _missing_item(self, one: Said, found: Found) -> Item:
        data = {**one.value["create"], "id": found.made}
        return new_item(data, (*one.path, "create"), When(found, is_there=False))

    def _read(self, items: Sequence[Item]) -> list[tuple[Item, Said]]:
        relation = self.relation
        read = ((item, read_to_one(relation.field, relation.key_name, item.data, item.path)) for item in items)
        return [(item, one) for item, one in read if one is not None]


@dataclass(slots=True)
class _UnfoldingToMany:
    """The verbs of one to-many relation."""

    unfolding: Unfolding
    plan: Records
    relation: ToMany

    def write(self, items: Sequence[Item]) -> None:
        """Write the records that hang on these, or shall."""
        relation, unfolding = self.relation, self.unfolding
        said = [(item, one) for item in items for one in self._read(item)]
        label = relation.named.label_singular
        sought, missing = Sought(relation.lookups), f"There is no {label} to connect '{relation.field.name}' to."
        named = {
            verb: [target for item, one in _with(said, verb) for target in read_targets(item, one, sought, missing)]
            for verb in (DISCONNECT, SET, UPDATE, DELETE, CONNECT)
        }
        for targets in named.values():
            unfolding.count_named(targets, targets[0].path if targets else ())
        check_once(named.values())
        unfolding.look_up(sought)
        links = self._find_links({verb: named[verb] for verb in (DISCONNECT, UPDATE, DELETE)})
        unfolding.add(relation.detach, [self._leaving(links, one) for one in named[DISCONNECT]])
        if relation.far is not None:
            unfolding.add(relation.detach, [self._leaving(links, one) for one in named[DELETE]])
        kept = [InputRow((item.id, None), one.path, item.when) for item, one in _with(said, SET)]
        parents = {id(item) for item, _ in _with(said, SET)}
        connects = [*named[SET], *named[CONNECT]]
        kept += [
            InputRow((one.item.id, one.id), one.path, one.item.when) for one in connects if id(one.item) in parents
        ]
        unfolding.add(relation.keep, kept)
        changes = [change for _, one in _with(said, UPDATE) for change in one.value]
        updates = [
            Item(
                id=links.get(one.key, one.id),
                data=change["data"],
                path=(*one.path, "data"),
                parent=one.item.id,
                when=one.item.when,
            )
            for one, change in zip(named[UPDATE], changes, strict=True)
        ]
        unfolding.records(relation.update, updates)
        unfolding.add(relation.remove, [self._leaving(links, one) for one in named[DELETE]])
        moved = [InputRow((one.id, one.item.id, ""), one.path, one.item.when) for one in connects]
        unfolding.add(relation.move, moved)
        if (far := relation.far) is not None:
            # The other verbs may have made a link lead to another record.
            links = self._find_links({verb: named[verb] for verb in (SET, CONNECT)})
            unfolding.records(relation.connect, [self._link(far, links, one) for one in connects])
        created = [
            _child(relation, item, new_item(data, (*one.path, index), item.when))
            for item, one in _with(said, CREATE)
            for index, data in enumerate(one.value)
        ]
        unfolding.records(relation.create, created)

    def _read(self, item: Item) -> Sequence[Said]:
        relation = self.relation
        said = read_to_many(relation.field, item.data, item.path)
        for one in said:
            if self.plan.creates and one.verb in NEEDS_RECORD:
                raise refusal(
                    f"'{relation.field.name}' has nothing to {one.verb}: the record is only created.", one.path
                )
            if one.verb in {DISCONNECT, SET} and not self.plan.creates and relation.keep is relation.detach is None:
                child = relation.end.target_field
                raise _required(relation.field.name, child.name, relation.end.target.label_singular, one.path)
        return said

    def _find_links(self, named: Mapping[str, Sequence[Target]]) -> dict[tuple[int, str | int], Found]:
        """Look up the records that link to those named, by the keys of these."""
        relation = self.relation
        if relation.find is None:
            return {}
        links: dict[tuple[int, str | int], Found] = {}
        rows: list[InputRow] = []
        for verb, targets in named.items():
            for one in targets:
                if verb in NEEDS_RECORD:
                    missing = f"There is no record with the id {one.id} among '{relation.field.name}' to {verb}."
                    found = Found(missing=missing)
                else:
                    found = Found(made=MadeId(new_id_text()))
                links[one.key] = found
                rows.append(InputRow((one.item.id, one.id), one.path, one.item.when))
        self.unfolding.add(relation.find, rows, [*links.values()])
        return links

    def _leaving(self, links: Mapping[tuple[int, str | int], Found], one: Target) -> InputRow:
        values: tuple[RowValue, RowValue] = (one.item.id, links.get(one.key, one.id))
        return InputRow(values, one.path, one.item.when)

    def _link(self, far: Field, links: Mapping[tuple[int, str | int], Found], one: Target) -> Item:
        """Return the record to create that links to the one named, where it is not linked yet."""
        found = links.get(one.key)
        when = one.item.when if found is None else When(found, is_there=False)
        data: dict[str, JsonValue] = {far.key_name: one.id} if isinstance(one.id, str) else {}
        if found is not None:
            data["id"] = found.made
        link = new_item(data, one.path, when)
        if isinstance(one.id, Found):
            link.links[far.name] = one.id
        return _child(self.relation, one.item, link)


def _with(said: Iterable[tuple[Item, Said]], verb: str) -> list[tuple[Item, Said]]:
    return [(item, one) for item, one in said if one.verb == verb]


def _child(relation: ToOne | ToMany, parent: Item, child: Item) -> Item:
    """Return a record to create that hangs on another."""
    holder = relation.end.target_field
    own = holder.name
    if own in child.data or holder.key_name in child.data:
        raise refusal(f"'{own}' is the record that '{relation.field.name}' is of: leave it out.", (*child.path, own))
    child.links[own] = parent.id
    return child


def _required(relation: str, child: str, label: str, path: InputPath) -> BadUserInput:
    return refusal(
        f"'{relation}' cannot be disconnected: each {label} needs its '{child}'. Use delete, or connect it to another"
        " record.",
        path,
    )
