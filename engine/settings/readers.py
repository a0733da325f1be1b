"""The types of settings, and the functions that read a value of each from a text or from code."""

import contextlib
import math
import os
import re
from collections.abc import Callable, Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from fieldstone.engine.webhooks.sending.ssrf_guard import Network, read_networks
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.roles.role import ADMIN

Reader: TypeAlias = Callable[[Any], Any]
"""Returns a value of its type; raises ValueError or TypeError for a value of no such type."""

_SHORTEST_KEY = 32
_MOST_WORKERS = 64
_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""The share of the processors that a container may use, or `max`.
https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
"""
_TOKEN = re.compile(r"[!-~]+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@,\s]+")
_HOST = re.compile(r"[^\s,']+")
_SWITCHES = dict.fromkeys(("true", "1", "yes", "on", "t", "y"), True) | dict.fromkeys(
    ("false", "0", "no", "off", "f", "n"), False
)


def _read_number(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _read_fraction(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - each reader refuses by ValueError
    return float(value)


def _read_switch(value: Any) -> bool:
    if (switch := _SWITCHES.get(str(value).lower())) is None:
        raise ValueError
    return switch


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004
    return value


def _read_names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(filter(None, map(str.strip, value.split(","))))
    return tuple(map(_read_text, value))


def _read_networks(value: Any) -> tuple[Network, ...]:
    return read_networks(value) if isinstance(value, str) else tuple(value)


def _read_json_list(value: Any) -> str:
    return dumps(value) if isinstance(value, list) else _read_text(value)


def _read_cores(value: Any) -> int:
    if value != "auto":
        return _read_number(value)
    # Those that this process may use; not all systems tell.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_LIMIT.read_text(encoding="ascii").split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return min(cores, _MOST_WORKERS)


def _read_keys(value: Any) -> tuple[str, ...]:
    keys = _read_names(value)
    if any(len(key) < _SHORTEST_KEY for key in keys):
        raise ValueError
    return keys


def _read_address(value: Any) -> str:
    try:
        conninfo_to_dict(_read_text(value))
    except ProgrammingError:
        raise ValueError from None
    return str(value)


def _read_addresses(value: Any) -> tuple[str, ...]:
    return tuple(map(_read_address, _read_names(value)))


def _read_origins(value: Any) -> tuple[str, ...]:
    origins = _read_names(value)
    if origins != ("*",) and not all(map(_ORIGIN.fullmatch, origins)):
        raise ValueError
    return origins


def _checked(is_right: Callable[[str], object]) -> Reader:
    """Return the reader of a text that a condition holds for."""

    def read(value: Any) -> str:
        if not is_right(_read_text(value)):
            raise ValueError
        return str(value)

    return read


def _read_tracing(value: Any) -> bool:
    is_on = _read_switch(value)
    if is_on and not (find_spec("opentelemetry") and find_spec("opentelemetry.sdk") and find_spec("requests")):
        raise ValueError
    return is_on


Workers: TypeAlias = Annotated[int, _read_cores]
JsonList: TypeAlias = Annotated[str, _read_json_list]
Networks: TypeAlias = Annotated[tuple[Network, ...], _read_networks]
Token: TypeAlias = Annotated[str, _checked(_TOKEN.fullmatch)]
Host: TypeAlias = Annotated[str, _checked(_HOST.fullmatch)]
RestrictedRole: TypeAlias = Annotated[str, _checked(lambda name: name not in {"", ADMIN})]
PublicUrl: TypeAlias = Annotated[
    str, _checked(lambda url: url.startswith(("http://", "https://")) and _ORIGIN.fullmatch(url))
]
Address: TypeAlias = Annotated[str, _read_address]
Addresses: TypeAlias = Annotated[tuple[str, ...], _read_addresses]
RedisAddress: TypeAlias = Annotated[
    str, _checked(lambda url: url.startswith(("redis://", "rediss://")) and find_spec("redis"))
]
SecretKeys: TypeAlias = Annotated[tuple[str, ...], _read_keys]
Names: TypeAlias = Annotated[tuple[str, ...], _read_names]
Origins: TypeAlias = Annotated[tuple[str, ...], _read_origins]
Tracing: TypeAlias = Annotated[bool, _read_tracing]

_READERS: Final[Mapping[Any, Reader]] = {
    int: _read_number,
    float: _read_fraction,
    bool: _read_switch,
    str: _read_text,
    Path: Path,
}


def find_reader(type_: Any) -> Reader:
    """Return the reader of a type: one of those above, an Enum, or one of them or None."""
    if get_origin(type_) is Annotated:
        reader: Reader = type_.__metadata__[0]
        return reader
    if get_origin(type_) in {Union, UnionType}:
        read = find_reader(next(one for one in get_args(type_) if one is not NoneType))
        return lambda value: None if value is None else read(value)
    return type_ if issubclass(type_, Enum) else _READERS[type_]
