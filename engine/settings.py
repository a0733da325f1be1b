"""The settings: every environment variable with its meaning, type and default.

`Settings()` reads the environment; embedding code may give any setting as an argument, by the attribute's name.
"""

from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fieldstone.engine.webhooks.ssrf_guard import Network, read_networks
from fieldstone.sql.embedded import default_data_dir

_SECRETS = frozenset({"database_url", "listen_url", "broadcast_url"})


class ConfigurationError(Exception):
    """A setting breaks a rule; the sentence names the variable and a value that would pass."""


class Environment(Enum):
    """The purpose of the server."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


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


def _split(value: Any) -> Any:
    return (
        tuple(part for part in (part.strip() for part in value.split(",")) if part) if isinstance(value, str) else value
    )


def _networks(value: Any) -> Any:
    return read_networks(value) if isinstance(value, str) else value


def _setting(variable: str, default: Any, *, accepts: str, description: str, **constraints: Any) -> Any:
    """Declare a setting; `accepts` completes the sentence "it must be ..."."""
    return Field(
        default,
        validation_alias=variable,
        description=description,
        json_schema_extra={"accepts": accepts},
        **constraints,
    )


def _whole(variable: str, default: int, *, description: str, least: int = 1, most: int = 2**31 - 1) -> Any:
    upper = f" to {most}" if most < 2**31 - 1 else " up"
    accepts = f"a whole number from {least}{upper}, {default} for instance"
    return _setting(variable, default, accepts=accepts, description=description, ge=least, le=most)


def _seconds(variable: str, default: float, *, description: str) -> Any:
    accepts = f"a number of seconds above 0, {default:g} for instance"
    return _setting(variable, default, accepts=accepts, description=description, gt=0, le=86_400)


class Settings(BaseSettings):
    """All that can be configured; frozen.

    Raises:
        ConfigurationError: from `load_settings`; the plain constructor raises pydantic's ValidationError.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
        case_sensitive=True,
        hide_input_in_errors=False,
    )

    database_url: str | None = _setting(
        "DATABASE_URL",
        None,
        accepts="a PostgreSQL connection string such as postgresql://user:password@host:5432/database",
        description="The PostgreSQL (15 or newer) to use. Unset: Fieldstone starts its own in the data folder.",
        repr=False,
    )
    environment: Environment = _setting(
        "FIELDSTONE_ENV",
        Environment.PRODUCTION,
        accepts="production or development",
        description="`development` serves GraphiQL, opens CORS and prints a key at the start.",
    )
    data_dir: Path = _setting(
        "FIELDSTONE_DATA_DIR",
        default_data_dir(),
        accepts="the path of a folder",
        description="The folder of the embedded PostgreSQL.",
    )
    host: str = _setting(
        "FIELDSTONE_HOST", "127.0.0.1", accepts="a host name or an address", description="The address to listen on."
    )
    port: int = _whole(
        "FIELDSTONE_PORT", 3000, least=0, most=65_535, description="The port to listen on; 0 takes a free one."
    )
    rate_limit: int = _whole(
        "API_RATE_LIMITING_LIMIT",
        100,
        least=0,
        description="Operations of a key and of the keys created with it in one window; 0 is no limit.",
    )
    rate_window_ms: int = _whole("API_RATE_LIMITING_TTL", 60_000, description="The window's length in milliseconds.")
    max_body_bytes: int = _whole(
        "FIELDSTONE_MAX_BODY_BYTES", 8_388_608, description="The largest request body in bytes."
    )
    max_response_bytes: int = _whole(
        "FIELDSTONE_MAX_RESPONSE_BYTES", 67_108_864, description="The largest answer of one operation in bytes."
    )
    max_batch: int = _whole("FIELDSTONE_MAX_BATCH", 20, description="The most operations in one request.")
    max_tokens: int = _whole("FIELDSTONE_MAX_TOKENS", 10_000, description="The most tokens in one document.")
    max_depth: int = _whole(
        "FIELDSTONE_MAX_DEPTH", 100, most=200, description="The deepest nesting of an operation's fields."
    )
    max_aliases: int = _whole("FIELDSTONE_MAX_ALIASES", 500, least=0, description="The most aliases in one operation.")
    default_page: int = _whole("FIELDSTONE_DEFAULT_PAGE", 60, description="The default number of records on a page.")
    max_page: int = _whole("FIELDSTONE_MAX_PAGE", 200, description="The most records on a page.")
    max_bulk_writes: int = _whole(
        "FIELDSTONE_MAX_BULK_WRITES", 10_000, description="The most records that one field of a mutation may write."
    )
    max_cost: int = _whole(
        "FIELDSTONE_MAX_COST",
        500_000,
        least=0,
        description="The highest cost of an operation, in records that it may read; 0 is no limit.",
    )
    statement_timeout: float = _seconds(
        "FIELDSTONE_STATEMENT_TIMEOUT", 15.0, description="The longest run of one SQL statement, in seconds."
    )
    work_mem_mb: int = _whole(
        "FIELDSTONE_WORK_MEM_MB",
        8,
        most=65_536,
        description="PostgreSQL's memory for each sort and hash of a statement, in MiB; beyond it, files.",
    )
    temp_file_mb: int = _whole(
        "FIELDSTONE_TEMP_FILE_MB",
        1_024,
        least=0,
        most=1_048_576,
        description="The largest size of one statement's temporary files, in MiB; 0 keeps PostgreSQL's limit.",
    )
    max_connections: int = _whole(
        "FIELDSTONE_MAX_CONNECTIONS",
        10_000,
        description="The most connections of clients; beyond it the connections idle for longest are closed.",
    )
    max_connections_each: int = _whole(
        "FIELDSTONE_MAX_CONNECTIONS_EACH",
        2_500,
        description="The most connections of one address, in IPv6 of one network of 64 bits.",
    )
    head_timeout: float = _seconds(
        "FIELDSTONE_HEAD_TIMEOUT",
        10.0,
        description="The longest wait for a request's head, and for the first byte of a connection, in seconds.",
    )
    body_timeout: float = _seconds(
        "FIELDSTONE_BODY_TIMEOUT", 30.0, description="The longest wait for a request's body, in seconds."
    )
    unread_timeout: float = _seconds(
        "FIELDSTONE_UNREAD_TIMEOUT",
        30.0,
        description="The longest wait for a client that reads nothing of its answer, in seconds.",
    )
    max_buffered_bytes: int = _whole(
        "FIELDSTONE_MAX_BUFFERED_BYTES",
        128 << 20,
        description="Bytes of unread answers and unanswered requests; beyond it the slowest clients are disconnected.",
    )
    startup_timeout: float = _seconds(
        "FIELDSTONE_STARTUP_TIMEOUT", 60.0, description="The longest wait for the database at the start, in seconds."
    )
    drain_timeout: float = _seconds(
        "FIELDSTONE_DRAIN_TIMEOUT", 15.0, description="The longest wait of a stop for requests in progress, in seconds."
    )
    pool_size: int = _whole(
        "FIELDSTONE_POOL_SIZE",
        8,
        most=1000,
        description="Database connections for requests; of several workspaces each gets at most half.",
    )
    session_pool_size: int = _whole(
        "FIELDSTONE_SESSION_POOL_SIZE",
        4,
        most=1000,
        description="Database connections for changes of the model, keys and the like.",
    )
    listen_url: str | None = _setting(
        "FIELDSTONE_LISTEN_URL",
        None,
        accepts="a PostgreSQL connection string such as postgresql://user:password@host:5432/database",
        description="The same database without a pooler, for LISTEN, where `DATABASE_URL` leads to a pooler.",
        repr=False,
    )
    broadcast_url: str | None = _setting(
        "FIELDSTONE_BROADCAST_URL",
        None,
        accepts="a Redis URL such as redis://127.0.0.1:6379/0, with `pip install 'fieldstone[redis]'`",
        description="The Redis by which processes notify each other of changes. Unset: PostgreSQL's LISTEN and NOTIFY.",
        repr=False,
    )
    prepare_statements: bool = _setting(
        "FIELDSTONE_PREPARE_STATEMENTS",
        True,
        accepts="true or false",
        description="Whether statements are prepared; `false` suits pgbouncer in transaction mode.",
    )
    max_rewrite_bytes: int = _whole(
        "FIELDSTONE_MAX_REWRITE_BYTES",
        256 << 20,
        least=0,
        description="The largest table that a change of the model may rewrite while others wait, in bytes.",
    )
    plan_cache_size: int = _whole("FIELDSTONE_PLAN_CACHE_SIZE", 2_000, description="The most compiled operations kept.")
    model_cache_mb: int = _whole(
        "FIELDSTONE_MODEL_CACHE_MB",
        128,
        description="Memory for the models of workspaces, in MiB; beyond it the least recently used model is evicted.",
    )
    event_retention_hours: int = _whole(
        "FIELDSTONE_EVENT_RETENTION_HOURS",
        72,
        description="Retention of events, from which subscriptions and webhooks resume, in hours.",
    )
    event_retention_count: int = _whole(
        "FIELDSTONE_EVENT_RETENTION_COUNT",
        1_000_000,
        description="Retention of events by number, whatever their age; events that a webhook still needs stay.",
    )
    max_subscriptions: int = _whole(
        "FIELDSTONE_MAX_SUBSCRIPTIONS", 10_000, description="The most subscriptions of one workspace on one server."
    )
    max_sockets: int = _whole(
        "FIELDSTONE_MAX_SOCKETS", 5_000, description="The most WebSockets of one workspace on one server."
    )
    max_subscription_bytes: int = _whole(
        "FIELDSTONE_MAX_SUBSCRIPTION_BYTES",
        16 << 20,
        description="Bytes of the documents, variables and filters of one workspace's subscriptions.",
    )
    max_subscription_bytes_total: int = _whole(
        "FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL",
        64 << 20,
        description="Bytes of the documents, variables and filters of all subscriptions of one server.",
    )
    webhook_allow: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = _setting(
        "FIELDSTONE_WEBHOOK_ALLOW",
        (),
        accepts="a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix",
        description="The networks that webhooks may send to in spite of their private addresses.",
    )
    webhook_timeout: float = _seconds(
        "FIELDSTONE_WEBHOOK_TIMEOUT", 10.0, description="The longest attempt to deliver an event, in seconds."
    )
    webhook_concurrency: int = _whole(
        "FIELDSTONE_WEBHOOK_CONCURRENCY", 64, most=1000, description="The most webhook deliveries in progress."
    )
    webhook_concurrency_each: int = _whole(
        "FIELDSTONE_WEBHOOK_CONCURRENCY_EACH",
        8,
        most=1000,
        description="The most deliveries in progress to one webhook.",
    )
    webhook_attempts: int = _whole(
        "FIELDSTONE_WEBHOOK_ATTEMPTS", 20, description="Attempts of a delivery before it is given up."
    )
    webhook_retry_delay: float = _seconds(
        "FIELDSTONE_WEBHOOK_RETRY_DELAY",
        1.0,
        description="The backoff before the second attempt, in seconds; it doubles with each attempt, up to an hour.",
    )
    webhook_disable_after: int = _whole(
        "FIELDSTONE_WEBHOOK_DISABLE_AFTER",
        259_200,
        description="Seconds without a successful attempt after which a webhook is disabled.",
    )
    webhook_retention_hours: int = _whole(
        "FIELDSTONE_WEBHOOK_RETENTION_HOURS", 72, description="Retention of deliveries, in hours."
    )
    webhook_failed_hours: int = _whole(
        "FIELDSTONE_WEBHOOK_FAILED_HOURS", 720, description="Retention of deliveries that were given up, in hours."
    )
    cors_origins: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_split)] = _setting(
        "FIELDSTONE_CORS_ORIGINS",
        None,
        accepts="* or a comma-separated list of origins such as https://app.example.com",
        description="The origins that browsers may call from. Unset: all in development, none in production.",
    )
    log_level: LogLevel = _setting(
        "FIELDSTONE_LOG_LEVEL",
        LogLevel.INFO,
        accepts="debug, info, warning or error",
        description="The lowest severity of logged lines; each request is a line at `info`.",
    )
    log_format: LogFormat | None = _setting(
        "FIELDSTONE_LOG_FORMAT",
        None,
        accepts="json or console",
        description="Unset: `console` in development, `json` in production.",
    )

    @field_validator("database_url", "listen_url")
    @classmethod
    def _is_a_connection_string(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                conninfo_to_dict(value)
            except psycopg.ProgrammingError as error:
                raise ValueError from error
        return value

    @field_validator("broadcast_url")
    @classmethod
    def _is_a_redis_url(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("redis://", "rediss://")) and find_spec("redis")):
            raise ValueError
        return value

    @model_validator(mode="after")
    def _pages_fit(self) -> Self:
        if self.default_page > self.max_page:
            raise ValueError(f"FIELDSTONE_DEFAULT_PAGE must be at most FIELDSTONE_MAX_PAGE, which is {self.max_page}.")
        return self

    @property
    def is_development(self) -> bool:
        """Whether this is a development server."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins that CORS lets in; `("*",)` is all."""
        if self.cors_origins is not None:
            return self.cors_origins
        return ("*",) if self.is_development else ()


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
            shown = "" if attribute in _SECRETS else f", not {_quoted(first['input'])}"
            extra = field.json_schema_extra
            accepts = extra["accepts"] if isinstance(extra, dict) else ""
            return f"{field.validation_alias} must be {accepts}{shown}."
    return f"There is no setting {name!r}; those that there are stand in fieldstone.engine.settings.Settings."


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
