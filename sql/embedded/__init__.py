"""A PostgreSQL of Fieldstone's own."""

from sql.embedded.server import EmbeddedServer, default_data_dir, start, stop

__all__ = ["EmbeddedServer", "default_data_dir", "start", "stop"]
