"""The values of settings that are one of a few words."""

from enum import Enum


class Environment(Enum):
    """The purpose of the server."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class Distribution(Enum):
    """The extension that places the schemas of workspaces on several nodes."""

    CITUS = "citus"


class Documents(Enum):
    """The documents that are served at /graphql, and whether REST is beside trusted ones."""

    ANY = "any"
    TRUSTED = "trusted"
    TRUSTED_AND_REST = "trusted-and-rest"


class RateLimitStore(Enum):
    """The place where rate limits are counted."""

    MEMORY = "memory"
    REDIS = "redis"


class LogLevel(Enum):
    """The least severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(Enum):
    """How a line of the log is written."""

    JSON = "json"
    CONSOLE = "console"
