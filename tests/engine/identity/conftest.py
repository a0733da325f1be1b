"""An app that accepts the tokens of a provider."""

from tests.engine.server.fast_path.conftest import serve

__all__ = ["serve"]
