"""An app that accepts the tokens of a provider."""

from tests.engine.server.conftest import app_database, client, start_app
from tests.engine.server.fast_path.conftest import serve

__all__ = ["app_database", "client", "serve", "start_app"]
