"""A PostgreSQL of Fieldstone's own."""

from sql.embedded.server import EmbeddedServer, default_data_dir, start, stop
from sql.embedded.watch import Watch

__all__ = ["EmbeddedServer", "Watch", "default_data_dir", "start", "stop"]
