"""The settings: every environment variable with its meaning, type and default."""

from fieldstone.engine.settings.choices import Documents, Environment, LogFormat, LogLevel, RateLimitStore
from fieldstone.engine.settings.loading import ConfigurationError, load_settings
from fieldstone.engine.settings.settings import Settings

__all__ = [
    "ConfigurationError",
    "Documents",
    "Environment",
    "LogFormat",
    "LogLevel",
    "RateLimitStore",
    "Settings",
    "load_settings",
]
