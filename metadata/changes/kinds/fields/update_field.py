"""updateField: new values of a field; a rename is metadata alone, its columns keep their names."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes.kinds.fields.conversion import (
    check_type,
    choose_new_column,
    convert_default,
    is_conversion,
    read_conversion_work,
    retire_column,
    unique_with,
    without_misfits,
)
from fieldstone.metadata.changes.kinds.fields.requirements import check_updated, is_required
from fieldstone.metadata.changes.kinds.indexes.create_index import find_same, recreate_index
from fieldstone.metadata.changes.kinds.indexes.delete_index import DeleteIndex, recreate_indexes
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import FIELD, FIELD_NAME, Member, Shape, given, given_values, shown_values
from fieldstone.metadata.changes.row_work import FillValues, RequireDistinct, RequireValues, RowWork
from fieldstone.metadata.changes.rules.collisions import check_field_name
from fieldstone.metadata.changes.rules.defaults import (
    are_options,
    canonical,
    default_values,
    of_options,
    read_default,
)
from fieldstone.metadata.changes.rules.indexes.indexed_values import SEARCH
from fieldstone.metadata.changes.rules.indexes.label_indexes import build_label_indexes, is_label_index
from fieldstone.metadata.changes.rules.lookup import find_field, with_field, with_indexes, with_object
from fieldstone.metadata.changes.rules.names import column_suffixes, index_name
from fieldstone.metadata.changes.rules.option_changes import find_gone, map_backfill, read_option_work
from fieldstone.metadata.changes.rules.options import options_json, read_options
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.settings import read_settings
from fieldstone.metadata.changes.rules.texts import check_not_null, check_texts
from fieldstone.metadata.changes.types import UNSET, Applied, Change, Unset, chosen
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import MORPH_SETTING, Field, Index, Object, OnDelete, Snapshot, Status
from fieldstone.sql.frozen import frozen


@frozen
class UpdateField(Change):
    """New values of a field; a rename leaves its columns as they are.

    Attributes:
        type: another type, whose values the field's become; its column gets another name by that.
        allow_data_loss: whether values that the new type cannot hold as they are may lose something, or go.
        options: the whole list as it is to be.
        option_mapping: for a value that is no longer an option, the one that takes its place, or None for no value.
        backfill: the value for the records that have none, where the field becomes required.
        is_restored: True if the field had the type before: a rule for other types alone does not hold.
        index_id: the id of the index, where the field becomes unique.
    """

    field_id: UUID
    type: FieldType | Unset = UNSET
    name: str | Unset = UNSET
    label: str | Unset = UNSET
    description: str | Unset | None = UNSET
    icon: str | Unset | None = UNSET
    position: float | Unset | None = UNSET
    is_active: bool | Unset = UNSET
    is_nullable: bool | Unset = UNSET
    is_unique: bool | Unset = UNSET
    default: JsonValue | Unset = UNSET
    options: JsonValue | Unset = UNSET
    settings: JsonValue | Unset = UNSET
    option_mapping: JsonValue = None
    backfill: JsonValue = None
    allow_data_loss: bool = False
    is_restored: bool = False
    index_id: UUID = field(default_factory=new_id)


MOST_FORMER = 50
"""The names of a column that are known of older events: options may go any number of times."""
_OF_A_TYPE = ("options", "settings", "default", "is_unique")


def apply_update_field(snapshot: Snapshot, change: UpdateField) -> Applied:
    """Return the snapshot with the field as it is to be; the same instances where nothing is new.

    Raises:
        InvalidChange: a value breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such field.
    """
    object_, field = find_field(snapshot, change.field_id)
    values = {member: value for member, value in given(change, FIELD).items() if member.is_kept}
    _check_inputs(object_, field, change, values)
    names = frozenset(member.name for member in values)
    updated = _build(object_, field, change, names)
    problems = Problems()
    if updated.name != field.name or updated.type is not field.type:
        problems.add(_check_rename(snapshot, object_, updated))
    problems.add(*check_updated(snapshot, field, updated))
    problems.raise_any()
    work = tuple(_work(snapshot, object_, field, updated, change))
    if updated == field:
        return Applied(snapshot=snapshot)
    after = _change_index(with_field(snapshot, updated), object_, field, updated, change)
    if updated.column != field.column:
        after = retire_column(without_misfits(after, field, updated, change.index_id), field)
    after = _change_label_indexes(after, object_, field, updated, change)
    return Applied(snapshot=_change_relation(after, field, updated), work=work)


def _check_inputs(object_: Object, field: Field, change: UpdateField, values: Mapping[Member, object]) -> None:
    problems = Problems()
    if object_.is_system or field.is_system:
        problems.add(
            *(
                InvalidChange(f"{field.name} is a system field: its {member.name} cannot be changed", field=member.name)
                for member in values
                if not member.is_shown
            )
        )
    if field.type is FieldType.TS_VECTOR:
        problems.add(
            *(
                InvalidChange(f"{field.name} is computed: its {name} is fixed when it is created", field=name)
                for name, value in (("settings", change.settings), ("isNullable", change.is_nullable))
                if value is not UNSET
            )
        )
    if isinstance(change.type, FieldType):
        problems.add(check_type(object_, field, change.type, is_restored=change.is_restored))
    if field.status is Status.BUILDING and (change.type is not UNSET or change.settings is not UNSET):
        problems.refuse(
            "id",
            f"{field.name} is BUILDING: its records are still looked through; isNullable: true ends that, or wait"
            " until its status is READY",
        )
    problems.add(*check_not_null(values))
    name = change.name if change.type is UNSET else chosen(change.name, field.name)
    holds_key = field.relation_id is not None and bool(field.parts)
    suffix = "Id" if holds_key else max(column_suffixes(chosen(change.type, None) or field.type), key=len)
    problems.add(*check_texts({FIELD_NAME: name, **values}, longest_suffix=suffix))
    problems.raise_any()


def _build(object_: Object, field: Field, change: UpdateField, given_names: frozenset[str]) -> Field:
    """Return the field as it is to be, its inputs read and held against each other."""
    type_ = chosen(change.type, field.type)
    is_other = type_ is not field.type
    settings = {} if is_other else {**field.settings}
    if "settings" in given_names:
        settings |= read_settings(type_, change.settings)
        # null takes a setting back.
        given_settings = chosen(change.settings, None) or {}
        settings = {key: value for key, value in settings.items() if given_settings.get(key, value) is not None}
        if field.relation_id is not None and field.parts:
            settings.setdefault("onDelete", OnDelete.SET_NULL.value)
    options = field.options
    if "options" in given_names or (is_other and not _can_keep_options(field, type_)):
        options = read_options(type_, chosen(change.options, None))
    is_nullable = chosen(change.is_nullable, field.is_nullable)
    data_type = settings.get("dataType")
    default = field.default
    if is_other:
        default = convert_default(field, chosen(change.default, field.default), type_, data_type, options)
    if is_other or "defaultValue" in given_names or "options" in given_names or (field.is_nullable and not is_nullable):
        default = read_default(
            type_,
            chosen(change.default, default),
            data_type=data_type,
            options=options,
            required=not is_nullable,
        )
    updated = replace(
        field,
        type=type_,
        name=chosen(change.name, field.name),
        **{name: chosen(value, getattr(field, name)) for name, value in shown_values(FIELD, change).items()},
        is_active=chosen(change.is_active, field.is_active),
        is_nullable=is_nullable,
        is_unique=chosen(change.is_unique, field.is_unique),
        default=default,
        options=options,
        settings=settings,
    )
    if not _keeps_status(field, updated, given_names):
        updated = replace(updated, status=Status.READY, backfill=None, failure=None)
    if updated.backfill is not None:
        updated = replace(updated, backfill=map_backfill(field, updated, change.option_mapping))
    is_converted = is_conversion(field, updated)
    if is_converted or find_gone(field, updated):
        former = () if is_converted else (*field.former_columns, field.column)[-MOST_FORMER:]
        column = choose_new_column(object_, field, updated.type)
        updated = replace(updated, column=column, former_columns=former)
    return updated


def _keeps_status(field: Field, updated: Field, given_names: frozenset[str]) -> bool:
    """Return whether a build goes on, or its failure still holds."""
    match field.status:
        case Status.BUILDING:
            return is_required(updated) or field.relation_id is not None
        case Status.FAILED:
            return given_names.isdisjoint(("type", "isNullable"))
        case Status.READY:
            return True


def _can_keep_options(field: Field, wanted: FieldType) -> bool:
    """Return whether the options serve the new type as they are."""
    entry = FIELD_TYPES[wanted]
    return entry.has_options and not entry.fixed_options and bool(field.options)


def _check_rename(snapshot: Snapshot, object_: Object, updated: Field) -> InvalidChange | None:
    others = replace(object_, fields=tuple(one for one in object_.fields if one.id != updated.id))
    holds_key = updated.relation_id is not None and bool(updated.parts)
    return check_field_name(with_object(snapshot, others), others, updated, holds_key=holds_key)


def _change_index(after: Snapshot, object_: Object, field: Field, updated: Field, change: UpdateField) -> Snapshot:
    if updated.is_unique == field.is_unique:
        return after
    if not updated.is_unique:
        indexes = {
            id_: index
            for id_, index in after.indexes.items()
            if not (index.is_unique and index.field_ids == (field.id,))
        }
        return replace(after, indexes=indexes)
    index = Index(
        id=change.index_id,
        object_id=object_.id,
        name=index_name(object_.table.name, (field.column,), "key"),
        field_ids=(field.id,),
        is_unique=True,
    )
    return replace(after, indexes={**after.indexes, index.id: index})


def _change_label_indexes(
    after: Snapshot, object_: Object, field: Field, updated: Field, change: UpdateField
) -> Snapshot:
    if updated.type is field.type:
        if updated.settings == field.settings:
            return after
        gone = {
            index.id
            for index in after.indexes_of.get(object_.id, ())
            if updated.id in index.field_ids
            and is_label_index(object_, index)
            and not is_label_index(after.objects[object_.id], index)
        }
        if gone:
            return replace(after, indexes={id_: one for id_, one in after.indexes.items() if id_ not in gone})
    found = build_label_indexes(after.objects[updated.object_id], updated, change.index_id)
    made = tuple(index for index in found if find_same(after, index) is None)
    return replace(after, indexes=with_indexes(after, made)) if made else after


def _change_relation(after: Snapshot, field: Field, updated: Field) -> Snapshot:
    if field.relation_id is None or updated.settings == field.settings:
        return after
    relation = replace(after.relations[field.relation_id], on_delete=OnDelete(updated.settings["onDelete"]))
    return replace(after, relations={**after.relations, relation.id: relation})


def _work(snapshot: Snapshot, object_: Object, field: Field, updated: Field, change: UpdateField) -> list[RowWork]:
    is_converted = is_conversion(field, updated)
    # Its column is renamed only after the rows have been checked.
    checked = field if is_converted else replace(updated, column=field.column)
    unique = tuple(unique_with(snapshot, object_, field, updated))
    if is_converted:
        if change.backfill is not None:
            raise InvalidChange(
                "backfillValue and another type are two changes; make the field required in the second",
                field="backfillValue",
            )
        work = read_conversion_work(
            snapshot,
            object_,
            field,
            updated,
            mapping=change.option_mapping,
            allow_loss=change.allow_data_loss,
            is_restored=change.is_restored,
        )
    elif change.allow_data_loss:
        raise InvalidChange("allowDataLoss is for a field that gets another type; leave it out", field="allowDataLoss")
    else:
        work = read_option_work(object_, field, checked, change.option_mapping, unique=unique)
    if is_required(updated) and not is_required(field):
        argument = "isNullable" if updated.is_nullable != field.is_nullable else "isActive"
        work.append(_values(object_, checked, change, argument, unique))
    elif change.backfill is not None:
        raise InvalidChange("backfillValue is for a field that becomes required; leave it out", field="backfillValue")
    if updated.is_unique and not field.is_unique and not is_converted:
        work.append(RequireDistinct(object_=object_, fields=(checked,), argument="isUnique"))
    return work


def _values(
    object_: Object, updated: Field, change: UpdateField, argument: str, unique: tuple[tuple[Field, ...], ...]
) -> RowWork:
    if change.backfill is None:
        return RequireValues(object_=object_, field=updated, argument=argument)
    if updated.relation_id is not None:
        raise InvalidChange("a RELATION field takes no backfillValue; connect the records first", field="backfillValue")
    try:
        value = canonical(change.backfill)
        values = default_values(updated.type, value, data_type=updated.settings.get("dataType"))
    except InvalidValue as error:
        raise InvalidChange(f"backfillValue {error.message}", field="backfillValue") from None
    if values[0] is None:
        raise InvalidChange(
            "backfillValue must be a constant value, with the first column of a composite", field="backfillValue"
        )
    allowed = [option.value for option in updated.options]
    if FIELD_TYPES[updated.type].has_options and not are_options(value, allowed):
        raise InvalidChange(
            f"backfillValue must be {of_options(updated.type)} {', '.join(allowed)}", field="backfillValue"
        )
    return FillValues(object_=object_, field=updated, values=values, unique=unique)


def _invert(before: Snapshot, change: UpdateField, after: Snapshot) -> list[Change]:
    object_, field = find_field(before, change.field_id)
    # The indexes of its labels come and go with a type, and with the setting that skips them.
    new = [index for id_, index in after.indexes.items() if id_ not in before.indexes and index.method == SEARCH]
    deletions = [DeleteIndex(index_id=index.id) for index in new]
    labelled = after.objects[object_.id]
    taken = [
        recreate_index(index)
        for index in before.indexes_of.get(object_.id, ())
        if index.id in after.indexes and is_label_index(labelled, index) and not is_label_index(object_, index)
    ]
    return [*deletions, _revert(field, change), *taken, *recreate_indexes(before, after)]


def _revert(field: Field, change: UpdateField) -> UpdateField:
    names = [member.attribute for member in given(change, FIELD) if member.is_kept]
    if change.type is not UNSET:
        names += _OF_A_TYPE
    values: dict[str, Any] = {name: getattr(field, name) for name in names}
    is_another = change.type is not UNSET and change.type is not field.type
    if "options" in values:
        values["options"] = options_json(field.options) or []
        known = {option.value for option in field.options}
        mapping: Mapping[str, str | None] = (not is_another and change.option_mapping) or {}
        # Where two options became one, nobody knows any more which row had which.
        came = [new for new in mapping.values() if new is not None and new not in known]
        values["option_mapping"] = {new: old for old, new in mapping.items() if new and came.count(new) == 1} or None
    if "settings" in values:
        gone = change.settings if isinstance(change.settings, Mapping) and not is_another else {}
        values["settings"] = {**dict.fromkeys(gone), **field.settings}
        values["settings"].pop(MORPH_SETTING, None)
    return UpdateField(field_id=field.id, **values, is_restored="type" in values)


UPDATE_FIELD = Kind(
    action="updateField",
    type=UpdateField,
    apply=apply_update_field,
    target="field_id",
    describe=lambda change: given_values(change, FIELD),
    invert=_invert,
    mutation=Mutation(
        answer=Subject.FIELD,
        description="Changes a field; a new name takes effect at once.",
        input_description="New values of a field; a member that is left out keeps its value.",
        members=tuple(member for member in FIELD if member.updated),
        id_shape=Shape.FIELD,
    ),
)
