"""The settings of a process: its environment, with those that embedding code gives in their place."""

from typing import Any

from pydantic import ValidationError

from fieldstone.engine.settings.cells import GivenTwice
from fieldstone.engine.settings.settings import Settings


class ConfigurationError(Exception):
    """A setting breaks a rule; the sentence names the variable and a value that would pass."""


def load_settings(settings: Settings | None = None, **overrides: Any) -> Settings:
    """Return `settings` (by default those of the environment) with the overrides, by attribute, in their place.

    Raises:
        ConfigurationError: one breaks a rule.
    """
    given = settings.model_dump() if settings else {}
    try:
        return Settings(**(given | overrides))
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    for attribute, field in Settings.model_fields.items():
        if name in {attribute, field.validation_alias}:
            if first["type"] == "extra_forbidden":
                return f"{field.validation_alias} is given twice, also as {attribute}: give it once."
            if isinstance(reason := first.get("ctx", {}).get("error"), GivenTwice):
                return f"{field.validation_alias} {reason}."
            shown = "" if not field.repr else f", not {_quoted(first['input'])}"
            extra = field.json_schema_extra
            accepts = extra["accepts"] if isinstance(extra, dict) else ""
            return f"{field.validation_alias} must be {accepts}{shown}."
    return f"There is no setting {name!r}; those that there are stand in fieldstone.engine.settings.Settings."


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
