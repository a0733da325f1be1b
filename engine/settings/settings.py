"""The settings: every environment variable with its meaning, type and default.

`Settings()` reads the environment; embedding code may give any setting as an argument, by the attribute's name.
"""

from fieldstone.engine.settings.choices import RateLimitStore
from fieldstone.engine.settings.declaration import ConfigurationError
from fieldstone.engine.settings.groups.database import DatabaseSettings
from fieldstone.engine.settings.groups.events import EventSettings
from fieldstone.engine.settings.groups.identity import IdentitySettings
from fieldstone.engine.settings.groups.operations import OperationSettings
from fieldstone.engine.settings.groups.serving import ServingSettings


# The settings are in the order of the documentation: from the last base to the first.
class Settings(IdentitySettings, EventSettings, OperationSettings, ServingSettings, DatabaseSettings):
    """All that can be configured; frozen."""

    def check(self) -> None:
        """Check the rules between settings of several groups."""
        super().check()
        if self.cors_credentials and "*" in (self.allowed_origins or ("*",)):
            raise ConfigurationError(
                "FIELDSTONE_CORS_CREDENTIALS needs the origins in FIELDSTONE_CORS_ORIGINS, one by one."
            )
        if self.metrics_port and self.metrics_port == self.port:
            raise ConfigurationError("FIELDSTONE_METRICS_PORT must be another port than FIELDSTONE_PORT.")
        if self.database_port is not None and self.database_port in {self.port, self.metrics_port}:
            raise ConfigurationError(
                "FIELDSTONE_DATABASE_PORT must be another port than FIELDSTONE_PORT and _METRICS_PORT."
            )
        if self.rate_limit_store is RateLimitStore.REDIS and self.shared_rate_limit_url is None:
            raise ConfigurationError(
                "FIELDSTONE_RATE_LIMIT_STORE=redis needs FIELDSTONE_RATE_LIMIT_URL, a Redis's address."
            )

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
