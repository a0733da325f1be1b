"""The browser of the tests, and the server that it looks at."""

import pytest

from tests.engine.server.console.browsing import browser, serve, watched

__all__ = ["browser", "serve", "watched"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of the browser in one event loop, its own."""
    for item in items:
        if "watched" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
