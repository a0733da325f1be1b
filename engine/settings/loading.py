"""The settings of a process: its environment, with those that embedding code gives in their place."""

from typing import Any

from fieldstone.engine.settings.settings import Settings


def load_settings(settings: Settings | None = None, **overrides: Any) -> Settings:
    """Return `settings` (by default those of the environment) with the overrides, by attribute, in their place.

    Raises:
        ConfigurationError: one breaks a rule.
    """
    given = {} if settings is None else {name: getattr(settings, name) for name in settings.declared}
    return Settings(**(given | overrides))
