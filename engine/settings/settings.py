"""The settings: every environment variable with its meaning, type and default.

`Settings()` reads the environment; embedding code may give any setting as an argument, by the attribute's name.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasGenerator, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fieldstone.engine.identity.issuer import Issuer, read_issuers
from fieldstone.engine.identity.openid import ProviderSettings, read_providers
from fieldstone.engine.settings.cells import Cells
from fieldstone.engine.settings.choices import Distribution, Documents, Environment, LogFormat, LogLevel, RateLimitStore
from fieldstone.engine.settings.declaration import (
    Addresses,
    JsonList,
    Networks,
    Origins,
    PublicUrl,
    SecretKeys,
    Token,
    Workers,
    seconds,
    setting,
    whole,
)
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.sql.embedded import default_data_dir


class Settings(BaseSettings):
    """All that can be configured; frozen.

    Raises:
        ConfigurationError: from `load_settings`; the plain constructor raises pydantic's ValidationError.
    """

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: f"FIELDSTONE_{name.upper()}"),
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
        case_sensitive=True,
        hide_input_in_errors=False,
    )

    # One row a setting.
    # fmt: off
    database_url: str | None = setting(None,
        "The PostgreSQL (15 or newer) to use. Unset: Fieldstone starts its own in the data folder.",
        "a PostgreSQL connection string such as postgresql://user:password@host:5432/database",
        secret=True, variable="DATABASE_URL")
    owner_database_url: str | None = setting(None,
        "The same database with the login that owns the tables and changes the model; `DATABASE_URL` only serves then.",
        "a PostgreSQL connection string such as postgresql://owner:password@host:5432/database", secret=True)
    replica_urls: Addresses = setting((),
        "Read replicas of the database; they answer the reads whose writes they have, and the primary all others.",
        "a list of PostgreSQL connection strings such as postgresql://user:password@replica:5432/database, separated by"
        " commas", secret=True)
    distribute: Distribution | None = setting(None,
        "`citus`: the database is the coordinator of a cluster of Citus, and each new workspace lies on one of its "
        "nodes. Unset: all workspaces lie in the one database.", "citus")
    cells: Cells = setting((),
        "Databases that have the workspaces between them, in the place of `DATABASE_URL`; the first is the home, which "
        "has the directory.",
        "a list of names with addresses such as home=postgresql://user:password@host:5432/database, separated by"
        " commas", secret=True)
    environment: Environment = setting(Environment.PRODUCTION,
        "`development` serves GraphiQL and the page of REST, opens CORS and prints a key at the start.",
        "production or development", variable="FIELDSTONE_ENV")
    data_dir: Path = setting(default_data_dir(), "The folder of the embedded PostgreSQL.", "the path of a folder")
    database_port: int | None = setting(None,
        "A TCP port at which the embedded PostgreSQL listens, for SQL roles. Unset: its UNIX socket alone.",
        "a whole number from 1 to 65535, 5432 for instance", ge=1, le=65_535)
    database_host: str = setting("127.0.0.1", "The address of `FIELDSTONE_DATABASE_PORT`.",
        "an address, or a host name", pattern=r"^[^\s,']+$")
    host: str = setting("127.0.0.1", "The address to listen on.", "a host name or an address")
    port: int = whole(3000, "The port to listen on; 0 takes a free one.", least=0, most=65_535)
    workers: Workers = setting(1,
        "Processes that serve on the port under one `fieldstone serve`; `auto` is one for each core.",
        "auto or a whole number from 1 to 64", ge=1, le=64)
    connection_age: int | None = setting(None,
        "Seconds after which a connection of a client is closed with an answer, so that the next one may be another "
        "server's; 0 is never. Unset: 300 with several workers, never with one.", "a whole number from 0 up", ge=0)
    rate_limit: int = whole(100, "Operations of a key and of the keys created with it in one window; 0 is no limit.",
        least=0, variable="API_RATE_LIMITING_LIMIT")
    session_rate_limit: int = whole(1_200,
        "Operations of all sessions of a key or a user in one window, counted apart; 0 is no limit.", least=0)
    rate_window_ms: int = whole(60_000, "The window's length in milliseconds.", variable="API_RATE_LIMITING_TTL")
    workspace_rate_limit: int = whole(0,
        "Operations of all principals of a workspace in one window; 0 is no limit.", least=0)
    rate_limit_store: RateLimitStore = setting(RateLimitStore.MEMORY,
        "Where rate limits are counted: in the memory of each process, or in Redis for all processes together.",
        "memory or redis")
    rate_limit_url: str | None = setting(None,
        "The Redis that counts rate limits. Unset: that of `FIELDSTONE_BROADCAST_URL`.",
        "a Redis URL such as redis://127.0.0.1:6379/0, with `pip install 'fieldstone[redis]'`", secret=True)
    max_concurrent_per_key: int | None = setting(None,
        "Operations of a key, or a user, in progress at once in one process; more wait for their turn, and 0 is no "
        "limit. Unset: four times `FIELDSTONE_POOL_SIZE`, 32 at least.",
        "a whole number from 0 up, 32 for instance", ge=0)
    max_concurrent_per_workspace: int | None = setting(None,
        "The same of all principals of a workspace. Unset: eight times `FIELDSTONE_POOL_SIZE`, 64 at least.",
        "a whole number from 0 up, 64 for instance", ge=0)
    max_queue_ms: int = whole(400,
        "The longest wait of operations for a database connection, in milliseconds, beyond which new ones are refused "
        "(`OVERLOADED`); a burst may wait half as long again, and 0 is no limit.", least=0, most=60_000)
    max_body_bytes: int = whole(8_388_608, "The largest request body in bytes.")
    max_import_bytes: int = whole(1 << 30, "The largest file of an import in bytes.")
    import_store_mb: int = whole(2_048,
        "The size of the files that wait in the database for one workspace's import jobs, in MiB.", most=1_048_576)
    import_retention_hours: int = whole(72, "Retention of untouched import jobs, in hours.", most=87_600)
    max_response_bytes: int = whole(67_108_864, "The largest answer of one operation in bytes.")
    max_batch: int = whole(20, "The most operations in one request.")
    max_tokens: int = whole(10_000, "The most tokens in one document.")
    max_depth: int = whole(100, "The deepest nesting of an operation's fields.", most=200)
    max_aliases: int = whole(500, "The most aliases in one operation.", least=0)
    documents: Documents = setting(Documents.ANY,
        "The documents that `/graphql` answers: `trusted` refuses all but those of `fieldstone documents import`, and "
        "REST; `trusted-and-rest` answers REST.", "any, trusted or trusted-and-rest")
    persisted_queries: int = whole(1_000,
        "The most documents that clients of one workspace may store by their hash (Apollo's automatic persisted "
        "queries); beyond it the least recently read go, and 0 turns them off.", least=0, most=100_000)
    introspection: bool = setting(True,
        "Whether clients may ask for the schema, and messages suggest names of it.", "true or false")
    default_page: int = whole(60, "The default number of records on a page.")
    max_page: int = whole(200, "The most records on a page.")
    max_bulk_writes: int = whole(10_000, "The most records that one field of a mutation may write.")
    relay: bool = setting(False, "Whether every record is a Relay `Node`, with `nodeId`, `node` and `nodes`.",
        "true or false")
    max_cost: int = whole(500_000, "The highest cost of an operation, in records that it may read; 0 is no limit.",
        least=0)
    statement_timeout: float = seconds(15.0, "The longest run of one SQL statement, in seconds.")
    work_mem_mb: int = whole(8, "PostgreSQL's memory for each sort and hash of a statement, in MiB; beyond it, files.",
        most=65_536)
    temp_file_mb: int = whole(1_024,
        "The largest size of one statement's temporary files, in MiB; 0 keeps PostgreSQL's limit.", least=0,
        most=1_048_576)
    max_connections: int = whole(10_000,
        "The most connections of clients; beyond it the connections idle for longest are closed.")
    max_connections_each: int = whole(2_500, "The most connections of one address, in IPv6 of one network of 64 bits.")
    head_timeout: float = seconds(10.0,
        "The longest wait for a request's head, and for the first byte of a connection, in seconds.")
    body_timeout: float = seconds(30.0, "The longest wait for a request's body, in seconds.")
    unread_timeout: float = seconds(30.0,
        "The longest wait for a client that reads nothing of its answer, in seconds.")
    max_buffered_bytes: int = whole(128 << 20,
        "Bytes of unread answers and unanswered requests; beyond it the slowest clients are disconnected.")
    startup_timeout: float = seconds(60.0, "The longest wait for the database at the start, in seconds.")
    drain_timeout: float = seconds(15.0, "The longest wait of a stop for requests in progress, in seconds.")
    pool_size: int = whole(8,
        "Database connections for requests; of several workspaces each gets at most half. Unset with several workers: "
        "these share 16, 2 each at least.", most=1000)
    lanes: int = whole(4,
        "The number of `FIELDSTONE_POOL_SIZE` connections on which short reads may share messages; 0 is off.",
        least=0, most=1000)
    session_pool_size: int = whole(4, "Database connections for changes of the model, keys and the like.", most=1000)
    listen_url: str | None = setting(None,
        "The same database without a pooler, for LISTEN, where `DATABASE_URL` leads to a pooler.",
        "a PostgreSQL connection string such as postgresql://user:password@host:5432/database", secret=True)
    broadcast_url: str | None = setting(None,
        "The Redis by which processes notify each other of changes. Unset: PostgreSQL's LISTEN and NOTIFY.",
        "a Redis URL such as redis://127.0.0.1:6379/0, with `pip install 'fieldstone[redis]'`", secret=True)
    prepare_statements: bool = setting(True,
        "Whether statements are prepared; `false` suits pgbouncer in transaction mode.", "true or false")
    max_rewrite_bytes: int = whole(256 << 20,
        "The largest table that a change of the model may rewrite while others wait, in bytes.", least=0)
    plan_cache_size: int = whole(2_000, "The most compiled operations kept.")
    model_cache_mb: int = whole(128,
        "Memory for the models of workspaces, the views of their roles included, in MiB; beyond it the least recently "
        "used model is evicted.")
    audit_retention_days: int = whole(365, "Retention of the audit log, in days; 0 keeps everything.", least=0,
        most=36_500)
    event_retention_hours: int = whole(72,
        "Retention of events, from which subscriptions and webhooks resume, in hours.")
    event_retention_count: int = whole(1_000_000,
        "Retention of events by number, whatever their age; events that a webhook still needs stay.")
    history_days: int = whole(90,
        "Retention of the history of records behind that of events, in days; 0 keeps none.", least=0, most=36_500)
    max_subscriptions: int = whole(10_000, "The most subscriptions of one workspace on one server.")
    max_live_queries: int = whole(1_000, "The most different live queries of one workspace on one server.")
    live_poll: int = whole(
        0,
        "Seconds after which live queries are answered again without an event, for writes past Fieldstone; 0 is never.",
        least=0,
        most=86_400,
    )
    max_sockets: int = whole(5_000, "The most WebSockets of one workspace on one server.")
    max_subscription_bytes: int = whole(16 << 20,
        "Bytes of the documents, variables and filters of one workspace's subscriptions.")
    max_subscription_bytes_total: int = whole(64 << 20,
        "Bytes of the documents, variables and filters of all subscriptions of one server.")
    secret_key: SecretKeys = setting((),
        "The keys that secrets are encrypted under in the database: the first encrypts, all decrypt.",
        "a comma-separated list of keys of at least 32 characters, such as `openssl rand -base64 32` makes",
        secret=True)
    webhook_allow: Networks = setting((),
        "The networks that webhooks may send to in spite of their private addresses.",
        "a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix")
    webhook_timeout: float = seconds(10.0, "The longest attempt to deliver an event, in seconds.")
    webhook_concurrency: int = whole(64, "The most webhook deliveries in progress.", most=1000)
    webhook_concurrency_each: int = whole(8, "The most deliveries in progress to one webhook.", most=1000)
    webhook_attempts: int = whole(20, "Attempts of a delivery before it is given up.")
    webhook_retry_delay: float = seconds(1.0,
        "The backoff before the second attempt, in seconds; it doubles with each attempt, up to an hour.")
    webhook_disable_after: int = whole(259_200,
        "Seconds without a successful attempt after which a webhook is disabled.")
    webhook_retention_hours: int = whole(72, "Retention of deliveries, in hours.")
    webhook_failed_hours: int = whole(720, "Retention of deliveries that were given up, in hours.")
    anonymous_role: str | None = setting(None,
        "The role of requests without a key or token, in the workspace `default`. Unset: they are refused.",
        "the name of a role other than admin", min_length=1)
    trusted_proxies: Networks = setting((),
        "The networks of the proxies whose `X-Forwarded-For` names the clients' addresses.",
        "a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix")
    oidc: JsonList = setting(None,
        "The OpenID providers at which people sign in by a browser, as a JSON list.",
        "a JSON list of providers", secret=True)
    public_url: PublicUrl | None = setting(None,
        "The address at which browsers reach this server; with `https` its cookies are `Secure`.",
        "an http or https address without a path, such as https://api.example.com")
    session_hours: int = whole(12, "The length of a person's session, in hours.", most=8_760)
    session_idle_minutes: int = whole(120,
        "The minutes without a use after which a session ends; 0 is never.", least=0, most=525_600)
    jwt: JsonList = setting(None,
        "The identity providers whose tokens are accepted beside API keys, as a JSON list.",
        "a JSON list of issuers", secret=True)
    cors_origins: Origins = setting(None,
        "The origins that browsers may call from. Unset: all in development, none in production.",
        "* or a comma-separated list of origins such as https://app.example.com")
    cors_credentials: bool = setting(False,
        "Whether pages of the origins in `FIELDSTONE_CORS_ORIGINS` may send cookies; `*` excludes it.",
        "true or false")
    metrics_token: Token | None = setting(None,
        "The token that opens `/metrics` and the details of `/readyz`. Unset: metrics without names.",
        "visible ASCII characters without spaces", secret=True)
    metrics_port: int | None = setting(None,
        "A second port for `/metrics` with names and the details of `/readyz`, without a token; 0 takes a free one.",
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

    @field_validator("database_url", "owner_database_url", "listen_url")
    @classmethod
    def _is_a_connection_string(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                conninfo_to_dict(value)
            except psycopg.ProgrammingError as error:
                raise ValueError from error
        return value

    @field_validator("broadcast_url", "rate_limit_url")
    @classmethod
    def _is_a_redis_url(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("redis://", "rediss://")) and find_spec("redis")):
            raise ValueError
        return value

    @field_validator("tracing")
    @classmethod
    def _has_open_telemetry(cls, value: bool) -> bool:
        if value and not (find_spec("opentelemetry") and find_spec("opentelemetry.sdk") and find_spec("requests")):
            raise ValueError
        return value

    @field_validator("anonymous_role")
    @classmethod
    def _is_restricted(cls, value: str | None) -> str | None:
        if value == ADMIN:
            raise ValueError
        return value

    @model_validator(mode="after")
    def _credentials_have_an_origin(self) -> Self:
        if self.cors_credentials and "*" in (self.allowed_origins or ("*",)):
            raise ValueError("FIELDSTONE_CORS_CREDENTIALS needs the origins in FIELDSTONE_CORS_ORIGINS, one by one.")
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if self.metrics_port and self.metrics_port == self.port:
            raise ValueError("FIELDSTONE_METRICS_PORT must be another port than FIELDSTONE_PORT.")
        if self.database_port is not None and self.database_port in {self.port, self.metrics_port}:
            raise ValueError("FIELDSTONE_DATABASE_PORT must be another port than FIELDSTONE_PORT and _METRICS_PORT.")
        return self

    @model_validator(mode="after")
    def _providers_are_right(self) -> Self:
        try:
            providers = read_providers(self.oidc or "[]")
        except ValueError as error:
            raise ValueError(f"FIELDSTONE_OIDC {error}.") from None
        if providers and not (self.public_url and self.secret_key):
            raise ValueError("FIELDSTONE_OIDC needs FIELDSTONE_PUBLIC_URL and FIELDSTONE_SECRET_KEY.")
        return self

    @model_validator(mode="after")
    def _issuers_are_right(self) -> Self:
        try:
            read_issuers(self.jwt or "[]")
        except ValueError as error:
            raise ValueError(f"FIELDSTONE_JWT {error}.") from None
        return self

    @model_validator(mode="after")
    def _owner_has_a_server(self) -> Self:
        if self.owner_database_url is not None and self.database_url is None:
            raise ValueError("FIELDSTONE_OWNER_DATABASE_URL needs DATABASE_URL, the login that serves.")
        return self

    @model_validator(mode="after")
    def _cells_are_all_databases(self) -> Self:
        others = (self.database_url, self.owner_database_url, self.listen_url)
        if self.cells and (any(one is not None for one in others) or self.replica_urls or self.distribute):
            raise ValueError(
                "FIELDSTONE_CELLS takes the place of DATABASE_URL, and cannot be used with it, nor with"
                " FIELDSTONE_OWNER_DATABASE_URL, _LISTEN_URL, _REPLICA_URLS or _DISTRIBUTE."
            )
        return self

    @model_validator(mode="after")
    def _a_coordinator_is_given(self) -> Self:
        if self.distribute is not None and self.database_url is None:
            raise ValueError("FIELDSTONE_DISTRIBUTE needs DATABASE_URL, the coordinator of the cluster.")
        return self

    @model_validator(mode="after")
    def _pages_fit(self) -> Self:
        if self.default_page > self.max_page:
            raise ValueError(f"FIELDSTONE_DEFAULT_PAGE must be at most FIELDSTONE_MAX_PAGE, which is {self.max_page}.")
        return self

    @model_validator(mode="after")
    def _a_shared_rate_limit_has_a_redis(self) -> Self:
        if self.rate_limit_store is RateLimitStore.REDIS and self.shared_rate_limit_url is None:
            raise ValueError("FIELDSTONE_RATE_LIMIT_STORE=redis needs FIELDSTONE_RATE_LIMIT_URL, a Redis's address.")
        return self

    @property
    def main_database_url(self) -> str | None:
        """The address of the database, or of the home where there are cells; None for an embedded one."""
        return self.cells[0].url if self.cells else self.database_url

    @property
    def shared_rate_limit_url(self) -> str | None:
        """The Redis in which rate limits are counted; None where each process counts by itself."""
        if self.rate_limit_store is RateLimitStore.MEMORY:
            return None
        return self.rate_limit_url or self.broadcast_url

    @property
    def is_development(self) -> bool:
        """Whether this is a development server."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def issuers(self) -> tuple[Issuer, ...]:
        """The identity providers whose tokens are accepted."""
        return read_issuers(self.jwt or "[]")

    @property
    def providers(self) -> tuple[ProviderSettings, ...]:
        """The OpenID providers at which people sign in."""
        return read_providers(self.oidc or "[]")

    @property
    def is_behind_tls(self) -> bool:
        """Whether browsers reach this server by TLS."""
        return (self.public_url or "").startswith("https://")

    @property
    def cookie_origins(self) -> tuple[str, ...]:
        """The origins whose pages may send cookies, besides that of the `Host` header."""
        own = () if self.public_url is None else (self.public_url.lower().rstrip("/"),)
        return own + self.allowed_origins if self.cors_credentials else own

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins that CORS lets in; `("*",)` is all."""
        if self.cors_origins is not None:
            return self.cors_origins
        return ("*",) if self.is_development else ()
