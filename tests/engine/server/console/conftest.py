"""The browser of the tests, and the server that it looks at."""

from tests.engine.server.console.browsing import serve, watched

__all__ = ["serve", "watched"]
