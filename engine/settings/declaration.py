"""The declaration of a setting and of a group of settings, and the types of settings with a form of their own."""

import contextlib
import math
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, AliasGenerator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fieldstone.engine.webhooks.sending.ssrf_guard import read_networks
from fieldstone.metadata.json_text import dumps, unstorable
from fieldstone.metadata.roles.networks import Network

_SHORTEST_KEY = 32
_MOST_WORKERS = 64
_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""The share of the processors that a container may use, or `max`.
https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
"""
_TOKEN = re.compile(r"[!-~]+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@,\s]+")


def _split(value: Any) -> Any:
    return (
        tuple(part for part in (part.strip() for part in value.split(",")) if part) if isinstance(value, str) else value
    )


def _json(value: Any) -> Any:
    return dumps(value) if isinstance(value, list) else value


def _networks(value: Any) -> Any:
    return read_networks(value) if isinstance(value, str) else value


def _check_token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError
    return value


def _check_keys(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(len(key) < _SHORTEST_KEY for key in value):
        raise ValueError
    return value


def _check_host(name: str) -> None:
    """Raise UnicodeError for a name that no host can have: its look-up would end with that, not with "not found"."""
    name.encode("idna")


def _check_address(value: str) -> str:
    try:
        for host in str(conninfo_to_dict(value).get("host") or "").split(","):
            if not host.startswith(("/", "@")):
                _check_host(host)
    except (ProgrammingError, UnicodeError):
        raise ValueError from None
    return value


def _check_folder(value: Path) -> Path:
    # The address of the embedded PostgreSQL is text.
    if unstorable(str(value)):
        raise ValueError
    return value


def _check_origins(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if value and value != ("*",) and not all(map(_ORIGIN.fullmatch, value)):
        raise ValueError
    return value


def _check_public_url(value: str) -> str:
    if not (value.startswith(("http://", "https://")) and _ORIGIN.fullmatch(value)):
        raise ValueError
    return value


def _check_redis_url(value: str) -> str:
    if not (value.startswith(("redis://", "rediss://")) and find_spec("redis")):
        raise ValueError
    # Few servers have a Redis.
    from redis.asyncio import ConnectionPool  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        pool = ConnectionPool.from_url(value)
        # A connection knows its options by their names, and is not opened here.
        pool.connection_class(**pool.connection_kwargs)
        _check_host(str(pool.connection_kwargs.get("host", "")))
    except (RedisError, TypeError) as error:
        raise ValueError from error
    return value


def _count_cores(value: Any) -> Any:
    if value != "auto":
        return value
    # Those that this process may use; not all systems tell.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_LIMIT.read_text(encoding="ascii").split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return min(cores, _MOST_WORKERS)


Workers: TypeAlias = Annotated[int, BeforeValidator(_count_cores)]
JsonList: TypeAlias = Annotated[str | None, BeforeValidator(_json)]
Networks: TypeAlias = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
Token: TypeAlias = Annotated[str, AfterValidator(_check_token)]
PublicUrl: TypeAlias = Annotated[str, AfterValidator(_check_public_url)]
Folder: TypeAlias = Annotated[Path, AfterValidator(_check_folder)]
Address: TypeAlias = Annotated[str, AfterValidator(_check_address)]
Addresses: TypeAlias = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_split)]
RedisAddress: TypeAlias = Annotated[str, AfterValidator(_check_redis_url)]
SecretKeys: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_keys)]
Names: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Origins: TypeAlias = Annotated[
    tuple[str, ...] | None, NoDecode, BeforeValidator(_split), AfterValidator(_check_origins)
]


class Group(BaseSettings):
    """Settings that belong together; frozen."""

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: f"FIELDSTONE_{name.upper()}"),
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
        case_sensitive=True,
        hide_input_in_errors=False,
        # `Settings` is the only one of which there is an instance.
        defer_build=True,
    )


def setting(
    default: Any, description: str, accepts: str, *, variable: str | None = None, secret: bool = False, **bounds: Any
) -> Any:
    """Declare a setting; its variable is its name in upper case behind FIELDSTONE_ unless given.

    `accepts` completes the sentence "it must be ...".
    """
    return Field(
        default,
        validation_alias=variable,
        description=description,
        json_schema_extra={"accepts": accepts},
        repr=not secret,
        **bounds,
    )


def whole(default: int, description: str, *, variable: str | None = None, least: int = 1, most: int = 2**31 - 1) -> Any:
    """Declare a whole number within bounds."""
    upper = f" to {most}" if most < 2**31 - 1 else " up"
    accepts = f"a whole number from {least}{upper}, {default} for instance"
    return setting(default, description, accepts, variable=variable, ge=least, le=most)


def seconds(default: float, description: str) -> Any:
    """Declare a time from a millisecond, the least that PostgreSQL counts, to a day."""
    accepts = f"a number of seconds from 0.001 to 86400, {default:g} for instance"
    return setting(default, description, accepts, ge=0.001, le=86_400)
