"""A PostgreSQL of Fieldstone's own."""

from fieldstone.sql.embedded.folder import TcpAddress
from fieldstone.sql.embedded.server import EmbeddedServer, default_data_dir, start, stop
from fieldstone.sql.embedded.watch import Watch

__all__ = ["EmbeddedServer", "TcpAddress", "Watch", "default_data_dir", "start", "stop"]
