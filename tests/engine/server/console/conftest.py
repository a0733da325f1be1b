"""The browser of the tests, and the server that it looks at."""

from pathlib import Path

import pytest

from tests.engine.server.console.browsing import browser, serve, watched

__all__ = ["browser", "serve", "watched"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in one event loop, the one of the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "watched" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
