"""libpq's PQsendPipelineSync, which psycopg does not wrap: a sync that leaves with the next message, not by itself.

psycopg's `pipeline_sync` is PQpipelineSync, which sends at once: with a system call for each sync, statements that
travel together would gain nothing. The function is looked up in the very library that psycopg has loaded, through
psycopg's own module, so that there is one libpq and one state of the connection, with or without TLS.
"""

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGconn

_NAME: Final = "PQsendPipelineSync"


def can_send_sync() -> bool:
    """Return False where libpq is older than 17, or psycopg has no module that is linked to it."""
    return _find() is not None


def send_sync(pgconn: PGconn) -> None:
    """Add a sync to the messages of a connection in pipeline mode, without sending them.

    Raises:
        psycopg.OperationalError: it cannot be added.
    """
    add = _find()
    address = pgconn.pgconn_ptr  # type: ignore[attr-defined]  # psycopg's protocol lacks it
    if add is None or not add(address):
        raise psycopg.OperationalError(f"a sync could not be added: {pgconn.get_error_message()}")


@cache
def _find() -> Callable[[int | None], int] | None:
    """Return libpq's function: of the address of a PGconn it makes 1, or 0 after a failure."""
    path = sys.modules[pq.PGconn.__module__].__file__
    try:
        # PyDLL keeps the interpreter's lock, as the call neither waits nor takes long.
        found = getattr(ctypes.PyDLL(path), _NAME)
    except (OSError, AttributeError):
        return None
    found.argtypes = (ctypes.c_void_p,)
    found.restype = ctypes.c_int
    function: Callable[[int | None], int] = found
    return function
