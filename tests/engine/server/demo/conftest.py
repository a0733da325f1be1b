"""An app with a client that holds a key."""

from tests.engine.server.conftest import app_database, start_app

__all__ = ["app_database", "start_app"]
