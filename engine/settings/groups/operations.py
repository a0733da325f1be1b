"""The settings of operations: how many, how large, and which of them are answered."""

from typing import Self

from pydantic import model_validator

from fieldstone.engine.settings.choices import Documents, RateLimitStore
from fieldstone.engine.settings.declaration import Group, RedisAddress, setting, whole


class OperationSettings(Group):
    """The limits of requests and of the operations in them."""

    # One row a setting.
    # fmt: off
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
    rate_limit_url: RedisAddress | None = setting(None,
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
    max_cost: int = whole(500_000, "The highest cost of an operation, in records that it may read; 0 is no limit.",
        least=0)
    documents: Documents = setting(Documents.ANY,
        "The documents that `/graphql` answers: `trusted` refuses all but those of `fieldstone documents import`, and "
        "REST; `trusted-and-rest` answers REST.", "any, trusted or trusted-and-rest")
    persisted_queries: int = whole(1_000,
        "The most documents that clients of one workspace may store by their hash (Apollo's automatic persisted "
        "queries); beyond it the least recently read go, and 0 turns them off.", least=0, most=100_000)
    introspection: bool = setting(True,
        "Whether clients may ask for the schema, and messages suggest names of it.", "true or false")
    relay: bool = setting(False, "Whether every record is a Relay `Node`, with `nodeId`, `node` and `nodes`.",
        "true or false")
    default_page: int = whole(60, "The default number of records on a page.")
    max_page: int = whole(200, "The most records on a page.")
    max_bulk_writes: int = whole(10_000, "The most records that one field of a mutation may write.")
    # fmt: on

    @model_validator(mode="after")
    def _pages_fit(self) -> Self:
        if self.default_page > self.max_page:
            raise ValueError(f"FIELDSTONE_DEFAULT_PAGE must be at most FIELDSTONE_MAX_PAGE, which is {self.max_page}.")
        return self
