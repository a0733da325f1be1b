"""An app in this process that is called from tests which are not coroutines, as those of hypothesis are."""

import asyncio
from typing import Any

import httpx

from tests.engine.server.conftest import StartApp


class Caller:
    """Calls an app, which runs only while it is called: else hypothesis takes its random numbers for flaky data."""

    def __init__(self, start_app: StartApp, **settings: Any) -> None:
        self._runner = asyncio.Runner()
        self._started = start_app(**settings)
        self._app, self._client = self._runner.run(self._started.__aenter__())

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **options))

    def close(self) -> None:
        """Stop the app."""
        self._runner.run(self._started.__aexit__(None, None, None))
        self._runner.close()
