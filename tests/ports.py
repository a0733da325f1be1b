"""Ports for servers whose address has to be known before they listen, or that come back to it."""

import secrets
import socket

_LOWEST, _HIGHEST = 10_000, 32_767
"""Below the ports that Linux gives to connections: one of those may be another test's by the time the server begins."""


def free_port() -> int:
    """Return a port of this machine at which nothing listens."""
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST + 1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
