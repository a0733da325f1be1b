"""The principal: the identity behind a request, with its workspace, its role and the values that rules may name."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.networks import Network
from fieldstone.metadata.roles.role import RoleReference
from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.frozen import frozen


class SubjectKind(Enum):
    """The kinds of an identity."""

    API_KEY = "API_KEY"
    USER = "USER"
    ANONYMOUS = "ANONYMOUS"


ACTOR_SEPARATOR: Final = "\x1f"
"""The character between the parts of an author's text; no name has it."""

SESSION: Final = ACTOR_SEPARATOR
"""The client of the requests that sessions of browsers send; no key has this name."""

NO_CLAIMS: Final[Mapping[str, JsonValue]] = MappingProxyType({})


@frozen
class Principal:
    """The identity behind a request.

    Attributes:
        subject_id: the id of the API key, or one that is derived from a user's issuer and subject.
        name: the name of the key or the user, which records, events and the history carry.
        rate_key: all principals with the same one share a rate limit: a key and the keys that it has made.
        role: resolved in the snapshot at each request.
        claims: the values that rules may name as `$principal.NAME`, as they were given.
        acts_as: the name of the role that it acts as, by the right to impersonate; None: its own.
        networks: those that it may be used from; all if there are none.
        actor: the kind, the id and the name as one text, which writes carry.
        share: the key of the share of the database's connections that its statements count for.
        client: the name of a key; `SESSION` for a session of a browser; None: it is a user or a visitor, one of many.
        expires_at: Unix time at which it ends; None: never, or as the cache of keys decides.
        key_prefix: the first characters of its API key's token; None for others, and for an old key.
        session_id: of the session of a browser; None for others.
        by_old_token: whether the token, or that by which the session began, is the one before its key's last rotation.
    """

    kind: SubjectKind = SubjectKind.API_KEY
    subject_id: UUID
    name: str
    rate_key: UUID
    workspace_id: UUID
    role: RoleReference
    claims: Mapping[str, JsonValue] = field(default_factory=lambda: NO_CLAIMS, hash=False)
    acts_as: str | None = None
    networks: tuple[Network, ...] = ()
    expires_at: float | None = None
    key_prefix: str | None = field(default=None, compare=False)
    session_id: UUID | None = field(default=None, hash=False)
    by_old_token: bool = field(default=False, compare=False)
    actor: str = field(init=False, repr=False, compare=False)
    share: ShareKey = field(init=False, repr=False, compare=False)
    client: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "actor", ACTOR_SEPARATOR.join((self.kind.value, str(self.subject_id), self.name)))
        object.__setattr__(self, "share", ShareKey(self.workspace_id.int, self.rate_key.int))
        key = self.name if self.kind is SubjectKind.API_KEY else None
        object.__setattr__(self, "client", key if self.session_id is None else SESSION)


def keep_instance(before: Principal | None, found: Principal) -> Principal:
    """Return the principal that was found, as the same instance as before while nothing of it has changed.

    Identical ids are cheaper to look up in a dict than equal ones.
    """
    is_same = before is not None and before == found and before.by_old_token == found.by_old_token
    return before if before is not None and is_same else found


def read_actor(actor: str) -> tuple[str | None, str | None, str]:
    """Return the kind, the id and the name of an author's text; the name alone where it has no more."""
    kind, separator, rest = actor.partition(ACTOR_SEPARATOR)
    if not separator:
        return None, None, actor
    id_, _, name = rest.partition(ACTOR_SEPARATOR)
    return kind, id_, name
