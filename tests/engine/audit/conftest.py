"""The app of the server's tests."""

from tests.engine.server.conftest import app_database, start_app

__all__ = ["app_database", "start_app"]
