"""The settings as they are documented: a row for each variable."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from fieldstone.engine.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One row of the configuration table."""

    name: str
    attribute: str
    default: str
    description: str


def configuration_table() -> tuple[Variable, ...]:
    """Return all variables in the order in which they are documented."""
    return tuple(
        Variable(
            name=str(field.validation_alias),
            attribute=attribute,
            default=_shown_default(field.default),
            description=field.description or "",
        )
        for attribute, field in Settings.model_fields.items()
    )


def _shown_default(default: Any) -> str:
    match default:
        case None | ():
            return ""
        case Path():
            return f"the user's data folder for `{default.name}`"
        case bool():
            return str(default).lower()
        case Enum():
            return str(default.value)
        case float():
            return f"{default:g}"
        case _:
            return str(default)
