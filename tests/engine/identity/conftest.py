"""An app that accepts the tokens of a provider."""

from tests.engine.server.conftest import app_database, client, start_app

__all__ = ["app_database", "client", "start_app"]
