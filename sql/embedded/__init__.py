"""A PostgreSQL of Fieldstone's own."""

from fieldstone.sql.embedded.server import EmbeddedServer, default_data_dir, start, stop
from fieldstone.sql.embedded.watch import Watch

__all__ = ["EmbeddedServer", "Watch", "default_data_dir", "start", "stop"]
