"""The issuers of tokens, read from the setting FIELDSTONE_JWT."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from fieldstone.engine.identity.claim_mapping import ClaimMapping, ClaimPath
from fieldstone.engine.identity.signatures.keys import ALGORITHMS, SECRET_ALGORITHMS, SigningKey
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.sql.frozen import frozen

_MEMBERS = frozenset({"issuer", "audience", "jwksUrl", "key", "algorithms", "claims", "roles", "leeway"})
_CLAIMS = frozenset({"workspace", "role", "name", "values"})
_MOST_LEEWAY = 300
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@frozen
class Issuer:
    """An issuer whose tokens are accepted.

    Attributes:
        name: the claim `iss` of its tokens.
        audience: one of these must be in their claim `aud`.
        keys: the address of its key set, or its one key.
        algorithms: those that its tokens may be signed with.
        roles: those that its tokens may give, the strongest first.
        leeway: seconds by which its clock may differ from ours.
    """

    name: str
    audience: tuple[str, ...]
    keys: str | SigningKey
    algorithms: frozenset[str]
    mapping: ClaimMapping
    roles: tuple[str, ...]
    leeway: int


def read_issuers(text: str) -> tuple[Issuer, ...]:
    """Return the issuers of the setting's JSON.

    Raises:
        ValueError: it breaks a rule; the text completes "FIELDSTONE_JWT ..." with the place and a right value.
    """
    return read_named(text, "issuer", read_issuer)


def read_named(text: str, kind: str, read: Callable[[JsonValue, str], N]) -> tuple[N, ...]:
    """Return the entries of a setting's JSON list, each with a name of its own.

    Args:
        text: the JSON.
        kind: the word for an entry.
        read: returns an entry, given its JSON and its place.

    Raises:
        ValueError: it breaks a rule.
    """
    try:
        given = loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list):
        raise ValueError(f"must be a JSON list of {kind}s")  # noqa: TRY004 - pydantic takes ValueError
    entries = tuple(read(one, f"[{index}]") for index, one in enumerate(given))
    names = [entry.name for entry in entries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f'names the {kind} "{twice}" twice')
    return entries


def read_issuer(given: JsonValue, place: str) -> Issuer:
    """Return the issuer of one entry; raises ValueError, which names its place."""
    members = _members(given, place, _MEMBERS)
    keys = _read_keys(members, place)
    roles = _texts(members, "roles", place)
    mapping = _read_mapping(members.get("claims", {}), f"{place}.claims")
    if mapping.role is None and len(roles) > 1:
        raise ValueError(f"{place}.claims.role must name the claim with the role, as there are several roles")
    return Issuer(
        name=_text(members, "issuer", place),
        audience=_texts(members, "audience", place),
        keys=keys,
        algorithms=_read_algorithms(members, keys, place),
        mapping=mapping,
        roles=roles,
        leeway=_read_leeway(members.get("leeway", 0), place),
    )


def _read_keys(members: Mapping[str, JsonValue], place: str) -> str | SigningKey:
    url, key = members.get("jwksUrl"), members.get("key")
    if (url is None) == (key is None):
        raise ValueError(f"{place} must have either jwksUrl or key")
    if url is not None:
        return checked_url(_text(members, "jwksUrl", place), f"{place}.jwksUrl")
    # The libraries of keys take their time to import, and most issuers have an address.
    from fieldstone.engine.identity.signatures.reading import read_jwk, read_pem, read_secret  # noqa: PLC0415

    try:
        if isinstance(key, Mapping):
            return read_jwk(key)
        text = _text(members, "key", place)
        return read_pem(text) if "-----BEGIN" in text else read_secret(text)
    except ValueError as error:
        raise ValueError(f"{place}.key must be {error}") from None


def checked_url(url: str, place: str) -> str:
    """Return an address of a provider; raises ValueError for one that others could read or change on its way."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        is_safe = False
    if not is_safe:
        raise ValueError(f"{place} must be an https address; http is for this machine alone")
    return url


def _read_algorithms(members: Mapping[str, JsonValue], keys: str | SigningKey, place: str) -> frozenset[str]:
    possible = frozenset(ALGORITHMS) - SECRET_ALGORITHMS if isinstance(keys, str) else keys.algorithms
    if "algorithms" not in members:
        return possible
    algorithms = frozenset(_texts(members, "algorithms", place))
    if unknown := sorted(algorithms - possible):
        allowed = ", ".join(name for name in ALGORITHMS if name in possible)
        raise ValueError(f"{place}.algorithms must be among {allowed} for these keys, not {unknown[0]}")
    return algorithms


def _read_mapping(given: JsonValue, place: str) -> ClaimMapping:
    members = _members(given, place, _CLAIMS)
    values = members.get("values", {})
    return ClaimMapping(
        workspace=_path(members.get("workspace"), f"{place}.workspace"),
        role=_path(members.get("role"), f"{place}.role"),
        name=_path(members.get("name"), f"{place}.name"),
        values={name: _given_path(path, f"{place}.values.{name}") for name, path in values.items()}
        if isinstance(values, Mapping)
        else _given_path(values, f"{place}.values"),
    )


def _path(given: JsonValue, place: str) -> ClaimPath | None:
    return None if given is None else _given_path(given, place)


def _given_path(given: JsonValue, place: str) -> ClaimPath:
    names = given if isinstance(given, list) else [given]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{place} must be the name of a claim, or the list of names that lead to it")
    return tuple(names)


def _read_leeway(given: JsonValue, place: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= _MOST_LEEWAY:
        raise ValueError(f"{place}.leeway must be seconds from 0 to {_MOST_LEEWAY}")
    return given


def _members(given: JsonValue, place: str, known: frozenset[str]) -> Mapping[str, JsonValue]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} must be an object")  # noqa: TRY004 - pydantic takes ValueError
    if unknown := sorted(given.keys() - known):
        raise ValueError(f"{place} must not have the member {unknown[0]}; its members are {', '.join(sorted(known))}")
    return given


def _text(members: Mapping[str, JsonValue], name: str, place: str) -> str:
    text = members.get(name)
    if not isinstance(text, str) or not text:
        raise ValueError(f"{place}.{name} must be a text")
    return text


def _texts(members: Mapping[str, JsonValue], name: str, place: str) -> tuple[str, ...]:
    given = members.get(name)
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{place}.{name} must be a text or a list of texts")
    return tuple(texts)
