"""The settings of the server: its address, the connections of its clients, its memory, metrics and log."""

from importlib.util import find_spec

from pydantic import field_validator

from fieldstone.engine.settings.choices import Environment, LogFormat, LogLevel
from fieldstone.engine.settings.declaration import Group, Token, Workers, seconds, setting, whole

_LEAST_WORKER_TIMEOUT = 5
"""A supervisor sees a turn of a worker up to 1.25 s late, and a worker may be late itself on a busy machine."""


class ServingSettings(Group):
    """The processes that serve, and the way in which they are observed."""

    # One row a setting.
    # fmt: off
    environment: Environment = setting(Environment.PRODUCTION,
        "`development` serves GraphiQL and the page of REST, opens CORS and prints a key at the start.",
        "production or development", variable="FIELDSTONE_ENV")
    console: bool = setting(True,
        "Whether this server has pages for browsers: the console, and in development GraphiQL and the page of REST.",
        "true or false")
    host: str = setting("127.0.0.1", "The address to listen on.", "a host name or an address")
    port: int = whole(3000, "The port to listen on; 0 takes a free one.", least=0, most=65_535)
    workers: Workers = setting(1,
        "Processes that serve on the port under one `fieldstone serve`; `auto` is one for each core.",
        "auto or a whole number from 1 to 64", ge=1, le=64)
    worker_timeout: int = setting(30,
        "Seconds, 5 at least, after which a worker whose event loop stands still is killed and replaced; 0 is never.",
        f"0 or a whole number from {_LEAST_WORKER_TIMEOUT} to 86400, 30 for instance", ge=0, le=86_400)
    max_connections: int = whole(10_000,
        "The most connections of clients; beyond it the connections idle for longest are closed.")
    max_connections_each: int = whole(2_500, "The most connections of one address, in IPv6 of one network of 64 bits.")
    connection_age: int | None = setting(None,
        "Seconds after which a connection of a client is closed with an answer, so that the next one may be another "
        "server's; 0 is never. Unset: 300 with several workers, never with one.", "a whole number from 0 up", ge=0)
    head_timeout: float = seconds(10.0,
        "The longest wait for a request's head, and for the first byte of a connection, in seconds.")
    body_timeout: float = seconds(30.0, "The longest wait for a request's body, in seconds.")
    unread_timeout: float = seconds(30.0,
        "The longest wait for a client that reads nothing of its answer, in seconds.")
    max_buffered_bytes: int = whole(128 << 20,
        "Bytes of unread answers and unanswered requests; beyond it the slowest clients are disconnected.")
    drain_timeout: float = seconds(15.0, "The longest wait of a stop for requests in progress, in seconds.")
    plan_cache_size: int = whole(2_000, "The most compiled operations kept; at most 200 of them were asked for once.")
    model_cache_mb: int = whole(128,
        "Memory for the models of workspaces, the views of their roles included, in MiB; beyond it the least recently "
        "used model is evicted.")
    metrics_token: Token | None = setting(None,
        "The token that opens `/metrics` and the details of `/readyz`. Unset: only roles with `METRICS` see them.",
        "visible ASCII characters without spaces", secret=True)
    metrics_port: int | None = setting(None,
        "A second port of `fieldstone serve` for `/metrics` with names and the details of `/readyz`, without a token;"
        " 0 takes a free one.",
        "a whole number from 0 to 65535, 9090 for instance", ge=0, le=65_535)
    slow_operation: int = whole(0,
        "Milliseconds after which an operation is slow: it is logged, and listed by `slowOperations`; 0 is off.",
        least=0, most=3_600_000)
    tracing: bool = setting(False,
        "Whether spans are sent by OpenTelemetry, as its own variables `OTEL_...` say.",
        "true or false; true needs `pip install 'fieldstone[otel]'`")
    log_level: LogLevel = setting(LogLevel.INFO,
        "The lowest severity of logged lines; each request is a line at `info`.", "debug, info, warning or error")
    log_format: LogFormat | None = setting(None, "Unset: `console` in development, `json` in production.",
        "json or console")
    # fmt: on

    @field_validator("worker_timeout")
    @classmethod
    def _is_never_or_long(cls, value: int) -> int:
        if 0 < value < _LEAST_WORKER_TIMEOUT:
            raise ValueError
        return value

    @field_validator("tracing")
    @classmethod
    def _has_open_telemetry(cls, value: bool) -> bool:
        if value and not (find_spec("opentelemetry") and find_spec("opentelemetry.sdk") and find_spec("requests")):
            raise ValueError
        return value

    @property
    def is_development(self) -> bool:
        """Whether this is a development server."""
        return self.environment is Environment.DEVELOPMENT
