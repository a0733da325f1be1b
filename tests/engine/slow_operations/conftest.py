"""The fixtures of an app and of a server that answers repeated requests."""

from tests.engine.server.fast_path.conftest import serve

__all__ = ["serve"]
