"""The settings of identity: secrets, the ways in which people and programs sign in, and browsers."""

from typing import Self

from pydantic import field_validator, model_validator

from fieldstone.engine.identity.issuer import Issuer, read_issuers
from fieldstone.engine.identity.openid import ProviderSettings, read_providers
from fieldstone.engine.settings.declaration import (
    Group,
    JsonList,
    Names,
    Networks,
    Origins,
    PublicUrl,
    SecretKeys,
    setting,
    whole,
)
from fieldstone.metadata.roles.role import ADMIN


class IdentitySettings(Group):
    """The principals that are let in, and the browsers that they come with."""

    # One row a setting.
    # fmt: off
    secret_key: SecretKeys = setting((),
        "The keys that secrets are encrypted under in the database: the first encrypts, all decrypt.",
        "a comma-separated list of keys of at least 32 characters, such as `openssl rand -base64 32` makes",
        secret=True)
    anonymous_role: str | None = setting(None,
        "The role of requests without a key or token, in `FIELDSTONE_ANONYMOUS_WORKSPACES`. Unset: they are refused.",
        "the name of a role other than admin", min_length=1)
    anonymous_workspaces: Names = setting((),
        "The workspaces that take such requests, by name; the first one is that of requests without"
        " `X-Fieldstone-Workspace`. Unset: `default`.",
        "a comma-separated list of names of workspaces")
    trusted_proxies: Networks = setting((),
        "The networks of the proxies whose `X-Forwarded-For` names the clients' addresses.",
        "a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix")
    proxy_protocol: Networks = setting((),
        "The networks of the balancers whose connections begin with a header of the PROXY protocol, version 1 or 2. It"
        " names the client's address; a connection from there without one is refused.",
        "a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix")
    public_url: PublicUrl | None = setting(None,
        "The address at which browsers reach this server, without a path that it is mounted at;"
        " with `https` its cookies are `Secure`.",
        "an http or https address without a path, such as https://api.example.com")
    oidc: JsonList = setting(None,
        "The OpenID providers at which people sign in by a browser, as a JSON list.",
        "a JSON list of providers", secret=True)
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
    # fmt: on

    @field_validator("anonymous_role")
    @classmethod
    def _is_restricted(cls, value: str | None) -> str | None:
        # Spaces are in the name of no role: all requests without a key would be refused as if it was unset.
        if value is not None and (value == ADMIN or value != value.strip()):
            raise ValueError
        return value

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
