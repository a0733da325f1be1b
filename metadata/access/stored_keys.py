"""The keys and values of a stored rule that stand for something else: a field by its id, a principal's value."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field
from fieldstone.metadata.roles.role import PRINCIPAL_PREFIX

KEY: Final = re.compile(r"@([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(Id|Aggregate|)")
"""A key that stands for a field: its id, and the ending of the name that it was made from."""

CLAIM_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
"""The name of a principal's value."""


def key_of(field: Field, ending: str = "") -> str:
    """Return the key that stands for a field."""
    return f"@{field.id}{ending}"


def name_of(key: str, fields: Mapping[UUID, Field]) -> str:
    """Return the name that a key stands for: the key itself unless it stands for a field."""
    found = KEY.fullmatch(key)
    return fields[UUID(found[1])].name + found[2] if found else key


def claim_of(value: JsonValue) -> str | None:
    """Return the name of the principal's value that a value stands for, None where it stands for itself."""
    return (
        value.removeprefix(PRINCIPAL_PREFIX) if isinstance(value, str) and value.startswith(PRINCIPAL_PREFIX) else None
    )


def has_claim(value: JsonValue) -> bool:
    """Return whether a principal's value stands somewhere in a value."""
    match value:
        case dict():
            return any(map(has_claim, value.values()))
        case list():
            return any(map(has_claim, value))
        case _:
            return claim_of(value) is not None
