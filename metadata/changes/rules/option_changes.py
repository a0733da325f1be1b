"""The work of a new list of options on the rows that have an old one."""

import re
from collections.abc import Mapping

from fieldstone.metadata.changes.row_work import MapOptions, RequireUnused, RowWork
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import shown

_WORD = re.compile(r"\w+")


def read_option_work(
    object_: Object, field: Field, updated: Field, given: JsonValue, *, unique: tuple[tuple[Field, ...], ...]
) -> list[RowWork]:
    """Return the work on rows that have an option which goes: it is mapped to another one, or must not be in use.

    `unique` is as in `MapOptions`.

    Raises:
        InvalidChange: the mapping is not one from options that go to options that stay.
    """
    kept = {option.value for option in updated.options}
    gone = find_gone(field, updated)
    mapping = _read_mapping(given, gone, kept, is_nullable=updated.is_nullable)
    work: list[RowWork] = []
    if unmapped := sorted(gone - mapping.keys()):
        work.append(RequireUnused(object_=object_, field=updated, options=tuple(unmapped)))
    if mapping:
        work.append(MapOptions(object_=object_, field=updated, mapping=mapping, unique=unique))
    return work


def find_gone(field: Field, updated: Field) -> set[str]:
    """Return the options that go."""
    return {option.value for option in field.options} - {option.value for option in updated.options}


def map_backfill(field: Field, updated: Field, given: JsonValue) -> JsonValue:
    """Return the columns' values that a build gives to records, the successor in the place of an option that goes.

    Raises:
        InvalidChange: the mapping has none for it.
    """
    gone = find_gone(field, updated)
    # That of a list is the text of PostgreSQL's array.
    old = next((word for word in _WORD.findall(str(field.backfill[0])) if word in gone), None)
    if old is None:
        return field.backfill
    if old != field.backfill[0]:
        raise InvalidChange(
            f"{old} is in the backfillValue that records of {field.name} are still to get: wait until the field is"
            " READY, or isNullable: true ends that",
            field="options",
        )
    if not isinstance(given, Mapping) or old not in given:
        raise InvalidChange(
            f"{old} is the backfillValue that records of {field.name} are still to get; optionMapping gives its"
            f' successor, such as {{ {old}: "{updated.options[0].value}" }}, or isNullable: true ends that',
            field="options",
        )
    return None if given[old] is None else [given[old]]


def _read_mapping(given: JsonValue, gone: set[str], kept: set[str], *, is_nullable: bool) -> Mapping[str, str | None]:
    argument = "optionMapping"
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidChange(
            f'optionMapping must be an object such as {{ OLD: "NEW" }}, not {shown(given)}', field=argument
        )
    for old, new in given.items():
        if old not in gone:
            known = f"these go: {', '.join(sorted(gone))}" if gone else "none goes"
            raise InvalidChange(
                f"optionMapping has {shown(old)}, which is no option that goes; {known}", field=argument
            )
        if new is None and not is_nullable:
            raise InvalidChange(
                f"optionMapping cannot give {old} no value: the field is required; one of"
                f" {', '.join(sorted(kept))} would pass",
                field=argument,
            )
        if new is not None and not (isinstance(new, str) and new in kept):
            raise InvalidChange(
                f"optionMapping must lead to an option that stays ({', '.join(sorted(kept))}), not {shown(new)}",
                field=argument,
            )
    return given
