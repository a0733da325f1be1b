"""What updating a field does to a snapshot: a rename is metadata alone, its columns keep their names."""

from dataclasses import replace

from fieldstone.metadata.changes.kinds.conversion import (
    check_type,
    choose_new_column,
    convert_default,
    is_conversion,
    read_conversion_work,
    retire_column,
    unique_with,
    without_misfits,
)
from fieldstone.metadata.changes.row_work import FillValues, RequireDistinct, RequireValues, RowWork
from fieldstone.metadata.changes.rules.collisions import check_field_name
from fieldstone.metadata.changes.rules.defaults import canonical, default_cells, is_function, read_default
from fieldstone.metadata.changes.rules.lookup import check_not_null, find_field, with_object
from fieldstone.metadata.changes.rules.names import check_name, column_suffixes, index_name
from fieldstone.metadata.changes.rules.option_changes import find_gone, read_option_work
from fieldstone.metadata.changes.rules.options import read_options
from fieldstone.metadata.changes.rules.problems import Problems, check_label, check_texts
from fieldstone.metadata.changes.rules.settings import read_settings
from fieldstone.metadata.changes.types import UNSET, Applied, UpdateField, chosen
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, Index, Object, OnDelete, Snapshot, Status, with_parts

_SHOWN = frozenset({"label", "description", "icon"})


def apply_update_field(snapshot: Snapshot, change: UpdateField) -> Applied:
    """Return the snapshot with the field as it is to be; the same instances where nothing is new.

    Raises:
        InvalidChange: a value breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such field.
    """
    object_, field = find_field(snapshot, change.field_id)
    given = _given(change)
    _check_inputs(object_, field, change, given)
    updated = _build(object_, field, change, given)
    problems = Problems()
    if updated.name != field.name or updated.type is not field.type:
        problems.add(_check_rename(snapshot, object_, updated))
    problems.add(*_check_rules(snapshot, field, updated))
    problems.raise_any()
    work = tuple(_work(snapshot, object_, field, updated, change))
    if updated == field:
        return Applied(snapshot=snapshot)
    after = with_object(
        snapshot, replace(object_, fields=tuple(updated if one.id == field.id else one for one in object_.fields))
    )
    after, indexes = _change_index(after, object_, field, updated, change)
    if updated.column != field.column:
        after = retire_column(without_misfits(after, field, updated), field)
    return Applied(
        snapshot=_change_relation(after, field, updated),
        indexes=indexes,
        work=work,
    )


def _given(change: UpdateField) -> dict[str, object]:
    values = {
        "type": change.type,
        "name": change.name,
        "label": change.label,
        "description": change.description,
        "icon": change.icon,
        "isActive": change.is_active,
        "isNullable": change.is_nullable,
        "isUnique": change.is_unique,
        "defaultValue": change.default,
        "options": change.options,
        "settings": change.settings,
    }
    return {name: value for name, value in values.items() if value is not UNSET}


def _check_inputs(object_: Object, field: Field, change: UpdateField, given: dict[str, object]) -> None:
    problems = Problems()
    if object_.is_system or field.is_system:
        problems.add(
            *(
                InvalidChange(f"{field.name} is a system field: its {name} cannot be changed", field=name)
                for name in given
                if name not in _SHOWN
            )
        )
    if field.type is FieldType.TS_VECTOR:
        problems.add(
            *(
                InvalidChange(f"{field.name} is computed: its {name} is fixed when it is created", field=name)
                for name in ("settings", "isNullable")
                if name in given
            )
        )
    if isinstance(change.type, FieldType):
        problems.add(check_type(object_, field, change.type))
    if field.status is Status.BUILDING and (change.type is not UNSET or change.settings is not UNSET):
        problems.add(
            InvalidChange(
                f"{field.name} is BUILDING: its records are still looked through; isNullable: true ends that, or wait"
                " until its status is READY",
                field="id",
            )
        )
    needed = ("type", "name", "label", "isActive", "isNullable", "isUnique", "options")
    problems.add(*check_not_null((given[name], name) for name in needed if name in given))
    name = change.name if change.type is UNSET else chosen(change.name, field.name)
    if isinstance(name, str):
        holds_key = field.relation_id is not None and bool(field.parts)
        suffix = "Id" if holds_key else max(column_suffixes(chosen(change.type, None) or field.type), key=len)
        problems.add(check_name(name, "name", longest_suffix=suffix))
    if isinstance(change.label, str):
        problems.add(check_label(change.label, "label"))
    texts = ((change.description, "description"), (change.icon, "icon"))
    problems.add(*check_texts((text, argument) for text, argument in texts if isinstance(text, str)))
    problems.raise_any()


