"""The hints of a document for one step of a field: used where that step is made, and ignored later."""

from dataclasses import replace

from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field
from fieldstone.metadata.schema_file import members
from fieldstone.metadata.schema_file.matching import StatedField, Values
from fieldstone.metadata.schema_file.order import comes_along
from fieldstone.sql.types import SqlType


def update_hints(field: StatedField, known: Field, kind: FieldType, wanted: Values) -> dict[str, JsonValue]:
    """Return the hints about the records for the update that makes a field as wanted, by attribute.

    Raises:
        InvalidChange: `optionMapping` is not a mapping of names.
    """
    mapping = members.read_mapping(field.values["optionMapping"], f"{field.path}.optionMapping")
    hints: dict[str, JsonValue] = {}
    if is_converted(known, kind, wanted):
        if mapping and FIELD_TYPES[kind].has_options and known.parts[0].column.type is SqlType.TEXT:
            hints["option_mapping"] = dict(mapping)
        if field.values["allowDataLoss"]:
            hints["allow_data_loss"] = True
        return hints
    gone = {option.value for option in known.options} - {option["value"] for option in wanted["options"] or ()}
    if used := {old: new for old, new in mapping.items() if old in gone}:
        hints["option_mapping"] = used
    becomes_required = is_required(replace(known, is_nullable=wanted["isNullable"], is_active=wanted["isActive"]))
    if becomes_required and not is_required(known) and field.values["backfillValue"] is not None:
        hints["backfill"] = field.values["backfillValue"]
    return hints


def is_converted(known: Field, kind: FieldType, wanted: Values) -> bool:
    """Return whether a field's values are converted to another type or kind of number."""
    if kind is not known.type:
        return True
    variants = FIELD_TYPES[kind].variants or {}
    named = (wanted["settings"] or {}).get("dataType") or ""
    return any(name == named and one.scalar is not known.parts[0].scalar for name, one in variants.items())


def is_filled_first(field: StatedField, kind: FieldType, wanted: Values) -> bool:
    """Return whether a field is created, or converted, as an optional one, and made required by a later change.

    Its records get `backfillValue` in between.
    """
    if field.values["backfillValue"] is None or not (wanted["isActive"] and not wanted["isNullable"]):
        return False
    if field.known is not None:
        return field.known.is_nullable and is_converted(field.known, kind, wanted)
    is_made = field.owner.known is not None and not comes_along(field) and field.values["inverseOf"] is None
    return is_made and kind not in RELATIONS and wanted["defaultValue"] is None
