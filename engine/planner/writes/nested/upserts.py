"""An upsert whose data writes the records of relations too: each record is looked up, and then created or changed.

Its data is the data of two trees, one that creates and one that changes. Which of the two a record takes is known when
the look-ups are answered.
"""

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden
from fieldstone.engine.planner.access.admission import MadeId
from fieldstone.engine.planner.access.upsert_rights import changeable
from fieldstone.engine.planner.arguments.trees import Bindings, Blame
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.creates import CreateInput
from fieldstone.engine.planner.writes.nested.build import TreeBuilder, branch, is_nested
from fieldstone.engine.planner.writes.nested.nodes import Branch, Item, KeyPart, Lookup
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.engine.planner.writes.nested.statements import Rows, plan_find
from fieldstone.engine.planner.writes.nested.steps import BoundStep, Found, InputRow, RowValue, When
from fieldstone.engine.planner.writes.nested.targets import key_values
from fieldstone.engine.planner.writes.nested.unfold import Unfolding, new_item
from fieldstone.engine.planner.writes.nested.verbs import DELETE, DISCONNECT, UPDATE, read_id, spoken
from fieldstone.engine.planner.writes.row_errors import say_same_key, show_row
from fieldstone.engine.planner.writes.upserts import OnConflict, find_keys, find_updated
from fieldstone.metadata.ids import new_id_text
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, relation_end
from fieldstone.sql.frozen import frozen

_OF_RECORDS_THERE = (UPDATE, DELETE, DISCONNECT)
"""The verbs for records that hang on a record already, which a record that is created has none of."""


@frozen
class UpsertTree:
    """The tree of an upsert's data.

    Attributes:
        lookup: finds the records by the unique key in their data.
        creates: creates a record that is not found, or refuses to.
        changes: changes one that is, or refuses to; None: it stays as it is.
        changed: the members of the data that change it.
    """

    lookup: Lookup
    creates: Branch
    changes: Branch | None
    changed: frozenset[str]

    def unfold(
        self, rows: Sequence[Mapping[str, JsonValue]], paths: Sequence[InputPath], bindings: Bindings, most: int
    ) -> tuple[list[BoundStep], list[Found]]:
        """Return the steps of a request, and each record as it is found or made.

        Raises:
            BadUserInput: a value is refused, two records have one key, or there are too many.
            Forbidden: the role may neither create nor change a record with this data.
        """
        found = [self._found(row, path) for row, path in zip(rows, paths, strict=True)]
        asked: list[tuple[InputRow, Found]] = []
        places: dict[tuple[RowValue, ...], int] = {}
        for index, (row, path) in enumerate(zip(rows, paths, strict=True)):
            key = self._key(row, path)
            if key is None:
                continue
            if (first := places.setdefault(tuple(key), index)) != index:
                raise self._twice(first, index, key, path)
            asked.append((InputRow(key, path), found[index]))
        creating = Unfolding(bindings=bindings, most=most)
        creating.add(self.lookup.step, [row for row, _ in asked], [one for _, one in asked])
        sought = {id(one) for _, one in asked}
        made = [
            new_item({**row, "id": one.made}, path, When(one, is_there=False) if id(one) in sought else None)
            for row, path, one in zip(rows, paths, found, strict=True)
        ]
        creating.records(self.creates, made)
        # A record takes one of the two trees: those of the other one do not count.
        changing = Unfolding(bindings=bindings, most=most, steps=creating.steps)
        changes = [
            Item(
                id=one,
                data={name: value for name, value in row.items() if name in self.changed},
                path=path,
                when=When(one, is_there=True),
            )
            for row, path, one in zip(rows, paths, found, strict=True)
            if id(one) in sought
        ]
        changing.records(self.changes, changes)
        for one in found:
            if one.absent_refusal is not None and one.found_refusal is not None:
                raise one.absent_refusal
        return creating.steps, found

    def _found(self, row: Mapping[str, JsonValue], path: InputPath) -> Found:
        given = row.get("id")
        return Found(made=MadeId(new_id_text()) if given is None else read_id(given, (*path, "id")))

    def _key(self, row: Mapping[str, JsonValue], path: InputPath) -> list[RowValue] | None:
        """Return the values of a record's key; None if one of them is NULL, which equals no other."""
        for member, part, _ in self.lookup.parts:
            value = row.get(member)
            if value is None or (part is not None and (not isinstance(value, dict) or value.get(part) is None)):
                return None
        return key_values(self.lookup, row, path)

    def _twice(self, first: int, second: int, key: Sequence[RowValue], path: InputPath) -> BadUserInput:
        names = [member if part is None else f"{member}.{part}" for member, part, _ in self.lookup.parts]
        error = BadUserInput(say_same_key(["data", first], ["data", second], names))
        values = [str(value) for value in key]
        error.extensions["rows"] = [show_row(place, names, values) for place in (first, second)]
        return place_error(error, (*path, self.lookup.parts[0].member))