def _build(object_: Object, field: Field, change: UpdateField, given: dict[str, object]) -> Field:
    """Return the field as it is to be, its inputs read and held against each other."""
    type_ = chosen(change.type, field.type)
    is_other = type_ is not field.type
    settings = {} if is_other else {**field.settings}
    if "settings" in given:
        settings |= read_settings(type_, change.settings)
        # null takes a setting back.
        settings = {
            key: value for key, value in settings.items() if chosen(change.settings, {}).get(key, value) is not None
        }
        if field.relation_id is not None and field.parts:
            settings.setdefault("onDelete", OnDelete.SET_NULL.value)
    options = field.options
    if "options" in given or (is_other and not _can_keep_options(field, type_)):
        options = read_options(type_, chosen(change.options, None))
    is_nullable = chosen(change.is_nullable, field.is_nullable)
    data_type = settings.get("dataType")
    default = field.default
    if is_other:
        default = convert_default(field, change, type_, data_type)
    if is_other or "defaultValue" in given or "options" in given or (field.is_nullable and not is_nullable):
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
        label=chosen(change.label, field.label),
        description=chosen(change.description, field.description),
        icon=chosen(change.icon, field.icon),
        is_active=chosen(change.is_active, field.is_active),
        is_nullable=is_nullable,
        is_unique=chosen(change.is_unique, field.is_unique),
        default=default,
        options=options,
        settings=settings,
    )
    if not _keeps_status(field, updated, given):
        updated = replace(updated, status=Status.READY, backfill=None, failure=None)
    updated = with_parts(updated)
    if is_conversion(field, updated) or find_gone(field, updated):
        updated = with_parts(replace(updated, column=choose_new_column(object_, field, updated.type)))
    return updated


def _keeps_status(field: Field, updated: Field, given: dict[str, object]) -> bool:
    """Tell whether a build goes on, or its failure still says something of the field."""
    match field.status:
        case Status.BUILDING:
            return is_required(updated) or field.relation_id is not None
        case Status.FAILED:
            return given.keys().isdisjoint(("type", "isNullable"))
        case Status.READY:
            return True


def _can_keep_options(field: Field, wanted: FieldType) -> bool:
    """Tell whether the options serve the new type as they are."""
    entry = FIELD_TYPES[wanted]
    return entry.has_options and not entry.fixed_options and bool(field.options)


def _check_rename(snapshot: Snapshot, object_: Object, updated: Field) -> InvalidChange | None:
    others = replace(object_, fields=tuple(one for one in object_.fields if one.id != updated.id))
    holds_key = updated.relation_id is not None and bool(updated.parts)
    return check_field_name(with_object(snapshot, others), others, updated, holds_key=holds_key)


def _check_rules(snapshot: Snapshot, field: Field, updated: Field) -> list[InvalidChange]:
    found: list[InvalidChange] = []
    becomes_unique = updated.is_unique and (not field.is_unique or updated.type is not field.type)
    # A key that becomes unique makes a many-to-one relation one-to-one.
    is_key = field.type is FieldType.RELATION and bool(field.parts)
    if becomes_unique and not FIELD_TYPES[updated.type].can_be_unique and not is_key:
        allowed = ", ".join(kind.value for kind in FieldType if FIELD_TYPES[kind].can_be_unique)
        found.append(
            InvalidChange(
                f"a {updated.type.value} field cannot be unique; fields of these types can: {allowed}", field="isUnique"
            )
        )
    is_random = updated.type is FieldType.UUID and is_function(updated.type, updated.default)
    if updated.is_unique and updated.default is not None and not is_random:
        found.append(
            InvalidChange(
                "a unique field cannot have a default value, which two records would share; give defaultValue: null",
                field="defaultValue",
            )
        )
    if field.relation_id is None:
        return found
    holds_key = bool(field.parts)
    if not holds_key and (updated.is_nullable, updated.settings) != (field.is_nullable, field.settings):
        found.append(
            InvalidChange(f"{field.name} has many: change the end of the relation that holds the key", field="id")
        )
    if field.type is FieldType.MORPH_RELATION and not updated.is_nullable:
        found.append(
            InvalidChange(
                f"{field.name} is a part of a morph relation, of whose keys one at most is set: it cannot be required",
                field="isNullable",
            )
        )
    elif holds_key and not updated.is_nullable and updated.settings.get("onDelete") == OnDelete.SET_NULL.value:
        found.append(
            InvalidChange(
                "a required relation cannot be set to null when its target is destroyed: settings.onDelete must be"
                " CASCADE or RESTRICT",
                field="settings",
            )
        )
    found += _check_needed(snapshot, field, updated)
    return found


