"""The oracle's duplicates: records with the same name, address, number, link or unique value, texts folded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Part
from fieldstone.sql.text_order import fold
from fieldstone.sql.types import SqlType
from tests.reference_values import Row, refuse

_COMPOSITES = {
    FieldType.FULL_NAME: {"firstName", "lastName"},
    FieldType.EMAILS: {"primaryEmail"},
    FieldType.PHONES: {"primaryPhoneNumber", "primaryPhoneCallingCode"},
    FieldType.LINKS: {"primaryLinkUrl"},
}


def _criteria(object_: Object) -> Iterator[list[Part]]:
    """The columns all of which are alike in two duplicates, for each way in which records may be."""
    fields = object_.by_name
    if object_.name_singular == "person":
        yield [*fields["firstName"].parts, *fields["lastName"].parts]
    for name, field in fields.items():
        if wanted := _COMPOSITES.get(field.type):
            yield [part for part in field.parts if part.name in wanted]
        elif name in {"name", "email", "phone", "website"} or (field.is_unique and name != "id"):
            yield list(field.parts)


def _like(part: Part, value: Any, other: Any) -> bool:
    if value is None or other is None:
        return False
    if part.column.type is SqlType.TEXT:
        return fold(value) == fold(other) and bool(fold(value).strip(" "))
    return bool(value == other)


def duplicates(object_: Object, rows: Sequence[Row], arguments: Mapping[str, Any]) -> list[list[Row]]:
    """The rows that are like each of the given records, which are named by ids or given as data.

    `rows` are those of the live records.
    """
    ids, data = arguments.get("ids"), arguments.get("data")
    if (ids is None) is (data is None):
        raise refuse("either ids or data")
    key = object_.key.name
    by_id = {row[key]: row for row in rows}
    if ids is not None:
        given = [by_id.get(id_.lower(), {}) for id_ in ids]
    else:
        given = [_as_row(object_, one) for one in data or ()]
    return [
        [
            row
            for row in rows
            if row[key] != one.get(key)
            and any(
                all(_like(part, row[part.column.name], one.get(part.column.name)) for part in criterion)
                for criterion in _criteria(object_)
            )
        ]
        for one in given
    ]


def _as_row(object_: Object, data: Mapping[str, Any]) -> Row:
    found: dict[str, Any] = {}
    for name, value in data.items():
        field = object_.by_name.get(name)
        if field is None or field.relation_id is not None or value is None:
            continue
        for part in field.parts:
            found[part.column.name] = value.get(part.name) if field.is_composite else value
    if (id_ := found.get(object_.key.name)) is not None:
        found[object_.key.name] = id_.lower()
    return found