def plan_upsert_tree(
    context: PlanContext, object_: Object, data: CreateInput, conflict: OnConflict, name: str
) -> UpsertTree | None:
    """Return the tree of an upsert's data; None if it writes no record of a relation.

    Raises:
        ApiError: the data is refused, whatever its values.
    """
    sample = [*map(dict, data.rows(context.sample))]
    if not is_nested(context, object_, sample, takes_over=_is_found_by_values(object_, conflict)):
        return None
    blame = Blame(field="onConflict", path=data.blame.path)
    key = _find_key(context, object_, conflict, blame, name)
    updated = find_updated(object_, conflict, blame)
    if object_.access is not None:
        # Its key is that of the record already.
        updated = [field for field in updated if field not in key]
    changed = frozenset(_members(object_, updated))
    given = [{name: value for name, value in row.items() if name in changed} for row in sample]
    # Other requests give other fields of these, under the same plan.
    all_fields: dict[str, JsonValue] = dict.fromkeys(_plain_members(object_, updated))

    def build(rows: Rows, *, creates: bool) -> Branch:
        builder = TreeBuilder(context, Blame(field="data", path=data.blame.path))
        return branch(lambda: builder.records(object_, rows, ("data",), creates=creates))

    try:
        _check_verbs(context, object_, sample, data.blame)
        creates = build(sample, creates=True)
        changes = None if conflict.update == () else build([*given, all_fields], creates=False)
        if isinstance(creates, Forbidden) and isinstance(changes, Forbidden):
            raise creates
    except ApiError as error:
        error.path = data.blame.path
        raise
    parts = [(field, part) for field in key for part in field.unique_parts]
    step = plan_find(
        context, object_, [(part.column,) for _, part in parts], terms=lambda: changeable(context, object_)
    )
    return UpsertTree(
        lookup=Lookup(
            step=step,
            parts=tuple(
                KeyPart(field.name, part.name if field.is_composite else None, part.scalar.coerce)
                for field, part in parts
            ),
        ),
        creates=creates,
        changes=changes,
        changed=changed,
    )


def _is_found_by_values(object_: Object, conflict: OnConflict) -> bool:
    """Return whether an upsert finds its records by one key of values among the live ones, as a tree must."""
    named = [object_.active[name] for name in conflict.fields or ()]
    return bool(named) and not conflict.revives and all(field.relation_id is None for field in named)


def _find_key(
    context: PlanContext, object_: Object, conflict: OnConflict, blame: Blame, name: str
) -> tuple[Field, ...]:
    """Return the unique key that the records are found by."""
    if conflict.fields is None or conflict.revives:
        raise blame.error(
            f"An upsert ('{name}') that writes records of relations finds its records by one unique key among the live"
            " ones: 'onConflict' must have 'fields', and not 'revive'."
        )
    (key,) = find_keys(context, object_, conflict, blame)
    if any(field.relation_id is not None for field in key):
        raise blame.error(f"An upsert ('{name}') that writes records of relations is not found by a relation.")
    return key


def _check_verbs(context: PlanContext, object_: Object, sample: Rows, blame: Blame) -> None:
    """Refuse the verbs for records that a record which is created does not have.

    Raises:
        BadUserInput: the data of the records has one.
    """
    for row in sample:
        for name, value in row.items():
            field = object_.active.get(name)
            if field is None or field.relation_id is None or not isinstance(value, dict):
                continue
            end = relation_end(context.snapshot, field)
            refused = [verb for verb in _OF_RECORDS_THERE if verb in spoken(value)]
            if end is not None and end.to_one:
                refused = [verb for verb in refused if verb != DISCONNECT]
            if refused:
                raise blame.at(name).error(
                    f"An upsert may create and connect the records of '{name}', and not '{refused[0]}' them: the record"
                    " may have to be created."
                )


def _members(object_: Object, fields: Sequence[Field]) -> Iterator[str]:
    """Yield the members of the data that change these fields."""
    chosen = {field.id for field in fields}
    yield from (field.name for field in fields)
    yield from (name for name, field in object_.held_keys.items() if field.id in chosen)


def _plain_members(object_: Object, fields: Sequence[Field]) -> Iterator[str]:
    """Yield those that hold values: fields, and the keys of relations."""
    relations = {field.name for field in fields if field.relation_id is not None}
    return (name for name in _members(object_, fields) if name not in relations)