def _check_needed(snapshot: Snapshot, field: Field, updated: Field) -> list[InvalidChange]:
    """Return a refusal where records could not be created any more, as a required relation is out of reach."""
    if field.relation_id is None:
        return []
    relation = snapshot.relations[field.relation_id]
    source = snapshot.objects[relation.source_object_id]
    key = updated if updated.id == relation.source_field_id else source.by_id[relation.source_field_id]
    if key.is_nullable or not (key.is_active and source.is_active):
        return []
    target = snapshot.objects[relation.target_object_id]
    end = updated if updated.id == relation.target_field_id else target.by_id[relation.target_field_id]
    if end.is_active and target.is_active:
        return []
    return [
        InvalidChange(
            f"each {source.name_singular} needs a {target.name_singular} for its field {key.name}, which the API does"
            f" not show while {target.name_singular}.{end.name} is not active; make {key.name} optional first",
            field="isActive" if updated.id == end.id or updated.is_active != field.is_active else "isNullable",
        )
    ]


def _change_index(
    after: Snapshot, object_: Object, field: Field, updated: Field, change: UpdateField
) -> tuple[Snapshot, tuple[Index, ...]]:
    if updated.is_unique == field.is_unique:
        return after, ()
    if not updated.is_unique:
        indexes = {
            id_: index
            for id_, index in after.indexes.items()
            if not (index.is_unique and index.field_ids == (field.id,))
        }
        return replace(after, indexes=indexes), ()
    index = Index(
        id=change.index_id,
        object_id=object_.id,
        name=index_name(object_.table.name, (field.column,), "key"),
        field_ids=(field.id,),
        is_unique=True,
    )
    return replace(after, indexes={**after.indexes, index.id: index}), (index,)


def _change_relation(after: Snapshot, field: Field, updated: Field) -> Snapshot:
    if field.relation_id is None or updated.settings == field.settings:
        return after
    relation = replace(after.relations[field.relation_id], on_delete=OnDelete(updated.settings["onDelete"]))
    return replace(after, relations={**after.relations, relation.id: relation})


def is_required(field: Field) -> bool:
    """Tell whether the first column takes no NULL: while a field is not active, no record needs a value of it."""
    return bool(field.parts) and not field.is_nullable and field.is_active


def _work(snapshot: Snapshot, object_: Object, field: Field, updated: Field, change: UpdateField) -> list[RowWork]:
    is_converted = is_conversion(field, updated)
    # Its column is called otherwise only when the rows have been asked.
    asked = field if is_converted else with_parts(replace(updated, column=field.column))
    unique = tuple(unique_with(snapshot, object_, field, updated))
    if is_converted:
        work = read_conversion_work(snapshot, object_, field, updated, change)
    elif change.allow_data_loss:
        raise InvalidChange("allowDataLoss is for a field that gets another type; leave it out", field="allowDataLoss")
    else:
        work = read_option_work(object_, field, asked, change.option_mapping, unique=unique)
    if is_required(updated) and not is_required(field):
        argument = "isNullable" if updated.is_nullable != field.is_nullable else "isActive"
        work.append(_values(object_, asked, change, argument, unique))
    elif change.backfill is not None:
        raise InvalidChange("backfillValue is for a field that becomes required; leave it out", field="backfillValue")
    if updated.is_unique and not field.is_unique and not is_converted:
        work.append(RequireDistinct(object_=object_, fields=(asked,), argument="isUnique"))
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
        cells = default_cells(updated.type, value, data_type=updated.settings.get("dataType"))
    except InvalidValue as error:
        raise InvalidChange(f"backfillValue {error.message}", field="backfillValue") from None
    if cells[0] is None:
        raise InvalidChange(
            "backfillValue must be a constant value, with the first column of a composite", field="backfillValue"
        )
    allowed = [option.value for option in updated.options]
    if FIELD_TYPES[updated.type].has_options and value not in allowed:
        raise InvalidChange(f"backfillValue must be one of the options {', '.join(allowed)}", field="backfillValue")
    return FillValues(object_=object_, field=updated, cells=cells, unique=unique)
