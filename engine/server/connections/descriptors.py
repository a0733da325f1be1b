"""File descriptors: how many the process may have, and whether they are nearly used up."""

import contextlib
import resource

_SPARE = 128
"""Descriptors that clients must leave: for the database, webhooks, files."""


def raise_limit(wanted: int) -> int:
    """Let the process have descriptors for so many connections, as far as the system allows; return for how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    asked = wanted + _SPARE
    if soft != resource.RLIM_INFINITY and soft < asked:
        most = asked if hard == resource.RLIM_INFINITY else min(hard, asked)
        # macOS has limits that it does not tell of.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - _spare(soft))


def are_scarce(newest: int) -> bool:
    """Return whether this is a descriptor that clients must leave; the system gives the lowest that is free."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft != resource.RLIM_INFINITY and newest >= soft - _spare(soft)


def _spare(limit: int) -> int:
    return min(_SPARE, limit // 4)
