"""The settings: every environment variable with its meaning, type and default.

`Settings()` reads the environment; embedding code may give any setting as an argument, by the attribute's name.
"""

from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from fieldstone.engine.settings.choices import RateLimitStore
from fieldstone.engine.settings.groups.database import DatabaseSettings
from fieldstone.engine.settings.groups.events import EventSettings
from fieldstone.engine.settings.groups.identity import IdentitySettings
from fieldstone.engine.settings.groups.operations import OperationSettings
from fieldstone.engine.settings.groups.serving import ServingSettings


# pydantic orders the fields from the last base to the first; the documentation has them in that order.
class Settings(IdentitySettings, EventSettings, OperationSettings, ServingSettings, DatabaseSettings):
    """All that can be configured; frozen. The rules between settings of several groups are checked here.

    Raises:
        ConfigurationError: from `load_settings`; the plain constructor raises pydantic's ValidationError.
    """

    # At its import: the processes that are forked behind it share the memory.
    model_config = SettingsConfigDict(defer_build=False)

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
    def _a_shared_rate_limit_has_a_redis(self) -> Self:
        if self.rate_limit_store is RateLimitStore.REDIS and self.shared_rate_limit_url is None:
            raise ValueError("FIELDSTONE_RATE_LIMIT_STORE=redis needs FIELDSTONE_RATE_LIMIT_URL, a Redis's address.")
        return self

    @property
    def shared_rate_limit_url(self) -> str | None:
        """The Redis in which rate limits are counted; None where each process counts by itself."""
        if self.rate_limit_store is RateLimitStore.MEMORY:
            return None
        return self.rate_limit_url or self.broadcast_url

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
