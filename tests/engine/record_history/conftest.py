"""An app with the standard workspace, and a client with a key."""

from tests.engine.server.conftest import app_database, client, start_app

__all__ = ["app_database", "client", "start_app"]
