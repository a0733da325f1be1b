"""A PostgreSQL of Fieldstone's own."""

from fieldstone.sql.embedded.folder import TcpAddress
from fieldstone.sql.embedded.server import EmbeddedServer, start, stop
from fieldstone.sql.embedded.watch import Watch

__all__ = ["EmbeddedServer", "TcpAddress", "Watch", "start", "stop"]
